"""Whether an archive's file is sound: read-only checks, each returning what it found. It repairs nothing.

Must not know how a finding is told.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

from convo_sync.archive import indexes, rebuild, sqlite, unfit

# An index's own check writes to its table. It runs on a copy in memory, if that is no larger than this.
LARGEST_COPY = 256 * 2**20
# SQLite's words for an index that does not say what its table does.
_OF_AN_INDEX = re.compile(r"(?:missing from|entries in) index \S+$")
_TEMPORARY = "the folder for temporary files"


@dataclass(frozen=True)
class Facts:
    """What the file says of itself. `version`: the schema's. `account` and `base_url`: None before a first sync."""

    version: int
    conversations: int = 0
    account: str | None = None
    base_url: str | None = None


@dataclass(frozen=True)
class IndexState:
    """What is wrong with the search indexes, in words. `in_depth`: whether every entry was compared."""

    faults: tuple[str, ...]
    in_depth: bool


@dataclass(frozen=True)
class Damage:
    """What SQLite's own check finds, in its words. `indexes`: of what can be made anew from the rows themselves."""

    rows: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()


class Examination:
    """An archive opened to be examined. It is a context manager.

    Raises:
        ArchiveMissing: there is no file.
        ArchiveUnfit: it is another program's, or newer than this one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = sqlite.open_for_reading(path)
        try:
            with sqlite.plain_errors(path):
                self._version = sqlite.check_version(self._connection, path)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Examination:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def is_current(self) -> bool:
        """Whether its schema is the one that this program writes."""
        return self._version == sqlite.SCHEMA_VERSION

    def facts(self) -> Facts:
        """What the file says of itself; of a file of another version, that version alone."""
        if not self.is_current:
            return Facts(self._version)
        with sqlite.plain_errors(self.path):
            told = dict(self._connection.execute("select key, value from meta"))
            count = self._connection.execute("select count(*) from conversations").fetchone()[0]
        return Facts(self._version, count, told.get("account"), told.get("base_url"))

    def require_current(self) -> None:
        """Refuse a file without an archive in it yet, or with one of an older version.

        Raises:
            ArchiveMissing: it is empty.
            ArchiveUnfit: it is of an older version.
        """
        if not self.is_current:
            raise unfit.older(self._version, self.path)

    def require_begun(self) -> None:
        """Refuse a file without an archive in it yet.

        Raises:
            ArchiveMissing: it is empty.
        """
        if self._version == 0:
            self.require_current()

    def damage(self) -> tuple[str, ...]:
        """What SQLite's own quick check finds, beside the search indexes; nothing is well."""
        with sqlite.plain_errors(self.path):
            return _of_sqlite(self._connection, "quick_check")

    def deep_damage(self) -> Damage:
        """What SQLite's own whole check finds, beside the search indexes."""
        with sqlite.plain_errors(self.path):
            return deep_damage(self._connection)

    def indexes(self, largest_copy: int = LARGEST_COPY) -> IndexState:
        """The search indexes against the text; in depth where the file is no larger than that many bytes."""
        with sqlite.plain_errors(self.path):
            found, in_depth = indexes.faults(self._connection), self._bytes() <= largest_copy
        return IndexState(found or (self._compared(sqlite.open_in_memory()) if in_depth else ()), in_depth)

    def indexes_in_depth(self) -> IndexState:
        """The search indexes against the text in depth, however large the file: that much temporary disk is used."""
        with sqlite.plain_errors(self.path):
            found = indexes.faults(self._connection)
        return IndexState(found or self._compared(sqlite.open_temporary()), in_depth=True)

    def _bytes(self) -> int:
        pages, size = (self._connection.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages) * int(size)

    def _compared(self, copy: sqlite.Connection) -> tuple[str, ...]:
        """The comparison has to be written to the index's table, so it is done on a copy."""
        with contextlib.closing(copy), sqlite.plain_errors(_TEMPORARY):
            self._connection.backup(copy)
            return indexes.deep_faults(copy)

    def derived(self) -> rebuild.Rebuilt:
        """The derived tables against the documents, read again."""
        with sqlite.plain_errors(self.path), sqlite.snapshot(self._connection):
            return rebuild.compare(self._connection)


def deep_damage(connection: sqlite.Connection) -> Damage:
    """What SQLite's whole check finds, beside the search indexes."""
    try:
        found = _of_sqlite(connection, "integrity_check")
    except sqlite.BROKEN as error:  # so damaged that not even the check goes through
        if sqlite.is_passing(error):
            raise
        return Damage((str(error),))
    of_indexes = tuple(text for text in found if _OF_AN_INDEX.search(text))
    return Damage(tuple(text for text in found if text not in of_indexes), of_indexes)


def _of_sqlite(connection: sqlite.Connection, check: str) -> tuple[str, ...]:
    """What one of SQLite's checks finds. Search indexes are told apart, since they can be made anew."""
    try:
        rows = connection.execute(f"pragma {check}").fetchall()
    except sqlite.Error as error:  # newer versions look into search indexes here too, and end at a broken one
        if not sqlite.is_of_a_search_index(error):
            raise
        rows = [row for table in _tables(connection) for row in connection.execute(f"pragma {check}('{table}')")]
    return tuple(text for (text,) in rows if text != "ok" and "FTS5" not in text.upper())


def _tables(connection: sqlite.Connection) -> list[str]:
    ordinary = "select name from sqlite_master where type = 'table' and rootpage > 0"
    return [name for (name,) in connection.execute(ordinary)]


def has_fts5() -> bool:
    """Whether this SQLite was built with the full-text search that the archive needs."""
    connection = sqlite.open_plain(Path(":memory:"))
    try:
        connection.execute("create virtual table probe using fts5 (text)")
    except sqlite.Error:
        return False
    finally:
        connection.close()
    return True
