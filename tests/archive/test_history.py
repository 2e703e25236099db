"""The versions of a meeting's documents, as the archive tells them: order, cause, size, and what cannot be read."""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync.archive.history import KINDS, history
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.briefs import Revision
from convo_sync.errors import ArchiveMissing, ArchiveUnfit, NothingFound
from convo_sync.records import Kind
from convo_sync.times import format_time

from .damages import damage, documents
from .paid import receive
from .storage import NOW, ONE, TWO, another_connection, keypoints, listed, read, store, transcript
from .versions import written

LATER = NOW + timedelta(hours=3)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """One of every kind, some of them in several versions: found, made by a rule, made by hand."""
    path = tmp_path / "whole.db"
    with Archive(path, NOW) as archive:
        archive.store_page([listed(ONE, "The zebra budget"), listed(TWO)], None, 1, NOW, archive.budget())
        for document in documents():
            store(archive, document)
        store(archive, transcript(ONE, ["the zebra budget", "is cut", "to 32,000 at last", "\ufffd a mark"]))
        renamed = listed(ONE, "The zebra budget, cut", is_new=False)
        archive.store_page([renamed], None, 1, LATER, archive.budget())
        receive(archive, keypoints(ONE, "cut the zebra budget", "tell Ann"), "refresh", "the transcript changed", LATER)
        receive(archive, _answer("a2", "who?", "Ann."), None, "asked for by hand", LATER)
    return path


def _answer(item: str, question: str, response: str) -> Any:
    return read(ONE, Kind.ANSWER, {"id": item, "query": question, "response": response})


def told(revisions: Sequence[Revision]) -> list[tuple[Any, ...]]:
    """Of each version its key, whether it is current, and its size against the one before."""
    return [
        (r.kind, r.item, r.revision, r.current, r.words, r.change and (r.change.added, r.change.removed))
        for r in revisions
    ]


def test_every_version_of_every_kind(whole: Path) -> None:
    """Expect kinds in one order, items as they came, versions from the first on, each against the one before."""
    found = history(whole, ONE)
    assert found.meeting.id == ONE
    assert told(found.revisions) == [
        ("listing", "", 1, False, 5, None),
        ("listing", "", 2, True, 6, (2, 1)),
        ("transcript", "", 1, False, 14, None),
        ("transcript", "", 2, True, 16, (3, 1)),
        ("keypoints", "", 1, False, 20, None),
        ("keypoints", "", 2, True, 13, (7, 14)),
        ("feedback", "", 1, True, 15, None),
        ("answer", "a1", 1, True, 6, None),
        ("answer", "a2", 1, True, 2, None),
        ("email", "e1", 1, True, 6, None),
    ]


def test_why_each_version_came(whole: Path) -> None:
    """Expect `found` with the step's reason, `rule` and `hand` with the ledger's, and the time of each."""
    causes = [(r.cause, r.rule, r.reason, r.fetched_at) for r in history(whole, ONE).revisions]
    now, later = format_time(NOW), format_time(LATER)
    assert causes == [
        ("found", None, "listed", now),
        ("found", None, "listed", later),
        ("found", None, "test", now),
        ("found", None, "test", now),
        ("found", None, "test", now),
        ("rule", "refresh", "the transcript changed", later),
        *[("found", None, "test", now)] * 2,
        ("hand", None, "asked for by hand", later),
        ("found", None, "test", now),
    ]


def test_what_changed_is_said_line_by_line(whole: Path) -> None:
    """Expect the turn with its position and its speaker, and an action item with who is to do it."""
    turn, points = (history(whole, ONE, (kind,)).revisions[-1].change for kind in ("transcript", "keypoints"))
    assert turn is not None
    assert points is not None
    (hunk,) = turn.hunks
    assert [(line.position, line.named, [tuple(piece) for piece in line.pieces]) for line in hunk.lines] == [
        (1, 1, [("same", "Ann: is cut")]),
        (2, 1, [("same", "Ann: to"), ("removed", " 31,000"), ("added", " 32,000 at last")]),
        (3, 1, [("same", "Ann: \ufffd a mark")]),
    ]
    items = [line for hunk in points.hunks for line in hunk.lines if line.label == "Action item"]
    assert [[tuple(piece) for piece in line.pieces] for line in items] == [
        [("removed", "Ann:"), ("same", " tell"), ("removed", " Leonie (high)"), ("added", " Ann")]
    ]


def test_some_kinds_only(whole: Path) -> None:
    """Expect the kinds that are asked for, in the order of all; none of an archive that has none."""
    assert {r.kind for r in history(whole, ONE, ("email", "listing")).revisions} == {"listing", "email"}
    assert [r.kind for r in history(whole, ONE, ("email", "listing")).revisions][-1] == "email"
    assert history(whole, TWO, ("feedback",)).revisions == ()
    assert {r.kind for r in history(whole, ONE).revisions} == set(KINDS)


def test_a_poorer_version_is_kept_and_is_not_the_current_one(path: Path) -> None:
    """Expect the version that was stored behind the better one, and the better one as the current."""
    with Archive(path, NOW) as archive:
        store(archive, transcript(ONE, ["the zebra budget"]), current=False)
    found = history(path, ONE, ("transcript",)).revisions
    assert [(r.revision, r.current) for r in found] == [(1, True), (2, False)]
    assert told(found)[1][-1] == (0, 6)


def test_a_version_that_differs_in_no_word(path: Path) -> None:
    """Expect it to be listed, with nothing added and removed."""
    with Archive(path, NOW) as archive:
        segments = [{"text": text, "speaker": "Ann"} for text in ("the zebra budget", "is cut", "to 31,000")]
        store(archive, read(ONE, Kind.TRANSCRIPT, {"id": ONE, "segments": segments}))
    newest = history(path, ONE, ("transcript",)).revisions[-1]
    assert (newest.revision, newest.change and newest.change[:2], newest.change and newest.change.hunks) == (
        2, (0, 0), (),
    )  # fmt: skip


def test_a_row_of_the_list_tells_what_no_column_has(path: Path) -> None:
    """Expect keys that this program does not know to be compared too."""
    with Archive(path, NOW) as archive, another_connection(path) as other:
        change = listed(ONE, "The zebra budget", is_new=False)
        archive.store_page([change], None, 1, NOW, archive.budget())
        body = zlib.decompress(other.execute("select body from revisions where id = 1").fetchone()[0])
    assert b"title" in body
    (only,) = history(path, ONE, ("listing",)).revisions
    assert only.words == 5


# -- what cannot be read


NO_BODY = {
    "cut": "update revisions set body = substr(body, 1, 20) where {}",
    "empty": "update revisions set body = x'' where {}",
    "another's": "update revisions set body = (select body from revisions where id = 1) where {}",
    "not JSON": f"update revisions set body = x'{zlib.compress(b'no JSON').hex()}' where {{}}",
    "another digest": "update revisions set digest = 'scribbled' where {}",
}


@pytest.mark.parametrize("how", NO_BODY)
def test_a_body_that_cannot_be_read_stops_nothing(whole: Path, how: str) -> None:
    """Expect that version with the reason, all others as before, and no size against what nobody knows."""
    before = history(whole, ONE).revisions
    transcripts = "document_id = (select id from documents where kind = 'transcript') and revision = {}"
    for number, unknown in ((1, {1, 2}), (2, {2})):
        damage(whole, NO_BODY[how].format(transcripts.format(number)))
        found = history(whole, ONE).revisions
        for old, new in zip(before, found, strict=True):
            if old.kind == "transcript" and new.revision in unknown:
                assert new.change is None
                assert (new.unreadable is None) == (new.words is not None) == (new.revision > number)
            else:
                assert new == old
        whole_again = (new.unreadable for new in found if new.kind == "transcript")
        assert list(whole_again)[number - 1]
        before = found


def test_a_version_is_compared_with_the_one_before_it_only(whole: Path) -> None:
    """Expect no size after an unreadable version, and one again for the version after that."""
    with Archive(whole, NOW) as archive:
        store(archive, transcript(ONE, ["the zebra budget", "is cut"]))
        store(archive, transcript(ONE, ["the zebra budget", "is kept"]))
    damage(whole, "update revisions set body = x'' where revision = 2 and document_id in "
                  "(select id from documents where kind = 'transcript')")  # fmt: skip
    found = history(whole, ONE, ("transcript",)).revisions
    assert [r.change and r.change[:2] for r in found] == [None, None, None, (1, 1)]


def test_a_line_of_the_ledger_that_is_missing(whole: Path) -> None:
    """Expect a version whose line is gone to be told as found, with its own cause."""
    damage(whole, "pragma foreign_keys = off", "delete from ledger")
    assert {r.cause for r in history(whole, ONE).revisions} == {"found"}
    assert "rule: refresh" in [r.reason for r in history(whole, ONE).revisions]


# -- which meeting, which archive


@pytest.mark.parametrize("name", ["sess_one", "sess_o", "one", "o"])
def test_a_meeting_is_found_as_show_finds_it(whole: Path, name: str) -> None:
    """Expect an id, or the beginning of one with or without `sess_`."""
    with Reader(whole) as reader:
        assert history(whole, name).meeting == reader.meeting(name).row


@pytest.mark.parametrize("name", ["sess_none", "", "sess_"])
def test_no_such_meeting(whole: Path, name: str) -> None:
    """Expect the sentence of `show`."""
    with Reader(whole) as reader, pytest.raises(NothingFound) as shown:
        reader.meeting(name)
    with pytest.raises(NothingFound) as found:
        history(whole, name)
    assert (found.value.message, found.value.next_step) == (shown.value.message, shown.value.next_step)


def test_archives_that_cannot_be_read(tmp_path: Path) -> None:
    """Expect plain words: there is none, it is empty, it is of an older version, it is no archive."""
    with pytest.raises(ArchiveMissing):
        history(tmp_path / "none.db", ONE)
    (tmp_path / "empty.db").touch()
    with pytest.raises(ArchiveMissing, match="empty"):
        history(tmp_path / "empty.db", ONE)
    with pytest.raises(ArchiveUnfit, match="older version"):
        history(written(tmp_path / "old.db", 2), ONE)
    (tmp_path / "text.db").write_text("no archive " * 100)
    with pytest.raises(ArchiveUnfit):
        history(tmp_path / "text.db", ONE)


@contextlib.contextmanager
def _busy(path: Path) -> Iterator[sqlite3.Connection]:
    with another_connection(path, "begin immediate", "delete from revisions") as connection:
        yield connection


def test_nobody_waits_for_a_writer(whole: Path) -> None:
    """Expect what was committed, while another process writes; and nothing of it to be locked afterwards."""
    before = history(whole, ONE)
    with _busy(whole):
        assert history(whole, ONE) == before
    assert list(whole.parent.glob("*.partial")) == []


def test_reading_writes_nothing(whole: Path) -> None:
    """Expect the file to stay as it is, to the last byte."""
    before = whole.read_bytes()
    history(whole, ONE)
    assert whole.read_bytes() == before


@pytest.mark.slow
def test_ten_thousand_turns(path: Path) -> None:
    """Expect a long transcript in which every turn changed, some came and some left, to be compared turn by turn."""
    turns: list[str | None] = [
        f"turn {n} is about shipping, and about {n * 7919 % 10_007} boxes" for n in range(10_000)
    ]
    again: list[str | None] = [f"{turn}, said Ann" for turn in turns]
    again[5000:5000] = ["what was left out"] * 3
    del again[100:105]
    with Archive(path, NOW) as archive:
        store(archive, transcript(TWO, turns))
        store(archive, transcript(TWO, again))
    newest = history(path, TWO, ("transcript",)).revisions[-1].change
    assert newest is not None
    # “boxes” became “boxes, said Ann” 9,995 times; three turns of five words came, and five of ten left.
    assert (newest.added, newest.removed) == (3 * 9_995 + 3 * 5, 9_995 + 5 * 10)
