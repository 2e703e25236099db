"""Stand-ins for systemctl, journalctl, launchctl and schtasks: they note each call, and know one service.

`broken` has them answer as where nobody is logged in; a word in `refused` makes the commands with that word fail.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync import credentials
from convo_sync.cli import service_install, service_logs, service_status, service_uninstall, service_work
from convo_sync.cli.background_state import State
from convo_sync.lock import WriterLock
from convo_sync.pacing import Plan

from .console import Console, Ran

TOOLS = {
    "systemd": ("systemctl", "journalctl"),
    "launchd": ("launchctl",),
    "windows": ("schtasks",),
}
FILES = {
    "systemd": "config/systemd/user/convo-sync.service",
    "launchd": "home/Library/LaunchAgents/convo-sync.plist",
    "windows": "home/AppData/Local/convo-sync/convo-sync-task.xml",
}
_TOOL = """\
#!{python}
import json, os, sys
folder = os.path.dirname(os.path.abspath(sys.argv[0]))
tool, words = os.path.basename(sys.argv[0]), sys.argv[1:]
state = json.load(open(os.path.join(folder, "state.json")))
with open(os.path.join(folder, "calls"), "a") as calls:
    calls.write(json.dumps([tool, *words]) + "\\n")
if state["broken"]:
    sys.exit("Failed to connect to bus: No medium found")
if state["refused"] and state["refused"] in words:
    sys.exit("Access denied")
on, runs = state["on"], state["runs"]
if tool == "journalctl":
    print("2026-11-25T09:00:00Z started")
if "show" in words:
    print("ActiveState=" + ("active" if runs else "inactive"), "UnitFileState=" + ("enabled" if on else ""), sep="\\n")
if "print" in words:
    if not on:
        print("Could not find service", file=sys.stderr)
        sys.exit(113)
    says = "running" if runs else "not running"
    print("convo-sync = {{", "\\tstate = " + says, "\\tlast exit code = 78", "}}", sep="\\n")
if "/Query" in words and not on:
    sys.exit(1)
if "/Create" in words:
    open(words[words.index("/XML") + 1], encoding="utf-16").read()
MEANS = {{
    "systemctl": {{"enable": (("on", True),), "disable": (("on", False),), "restart": (("runs", True),),
                  "stop": (("runs", False),)}},
    "launchctl": {{"bootstrap": (("on", True), ("runs", True)), "bootout": (("on", False), ("runs", False))}},
    "schtasks": {{"/Create": (("on", True),), "/Delete": (("on", False),), "/Run": (("runs", True),),
                 "/End": (("runs", False),)}},
}}
for word in words:
    state.update(MEANS.get(tool, {{}}).get(word, ()))
json.dump(state, open(os.path.join(folder, "state.json"), "w"))
"""


class FakeSystem:
    """One system's tools, alone on the PATH."""

    def __init__(self, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name, self._folder = name, folder
        folder.mkdir()
        for tool in TOOLS[name]:
            (folder / tool).write_text(_TOOL.format(python=sys.executable))
            (folder / tool).chmod(0o755)
        self._state: dict[str, Any] = {"on": False, "runs": False, "broken": False, "refused": ""}
        self.become()
        monkeypatch.setenv("PATH", str(folder))
        for module in (service_work, service_install, service_uninstall, service_status, service_logs):
            monkeypatch.setattr(module, "name_here", lambda: name)

    def become(self, **changed: Any) -> None:
        """Set how it stands: on, runs, broken, refused."""
        self._state = self.state | changed
        (self._folder / "state.json").write_text(json.dumps(self._state))

    @property
    def state(self) -> dict[str, Any]:
        """How it stands."""
        path = self._folder / "state.json"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else self._state
        return found

    def calls(self) -> list[str]:
        """What was run since the last look, questions left out."""
        path = self._folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        asked = {"show", "print", "/Query"}
        return [" ".join(words) for words in map(json.loads, lines) if not asked.intersection(words)]

    def vanish(self) -> None:
        """From now on this computer has no such tools."""
        for tool in TOOLS[self.name]:
            os.unlink(self._folder / tool)


class Owner:
    """Somebody with an archive and a key in a file, on one of the systems."""

    def __init__(self, folder: Path, built: Path, console: Console, name: str) -> None:
        self.folder, self.console, self.monkeypatch = folder, console, console.monkeypatch
        self.archive = folder / "archive.db"
        shutil.copy(built, self.archive)
        self.config = folder / "config.toml"
        self.config.write_text('[api]\napi_key_file = "key"\n', encoding="utf-8")
        (folder / "key").write_text("convo_kept\n")
        (folder / "key").chmod(0o600)
        self.monkeypatch.setattr("os.getuid", lambda: 501)
        self.monkeypatch.delenv("LOCALAPPDATA", raising=False)
        self.monkeypatch.setattr(credentials, "_keyring", lambda: None)
        self.tools = FakeSystem(name, folder / "bin", self.monkeypatch)
        self.file = folder / FILES[name]

    def service(self, *words: str) -> Ran:
        """Run one of its commands."""
        return self.console("--archive", self.archive, "--config", self.config, "service", *words)

    def calls(self) -> list[str]:
        """What was run, the service's file called FILE."""
        return [each.replace(str(self.file), "FILE") for each in self.tools.calls()]

    @contextlib.contextmanager
    def daemon(self) -> Iterator[None]:
        """As if a daemon ran, which plans its next sync in ten minutes."""
        with WriterLock(self.archive, "convo-sync daemon", suffix=".daemon").acquire():
            plan = Plan(datetime.now(UTC) + timedelta(minutes=10), "every so often")
            State(self.archive).keep(plan, running=False, audited=None)
            yield
