"""Another process that wants the archive's lock: a command a line on stdin, an answer a line on stdout.

python -m tests.lock_child ARCHIVE NAME
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

from convo_sync.errors import ArchiveLocked
from convo_sync.lock import WriterLock

LONG_SECONDS = 60.0


def answer(word: str) -> None:
    """Tell the test."""
    print(word, flush=True)


class Child:
    """Takes the lock as it is told to."""

    def __init__(self, archive: Path, name: str) -> None:
        self.archive = archive
        self.lock = WriterLock(archive, name, sleep=self.pause)
        self.told = False

    def pause(self, seconds: float) -> None:
        """Waiting began: its note lies there."""
        if not self.told:
            answer("waiting")
        self.told = True
        time.sleep(seconds)

    def take(self) -> None:
        """Have it at once, or say why not."""
        try:
            self.lock.acquire()
        except ArchiveLocked as error:
            answer(error.message)
        else:
            answer("taken")

    def borrow(self) -> None:
        """Wait for it, settle what is owed meanwhile, give it back."""
        with (
            self.lock.acquire(LONG_SECONDS),
            contextlib.closing(sqlite3.connect(self.archive)) as connection,
            connection,
        ):
            (held,) = connection.execute("select count(*) from documents where kind = 'transcript'").fetchone()
            settle = "update holdings set state = 'not-applicable', next_try_at = null where state = 'pending'"
            connection.execute(settle)
        answer(f"held {held}")

    def release(self) -> None:
        """Give it back."""
        self.lock.release()
        answer("released")


def main() -> None:
    """Obey until stdin ends."""
    child = Child(Path(sys.argv[1]), sys.argv[2])
    commands: dict[str, Callable[[], None]] = {"take": child.take, "borrow": child.borrow, "release": child.release}
    answer("ready")
    for line in sys.stdin:
        commands[line.strip()]()


if __name__ == "__main__":
    main()
