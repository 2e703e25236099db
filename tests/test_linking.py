"""Which event a conversation was: by its id, else only where time and something besides speak for it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.linking import BY_ID, BY_LIKENESS, THRESHOLD, Link, Meeting, Occasion, link, score

HOUR = 3600.0
NINE = 1_774_000_800.0
PEOPLE = ("Leonie Krämer", "Uwe Brandt")


def occasion(item: str = "ev1 9", **other: Any) -> Occasion:
    """An hour from nine on, with two people."""
    usual = Occasion(item, item.split()[0], "Pricing in Hamburg", NINE, NINE + HOUR, False, PEOPLE)
    return usual._replace(**other)


def meeting(**other: Any) -> Meeting:
    """The recording of just that."""
    return Meeting("sess_1", "Pricing in Hamburg", NINE, NINE + HOUR, None, PEOPLE)._replace(**other)


names = st.lists(st.sampled_from(["Leonie Krämer", "leonie", "Uwe", "Speaker 1", "", "予算", "Mara Voss"]), max_size=4)
titles = st.sampled_from(["", "Pricing", "pricing in Hamburg", "Lunch", "予算", "Weekly"])
seconds = st.integers(0, 6 * 3600).map(lambda each: NINE + each)
ends = st.none() | seconds
meetings = st.lists(
    st.builds(
        Meeting, st.sampled_from("abcdef"), titles, seconds, ends, st.none() | st.sampled_from("xyz"), names.map(tuple)
    ),
    max_size=6,
    unique_by=lambda each: each.id,
)
occasions = st.lists(
    st.builds(
        Occasion, st.sampled_from("123456"), st.sampled_from("xyz"), titles, st.none() | seconds, ends, st.booleans(),
        names.map(tuple),
    ),
    max_size=6,
    unique_by=lambda each: each.item,
)  # fmt: skip


@given(meetings, occasions)
def test_what_a_link_is(meetings: list[Meeting], occasions: list[Occasion]) -> None:
    """Expect one a conversation at most, of events that there are, each by id for sure, or likely enough and timed."""
    links = link(meetings, occasions)
    known, there = {each.id: each for each in meetings}, {each.item: each for each in occasions}
    assert len({each.conversation_id for each in links}) == len(links)
    for each in links:
        one, other = known[each.conversation_id], there[each.item]
        if each.how == BY_ID:
            assert (each.score, one.event_id) == (1.0, other.event_id)
        else:
            assert each.how == BY_LIKENESS
            assert THRESHOLD <= each.score == score(one, other) <= 1
            assert not other.by_id_only
            assert other.start is not None
    named = {each.event_id for each in occasions}
    assert {each.id for each in meetings if each.event_id in named} == {
        each.conversation_id for each in links if each.how == BY_ID
    }


@given(meetings, occasions, st.randoms(use_true_random=False))
def test_order_does_not_matter(meetings: list[Meeting], occasions: list[Occasion], order: random.Random) -> None:
    """Expect the same links, however the two sides are shuffled."""
    expected = link(meetings, occasions)
    order.shuffle(meetings)
    order.shuffle(occasions)
    assert link(meetings, occasions) == expected


@given(meetings, occasions)
def test_no_better_one_is_passed_over(meetings: list[Meeting], occasions: list[Occasion]) -> None:
    """Expect what is linked by likeness, or not at all, to have no likelier event: the window leaves none out."""
    links = {each.conversation_id: each for each in link(meetings, occasions)}
    for one in meetings:
        found = links.get(one.id)
        if found is None or found.how == BY_LIKENESS:
            possible = [each for each in occasions if each.start is not None and not each.by_id_only]
            best = max((score(one, each) for each in possible), default=0.0)
            assert (found.score if found else 0.0) == (best if best >= THRESHOLD else 0.0)


@given(meetings, occasions)
def test_a_score_is_a_share(meetings: list[Meeting], occasions: list[Occasion]) -> None:
    """Expect 0 to 1 of any two, and 0 where they were at different times."""
    for one in meetings:
        for other in occasions:
            if other.start is not None:
                assert 0 <= score(one, other) <= 1
                if one.end is not None and one.end > one.start and one.end <= other.start:
                    assert score(one, other) == 0


def test_the_very_same_is_certain() -> None:
    """Expect 1 where time, title and people are the same."""
    assert link([meeting()], [occasion()]) == (Link("sess_1", "ev1 9", 1.0, BY_LIKENESS),)


@pytest.mark.parametrize(
    ("other", "is_linked"),
    [
        ({"start": NINE + 300, "end": NINE + 3300}, True),  # it began late and ended early
        ({"title": "Talk with Hamburg"}, True),
        ({"title": "Hafenlogistik", "people": ("Leonie", "Speaker 2")}, True),  # the title of somebody else
        ({"title": "", "people": ()}, True),  # nothing speaks against it
        ({"title": "Hafenlogistik", "people": ()}, False),  # nothing but the time speaks for it
        ({"title": "Hafenlogistik", "people": ("Henrik Dahl",)}, False),
        ({"start": NINE + HOUR, "end": NINE + 2 * HOUR}, False),  # right after it
        ({"start": NINE + 0.75 * HOUR, "end": NINE + 2 * HOUR, "people": ()}, False),  # the tail of it
        ({"start": NINE + 7 * 24 * HOUR, "end": NINE + 7 * 24 * HOUR + HOUR}, False),  # a week later
        ({"end": None}, True),
        ({"end": None, "start": NINE + 600, "people": ()}, True),
        ({"end": None, "start": NINE + 1799, "people": ()}, False),
    ],
)  # fmt: skip
def test_what_is_likely(other: dict[str, object], is_linked: bool) -> None:
    """Expect a link where the time fits and something speaks for it, and none where it does not."""
    assert bool(link([meeting(**other)], [occasion()])) is is_linked


def test_a_long_block_is_not_every_meeting_in_it() -> None:
    """Expect a day's block beside a talk to lose against the talk, and alone to be no meeting's."""
    block = occasion("ev2 8", title="Focus", start=NINE - HOUR, end=NINE + 7 * HOUR, people=())
    assert [each.item for each in link([meeting()], [block, occasion()])] == ["ev1 9"]
    assert link([meeting()], [block]) == ()


def test_two_that_were_recorded_at_once() -> None:
    """Expect each to be the event with its own people."""
    one, other = occasion(title="Weekly"), occasion("ev2 9", title="Weekly", people=("Henrik Dahl",))
    both = [meeting(title="x", id="sess_2", people=("Henrik Dahl",)), meeting(title="x")]
    found = {each.conversation_id: each.item for each in link(both, [one, other])}
    assert found == {"sess_1": "ev1 9", "sess_2": "ev2 9"}


def test_a_repeated_event_is_of_the_nearest_day() -> None:
    """Expect the id to be enough, and the nearest of its days to be meant; a withdrawn one too."""
    days = [
        occasion(f"ev1 {n}", event_id="ev1", start=NINE + n * 24 * HOUR, title="", by_id_only=True) for n in range(9)
    ]
    there = meeting(event_id="ev1", start=NINE + 5.2 * 24 * HOUR, end=None)
    assert link([there], days) == (Link("sess_1", "ev1 5", 1.0, BY_ID),)
    assert link([meeting(event_id="other")], days) == ()
