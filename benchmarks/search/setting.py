"""What the parts of one run share: the meetings, the questions, the archives, and what every searcher gave.

Must not know any limit.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.search import archives, rivals, trials
from benchmarks.search.copies import Item
from benchmarks.search.latency import Latency, latency
from benchmarks.search.quality import Scores, scores
from benchmarks.search.questions import Question
from benchmarks.search.report import Row
from benchmarks.search.trials import Trial


@dataclass
class Setting:
    """`copies`: how many make the large archive; `rounds`: how often each question is asked.

    `turns` and `strings`: how many known items and random strings are asked for.
    """

    folder: Path
    meetings: Path
    items: Sequence[Item]
    questions: Sequence[Question]
    copies: int
    rounds: int
    turns: int
    strings: int
    _archives: dict[int, Path] = field(default_factory=dict)
    _trials: dict[int, Mapping[str, Trial]] = field(default_factory=dict)

    @property
    def sizes(self) -> Sequence[int]:
        """The archives that are compared: of the meetings alone, and of all copies."""
        return tuple(dict.fromkeys((1, self.copies)))

    def archive(self, copies: int) -> Path:
        """An archive of so many copies, made where it is not there."""
        if copies not in self._archives:
            self._archives[copies] = archives.archive(self.folder, self.meetings, copies)
        return self._archives[copies]

    def trials(self, copies: int) -> Mapping[str, Trial]:
        """What each searcher gave for the questions; asked at the first call."""
        if copies not in self._trials:
            with rivals.searchers(self.archive(copies)) as searchers:
                self.tell(f"{self.size(copies):,} turns are searched")
                asked = [question.text for question in self.questions]
                found = trials.by_turns(searchers, asked, self.rounds, self.tell)
            self._trials[copies] = {trial.name: trial for trial in found}
        return self._trials[copies]

    def size(self, copies: int) -> int:
        """How many turns so many copies have.

        Raises:
            RuntimeError: the archive does not have as many.
        """
        count = copies * sum(len(item["transcript"]["segments"]) for item in self.items)
        with closing(sqlite3.connect(self.archive(copies))) as connection:
            archived = int(connection.execute("select count(*) from segments").fetchone()[0])
        if archived != count:
            raise RuntimeError(f"{archived:,} of {count:,} turns were archived")
        return count

    def scores(self, copies: int, name: str, half: str) -> Scores:
        """What that searcher's answers to one half of the questions are worth."""
        found = self.trials(copies)[name].found
        asked = [(each, spans) for each, spans in zip(self.questions, found, strict=True) if each.half == half]
        return scores([each for each, _ in asked], [spans for _, spans in asked])

    def latency(self, copies: int, name: str) -> Latency:
        """How long that searcher took for all questions."""
        return latency(self.trials(copies)[name].seconds)

    def rows(self) -> Sequence[Row]:
        """One for each searcher and archive that was asked."""
        return [self._row(copies, name) for copies, found in self._trials.items() for name in self._names(found)]

    @staticmethod
    def _names(found: Mapping[str, Trial]) -> Sequence[str]:
        return list(dict.fromkeys((*found, rivals.TANTIVY)))

    def _row(self, copies: int, name: str) -> Row:
        if name not in self._trials[copies]:
            return Row(name, self.size(copies), None, None, None)
        held_out, tuning = (self.scores(copies, name, half) for half in ("held-out", "tuning"))
        return Row(name, self.size(copies), held_out, tuning, self.latency(copies, name))

    @staticmethod
    def tell(text: str) -> None:
        """Say on stderr what goes on; the tables alone go to stdout."""
        print(text, file=sys.stderr, flush=True)
