"""Whether an archive's file is sound: read-only checks, each returning what it found. It repairs nothing.

Must not know how a finding is told. sqlite3 alone, as the reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convo_sync.archive import sqlite
from convo_sync.archive.indexes import CONTENT

# An index's own check writes to its table. It runs on a copy in memory, if that is no larger than this.
LARGEST_COPY = 256 * 2**20
# Index -> the view whose text it holds.
INDEXES = CONTENT


@dataclass(frozen=True)
class Facts:
    """What the file says of itself. `version`: the schema's. `account` and `base_url`: None before a first sync."""

    version: int
    conversations: int = 0
    account: str | None = None
    base_url: str | None = None


@dataclass(frozen=True)
class IndexState:
    """What is wrong with the search indexes, in words, and the SQL that makes them anew from the text.

    `in_depth`: whether every entry was compared. `mending` is empty where an index is too broken even for that.
    """

    faults: tuple[str, ...]
    in_depth: bool
    mending: str = ""


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

    def damage(self) -> tuple[str, ...]:
        """What SQLite's own check finds, beside the search indexes; nothing is well."""
        with sqlite.plain_errors(self.path):
            rows = self._connection.execute("pragma quick_check(10)").fetchall()
        # Newer versions of SQLite look into the indexes here as well; they are told apart, since they can be rebuilt.
        return tuple(text for (text,) in rows if text != "ok" and "FTS5" not in text.upper())

    def indexes(self, largest_copy: int = LARGEST_COPY) -> IndexState:
        """The search indexes against the text that they index."""
        found = {index: self._unlike(index, table) for index, table in INDEXES.items()}
        with sqlite.plain_errors(self.path):
            in_depth = self._bytes() <= largest_copy
        if in_depth and not any(found.values()):
            found = self._inconsistent()
        told = tuple(fault for faults in found.values() for fault in faults)
        return IndexState(told, in_depth, _mending([index for index, faults in found.items() if faults], told))

    def _bytes(self) -> int:
        pages, size = (self._connection.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages) * int(size)

    def _unlike(self, index: str, table: str) -> list[str]:
        """Rows that are not indexed, and entries whose rows are gone."""
        sizes = f"{index}_docsize"
        try:
            missing = self._count(f"select count(*) from {table} where id not in (select id from {sizes})")  # noqa: S608
            left_over = self._count(f"select count(*) from {sizes} where id not in (select id from {table})")  # noqa: S608
            self._connection.execute(f"select rowid from {index} where {index} match 'a' limit 1").fetchone()  # noqa: S608
        except (sqlite.Error, UnicodeDecodeError) as error:  # SQLite quotes what is damaged, as it is
            return [f"{index} cannot be read ({error})"]
        faults = ((missing, "rows are not indexed"), (left_over, "entries are of rows that are gone"))
        return [f"{index}: {count} {what}" for count, what in faults if count]

    def _count(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchone()[0])

    def _inconsistent(self) -> dict[str, list[str]]:
        """The indexes' own check, word by word. It has to be written to the table, so it is done on a copy."""
        copy = sqlite.open_plain(Path(":memory:"))
        try:
            with sqlite.plain_errors(self.path):
                self._connection.backup(copy)
            sound = {index: _matches(copy, index) for index in INDEXES}
            return {index: [] if sound[index] else [f"{index} does not match the text"] for index in INDEXES}
        finally:
            copy.close()


def _mending(broken: Sequence[str], faults: Sequence[str]) -> str:
    # SQLite opens an index before it obeys a command to it.
    if any("constructor failed" in fault for fault in faults):
        return ""
    return "; ".join(f"insert into {index} ({index}) values ('rebuild')" for index in broken)  # noqa: S608 - our own names


def _matches(copy: sqlite.Connection, index: str) -> bool:
    try:
        # A rank other than 0 compares with the content, and not only the index with itself.
        copy.execute(f"insert into {index} ({index}, rank) values ('integrity-check', 1)")  # noqa: S608 - our own names
    except (sqlite.Error, UnicodeDecodeError):
        return False
    return True


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
