"""Ranks the passages of one conversation: runs of turns of at most 200 words. Pure; it knows no index and no SQL.

A passage's score has three scales: what is said in it, what is said around it, and who says it; whoever ranks passages
of several conversations adds a fourth, the conversation's own. docs/search.md has the measurements behind every number.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import mul

from convo_sync.tuples import NamedTuple
from convo_sync.weights import MOST, SPOKEN, Weights, most_of, said_by_one_named, shorter

LONGEST = 200  # words of a passage; one turn that is longer is a passage by itself
AROUND = 1_000  # words, with the passage in their middle
_TERM_BITS = 8  # of a match; the rest is the position
_TERM = (1 << _TERM_BITS) - 1
_BEFORE, _AFTER = (AROUND - LONGEST) // 2, (AROUND + LONGEST) // 2


class Outline(NamedTuple):
    """A transcript without its words: how many each turn has, and who speaks. `voices` are numbers in `speakers`."""

    lengths: Sequence[int]
    voices: Sequence[int]
    speakers: Sequence[str]


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
    """The best passages of a conversation, no two overlapping, best first; and whether there are others, which
    may overlap these where `least` leaves them out.

    Args:
        matches: of `match`, sorted.
        most: passages at most.
        least: the score that a passage must have.
        voices: numbers of speakers who were named, with the share of the name that was.
        required: groups of terms; of each, a passage must have one.
        barred: positions that no passage may have, sorted.
    """
    spoken = _Spoken(outline, voices) if voices else None
    within_most, around_most = most_of([each & _TERM for each in matches], of_terms) if least > 0 else (0.0, 0.0)
    around_most += SPOKEN if spoken else 0.0
    if within_most + around_most < least and not required and not barred:
        return [], bool(matches)
    starts = list(accumulate(outline.lengths, initial=0))
    windows: list[_Window] = []
    are_less = False
    for stretch in _stretches(matches, barred):
        worth, less = _windows(stretch, starts, of_terms, spoken, required, least, around_most)
        windows += worth
        are_less |= less
    windows.sort()
    taken = _Taken(barred, len(starts) - 2)
    chosen: list[Passage] = []
    for below_zero, first, last in windows:
        room = taken.room_for(first, last)
        if room and len(chosen) >= most:
            return chosen, True
        if room:
            first, last = _widened(first, last, starts, *room)
            taken.add(first, last)
            within = matches[bisect_left(matches, match(first, 0)) : bisect_left(matches, match(last + 1, 0))]
            chosen.append(Passage(first, last, _telling(within, of_terms, outline.voices, voices or {}), -below_zero))
    return chosen, are_less


class _Spoken:
    """How much of a run of turns is said by somebody who was named."""

    def __init__(self, outline: Outline, voices: Mapping[int, float]) -> None:
        self._lengths, self._voices = outline.lengths, outline.voices
        self._shares = [voices.get(voice, 0.0) for voice in range(max(outline.voices, default=0) + 1)]

    def words(self, first: int, last: int) -> float:
        """The words of theirs, each times the share of the name that was typed."""
        voices = map(self._shares.__getitem__, self._voices[first : last + 1])
        words: float = sum(map(mul, self._lengths[first : last + 1], voices))
        return words


def _windows(
    matches: Sequence[int],
    starts: Sequence[int],
    of_terms: Weights,
    spoken: _Spoken | None,
    required: Collection[Collection[int]],
    least: float,
    around_most: float,
) -> tuple[list[_Window], bool]:
    """One window for each turn with a match: as many of the following ones as fit into `LONGEST` words.

    Those of a lower score than `least` are left out; whether there are any is told.

    Three ends move through the matches once: the window's, and both of the words around it. The two sums go along; all
    in one function, since this is where a search spends its time.
    """
    within, around = of_terms.within, of_terms.around
    inside, outside = [0] * len(within), [0] * len(around)
    inner = outer = 0.0
    count, end, before, after, gone = len(matches), 0, 0, 0, -1
    windows: list[_Window] = []
    are_less = False
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
                if seen < MOST:
                    inner += within[term][seen]
                end += 1
            if required and not all(any(inside[term] for term in group) for group in required):
                pass
            elif inner + around_most < least:
                are_less = True  # whatever is around it
            else:
                limit = begins + _AFTER
                while after < count and starts[(found := matches[after]) >> _TERM_BITS] < limit:
                    term = found & _TERM
                    seen = outside[term]
                    outside[term] = seen + 1
                    if seen < MOST:
                        outer += around[term][seen]
                    after += 1
                limit = begins - _BEFORE
                while starts[((found := matches[before]) >> _TERM_BITS) + 1] < limit:
                    term = found & _TERM
                    outside[term] = seen = outside[term] - 1
                    if seen < MOST:
                        outer -= around[term][seen]
                    before += 1
                last = matches[end - 1] >> _TERM_BITS
                words = starts[last + 1] - begins
                score = outer + (inner if words <= LONGEST else inner * shorter(words / LONGEST))
                if spoken:
                    score += said_by_one_named(spoken.words(first, last) / (words or 1))
                if score < least:
                    are_less = True
                else:
                    windows.append((-score, first, last))
        term = each & _TERM
        inside[term] = seen = inside[term] - 1
        if seen < MOST:
            inner -= within[term][seen]
    return windows, are_less


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
        weight = found[position] if position in found else SPOKEN * named.get(voices[position], 0.0)
        found[position] = weight + of_terms.within[each & _TERM][0]
    return max(found, key=lambda position: (found[position], -position))
