"""Ten questions on the demo's archive, written before the search: most are answered by the first hits."""

from __future__ import annotations

from pathlib import Path

import pytest

from convo_sync.archive.read import Reader
from convo_sync.hits import Hit
from tests.test_demo_questions import QUESTIONS, Question
from tests.test_scenes import archive_of_the_scenes

ANSWERED, FIRST = 8, 3


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's meetings, archived."""
    path = tmp_path_factory.mktemp("questions") / "archive.db"
    archive_of_the_scenes(path)
    return path


def test_eight_of_ten_are_answered_by_the_first_three_hits(archive: Path) -> None:
    """Expect a passage that overlaps the answer's place among the first three of the transcripts' hits."""
    with Reader(archive) as reader:
        answered = [each.question for each in QUESTIONS if _is_answered(reader, each)]
    assert len(QUESTIONS) == 10
    assert len(answered) >= ANSWERED, answered


def _is_answered(reader: Reader, question: Question) -> bool:
    hits = reader.search(question.question, limit=FIRST, kinds=("transcript",)).hits
    return any(_overlaps(hit, question) for hit in hits)


def _overlaps(hit: Hit, question: Question) -> bool:
    assert hit.first_position is not None
    assert hit.last_position is not None
    return any(
        hit.conversation_id == place.conversation_id
        and hit.first_position <= place.last_position
        and place.first_position <= hit.last_position
        for place in question.places
    )
