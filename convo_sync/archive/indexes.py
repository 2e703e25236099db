"""The search indexes as a whole: whether they agree with the text, and how they are made anew from it.

Must not know documents; what a document adds to an index, and takes out of it, is `derived`'s. Beside each index FTS5
keeps tables of its own, here its parts.
"""

from __future__ import annotations

from collections.abc import Mapping

from convo_sync.archive import schema, sqlite
from convo_sync.archive.transaction import Change

# Index -> the view, with an `id`, whose text it holds.
INDEXES: Mapping[str, str] = {
    "segments_fts": "_segment_texts",
    "transcripts_fts": "_transcript_texts",
    "notes_fts": "_note_texts",
}
_PARTS = ("data", "idx", "content", "docsize", "config")
_NOWHERE = "\ue000"
Faults = tuple[str, ...]


def reindex(change: Change) -> None:
    """Make every search index anew from the text, however broken it is."""
    for name in INDEXES:
        _drop(change.connection, name)
        change.connection.execute(schema.creating(name))
        change.connection.execute(f"insert into {name} ({name}) values ('rebuild')")  # noqa: S608 - our own names


def condense(change: Change) -> None:
    """Make the indexes' own pages anew, so that no word is left in them that no text has any more."""
    for name in INDEXES:
        change.connection.execute(f"insert into {name} ({name}) values ('optimize')")  # noqa: S608 - our own names


def _drop(connection: sqlite.Connection, name: str) -> None:
    """Take an index away: FTS5's own 'rebuild' needs one that opens, and keeps settings that were changed."""
    connection.execute("savepoint dropping")
    try:
        connection.execute(f"drop table if exists {name}")
    except sqlite.BROKEN as error:
        if sqlite.is_passing(error):
            raise
        connection.execute("rollback to dropping")
        _strike_out(connection, name)
    connection.execute("release dropping")
    for part in _PARTS:
        connection.execute(f"drop table if exists {name}_{part}")


def _strike_out(connection: sqlite.Connection, name: str) -> None:
    """Take an index that does not even open out of the schema; its parts are then tables like others."""
    connection.execute("pragma writable_schema = on")
    try:
        connection.execute("delete from sqlite_master where type = 'table' and name = ?", (name,))
    finally:
        connection.execute("pragma writable_schema = reset")  # off again, and the schema is read anew


def faults(connection: sqlite.Connection) -> Faults:
    """What counting shows, in words: rows not indexed, entries without a row, an index that does not open. It reads."""
    return tuple(fault for name, table in INDEXES.items() for fault in _faults(connection, name, table))


def _faults(connection: sqlite.Connection, name: str, table: str) -> list[str]:
    try:
        counted = _counted(connection, name, table)
        _try(connection, name)
    except sqlite.BROKEN as error:
        if sqlite.is_passing(error):
            raise
        return [f"{name} cannot be read ({str(error) or type(error).__name__})"]
    return [f"{name}: {count} {what}" for count, what in counted if count]


def _counted(connection: sqlite.Connection, name: str, table: str) -> list[tuple[int, str]]:
    sizes = f"{name}_docsize"
    missing = f"select count(*) from {table} where id not in (select id from {sizes})"  # noqa: S608 - our own names
    left_over = f"select count(*) from {sizes} where id not in (select id from {table})"  # noqa: S608
    return [
        (connection.execute(missing).fetchone()[0], "rows are not indexed"),
        (connection.execute(left_over).fetchone()[0], "entries are of rows that are gone"),
    ]


def _try(connection: sqlite.Connection, name: str) -> None:
    """Open an index and its ranking. Ranking reads every entry of a word, so it is tried with one that is nowhere."""
    connection.execute(f"select rowid from {name} where {name} match 'a' limit 1").fetchone()  # noqa: S608
    connection.execute(f"select rowid from {name} where {name} match ? order by rank", (_NOWHERE,)).fetchone()  # noqa: S608


def deep_faults(connection: sqlite.Connection) -> Faults:
    """What a comparison word by word shows. It changes nothing, yet needs a connection that may write."""
    return tuple(f"{name} does not match the text" for name in INDEXES if not _matches(connection, name))


def _matches(connection: sqlite.Connection, name: str) -> bool:
    try:
        # A rank other than 0 compares with the content, and not only the index with itself.
        connection.execute(f"insert into {name} ({name}, rank) values ('integrity-check', 1)")  # noqa: S608
        return _every_word_is_found(connection, name)
    except sqlite.BROKEN as error:
        if sqlite.is_passing(error):
            raise
        return False


def _every_word_is_found(connection: sqlite.Connection, name: str) -> bool:
    """Whether looking a word up finds what going through all of them does; FTS5's own check does not look up."""
    connection.execute("drop table if exists temp.words")
    connection.execute(f"create virtual table temp.words using fts5vocab(main, {name}, row)")
    lost = connection.execute(
        """
        select 1
        from temp.words w
        where not exists (select 1 from temp.words f where f.term = w.term and f.doc = w.doc and f.cnt = w.cnt)
        limit 1
        """
    ).fetchone()
    connection.execute("drop table temp.words")
    return lost is None
