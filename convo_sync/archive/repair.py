"""What is not sound in an archive, and its mending: search indexes and derived tables, from the documents alone.

Must not know a network, a key or the terminal. What SQLite finds wrong with the file itself is told, and not mended.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from convo_sync.archive import derived, health, indexes, migrate, rebuild, sqlite
from convo_sync.archive.lost import Unreadable
from convo_sync.archive.rebuild import Rebuilt
from convo_sync.archive.transaction import transaction
from convo_sync.errors import ArchiveUnfit

RESTORE = "Move it away and restore a backup; without one, `convo-sync sync` archives anew what Convo still has."


class Condition(NamedTuple):
    """What is not sound. `damage`: what SQLite finds wrong with the file, beside `plain_indexes`, its tables' own.

    `search_indexes`: what is wrong with those, in words. `tables`: derived tables that differ from the documents, and
    `conversations` where it differs from the list. `documents`: how many were read again.
    """

    damage: tuple[str, ...]
    plain_indexes: tuple[str, ...] = ()
    search_indexes: tuple[str, ...] = ()
    tables: Mapping[str, derived.Difference] = {}
    unreadable: tuple[Unreadable, ...] = ()
    documents: int = 0

    @property
    def needs_repair(self) -> bool:
        """Whether there is something that `mend` mends."""
        return bool(self.plain_indexes or self.search_indexes or self.tables)

    @property
    def is_sound(self) -> bool:
        """Whether all is as it should be."""
        return not (self.damage or self.unreadable or self.needs_repair)


def examine(path: Path) -> Condition:
    """What is not sound in the archive at `path`; of a file that is damaged itself, the damage alone. Reads only.

    Raises:
        ArchiveMissing: there is no archive.
        ArchiveUnfit: it is another program's, or of another version.
    """
    with health.Examination(path) as examination:
        examination.require_current()
        damage = examination.deep_damage()
        if damage.rows or damage.indexes:
            return Condition(damage.rows, damage.indexes)
        return _condition(damage, examination.indexes_in_depth().faults, examination.derived())


def _condition(damage: health.Damage, search_indexes: tuple[str, ...], rebuilt: Rebuilt) -> Condition:
    documents, differences, unreadable = rebuilt
    return Condition((), damage.indexes, search_indexes, differences, unreadable, documents)


def mend(
    path: Path, now: datetime, *, pause: Callable[[], object] = lambda: None, connect: sqlite.Connect | None = None
) -> Condition:
    """Mend what can be mended; what was found. Nothing is written where all is sound. An older file is upgraded first.

    Args:
        pause: called between two transactions, of which the archive is in order after each.
        connect: how to connect; tests put their own in.

    Raises:
        ArchiveMissing: there is no archive.
        ArchiveUnfit: it is another program's, newer than this one, or damaged itself: then nothing was touched.
    """
    damage = _mendable(path)
    with contextlib.closing(migrate.open_or_create(path, now, connect)) as connection, sqlite.plain_errors(path):
        if damage.indexes:
            _mend_plain(connection, path)
        faults = _faults(connection)
        if faults:
            _reindex(connection)
        rebuilt = rebuild.rebuild(connection, pause)
        if rebuilt.differences and _faults(connection):
            _reindex(connection)
    return _condition(damage, faults, rebuilt)


def _mendable(path: Path) -> health.Damage:
    """What SQLite finds, of a file that is no worse than can be mended."""
    with health.Examination(path) as examination:
        examination.require_begun()
        damage = examination.deep_damage()
    if damage.rows:
        raise beyond_repair(path, damage.rows)
    return damage


def beyond_repair(path: Path, damage: tuple[str, ...]) -> ArchiveUnfit:
    """What to say of a file that SQLite itself finds damaged."""
    message = f"{path} is damaged ({damage[0]}). A repair mends search indexes and derived tables, and not the file."
    return ArchiveUnfit(message, RESTORE)


def _mend_plain(connection: sqlite.Connection, path: Path) -> None:
    """Make the tables' own indexes anew from the rows; they may hide rows, so that all else comes after."""
    try:
        with transaction(connection):
            connection.execute("reindex")
    except sqlite.Error as error:
        if sqlite.is_passing(error):
            raise
        raise beyond_repair(path, (str(error),)) from error
    damage = health.deep_damage(connection)
    if damage != health.Damage():
        raise beyond_repair(path, damage.rows + damage.indexes)


def _faults(connection: sqlite.Connection) -> tuple[str, ...]:
    return indexes.faults(connection) or indexes.deep_faults(connection)


def _reindex(connection: sqlite.Connection) -> None:
    with transaction(connection) as change:
        indexes.reindex(change)
