"""What a sync of the daemon is careful about: no archive in the place of one that is gone, no key that was refused.

The refused key is remembered by a digest in a file beside the archive: no request is sent to hear the same again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path

from convo_sync.errors import ArchiveMissing, ConvoSyncError, KeyRefused, PlanLacks

# After so long even the same key is tried again: an account may have been locked, and opened since.
FORGOTTEN_SECONDS = 86_400.0


def require(archive: Path, key: str) -> None:
    """Refuse a run that could only do harm, or hear the same again.

    Raises:
        ArchiveMissing: there is no archive at that path.
        KeyRefused: this very key was refused within a day.
    """
    if not archive.exists():
        raise ArchiveMissing(
            f"The archive {archive} is not there.",
            "Mount its disk, or name it in config.toml; `convo-sync sync` makes a new one where none is wanted back.",
        )
    try:
        told, at = _place(archive).read_text(encoding="ascii").split()
        is_same = told == _digest(key) and 0 <= time.time() - float(at) < FORGOTTEN_SECONDS
    except (OSError, ValueError):
        return
    if is_same:
        raise KeyRefused(
            "Convo has refused this key; it is not asked again with it for a day.",
            "Create a key in Convo's settings, then type: convo-sync init --new-key",
        )


def remember(archive: Path, key: str, error: ConvoSyncError | None) -> None:
    """Keep in mind that a key was refused; forget it where it was not."""
    place = _place(archive)
    with contextlib.suppress(OSError):
        if not isinstance(error, KeyRefused) or isinstance(error, PlanLacks):
            place.unlink(missing_ok=True)
            return
        with open(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(f"{_digest(key)} {time.time()}")


def _place(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.refused")


def _digest(key: str) -> str:
    return hashlib.sha256(f"convo-sync refused {key}".encode()).hexdigest()
