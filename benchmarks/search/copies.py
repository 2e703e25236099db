"""Copies of meetings in which each word stands for another that is about as frequent.

A search over many copies then walks as many postings, and passes as many passages that look alike, as over that many
real meetings; yet no copy answers a question about the original. Must not know archives, nor what is measured.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from benchmarks.search.words import STOP_WORDS, WORD

SEED = "convo-sync copies 1"
# Words are exchanged within a bucket: so many at least, and more as long as the rarest is not rarer than by this.
_FEWEST_IN_A_BUCKET = 8
_SPREAD = 1.25
_SHORTEST = 2  # a single letter is no word, but what stammering and spelling leave
# What is no free text stays as it is: the same people, on shifted days.
_KEPT = frozenset(("id", "speaker", "userSpeakerName", "owner", "participants", "priority", "category", "timestamp"))
_TIMES = frozenset(("startTime", "endTime", "createdAt"))

Item = dict[str, Any]
Exchange = Mapping[str, str]


def frequencies(items: Iterable[Item]) -> Counter[str]:
    """In how many turns each word stands that may be exchanged."""
    counts: Counter[str] = Counter()
    for item in items:
        for turn in item["transcript"]["segments"]:
            counts.update({word.lower() for word in WORD.findall(turn["text"])})
    return Counter({word: count for word, count in counts.items() if _is_exchanged(word)})


def _is_exchanged(word: str) -> bool:
    return len(word) >= _SHORTEST and word not in STOP_WORDS


def exchange(counts: Mapping[str, int], number: int) -> Exchange:
    """What each word becomes in that copy; copy 0 is the original."""
    if number == 0:
        return {}
    draw = random.Random(f"{SEED} {number}")
    pairs: dict[str, str] = {}
    for bucket in _buckets(counts):
        others = list(bucket)
        draw.shuffle(others)
        pairs.update(zip(bucket, others, strict=True))
    return pairs


def _buckets(counts: Mapping[str, int]) -> Iterator[Sequence[str]]:
    bucket: list[str] = []
    for word in sorted(counts, key=lambda word: (-counts[word], word)):
        if len(bucket) >= _FEWEST_IN_A_BUCKET and counts[bucket[0]] > _SPREAD * counts[word]:
            yield bucket
            bucket = []
        bucket.append(word)
    yield bucket


def copy_id(id_: str, number: int) -> str:
    """The id that a conversation has in a copy."""
    return id_ if number == 0 else f"{id_}-{number:02d}"


def copied(item: Item, name: str, number: int, words: Exchange) -> Any:
    """One part of a meeting as it is in that copy: other words, another id, another day."""
    part = item.get(name)
    if number == 0:
        return part
    id_ = item["conversation"]["id"]
    return _Copying({id_: copy_id(id_, number)}, _shift(number), words).changed(part)


def _shift(number: int) -> timedelta:
    """Weeks before and after the original by turns, so that it is neither the newest nor the oldest of its like.

    And a minute and a second a copy, so that no two meetings begin at the same instant.
    """
    weeks = (number + 1) // 2 * (1 if number % 2 else -1)
    return timedelta(weeks=weeks, minutes=number, seconds=number)


class _Copying(NamedTuple):
    ids: Mapping[str, str]
    shift: timedelta
    words: Exchange

    def changed(self, part: Any, key: str = "") -> Any:
        """The same JSON with its texts changed, each by the name it stands under."""
        if isinstance(part, str):
            return self._text(part, key)
        if isinstance(part, dict):
            return {name: self.changed(value, name) for name, value in part.items()}
        return [self.changed(value, key) for value in part] if isinstance(part, list) else part

    def _text(self, text: str, key: str) -> str:
        if key == "id":
            return self.ids.get(text, text)
        if key in _TIMES or (key == "timestamp" and len(text) > len("14:25")):
            return _later(text, self.shift)
        return text if key in _KEPT else exchanged(text, self.words)


def _later(time: str, shift: timedelta) -> str:
    return (datetime.fromisoformat(time) + shift).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def exchanged(text: str, words: Exchange) -> str:
    """The text with its words exchanged: capitals stay where they were, and so does all that is no word."""
    return WORD.sub(_exchanger(words), text)


def _exchanger(words: Exchange) -> Callable[[Any], str]:
    def other(found: Any) -> str:
        word: str = found.group()
        small = word.lower()
        new = words.get(small)
        if new is None or word == small:
            return new or word
        return new.upper() if word.isupper() and len(word) > 1 else new[:1].upper() + new[1:]

    return other
