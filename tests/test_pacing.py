"""When the daemon runs next: it hammers nobody, stalls for no clock, and goes on when the hour frees."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync import pacing
from convo_sync.pacing import CONFIGURATION, DONE, KEY_REFUSED, LATER, UNREACHABLE, Plan
from tests.holdings import DAY, HOUR, MINUTE, NOON

HALF = 30 * MINUTE
SECOND = timedelta(seconds=1)
# What the jitter may add to a pause.
MOST = 1.1

everies = st.timedeltas(SECOND, 2 * DAY)
chances = st.floats(0, 1)
codes = st.sampled_from([DONE, UNREACHABLE, LATER, KEY_REFUSED, CONFIGURATION, 1, 2, 4, 130, -9, -15])
troubles = codes.filter(lambda code: code != DONE)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda each: each.replace(tzinfo=NOON.tzinfo))
resumptions = st.none() | moments | st.timedeltas(-HOUR, 2 * HOUR).map(lambda away: NOON + away)


def due(plan: Plan, now: datetime, every: timedelta) -> datetime:
    """When a daemon runs that looks all the time from `now` on."""
    return now if pacing.is_due(plan, now, every) else plan.at


@given(plan=st.builds(Plan, moments, st.just(""), st.integers(0, 10**6)), code=troubles, every=everies, chance=chances,
       took=st.timedeltas(timedelta(0), DAY), resume_at=resumptions)  # fmt: skip
def test_it_never_hammers(
    plan: Plan, code: int, every: timedelta, chance: float, took: timedelta, resume_at: datetime | None
) -> None:
    """Expect a minute at least between the end of a run that did not work and the next, or `every` where that is less.

    Whatever the archive says of the time to go on, a year ago or in a year.
    """
    again = pacing.after(plan, code, NOON - took, NOON, resume_at, every, chance)
    assert due(again, NOON, every) - NOON >= min(every, MINUTE)


@given(count=st.integers(0, 10**6), every=everies, chance=chances)
def test_a_pause_grows_no_longer_than_every(count: int, every: timedelta, chance: float) -> None:
    """Expect an outage of any length to be noticed to be over within `every`, give or take the jitter."""
    again = pacing.after(Plan(NOON, "", count), UNREACHABLE, NOON, NOON, None, every, chance)
    assert again.at - NOON <= max(every, MINUTE) * MOST
    assert again.troubles == count + 1


def test_pauses_double_and_are_forgotten() -> None:
    """Expect 1, 2, 4, 8, 16 minutes, then `every`; and a minute again at the first trouble after a run that worked."""
    plan, pauses = Plan(NOON, ""), []
    for _ in range(7):
        plan = pacing.after(plan, UNREACHABLE, NOON, NOON, None, HALF, 0.0)
        pauses.append((plan.at - NOON) / MINUTE)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    worked = pacing.after(plan, DONE, NOON, NOON, None, HALF, 0.0)
    assert pacing.after(worked, UNREACHABLE, NOON, NOON, None, HALF, 0.0).at == NOON + MINUTE


@given(every=everies, chance=chances, took=st.timedeltas(timedelta(0), 3 * DAY))
def test_a_regular_run_comes_within_every(every: timedelta, chance: float, took: timedelta) -> None:
    """Expect it before `every` has passed since the last began, yet not much sooner; at once where that took longer."""
    again = pacing.after(Plan(NOON, ""), DONE, NOON - took, NOON, None, every, chance)
    assert again.at >= NOON
    if again.at > NOON:
        assert 0.89 * every < again.at - (NOON - took) < 0.96 * every


def test_the_look_fits_into_the_jitter() -> None:
    """Expect the latest regular run, and the half minute until it is noticed, still within thirty minutes."""
    again = pacing.after(Plan(NOON, ""), DONE, NOON, NOON, None, HALF, 0.0)
    assert again.at + MINUTE / 2 <= NOON + HALF


@given(away=st.timedeltas(SECOND, HOUR), every=everies, chance=chances)
def test_a_parked_run_goes_on_a_minute_after_its_hour_frees(away: timedelta, every: timedelta, chance: float) -> None:
    """Expect that very minute, from the daemon that was told and from one that has only just begun."""
    told = pacing.after(Plan(NOON, ""), LATER, NOON, NOON, NOON + away, every, chance)
    assert told.at == due(told, NOON, every) == NOON + away + MINUTE
    assert pacing.first(NOON, NOON - SECOND, NOON + away, every).at == told.at


@given(away=st.timedeltas(MINUTE, 300 * DAY), every=everies)
def test_a_parked_run_goes_on_at_once_where_its_hour_has_freed(away: timedelta, every: timedelta) -> None:
    """Expect a daemon that begins to go on with it, though the last complete run is not old."""
    assert pacing.first(NOON, NOON - SECOND, NOON - away, every).at == NOON


@given(resume_at=moments, every=everies, chance=chances)
def test_a_time_to_go_on_from_a_wrong_clock_is_not_waited_for(
    resume_at: datetime, every: timedelta, chance: float
) -> None:
    """Expect no longer than an hour takes, whatever the archive says."""
    longest = pacing.LONGEST_HOUR + MINUTE
    assert pacing.first(NOON, NOON, resume_at, every).at - NOON <= longest
    assert pacing.after(Plan(NOON, ""), LATER, NOON, NOON, resume_at, every, chance).at - NOON <= longest


@pytest.mark.parametrize(
    ("last_complete", "at"),
    [
        (None, NOON),
        (NOON - HALF, NOON),
        (NOON - 3 * DAY, NOON),
        (NOON - 10 * MINUTE, NOON + 20 * MINUTE),
        (NOON + SECOND, NOON),  # a clock that was set back since
    ],
)
def test_the_first_run(last_complete: datetime | None, at: datetime) -> None:
    """Expect it at once where a run is overdue, else when it becomes due."""
    assert pacing.first(NOON, last_complete, None, HALF).at == at


@given(last_complete=st.none() | moments, resume_at=resumptions, every=everies)
def test_the_first_run_is_never_far(
    last_complete: datetime | None, resume_at: datetime | None, every: timedelta
) -> None:
    """Expect it within `every`, or the hour that a parked run waits for, and never in the past."""
    plan = pacing.first(NOON, last_complete, resume_at, every)
    assert timedelta(0) <= plan.at - NOON <= max(every, pacing.LONGEST_HOUR + MINUTE)


@given(runs=st.lists(st.tuples(codes, chances, st.none() | st.timedeltas(-400 * DAY, 400 * DAY)), max_size=12),
       every=everies, resume_at=resumptions)  # fmt: skip
def test_a_clock_that_is_set_stalls_nothing(
    runs: list[tuple[int, float, timedelta | None]], every: timedelta, resume_at: datetime | None
) -> None:
    """Expect no longer wait between two runs than `every` and the slack, whichever way the clock is set meanwhile."""
    now, plan = NOON, pacing.first(NOON, None, None, every)
    for code, chance, jump in runs:
        plan = pacing.after(plan, code, now, now, resume_at, every, chance)
        now += jump or timedelta(0)
        wait = due(plan, now, every) - now
        assert timedelta(0) <= wait <= every * MOST + pacing.SLACK + SECOND
        now += wait


@given(plan=st.builds(Plan, moments, st.just("why"), st.integers(0, 9)), now=moments)
def test_a_hurried_plan_is_due(plan: Plan, now: datetime) -> None:
    """Expect it to be due now, and no long pause should it not work yet: Wi-Fi needs a moment to be up again."""
    hurried = pacing.hurried(plan, now)
    assert pacing.is_due(hurried, now, HALF)
    assert pacing.after(hurried, UNREACHABLE, now, now, None, HALF, 0.0).at == now + MINUTE


@pytest.mark.parametrize(
    ("wall", "monotonic", "slept"),
    [(30.0, 30.0, False), (55.0, 30.0, False), (3600.0, 30.0, True), (-3600.0, 30.0, False), (61.0, 30.0, True)],
)
def test_sleep_is_told_from_waiting(wall: float, monotonic: float, slept: bool) -> None:
    """Expect it where the wall's clock ran ahead of the one that stands still during sleep."""
    assert pacing.has_slept(timedelta(seconds=wall), timedelta(seconds=monotonic)) is slept
