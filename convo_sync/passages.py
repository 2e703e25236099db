"""Ranks the passages of one conversation: runs of turns of at most 200 words. Pure; it knows no index and no SQL.

A passage's score has three scales: what is said in it, what is said around it, and who says it; whoever ranks passages
of several conversations adds a fourth, the conversation's own. docs/search.md has the measurements behind every number.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import mul
from typing import NamedTuple

LONGEST = 200  # words of a passage; one turn that is longer is a passage by itself
AROUND = 1_000  # words, with the passage in their middle
_SPOKEN, _HALF_SPOKEN = 4.0, 0.3  # for a passage all spoken by a person who was named, and where half of that is reached
_TERM_BITS = 8  # of a match; the rest is the position
_MOST = 40  # occurrences of one term after which more of them say nothing


class Outline(NamedTuple):
    """A transcript without its words: how many each turn has, and who speaks. `voices` are numbers in `speakers`."""

    lengths: Sequence[int]
    voices: Sequence[int]
    speakers: Sequence[str]


class Weights(NamedTuple):
    """What each term's k-th occurrence adds: within the passage, and within the words around it."""

    within: Sequence[Sequence[float]]
    around: Sequence[Sequence[float]]


class Passage(NamedTuple):
    """Turns `first` to `last`, both included. `position` is the turn that tells most."""

    first: int
    last: int
    position: int
    score: float


class _Window(NamedTuple):
    score: float
    first: int
    last: int


def match(position: int, term: int) -> int:
    """One term found in one turn, as one number: they sort by position."""
    return position << _TERM_BITS | term


def position_of(matched: int) -> int:
    """Where a term was found, as `match` has it."""
    return matched >> _TERM_BITS


def words_in(text: str) -> int:
    """How many words a turn has; where a script has no spaces, two characters count as one."""
    words = text.count(" ") + text.count("\n") + 1
    return words if len(text) <= 12 * words else max(words, len(text) // 2)


def weights(of_terms: Sequence[float], *, within: float = 0.7, around: float = 0.4) -> Weights:
    """Saturating weights: each further occurrence of a term adds less (BM25's k1 of 1.2 within and 2 around)."""
    return Weights(
        [[within * weight * step for step in _steps(1.2)] for weight in of_terms],
        [[around * weight * step for step in _steps(2.0)] for weight in of_terms],
    )


def once(of_terms: Weights, bonus: float) -> Weights:
    """The same with one term more, which counts by its first occurrence within a passage alone."""
    return Weights([*of_terms.within, [bonus, *[0.0] * _MOST]], [*of_terms.around, [0.0] * (_MOST + 1)])


def _steps(saturation: float) -> list[float]:
    reached = [count * (saturation + 1) / (count + saturation) for count in range(_MOST + 1)]
    return [after - before for before, after in zip(reached, reached[1:], strict=False)] + [0.0]


def best(
    matches: Sequence[int],
    outline: Outline,
    of_terms: Weights,
    *,
    most: int,
    voices: Mapping[int, float] | None = None,
    required: Collection[Collection[int]] = (),
    barred: Sequence[int] = (),
) -> list[Passage]:
    """The best passages of a conversation, no two overlapping, best first.

    Args:
        matches: of `match`, sorted.
        most: passages at most.
        voices: numbers of speakers who were named, with the share of the name that was.
        required: groups of terms; of each, a passage must have one.
        barred: positions that no passage may have, sorted.
    """
    starts = list(accumulate(outline.lengths, initial=0))
    spoken = _spoken(outline, voices) if voices else None
    windows = [
        window
        for stretch in _stretches(matches, barred)
        for window in _windows(stretch, starts, of_terms, spoken, required)
    ]
    windows.sort(key=lambda each: -each.score)
    taken = _Taken(barred, len(starts) - 2)
    chosen: list[Passage] = []
    for window in windows:
        if len(chosen) >= most:
            break
        if room := taken.room_for(window):
            whole = _widened(window, starts, *room)
            taken.add(whole)
            chosen.append(Passage(whole.first, whole.last, _telling(matches, whole, of_terms), whole.score))
    return chosen


def _spoken(outline: Outline, voices: Mapping[int, float]) -> list[float]:
    shares = [voices.get(voice, 0.0) for voice in range(max(outline.voices, default=0) + 1)]
    return list(accumulate(map(mul, outline.lengths, map(shares.__getitem__, outline.voices)), initial=0.0))


def _windows(
    matches: Sequence[int],
    starts: Sequence[int],
    of_terms: Weights,
    spoken: Sequence[float] | None,
    required: Collection[Collection[int]],
) -> Iterator[_Window]:
    """One window for each turn with a match: as many of the following ones as fit into `LONGEST` words.

    Three ends move through the matches once: the window's, and both of the words around it.
    """
    inner, outer = _Sum(of_terms.within), _Sum(of_terms.around)
    count, term_mask = len(matches), (1 << _TERM_BITS) - 1
    positions = [each >> _TERM_BITS for each in matches]
    terms = [each & term_mask for each in matches]
    end = before = after = 0
    gone = -1
    for number, first in enumerate(positions):
        if first != gone:
            gone = first
            begins = starts[first]
            while end < count and (starts[positions[end] + 1] - begins <= LONGEST or positions[end] == first):
                inner.add(terms[end])
                end += 1
            while after < count and starts[positions[after]] - begins < (AROUND + LONGEST) // 2:
                outer.add(terms[after])
                after += 1
            while begins - starts[positions[before] + 1] > (AROUND - LONGEST) // 2:
                outer.remove(terms[before])
                before += 1
            last = positions[end - 1]
            if all(any(inner.counts[term] for term in group) for group in required):
                score = inner.total * _shorter(starts[last + 1] - begins) + outer.total
                if spoken:
                    share = (spoken[last + 1] - spoken[first]) / max(1, starts[last + 1] - begins)
                    score += _SPOKEN * share * (1 + _HALF_SPOKEN) / (share + _HALF_SPOKEN)
                yield _Window(score, first, last)
        inner.remove(terms[number])


class _Sum:
    """The sum of what terms weigh, as their occurrences come and go."""

    __slots__ = ("counts", "gains", "total")

    def __init__(self, gains: Sequence[Sequence[float]]) -> None:
        self.gains = gains
        self.counts = [0] * len(gains)
        self.total = 0.0

    def add(self, term: int) -> None:
        count = self.counts[term]
        self.counts[term] = count + 1
        self.total += self.gains[term][count if count < _MOST else _MOST]

    def remove(self, term: int) -> None:
        count = self.counts[term] - 1
        self.counts[term] = count
        self.total -= self.gains[term][count if count < _MOST else _MOST]


def _shorter(words: int) -> float:
    """What a turn's words count for, if it is longer than a passage may be: the rest of it is about something else."""
    return 1.0 if words <= LONGEST else 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * words / LONGEST))


def _stretches(matches: Sequence[int], barred: Sequence[int]) -> Iterator[Sequence[int]]:
    """The matches between one barred position and the next."""
    begins = 0
    for position in barred:
        yield matches[begins : bisect_left(matches, match(position, 0))]
        begins = bisect_left(matches, match(position + 1, 0))
    yield matches[begins:]


class _Taken:
    """The turns that no further passage may have, as runs in order."""

    def __init__(self, barred: Sequence[int], last: int) -> None:
        self._firsts = list(barred)
        self._lasts = list(barred)
        self._last = last

    def room_for(self, window: _Window) -> tuple[int, int] | None:
        """The first and the last turn that it could be widened to; None where one of its own is taken."""
        following = bisect_left(self._firsts, window.first)
        low = self._lasts[following - 1] + 1 if following else 0
        high = self._firsts[following] - 1 if following < len(self._firsts) else self._last
        return (low, high) if low <= window.first and window.last <= high else None

    def add(self, window: _Window) -> None:
        following = bisect_left(self._firsts, window.first)
        self._firsts.insert(following, window.first)
        self._lasts.insert(following, window.last)


def _widened(window: _Window, starts: Sequence[int], low: int, high: int) -> _Window:
    """The window with what stands before and after it, as far as fits: a person reads on both sides of a match."""
    first, last = window.first, window.last
    room = LONGEST - (starts[last + 1] - starts[first])
    if room <= 0:
        return window
    first = max(low, bisect_left(starts, starts[first] - room // 2))
    last = max(last, min(high, bisect_right(starts, starts[first] + LONGEST) - 2))
    first = min(first, max(low, bisect_left(starts, starts[last + 1] - LONGEST)))
    return window._replace(first=first, last=last)


def _telling(matches: Sequence[int], window: _Window, of_terms: Weights) -> int:
    """The turn of the window whose terms weigh most; the first of several."""
    found: dict[int, float] = {}
    begins, ends = bisect_left(matches, match(window.first, 0)), bisect_left(matches, match(window.last + 1, 0))
    for each in dict.fromkeys(matches[begins:ends]):
        position = each >> _TERM_BITS
        found[position] = found.get(position, 0.0) + of_terms.within[each & ((1 << _TERM_BITS) - 1)][0]
    return max(found, key=lambda position: (found[position], -position), default=window.first)
