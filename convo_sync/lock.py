"""One writer at a time: an operating-system lock beside the archive, which names its holder, and a note to ask for it.

A process that dies, however it dies, gives its lock back at once; a lock file left behind is no obstacle.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from convo_sync.errors import ArchiveError, ArchiveLocked, StorageFull
from convo_sync.times import format_time, parse_time

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int) -> bool:
        try:
            # Locked far beyond the text, so that others can read who holds it.
            os.lseek(file, 1 << 30, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: int) -> None:
        os.lseek(file, 1 << 30, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _try_lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


_POLL_SECONDS = 0.1
# How long a holder waits for the one who left a note; a note older than this was left by a process that is gone.
NOTE_SECONDS = 10.0
# After it yielded, a holder works on for so long: two long runs would else take turns at every document.
TURN_SECONDS = 2.0
# How long a holder that yielded waits to get the lock back: a generation may take a minute, and more than one may wait.
RETURN_SECONDS = 300.0
# What is longer was not written by this program.
_LONGEST_NAME = 4096


class WriterLock:
    """The right to write to one archive.

    Args:
        archive: the archive's path; the lock lies beside it as ``<name>.lock``, the note as ``<name>.lock.note``.
        command: what is told to those who wait.
        suffix: what the lock's name ends with; another one is another right.
        sleep: how to pause; tests put their own in.
    """

    def __init__(
        self, archive: Path, command: str, sleep: Callable[[float], None] = time.sleep, *, suffix: str = ".lock"
    ) -> None:
        # Two names of one file are one archive, and have one lock.
        archive = Path(os.path.realpath(archive))
        self.path = archive.with_name(archive.name + suffix)
        self.note = archive.with_name(archive.name + suffix + ".note")
        self._command = command
        self._sleep = sleep
        self._file: int | None = None
        self._stays_until = 0.0

    def acquire(self, wait_seconds: float = 0.0, tell: Callable[[str], None] = lambda _: None) -> Self:
        """Take the lock, asking its holder by a note while waiting; `tell` is told once who has it.

        Raises:
            ArchiveLocked: somebody else has it still; the message names them.
            ArchiveError: the lock's file cannot be made or written.
        """
        deadline = time.monotonic() + wait_seconds
        if self._take():
            return self
        tell(self.holder())
        try:
            while time.monotonic() < deadline:
                self._leave_note()
                self._sleep(_POLL_SECONDS)
                if self._take():
                    return self
        finally:
            if wait_seconds:
                self._remove_note()
        raise ArchiveLocked(f"Another process is writing to this archive: {self.holder()}.", "Try again in a moment.")

    def _take(self) -> bool:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if not _try_lock(file):
                    os.close(file)
                    return False
                self._write_name(file)
            except BaseException:
                os.close(file)
                raise
        except OSError as error:
            raise _explained(self.path, error) from error
        self._file = file
        return True

    def _write_name(self, file: int) -> None:
        name = {"pid": os.getpid(), "command": self._command, "since": format_time(datetime.now(UTC))}
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, json.dumps(name).encode())

    def _leave_note(self) -> None:
        with contextlib.suppress(OSError):
            self.note.touch(mode=0o600)

    def _remove_note(self) -> None:
        with contextlib.suppress(OSError):
            self.note.unlink(missing_ok=True)

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would race with somebody who just opened it."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
                _unlock(self._file)
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def is_asked_for(self) -> bool:
        """Whether somebody waits. A note that is not renewed was left by a process that is gone."""
        try:
            age = time.time() - self.note.stat().st_mtime
        except OSError:
            return False
        if age > NOTE_SECONDS:
            self._remove_note()
            return False
        return True

    def yield_to_waiting(self) -> bool:
        """Let the one who left a note have the lock, then take it back; whether anybody had it.

        Not within `TURN_SECONDS` of the last time: the one who waits is patient for longer.

        Raises:
            ArchiveLocked: they kept it for too long.
        """
        if self._file is None or time.monotonic() < self._stays_until or not self.is_asked_for():
            return False
        self.release()
        deadline = time.monotonic() + NOTE_SECONDS
        while self.is_asked_for() and time.monotonic() < deadline:
            self._sleep(_POLL_SECONDS)
        self._remove_note()
        self.acquire(wait_seconds=RETURN_SECONDS)
        self._stays_until = time.monotonic() + TURN_SECONDS
        return True

    def is_in_place(self) -> bool:
        """Whether the file that is locked is the one at this path: not where its disk or folder was replaced since."""
        if self._file is None:
            return False
        try:
            there, held = os.stat(self.path), os.fstat(self._file)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)

    def is_held(self) -> bool:
        """Whether another process has it now."""
        try:
            file = os.open(self.path, os.O_RDWR)
        except OSError:
            return False
        try:
            if not _try_lock(file):
                return True
            _unlock(file)
            return False
        finally:
            os.close(file)

    def holder(self) -> str:
        """Who has the lock, in words."""
        try:
            found = self._name()
            since = _since(parse_time(str(found["since"])), datetime.now(UTC))
            return f"{found['command']} (pid {found['pid']}, since {since})"
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return "a process that did not say its name"

    def held_since(self) -> datetime | None:
        """Since when its holder has it; None where that is not said."""
        try:
            return parse_time(str(self._name()["since"]))
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None

    def held_by(self) -> int | None:
        """The process that has it, by its own word; None where that is not said."""
        try:
            return int(self._name()["pid"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None

    def _name(self) -> Any:
        with self.path.open("rb") as file:
            return json.loads(file.read(_LONGEST_NAME))


def _since(then: datetime, now: datetime) -> str:
    """``14:05`` by this machine's clock, with the date where that is not today's."""
    then, now = then.astimezone(), now.astimezone()
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M}"


def _explained(path: Path, error: OSError) -> ArchiveError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageFull(
            f"There is no room left to write the lock {path}.", "Free some disk space, then run the same command again."
        )
    step = "Check the folder and its permissions, or name another archive with --archive."
    if path.is_dir():
        step = "A folder stands in its place, and nothing of the archive is in it: remove it."
    return ArchiveError(f"The lock {path} cannot be opened: {error.strerror or error}.", step)
