"""What a search finds of each kind of document, how many it says there are, and who spoke how much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.records import Kind
from convo_sync.render.meeting import OTHERS, headed

from .storage import NOW, ONE, TWO, keypoints, listed, read, store, transcript

FEEDBACK = {
    "overallScore": 7.0,
    "topPriority": {"focus": "Brevity", "quote": "wombat quote", "reason": "quokka reason", "alternative": "numbat"},
    "strengths": [{"category": "Listening", "description": "asked twice", "quote": "bilby"}],
    "growthAreas": [{"category": "Clarity", "description": "ended late", "suggestion": "use a dingo timer"}],
    "actionPlan": ["Practise the echidna pause"],
}
POINTS = {
    "sections": [
        {"heading": "Pricing zirconium", "points": []},
        {"heading": "Tooling", "points": ["the hinge is steel"]},
        {"points": ["a point without a heading"]},
    ],
    "decisions": ["keep the slider"],
    "actionItems": [{"item": "call the foundry"}],
    "importantDates": [{"date": "2026-05-01", "context": "hannover fair"}],
    "participants": ["Mara"],
}


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """One meeting with everything, and one whose 600 turns all have the same word."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        archive.store_page([listed(ONE, "The zebra budget"), listed(TWO, "Yeah")], None, 1, NOW, Budget())
        store(archive, transcript(ONE, ["the zebra is cut"]))
        store(archive, read(ONE, Kind.KEYPOINTS, {"id": ONE, "keypoints": POINTS}))
        store(archive, read(ONE, Kind.FEEDBACK, {"id": ONE, "feedback": FEEDBACK, "userSpeakerName": "Mara"}))
        store(archive, transcript(TWO, [f"yeah {number}" for number in range(600)]))
        store(archive, keypoints(TWO, *(f"yeah decided {number}" for number in range(450))))
    return path


@pytest.mark.parametrize(
    ("words", "kind"),
    [("zirconium", "keypoints"), ("tooling", "keypoints"), ("hinge steel", "keypoints"), ("hannover", "keypoints"),
     ("slider", "decision"), ("foundry", "action_item"), ("brevity", "feedback"), ("wombat", "feedback"),
     ("quokka", "feedback"), ("numbat", "feedback"), ("clarity", "feedback"), ("bilby", "feedback"),
     ("dingo", "feedback"), ("echidna", "feedback"), ("budget", "title")],
)  # fmt: skip
def test_every_text_that_show_prints_is_found(filled: Path, words: str, kind: str) -> None:
    """Headings, dates, the top priority and the plan too, each as a hit of its kind."""
    with Reader(filled) as reader:
        assert [(hit.conversation_id, hit.kind) for hit in reader.search(words).hits] == [(ONE, kind)]


def test_hits_of_one_kind_are_not_crowded_out(filled: Path) -> None:
    """A kind with few rows is found though thousands of others match better."""
    with Archive(filled, NOW) as archive:
        store(archive, read(ONE, Kind.FEEDBACK, {"id": ONE, "feedback": FEEDBACK | {"actionPlan": ["say yeah less"]}}))
    with Reader(filled) as reader:
        found = reader.search("yeah", kinds=("feedback",))
    assert [hit.kind for hit in found.hits] == ["feedback"]
    assert not found.more


@pytest.mark.parametrize("limit", [1, 5, 6, 7, 61, 66, 10_000])
def test_more_is_said_whenever_there_is_more_of_a_transcript(filled: Path, limit: int) -> None:
    """As many passages as were asked for, and the truth about the rest: 600 turns of two words are six of them."""
    with Reader(filled) as reader:
        found = reader.search("yeah", limit=limit, kinds=("transcript",))
    assert (len(found.hits), found.more, found.total) == (min(limit, 6), limit < 6, 1)


@pytest.mark.parametrize("limit", [1, 10, 99, 100, 101, 899, 900, 901, 10_000])
def test_more_is_said_whenever_there_is_more(filled: Path, limit: int) -> None:
    """As many notes as were asked for, and the truth about the rest, beyond what is ranked by default."""
    with Reader(filled) as reader:
        found = reader.search("decided", limit=limit)
    assert (len(found.hits), found.more, found.total) == (min(limit, 900), limit < 900, 1)


@pytest.mark.parametrize("limit", [1, 59, 60, 61, 119, 120, 121])
def test_more_is_said_of_many_meetings(tmp_path: Path, limit: int) -> None:
    """The truth where as many meetings have a hit as are looked into, one less, and one more."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        ids = [f"sess_{number}" for number in range(120)]
        archive.store_page([listed(each) for each in ids], None, 1, NOW, Budget())
        for each in ids:
            store(archive, transcript(each, ["the zebra"]))
    with Reader(path) as reader:
        found = reader.search("zebra", limit=limit)
    assert (len(found.hits), found.more) == (min(limit, 120), limit < 120)
    assert min(limit, 120) <= found.total <= 120


def test_a_heading_alone_and_a_section_without_one_stay_apart(filled: Path) -> None:
    """Sections as they came: no point moves under another's heading, and no heading is lost."""
    with Reader(filled) as reader:
        meeting = reader.meeting(ONE)
    assert meeting.keypoints == (
        ("Pricing zirconium", ()),
        ("Tooling", ("the hinge is steel",)),
        ("", ("a point without a heading",)),
    )
    assert [heading for heading, _ in headed(meeting)] == ["Pricing zirconium", "Tooling", OTHERS]


def _speakers(path: Path, turns: list[dict[str, Any]]) -> dict[str, tuple[int, float]]:
    with Archive(path, NOW) as archive:
        archive.store_page([listed(ONE)], None, 1, NOW, Budget())
        store(archive, read(ONE, Kind.TRANSCRIPT, {"id": ONE, "segments": turns}))
    with Reader(path) as reader:
        return {speaker: (words, seconds) for speaker, words, seconds in
                reader.execute("select speaker, words, seconds from speaking_time")[1]}  # fmt: skip


def test_a_script_without_spaces_counts_by_its_characters(tmp_path: Path) -> None:
    """Three minutes of Chinese are no two seconds, and who says two words does not talk as much."""
    turns = [
        {"speaker": "田中", "timestamp": "2026-03-19T10:00:00Z", "text": "我们今天讨论新的产品设计" * 20},
        {"speaker": "Bob", "timestamp": "2026-03-19T10:03:00Z", "text": "ok then"},
    ]
    assert _speakers(tmp_path / "archive.db", turns) == {"田中": (120, 120.0), "Bob": (2, 0.8)}


def test_line_ends_part_words_and_nothing_is_no_word(tmp_path: Path) -> None:
    """Tabs and line ends count as spaces; an empty turn has no word."""
    turns = [{"speaker": "A", "text": "one\ntwo\tthree"}, {"speaker": "B", "text": " \n "}]
    assert _speakers(tmp_path / "archive.db", turns) == {"A": (3, 1.2), "B": (0, 0.0)}
