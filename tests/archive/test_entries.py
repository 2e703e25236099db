"""Transcripts that change: however one came to be what it is, the indexes and what is beside the turns say the same."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convo_sync.archive import entries, indexes, repair, sqlite
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.records import ConversationId, Document, Kind
from convo_sync.times import format_time

from .damages import derived_rows, ids
from .storage import NOW, ONE, TWO, is_sound, listed, read, store

Turn = tuple[str | None, str] | None  # speaker and text; None is a turn that is unusable, a gap

PLAIN = ("the zebra budget", "is cut", "to 31,000", "", "over - and out")
JAPANESE = ("予算は三万一千です", "蓋 👍🏽 そのまま", "the lid は残る", "ﾃｽﾄ 🦓🦓", "हिन्दी भाषा")
LONG = " ".join(["word"] * 70_000)  # more words than an outline can say


def transcript(conversation_id: ConversationId, turns: Sequence[Turn]) -> Document:
    """A transcript of these turns."""
    said = [
        5 if turn is None else {"speaker": turn[0], "text": turn[1], "timestamp": format_time(NOW)} for turn in turns
    ]
    return read(conversation_id, Kind.TRANSCRIPT, {"id": conversation_id, "segments": said})


@contextlib.contextmanager
def an_archive(name: str = "archive.db") -> Iterator[Archive]:
    """An archive of two meetings without a document."""
    with tempfile.TemporaryDirectory() as folder, Archive(Path(folder) / name, NOW) as archive:
        archive.store_page([listed(ONE), listed(TWO)], None, 1, NOW, Budget())
        yield archive


def is_as_of_a_fresh_one(archive: Archive, *current: Document) -> None:
    """Turns, their ids, forms, outlines and all words in the indexes are those of an archive that got only these."""
    is_sound(archive.path)
    with an_archive() as fresh:
        for document in current:
            store(fresh, document)
        assert derived_rows(archive.path) == derived_rows(fresh.path)
        assert ids(archive.path) == ids(fresh.path)
        for index in ("segments_fts", "transcripts_fts"):
            assert words(archive.path, index) == words(fresh.path, index)
    with contextlib.closing(sqlite.open_plain(archive.path)) as connection:
        assert indexes.faults(connection) == indexes.deep_faults(connection) == ()
    assert repair.examine(archive.path).is_sound


def words(path: Path, index: str) -> list[tuple[Any, ...]]:
    """Every word in the index, with the text and the place."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"create virtual table temp.words using fts5vocab(main, {index}, instance)")
        return sorted(connection.execute("select term, doc, offset from temp.words"))


CHANGES: dict[str, tuple[Sequence[int | None], Sequence[int | None]]] = {
    "grows": ((0, 1), (0, 1, 2, 3)),
    "grows at its beginning": ((0, 1), (2, 0, 1)),
    "shrinks": ((0, 1, 2, 3), (0, 1)),
    "loses its beginning": ((0, 1, 2, 3), (2, 3)),
    "changes in the middle": ((0, 1, 2), (0, 4, 2)),
    "changes places": ((0, 1, 2), (2, 1, 0)),
    "gets a gap": ((0, 1, 2), (0, None, 2)),
    "loses a gap": ((0, None, 2), (0, 1, 2)),
    "loses all turns": ((0, 1, 2), ()),
    "gets its first turns": ((), (0, 1, 2)),
    "says something else altogether": ((0, 1), (2, 3)),
    "stays": ((0, 1, 2), (0, 1, 2)),
}


@pytest.mark.parametrize("texts", [PLAIN, JAPANESE, (*JAPANESE[:2], *PLAIN[2:]), (*PLAIN[:2], *JAPANESE[2:])])
@pytest.mark.parametrize("what", CHANGES)
def test_a_transcript_that_changes(what: str, texts: Sequence[str]) -> None:
    """Expect the indexes, outline and forms of a fresh archive, the other meeting's among them, before and after."""
    another = transcript(TWO, [("Bo", "the zebra 予算")])
    with an_archive() as archive:
        store(archive, another)
        for numbers in CHANGES[what]:
            turns: list[Turn] = [None if n is None else ("Ann" if n % 2 else "田中", texts[n]) for n in numbers]
            document = transcript(ONE, turns)
            store(archive, document)
            is_as_of_a_fresh_one(archive, document, another)


def test_only_a_speaker_changes() -> None:
    """Expect the outline to name who spoke now, and the texts to stay indexed."""
    with an_archive() as archive:
        for speakers in (("Ann", None), ("Ann", "Bo"), ("Bo", "Bo"), (None, None)):
            document = transcript(ONE, [(speaker, "the zebra 予算") for speaker in speakers])
            store(archive, document)
            is_as_of_a_fresh_one(archive, document)


def test_a_turn_with_more_words_than_an_outline_can_say() -> None:
    """Expect the most that it can say for that turn, and all words in the sum."""
    document = transcript(ONE, [("Ann", LONG), ("Ann", "is cut")])
    with an_archive() as archive:
        store(archive, document)
        is_as_of_a_fresh_one(archive, document)
        ((turns, counted, lengths, *_),) = derived_rows(archive.path)["_outlines"].values()
    assert (turns, counted, lengths) == (2, 70_002, b"\xff\xff\x02\x00")


def test_a_change_of_one_turn_leaves_the_others_in_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the entry of that turn alone to be taken out and put in, though its length changes the outline."""
    taken: list[int] = []
    put: list[int] = []
    take_out, put_in = entries.take_out, entries.put_in

    def told(calls: list[int], call: Any) -> Any:
        def telling(change: Any, index: str, some: Any) -> None:
            some = list(some)
            calls.extend(some if index == "segments_fts" else ())
            call(change, index, some)

        return telling

    with an_archive() as archive:
        store(archive, transcript(ONE, [("Ann", text) for text in PLAIN]))
        monkeypatch.setattr(entries, "take_out", told(taken, take_out))
        monkeypatch.setattr(entries, "put_in", told(put, put_in))
        document = transcript(ONE, [("Ann", text) for text in (*PLAIN[:2], "a longer turn 予算", *PLAIN[3:])])
        store(archive, document)
        assert taken == put == [entries.TURNS + 2]
        is_as_of_a_fresh_one(archive, document)


texts = st.one_of(st.sampled_from((*PLAIN, *JAPANESE)), st.text(max_size=12), st.just("\x00\ud800\x1b[31m🦓"))
turns = st.one_of(st.tuples(st.sampled_from(("Ann", "田中", "", None)), texts), st.none())
transcripts = st.tuples(st.sampled_from((ONE, TWO)), st.lists(turns, max_size=6), st.booleans())


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[ConversationId, list[Turn]]]:
    """Transcripts of two meetings, each new one often the one before with a few turns changed."""
    current: dict[ConversationId, list[Turn]] = {}
    history = []
    for _ in range(draw(st.integers(1, 6))):
        conversation_id, fresh, goes_on = draw(transcripts)
        held = current.get(conversation_id, [])
        if goes_on:
            first, last = sorted(draw(st.tuples(st.integers(0, len(held)), st.integers(0, len(held)))))
            fresh = [*held[:first], *fresh[:2], *held[last:]]
        current[conversation_id] = fresh
        history.append((conversation_id, fresh))
    return history


@settings(max_examples=10)
@given(history=histories())
def test_a_history_equals_a_fresh_archive(history: list[tuple[ConversationId, list[Turn]]]) -> None:
    """Expect, after each transcript, what an archive has that received only the current ones."""
    follow(history)


@pytest.mark.slow
@settings(max_examples=100)
@given(history=histories())
def test_any_history_equals_a_fresh_archive(history: list[tuple[ConversationId, list[Turn]]]) -> None:
    """Expect the same of many more."""
    follow(history)


def follow(history: list[tuple[ConversationId, list[Turn]]]) -> None:
    """Store one after the other, and compare after each."""
    current: dict[ConversationId, Document] = {}
    with an_archive() as archive:
        for conversation_id, said in history:
            current[conversation_id] = transcript(conversation_id, said)
            store(archive, current[conversation_id])
            is_as_of_a_fresh_one(archive, *current.values())
