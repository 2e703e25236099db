"""Months that turn, clocks that are wrong and counters that say little: the limits hold all the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync.credits.rules import Settings
from convo_sync.records import Kind
from convo_sync.simulator import Fault
from convo_sync.simulator.credits import month_start
from tests.rig import Crash, add, keypoints
from tests.test_credits_runs import DAY, HOUR, MINUTE, MISSING, by_month, ledger, live
from tests.till import MoneyPoint, Till


def meetings(till: Till) -> Till:
    for number in range(1, 21):
        add(till, number, number * DAY, notes=False)
    return till


def to_the_end_of_the_month(till: Till, before: timedelta) -> None:
    till.clock.set(month_start(till.clock.now() + 20 * DAY) - before)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    """A Starter account with twenty meetings of which nothing was ever generated."""
    with Till.serving(tmp_path, tier="starter") as rig:
        yield meetings(rig)


def test_late_work_confirmed_by_something_else_counts_in_the_next_month(till: Till) -> None:
    """The app made a document while ours was under way, the month turned, then ours was charged: the cap holds."""
    till.credits = Settings(monthly_cap=2, rules=(MISSING,))
    till.simulator.faults.add(Fault(kind="late_work", endpoint="generateKeypoints", seconds=3000))
    till.clock.set(month_start(till.clock.now() + 20 * DAY) - 20 * MINUTE)
    till.sync()
    till.world.set_keypoints(till.posts[0].conversation_id, keypoints(1))
    till.clock.advance(6 * MINUTE)
    till.sync()
    assert [state for state, _ in ledger(till)] == ["spent", "spent"]
    till.clock.advance(DAY)
    till.sync()
    assert by_month(till) == [1, 2]


@pytest.mark.parametrize("lag", ["immediate", "lagging"])
def test_the_cap_holds_across_the_turn_of_the_month(tmp_path: Path, lag: str) -> None:
    """Runs every two minutes around midnight, of which each buys what it may: never more than the cap in a month."""
    with Till.serving(tmp_path, tier="starter", assume={"credit_counter": lag}) as till:
        meetings(till).complete()
        till.credits = Settings(monthly_cap=4, rules=(MISSING,))
        till.slowness = timedelta(seconds=20)
        to_the_end_of_the_month(till, 21 * MINUTE)
        live(till, 35 * MINUTE, 2 * MINUTE)
        live(till, 3 * HOUR, 20 * MINUTE)
        assert by_month(till) == [4, 4]


def test_a_new_month_that_others_used_as_much_as_we_the_old_one(till: Till) -> None:
    """Nothing proves yet that it began, but the profile says what is left of it: keep holds."""
    till.credits = Settings(monthly_cap=6, rules=(MISSING,))
    till.complete()
    to_the_end_of_the_month(till, -HOUR)
    till.simulator.spend_elsewhere(7)
    till.credits = Settings(monthly_cap=6, keep=2, rules=(MISSING,))
    live(till, 2 * DAY)
    assert by_month(till) == [6, 1]


@pytest.mark.parametrize("hours", [-9, 9])
def test_a_wrong_clock_that_nothing_sets_right(tmp_path: Path, hours: int) -> None:
    """Answers without Date: for hours before or after the turn our month is another than the server's."""
    with Till.serving(tmp_path, tier="starter", assume={"date_header": "no"}) as till:
        meetings(till).credits = Settings(monthly_cap=2, rules=(MISSING,))
        till.clock_error = timedelta(hours=hours)
        to_the_end_of_the_month(till, DAY)
        live(till, 2 * DAY, HOUR)
        assert by_month(till) == [2, 2]


def test_a_clock_set_back_after_a_crash_denies_nothing(till: Till) -> None:
    """The question was paid for, its answer lost: that is not taken for free because hours seem to have passed."""
    till.complete()
    with pytest.raises(Crash):
        till.by_hand("sess_00001", Kind.ANSWER, '{"query": "Who?"}', MoneyPoint("reply lost", 1))
    till.clock_error = timedelta(hours=-7)
    till.clock.advance(5 * MINUTE)
    till.complete()
    assert ledger(till)[0][0] == "unknown"
    till.clock.advance(HOUR)
    till.complete()
    assert ledger(till) == [("spent", "not proven unpaid")]


def test_what_a_dead_process_left_counts_in_both_months(till: Till) -> None:
    """Nobody knows whether it is paid for, nor when: it takes a credit of the old month's cap and of the new one's."""
    till.credits = Settings(monthly_cap=2)
    till.complete()
    till.simulator.faults.add(Fault(kind="late_work", endpoint="generateEmail", seconds=3000))
    to_the_end_of_the_month(till, 5 * MINUTE)
    with pytest.raises(Crash):
        till.by_hand("sess_00001", Kind.EMAIL, '{"to": "Ada", "tone": "casual"}', MoneyPoint("after request", 2))
    answered = []
    for _ in range(4):
        answered.append(till.by_hand("sess_00001", Kind.ANSWER, '{"query": "Who?"}') is not None)
        till.clock.advance(3 * MINUTE)
    assert answered == [True, False, True, False]
    till.clock.advance(HOUR)
    assert by_month(till) == [1, 2]
