"""The meter before every request: durable counts, counted ahead or alone, and when it parks a run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from convo_sync.budget import HOUR, Budget
from convo_sync.errors import TryLater
from convo_sync.records import RateReading
from convo_sync.sync.meter import Meter
from tests.hours import NO_HEADERS, NOON, Desk, counted, sent, told


def test_each_request_is_durable_before_it_is_sent() -> None:
    """A commit counts the request that follows it; a retry, which follows none, is written by itself."""
    desk = Desk()
    meter = desk.meter()
    for number in range(1, 6):
        desk.budget = meter.ahead()
        meter.sending()
        assert (counted(desk.budget, NOON), desk.saves) == (2 * number - 1, number - 1)
        meter.sending()
        assert (counted(desk.budget, NOON), desk.saves) == (2 * number, number)
    assert meter.requests == 10


def test_ahead_counts_once() -> None:
    """Two commits without a request between them count the one that follows once; settled takes it back."""
    meter = Desk().meter()
    assert counted(meter.ahead(), NOON) == counted(meter.ahead(), NOON) == 1
    assert counted(meter.settled(), NOON) == counted(meter.settled(), NOON) == 0
    meter.ahead()
    meter.sending()
    assert counted(meter.settled(), NOON) == 1


def test_what_could_not_be_sent_does_not_count() -> None:
    """Without a connection the request never left: it counts neither in the hour nor for the run, and asks nothing."""
    desk = Desk(told(0))
    desk.now += HOUR
    meter = desk.meter()
    for _ in range(3):
        meter.sending()
        meter.unsent()
    assert (meter.requests, counted(meter.settled(), desk.now)) == (0, 0)
    meter.sending()
    with pytest.raises(TryLater):
        meter.sending()


def test_reload_takes_over_what_others_sent() -> None:
    """After others had the archive their count holds, and the next request is counted anew."""
    desk = Desk()
    meter = desk.meter()
    meter.ahead()
    meter.reload(sent(Budget(), 94))
    meter.sending()
    assert counted(desk.budget, NOON) == 95
    with pytest.raises(TryLater):
        meter.sending()


def test_the_meter_parks_with_the_time() -> None:
    """With the reserve alone left nothing is sent, counted or written, and the error says when to go on."""
    desk = Desk(told(5))
    meter = desk.meter()
    assert meter.ahead() == desk.budget
    with pytest.raises(TryLater) as parked:
        meter.sending()
    assert parked.value.resume_at == NOON + timedelta(minutes=50)
    assert (meter.requests, desk.saves, meter.settled()) == (0, 0, desk.budget)


def test_a_429_parks_the_meter_until_retry_after() -> None:
    """After a 429 nothing goes out before Retry-After, then one request, whose answer is believed."""
    desk = Desk()
    meter = desk.meter()
    meter.sending()
    meter.answered(NO_HEADERS)
    meter.refused(1200.0)
    assert meter.parked().resume_at == NOON + timedelta(minutes=20)
    with pytest.raises(TryLater):
        meter.sending()
    desk.now += timedelta(minutes=20)
    meter.sending()
    with pytest.raises(TryLater):
        meter.sending()
    meter.answered(RateReading(100, 80, 600.0))
    meter.sending()
    assert (meter.left, meter.limit) == (79, 100)


def test_what_the_meter_tells() -> None:
    """Left is unknown until the server said so, and never below none; the limit is the smallest plan's until then."""
    meter = Desk().meter()
    assert (meter.left, meter.limit) == (None, 100)
    meter.answered(RateReading(500, 1, 60.0, NOON + timedelta(hours=3)))
    assert (meter.left, meter.limit, meter.server_now()) == (1, 500, NOON + timedelta(hours=3))
    assert Meter(sent(told(1), 3), lambda: NOON, lambda _: None).left == 0
