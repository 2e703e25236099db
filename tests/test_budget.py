"""The hour: what may still be sent, what an answer changes, and when to go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.budget import (
    ASK_PAUSE,
    HOUR,
    LONGEST_RESET,
    Budget,
    answered,
    available,
    refused,
    reserve,
    resume_at,
    sending,
    take_back,
)
from convo_sync.records import RateReading
from tests.hours import MINUTE, NO_HEADERS, NOON, SECOND, sent, told

# -- what may be sent


@pytest.mark.parametrize(
    ("limit", "kept"),
    [(2000, 100), (500, 25), (100, 5), (99, 5), (61, 4), (60, 3), (40, 3), (7, 3), (6, 3), (5, 2), (2, 1), (1, 0)],
)
def test_reserve(limit: int, kept: int) -> None:
    """Five per cent are kept back, rounded up, at least three, and never more than half of a tiny hour."""
    assert reserve(limit) == kept


@pytest.mark.parametrize(
    ("budget", "at", "free"),
    [
        pytest.param(Budget(), NOON, 95, id="nothing known: the smallest plan"),
        pytest.param(Budget(limit=2000), NOON, 1900, id="the limit known, nothing else"),
        pytest.param(sent(Budget(), 90), NOON, 5, id="own count"),
        pytest.param(sent(Budget(), 97), NOON, 0, id="own count, into the reserve"),
        pytest.param(sent(Budget(), 120), NOON, 0, id="own count, beyond the limit"),
        pytest.param(sent(Budget(), 95), NOON + HOUR, 0, id="own count, a minute is not yet an hour old"),
        pytest.param(sent(Budget(), 95), NOON + HOUR + MINUTE, 95, id="own count, an hour and its minute later"),
        pytest.param(told(60), NOON, 55, id="the server's count"),
        pytest.param(sent(told(60), 15), NOON, 40, id="the server's count, less what was sent since"),
        pytest.param(sent(told(60), 80), NOON, 0, id="more sent than was left"),
        pytest.param(told(1800, limit=2000), NOON, 1700, id="the server's count on a larger plan"),
        pytest.param(told(5), NOON, 0, id="the reserve alone is left"),
        pytest.param(told(0), NOON + timedelta(minutes=49), 0, id="used up, before Reset"),
        pytest.param(told(0), NOON + timedelta(minutes=50), 1, id="Reset has passed: one asks"),
        pytest.param(told(90), NOON + timedelta(minutes=50), 1, id="Reset has passed: one, however much was left"),
        pytest.param(told(0), NOON - timedelta(hours=2), 1, id="Reset too far ahead: the clock was set back"),
    ],
)
def test_available(budget: Budget, at: datetime, free: int) -> None:
    """The server's count where it is known, else our own, and never the reserve."""
    assert available(budget, at) == free


def test_after_reset_one_request_asks_at_a_time() -> None:
    """While the asking request is on its way none follows; if its answer is lost, the next asks a minute later.

    Its answer is believed: what it leaves may be sent, and after the Reset that it tells another may ask.
    """
    after = NOON + HOUR
    asking = sending(told(0), after)
    assert available(asking, after) == available(asking, after + ASK_PAUSE - SECOND) == 0
    assert available(asking, after + ASK_PAUSE) == 1
    assert resume_at(asking, after) == after + ASK_PAUSE
    believed = answered(asking, RateReading(100, 70, 600.0), after)
    assert available(believed, after) == 65
    empty = answered(asking, RateReading(100, 0, 10.0), after)
    assert available(empty, after + timedelta(seconds=9)) == 0
    assert available(empty, after + timedelta(seconds=10)) == 1


@pytest.mark.parametrize(
    ("seconds", "away"),
    [(None, HOUR), (0.0, SECOND), (600.0, timedelta(minutes=10)), (3600.0, HOUR), (86_400.0, LONGEST_RESET)],
)
def test_distance_to_reset(seconds: float | None, away: timedelta) -> None:
    """Reset and Retry-After count from the answer: an hour where none was told, never none, never beyond a window."""
    assert answered(Budget(), RateReading(100, 10, seconds), NOON).reset_at == NOON + away
    parked = refused(sent(told(60), 3), seconds, NOON)
    assert (parked.reset_at, available(parked, NOON)) == (NOON + away, 0)
    assert available(parked, NOON + away) == 1


def test_the_servers_count_replaces_ours() -> None:
    """An answer with headers is believed, whatever we counted: other tools draw on the same hour."""
    budget = answered(sent(Budget(), 10), RateReading(500, 300, 1800.0), NOON)
    assert (budget.limit, budget.remaining, budget.sent_since, budget.read_at) == (500, 300, 0, NOON)
    assert answered(budget, RateReading(500, -3, 1800.0), NOON).remaining == 0


def test_an_answer_without_headers_counts_on_top() -> None:
    """Headers that are lost once leave the last reading, less what was sent since."""
    budget = answered(sent(told(60), 4), NO_HEADERS, NOON)
    assert available(budget, NOON) == 51


def test_without_headers_after_reset_our_own_count_stands_in() -> None:
    """Once Reset has passed and the answer says nothing, what this machine sent within the hour counts."""
    budget = sent(told(60), 20, NOON + timedelta(minutes=40))
    asking = sending(budget, NOON + timedelta(minutes=51))
    budget = answered(asking, NO_HEADERS, NOON + timedelta(minutes=51))
    assert available(budget, NOON + timedelta(minutes=51)) == 100 - 5 - 21


def test_a_limit_alone_is_taken_over() -> None:
    """An answer that tells the limit, but not what remains, changes the limit and nothing else."""
    budget = answered(sent(Budget(), 10), RateReading(limit=500), NOON)
    assert available(budget, NOON) == 500 - 25 - 10


# -- when to go on

minutes_ago = st.lists(st.tuples(st.integers(0, 70), st.integers(1, 40)), max_size=8)


@given(
    minutes_ago,
    st.sampled_from([5, 20, 100]),
    st.one_of(st.none(), st.tuples(st.integers(0, 8), st.integers(-70, 65))),
    st.integers(0, 5),
)
def test_resume_at_is_when_the_next_may_be_sent(
    earlier: list[tuple[int, int]], limit: int, reading: tuple[int, int] | None, since: int
) -> None:
    """Where none may be sent now, one may at that time, and none a second before it."""
    budget = Budget(limit=limit)
    for ago, count in sorted(earlier, reverse=True):
        budget = sent(budget, count, NOON - ago * MINUTE)
    if reading is not None:
        budget = replace(budget, remaining=reading[0], reset_at=NOON + reading[1] * MINUTE, sent_since=0)
    budget = sent(budget, since)
    at = resume_at(budget, NOON)
    assert at <= NOON + LONGEST_RESET
    if available(budget, NOON) == 0:
        assert available(budget, at) > 0
        assert available(budget, at - SECOND) == 0


@pytest.mark.parametrize(("later", "minutes"), [(94, 61), (95, 81), (300, 81)])
def test_resume_at_waits_for_as_many_as_are_over(later: int, minutes: int) -> None:
    """Where more was sent than the limit allows (a plan was lowered), the oldest minute may free nothing."""
    budget = sent(Budget(limit=500), 10, NOON)
    budget = sent(budget, later, NOON + timedelta(minutes=20))
    budget = answered(budget, RateReading(limit=100), NOON + timedelta(minutes=30))
    assert resume_at(budget, NOON + timedelta(minutes=30)) == NOON + timedelta(minutes=minutes)


@given(minutes_ago, st.booleans())
def test_take_back_undoes_sending(earlier: list[tuple[int, int]], reset_passed: bool) -> None:
    """A request that was counted ahead and not sent leaves no trace in what may be sent."""
    budget = replace(told(60), reset_at=NOON - MINUTE) if reset_passed else Budget()
    for ago, count in sorted(earlier, reverse=True):
        budget = replace(sent(budget, count, NOON - ago * MINUTE), asked_at=None)
    back = take_back(sending(budget, NOON))
    assert back.sent_since == budget.sent_since
    assert sorted(back.sent_by_minute) == sorted(budget.sent_by_minute)
    assert available(back, NOON) == available(budget, NOON)
