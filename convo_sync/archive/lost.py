"""What is left of documents that are not there: their traces elsewhere, and derived rows that no document accounts for.

Must not know how a document is read. It reads only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from convo_sync.archive import sqlite
from convo_sync.archive.entries import TURNS
from convo_sync.archive.tables import OF_KIND, TABLES, WITHOUT_NOTES, Row, Table
from convo_sync.records import Kind

_HAS_TRANSCRIPT = """
    exists (
        select 1 from documents d
        where coalesce(d.conversation_id, '') = +c.id and d.kind = 'transcript' and d.item = ''
    )
"""
_FORMS = f"""
    select f.id, c.id
    from _segment_forms f
    left join conversations c on c.number = f.id / ?1
    where not exists (select 1 from segments s where s.id = f.id) and not {_HAS_TRANSCRIPT}
"""  # noqa: S608 - ours
# Of a conversation that is not there, those of which no turn is left either.
_OUTLINES = f"""
    select o.number, c.id
    from _outlines o
    left join conversations c on c.number = o.number
    where not {_HAS_TRANSCRIPT} and not (c.id is null and exists (
        select 1 from segments s where s.id between o.number * ?1 and o.number * ?1 + ?1 - 1
    ))
"""  # noqa: S608 - ours
_KIND_OF = {name: kind.value for kind, names in OF_KIND.items() for name in names}


class Unreadable(NamedTuple):
    """A document that nothing can be derived from, and why. What was derived from it before stays as it is."""

    conversation_id: str
    kind: str
    item: str
    why: str


def documents(connection: sqlite.Connection) -> list[Unreadable]:
    """Documents that the archive once had, by what it says elsewhere: their rows may be all that is left of them."""
    found = connection.execute(
        """
        select h.conversation_id, h.kind, ''
        from holdings h
        where h.digest is not null and not exists (
            select 1 from documents d where coalesce(d.conversation_id, '') = +h.conversation_id and d.kind = h.kind
        )
        union all
        select c.id, 'listing', ''
        from conversations c
        where not exists (
            select 1 from documents d where coalesce(d.conversation_id, '') = +c.id and d.kind = 'listing'
        )
        union all
        select distinct '', '', 'number ' || r.document_id
        from revisions r
        where not exists (select 1 from documents d where d.id = r.document_id)
        """
    )
    why = "its row in the table documents is missing"
    return [Unreadable(id_, kind, item, why) for id_, kind, item in found]


def left_over(
    connection: sqlite.Connection, unreadable: Sequence[Unreadable]
) -> Iterator[tuple[Table, Mapping[Row, int]]]:
    """The rows that no document accounts for, by table: scope and key -> id. Rows that others refer to come last.

    Those of a conversation with a document that cannot be read are not among them: they may be all that is left of it.
    """
    if any(not each.kind for each in unreadable):
        return  # nobody knows whose that was
    kept = {each.conversation_id for each in unreadable}
    for table in reversed(tuple(TABLES.values())):
        found = connection.execute(_without_document(table))
        rows = {tuple(key): row_id for conversation_id, row_id, *key in found if conversation_id not in kept}
        if rows:
            yield table, rows


def action_items(connection: sqlite.Connection, unreadable: Sequence[Unreadable]) -> Mapping[str, Sequence[str]]:
    """What is left of key points that cannot be read: conversation -> the texts of its action items, in order.

    A conversation that is missing itself is not among them: nothing can be added to it.
    """
    sql = """
        select a.text
        from conversations c
        join action_items a on a.conversation_id = c.id
        where c.id = ?
        order by a.position
    """
    lost = {each.conversation_id for each in unreadable if each.kind == Kind.KEYPOINTS.value}
    return {each: [text for (text,) in connection.execute(sql, (each,))] for each in sorted(lost)}


def beside(connection: sqlite.Connection, unreadable: Sequence[Unreadable]) -> Mapping[str, Sequence[int]]:
    """What is kept beside the turns for no transcript and no turn that is there: table -> keys. Exceptions as above."""
    if any(not each.kind for each in unreadable):
        return {}
    kept = {each.conversation_id for each in unreadable}
    found = {}
    for name, sql in (("_segment_forms", _FORMS), ("_outlines", _OUTLINES)):
        keys = [key for key, conversation_id in connection.execute(sql, (TURNS,)) if conversation_id not in kept]
        if keys:
            found[name] = keys
    return found


def _without_document(table: Table) -> str:
    """SQL for the rows of a table that no document accounts for: conversation, id, scope and key."""
    of = {column: f"+t.{column}" for column in table.scope}  # +: the index of documents knows values, not columns
    kind = of.get("source", f"'{_KIND_OF.get(table.name)}'")
    conversation, item = (of.get(column, "''") for column in ("conversation_id", "item"))
    silent = ", ".join(f"'{each}'" for each in WITHOUT_NOTES if table.name == "_notes")
    return f"""
        select {conversation}, t.id, {", ".join(f"t.{column}" for column in (*table.scope, *table.key))}
        from {table.name} t
        where not exists (
            select 1 from documents d
            where coalesce(d.conversation_id, '') = {conversation} and d.kind = {kind} and d.item = {item}
        ) or {kind} in ({silent})
    """  # noqa: S608 - names from TABLES
