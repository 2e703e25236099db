"""The tables derived from documents, kept equal to the current revision by merging row by row, with their index rows.

A row that stays the same is not touched, so that `changed` moves only where something differs. It knows tables and
columns, and nothing of the API's JSON, nor of how a document is read again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from convo_sync.archive import sqlite
from convo_sync.archive.transaction import Change
from convo_sync.records import Document, Kind

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A derived table. `scope`: columns that one document owns; `key`: what numbers its rows; `index`: its index."""

    name: str
    scope: tuple[str, ...]
    key: tuple[str, ...]
    values: tuple[str, ...]
    index: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """In the order of a document's rows."""
        return (*self.scope, *self.key, *self.values)

    @property
    def is_public(self) -> bool:
        """Whether its rows carry `changed` and leave a trace in `deletions`."""
        return not self.name.startswith("_")


_CONVERSATION = ("conversation_id",)
_ITEM = ("conversation_id", "item")
_POSITION = ("position",)
_FEEDBACK = (
    "overall_score", "focus", "quote", "reason", "alternative", "clarity", "listening", "time_management",
    "collaboration", "decision_making", "talk_listen_ratio", "user_speaker",
)  # fmt: skip
_EVENT = ("event_id", "start_time", "start_date", "end_time", "end_date", "time_zone", "end_time_zone", "summary")

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table("segments", _CONVERSATION, _POSITION, ("speaker", "timestamp", "text"), index="segments_fts"),
        Table("keypoints", _CONVERSATION, _POSITION, ("section", "heading", "text")),
        Table("decisions", _CONVERSATION, _POSITION, ("text",)),
        Table("action_items", _CONVERSATION, _POSITION, ("text", "owner", "confidence", "priority")),
        Table("participants", _CONVERSATION, _POSITION, ("name",)),
        Table("important_dates", _CONVERSATION, _POSITION, ("date", "context")),
        Table("feedback", _CONVERSATION, (), _FEEDBACK),
        Table(
            "feedback_points",
            _CONVERSATION,
            _POSITION,
            ("type", "category", "description", "suggestion", "quote", "timestamp"),
        ),
        Table("action_plan", _CONVERSATION, _POSITION, ("text",)),
        Table("answers", _ITEM, (), ("query", "response", "segments_analyzed", "conversation_minutes")),
        Table("suggested_queries", _ITEM, _POSITION, ("text",)),
        Table("emails", _ITEM, (), ("subject", "body", "created_at")),
        Table("email_points", _ITEM, _POSITION, ("type", "text")),
        Table("events", ("item",), (), _EVENT),
        Table("attendees", ("item",), _POSITION, ("email", "name", "response_status")),
        Table("_notes", ("conversation_id", "source", "item"), ("kind", "position"), ("text",), index="notes_fts"),
    )
}

OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    Kind.LISTING: (),
    Kind.TRANSCRIPT: ("segments",),
    Kind.KEYPOINTS: ("keypoints", "decisions", "action_items", "participants", "important_dates"),
    Kind.FEEDBACK: ("feedback", "feedback_points", "action_plan"),
    Kind.ANSWER: ("answers", "suggested_queries"),
    Kind.EMAIL: ("emails", "email_points"),
    Kind.EVENT: ("events", "attendees"),
}
# What these say is found through their own tables, or not at all.
WITHOUT_NOTES = (Kind.TRANSCRIPT, Kind.EVENT)


class Difference(NamedTuple):
    """How many rows of a table are not what the documents say: not there, not the same, there without a document."""

    missing: int = 0
    differing: int = 0
    left_over: int = 0


def store(change: Change, document: Document) -> None:
    """Bring every table derived from this document, and the search index, to what the document says."""
    for table, scope, rows in _pieces(document):
        _merge(change, table, scope, rows)


def compare(connection: sqlite.Connection, document: Document) -> Mapping[str, Difference]:
    """What `store` would change, by table; a table that would stay as it is is not named. Reads only."""
    found = {}
    for table, scope, rows in _pieces(document):
        judged = _judge(connection, table, scope, rows)
        difference = Difference(len(judged.fresh), len(judged.differing), len(judged.leaving))
        if any(difference):
            found[table.name] = difference
    return found


def remove(change: Change, table: Table, rows: Mapping[Row, int]) -> None:
    """Take out rows (scope and key -> id) with their index entries."""
    if table.index:
        _unindex(change, table, rows.values())
    _delete(change, table, (), rows)


def _pieces(document: Document) -> Iterator[tuple[Table, Row, Sequence[Row]]]:
    """What each table has of a document: the table, the scope, the rows."""
    for name in OF_KIND[document.kind]:
        table = TABLES[name]
        yield table, _scope(table, document), document.rows.get(name, ())
    if document.kind not in WITHOUT_NOTES:
        scope = (document.conversation_id, document.kind.value, document.item)
        yield TABLES["_notes"], scope, [(*scope, *note) for note in _notes(document)]


def _scope(table: Table, document: Document) -> Row:
    parts = {"conversation_id": document.conversation_id, "item": document.item}
    return tuple(parts[column] for column in table.scope)


def _notes(document: Document) -> Iterable[tuple[str, int, str]]:
    """What of a document is found by search and labelled by its kind: (kind, number, text)."""
    numbers: Counter[str] = Counter()
    for kind, text in _texts(document):
        if text:
            yield kind, numbers[kind], text
            numbers[kind] += 1


def _texts(document: Document) -> Iterable[tuple[str, str | None]]:
    """Every text that says something, with the kind of hit that it makes."""
    rows = document.rows
    if document.kind is Kind.LISTING:
        yield "title", document.title
    headings = {section: heading for _, _, section, heading, _ in rows.get("keypoints", ())}
    yield from (("keypoints", heading) for heading in headings.values())
    yield from (("keypoints", text) for *_, text in rows.get("keypoints", ()))
    yield from (("keypoints", _joined(row[2:])) for row in rows.get("important_dates", ()))
    yield from (("decision", row[2]) for row in rows.get("decisions", ()))
    yield from (("action_item", row[2]) for row in rows.get("action_items", ()))
    yield from (("feedback", _joined(row[2:6])) for row in rows.get("feedback", ()))
    yield from (("feedback", _joined(row[3:7])) for row in rows.get("feedback_points", ()))
    yield from (("feedback", row[2]) for row in rows.get("action_plan", ()))
    for _, _, first, second, *_ in (*rows.get("emails", ()), *rows.get("answers", ())):
        yield document.kind.value, f"{first}\n{second}"


def _joined(parts: Iterable[str | None]) -> str:
    return " ".join(part for part in parts if part)


class _Judged(NamedTuple):
    """Rows as they should be and as they are, by key, and the keys of those that have to change."""

    wanted: Mapping[Row, Row]
    held: Mapping[Row, Row]
    fresh: Sequence[Row]
    differing: Sequence[Row]
    leaving: Sequence[Row]


def _judge(connection: sqlite.Connection, table: Table, scope: Row, rows: Sequence[Row]) -> _Judged:
    width = len(table.scope) + len(table.key)
    wanted = {row[len(table.scope) : width]: row[width:] for row in rows}
    held = _held(connection, table, scope)
    return _Judged(
        wanted,
        held,
        fresh=[key for key in wanted if key not in held],
        differing=[key for key in wanted if key in held and held[key][1:] != wanted[key]],
        leaving=[key for key in held if key not in wanted],
    )


def _merge(change: Change, table: Table, scope: Row, rows: Sequence[Row]) -> None:
    wanted, held, fresh, differing, leaving = _judge(change.connection, table, scope, rows)
    if table.index:
        _unindex(change, table, [held[key][0] for key in (*differing, *leaving)])
    _delete(change, table, scope, {key: held[key][0] for key in leaving})
    _update(change, table, [(wanted[key], held[key][0]) for key in differing])
    _insert(change, table, [(*scope, *key, *wanted[key]) for key in fresh])
    if table.index and fresh and not held:
        _index_scope(change, table, scope)
    elif table.index:
        _index(change, table, [held[key][0] for key in differing])
        _index_fresh(change, table, scope, fresh)


def _where(columns: Iterable[str]) -> str:
    return " and ".join(f"{column} = ?" for column in columns)


def _held(connection: sqlite.Connection, table: Table, scope: Row) -> dict[Row, Row]:
    columns = ", ".join((*table.key, "id", *table.values))
    sql = f"select {columns} from {table.name} where {_where(table.scope)}"  # noqa: S608 - names from TABLES
    width = len(table.key)
    return {row[:width]: row[width:] for row in connection.execute(sql, scope)}


def _insert(change: Change, table: Table, rows: Sequence[Row]) -> None:
    if not rows:
        return
    columns = table.columns
    if table.is_public:
        columns, rows = (*columns, "changed"), [(*row, change.number) for row in rows]
    places = ", ".join("?" * len(columns))
    sql = f"insert into {table.name} ({', '.join(columns)}) values ({places})"  # noqa: S608 - names from TABLES
    change.connection.executemany(sql, rows)


def _update(change: Change, table: Table, rows: Sequence[tuple[Row, int]]) -> None:
    if not rows:
        return
    columns = [f"{column} = ?" for column in table.values]
    if table.is_public:
        columns.append(f"changed = {change.number}")
    sql = f"update {table.name} set {', '.join(columns)} where id = ?"  # noqa: S608 - names from TABLES
    change.connection.executemany(sql, [(*values, row_id) for values, row_id in rows])


def _delete(change: Change, table: Table, scope: Row, ids: Mapping[Row, int]) -> None:
    if not ids:
        return
    sql = f"delete from {table.name} where id = ?"  # noqa: S608 - names from TABLES
    change.connection.executemany(sql, [(row_id,) for row_id in ids.values()])
    if table.is_public:
        note_deletions(change, table.name, [(*scope, *key) for key in ids])


def note_deletions(change: Change, table_name: str, keys: Iterable[Row]) -> None:
    """Say in the change feed that these rows left."""
    change.connection.executemany(
        "insert into deletions (table_name, key, changed) values (?, ?, ?)",
        [(table_name, json.dumps(key), change.number) for key in keys],
    )


def _unindex(change: Change, table: Table, ids: Iterable[int]) -> None:
    """Take rows out of the index: FTS5 must be given the very text that was indexed, so it is not read here first."""
    change.connection.executemany(
        f"insert into {table.index} ({table.index}, rowid, text) "  # noqa: S608 - names from TABLES
        f"select 'delete', id, text from {table.name} where id = ?",
        [(row_id,) for row_id in ids],
    )


def _index(change: Change, table: Table, ids: Sequence[int]) -> None:
    sql = f"insert into {table.index} (rowid, text) select id, text from {table.name} where id = ?"  # noqa: S608
    change.connection.executemany(sql, [(row_id,) for row_id in ids])


def _index_scope(change: Change, table: Table, scope: Row) -> None:
    """Index a whole document in one statement: four times as fast as row by row."""
    change.connection.execute(
        f"insert into {table.index} (rowid, text) select id, text from {table.name} where {_where(table.scope)}",  # noqa: S608
        scope,
    )


def _index_fresh(change: Change, table: Table, scope: Row, keys: Sequence[Row]) -> None:
    sql = (
        f"insert into {table.index} (rowid, text) select id, text from {table.name} "  # noqa: S608 - names from TABLES
        f"where {_where((*table.scope, *table.key))}"
    )
    change.connection.executemany(sql, [(*scope, *key) for key in keys])
