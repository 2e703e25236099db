"""How well questions are answered: how often, and how early, a hit overlaps the turns that a person marked.

Source: corpus/README.md. Must not know who searched, nor any limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.search.questions import Question
from benchmarks.search.trials import Span


class Scores(NamedTuple):
    """Shares of questions, 0 to 1; `mrr`: the mean of 1 / the first right hit's rank, 0 where there is none."""

    answer_1: float
    answer_10: float
    mrr: float
    meeting_10: float


def scores(questions: Sequence[Question], found: Sequence[Sequence[Span]]) -> Scores:
    """What these results are worth; all 0 where nothing was asked."""
    ranks = [_rank(question, spans) for question, spans in zip(questions, found, strict=True)]
    meetings = [
        any(span.conversation_id == question.conversation_id for span in spans)
        for question, spans in zip(questions, found, strict=True)
    ]
    return Scores(
        _share(sum(rank == 1 for rank in ranks), len(ranks)),
        _share(sum(rank > 0 for rank in ranks), len(ranks)),
        _share(sum(1 / rank for rank in ranks if rank), len(ranks)),
        _share(sum(meetings), len(meetings)),
    )


def _rank(question: Question, spans: Sequence[Span]) -> int:
    """The place of the first right hit, from 1; 0 where there is none."""
    return next((rank for rank, span in enumerate(spans, 1) if is_right(question, span)), 0)


def is_right(question: Question, span: Span) -> bool:
    """Whether a hit lies in the right conversation and overlaps a marked span."""
    return span.conversation_id == question.conversation_id and any(
        span.first <= last and first <= span.last for first, last in question.relevant
    )


def _share(count: float, of: int) -> float:
    return count / of if of else 0.0
