"""From version 1 of the schema to version 2: whole transcripts are indexed too, turns' ids say where they stand, and
action items have numbers.

What is new is derived from the tables of version 1, so that no body has to be read again.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlite_utils

from convo_sync.archive import entries, indexes, schema, sqlite
from convo_sync.archive.transaction import Change
from convo_sync.texts import indexed

_NEW = (
    "promises", "_segment_forms", "_outlines", "_outlines_facts",
    "_segment_texts", "_transcript_texts", "_note_texts", "meeting_action_items",
)  # fmt: skip


def upgrade(database: sqlite_utils.Database) -> None:
    """Runs inside the upgrade's transaction, which a kill undoes as a whole."""
    connection = database.conn
    change = Change(connection)
    for index in ("segments_fts", "notes_fts"):
        connection.execute(f"drop table {index}")
    connection.execute("drop view meeting_action_items")
    connection.execute("alter table _notes add column form text")
    for name in _NEW:
        connection.execute(schema.creating(name))
    _renumber(connection)
    _keep_forms(connection)
    for number, turns in _transcripts(connection):
        sql = "insert into _outlines (number, turns, words, lengths, voices, speakers) values (?, ?, ?, ?, ?, ?)"
        connection.execute(sql, (number, *entries.outline(turns)))
    _number_items(change)
    indexes.reindex(change)


def _renumber(connection: sqlite.Connection) -> None:
    """Ids so far were 1, 2, 3 …: lower than every new one, so that none is in another's way.

    Turns of no conversation are left alone; the check of references that ends an upgrade says so.
    """
    connection.execute(
        """
        update segments
        set id = position + ? * (select c.number from conversations c where c.id = segments.conversation_id)
        where conversation_id in (select id from conversations)
        """,
        (entries.TURNS,),
    )


def _keep_forms(connection: sqlite.Connection) -> None:
    for table, sql in (
        ("segments", "insert into _segment_forms (text, id) values (?, ?)"),
        ("_notes", "update _notes set form = ? where id = ?"),
    ):
        rows = connection.execute(f"select id, text from {table}").fetchall()  # noqa: S608 - our own names
        connection.executemany(sql, [(form, id_) for id_, text in rows if (form := indexed(text)) is not text])


def _transcripts(connection: sqlite.Connection) -> Iterator[tuple[int, list[entries.Turn]]]:
    sql = "select number, id from conversations where id in (select conversation_id from segments)"
    for number, id_ in connection.execute(sql).fetchall():
        sql = "select position, speaker, text from segments where conversation_id = ? order by position"
        yield number, connection.execute(sql, (id_,)).fetchall()


def _number_items(change: Change) -> None:
    if change.connection.execute("select 1 from action_items limit 1").fetchone() is None:
        return
    change.connection.execute(
        """
        insert into promises (conversation_id, text, nth, changed)
        select a.conversation_id, a.text, (
            select count(*)
            from action_items e
            where e.conversation_id = a.conversation_id and e.position < a.position and e.text = a.text
        ), ?
        from action_items a
        order by a.id
        """,
        (change.number,),
    )
