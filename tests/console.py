"""The command line as a test uses it: run in this process, its output caught; and two people who run it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from convo_sync import credentials
from convo_sync.archive.write import Archive
from convo_sync.cli.root import run
from convo_sync.client import Client
from convo_sync.records import Outcome
from convo_sync.simulator import Simulator
from convo_sync.sync import Identity, Meter, Options, Sync

from .simulator.asking import small_world


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """All of it."""
        return self.out + self.err


@dataclass
class Console:
    """Runs commands. `typed` is what stands on standard input, which is no terminal."""

    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments: str | Path, typed: bytes = b"") -> Ran:
        """Run one command to its end."""
        self.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed)))
        with pytest.raises(SystemExit) as leaving:
            run([str(each) for each in arguments])
        out, err = self.capsys.readouterr()
        code = leaving.value.code
        return Ran(code if isinstance(code, int) else 0 if code is None else 1, out, err)


def fill(archive: Path, base_url: str, key: str) -> None:
    """Make an archive by a whole sync."""

    def now() -> datetime:
        return datetime.now(UTC)

    with Archive(archive, now()) as store:
        meter = Meter(store.budget(), now, store.save_budget)
        with Client(base_url, key, meter=meter) as client:
            run_record, error = Sync(client, store, meter, now, Options()).run(Identity(base_url, "a digest"))
    assert (run_record.outcome, error) == (Outcome.COMPLETE, None)


class Newcomer:
    """Somebody with an account and no configuration yet."""

    def __init__(self, folder: Path, console: Console, sim: Simulator, url: str) -> None:
        self.sim, self.console, self.url = sim, console, url
        self.config = folder / "settings" / "config.toml"
        self.key_file = folder / "settings" / "convo-api-key"
        console.monkeypatch.setenv("CONVO_SYNC_BASE_URL", url)
        console.monkeypatch.setenv("CONVO_SYNC_CONFIG", str(self.config))

    def init(self, *options: str | Path, typed: str = "") -> Ran:
        """Run it, and see to it that the key is not shown."""
        ran = self.console("init", *options, typed=typed.encode())
        assert self.sim.key not in ran.said
        return ran

    def set_key(self, key: str | None = None) -> None:
        """Put the key into the environment."""
        self.console.monkeypatch.setenv("CONVO_API_KEY", key or self.sim.key)

    @property
    def wrote_nothing(self) -> bool:
        """Whether not even a folder was made."""
        return not self.config.parent.exists()


class Well:
    """A set-up in which nothing is wrong: a simulated account, its archive, a key and an address in the environment."""

    def __init__(
        self, folder: Path, console: Console, stack: contextlib.ExitStack, synced: Path, **options: Any
    ) -> None:
        self.sim = Simulator(small_world(), **options)
        self.server = stack
        self.url = stack.enter_context(self.sim.serve()).replace("127.0.0.1", "localhost")
        self.folder, self.console = folder, console
        self.monkeypatch = console.monkeypatch
        self.archive = folder / "kept" / "archive.db"
        self.config = folder / "config.toml"
        self.archive.parent.mkdir(mode=0o700)
        shutil.copy(synced, self.archive)
        self.sql(f"update meta set value = '{self.url}' where key = 'base_url'")
        for name, value in (("BASE_URL", self.url), ("ARCHIVE", str(self.archive)), ("CONFIG", str(self.config))):
            self.monkeypatch.setenv(f"CONVO_SYNC_{name}", value)
        self.monkeypatch.setenv("CONVO_API_KEY", self.sim.key)
        self.monkeypatch.setattr(credentials, "_keyring", lambda: None)

    def doctor(self, *options: str) -> Ran:
        """Run it, and see to it that the key is not shown."""
        ran = self.console("doctor", *options)
        assert self.sim.key not in ran.said
        return ran

    def states(self, *options: str) -> dict[str, str]:
        """The state of each check."""
        return {each["name"]: each["state"] for each in self.doctor("--json", *options).json["checks"]}

    def sql(self, *statements: str) -> None:
        """Tamper with the archive's file."""
        with contextlib.closing(sqlite3.connect(self.archive, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)


# Makes the terminal on standard input the process's own, as a login does; then becomes the command.
_OWN = "fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
_ON_TERMINAL = f"import fcntl, os, sys, termios; {_OWN}; os.execv(sys.argv[1], sys.argv[1:])"


# A Ctrl-C in the instant before the prompt begins to read waits for the next key; a person presses it again.
_AGAIN_SECONDS = 2.0


def on_a_terminal(typed: str, *arguments: str, prompt: str = "API key:") -> tuple[int, str]:
    """Run a command on a pseudo-terminal of its own, typing once it shows `prompt`; its exit code and all it showed."""
    import pty  # not there on Windows

    master, slave = pty.openpty()
    command = [sys.executable, "-c", _ON_TERMINAL, sys.executable, "-m", "convo_sync", *arguments]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True) as process:
        os.close(slave)
        shown, answered = b"", False
        with contextlib.suppress(OSError):  # the terminal's end, once the process has left it
            while True:
                while not select.select([master], [], [], _AGAIN_SECONDS)[0]:
                    if answered:
                        os.write(master, typed.encode())
                shown += (chunk := os.read(master, 4096))
                if not chunk:
                    break
                if not answered and prompt.encode() in shown:
                    os.write(master, typed.encode())
                    answered = True
        os.close(master)
        return process.wait(20), shown.decode()
