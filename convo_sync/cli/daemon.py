"""``convo-sync daemon``: syncs as a process of its own, for as long as it runs. Each sync is a child of this command.

It imports neither httpx nor pydantic: what a sync takes in memory goes back with its child, and a crash costs one run.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from convo_sync.archive.read import Reader
from convo_sync.cli.background_state import BEAT_SECONDS, State
from convo_sync.cli.child import Child, as_event
from convo_sync.cli.events import Log
from convo_sync.cli.notifying import Notice, Situation, due, send
from convo_sync.cli.root import Setup
from convo_sync.config import load
from convo_sync.daemon import LOOK_SECONDS, Daemon, Facts
from convo_sync.errors import ArchiveLocked, ArchiveMissing, ConvoSyncError
from convo_sync.lock import WriterLock
from convo_sync.pacing import Plan
from convo_sync.times import format_time, read_time
from convo_sync.views import RunRow

if TYPE_CHECKING:
    from convo_sync.cli.receiving import Door


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
    _await_folder(Path(os.path.realpath(setup.archive)).parent, log)
    try:
        lock = WriterLock(setup.archive, "convo-sync daemon", suffix=".daemon").acquire(1.0)
    except ArchiveLocked as locked:
        held = WriterLock(setup.archive, "", suffix=".daemon").holder()
        raise ArchiveLocked(f"A daemon keeps this archive already: {held}.", "One is enough.") from locked
    with lock:
        world = _World(setup, log, lock)
        daemon = Daemon(world)
        world.leave = daemon.stop
        with _signals(daemon):
            world.tell("started", archive=setup.archive_file, every=world.every())
            world.open_door(daemon.hint)
            daemon.serve()
            world.finish()
        world.tell("stopped")
        if world.is_ousted:
            raise ArchiveLocked("Another daemon took this archive, while its folder was not there.", "One is enough.")


def _await_folder(folder: Path, log: Log) -> None:
    """Wait for the archive's disk: a folder made for the lock would stand where it is to be mounted."""
    if not folder.is_dir():
        log.tell("waiting", why=f"The archive's folder {folder} is not there.")
        while not folder.is_dir():
            time.sleep(LOOK_SECONDS)


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

    def __init__(self, setup: Setup, log: Log, lock: WriterLock) -> None:
        self._setup, self._log, self._lock = setup, log, lock
        self.is_ousted = False
        self.leave: Callable[[], None] = lambda: None
        self._config = load(setup.config)
        self._door: Door | None = None
        self._hint: Callable[[], None] = lambda: None
        self._state = State(setup.archive)
        self._audited, self._notified = self._state.audited(), self._state.notified()
        self._plan: Plan | None = None
        self._kept_at = time.monotonic()
        self._child = Child(setup)

    # -- what `daemon.World` asks for

    def run(self) -> int:
        self._listen()  # where the port was taken, it may be free now
        today, began = _today(), self.now()
        options = ["--background", "--json", *(["--audit"] if self._audited != today else [])]
        end = self._child.call(
            "sync", *options, beat=lambda: self.keep(self._plan, running=True), beat_seconds=BEAT_SECONDS
        )
        if end.code == 0:
            self._audited = today
        last, complete = self._runs()
        self.tell("sync", **as_event(end, _number(last, began)))
        for warning in (*end.credits, *end.warnings):
            self.tell("warning", text=warning)
        finished = read_time(complete.finished_at or complete.started_at) if complete else None
        self._notify(Situation(end.code, end.credits, finished))
        return end.code

    def stop_run(self) -> None:
        self._child.stop()

    def facts(self) -> Facts:
        try:
            last, complete = self._runs()
        except ArchiveMissing as missing:
            return Facts(missing=missing.message)
        if not self._keeps_lock():
            return Facts(missing="Another daemon keeps this archive now.")
        resume_at = last.resume_at if last and last.outcome == "parked" else None
        return Facts(read_time(complete.started_at) if complete else None, read_time(resume_at))

    def _keeps_lock(self) -> bool:
        """Whether this is still the archive's daemon. Where its folder was replaced, the lock is taken anew."""
        if self._lock.is_in_place():
            return True
        self._lock.release()
        try:
            self._lock.acquire(1.0)
        except ArchiveLocked:
            self.is_ousted = True
            threading.Thread(target=self.leave, daemon=True).start()  # `stop` waits for the look that is under way
            return False
        return True

    def every(self) -> timedelta:
        return self._config.every

    def reread(self) -> None:
        try:
            self._config = load(self._setup.config)
            self.tell("configured", every=self._config.every)
        except ConvoSyncError as error:
            self.tell("configuration", error=error.message, kept=f"every {self._config.every}")
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
        self._plan, self._kept_at = plan, time.monotonic()
        self._state.keep(plan, running=running, audited=self._audited, notified=self._notified)

    def beat(self) -> None:
        if time.monotonic() - self._kept_at >= BEAT_SECONDS:
            self.keep(self._plan, running=False)

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

    # -- how it does it

    def finish(self) -> None:
        """Wait for the child that was told to end; end it where it does not."""
        if self._door is not None:
            self._door.close()
        self._child.finish()
        self._state.clear()

    def _runs(self) -> tuple[RunRow | None, RunRow | None]:
        """The last run that ended and the last complete one; none where the archive is of an older version, say.

        Raises:
            ArchiveMissing: it is not there.
        """
        try:
            with Reader(self._setup.archive_file) as archive:
                return archive.last_runs()
        except ArchiveMissing:
            raise
        except ConvoSyncError:
            return None, None  # the sync upgrades it, or says what is wrong

    def _notify(self, seen: Situation) -> None:
        """Notify the owner, where that is wanted. Remembered first: a desktop that shows none is not asked again."""
        if not self._config.notify_desktop:
            return
        today = _today()
        for notice in due(seen, self.now(), self._config.stale_after, self._notified, today):
            self._notified[notice.cause] = today.isoformat()
            # In a thread of its own: nothing waits for a desktop, least of all the end of this process.
            threading.Thread(target=self._send, args=(notice,), daemon=True).start()

    def _send(self, notice: Notice) -> None:
        self.tell("notified", cause=notice.cause, by=send(notice) or "nothing: no command could")


def _number(run: RunRow | None, began: datetime) -> int | None:
    """The number of the run that a child began and ended since; None where it recorded none, or was killed."""
    is_ours = run is not None and run.command == "daemon" and run.started_at >= format_time(began)
    return run.id if run is not None and is_ours else None


def _today() -> date:
    return datetime.now().astimezone().date()
