"""The tables derived from documents, kept equal to the current revision by merging row by row, with their index rows.

A row that stays the same is not touched, so that `changed` moves only where something differs. It knows tables and
columns, and nothing of the API's JSON, nor of how a document is read again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from convo_sync.archive import entries, marks, places, sqlite
from convo_sync.archive.transaction import Change
from convo_sync.records import Document, Kind
from convo_sync.texts import indexed

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
        Table(
            "_notes", ("conversation_id", "source", "item"), ("kind", "position"), ("text", "form"), index="notes_fts"
        ),
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
# What is kept beside the turns -> how it is taken out.
BESIDE: Mapping[str, Callable[[Change, Sequence[int]], None]] = {
    "_segment_forms": entries.remove_forms,
    "_outlines": entries.remove_outlines,
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
        if table.name == "segments":
            _merge_turns(change, scope, rows)
        else:
            _merge(change, table, scope, rows)
    if document.kind is Kind.KEYPOINTS:
        marks.number_items(change, document.conversation_id, _promised(document))


def compare(connection: sqlite.Connection, document: Document) -> Mapping[str, Difference]:
    """What `store` would change, by table; a table that would stay as it is is not named. Reads only."""
    found: dict[str, Difference] = {}
    for table, scope, rows in _pieces(document):
        judged = _judge(connection, table, scope, rows)
        if table.name == "segments":
            judged, beside = _compare_turns(connection, scope, rows, judged)
            found.update(beside)
        difference = Difference(len(judged.fresh), len(judged.differing), len(judged.leaving))
        if any(difference):
            found[table.name] = difference
    promised = _promised(document)
    if promised and (fresh := marks.without_number(connection, document.conversation_id, promised)):
        found["promises"] = Difference(len(fresh))
    return found


def _compare_turns(
    connection: sqlite.Connection, scope: Row, rows: Sequence[Row], judged: _Judged
) -> tuple[_Judged, Mapping[str, Difference]]:
    """What was judged, turns under other ids than theirs among the differing; and what beside the turns differs."""
    number = _number(connection, scope)
    own, strangers = places.misplaced(connection, number, scope[0])
    beside = entries.out_of_step(connection, number, _turns(rows))
    if strangers:  # they are in the text of the transcript
        beside["_outlines"] = 1
    differing = {*judged.differing, *((position,) for position in own.values() if (position,) in judged.wanted)}
    return judged._replace(differing=[*differing]), {name: Difference(0, each) for name, each in beside.items()}


def remove(change: Change, table: Table, rows: Mapping[Row, int]) -> None:
    """Take out rows (scope and key -> id) with their index entries."""
    if table.name == "segments":
        with places.without(change, rows.values()):
            _delete(change, table, (), rows)
        return
    if table.index:
        entries.take_out(change, table.index, rows.values())
    _delete(change, table, (), rows)


def _pieces(document: Document) -> Iterator[tuple[Table, Row, Sequence[Row]]]:
    """What each table has of a document: the table, the scope, the rows."""
    for name in OF_KIND[document.kind]:
        table = TABLES[name]
        yield table, _scope(table, document), document.rows.get(name, ())
    if document.kind not in WITHOUT_NOTES:
        scope = (document.conversation_id, document.kind.value, document.item)
        yield TABLES["_notes"], scope, [(*scope, *note) for note in _notes(document)]


def _promised(document: Document) -> list[str]:
    return [row[2] for row in document.rows.get("action_items", ())]


def _scope(table: Table, document: Document) -> Row:
    parts = {"conversation_id": document.conversation_id, "item": document.item}
    return tuple(parts[column] for column in table.scope)


def _notes(document: Document) -> Iterable[tuple[str, int, str, str | None]]:
    """What of a document is found by search and labelled by its kind: (kind, number, text, form if that differs)."""
    numbers: Counter[str] = Counter()
    for kind, text in _texts(document):
        if text:
            form = indexed(text)
            yield kind, numbers[kind], text, None if form is text else form
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

    @property
    def outdated(self) -> list[int]:
        """Ids of the rows that will not be as they are."""
        return [self.held[key][0] for key in (*self.differing, *self.leaving)]

    @property
    def entering(self) -> list[Row]:
        """Keys of the rows that were not as they will be."""
        return [*self.differing, *self.fresh]


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
    judged = _judge(change.connection, table, scope, rows)
    if table.index:
        entries.take_out(change, table.index, judged.outdated)
    _write(change, table, scope, judged)
    if table.index and judged.held:
        entries.put_in(change, table.index, _ids(change, table, scope, judged.entering))
    elif table.index and judged.fresh:  # all its rows are new, and so have the highest ids
        entries.put_in_all(change, table.index, *_range(change, table, scope))


def _merge_turns(change: Change, scope: Row, rows: Sequence[Row]) -> None:
    """The turns' ids say where they stand, and their transcript is indexed as a whole as well."""
    table = TABLES["segments"]
    number, turns = _number(change.connection, scope), _turns(rows)
    places.settle(change, number, scope[0])
    judged = _judge(change.connection, table, scope, rows)
    if judged.held and not entries.out_of_step(change.connection, number, _held_turns(judged)):
        if not (judged.outdated or judged.fresh):
            return
        positions = {position for (position,) in judged.entering}
        entries.leave(change, number, judged.outdated)
    else:
        positions = {position for position, _, _ in turns}
        entries.leave_whole(change, number, [row[0] for row in judged.held.values()])
    _write(change, table, scope, judged, number * entries.TURNS)
    entries.enter(change, number, turns, positions)


def _number(connection: sqlite.Connection, scope: Row) -> int:
    return int(connection.execute("select number from conversations where id = ?", scope).fetchone()[0])


def _held_turns(judged: _Judged) -> list[entries.Turn]:
    return sorted((key[0], row[1], row[3]) for key, row in judged.held.items())


def _turns(rows: Sequence[Row]) -> list[entries.Turn]:
    return [(position, speaker, text) for _, position, speaker, _, text in rows]


def _write(change: Change, table: Table, scope: Row, judged: _Judged, first_id: int | None = None) -> None:
    """`first_id`: where the row at position 0 has it; SQLite numbers them where it is None."""
    _delete(change, table, scope, {key: judged.held[key][0] for key in judged.leaving})
    _update(change, table, [(judged.wanted[key], judged.held[key][0]) for key in judged.differing])
    rows = [(*scope, *key, *judged.wanted[key]) for key in judged.fresh]
    if first_id is None:
        _insert(change, table, table.columns, rows)
    else:
        _insert(change, table, ("id", *table.columns), [(first_id + row[1], *row) for row in rows])


def _ids(change: Change, table: Table, scope: Row, keys: Iterable[Row]) -> list[int]:
    sql = f"select id from {table.name} where {_where((*table.scope, *table.key))}"  # noqa: S608 - names from TABLES
    return [change.connection.execute(sql, (*scope, *key)).fetchone()[0] for key in keys]


def _range(change: Change, table: Table, scope: Row) -> tuple[int, int]:
    sql = f"select min(id), max(id) from {table.name} where {_where(table.scope)}"  # noqa: S608 - names from TABLES
    first, last = change.connection.execute(sql, scope).fetchone()
    return first, last


def _where(columns: Iterable[str]) -> str:
    return " and ".join(f"{column} = ?" for column in columns)


def _held(connection: sqlite.Connection, table: Table, scope: Row) -> dict[Row, Row]:
    columns = ", ".join((*table.key, "id", *table.values))
    sql = f"select {columns} from {table.name} where {_where(table.scope)}"  # noqa: S608 - names from TABLES
    width = len(table.key)
    return {row[:width]: row[width:] for row in connection.execute(sql, scope)}


def _insert(change: Change, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    if not rows:
        return
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
