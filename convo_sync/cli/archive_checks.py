"""`doctor`'s checks of the archive's file and what it stands on: disk, lock, archive, search index, SQLite.

Must not know the network. It changes nothing: what it writes is a nameless file, gone at once.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from convo_sync.archive import health, sqlite
from convo_sync.archive.repair import RESTORE
from convo_sync.cli.finding import Finding, State, ok, problem, skipped
from convo_sync.errors import ArchiveError, ArchiveLocked, ArchiveUnfit, ConfigurationError, ConvoSyncError, StorageFull
from convo_sync.lock import WriterLock
from convo_sync.render.text import count, safe

DISK, LOCK, ARCHIVE, INDEX = NAMES = ("disk", "lock", "archive", "search index")
LEAST_FREE = 200 * 10**6
GROWTH = 2
_UNSOUND = "the archive has to be in order first"


def examine(path: Path, account: str | None, base_url: str | None) -> list[Finding]:
    """The checks of the archive at `path`, for the account and the address that a sync would use, where known."""
    disk_found = disk(path)
    lock_found = lock(path) if disk_found.state is State.OK else skipped(LOCK, "the folder has to be mended first")
    return [disk_found, lock_found, *_file(path, account, base_url)]


def disk(path: Path) -> Finding:
    """Whether the folder can be written, and has room for the archive to grow."""
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        broken = ArchiveError(f"{folder} cannot be written to: {error.strerror or error}.")
        return problem(DISK, broken, next_step="Correct its permissions, or name another place with --archive.")
    size = sum(each.stat().st_size for each in _files(path))
    needed = max(LEAST_FREE, GROWTH * size)
    if free < needed:
        message = f"{_bytes(free)} are free in {folder}; syncing wants {_bytes(needed)}."
        return problem(DISK, StorageFull(message), next_step="Free some space, or move the archive to another disk.")
    return ok(DISK, f"{_bytes(free)} free in {folder}; the archive has {_bytes(size)}")


def _files(path: Path) -> list[Path]:
    return [each for each in (path, path.with_name(f"{path.name}-wal")) if each.is_file()]


def _bytes(size: int) -> str:
    value, unit = float(size), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if value >= 10 or unit == "bytes" else f"{value:.1f} {unit}"


def lock(path: Path) -> Finding:
    """Whether a sync could write now; else who is writing."""
    writer = WriterLock(path, "convo-sync doctor")
    if not writer.path.exists():
        return ok(LOCK, "free")
    try:
        # Taken for an instant: that is the only test that holds on every system, and for every kind of holder.
        writer.acquire().release()
    except ArchiveLocked as error:
        holder = f"Held by {safe(writer.holder())}."
        return problem(LOCK, error, holder, "It is writing: wait until it has finished, or end it. Nothing gets lost.")
    except ConvoSyncError as error:
        return problem(LOCK, error)
    return ok(LOCK, "free")


def _file(path: Path, account: str | None, base_url: str | None) -> tuple[Finding, Finding]:
    if not path.exists() and not path.is_symlink():
        nothing = f"none yet at {path}; `convo-sync sync` makes it"
        return skipped(ARCHIVE, nothing), skipped(INDEX, "there is no archive yet")
    try:
        with health.Examination(path) as examination:
            return _opened(path, examination, account, base_url)
    except ConvoSyncError as error:
        step = RESTORE if "doctor" in error.next_step else ""
        return problem(ARCHIVE, error, next_step=step), skipped(INDEX, _UNSOUND)


def _opened(
    path: Path, examination: health.Examination, account: str | None, base_url: str | None
) -> tuple[Finding, Finding]:
    facts = examination.facts()
    if facts.version == 0:
        return skipped(ARCHIVE, f"{path} is empty; `convo-sync sync` fills it"), skipped(INDEX, "the archive is empty")
    unsound = _outdated(path, facts) or _damaged(path, examination)
    if unsound is not None:
        return problem(ARCHIVE, unsound), skipped(INDEX, _UNSOUND)
    amiss = foreign(facts, account, base_url) or _readable(path)
    well = ok(ARCHIVE, f"{path}: {count(facts.conversations, 'meeting')}, sound")
    return problem(ARCHIVE, amiss) if amiss else well, _index(examination)


def _outdated(path: Path, facts: health.Facts) -> ConvoSyncError | None:
    if facts.version == sqlite.SCHEMA_VERSION:
        return None
    message = f"{path} is of an older version ({facts.version}; this program reads {sqlite.SCHEMA_VERSION})."
    return ArchiveUnfit(message, "Run `convo-sync sync`: it keeps a copy and upgrades the file.")


def foreign(facts: health.Facts, account: str | None, base_url: str | None) -> ConvoSyncError | None:
    """What is wrong where the archive is of another account or address than the ones in use; None where all fits."""
    step = "Use another archive (--archive PATH), or the account and address that this one was begun with."
    if facts.account and account and facts.account.casefold() != account.casefold():
        return ConfigurationError(f"The archive belongs to {facts.account}; the key belongs to {account}.", step)
    if facts.base_url and base_url and facts.base_url != base_url:
        return ConfigurationError(f"The archive was filled from {facts.base_url}, not from {base_url}.", step)
    return None


def _readable(path: Path) -> ConvoSyncError | None:
    with contextlib.suppress(OSError):
        if sys.platform != "win32" and path.stat().st_mode & 0o077:
            return ArchiveError(f"Others on this machine can read {path}.", f"Type: chmod 600 {shlex.quote(str(path))}")
    return None


def _damaged(path: Path, examination: health.Examination) -> ConvoSyncError | None:
    damage = examination.damage()
    if not damage:
        return None
    return ArchiveUnfit(f"{path} is damaged ({damage[0]}).", RESTORE)


def _index(examination: health.Examination) -> Finding:
    state = examination.indexes()
    if state.faults:
        step = "No text is lost. Run `convo-sync archive repair`: it makes the index anew from the text."
        return problem(INDEX, ArchiveError(f"{'; '.join(state.faults)}.", step))
    return ok(
        INDEX, "agrees with the text" if state.in_depth else "has an entry for every text (contents not compared)"
    )


def sqlite_library() -> Finding:
    """Whether SQLite is new enough and can search."""
    version, race = sqlite.version_tuple(), _dotted(sqlite.WAL_RACE_FIXED)
    step = "Use a Python that brings a newer SQLite, or install pysqlite3-binary beside convo-sync."
    if version < sqlite.OLDEST_SQLITE:
        message = f"SQLite {_dotted(version)} is too old; convo-sync needs {_dotted(sqlite.OLDEST_SQLITE)}."
        return problem("SQLite", ArchiveError(message, step))
    if not health.has_fts5():
        return problem("SQLite", ArchiveError(f"SQLite {_dotted(version)} was built without full-text search.", step))
    if version < sqlite.WAL_RACE_FIXED:
        known = f"rare corruption when two programs write at once is fixed in {race}; convo-sync is the only writer"
        return ok("SQLite", f"{_dotted(version)} ({known})")
    return ok("SQLite", _dotted(version))


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
