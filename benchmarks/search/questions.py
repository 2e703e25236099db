"""Questions that people asked about the meetings, with the turns that answer them, in two halves that never change.

Ranking is tuned on the one and reported on the other. Must not know who is asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.search import lines

HALVES = ("tuning", "held-out")


class Question(NamedTuple):
    """`relevant`: spans of positions in that conversation, both ends included."""

    conversation_id: str
    text: str
    relevant: Sequence[tuple[int, int]]

    @property
    def half(self) -> str:
        """Which half it belongs to, by its words alone: the same in every run, whatever the file's order."""
        return HALVES[hashlib.sha256(self.text.encode()).digest()[0] % 2]


def beside(meetings: Path) -> Path:
    """Where the questions about a file of meetings lie: beside it, and compressed alike."""
    return meetings.with_name("queries.jsonl" + (".gz" if meetings.suffix == ".gz" else ""))


def read(path: Path) -> Sequence[Question]:
    """All questions, in the file's order.

    Raises:
        OSError: there is no such file.
        ValueError: it holds something else.
    """
    return [_question(row) for row in lines.read(path)]


def _question(row: Mapping[str, Any]) -> Question:
    try:
        spans = [(int(first), int(last)) for first, last in row["relevant"]]
        return Question(str(row["conversation_id"]), str(row["query"]), spans)
    except (KeyError, TypeError) as error:
        raise ValueError(f"a question without {error}") from error


def some(questions: Sequence[Question], most: int | None) -> Sequence[Question]:
    """So many of them, evenly from the whole; all where they are no more."""
    if most is None or most >= len(questions):
        return questions
    return [questions[at * len(questions) // most] for at in range(most)]
