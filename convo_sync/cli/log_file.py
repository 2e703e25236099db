"""A log that never grows beyond its size: cut at a megabyte, three older ones kept, readable for its owner alone.

Must not know what an event is. It is written on systems that keep no log of a service, and read by `service logs`.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Generator, Iterator
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from convo_sync.errors import ConvoSyncError

# A daemon writes about 10 kB a day.
LOG_BYTES, OLDER = 1_000_000, 3
_POLL_SECONDS = 0.5


class LogFile(RotatingFileHandler):
    """The file at `path`, which is made with its folder.

    Raises:
        ConvoSyncError: it cannot be written.
    """

    def __init__(self, path: Path, limit: int = LOG_BYTES) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            super().__init__(path, maxBytes=limit, backupCount=OLDER, encoding="utf-8")
        except OSError as error:
            step = "Name another file with --log-file."
            raise ConvoSyncError(f"The log {path} cannot be written: {error.strerror or error}.", step) from None

    def _open(self) -> TextIOWrapper:
        file = os.open(self.baseFilename, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        return open(file, "a", encoding=self.encoding, errors="backslashreplace")

    def write_line(self, line: str) -> None:
        """Add a line, into a new file where this one is full."""
        self.handle(logging.makeLogRecord({"msg": line}))

    def handleError(self, _record: logging.LogRecord) -> None:
        """Lose what cannot be written: a full disk is no reason to end."""


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of the log, older files included; none where there is no log."""
    lines: list[str] = []
    for number in range(OLDER + 1):
        if len(lines) < count:
            lines = [*_lines(Path(f"{path}.{number}") if number else path), *lines]
    return lines[-count:] if count else []


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def follow(path: Path) -> Generator[str, None, None]:
    """Each line that is added from this call on, for ever; the log may be cut, or come only later."""
    file, number = _opened(path)
    if file is not None:
        file.seek(0, os.SEEK_END)
    return _following(path, file, number)


def _following(path: Path, file: TextIOWrapper | None, number: int | None) -> Generator[str, None, None]:
    try:
        while True:
            yield from _added(file)
            if _number(path) == number:
                time.sleep(_POLL_SECONDS)
                continue
            # It was renamed; what came to it until then is read before the new one.
            yield from _added(file)
            if file is not None:
                file.close()
            file, number = _opened(path)
    finally:
        if file is not None:
            file.close()


def _added(file: TextIOWrapper | None) -> Iterator[str]:
    """The whole lines that were added; half a line is left for the next look."""
    while file is not None:
        place = file.tell()
        line = file.readline()
        if not line.endswith("\n"):
            file.seek(place)
            return
        yield line[:-1]


def _opened(path: Path) -> tuple[TextIOWrapper | None, int | None]:
    try:
        file = path.open(encoding="utf-8", errors="replace")
    except OSError:
        return None, None
    return file, os.fstat(file.fileno()).st_ino


def _number(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
