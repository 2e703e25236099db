"""The passages of one conversation, by properties and against a slow way to choose them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.passages import AROUND, LONGEST, Outline, Passage, best, match, position_of, term_of, words_in
from convo_sync.weights import Weights, once, weights

TERMS = 4
# Whole numbers, so that sums are the same in any order; each further occurrence adds less, at last nothing.
WHOLE = Weights(
    [[float(9 * (term + 1) - step) if step < 8 else 0.0 for step in range(41)] for term in range(TERMS)],
    [[float(4 * (term + 1) - step) if step < 4 else 0.0 for step in range(41)] for term in range(TERMS)],
)
REAL = once(weights([3.1, 0.4, 2.2]), 100.0)


class Talk(NamedTuple):
    """A conversation and what was found in it."""

    lengths: list[int]
    matches: list[int]
    barred: list[int]
    required: list[list[int]]
    most: int


@st.composite
def talks(draw: st.DrawFn, longest_turn: int = LONGEST) -> Talk:
    """Short and long turns, some of which are not there; matches in turns that are."""
    lengths = draw(st.lists(st.sampled_from([0, 1, 2, 30, 70, 99, 100, 101, 199, 200, 450, 5_000]), max_size=40))
    lengths = [min(length, longest_turn) for length in lengths]
    turns = [position for position, length in enumerate(lengths) if length]
    matches: list[int] = []
    if turns:
        found = st.tuples(st.sampled_from(turns), st.integers(0, TERMS - 1))
        matches = sorted(match(*each) for each in draw(st.lists(found, max_size=60)))
    barred = sorted(draw(st.sets(st.sampled_from(turns), max_size=4))) if turns else []
    required = draw(st.lists(st.lists(st.integers(0, TERMS - 1), max_size=2), max_size=2))
    return Talk(lengths, matches, barred, required, draw(st.integers(0, 12)))


def outline(lengths: Sequence[int]) -> Outline:
    """Two people taking turns."""
    return Outline(lengths, [1 + position % 2 for position in range(len(lengths))], ["", "Ann", "Bo"])


def words(lengths: Sequence[int], first: int, last: int) -> int:
    """How many there are from one turn to the other."""
    return sum(lengths[first : last + 1])


def windows(talk: Talk) -> list[tuple[float, int, int]]:
    """All windows, each looked at by itself: a turn with a match, and the following ones as far as they fit."""
    found = []
    for first in sorted({position_of(each) for each in talk.matches} - set(talk.barred)):
        ends = next((position for position in talk.barred if position > first), len(talk.lengths))
        last = first
        for position in sorted({position_of(each) for each in talk.matches}):
            if first < position < ends and words(talk.lengths, first, position) <= LONGEST:
                last = position
        inside = [term_of(each) for each in talk.matches if first <= position_of(each) <= last]
        if all(any(term in inside for term in group) for group in talk.required):
            found.append((-_score(talk, first, inside), first, last))
    return sorted(found)


def _score(talk: Talk, first: int, inside: list[int]) -> float:
    """The terms of the window, and those of the turns that are at most 400 words before it or 600 after its start."""
    begins = sum(talk.lengths[:first])
    low, high = begins - (AROUND - LONGEST) // 2, begins + (AROUND + LONGEST) // 2
    ends = next((position for position in talk.barred if position > first), len(talk.lengths))
    starts = max((position for position in talk.barred if position < first), default=-1)
    near = [
        term_of(each)
        for each in talk.matches
        if starts < position_of(each) < ends
        and sum(talk.lengths[: position_of(each) + 1]) >= low
        and sum(talk.lengths[: position_of(each)]) < high
    ]
    return sum(
        sum(worth[term][: terms.count(term)])
        for worth, terms in ((WHOLE.within, inside), (WHOLE.around, near))
        for term in range(TERMS)
    )


@given(talks())
def test_the_best_are_those_that_a_slow_search_finds(talk: Talk) -> None:
    """Expect the scores of all windows, best first, those left out that overlap what was chosen before."""
    chosen, others = best(
        talk.matches, outline(talk.lengths), WHOLE, most=talk.most, required=talk.required, barred=talk.barred
    )
    rest = windows(talk)
    for each in chosen:
        rest = [window for window in rest if not _meets(window, chosen[: chosen.index(each)])]
        below_zero, first, last = rest[0]
        assert each.score == -below_zero
        assert each.first <= first <= last <= each.last
    rest = [window for window in rest if not _meets(window, chosen)]
    assert others == bool(rest)
    assert len(chosen) == talk.most or not rest


def _meets(window: tuple[float, int, int], chosen: Collection[Passage]) -> bool:
    return any(window[1] <= each.last and each.first <= window[2] for each in chosen)


@given(talks(longest_turn=5_000), st.floats(-5, 120), st.booleans())
def test_what_every_passage_is(talk: Talk, least: float, named: bool) -> None:
    """Expect short ones apart from each other, each with a match and all that is required, and nothing barred."""
    found = [each for each in talk.matches if term_of(each) < len(REAL.within)]
    required = [[term for term in group if term < len(REAL.within)] for group in talk.required]
    chosen, _ = best(
        found, outline(talk.lengths), REAL, most=talk.most, least=least, voices={1: 1.0} if named else None,
        required=required, barred=talk.barred,
    )  # fmt: skip
    assert len(chosen) <= talk.most
    assert all(one.score >= other.score for one, other in pairwise(chosen))
    in_order = sorted(chosen, key=lambda each: each.first)
    assert all(one.last < other.first for one, other in pairwise(in_order))
    for each in chosen:
        assert each.score >= least
        assert 0 <= each.first <= each.position <= each.last < len(talk.lengths)
        assert words(talk.lengths, each.first, each.last) <= LONGEST or each.first == each.last
        inside = {term_of(one) for one in found if each.first <= position_of(one) <= each.last}
        assert each.position in {position_of(one) for one in found}
        assert all(inside.intersection(group) for group in required)
        assert not [position for position in talk.barred if each.first <= position <= each.last]
        assert talk.lengths[each.first]
        assert talk.lengths[each.last]


@given(talks(longest_turn=5_000))
def test_the_same_question_has_the_same_answer(talk: Talk) -> None:
    """Expect nothing to depend on what was asked before, and no argument to be changed."""
    arguments = (list(talk.matches), outline(list(talk.lengths)), WHOLE)
    first = best(*arguments, most=talk.most, barred=talk.barred)
    assert best(*arguments, most=talk.most, barred=talk.barred) == first
    assert arguments == (talk.matches, outline(talk.lengths), WHOLE)


def test_a_passage_is_widened_on_both_sides() -> None:
    """Expect what stands before and after a match to be part of its passage, up to 200 words."""
    (found,), others = best([match(50, 0)], outline([10] * 100), WHOLE, most=5)
    assert (found.position, found.last - found.first + 1, others) == (50, 20, False)
    assert found.first < 50 < found.last


def test_a_turn_that_is_longer_than_a_passage_stands_alone_and_counts_less() -> None:
    """Expect it by itself, and a shorter turn with the same words before it."""
    found, _ = best([match(0, 0), match(1, 0)], outline([900, 150]), WHOLE, most=5)
    assert [(each.first, each.last) for each in found] == [(1, 1), (0, 0)]


def test_who_was_named_comes_first() -> None:
    """Expect the passage that this person speaks before an equal one of somebody else."""
    matches = [match(position, 0) for position in (0, 3)]
    found, _ = best(matches, Outline([200] * 4, [2, 2, 2, 1], ["", "Ann", "Bo"]), WHOLE, most=2, voices={1: 1.0})
    assert [each.position for each in found] == [3, 0]


def test_the_turn_that_tells_most_is_pointed_at() -> None:
    """Expect the turn with the weightiest terms, each counted once, and the first of several."""
    matches = sorted([match(1, 0), match(2, 0), match(2, 0), match(3, 3), match(4, 3)])
    assert [each.position for each in best(matches, outline([5] * 6), WHOLE, most=1)[0]] == [3]


def test_required_terms_that_are_nowhere_leave_nothing() -> None:
    """Expect no passage where a group has no term at all."""
    assert best([match(0, 0)], outline([5]), WHOLE, most=3, required=[[]]) == ([], False)


def test_a_hundred_thousand_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect a number of looks at turns that grows with their number, and not with its square."""
    looks = 0

    class Counted(list[float]):
        def __getitem__(self, at):  # type: ignore[no-untyped-def]
            nonlocal looks
            looks += 1
            return super().__getitem__(at)

    def count(turns: int) -> int:
        nonlocal looks
        looks = 0
        worth = Weights([Counted(WHOLE.within[0])], [Counted(WHOLE.around[0])])
        found, others = best([match(each, 0) for each in range(turns)], outline([3] * turns), worth, most=100)
        assert (len(found), others) == (100, True)
        return looks

    assert count(100_000) < 11 * count(10_000)


@given(st.text(alphabet=st.characters(max_codepoint=0x24F), max_size=300))
def test_no_words_are_overlooked(text: str) -> None:
    """Expect at least as many as whatever blanks, tabs and line ends there are part, so that 200 are no more."""
    assert words_in(text) >= max(1, len(text.split()))


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 1), ("one two", 2), ("one\ttwo\u00a0three\r\nfour", 4), ("我们今天讨论新的产品设计" * 20, 120)],
)
def test_how_words_are_counted(text: str, count: int) -> None:
    """Expect blanks of every sort to part words, and half the characters where there are none."""
    assert words_in(text) == count
