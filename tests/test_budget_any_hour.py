"""No hour is exceeded, whatever happens: a model server counts a rolling hour by its own clock.

The meter is driven as a run drives it, through lost answers, missing headers, 429s, crashes and a clock that is set.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from hypothesis import example, given, settings
from hypothesis import strategies as st

from convo_sync.budget import ASK_PAUSE, HOUR, LONGEST_RESET, SAME_CLOCK, Budget, reserve
from convo_sync.errors import TryLater
from convo_sync.records import RateReading
from tests.hours import NOON, Desk

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
    commits: bool = True


class Hour:
    """A server with a rolling hour, and a run after another that ask it through a meter."""

    def __init__(self, *, limit: int, dated: bool, error: timedelta) -> None:
        self.limit, self.dated = limit, dated
        self.time, self.error = NOON, error
        self.counted: list[datetime] = []
        self.untold: list[datetime] = []
        self.asked: datetime | None = None
        self.asked_before: datetime | None = None
        self.excused: datetime | None = None
        self.desk = Desk(Budget(limit=limit, server_ahead=-error if dated else None))
        self.blind = self.blind_if_crashed = self.sent_blind = self.told_to_ask = False
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
        # A run does not rest between a commit and the request that it has counted: the next run goes on later.
        self.stop(do)
        self.time += timedelta(seconds=do.seconds)

    def set_clock(self, do: Do) -> None:
        if self.dated:
            self.stop(do)
            self.error += timedelta(seconds=do.seconds)
            # By which clock it was that these were sent nothing can tell any more.
            self.untold = list(self.counted) if self.sent_blind else self.untold
            self.blind, self.blind_if_crashed, self.sent_blind = True, True, False

    def crash(self, do: Do) -> None:
        # What an answer told of the clock is lost with it, if it was not committed yet.
        self.blind = self.blind_if_crashed
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
            self.sent_blind = self.blind
            getattr(self, do.what)(do)
            if do.commits:
                self.desk.budget, self.blind_if_crashed = self.meter.ahead(), self.blind

    def parked(self, parked: TryLater) -> None:
        assert parked.resume_at is not None
        assert timedelta(0) < parked.resume_at - self.desk.now <= LONGEST_RESET

    def check(self) -> None:
        """The request that is about to be sent has room in the hour, as far as any answer could have told."""
        self.asked_before = self.asked
        asks = self.desk.budget.remaining is not None and self.desk.budget.asked_at == self.desk.now
        if asks:
            assert self.blind or self.asked is None or self.time - self.asked >= ASK_PAUSE
            self.asked = self.time
        # A Reset frees what left the hour: one who asks then gives back no request that was beyond before.
        late = self.excused is not None and self.time - self.excused <= HOUR
        if self.blind or (asks and (self.asked_before is not None or self.told_to_ask or late)):
            self.excused = self.time
            return
        told = Counter(self.in_the_hour(BLUR)) - Counter(self.untold)
        assert told.total() < self.limit - reserve(self.limit)

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
        self.lost(do)
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


WAITS = (1, 6, 59, 61, 600, 1800, 3540, 3599, 3601, 3661, 7300)
SETS = (-90_000, -7200, -3600, -600, -61, -6, 6, 61, 600, 3600, 7200)
yes_mostly = st.sampled_from([True, True, True, False])
bursts = st.builds(
    Do,
    st.sampled_from(["answer", "answer", "answer", "lost", "unsent"]),
    count=st.sampled_from([1, 2, 5, 20, 40]),
    seconds=st.sampled_from([0, 0, 1, 7]),
    headers=st.booleans(),
    date=yes_mostly,
    commits=yes_mostly,
)
others = st.one_of(
    st.builds(Do, st.just("wait"), seconds=st.sampled_from(WAITS)),
    st.builds(Do, st.just("set"), seconds=st.sampled_from(SETS)),
    st.builds(Do, st.just("refuse"), seconds=st.sampled_from([0, 1, 1200, 90_000]), headers=st.booleans()),
    st.builds(Do, st.sampled_from(["crash", "stop"])),
)
# A burst after each other thing, so that what it did to the budget shows.
happenings = st.lists(st.tuples(others, bursts), min_size=1, max_size=15).map(
    lambda pairs: [do for pair in pairs for do in pair]
)


@settings(max_examples=300)
@given(
    happenings,
    st.sampled_from([8, 8, 20, 40]),
    yes_mostly,
    st.sampled_from(["always", "never", "never", "mixed", "mixed"]),
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
    one request a minute that asks after a Reset whose answer was lost, or after a Retry-After that was too short; and,
    for an hour after one of these, the one that asks at each Reset. Where
    the clock is set again before an answer has a Date, what was sent before is not told from what is an hour old.
    """
    hour = Hour(limit=limit, dated=dated, error=timedelta(seconds=error if dated else 0))
    for do in happens:
        hour.do(replace(do, headers=do.headers if headers == "mixed" else headers == "always"))
