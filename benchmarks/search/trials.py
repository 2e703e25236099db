"""Searchers by turns on the same questions: what each found, and the least time it took.

Must not know what is a good answer, nor any limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

LIMIT = 10  # hits that are looked at
_TOLD_EVERY = 100  # questions


class Span(NamedTuple):
    """A hit: a run of turns of one conversation, both ends included."""

    conversation_id: str
    first: int
    last: int


class Searcher(Protocol):
    """Something that answers questions. `name` stands in the table."""

    @property
    def name(self) -> str: ...

    def find(self, text: str) -> Sequence[Span]:
        """At most `LIMIT` hits, best first."""


@dataclass
class Trial:
    """What one searcher gave for each question, in their order. `seconds`: the least of all rounds."""

    name: str
    found: list[Sequence[Span]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def by_turns(
    searchers: Sequence[Searcher], questions: Sequence[str], rounds: int, tell: Callable[[str], None]
) -> Sequence[Trial]:
    """Ask every searcher every question, as often as there are rounds; who comes first changes with each question."""
    trials = [Trial(searcher.name) for searcher in searchers]
    for number in range(rounds):
        for at, question in enumerate(questions):
            if at and at % _TOLD_EVERY == 0:
                tell(f"round {number + 1} of {rounds}: {at:,} of {len(questions):,} questions")
            for turn in range(len(searchers)):
                place = (turn + at + number) % len(searchers)
                _ask(searchers[place], question, trials[place], at)
    return trials


def _ask(searcher: Searcher, question: str, trial: Trial, at: int) -> None:
    began = time.perf_counter()
    found = searcher.find(question)
    took = time.perf_counter() - began
    if at == len(trial.seconds):
        trial.found.append(found)
        trial.seconds.append(took)
    else:
        trial.seconds[at] = min(took, trial.seconds[at])
