"""The hour: what may still be sent, what an answer changes, what survives a clock that is set, and the meter before it.

A model server counts a rolling hour by its own clock; the meter is driven as a run drives it: lost answers, missing
headers, 429s, crashes and a machine whose clock is set.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convo_sync.budget import (
    ASK_PAUSE,
    HOUR,
    LONGEST_RESET,
    SAME_CLOCK,
    Budget,
    answered,
    available,
    refused,
    reserve,
    resume_at,
    sending,
    server_now,
    take_back,
)
from convo_sync.errors import TryLater
from convo_sync.records import RateReading
from convo_sync.sync.meter import Meter

NOON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
NO_HEADERS = RateReading()


def sent(budget: Budget, count: int, now: datetime = NOON) -> Budget:
    """The budget with so many more requests on their way."""
    for _ in range(count):
        budget = sending(budget, now)
    return budget


def told(remaining: int, *, limit: int = 100, reset_in: timedelta = timedelta(minutes=50)) -> Budget:
    """A budget that was just read at noon."""
    return Budget(limit=limit, remaining=remaining, reset_at=NOON + reset_in, read_at=NOON)


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
    """While the asking request is on its way none follows; if its answer is lost, the next asks a minute later."""
    after = NOON + HOUR
    asking = sending(told(0), after)
    assert available(asking, after) == available(asking, after + ASK_PAUSE - SECOND) == 0
    assert available(asking, after + ASK_PAUSE) == 1
    assert resume_at(asking, after) == after + ASK_PAUSE
    believed = answered(asking, RateReading(100, 70, 600.0), after)
    assert available(believed, after) == 65


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


def test_resume_at_waits_for_as_many_as_are_over() -> None:
    """Where more was sent than the limit allows (a plan was lowered), the oldest minute alone frees nothing."""
    budget = sent(Budget(limit=500), 10, NOON)
    budget = sent(budget, 300, NOON + timedelta(minutes=20))
    budget = answered(budget, RateReading(limit=100), NOON + timedelta(minutes=30))
    assert resume_at(budget, NOON + timedelta(minutes=30)) == NOON + timedelta(minutes=81)


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


# -- a clock that is set


def counted(budget: Budget, now: datetime) -> int:
    """How many requests our own count holds at `now`."""
    return 1900 - available(replace(budget, limit=2000, remaining=None), now)


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
    assert counted(budget, server + error + set_by + timedelta(minutes=54)) == 41
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


def test_the_count_does_not_grow_for_ever() -> None:
    """A request every few minutes for days keeps no more than the hours that may still matter."""
    budget = Budget()
    for number in range(1000):
        budget = answered(sending(budget, NOON + 3 * number * MINUTE), NO_HEADERS, NOON + 3 * number * MINUTE)
    assert len(budget.sent_by_minute) <= 200
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


# -- the meter


@dataclass
class Desk:
    """A meter, its durable budget, and this machine's clock."""

    budget: Budget = field(default_factory=Budget)
    now: datetime = NOON
    saves: int = 0

    def save(self, budget: Budget) -> None:
        self.budget = budget
        self.saves += 1

    def meter(self) -> Meter:
        return Meter(self.budget, lambda: self.now, self.save)


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


# -- any hour

# A clock that is this little off is not seen, and an answer may come that late.
BLUR = SAME_CLOCK + timedelta(seconds=15)


@dataclass(frozen=True)
class Do:
    """One thing that happens; the fields that its `what` has no use for are ignored."""

    what: str
    count: int = 1
    seconds: int = 0
    headers: bool = False
    date: bool = True


class Hour:
    """A server with a rolling hour, and a run after another that ask it through a meter."""

    def __init__(self, *, limit: int, dated: bool, error: timedelta) -> None:
        self.limit, self.dated = limit, dated
        self.time, self.error = NOON, error
        self.counted: list[datetime] = []
        self.asked: datetime | None = None
        self.asked_before: datetime | None = None
        self.desk = Desk(Budget(limit=limit, server_ahead=-error if dated else None))
        self.blind = self.told_to_ask = False
        self.restart()

    def restart(self) -> None:
        """The process ended, whichever way; the next one reads what is durable."""
        self.tick()
        self.meter = self.desk.meter()

    def tick(self) -> None:
        self.desk.now = self.time + self.error

    def in_the_hour(self, less: timedelta = timedelta(0)) -> list[datetime]:
        return [each for each in self.counted if each > self.time - HOUR + less]

    def do(self, do: Do) -> None:
        {
            "wait": self.wait, "set": self.set_clock, "crash": self.crash, "stop": self.stop,
        }.get(do.what, self.burst)(do)  # fmt: skip
        self.tick()

    def wait(self, do: Do) -> None:
        # A run does not rest between a commit and the request that it has counted: the next one goes on later.
        self.stop(do)
        self.time += timedelta(seconds=do.seconds)

    def set_clock(self, do: Do) -> None:
        if self.dated:
            self.error += timedelta(seconds=do.seconds)
            self.blind = True

    def crash(self, do: Do) -> None:
        self.restart()

    def stop(self, do: Do) -> None:
        self.desk.budget = self.meter.settled()
        self.restart()

    def burst(self, do: Do) -> None:
        for _ in range(do.count):
            try:
                self.meter.sending()
            except TryLater as parked:
                self.parked(parked)
                return
            self.check()
            getattr(self, do.what)(do)
            self.desk.budget = self.meter.ahead()

    def parked(self, parked: TryLater) -> None:
        assert parked.resume_at is not None
        assert timedelta(0) < parked.resume_at - self.desk.now <= LONGEST_RESET

    def check(self) -> None:
        """The request that is about to be sent has room in the hour, as far as any answer could have told."""
        self.asked_before = self.asked
        if self.desk.budget.remaining is not None and self.desk.budget.asked_at == self.desk.now:
            assert self.blind or self.asked is None or self.time - self.asked >= ASK_PAUSE
            lost, self.asked = self.asked is not None, self.time
            if lost or self.told_to_ask:
                return
        if not self.blind:
            assert len(self.in_the_hour(BLUR)) < self.limit - reserve(self.limit)

    # -- what becomes of a request

    def lost(self, do: Do) -> None:
        """The server counts it; its answer never comes."""
        self.counted.append(self.time)

    def unsent(self, do: Do) -> None:
        """There is no connection, and the client knows that nothing was sent."""
        self.meter.unsent()
        self.asked = self.asked_before

    def answer(self, do: Do) -> None:
        if len(self.in_the_hour()) >= self.limit:
            oldest = self.in_the_hour()[0]
            self.turn_away(do, (oldest + HOUR - self.time).total_seconds())
            return
        self.counted.append(self.time)
        self.heard(do)

    def refuse(self, do: Do) -> None:
        """A 429 although there is room, as a proxy or a second limit may send it."""
        self.turn_away(do, float(do.seconds) if do.seconds else None)

    def turn_away(self, do: Do, seconds: float | None) -> None:
        self.heard(do)
        self.meter.refused(seconds)
        self.told_to_ask = True

    def heard(self, do: Do) -> None:
        date = self.time if self.dated and do.date else None
        self.time += timedelta(seconds=do.seconds % 8)
        self.tick()
        if do.headers:
            used = self.in_the_hour()
            reset = (used[0] + HOUR if used else self.time).timestamp()
            away = max(0.0, ceil(reset) - (date or self.time).timestamp())
            self.meter.answered(RateReading(self.limit, max(0, self.limit - len(used)), away, date))
        else:
            self.meter.answered(RateReading(server_time=date))
        self.asked, self.told_to_ask = None, False
        self.blind = self.blind and date is None


seconds = st.sampled_from([1, 6, 59, 61, 600, 1800, 3540, 3599, 3601, 3661, 7300])
happenings = st.one_of(
    st.builds(Do, st.just("wait"), seconds=seconds),
    st.builds(
        Do, st.just("set"), seconds=st.sampled_from([-90_000, -7200, -3600, -600, -61, -6, 6, 61, 600, 3600, 7200])
    ),
    st.builds(
        Do,
        st.sampled_from(["answer", "answer", "answer", "lost", "unsent"]),
        count=st.integers(1, 20),
        seconds=st.sampled_from([0, 0, 1, 7]),
        headers=st.booleans(),
        date=st.sampled_from([True, True, True, False]),
    ),
    st.builds(Do, st.just("refuse"), seconds=st.sampled_from([0, 1, 1200, 90_000]), headers=st.booleans()),
    st.builds(Do, st.sampled_from(["crash", "stop"])),
)


@settings(max_examples=300)
@given(
    st.lists(happenings, max_size=30),
    st.sampled_from([8, 20, 40]),
    st.booleans(),
    st.sampled_from(["always", "never", "mixed"]),
    st.sampled_from([-7200, 0, 7200]),
)
@example([Do("answer", 20), Do("set", seconds=3600), Do("answer", 20), Do("answer", 20)], 20, True, "never", 0)
@example([Do("answer", 20), Do("set", seconds=-3600), *[Do("answer", 20)] * 3], 20, True, "never", 0)
@example([Do("answer", 9, 7 * (number % 2)) for number in range(8)], 20, True, "never", 0)
def test_never_more_than_the_hour_less_the_reserve(
    happens: list[Do], limit: int, dated: bool, headers: str, error: int
) -> None:
    """Whatever happens, a request is sent only with room in the server's rolling hour, the reserve left alone.

    Excepted are those that nothing could warn: between a clock that is set and the first answer with a Date, and the
    one request a minute that asks after a Reset whose answer was lost, or after a Retry-After that was too short.
    """
    hour = Hour(limit=limit, dated=dated, error=timedelta(seconds=error if dated else 0))
    for do in happens:
        hour.do(replace(do, headers=do.headers if headers == "mixed" else headers == "always"))
