"""The world can be edited between two requests, and holds any JSON."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync.simulator import Simulator, World

from .asking import NOON, ask, row, small_sim, turns

A = "/conversations/sess_a"


def first_row(sim: Simulator) -> dict[str, Any]:
    """sess_a's row in the list."""
    return next(item for item in ask(sim, "GET", "/conversations").data if item["id"] == "sess_a")


def count(sim: Simulator) -> int:
    """How many segments sess_a's transcript has."""
    return len(ask(sim, "GET", f"{A}/transcript").data["segments"])


def test_rename_shows_at_once(sim: Simulator) -> None:
    """By the test's hand and by the API's PATCH."""
    sim.world.rename("sess_a", "New")
    assert first_row(sim)["title"] == "New"
    assert ask(sim, "PATCH", A, {"title": "Newer"}).data["title"] == "Newer"
    assert first_row(sim)["title"] == "Newer"


def test_encoding_ahead_changes_no_answer(sim: Simulator) -> None:
    """Answers are the same as without it, and an edit afterwards shows at once."""
    paths = [f"/conversations/{id_}/{kind}" for id_ in sim.world.conversations for kind in ("transcript", "keypoints")]
    plain = [ask(small_sim(), "GET", path).body for path in paths]
    sim.encode_ahead()
    assert [ask(sim, "GET", path).body for path in paths] == plain
    sim.world.set_transcript("sess_a", turns(2))
    assert count(sim) == 2


def test_delete_and_restore(sim: Simulator) -> None:
    """A deleted conversation stays in the world's state, and comes back whole."""
    sim.world.delete("sess_a")
    assert ask(sim, "GET", f"{A}/transcript").status == 404
    assert sim.world.conversations["sess_a"].deleted
    sim.world.restore("sess_a")
    assert count(sim) == 12


def test_transcripts_grow_and_change(sim: Simulator) -> None:
    """segmentCount in the list follows the transcript."""
    sim.world.grow("sess_a", turns(3))
    assert (count(sim), first_row(sim)["segmentCount"]) == (15, 15)
    sim.world.set_transcript("sess_a", turns(2))
    assert (count(sim), first_row(sim)["segmentCount"]) == (2, 2)


def test_visible_segments_are_fewer_than_listed(sim: Simulator) -> None:
    """The transcript can lag behind the list."""
    sim.world.visible_segments("sess_a", 5)
    assert (count(sim), first_row(sim)["segmentCount"]) == (5, 12)
    sim.world.visible_segments("sess_a", None)
    assert count(sim) == 12


def test_hidden_transcripts_are_404(sim: Simulator) -> None:
    """A late transcript is listed with its count, and not there."""
    sim.world.hide_transcript("sess_a")
    assert ask(sim, "GET", f"{A}/transcript").code == "not_found"
    assert first_row(sim)["segmentCount"] == 12
    sim.world.show_transcript("sess_a")
    assert count(sim) == 12


def test_a_running_meeting_ends(sim: Simulator) -> None:
    """endTime and duration appear."""
    sim.world.add(row("sess_now", NOON, endTime=None, duration=None), turns(1))
    sim.clock.advance(1500)
    sim.world.end("sess_now", sim.clock.now())
    shown = ask(sim, "GET", "/conversations").data[0]
    assert (shown["endTime"], shown["duration"]) == ("2026-04-01T12:25:00.000Z", 25)


def test_documents_can_be_set_bare_or_whole(sim: Simulator) -> None:
    """Bare contents are wrapped with id and createdAt, whole ones sent as they are, None is never generated."""
    sim.world.set_keypoints("sess_a", {"sections": []})
    got = ask(sim, "GET", f"{A}/keypoints").data
    assert (got["id"], got["createdAt"], got["keypoints"]) == ("sess_a", "2026-04-01T12:00:00.000Z", {"sections": []})
    whole = {"id": "sess_a", "feedback": {}, "createdAt": "2026-03-01T00:00:00Z", "x": 1}
    sim.world.set_feedback("sess_a", whole)
    assert ask(sim, "GET", f"{A}/feedback").data == whole
    sim.world.set_feedback("sess_a", None)
    assert ask(sim, "GET", f"{A}/feedback").status == 404


def test_sharing_gives_one_address(sim: Simulator) -> None:
    """The same address at each call."""
    first = ask(sim, "POST", f"{A}/share").data["shareUrl"]
    assert first.startswith("https://")
    assert ask(sim, "POST", f"{A}/share").data["shareUrl"] == first


ODD: list[Any] = [
    {"text": "nul \x00 and \x1b[31mred\x1b[0m"},
    {"text": "lone \ud800 surrogate", "speaker": "\udfff"},
    {"text": "Grüße, 中文 \U0001f4e6 \u2028", "speaker": "Zieliński"},
    {"text": "x" * 1_000_000},
    {"text": "unknown key", "sentiment": {"deep": [None, 1e300, True]}},
    {"text": None, "speaker": None, "timestamp": None},
    {},
    5,
    None,
    "text",
    [[]],
]


def test_any_json_is_sent_faithfully(sim: Simulator) -> None:
    """What the world holds arrives unchanged, in UTF-8, lone surrogates as escapes."""
    sim.world.set_transcript("sess_a", ODD)
    reply = ask(sim, "GET", f"{A}/transcript")
    assert reply.data["segments"] == ODD
    assert b"lone \\ud800 surrogate" in reply.body
    assert "Grüße, 中文 \U0001f4e6 \u2028" in reply.body.decode("utf-8")


@pytest.mark.parametrize("document", [None, 5, [], "x", {}, {"segments": None}, {"segments": 5}])
def test_any_document_can_stand_in(sim: Simulator, document: Any) -> None:
    """Even a whole document may be any JSON; None is a missing one."""
    for kind in ("transcript", "keypoints", "feedback"):
        sim.world.set_raw("sess_a", kind, document)
        reply = ask(sim, "GET", f"{A}/{kind}")
        assert reply.status == 404 if document is None else reply.data == document
    with pytest.raises(ValueError, match="transcript"):
        sim.world.set_raw("sess_a", "row", {})


def test_odd_rows_are_listed() -> None:
    """Rows with unknown keys, bad dates or no title neither break order nor search nor since."""
    world = World()
    world.add({"id": "sess_1", "title": None, "startTime": 5, "mood": "good"})
    world.add({"id": "sess_2", "title": "\ud800", "startTime": "soon", "endTime": []})
    world.add({"id": "sess_3"})
    world.add(row("sess_4", NOON))
    sim = small_sim(world=world)
    assert ask(sim, "GET", "/conversations").ids == ["sess_4", "sess_3", "sess_2", "sess_1"]
    assert ask(sim, "GET", "/conversations?search=meeting&since=2026-01-01T00:00:00Z").ids == ["sess_4"]
    assert ask(sim, "GET", "/conversations/sess_3/transcript").status == 404
    assert sim.crashes == []


def test_offset_paging_drifts(sim: Simulator) -> None:
    """A meeting added between two pages repeats a row, one deleted hides one."""
    assert ask(sim, "GET", "/conversations?limit=1").ids == ["sess_c"]
    sim.world.add(row("sess_d", NOON), turns())
    assert ask(sim, "GET", "/conversations?limit=1&offset=1").ids == ["sess_c"]
    sim.world.delete("sess_d")
    sim.world.delete("sess_c")
    assert ask(sim, "GET", "/conversations?limit=1&offset=1").ids == ["sess_a"]


def test_edits_from_many_threads_are_safe(sim: Simulator) -> None:
    """Adding while listing neither fails nor loses a row."""

    def add_many(start: int) -> None:
        for number in range(start, start + 50):
            sim.world.add(row(f"sess_{number}", NOON + timedelta(minutes=number)), turns(1))
            ask(sim, "GET", "/conversations?limit=1")

    threads = [threading.Thread(target=add_many, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(sim, "GET", "/conversations").json["pagination"]["total"] == 153
    assert sim.crashes == []


def test_calendar_is_upcoming_sorted_and_bounded(sim: Simulator) -> None:
    """Ten by default, soonest first; timeMin and timeMax cut; past and cancelled events are gone."""
    for hours in range(-5, 60):
        start = NOON + timedelta(hours=hours, minutes=1)
        end = start + timedelta(minutes=30)
        event = {"id": f"e{hours:03}", "start": {"dateTime": start.isoformat()}, "end": {"dateTime": end.isoformat()}}
        sim.world.add_event(event)
    assert ask(sim, "GET", "/calendar/events").ids == [f"e{hours:03}" for hours in range(10)]
    assert len(ask(sim, "GET", "/calendar/events?maxResults=50").ids) == 50
    later = ask(sim, "GET", "/calendar/events?timeMin=2026-04-01T15:30:00Z&timeMax=2026-04-01T18:00:00Z")
    assert later.ids == ["e003", "e004", "e005"]
    before = ask(sim, "GET", "/calendar/events?timeMin=2026-03-01T00:00:00Z&timeMax=2026-04-01T11:00:00Z")
    assert before.ids == []
    sim.world.remove_event("e000")
    sim.clock.advance(timedelta(hours=2))
    assert ask(sim, "GET", "/calendar/events?maxResults=1").ids == ["e002"]


def test_all_day_and_odd_events_have_their_place(sim: Simulator) -> None:
    """All-day events have a date only; unreadable ones come last."""
    sim.world.add_event({"id": "odd"})
    sim.world.add_event({"id": "day", "start": {"date": "2026-04-02"}, "end": {"date": "2026-04-03"}})
    assert ask(sim, "GET", "/calendar/events").ids == ["day", "odd"]
    sim.clock.advance(timedelta(days=5))
    assert ask(sim, "GET", "/calendar/events").ids == ["odd"]


@pytest.mark.parametrize("name", ["corpus.jsonl", "corpus.jsonl.gz"])
def test_a_corpus_is_loaded(tmp_path: Path, name: str) -> None:
    """Plain and gzipped JSONL, each line with its documents or null."""
    line = {
        "conversation": row("sess_x", NOON),
        "transcript": {"id": "sess_x", "segments": turns(3)},
        "keypoints": {"id": "sess_x", "keypoints": {}, "createdAt": "2026-01-01T00:00:00Z"},
        "feedback": None,
    }
    path = tmp_path / name
    text = json.dumps(line) + "\n" + json.dumps({**line, "conversation": row("sess_y", NOON)}) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    sim = small_sim(world=World.from_corpus(path))
    assert ask(sim, "GET", "/conversations").ids == ["sess_y", "sess_x"]
    assert ask(sim, "GET", "/conversations/sess_x/keypoints").data == line["keypoints"]
    assert ask(sim, "GET", "/conversations/sess_x/feedback").status == 404
    assert len(World.from_corpus(path, limit=1).conversations) == 1


def test_a_broken_corpus_names_its_line(tmp_path: Path) -> None:
    """The line that is no JSON is said."""
    path = tmp_path / "bad.jsonl"
    path.write_text('{"conversation": {"id": "sess_x"}, "transcript": []}\n{"conversation"\n')
    with pytest.raises(ValueError, match="line 2"):
        World.from_corpus(path)


@pytest.mark.parametrize("name", ["corpus.jsonl", "corpus.jsonl.gz"])
@pytest.mark.parametrize("content", ["\ufeff{x}\n{y}\n", "{x}\r\n{y}", "\n{x}\n \n{y}\n\n \t\n"])
def test_blank_lines_and_byte_order_marks_are_let_be(tmp_path: Path, name: str, content: str) -> None:
    """What editors leave in a file is no meeting, and no trouble."""
    for letter in "xy":
        content = content.replace(f"{{{letter}}}", json.dumps(line_of(f"sess_{letter}")))
    path = tmp_path / name
    path.write_bytes(gzip.compress(content.encode()) if name.endswith("gz") else content.encode())
    assert list(World.from_corpus(path).conversations) == ["sess_x", "sess_y"]
    assert list(World.from_corpus(path, limit=1).conversations) == ["sess_x"]


@pytest.mark.parametrize("meeting_id", [5, None, "", ["sess_x"], True, "sess_a"])
def test_a_corpus_names_a_line_whose_id_is_none(tmp_path: Path, meeting_id: Any) -> None:
    """An id is a string and names one conversation: no other type, nothing empty, none a second time."""
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join(["", *(json.dumps(line_of(each)) for each in ("sess_a", "sess_b", meeting_id))]))
    with pytest.raises(ValueError, match="line 4: the conversation's id") as caught:
        World.from_corpus(path)
    assert ("that of line 2" in str(caught.value)) == (meeting_id == "sess_a")


def line_of(meeting_id: Any) -> dict[str, Any]:
    """A corpus's line."""
    return {"conversation": {"id": meeting_id, "title": "x", "startTime": "2026-03-01T09:00:00Z"}, "transcript": []}


def test_accounts_can_have_worlds_of_their_own(sim: Simulator) -> None:
    """A key of another account sees that account's conversations only."""
    other = World()
    other.add(row("sess_z", NOON), turns())
    sim.add_key("convo_other", email="ben@northgate.example", world=other)
    assert ask(sim, "GET", "/conversations", key="convo_other").ids == ["sess_z"]
    assert ask(sim, "GET", "/conversations/sess_a/transcript", key="convo_other").status == 404
