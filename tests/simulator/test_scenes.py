"""The scene script's parser, and the world made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from convo_sync.simulator import World
from convo_sync.simulator.scenes import SceneError, parse_scenes
from convo_sync.simulator.staging import AGENDA, LINKS, PACKAGED

from .asking import ask, small_sim

HEAD = """== sess_one
title: Lid: flip or slide
start: 2026-03-02T09:00:00.000Z
minutes: 52
language: en
-- transcript
Mara Voss: Morning, everyone. One question: which lid?
Tomasz Zieliński: The flip top, of course: it opens with one thumb.
Mara Voss: Decided.
"""
KEYPOINTS = """-- keypoints
# Lid
* The flip top won.
! The flip top goes into v2.
> Jonas Petersen | high | 0.9 | Order two samples
> - | low | 0.5 | Find the key
@ 2026-03-17 | Quotes are due
"""
FEEDBACK = """-- feedback
overall: 7.4
scores: clarity 8.1, listening 6.9, timeManagement 6.2, collaboration 7.8, decisionMaking 8.0
talk: 0.34
focus: Let others finish
quote: One question: which lid?
reason: It was short.
alternative: Which lid, and why?
+ clarity | Opened well | which lid?
- timeManagement | It ran over | Stop earlier
= Name the decision aloud
"""
SCRIPT = HEAD + KEYPOINTS + FEEDBACK + "\n" + HEAD.replace("sess_one", "sess_two")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The sample as a file."""
    path = tmp_path / "scenes.txt"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def test_scenes_become_the_apis_json(script: Path) -> None:
    """Row, segments, key points and feedback, each as the API sends it."""
    sim = small_sim(world=World.from_scenes(script))
    rows = {item["id"]: item for item in ask(sim, "GET", "/conversations").data}
    assert rows["sess_one"] == {
        "id": "sess_one",
        "title": "Lid: flip or slide",
        "startTime": "2026-03-02T09:00:00.000Z",
        "endTime": "2026-03-02T09:52:00.000Z",
        "duration": 52,
        "segmentCount": 3,
        "linkedCalendarEventId": None,
    }
    segments = ask(sim, "GET", "/conversations/sess_one/transcript").data["segments"]
    assert segments[1] == {
        "text": "The flip top, of course: it opens with one thumb.",
        "speaker": "Tomasz Zieliński",
        "timestamp": "2026-03-02T09:00:02.400Z",
    }
    keypoints = ask(sim, "GET", "/conversations/sess_one/keypoints").data
    assert keypoints["createdAt"] == "2026-03-02T09:55:00.000Z"
    assert keypoints["keypoints"] == {
        "title": "Lid: flip or slide",
        "sections": [{"heading": "Lid", "points": ["The flip top won."]}],
        "decisions": ["The flip top goes into v2."],
        "actionItems": [
            {"item": "Order two samples", "owner": "Jonas Petersen", "confidence": 0.9, "priority": "high"},
            {"item": "Find the key", "owner": None, "confidence": 0.5, "priority": "low"},
        ],
        "participants": ["Mara Voss", "Tomasz Zieliński"],
        "importantDates": [{"date": "2026-03-17", "context": "Quotes are due"}],
    }
    feedback = ask(sim, "GET", "/conversations/sess_one/feedback").data
    assert (feedback["createdAt"], feedback["userSpeakerName"]) == ("2026-03-02T09:56:00.000Z", "Mara Voss")
    assert feedback["overallScore"] == feedback["feedback"]["overallScore"] == 7.4
    assert feedback["feedback"]["topPriority"]["alternative"] == "Which lid, and why?"
    assert feedback["feedback"]["categoryScores"]["decisionMaking"] == 8.0
    assert feedback["feedback"]["strengths"][0]["timestamp"] == "09:00"
    assert ask(sim, "GET", "/conversations/sess_two/keypoints").status == 404


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("== sess_one", "== Lid", 1),
        ("== sess_one\n", "", 1),
        ("title: Lid: flip or slide", "title:", 2),
        ("title: Lid: flip or slide", "titel: Lid", 2),
        ("minutes: 52", "minutes: many", 4),
        ("minutes: 52", "minutes: 0", 4),
        ("start: 2026-03-02T09:00:00.000Z", "start: 2026-03-02", 3),
        ("language: en", "minutes: 5", 5),
        ("-- transcript", "-- talk", 6),
        ("Mara Voss: Decided.", "and so it was decided", 9),
        ("Mara Voss: Decided.", "Well. He said: decided", 9),
        ("Mara Voss: Decided.", "Mara Voss:", 9),
        ("# Lid\n", "", 11),
        ("* The flip top won.", "*The flip top won.", 12),
        ("* The flip top won.", "The flip top won.", 12),
        ("| high |", "| urgent |", 14),
        ("| 0.9 |", "| 1.9 |", 14),
        (" | 0.9 | Order two samples", " | Order two samples", 14),
        ("@ 2026-03-17", "@ 17 March", 16),
        ("@ 2026-03-17", "@ 2026-02-30", 16),
        ("overall: 7.4", "overall: 11", 18),
        ("overall: 7.4", "overall: good", 18),
        ("clarity 8.1, ", "", 19),
        ("clarity 8.1", "charm 8.1", 19),
        ("talk: 0.34", "talk: 34", 20),
        ("quote: One question", "quote: Two questions", 22),
        ("+ clarity", "+ charm", 25),
        ("| which lid?", "| which door?", 25),
        ("- timeManagement | It ran over | Stop earlier", "- timeManagement | It ran over", 26),
        ("= Name", "* Name", 27),
        ("alternative: Which lid, and why?\n", "", 28),
        ("talk: 0.34\n", "", 28),
        ("language: en\n-- transcript", "-- transcript", 28),
        ("-- keypoints", "-- transcript", 10),
        ("sess_two", "sess_one", 29),
    ],
)
def test_mistakes_name_their_line(old: str, new: str, line: int) -> None:
    """A wrong line is refused with its number; a missing one with the line where its scene is over."""
    assert old in SCRIPT
    with pytest.raises(SceneError, match=rf"^line {line}\b"):
        parse_scenes(SCRIPT.replace(old, new, 1), user="Mara Voss")


def test_the_last_scene_is_checked_too() -> None:
    """A script that ends too early is refused."""
    with pytest.raises(SceneError, match="no transcript"):
        parse_scenes(HEAD.partition("Mara")[0], user="Mara Voss")
    assert parse_scenes("", user="Mara Voss") == []


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """The world's loader says which file and line."""
    path = tmp_path / "broken.txt"
    path.write_text("nothing\n")
    with pytest.raises(ValueError, match=r"broken\.txt, line 1"):
        World.from_scenes(path)


def test_the_calendar_lies_ahead_of_the_clock(script: Path) -> None:
    """Every appointment is upcoming when the world is first served, and passes as the clock moves on."""
    sim = small_sim(world=World.from_scenes(script))
    events = ask(sim, "GET", "/calendar/events").data
    assert {event["id"] for event in events} == {appointment.id for appointment in AGENDA}
    assert events[0]["start"] == {"dateTime": "2026-04-02T08:30:00.000Z", "timeZone": "Europe/Berlin"}
    assert {"date": "2026-04-06"} in [event["start"] for event in events]
    assert events[0]["attendees"][0]["displayName"] == "Mara Voss"
    sim.clock.advance(86400 * 4)
    assert len(ask(sim, "GET", "/calendar/events").ids) == 4
    assert set(LINKS.values()) <= {appointment.id for appointment in AGENDA}


@pytest.mark.skipif(not PACKAGED.exists(), reason="the packaged script is not there yet")
def test_the_packaged_script_is_whole() -> None:
    """Thirty-two meetings, each long enough, links leading to calendar events."""
    world = World.from_scenes()
    assert len(world.conversations) == 32
    assert all(len(meeting.segments) >= 60 for meeting in world.conversations.values())
    assert set(LINKS) <= set(world.conversations)
