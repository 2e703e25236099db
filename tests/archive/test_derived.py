"""Derived rows: however a document came to be what it is, its rows, its index and the change feed say the same."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from convo_sync import models
from convo_sync.archive.read import Reader
from convo_sync.archive.tables import TABLES
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.records import ConversationId, Document, Kind

from .storage import NOW, ONE, TWO, is_sound, listed, read, store, transcript

# Public tables and the columns that name a row; documents and conversations beside the derived ones.
KEYS: Mapping[str, tuple[str, ...]] = {
    **{name: (*table.scope, *table.key) for name, table in TABLES.items() if table.is_public},
    "documents": ("conversation_id", "kind", "item"),
    "conversations": ("id",),
    "promises": ("conversation_id", "text", "nth"),
}
INTERNAL = {"id", "changed", "number"}
WORDS = ("zebra", "budget", "lid", "zebra budget", "hinge lid hinge", "über", "")

Row = tuple[Any, ...]
Table = dict[Row, tuple[Row, int]]  # key -> (content, changed)

# -- sequences of documents

texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=12), st.just("\x00\ud800\x1b[31m🦓"))
some = st.lists(texts, max_size=5)
turns = st.lists(st.one_of(texts, texts, st.none()), max_size=7)  # None: a turn that is unusable, a gap
scores = st.one_of(st.none(), st.integers(0, 10), st.floats(0, 10))


def _points(described: list[str]) -> list[dict[str, Any]]:
    return [{"category": "clarity", "description": each, "quote": each[:3]} for each in described]


def _body(data: Any) -> bytes:
    return json.dumps({"data": data}).encode()


def _keypoints(conversation_id: str, points: list[str], decisions: list[str], people: list[str]) -> Document:
    inner = {
        "title": "A title",
        "sections": [{"heading": each[:2], "points": [each, each[::-1]]} for each in points],
        "decisions": decisions,
        "actionItems": [{"item": each, "owner": None, "confidence": 0.5} for each in points],
        "participants": people,
        "importantDates": [{"date": each, "context": "due"} for each in decisions],
    }
    return read(conversation_id, Kind.KEYPOINTS, {"id": conversation_id, "keypoints": inner})


def _feedback(conversation_id: str, score: float | None, strong: list[str], weak: list[str]) -> Document:
    inner = {"overallScore": score, "strengths": _points(strong), "growthAreas": _points(weak), "actionPlan": weak}
    return read(conversation_id, Kind.FEEDBACK, {"id": conversation_id, "feedback": inner})


def _answer(conversation_id: str, item: str, response: str, suggested: list[str]) -> Document:
    data = {"id": item, "query": "why?", "response": response, "suggestedQueries": suggested}
    return read(conversation_id, Kind.ANSWER, data)


def _email(conversation_id: str, item: str, body: str, points: list[str]) -> Document:
    return read(conversation_id, Kind.EMAIL, {"id": item, "subject": "Hello", "body": body, "keyPoints": points})


def _event(item: str, summary: str, people: list[str]) -> Document:
    start = {"dateTime": "2026-04-01T09:00:00Z"}
    found = models.event_document(
        {"id": item, "summary": summary, "start": start, "attendees": [{"email": each} for each in people]}
    )
    assert found is not None
    return found


ids = st.sampled_from((ONE, TWO))
items = st.sampled_from(("a", "b"))
documents = st.one_of(
    st.builds(transcript, ids, turns),
    st.builds(transcript, ids, turns),
    st.builds(_keypoints, ids, some, some, some),
    st.builds(_feedback, ids, scores, some, some),
    st.builds(_answer, ids, items, texts, some),
    st.builds(_email, ids, items, texts, some),
    st.builds(_event, items, texts, some),
    st.builds(listed, ids, texts, is_new=st.just(False)),
)
stored = st.tuples(documents, st.sampled_from((True, True, True, False)))
# Drawn from few documents, so that A -> B -> A happens.
sequences = st.lists(stored, min_size=1, max_size=4).flatmap(lambda few: st.lists(st.sampled_from(few), max_size=12))


class Followed:
    """An archive that is written to, the documents it must hold, and somebody who follows its change feed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive = Archive(path, NOW)
        self.archive.store_page([listed(ONE), listed(TWO)], None, 1, NOW, Budget())
        self.current: dict[Row, Document] = {}
        self.received: dict[Row, list[Document]] = {}
        self.last_seen = 0
        self.followed: dict[str, dict[Row, Row]] = {name: {} for name in KEYS}

    def store(self, document: Any, *, current: bool) -> None:
        """Store one, and remember what must be there now."""
        if not isinstance(document, Document):
            self.archive.store_page([document], None, 1, NOW, Budget())
            self._remember(models.listing_document(document.row), current=True)
            return
        is_new = store(self.archive, document, current=current)
        assert is_new == self._remember(document, current=current)

    def _remember(self, document: Document, *, current: bool) -> bool:
        key = (document.conversation_id, document.kind, document.item)
        versions = self.received.setdefault(key, [])
        is_new = not versions or versions[-1].digest != document.digest
        if is_new:
            versions.append(document)
        if current or key not in self.current:
            self.current[key] = document
        return is_new

    def tables(self) -> dict[str, Table]:
        """The public tables as they are."""
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            return {name: _table(connection, name) for name in KEYS}

    def number(self) -> int:
        """The newest transaction's number."""
        return int(self.rows("select value from meta where key = 'changed'")[0][0])

    def deletions(self, since: int) -> list[tuple[str, Row]]:
        """What the feed says has left."""
        rows = self.rows("select table_name, key from deletions where changed > ? order by id", since)
        return [(name, tuple(json.loads(key))) for name, key in rows]

    def rows(self, sql: str, *arguments: Any) -> list[Row]:
        """Straight from the file."""
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql, arguments).fetchall()

    def follow(self) -> None:
        """Apply what the feed has since the last time: first what left, then what is new or differs."""
        now = self.number()
        for name, key in self.deletions(self.last_seen):
            self.followed[name].pop(key, None)
        for name, table in self.tables().items():
            self.followed[name] |= {key: row for key, (row, changed) in table.items() if changed > self.last_seen}
        self.last_seen = now


def _table(connection: sqlite3.Connection, name: str) -> Table:
    found: Table = {}
    for row in connection.execute(f"select * from {name}"):
        content = tuple(row[column] for column in row.keys() if column not in INTERNAL)  # noqa: SIM118 - of a sqlite3.Row
        key = tuple(row[column] for column in KEYS[name])
        assert key not in found
        found[key] = (content, row["changed"])
    return found


@contextlib.contextmanager
def following() -> Iterator[Followed]:
    with tempfile.TemporaryDirectory() as folder:
        made = Followed(Path(folder) / "archive.db")
        try:
            yield made
        finally:
            made.archive.close()


def contents(tables: Mapping[str, Table]) -> dict[str, dict[Row, Row]]:
    return {name: {key: row for key, (row, _) in table.items()} for name, table in tables.items()}


def rebuilt(followed: Followed, path: Path) -> None:
    """The current documents, read again from the stored bodies, in a new archive."""
    with Archive(path, NOW) as archive:
        archive.store_page([listed(ONE), listed(TWO)], None, 1, NOW, Budget())
        bodies = followed.rows(
            "select coalesce(d.conversation_id, ''), d.kind, d.digest, r.body from documents d "
            "join revisions r on r.document_id = d.id and r.revision = d.revision"
        )
        for conversation_id, kind, digest, body in bodies:
            document = models.read_stored(ConversationId(conversation_id), Kind(kind), zlib.decompress(body))
            assert document is not None
            assert document.digest == digest
            store(archive, document)


def found(path: Path) -> list[Any]:
    """What searches for every word find, in an order that scores do not decide."""
    with Reader(path) as reader:
        hits = [hit for word in WORDS for hit in reader.search(word, limit=1000).hits]
    return sorted((hit.conversation_id, hit.kind, hit.position or 0, hit.text, round(hit.score, 6)) for hit in hits)


@settings(max_examples=60)
@given(sequence=sequences)
def test_any_sequence_equals_a_rebuild(sequence: list[tuple[Any, bool]]) -> None:
    """Expect the merged tables and indexes to be those of an archive that got only the current documents."""
    with following() as followed:
        for document, current in sequence:
            followed.store(document, current=current)
        new = followed.path.with_name("rebuilt.db")
        rebuilt(followed, new)
        with contextlib.closing(sqlite3.connect(new)) as connection:
            connection.row_factory = sqlite3.Row
            tables = {name: _table(connection, name) for name in TABLES if name in KEYS}
        assert contents(tables) == {name: rows for name, rows in contents(followed.tables()).items() if name in tables}
        notes = "select conversation_id, source, item, kind, position, text from _notes order by 1, 2, 3, 4, 5"
        with contextlib.closing(sqlite3.connect(new)) as connection:
            assert connection.execute(notes).fetchall() == followed.rows(notes)
        for path in (followed.path, new):
            is_sound(path)
        assert found(followed.path) == found(new)


@settings(max_examples=60)
@given(sequence=sequences, looks=st.sets(st.integers(0, 12)))
def test_the_change_feed_tells_all_and_nothing_else(sequence: list[tuple[Any, bool]], looks: set[int]) -> None:
    """Expect `changed` to move for rows that differ, `deletions` to be the keys that left, a follower to keep up."""
    with following() as followed:
        for place, (document, current) in enumerate(sequence):
            before, number = followed.tables(), followed.number()
            followed.store(document, current=current)
            after, newest = followed.tables(), followed.number()
            left = [(name, key) for name in KEYS for key in before[name].keys() - after[name].keys()]
            assert sorted(followed.deletions(number)) == sorted(left)
            moved = False
            for name, table in after.items():
                for key, (row, changed) in table.items():
                    same = key in before[name] and before[name][key][0] == row
                    assert changed == (before[name][key][1] if same else newest), (name, key)
                    moved |= not same
            stored_one = followed.rows("select count(*) from revisions where changed > ?", number)[0][0]
            assert (newest - number) == int(moved or bool(left) or bool(stored_one))
            if place in looks:
                followed.follow()
                assert followed.followed == contents(after)
        followed.follow()
        assert followed.followed == contents(followed.tables())


@settings(max_examples=60)
@given(sequence=sequences)
def test_every_version_is_kept_as_received(sequence: list[tuple[Any, bool]]) -> None:
    """Expect a revision for each version in order, its body byte for byte, and the right one to be current."""
    with following() as followed:
        for document, current in sequence:
            followed.store(document, current=current)
        rows = followed.rows(
            "select coalesce(d.conversation_id, ''), d.kind, d.item, d.digest, d.revision, r.revision, r.digest, "
            "r.body, r.bytes from documents d join revisions r on r.document_id = d.id order by d.id, r.revision"
        )
        for key, versions in followed.received.items():
            held = [row for row in rows if row[:3] == key]
            if key[1] == Kind.LISTING:
                held = [row for row in held if row[5] > 1 or row[6] == versions[0].digest]  # the first listing of all
            assert [zlib.decompress(row[7]) for row in held][-len(versions) :] == [each.body for each in versions]
            assert [row[8] for row in held][-len(versions) :] == [len(each.body) for each in versions]
            assert {row[3] for row in held} == {followed.current[key].digest}
            assert [row[6] for row in held if row[5] == row[4]] == [followed.current[key].digest]
