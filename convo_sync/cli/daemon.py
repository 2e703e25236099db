"""``convo-sync daemon``: syncs as a process of its own, for as long as it runs. Each sync is a child of this command.

It imports neither httpx nor pydantic: what a sync takes in memory goes back with its child, and a crash costs one run.
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from convo_sync.archive.read import Reader
from convo_sync.cli.background_state import State
from convo_sync.cli.events import Log
from convo_sync.cli.root import Setup
from convo_sync.config import load
from convo_sync.daemon import Daemon, Facts
from convo_sync.errors import ArchiveLocked, ArchiveMissing, ConvoSyncError
from convo_sync.lock import WriterLock
from convo_sync.pacing import Plan
from convo_sync.times import read_time

if TYPE_CHECKING:
    from convo_sync.cli.receiving import Door

# A run ends at its next commit, which is soon; a process that is told to end must not take longer than this.
STOP_SECONDS = 4.0


@click.command("daemon", epilog="Example: convo-sync daemon --log json")
@click.option("--log", "form", type=click.Choice(("text", "json")), default="text", show_default=True,
              help="How events are written to stderr, one a line.")  # fmt: skip
@click.option("--log-file", "log_file", type=click.Path(path_type=Path, dir_okay=False, resolve_path=True),
              metavar="PATH", help="Write them to this file instead, 1 MB and three older ones at most.")  # fmt: skip
@click.pass_obj
def command(setup: Setup, form: str, log_file: Path | None) -> None:
    """Keep the archive up to date until it is stopped.

    Syncs every so often ([sync] every in config.toml, 30 minutes by default), at once where that is overdue (at its
    start, after sleep), and goes on with a sync that was parked when its hour allows. It waits out a missing network,
    a refused key and a missing archive. Ctrl-C or SIGTERM ends it, and the sync that runs, within five seconds; SIGHUP
    has it read config.toml again.
    """
    with contextlib.closing(Log(as_json=form == "json", file=log_file)) as log:
        try:
            _serve(setup, log)
        except ConvoSyncError as error:
            if log_file is not None:  # what is said on stderr, nobody may see
                log.tell("refused", error=error.message, code=error.exit_code)
            raise


def _serve(setup: Setup, log: Log) -> None:
    try:
        lock = WriterLock(setup.archive, "convo-sync daemon", suffix=".daemon").acquire(1.0)
    except ArchiveLocked as locked:
        held = WriterLock(setup.archive, "", suffix=".daemon").holder()
        raise ArchiveLocked(f"A daemon keeps this archive already: {held}.", "One is enough.") from locked
    with lock:
        world = _World(setup, log)
        daemon = Daemon(world)
        with _signals(daemon):
            world.tell("started", archive=setup.archive_file, every=world.every())
            world.open_door(daemon.hint)
            daemon.serve()
            world.finish()
        world.tell("stopped")


@contextlib.contextmanager
def _signals(daemon: Daemon) -> Iterator[None]:
    """SIGTERM and SIGINT end it, SIGHUP (where there is one) has it read the configuration again."""
    wanted = {signal.SIGTERM: daemon.stop, signal.SIGINT: daemon.stop}
    if hasattr(signal, "SIGHUP"):
        wanted[signal.SIGHUP] = daemon.hurry
    before = {number: signal.signal(number, _calling(act)) for number, act in wanted.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _calling(act: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    # In a thread of its own: where a signal strikes, this one may hold a lock that `act` needs.
    return lambda _number, _frame: threading.Thread(target=act, daemon=True).start()


class _World:
    """What the daemon sees: this machine's clocks, the configuration, the archive, and its children."""

    def __init__(self, setup: Setup, log: Log) -> None:
        self._setup, self._log = setup, log
        self._config = load(setup.config)
        self._door: Door | None = None
        self._hint: Callable[[], None] = lambda: None
        self._state = State(setup.archive)
        self._audited: date | None = self._state.audited()
        self._child: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._is_ending = False

    # -- what `daemon.World` asks for

    def run(self) -> int:
        self._listen()  # where the port was taken, it may be free now
        today = datetime.now().astimezone().date()
        options = ["--background", "--json", *(["--audit"] if self._audited != today else [])]
        try:
            code, out, err = self._call("sync", *options)
        except OSError as error:  # no memory, or this program is being upgraded
            code, out, err = 1, "", f"The sync cannot be started: {error}"
        if code == 0:
            self._audited = today
        self._tell_run(code, out, err)
        return code

    def stop_run(self) -> None:
        with self._lock:
            self._is_ending = True
            if self._child is not None:
                self._child.terminate()

    def facts(self) -> Facts:
        try:
            with Reader(self._setup.archive_file) as archive:
                last, complete = archive.last_runs()
        except ArchiveMissing as missing:
            return Facts(missing=missing.message)
        except ConvoSyncError:
            return Facts()  # of an older version, say: the sync upgrades it, or says what is wrong
        resume_at = last.resume_at if last and last.outcome == "parked" else None
        return Facts(read_time(complete.started_at) if complete else None, read_time(resume_at))

    def every(self) -> timedelta:
        return self._config.every

    def reread(self) -> None:
        try:
            self._config = load(self._setup.config)
            self.tell("configured", every=self.every())
        except ConvoSyncError as error:
            self.tell("configuration", error=error.message, kept=f"every {self.every()}")
        self._listen()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def chance(self) -> float:
        return random.random()  # noqa: S311 - it spreads requests, and protects nothing

    def tell(self, event: str, **details: Any) -> None:
        self._log.tell(event, **details)

    def keep(self, plan: Plan | None, running: bool) -> None:
        self._state.keep(plan, running=running, audited=self._audited)

    # -- webhooks

    def open_door(self, hint: Callable[[], None]) -> None:
        """Listen for deliveries where config.toml says so. `hint` is called for each that leads to something."""
        self._hint = hint
        self._listen()

    def _listen(self) -> None:
        settings = self._config.webhooks
        if self._door is None and settings is not None and settings.listen is not None:
            from convo_sync.cli.receiving import Door  # who has no webhooks does not pay for it

            self._door = Door(self._setup.archive, self.tell, self._hint)
        if self._door is not None:
            self._door.open(settings)

    # -- children

    def finish(self) -> None:
        """Wait for the child that was told to end; end it where it does not."""
        if self._door is not None:
            self._door.close()
        with self._lock:
            child = self._child
        if child is not None:
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
        self._state.clear()

    def _call(self, *arguments: str) -> tuple[int, str, str]:
        with self._lock:
            if self._is_ending:
                return -signal.SIGTERM, "", ""
            self._child = subprocess.Popen(  # noqa: S603 - this very program
                [*_myself(), "--archive", self._setup.archive_file, "--config", self._setup.config_file, *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                encoding="utf-8", errors="replace",
            )  # fmt: skip
        out, err = self._child.communicate()
        return self._child.returncode, out, err

    def _tell_run(self, code: int, out: str, err: str) -> None:
        try:
            run = json.loads(out)
        except ValueError:
            run = {}
        documents, error = run.get("documents") or {}, run.get("error") or {}
        self.tell(
            "sync",
            code=code,
            outcome=run.get("outcome"),
            requests=run.get("requests"),
            archived=documents.get("fetched"),
            failed=documents.get("failed"),
            credits=run.get("credits"),
            seconds=run.get("seconds"),
            error=error.get("message") or (err.strip().splitlines() or [""])[0] if code not in (0, 75) else None,
        )


def _myself() -> list[str]:
    return [sys.executable, "-m", "convo_sync"]
