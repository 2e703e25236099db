"""A paid reply in a file beside the archive, where the archive itself could not take it (a full disk, say).

The next run reads it from there. The name tells the line of the ledger and when that was reserved, so that the file of
another archive is not taken for this one's.
"""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Iterable
from pathlib import Path

from convo_sync.credits.entries import Entry
from convo_sync.errors import ReplyUnkept


def place(archive: Path, entry: Entry) -> Path:
    """Where the reply to this line would be."""
    archive = archive.resolve()
    return archive.with_name(f"{archive.name}.reply-{entry.id}-{entry.reserved_at:%Y%m%dT%H%M%S%f}")


def write(archive: Path, entry: Entry, body: bytes) -> Path:
    """Write it, for its owner alone; its path.

    Raises:
        ReplyUnkept: there is no room for it either; the message holds it.
    """
    path = place(archive, entry)
    try:
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)  # a part of it would only look like one
        text = body.decode("utf-8", "replace")
        raise ReplyUnkept(
            f"A reply that was paid for could not be kept ({error.strerror or error}): {text}",
            "Copy it from here, and free some disk space.",
        ) from error
    return path


def read(archive: Path, entry: Entry) -> bytes | None:
    """The reply that was written there; None where there is none."""
    try:
        return place(archive, entry).read_bytes()
    except OSError:
        return None


def remove_lines(archive: Path, ids: Iterable[int]) -> None:
    """Forget what is kept of these lines of the ledger, whenever they were reserved."""
    for id_ in ids:
        for path in archive.parent.glob(f"{glob.escape(archive.name)}.reply-{id_}-*"):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def remove(archive: Path, entry: Entry) -> None:
    """Forget it: its document is in the archive."""
    with contextlib.suppress(OSError):
        place(archive, entry).unlink(missing_ok=True)
