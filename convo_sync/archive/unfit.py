"""Why a file is no archive that this program can read, in words: it is another's, empty, damaged, older or newer."""

from __future__ import annotations

from pathlib import Path

from convo_sync.archive import sqlite
from convo_sync.errors import ArchiveMissing, ArchiveUnfit


def foreign(path: Path | str) -> ArchiveUnfit:
    """It is another program's."""
    return ArchiveUnfit(
        f"{path} is an SQLite file, but not an archive of convo-sync.", "Name another file with --archive."
    )


def impossible(version: int, path: Path | str) -> ArchiveUnfit:
    """No archive is of this version."""
    return ArchiveUnfit(
        f"{path} is damaged: it says that it is of version {version}.",
        "Run `convo-sync doctor`, or restore a backup.",
    )


def newer(version: int, path: Path | str) -> ArchiveUnfit:
    """A later convo-sync wrote it."""
    return ArchiveUnfit(
        f"{path} was written by a newer convo-sync (schema {version}; this one knows {sqlite.SCHEMA_VERSION}).",
        "Upgrade convo-sync: pipx upgrade convo-sync.",
    )


def older(version: int, path: Path | str) -> ArchiveMissing | ArchiveUnfit:
    """It holds nothing yet, which is version 0, or is older than what a reader understands."""
    if version == 0:
        return ArchiveMissing(f"{path} is empty: nothing is archived yet.", "Run `convo-sync sync`: it fills the file.")
    return ArchiveUnfit(
        f"{path} is of an older version ({version}; this program reads {sqlite.SCHEMA_VERSION}).",
        "Run `convo-sync sync`: it keeps a copy and upgrades the file.",
    )
