"""An archive with a row in every table, and ways to damage its tables and indexes behind the program's back.

Must not know how damage is found or mended.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from convo_sync import models
from convo_sync.archive import tables
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.records import Document, Holding, Kind, State

from .storage import NOW, ONE, TWO, keypoints, listed, read, store, transcript

INDEXES = ("segments_fts", "transcripts_fts", "notes_fts")
PARTS = ("data", "idx", "docsize", "config")
# What is kept beside the turns, internal: its key and the rest.
BESIDE = {
    "_segment_forms": (("id",), ("text",)),
    "_outlines": (("number",), ("turns", "words", "lengths", "voices", "speakers")),
}
Rows = dict[tuple[Any, ...], tuple[Any, ...]]


def documents() -> Iterator[Document]:
    """One of every kind, each with rows in every table of its kind."""
    yield transcript(ONE, ["the zebra budget", "is cut", "to 31,000", "\ufffd a mark"])
    inner = {
        "sections": [{"heading": "All", "points": ["cut the zebra budget", "keep the lid"]}],
        "decisions": ["cut it", "keep it"],
        "actionItems": [{"item": "tell Leonie", "owner": "Ann", "confidence": 0.5, "priority": "high"}],
        "participants": ["Ann", "Leonie"],
        "importantDates": [{"date": "2026-04-01", "context": "due"}],
    }
    yield read(ONE, Kind.KEYPOINTS, {"id": ONE, "keypoints": inner})
    point = {"category": "clarity", "description": "clear", "quote": "cut", "suggestion": "go on", "timestamp": "1:00"}
    coached = {"overallScore": 7, "strengths": [point], "growthAreas": [point], "actionPlan": ["listen"]}
    yield read(ONE, Kind.FEEDBACK, {"id": ONE, "userSpeakerName": "Ann", "feedback": coached})
    answer = {"id": "a1", "query": "why?", "response": "the lid", "suggestedQueries": ["which lid?", "whose?"]}
    yield read(ONE, Kind.ANSWER, answer | {"metadata": {"segmentsAnalyzed": 3, "conversationDuration": 30.5}})
    email = {"id": "e1", "subject": "Lids", "body": "We keep it.", "keyPoints": ["kept"], "actionItems": ["tell"]}
    yield read(ONE, Kind.EMAIL, email | {"generatedAt": "2026-03-20T12:00:00Z"})
    event = models.event_document(_event())
    assert event is not None
    yield event
    yield keypoints(TWO, "another meeting", "with a point")


def _event() -> dict[str, Any]:
    return {
        "id": "ev1",
        "summary": "Lids again",
        "start": {"dateTime": "2026-04-01T09:00:00Z"},
        "attendees": [{"email": "ann@example.com", "displayName": "Ann", "responseStatus": "accepted"}, {}],
    }


def fill_whole(path: Path) -> Path:
    """An archive of these documents and of what a sync writes beside them."""
    with Archive(path, NOW) as archive:
        archive.begin_run("sync", NOW, Budget(500, 400))
        archive.store_page([listed(ONE, "The zebra budget"), listed(TWO)], None, 1, NOW, Budget())
        for document in documents():
            held = document.kind in (Kind.TRANSCRIPT, Kind.KEYPOINTS, Kind.FEEDBACK)
            state = Holding(document.conversation_id, document.kind, State.PRESENT, digest=document.digest)
            store(archive, document, holding=state if held else None)
    return path


# -- damage

# By table: its last column is scribbled upon, or that text is no UTF-8.
_NUMBERS = {"answers"}


def of_table(table: tables.Table) -> Iterator[tuple[str, str]]:
    """(name, SQL) of each way to damage a derived table."""
    name, last, scope = table.name, table.values[-1], table.scope[0]
    nobody = f"select {', '.join(_elsewhere(column, scope) for column in table.columns)}"
    everything = ", ".join(table.columns)
    public = ", changed" if table.is_public else ""
    one = f"id = (select max(id) from {name})"
    scribble = "0.25" if name in _NUMBERS else "'scribbled'"
    yield f"{name}: all rows are gone", f"delete from {name}"
    yield f"{name}: one row is gone", f"delete from {name} where {one}"
    yield f"{name}: a value differs", f"update {name} set {last} = {scribble} where {one}"
    yield f"{name}: rows of nobody", f"insert or ignore into {name} ({everything}{public}) {nobody}{public} from {name}"
    yield f"{name}: rows went elsewhere", f"update or ignore {name} set {scope} = 'nobody'"
    if name not in _NUMBERS:
        yield f"{name}: a text is no text", f"update {name} set {last} = cast(x'fe20ff' as text) where {one}"
    if "position" in table.key:
        yield f"{name}: other numbers", f"update {name} set position = position + 100"
        columns = everything.replace("position", "position + 50")
        yield (
            f"{name}: too many rows",
            f"insert into {name} ({everything}{public}) select {columns}{public} from {name}",
        )


def _elsewhere(column: str, scope: str) -> str:
    return "'nobody'" if column == scope else column


def of_index(name: str) -> Iterator[tuple[str, str]]:
    """(name, SQL) of each way to damage a search index."""
    for part in PARTS:
        yield f"{name}: no {part}", f"drop table {name}_{part}"
        if part != "idx":  # which an index as small as these has no use for
            yield f"{name}: nothing in {part}", f"delete from {name}_{part}"
    half, letters = "substr(block, 1, length(block) / 2)", "cast(replace(hex(block), '0', 'w') as blob)"
    for block in ("x'00'", "x''", "zeroblob(50)", half, letters):
        yield f"{name}: blocks are {block}", f"update {name}_data set block = {block}"
    for block_id in (1, 10):
        yield f"{name}: block {block_id} is cut", f"update {name}_data set block = x'00' where id = {block_id}"
        yield f"{name}: no block {block_id}", f"delete from {name}_data where id = {block_id}"
    yield f"{name}: no such version", f"update {name}_config set v = 99"
    yield f"{name}: no such ranking", f"insert into {name}_config values ('rank', 'bogus(1)')"
    yield f"{name}: pages elsewhere", f"update {name}_idx set pgno = pgno + 4"
    yield f"{name}: other sizes", f"update {name}_docsize set sz = x'7f'"
    yield f"{name}: a row too few", f"delete from {name}_docsize where id = (select min(id) from {name}_docsize)"
    yield f"{name}: a row too many", f"insert into {name}_docsize values (999, x'01')"
    yield f"{name}: parts of another make", f"drop table {name}_docsize; create table {name}_docsize (x)"
    yield f"{name}: not there", f"drop table {name}"
    yield (
        f"{name}: parts alone",
        (f"pragma writable_schema = on; delete from sqlite_master where name = '{name}'; pragma writable_schema = off"),
    )


_FIRST = 2**24  # the first id of the turns of the first meeting, which has four; the second has none
IDS = {
    "segments: an id is another's": f"update segments set id = {5 * _FIRST} where position = 1",
    "segments: an id is in the next meeting": f"update segments set id = {2 * _FIRST + 1} where position = 2",
    "segments: an id is nobody's": "update segments set id = -3 where position = 0",
    "segments: ids are counted": "update segments set id = position + 1",
    "segments: ids are in another order": f"update segments set id = {_FIRST} + 7 - position; "
    f"update segments set id = {_FIRST} + 3 - position",
    "segments: a stranger": f"insert into segments select {_FIRST} + 9, 'nobody', 0, 'Ann', null, 'in the way', 1",
}
OUTLINES = {
    "_segment_forms: all rows are gone": "delete from _segment_forms",
    "_segment_forms: a row too many": f"insert into _segment_forms values ({_FIRST}, 'scribbled')",
    "_segment_forms: a row of nobody": "insert into _segment_forms values (7, 'scribbled')",
    "_segment_forms: a row of a later turn": f"insert into _segment_forms values ({_FIRST} + 7, 'scribbled')",
    "_segment_forms: a value differs": "update _segment_forms set text = 'scribbled'",
    "_segment_forms: a text is no text": "update _segment_forms set text = cast(x'fe20ff' as text)",
    "_outlines: all rows are gone": "delete from _outlines",
    "_outlines: other counts": "update _outlines set turns = turns + 1",
    "_outlines: other words": "update _outlines set words = 0",
    "_outlines: other lengths": "update _outlines set lengths = x'0100'",
    "_outlines: other voices": "update _outlines set voices = zeroblob(8)",
    "_outlines: other speakers": "update _outlines set speakers = '[]'",
    "_outlines: speakers are no text": "update _outlines set speakers = cast(x'fe20ff' as text)",
    "_outlines: a row without a transcript": "insert into _outlines values (2, 1, 1, x'0100', x'0000', '[]')",
    "_outlines: a row of nobody": "insert into _outlines values (77, 1, 1, x'0100', x'0000', '[]')",
    "_outlines: a row went elsewhere": "update _outlines set number = 2",
}
TABLES = dict(damage for table in tables.TABLES.values() for damage in of_table(table))
BROKEN_INDEXES = dict(damage for name in INDEXES for damage in of_index(name))
CONVERSATIONS = {
    "conversations: another title": "update conversations set title = 'scribbled' where id = 'sess_one'",
    "conversations: another length": "update conversations set minutes = 7, segment_count = null",
}
DAMAGES = TABLES | IDS | OUTLINES | BROKEN_INDEXES | CONVERSATIONS


def damage(path: Path, *statements: str) -> None:
    """Do this to the file, whatever refers to what."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in (each for some in statements for each in some.split("; ")):
            connection.execute(statement)


def damage_as_far_as_possible(path: Path, *statements: str) -> None:
    """Do this to the file, leaving out what an earlier damage makes impossible."""
    for statement in statements:
        with contextlib.suppress(sqlite3.Error):
            damage(path, statement)


# -- what is in the file


@contextlib.contextmanager
def looking_at(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, text that is none included."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        yield connection


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Straight from the file."""
    with looking_at(path) as connection:
        return connection.execute(sql).fetchall()


def derived_rows(path: Path) -> dict[str, Rows]:
    """Table -> scope and key -> content: of the derived tables, what is beside them, and conversations as listed."""
    columns = {name: ((*t.scope, *t.key), t.values) for name, t in tables.TABLES.items()}
    listed_columns = ("title", "start_time", "end_time", "minutes", "segment_count", "calendar_event_id")
    return _by_key(path, columns | BESIDE | {"conversations": (("id",), listed_columns)})


def changed(path: Path) -> dict[str, Rows]:
    """Public table -> scope and key -> (id, changed). The ids of turns are not those of rows."""
    columns = {name: ((*t.scope, *t.key), ("id", "changed")) for name, t in tables.TABLES.items() if t.is_public}
    return _by_key(path, columns | {"conversations": (("id",), ("number", "changed"))})


def ids(path: Path) -> list[tuple[Any, ...]]:
    """The turns by their ids, which say where they stand."""
    return rows(path, "select id, conversation_id, position from segments order by id")


def _by_key(path: Path, columns: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    with looking_at(path) as connection:
        for name, (key, values) in columns.items():
            all_of_it = connection.execute(f"select {', '.join((*key, *values))} from {name}")
            found[name] = {row[: len(key)]: row[len(key) :] for row in all_of_it}
    return found


def others(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that is neither derived nor index: what a repair must not touch."""
    theirs = {*tables.TABLES, *BESIDE, "conversations", "deletions", "meta"}
    with looking_at(path) as connection:
        names = [
            name for (name,) in connection.execute("select name from sqlite_master where type = 'table' order by 1")
        ]
        kept = [name for name in names if name not in theirs and not name.startswith(INDEXES)]
        return {name: connection.execute(f"select * from {name}").fetchall() for name in kept}


def left(path: Path) -> list[tuple[str, tuple[Any, ...]]]:
    """What the change feed says has left."""
    return sorted((name, tuple(json.loads(key))) for name, key in rows(path, "select table_name, key from deletions"))
