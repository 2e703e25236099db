"""The daemon on a laptop whose clocks are moved by hand: it runs at once where that is overdue, waits, and says so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from convo_sync.daemon import Daemon, Facts
from convo_sync.pacing import CONFIGURATION, KEY_REFUSED, LATER, UNREACHABLE
from tests.holdings import DAY, HOUR, MINUTE, NOON
from tests.laptop import LOOK, Laptop

HALF = 30 * MINUTE
LATELY = Facts(last_complete=NOON - 10 * MINUTE)


def started(laptop: Laptop) -> Daemon:
    """A daemon that has looked once."""
    daemon = Daemon(laptop)
    daemon.look()
    return daemon


@pytest.mark.parametrize("facts", [Facts(), Facts(last_complete=NOON - HALF), Facts(last_complete=NOON - 9 * DAY)])
def test_overdue_at_its_start(facts: Facts) -> None:
    """Expect a run at the first look, seen as running while it does, and the next one planned within `every`."""
    laptop = Laptop(facts)
    daemon = started(laptop)
    assert laptop.runs == [NOON]
    assert [(plan and plan.at, running) for plan, running in laptop.kept[:2]] == [(NOON, False), (NOON, True)]
    assert daemon.plan is not None
    assert laptop.kept[-1] == (daemon.plan, False)
    assert NOON + 25 * MINUTE < daemon.plan.at < NOON + HALF


def test_not_overdue_at_its_start() -> None:
    """Expect no run before it is time, one then, and no gap longer than `every` in a day."""
    laptop = Laptop(LATELY)
    daemon = started(laptop)
    assert laptop.events("planned") == [{"next_at": NOON + 20 * MINUTE, "why": "every so often"}]
    laptop.pass_time(daemon, 20 * MINUTE)
    assert laptop.runs == []
    laptop.pass_time(daemon, DAY)
    assert laptop.runs[0] == NOON + 20 * MINUTE
    gaps = [after - before for before, after in zip(laptop.runs, laptop.runs[1:], strict=False)]
    assert min(gaps) > 25 * MINUTE
    assert max(gaps) <= HALF
    assert len(laptop.events("planned")) == len(laptop.runs) + 1


def test_it_shows_life_at_each_look() -> None:
    """Expect it whether a run is due, none is, or there is no archive."""
    laptop = Laptop(LATELY)
    daemon = started(laptop)
    laptop.pass_time(daemon, 30 * MINUTE)
    assert laptop.runs
    laptop.archive = Facts(missing="It is gone.")
    laptop.pass_time(daemon, 5 * MINUTE)
    assert laptop.beats >= 35 * MINUTE / LOOK


def test_a_delivery_hurries_the_next_run() -> None:
    """Expect a run at once, then a minute at least from one beginning to the next, however many deliveries come."""
    laptop = Laptop(LATELY)
    daemon = started(laptop)
    laptop.pass_time(daemon, 2 * MINUTE)
    for _ in range(40):
        daemon.hint()
        daemon.look()
        laptop.tick(LOOK / 3)
    assert laptop.runs[0] == NOON + 2 * MINUTE
    gaps = [after - before for before, after in zip(laptop.runs, laptop.runs[1:], strict=False)]
    assert len(gaps) >= 4
    assert min(gaps) >= MINUTE
    assert max(gaps) <= MINUTE + LOOK
    laptop.pass_time(daemon, 2 * MINUTE)
    count = len(laptop.runs)
    laptop.pass_time(daemon, 20 * MINUTE)
    assert len(laptop.runs) == count


@pytest.mark.parametrize("code", [LATER, UNREACHABLE, KEY_REFUSED, CONFIGURATION, 1])
def test_a_delivery_ends_no_pause(code: int) -> None:
    """Expect what a run waits for to be waited for: the hour, a new key, the network."""
    laptops = []
    for delivered in (False, True):
        laptop = Laptop()
        laptop.codes.append(code)
        laptop.parked_until = NOON + 40 * MINUTE
        daemon = started(laptop)
        if delivered:
            daemon.hint()
        laptop.pass_time(daemon, HOUR)
        laptops.append(laptop.runs[1])
    assert laptops[0] == laptops[1]


def test_a_delivery_during_a_run() -> None:
    """Expect it not to be lost: the next run comes a minute after that one began."""
    laptop = Laptop()
    daemon = Daemon(laptop)
    run = laptop.run

    def delivered() -> int:
        code = run()
        if len(laptop.runs) == 1:
            daemon.hint()
        return code

    laptop.run = delivered  # type: ignore[method-assign]
    laptop.pass_time(daemon, 10 * MINUTE)
    assert laptop.runs[0] == NOON
    assert MINUTE <= laptop.runs[1] - NOON <= MINUTE + LOOK
    assert len(laptop.runs) == 2


@pytest.mark.parametrize(("night", "at_once"), [(8 * HOUR, True), (25 * MINUTE, True), (5 * MINUTE, False)])
def test_waking_from_sleep(night: timedelta, at_once: bool) -> None:
    """Expect one run at the first look after a sleep that made it overdue, and none for what was missed meanwhile."""
    laptop = Laptop(LATELY)
    daemon = started(laptop)
    laptop.sleep(night)
    woke = laptop.wall
    laptop.pass_time(daemon, 2 * LOOK)
    assert laptop.runs == ([woke] if at_once else [])
    assert [details["after"] for details in laptop.events("woke")] == [night]


def test_offline_for_a_day() -> None:
    """Expect it to back off to `every`, and a run within that once there is a network; each time told as what it is."""
    laptop = Laptop(Facts())
    laptop.luck = 0.0
    laptop.codes.extend([UNREACHABLE] * 9)
    daemon = started(laptop)
    laptop.pass_time(daemon, 6 * HOUR)
    gaps = [after - before for before, after in zip(laptop.runs, laptop.runs[1:], strict=False)]
    assert [round(gap / MINUTE) for gap in gaps[:9]] == [1, 2, 4, 8, 16, 30, 30, 30, 30]
    whys = [details["why"] for details in laptop.events("planned")]
    assert whys[1:10] == ["Convo could not be reached"] * 9
    assert set(whys[10:]) == {"every so often"}


def test_an_outage_before_the_night_is_not_waited_out_after_it() -> None:
    """Expect a run as soon as it wakes, and another soon where the network was not up again yet."""
    laptop = Laptop(Facts())
    laptop.codes.extend([UNREACHABLE] * 8)
    daemon = started(laptop)
    laptop.pass_time(daemon, 70 * MINUTE)
    assert len(laptop.runs) == 7
    laptop.sleep(2 * MINUTE)  # one café is left, another entered
    woke = laptop.wall
    laptop.pass_time(daemon, 5 * MINUTE)
    assert [run - woke < 2 * MINUTE for run in laptop.runs[7:]] == [True, True]


def test_a_key_that_is_refused_is_waited_for() -> None:
    """Expect no more runs than regular ones while it is, for the reason that is so, and a run within `every` after."""
    laptop = Laptop(Facts())
    laptop.codes.extend([KEY_REFUSED] * 48)
    daemon = started(laptop)
    laptop.pass_time(daemon, DAY)
    assert len(laptop.runs) <= DAY / HALF * 1.1
    assert {details["why"] for details in laptop.events("planned")[1:48]} == {"the key was refused"}
    laptop.codes.clear()
    before, replaced = len(laptop.runs), laptop.wall
    laptop.pass_time(daemon, HALF + LOOK)
    assert laptop.runs[before] <= replaced + HALF
    assert daemon.plan is not None
    assert daemon.plan.why == "every so often"


def test_a_parked_run_goes_on_when_its_hour_allows() -> None:
    """Expect it a minute after the hour frees, however often the daemon looks before, and though it was restarted."""
    laptop = Laptop(Facts())
    laptop.codes.append(LATER)
    laptop.parked_until = NOON + 40 * MINUTE
    laptop.pass_time(started(laptop), 45 * MINUTE)
    assert laptop.since() == [0, 41]
    again = Laptop(Facts(last_complete=NOON - MINUTE, resume_at=NOON + 40 * MINUTE))
    again.pass_time(started(again), 45 * MINUTE)
    assert again.since() == [41]


def test_an_archive_that_another_process_has_is_asked_for_again_in_a_minute() -> None:
    """Expect a minute's pause, no run counted as trouble, and the regular time after."""
    laptop = Laptop(Facts())
    laptop.codes.append(LATER)
    daemon = started(laptop)
    assert daemon.plan is not None
    assert (daemon.plan.why, daemon.plan.troubles) == ("another process had the archive", 0)
    laptop.pass_time(daemon, 5 * MINUTE)
    assert len(laptop.runs) == 2


def test_an_archive_that_vanished() -> None:
    """Expect one event that says so, no run while it is away, and one at once when it is back and overdue."""
    laptop = Laptop(LATELY)
    daemon = started(laptop)
    laptop.archive = Facts(missing="The archive is not there.")
    laptop.pass_time(daemon, 3 * HOUR)
    assert (laptop.runs, daemon.plan) == ([], None)
    assert laptop.events("waiting") == [{"why": "The archive is not there."}]
    assert laptop.kept[-1] == (None, False)
    assert len(laptop.kept) == 2  # nothing is written beside an archive that may be on a disk of its own
    laptop.archive, back = LATELY, laptop.wall
    laptop.pass_time(daemon, MINUTE)
    assert laptop.runs == [back]
    laptop.archive = Facts(missing="The archive is not there.")
    laptop.pass_time(daemon, HOUR)
    assert len(laptop.events("waiting")) == 2


def test_an_archive_that_is_not_there_at_its_start() -> None:
    """Expect it to wait, SIGHUP or not, and to begin as soon as somebody has made one."""
    laptop = Laptop(Facts(missing="The archive is not there."))
    daemon = started(laptop)
    daemon.hurry()
    laptop.pass_time(daemon, 2 * HOUR)
    assert laptop.runs == []
    assert len(laptop.events("waiting")) == 1
    laptop.archive, made = Facts(), laptop.wall
    laptop.pass_time(daemon, MINUTE)
    assert laptop.runs == [made]


def test_hurried() -> None:
    """Expect the configuration to be read again, a run at once, and `every` as it is configured now."""
    laptop = Laptop(LATELY)
    daemon = started(laptop)
    laptop.configured = 5 * MINUTE
    daemon.look()
    assert laptop.runs == []
    daemon.hurry()
    daemon.look()
    assert laptop.runs == [NOON]
    laptop.pass_time(daemon, 21 * MINUTE)
    assert len(laptop.runs) == 5
    daemon.look()


@pytest.mark.parametrize("code", [KEY_REFUSED, CONFIGURATION, UNREACHABLE, 1])
def test_what_was_mended_is_tried_at_once(code: int) -> None:
    """Expect SIGHUP to end the wait after a run that failed."""
    laptop = Laptop(Facts())
    laptop.codes.append(code)
    daemon = started(laptop)
    daemon.look()
    assert len(laptop.runs) == 1
    daemon.hurry()
    daemon.look()
    assert len(laptop.runs) == 2


@pytest.mark.parametrize("jump", [-30 * DAY, -3 * HOUR, -HOUR, 3 * HOUR, 400 * DAY])
def test_a_clock_that_is_set(jump: timedelta) -> None:
    """Expect the next run within `every` and two hours of real time, and the regular pace after it."""
    laptop = Laptop(Facts())
    daemon = started(laptop)
    laptop.pass_time(daemon, 5 * MINUTE)
    laptop.wall += jump
    count, was = len(laptop.runs), laptop.awake
    while len(laptop.runs) == count:
        laptop.pass_time(daemon, MINUTE)
        assert laptop.awake - was <= (HALF + 2 * HOUR).total_seconds()
    laptop.pass_time(daemon, 10 * HOUR)
    assert 19 <= len(laptop.runs) - count <= 23


def test_a_run_that_is_ended_plans_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect a daemon that is told to stop during a run to end that, and to say of no other that it will come."""
    laptop = Laptop(Facts())
    daemon = Daemon(laptop)

    def run() -> int:
        daemon.stop()
        return -15

    monkeypatch.setattr(laptop, "run", run)
    daemon.look()
    assert laptop.stopped == 1
    assert [event for event, _ in laptop.told] == ["planned"]
    daemon.look()
    assert [event for event, _ in laptop.told] == ["planned"]
