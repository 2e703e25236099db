"""Our own count of the hour when this machine's clock is set, answers are slow, or a Date is missing or wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from convo_sync.budget import HOUR, Budget, answered, available, sending, server_now
from convo_sync.records import RateReading
from tests.hours import MINUTE, NO_HEADERS, NOON, SECOND, counted, sent


def answer_at(budget: Budget, machine: datetime, server: datetime) -> Budget:
    """One request, sent and answered at once, by an answer that has a Date and no rate headers."""
    return answered(sending(budget, machine), RateReading(server_time=server.replace(microsecond=0)), machine)


@pytest.mark.parametrize("error", [timedelta(0), timedelta(hours=-2), timedelta(seconds=0.6), timedelta(minutes=7)])
@pytest.mark.parametrize(
    "set_by",
    [
        *(timedelta(hours=hours) for hours in (-24 * 9000, -25, -2, -1, 1, 2, 25, 24 * 9000)),
        *(timedelta(minutes=minutes) for minutes in (-59, -10, -1, 1, 10, 59)),
        *(timedelta(seconds=seconds) for seconds in (-30, -6, 6, 30, 3599.7, 3600.3)),
    ],
    ids=str,
)
def test_setting_the_clock_loses_no_count(error: timedelta, set_by: timedelta) -> None:
    """Whatever this machine's clock is set to, what was sent within the hour is counted once an answer had a Date.

    Nor is it counted for longer than an hour and a minute from then.
    """
    budget, server = Budget(), NOON
    for _ in range(40):
        server += SECOND
        budget = answer_at(budget, server + error, server)
    server += timedelta(minutes=5)
    budget = answer_at(budget, server + error + set_by, server)
    assert counted(budget, server + error + set_by) == 41
    assert counted(budget, NOON + HOUR + error + set_by) == 41
    assert counted(budget, server + error + set_by + HOUR + 2 * MINUTE) == 0


def test_slow_answers_lose_no_count() -> None:
    """An answer that took seconds looks like a clock that was set: it neither loses nor multiplies what was sent."""
    budget, server = Budget(), NOON
    for number in range(60):
        server += 2 * SECOND
        late = timedelta(seconds=7) if number % 2 else timedelta(0)
        budget = answered(sending(budget, server), RateReading(server_time=server), server + late)
        server += late
    assert counted(budget, server) == 60


def test_a_clock_set_back_by_seconds_loses_no_count() -> None:
    """Set back over the turn of a minute by less than is told apart: what was sent in the minute ahead still counts."""
    budget, late = answer_at(Budget(), NOON, NOON), NOON + timedelta(minutes=1, seconds=1)
    budget = sending(sent(budget, 30, late), late)
    budget = answered(budget, RateReading(server_time=late), late - timedelta(seconds=4))
    assert counted(budget, late) == 32


def test_a_proxys_wrong_date_loses_no_count() -> None:
    """One answer with a Date of years ago, or years ahead, between others does not empty the count."""
    for wrong in (datetime(1970, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)):
        budget = answer_at(sent(Budget(), 50, NOON), NOON + MINUTE, NOON + MINUTE)
        budget = answer_at(budget, NOON + 2 * MINUTE, wrong)
        budget = answer_at(budget, NOON + 3 * MINUTE, NOON + 3 * MINUTE)
        assert counted(budget, NOON + 3 * MINUTE) == 53


def test_an_answer_without_date_after_the_clock_was_set() -> None:
    """The first answer after the clock was set may lack a Date: the next one that has it finds the whole count."""
    for set_by in (timedelta(hours=-2), timedelta(hours=2)):
        budget = answer_at(sent(Budget(), 50, NOON), NOON, NOON)
        budget = answered(sending(budget, NOON + set_by), NO_HEADERS, NOON + set_by)
        budget = answer_at(budget, NOON + set_by, NOON)
        assert counted(budget, NOON + set_by) == 53


def test_a_clock_set_back_without_any_date() -> None:
    """Where no answer has a Date, what lies ahead of the clock was sent all the same: one request later it counts."""
    budget = sending(sent(Budget(), 95, NOON), NOON - timedelta(hours=2))
    assert available(budget, NOON - timedelta(hours=2)) == 0
    assert available(budget, NOON - timedelta(minutes=59)) == 95


def test_an_hour_of_requests_is_counted_whole() -> None:
    """One request a minute: all of the last hour count, and those of the minute that is just an hour old."""
    budget = Budget()
    for number in range(200):
        budget = answered(sending(budget, NOON + number * MINUTE), NO_HEADERS, NOON + number * MINUTE)
    assert counted(budget, NOON + 199 * MINUTE) == 61


def test_the_count_does_not_grow_for_ever() -> None:
    """A request every few minutes for days keeps no more than the hours that may still matter."""
    budget = Budget()
    for number in range(1000):
        at = NOON + 3 * number * MINUTE
        budget = answered(sending(budget, at), NO_HEADERS, at)
    assert len(budget.sent_by_minute) <= 200
    assert counted(budget, at) == 21
    for number in range(1000, 1100):
        at = NOON + 3 * number * MINUTE
        budget = answer_at(budget, at, at)
    assert len(budget.sent_by_minute) <= 61


@pytest.mark.parametrize(
    ("ahead", "seen"),
    [(None, 0), (0, 0), (5, 0), (-5, 0), (6, 6), (-6, -6), (7200, 7200)],
)
def test_server_now(ahead: int | None, seen: int) -> None:
    """A difference below the resolution of Date is none; a greater one tells the server's time."""
    budget = Budget(server_ahead=None if ahead is None else timedelta(seconds=ahead))
    assert server_now(budget, NOON) == NOON + timedelta(seconds=seen)


def test_server_now_does_not_flicker() -> None:
    """A reading near the last one changes nothing, so that what one page made due is due a moment later."""
    budget = Budget()
    for seconds in (4.9, 5.1, 4.9, 0.0, 5.2):
        budget = answered(budget, RateReading(server_time=NOON + timedelta(seconds=seconds)), NOON)
        assert server_now(budget, NOON) == NOON
    assert server_now(answered(budget, RateReading(server_time=NOON + 2 * HOUR), NOON), NOON) == NOON + 2 * HOUR
