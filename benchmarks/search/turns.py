"""All turns of the meetings by their words: what brute force finds. Must not know how anybody else reads words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from benchmarks.search.copies import Item
from benchmarks.search.words import words


class Turn(NamedTuple):
    """One turn, with its text and its speaker's name as folded words."""

    conversation_id: str
    position: int
    text: str
    speaker: str
    words: Sequence[str]
    name: Sequence[str]


class Turns:
    """Every turn, found by exact words."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.all = [turn for item in items for turn in _turns(item)]
        self._with_word: dict[str, list[int]] = defaultdict(list)
        self._of_speaker: dict[str, list[int]] = defaultdict(list)
        for number, turn in enumerate(self.all):
            for word in set(turn.words):
                self._with_word[word].append(number)
            for word in set(turn.name):
                self._of_speaker[word].append(number)

    def rarest(self, turn: Turn) -> Sequence[str]:
        """Its different words, the rarest first; of equally rare ones the first said."""
        return sorted(dict.fromkeys(turn.words), key=lambda word: len(self._with_word[word]))

    def saying(self, wanted: Iterable[str]) -> set[int]:
        """The numbers of the turns that say all these words."""
        return _in_all(set(self._with_word.get(word, ())) for word in wanted)

    def saying_or_by(self, wanted: Iterable[str]) -> set[int]:
        """The numbers of the turns that have each word in their text or in their speaker's name."""
        return _in_all({*self._with_word.get(word, ()), *self._of_speaker.get(word, ())} for word in wanted)

    def quoting(self, phrase: Sequence[str]) -> set[int]:
        """The numbers of the turns that say these words one after another."""
        return {number for number in self.saying(phrase) if has_phrase(self.all[number].words, phrase)}


def has_phrase(said: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether these words stand in what was said, one after another."""
    size = len(phrase)
    return any(said[at : at + size] == phrase for at in range(len(said) - size + 1))


def _turns(item: Item) -> Iterable[Turn]:
    for position, turn in enumerate(item["transcript"]["segments"]):
        speaker = turn["speaker"] or ""
        yield Turn(
            item["conversation"]["id"], position, turn["text"], speaker, words(turn["text"]), words(speaker)
        )  # fmt: skip


def _in_all(sets: Iterable[set[int]]) -> set[int]:
    every = list(sets)
    return set.intersection(*every) if every else set()
