"""Budgets in any state, and a meter with the clock and the durable budget around it. Knows no server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from convo_sync.budget import Budget, available, sending
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


def counted(budget: Budget, now: datetime) -> int:
    """How many requests our own count holds at `now`."""
    return 1900 - available(replace(budget, limit=2000, remaining=None), now)


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
