"""Real `convo-sync daemon` processes over one account that is served on loopback, and what they log."""

from __future__ import annotations

import json
import os
import queue
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.rig import Rig

# Far longer than anything takes; a test that needs it fails.
PATIENCE_SECONDS = 60.0


class Keeper:
    """One account, one archive, one configuration, and the commands over them."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.rig = rig
        self.config, self.key_file = folder / "config.toml", folder / "key"
        self.configure("30 min")
        self.key(rig.key)

    def configure(self, every: str) -> None:
        """Write config.toml; the key is in a file that it names."""
        self.config.write_text(f'[api]\napi_key_file = "{self.key_file.name}"\n\n[sync]\nevery = "{every}"\n')
        self.config.chmod(0o600)

    def key(self, key: str) -> None:
        """Have this key from now on."""
        self.key_file.write_text(key)
        self.key_file.chmod(0o600)

    def command(self, *arguments: str) -> list[str]:
        """The command line."""
        files = ["--archive", str(self.rig.path), "--config", str(self.config)]
        return [sys.executable, "-m", "convo_sync", *files, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """Where the account is."""
        return os.environ | {"CONVO_SYNC_BASE_URL": self.rig.url}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command to its end."""
        return subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True,
            timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip

    @contextmanager
    def daemon(self, form: str = "json") -> Iterator[Watched]:
        """A daemon, killed with its child at the end if it still runs."""
        watched = Watched(self.command("daemon", "--log", form), self.environment)
        try:
            yield watched
        finally:
            watched.kill_all()

    def grow_old(self) -> None:
        """The last runs are of long ago."""
        with closing(sqlite3.connect(self.rig.path)) as connection, connection:
            connection.execute("update runs set started_at = '2026-01-01T00:00:00.000Z'")

    def writer(self) -> int:
        """The process that holds the archive, by its own word; 0 where none does."""
        try:
            return int(json.loads(self.rig.path.with_name("archive.db.lock").read_text())["pid"])
        except (OSError, ValueError):
            return 0

    def archived(self) -> int:
        """How many documents the archive has."""
        ((count,),) = self.rig.rows("select count(*) from documents where kind != 'listing'")
        return int(count)


class Watched:
    """A daemon's process. `lines`: all that it logged so far."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.lines: list[str] = []
        self._arriving: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, preexec_fn=_interruptible,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._arriving.put(line.rstrip("\n"))
        self._arriving.put(None)

    def next_line(self) -> str | None:
        """The next line of the log; None at its end."""
        line = self._arriving.get(timeout=PATIENCE_SECONDS)
        if line is not None:
            self.lines.append(line)
        return line

    def wait_for(self, event: str, **details: Any) -> dict[str, Any]:
        """The next event of this name with these details, which everything before it is skipped for."""
        while (line := self.next_line()) is not None:
            told: dict[str, Any] = json.loads(line)
            if told["event"] == event and details.items() <= told.items():
                return told
        raise AssertionError(f"it ended without {event} {details}: {self.lines}")

    def rest(self) -> list[str]:
        """Everything that it logs until its end; all lines."""
        while self.next_line() is not None:
            pass
        return self.lines

    def send(self, number: signal.Signals) -> None:
        """A signal to the daemon alone."""
        self.process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """Its exit code, which comes within so many seconds."""
        return self.process.wait(seconds)

    def kill_all(self) -> None:
        """Kill -9 whatever is left of it, its child as well."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


def _interruptible() -> None:
    # A shell that runs the tests in the background has them ignore Ctrl-C, and what they start as well.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def is_alive(pid: int) -> bool:
    """Whether there is such a process still."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
