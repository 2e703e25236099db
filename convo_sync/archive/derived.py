"""The tables derived from documents, kept equal to the current revision by merging row by row, with their index rows.

A row that stays the same is not touched, so that `changed` moves only where something differs. It knows tables and
columns, and nothing of the API's JSON, nor of how a document is read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from convo_sync.archive import entries, marks, merging, places, sqlite
from convo_sync.archive.tables import OF_KIND, TABLES, WITHOUT_NOTES, Row, Table
from convo_sync.archive.transaction import Change
from convo_sync.records import Document, Kind
from convo_sync.texts import indexed

# What is kept beside the turns -> how it is taken out.
BESIDE: Mapping[str, Callable[[Change, Sequence[int]], None]] = {
    "_segment_forms": entries.remove_forms,
    "_outlines": entries.remove_outlines,
}


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
        judged = merging.judge(connection, table, scope, rows)
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
    connection: sqlite.Connection, scope: Row, rows: Sequence[Row], judged: merging.Judged
) -> tuple[merging.Judged, Mapping[str, Difference]]:
    """What was judged, turns under other ids than theirs among the differing; and what beside the turns differs."""
    number = _number(connection, scope)
    own, strangers = places.misplaced(connection, number, scope[0])
    beside = entries.out_of_step(connection, number, _turns(rows))
    if strangers:  # they are in the text of the transcript
        beside["_outlines"] = 1
    differing = {*judged.differing, *((position,) for position in own.values() if (position,) in judged.wanted)}
    return judged._replace(differing=[*differing]), {name: Difference(0, each) for name, each in beside.items()}


def remove_all(change: Change, conversation_id: str) -> None:
    """Take out all rows that were derived from the documents of a conversation, with their index entries."""
    for table in TABLES.values():
        if table.name == "segments":
            _merge_turns(change, (conversation_id,), ())
        elif "conversation_id" in table.scope:
            for scope in _scopes(change.connection, table, conversation_id):
                _merge(change, table, scope, ())


def _scopes(connection: sqlite.Connection, table: Table, conversation_id: str) -> list[Row]:
    columns = ", ".join(table.scope)
    sql = f"select distinct {columns} from {table.name} where conversation_id = ?"  # noqa: S608 - names from TABLES
    return connection.execute(sql, (conversation_id,)).fetchall()


def remove(change: Change, table: Table, rows: Mapping[Row, int]) -> None:
    """Take out rows (scope and key -> id) with their index entries."""
    if table.name == "segments":
        with places.without(change, rows.values()):
            merging.delete(change, table, (), rows)
        return
    if table.index:
        entries.take_out(change, table.index, rows.values())
    merging.delete(change, table, (), rows)


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


def _merge(change: Change, table: Table, scope: Row, rows: Sequence[Row]) -> None:
    judged = merging.judge(change.connection, table, scope, rows)
    if table.index:
        entries.take_out(change, table.index, judged.outdated)
    merging.write(change, table, scope, judged)
    if table.index and judged.held:
        entries.put_in(change, table.index, merging.ids_of(change, table, scope, judged.entering))
    elif table.index and judged.fresh:  # all its rows are new, and so have the highest ids
        entries.put_in_all(change, table.index, *merging.range_of(change, table, scope))


def _merge_turns(change: Change, scope: Row, rows: Sequence[Row]) -> None:
    """The turns' ids say where they stand, and their transcript is indexed as a whole as well."""
    table = TABLES["segments"]
    number, turns = _number(change.connection, scope), _turns(rows)
    places.settle(change, number, scope[0])
    judged = merging.judge(change.connection, table, scope, rows)
    if judged.held and not entries.out_of_step(change.connection, number, _held_turns(judged)):
        if not (judged.outdated or judged.fresh):
            return
        positions = {position for (position,) in judged.entering}
        entries.leave(change, number, judged.outdated)
    else:
        positions = {position for position, _, _ in turns}
        entries.leave_whole(change, number, [row[0] for row in judged.held.values()])
    merging.write(change, table, scope, judged, number * entries.TURNS)
    entries.enter(change, number, turns, positions)


def _number(connection: sqlite.Connection, scope: Row) -> int:
    return int(connection.execute("select number from conversations where id = ?", scope).fetchone()[0])


def _held_turns(judged: merging.Judged) -> list[entries.Turn]:
    return sorted((key[0], row[1], row[3]) for key, row in judged.held.items())


def _turns(rows: Sequence[Row]) -> list[entries.Turn]:
    return [(position, speaker, text) for _, position, speaker, _, text in rows]
