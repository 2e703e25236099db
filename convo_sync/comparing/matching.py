"""Which elements of two sequences are the same ones. It knows neither words nor lines.

difflib takes the square of what it compares, and more where much is the same. So it gets short stretches only: those
between what occurs as often on both sides, and seldom, as in Bram Cohen's patience diff. Where nothing is seldom, few
differences are found by Myers' algorithm (An O(ND) Difference Algorithm and Its Variations, 1986), and many are not.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, NamedTuple

Pairs = list[tuple[int, int]]

# Products of two lengths that difflib gets; what it takes longest for is then a matter of milliseconds.
_SHORT = 10_000
# How often an element may occur to tell where two texts belong together, tried in this order.
_SELDOM = (1, 4, 64)
# Stretches within stretches. Beyond it they are taken to have nothing in common.
_DEEPEST = 24
# Differences up to which a stretch without anything seldom is looked through, as long as half of it may be the same. It
# takes the square of this.
_FEW = 400


class _Stretch(NamedTuple):
    """Indexes from `first` to before `last` of the old sequence, and from `start` to before `end` of the new one."""

    first: int
    last: int
    start: int
    end: int
    depth: int


def matches(old: Sequence[Any], new: Sequence[Any]) -> Pairs:
    """Indexes of equal elements, rising on both sides: what stayed. Not always the most that is possible."""
    found: Pairs = []
    todo = [_Stretch(0, len(old), 0, len(new), 0)]
    while todo:
        stretch = _without_equal_ends(old, new, todo.pop(), found)
        first, last, start, end, depth = stretch
        if (last - first) * (end - start) <= _SHORT:
            found += _by_difflib(old, new, stretch)
            continue
        if depth < _DEEPEST and (anchors := _anchors(old, new, stretch)):
            found += anchors
            around = pairwise([(first - 1, start - 1), *anchors, (last, end)])
            todo += (_Stretch(i + 1, next_i, j + 1, next_j, depth + 1) for (i, j), (next_i, next_j) in around)
        else:
            found += _by_few_differences(old, new, stretch)
    return sorted(found)


def _without_equal_ends(old: Sequence[Any], new: Sequence[Any], stretch: _Stretch, found: Pairs) -> _Stretch:
    first, last, start, end, depth = stretch
    while first < last and start < end and old[first] == new[start]:
        found.append((first, start))
        first, start = first + 1, start + 1
    while first < last and start < end and old[last - 1] == new[end - 1]:
        last, end = last - 1, end - 1
        found.append((last, end))
    return _Stretch(first, last, start, end, depth)


def _by_difflib(old: Sequence[Any], new: Sequence[Any], stretch: _Stretch) -> Iterator[tuple[int, int]]:
    first, last, start, end, _ = stretch
    if first < last and start < end:
        matcher = SequenceMatcher(None, old[first:last], new[start:end], autojunk=False)
        for i, j, size in matcher.get_matching_blocks():
            yield from ((first + i + n, start + j + n) for n in range(size))


def _anchors(old: Sequence[Any], new: Sequence[Any], stretch: _Stretch) -> Pairs:
    """Pairs of what occurs as often on both sides, and seldom: as many as have the same order on both."""
    places = _places(old, range(stretch.first, stretch.last))
    others = _places(new, range(stretch.start, stretch.end))
    for most in _SELDOM:
        pairs = sorted(
            pair
            for element, here in places.items()
            if len(here) <= most and len(here) == len(there := others.get(element, []))
            for pair in zip(here, there, strict=True)
        )
        if pairs:
            return _rising(pairs)
    return []


def _places(elements: Sequence[Any], span: range) -> Mapping[Any, list[int]]:
    places = defaultdict(list)
    for place in span:
        places[elements[place]].append(place)
    return places


def _rising(pairs: Pairs) -> Pairs:
    """The most of these, in their order, of which the second numbers rise as well."""
    lasts: list[int] = []  # the least last number of a run of each length
    ends: list[int] = []  # which pair that is
    before = []  # the pair before each one, in the longest run that ends with it
    for n, (_, j) in enumerate(pairs):
        length = bisect_left(lasts, j)
        lasts[length : length + 1] = [j]
        ends[length : length + 1] = [n]
        before.append(ends[length - 1] if length else -1)
    run, n = [], ends[-1]
    while n >= 0:
        run.append(pairs[n])
        n = before[n]
    return run[::-1]


def _by_few_differences(old: Sequence[Any], new: Sequence[Any], stretch: _Stretch) -> Pairs:
    """After each difference, how far each diagonal (old index less new index) gets; then back from the end."""
    first, last, start, end, _ = stretch
    length, others = last - first, end - start
    reach, trail = {1: 0}, []
    for differences in range(min(_FEW, (length + others) // 2) + 1):
        trail.append(reach.copy())
        for diagonal in range(-differences, differences + 1, 2):
            i = reach[diagonal + 1] if _is_addition(reach, diagonal, differences) else reach[diagonal - 1] + 1
            while i < length and i - diagonal < others and old[first + i] == new[start + i - diagonal]:
                i += 1
            reach[diagonal] = i
            if (i, i - diagonal) == (length, others):
                return [(first + i, start + j) for i, j in _way_back(trail, length, others)]
    return []


def _is_addition(reach: Mapping[int, int], diagonal: int, differences: int) -> bool:
    """Whether the last difference on the way to this diagonal is an element of the new sequence, not of the old one."""
    if abs(diagonal) == differences:
        return diagonal < 0 or differences == 0
    return reach[diagonal - 1] < reach[diagonal + 1]


def _way_back(trail: Sequence[Mapping[int, int]], i: int, j: int) -> Iterator[tuple[int, int]]:
    """The equal elements on the way, last first."""
    for differences in range(len(trail) - 1, -1, -1):
        reach, diagonal = trail[differences], i - j
        is_addition = _is_addition(reach, diagonal, differences)
        entered = reach[diagonal + 1] if is_addition else reach[diagonal - 1] + 1
        while i > entered:
            i, j = i - 1, j - 1
            yield i, j
        i, j = (i, j - 1) if is_addition else (i - 1, j)
