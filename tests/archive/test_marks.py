"""Numbers and marks of action items: they belong to a meeting and a text, and no document takes them away."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convo_sync.archive import marks, sqlite
from convo_sync.archive.read import Reader
from convo_sync.errors import ArchiveError, ArchiveLocked
from convo_sync.times import format_time

from ..asking import NOON, Made
from ..rig import Rig, keypoints, row, turns
from .storage import another_connection

LATER = NOON + timedelta(hours=1)


def items(path: Path, *, done: bool = True) -> dict[str, tuple[int, bool]]:
    """Text -> number and whether it is marked, of all that there are now; a second of the same text gets a prime."""
    found: dict[str, tuple[int, bool]] = {}
    with Reader(path) as archive:
        for each in sorted(archive.action_items(done=done).items, key=lambda item: item.position):
            again = sum(text.rstrip("'") == each.text for text in found)
            found[each.text + "'" * again] = (each.number, each.done_at is not None)
    return found


def changed(path: Path) -> int:
    """The newest transaction's number."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("select value from meta where key = 'changed'").fetchone()[0])


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """One meeting with three action items."""
    with Made(tmp_path / "archive.db") as archive:
        archive.meeting("sess_a")
        archive.keypoints("sess_a", items=("call the foundry", "order lids", "write to Uwe"))
    return tmp_path / "archive.db"


def later(path: Path, *texts: str) -> None:
    """Convo makes the key points anew."""
    with Made(path) as archive:
        archive.keypoints("sess_a", items=texts)


def test_a_number_follows_its_text(made: Path) -> None:
    """Expect items that move to keep their numbers and marks, and a new one to get a number that nobody had."""
    before = items(made)
    marks.mark(made, [before["order lids"][0]], NOON)
    later(made, "order lids", "something new", "call the foundry")
    assert items(made) == {
        "order lids": (before["order lids"][0], True),
        "something new": (4, False),
        "call the foundry": before["call the foundry"],
    }


def test_a_mark_waits_for_its_text(made: Path) -> None:
    """Expect an item that a version left out, and a later one has again, to be done as it was."""
    number = items(made)["write to Uwe"][0]
    marks.mark(made, [number], NOON)
    later(made, "call the foundry")
    assert list(items(made)) == ["call the foundry"]
    with Reader(made) as archive:
        assert archive.promises([number]) == {number: ("write to Uwe", format_time(NOON))}
    later(made, "write to Uwe", "call the foundry")
    assert items(made)["write to Uwe"] == (number, True)


def test_items_of_the_same_text_are_two(made: Path) -> None:
    """Expect two numbers, and the mark of the second to stay with the second."""
    later(made, "order lids", "order lids")
    first, second = items(made)["order lids"][0], items(made)["order lids'"][0]
    assert first != second
    marks.mark(made, [second], NOON)
    later(made, "something new", "order lids", "order lids")
    assert items(made)["order lids"] == (first, False)
    assert items(made)["order lids'"] == (second, True)
    assert "order lids'" not in items(made, done=False)


def test_the_same_text_in_two_meetings_is_two_items(made: Path) -> None:
    """Expect a mark in the one to leave the other open."""
    with Made(made) as archive:
        archive.meeting("sess_b")
        archive.keypoints("sess_b", items=("order lids",))
    with Reader(made) as reader:
        numbers = {item.conversation_id: item.number for item in reader.action_items("order lids").items}
        assert set(numbers) == {"sess_a", "sess_b"}
        marks.mark(made, [numbers["sess_b"]], NOON)
        assert [item.conversation_id for item in reader.action_items("order lids").items] == ["sess_a"]


def test_marking_twice_keeps_the_first_time(made: Path) -> None:
    """Expect the second mark to change nothing, the change feed's number included, and undo to take it back once."""
    assert marks.mark(made, [1, 2], NOON) == [1, 2]
    number = changed(made)
    assert marks.mark(made, [2], LATER) == []
    assert changed(made) == number
    with Reader(made) as archive:
        assert archive.promises([2])[2][1] == format_time(NOON)
    assert marks.mark(made, [2, 3], None) == [2]
    assert changed(made) == number + 1
    assert [is_done for _, is_done in items(made).values()] == [True, False, False]


def test_a_mark_is_told_in_the_change_feed(made: Path) -> None:
    """Expect `changed` to move for the one row that was marked, and for no other row of the archive."""
    number = changed(made)
    marks.mark(made, [3], NOON)
    with contextlib.closing(sqlite3.connect(made)) as connection:
        moved = connection.execute("select number, text, done_at from promises where changed > ?", (number,)).fetchall()
        assert moved == [(3, "write to Uwe", format_time(NOON))]
        for table in ("action_items", "conversations", "documents", "deletions"):
            assert connection.execute(f"select count(*) from {table} where changed > ?", (number,)).fetchone() == (0,)


def test_the_view_has_numbers_and_marks(made: Path) -> None:
    """Expect meeting_action_items to show both, so that SQL can ask for what is open."""
    marks.mark(made, [2], NOON)
    with Reader(made) as archive:
        _, rows = archive.execute("select number, text, done_at from meeting_action_items order by number")
        assert list(rows) == [
            (1, "call the foundry", None), (2, "order lids", format_time(NOON)), (3, "write to Uwe", None),
        ]  # fmt: skip


texts = st.lists(st.sampled_from(("a", "b", "c", "d", "e\x00\ud800")), max_size=5)


@settings(max_examples=60)
@given(st.lists(st.tuples(texts, st.sets(st.integers(1, 12), max_size=3), st.booleans()), max_size=8))
def test_any_sequence_keeps_numbers_and_marks(steps: list[tuple[list[str], set[int], bool]]) -> None:
    """Expect each text of the meeting, and each one more of the same, to have one number and its last mark for good."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.db"
        with Made(path) as archive:
            archive.meeting("sess_a")
            given_out: dict[tuple[str, int], int] = {}
            done: set[int] = set()
            for said, chosen, as_done in steps:
                archive.keypoints("sess_a", items=said)
                marks.mark(path, sorted(chosen), NOON if as_done else None)
                counted: Counter[str] = Counter()
                with Reader(path) as reader:
                    now = sorted(reader.action_items(done=True).items, key=lambda item: item.position)
                known = set(given_out.values())
                for item in now:
                    key = item.text, counted[item.text]
                    counted[item.text] += 1
                    assert given_out.setdefault(key, item.number) == item.number
                assert len(set(given_out.values())) == len(given_out)
                assert all(number > max(known, default=0) for number in set(given_out.values()) - known)
                existing = chosen & set(given_out.values())
                done = done | existing if as_done else done - existing
                assert {item.number for item in now if item.done_at} == done & {item.number for item in now}


def test_a_sync_keeps_marks(tmp_path: Path) -> None:
    """Expect a mark to outlast new key points, a meeting's end at Convo, and its return."""
    with Rig.serving(tmp_path) as rig:
        listed = row(1, rig.clock.now() - timedelta(days=1))
        answer = {"id": listed["id"], "keypoints": keypoints(1), "createdAt": listed["endTime"]}
        rig.world.add(listed, {"id": listed["id"], "segments": turns(1, 12)}, answer)
        rig.complete()
        assert items(rig.path) == {"do 1": (1, False)}
        marks.mark(rig.path, [1], rig.clock.now())
        new = keypoints(1, version=2)
        new["actionItems"].insert(0, {"item": "before it", "owner": None, "confidence": 0.5, "priority": "low"})
        rig.world.set_keypoints(listed["id"], new)
        rig.clock.advance(timedelta(days=2))
        rig.complete(full=True, audit=True)
        assert items(rig.path) == {"before it": (2, False), "do 1": (1, True)}
        for change in (rig.world.delete, rig.world.restore):
            change(listed["id"])
            for _ in range(2):
                rig.clock.advance(timedelta(hours=2))
                rig.complete(full=True)
            assert items(rig.path)["do 1"] == (1, True)


def test_marking_a_locked_file(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect "another program is writing", exit 75, and nothing marked."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    with another_connection(made, "begin immediate"), pytest.raises(ArchiveLocked) as caught:
        marks.mark(made, [1], NOON)
    assert (caught.value.exit_code, items(made)["call the foundry"]) == (75, (1, False))


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write to everything")
def test_marking_a_file_that_cannot_be_written(made: Path) -> None:
    """Expect a plain refusal that names the file."""
    made.chmod(0o400)
    with pytest.raises(ArchiveError, match=made.name):
        marks.mark(made, [1], NOON)
