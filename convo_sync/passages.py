"""Ranks the passages of one conversation: runs of turns of at most 200 words. Pure; it knows no index and no SQL.

A passage's score has three scales: what is said in it, what is said around it, and who says it; whoever ranks passages
of several conversations adds a fourth, the conversation's own. docs/search.md has the measurements behind every number.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from operator import mul
from typing import NamedTuple

LONGEST = 200  # words of a passage; one turn that is longer is a passage by itself
AROUND = 1_000  # words, with the passage in their middle
_SPOKEN, _HALF_SPOKEN = (
    4.0,
    0.3,
)  # for a passage all spoken by a person who was named, and where half of that is reached
_TERM_BITS = 8  # of a match; the rest is the position
_TERM = (1 << _TERM_BITS) - 1
_BEFORE, _AFTER = (AROUND - LONGEST) // 2, (AROUND + LONGEST) // 2
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


_Window = tuple[float, int, int]  # the score below zero, so that they sort; the first and the last turn


def match(position: int, term: int) -> int:
    """One term found in one turn, as one number: they sort by position."""
    return position << _TERM_BITS | term


def matches(positions: Iterable[int], term: int) -> list[int]:
    """`match` for many positions."""
    return [position << _TERM_BITS | term for position in positions]


def between(found: Sequence[int], first: int, end: int) -> list[int]:
    """Of sorted matches those from position `first` on, before `end`, with positions counted from `first`."""
    begins, ends = match(first, 0), match(end, 0)
    return [each - begins for each in found[bisect_left(found, begins) : bisect_left(found, ends)]]


def position_of(matched: int) -> int:
    """Where a term was found, as `match` has it."""
    return matched >> _TERM_BITS


def term_of(matched: int) -> int:
    """The term that was found, as `match` has it."""
    return matched & _TERM


def words_in(text: str) -> int:
    """How many words a turn has; where a script has no spaces, two characters count as one."""
    words = max(1, len(text.split()))
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
    return [after - before for before, after in pairwise(reached)] + [0.0]


def best(
    matches: Sequence[int],
    outline: Outline,
    of_terms: Weights,
    *,
    most: int,
    least: float = 0.0,
    voices: Mapping[int, float] | None = None,
    required: Collection[Collection[int]] = (),
    barred: Sequence[int] = (),
) -> tuple[list[Passage], bool]:
    """The best passages of a conversation, no two overlapping, best first; and whether there are others.

    Args:
        matches: of `match`, sorted.
        most: passages at most.
        least: the score that a passage must have.
        voices: numbers of speakers who were named, with the share of the name that was.
        required: groups of terms; of each, a passage must have one.
        barred: positions that no passage may have, sorted.
    """
    starts = list(accumulate(outline.lengths, initial=0))
    spoken = _spoken(outline, voices) if voices else None
    windows: list[_Window] = []
    for stretch in _stretches(matches, barred):
        windows += _windows(stretch, starts, of_terms, spoken, required)
    windows.sort()
    taken = _Taken(barred, len(starts) - 2)
    chosen: list[Passage] = []
    for below_zero, first, last in windows:
        room = taken.room_for(first, last)
        if room and (len(chosen) >= most or -below_zero < least):
            return chosen, True
        if room:
            first, last = _widened(first, last, starts, *room)
            taken.add(first, last)
            within = matches[bisect_left(matches, match(first, 0)) : bisect_left(matches, match(last + 1, 0))]
            chosen.append(Passage(first, last, _telling(within, of_terms, outline.voices, voices or {}), -below_zero))
    return chosen, False


def _spoken(outline: Outline, voices: Mapping[int, float]) -> list[float]:
    shares = [voices.get(voice, 0.0) for voice in range(max(outline.voices, default=0) + 1)]
    return list(accumulate(map(mul, outline.lengths, map(shares.__getitem__, outline.voices)), initial=0.0))


def _windows(
    matches: Sequence[int],
    starts: Sequence[int],
    of_terms: Weights,
    spoken: Sequence[float] | None,
    required: Collection[Collection[int]],
) -> list[_Window]:
    """One window for each turn with a match: as many of the following ones as fit into `LONGEST` words.

    Three ends move through the matches once: the window's, and both of the words around it. The two sums go along; all
    in one function, since this is where a search spends its time.
    """
    within, around = of_terms
    inside, outside = [0] * len(within), [0] * len(around)
    inner = outer = 0.0
    count, end, before, after, gone = len(matches), 0, 0, 0, -1
    windows: list[_Window] = []
    for each in matches:
        first = each >> _TERM_BITS
        if first != gone:
            gone, begins = first, starts[first]
            limit = begins + LONGEST
            while end < count and (
                starts[((found := matches[end]) >> _TERM_BITS) + 1] <= limit or found >> _TERM_BITS == first
            ):
                term = found & _TERM
                seen = inside[term]
                inside[term] = seen + 1
                if seen < _MOST:
                    inner += within[term][seen]
                end += 1
            limit = begins + _AFTER
            while after < count and starts[(found := matches[after]) >> _TERM_BITS] < limit:
                term = found & _TERM
                seen = outside[term]
                outside[term] = seen + 1
                if seen < _MOST:
                    outer += around[term][seen]
                after += 1
            limit = begins - _BEFORE
            while starts[((found := matches[before]) >> _TERM_BITS) + 1] < limit:
                term = found & _TERM
                outside[term] = seen = outside[term] - 1
                if seen < _MOST:
                    outer -= around[term][seen]
                before += 1
            if not required or all(any(inside[term] for term in group) for group in required):
                last = matches[end - 1] >> _TERM_BITS
                words = starts[last + 1] - begins
                score = outer + (inner if words <= LONGEST else inner * _shorter(words))
                if spoken:
                    score += _said_by_one_named((spoken[last + 1] - spoken[first]) / (words or 1))
                windows.append((-score, first, last))
        term = each & _TERM
        inside[term] = seen = inside[term] - 1
        if seen < _MOST:
            inner -= within[term][seen]
    return windows


def _said_by_one_named(share: float) -> float:
    return _SPOKEN * share * (1 + _HALF_SPOKEN) / (share + _HALF_SPOKEN)


def _shorter(words: int) -> float:
    """What a turn's words count for, if it is longer than a passage may be: the rest of it is about something else."""
    return 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * words / LONGEST))


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

    def room_for(self, first: int, last: int) -> tuple[int, int] | None:
        """The first and the last turn that a window could be widened to; None where one of its own is taken."""
        following = bisect_left(self._firsts, first)
        low = self._lasts[following - 1] + 1 if following else 0
        high = self._firsts[following] - 1 if following < len(self._firsts) else self._last
        return (low, high) if low <= first and last <= high else None

    def add(self, first: int, last: int) -> None:
        following = bisect_left(self._firsts, first)
        self._firsts.insert(following, first)
        self._lasts.insert(following, last)


def _widened(first: int, last: int, starts: Sequence[int], low: int, high: int) -> tuple[int, int]:
    """The window with what stands before and after it, as far as fits: a person reads on both sides of a match."""
    matched = first, last
    room = LONGEST - (starts[last + 1] - starts[first])
    if room <= 0:
        return matched
    first = max(low, bisect_left(starts, starts[first] - room // 2))
    last = max(last, min(high, bisect_right(starts, starts[first] + LONGEST) - 2))
    first = min(first, max(low, bisect_left(starts, starts[last + 1] - LONGEST)))
    # Neither end is at a turn that was unusable, and so is not there: it has no words.
    first = max(first, min(matched[0], bisect_right(starts, starts[first]) - 1))
    return first, min(last, max(matched[1], bisect_left(starts, starts[last + 1]) - 1))


def _telling(within: Sequence[int], of_terms: Weights, voices: Sequence[int], named: Mapping[int, float]) -> int:
    """The turn whose terms and speaker weigh most, of those with a match; the first of several."""
    found: dict[int, float] = {}
    for each in dict.fromkeys(within):
        position = each >> _TERM_BITS
        weight = found[position] if position in found else _SPOKEN * named.get(voices[position], 0.0)
        found[position] = weight + of_terms.within[each & _TERM][0]
    return max(found, key=lambda position: (found[position], -position))
