"""launchd's agent, as ``man launchd.plist`` describes it; the commands are those of ``man launchctl``."""

from __future__ import annotations

import os
import plistlib
import re
from typing import Any

from convo_sync.service.steps import LABEL, PAUSE_SECONDS, Remove, Run, Seen, Step, Work, Write

# launchctl's code for a service that it does not know.
_UNKNOWN = 113


class Launchd:
    """The service as an agent of the user who is logged in."""

    name = "launchd"
    tool = "launchctl"
    keeps_log = False

    def __init__(self, work: Work) -> None:
        self._work = work
        self._domain = f"gui/{work.user_id}"
        self._target = f"{self._domain}/{LABEL}"

    def file(self) -> Write:
        """The property list."""
        path = os.path.join(self._work.folder, "Library", "LaunchAgents", f"{LABEL}.plist")
        return Write(path, plistlib.dumps(self._agent(), sort_keys=False).decode())

    def _agent(self) -> dict[str, Any]:
        path = self._work.search_path
        return {
            "Label": LABEL,
            "ProgramArguments": self._work.command(with_log=True),
            "RunAtLoad": True,
            "KeepAlive": True,
            "ThrottleInterval": PAUSE_SECONDS,
            "ExitTimeOut": 20,
            "ProcessType": "Background",
            "Umask": 0o077,
            **({"EnvironmentVariables": {"PATH": path}} if path else {}),
        }

    def begin(self, *, is_new: bool) -> tuple[Step, ...]:
        """Have launchd read the list and run it. What it is told to forget is gone only a moment later: so it is tried
        more than once."""
        forget = () if is_new else (self._forget(),)
        enable = Run(("launchctl", "enable", self._target))
        return *forget, enable, Run(("launchctl", "bootstrap", self._domain, self.file().path), tries=5)

    def _forget(self) -> Run:
        return Run(("launchctl", "bootout", self._target), may_fail=True)

    def end(self) -> tuple[Step, ...]:
        """Stop and forget it."""
        return self._forget(), Remove(self.file().path)

    def question(self) -> tuple[str, ...]:
        """All that launchd knows of it."""
        return "launchctl", "print", self._target

    def read(self, code: int, out: str, err: str) -> Seen | None:
        """That page; its lines of interest are ``state = running`` and ``last exit code = 78``."""
        if code == _UNKNOWN or "Could not find service" in err:
            return Seen(is_on=False, is_running=False, detail="not loaded")
        state = re.search(r"^\s*state = (.+)$", out, re.M)
        if code != 0 or state is None:
            return None
        is_running = state[1] == "running"
        last = re.search(r"^\s*last exit code = (.+)$", out, re.M)
        return Seen(True, is_running, "" if is_running else f"{state[1]}{f', exit code {last[1]}' if last else ''}")

    def read_log(self, lines: int, *, follow: bool) -> tuple[str, ...]:
        """launchd keeps no log."""
        raise NotImplementedError
