"""AI credits: what was charged to whom, and what the month still allows.

Must not know what is generated, nor HTTP beyond the refusal it raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from convo_sync.simulator.accounts import Account
from convo_sync.simulator.wire import AI_LIMIT, Refusal

LAG: Final = timedelta(minutes=5)
ELSEWHERE: Final = "elsewhere"


@dataclass(frozen=True)
class Charge:
    """One credit spent. `kind` is keypoints, feedback, email, query, or elsewhere (another tool of the user's)."""

    time: datetime
    key: str
    user: str
    conversation_id: str | None
    kind: str


@dataclass(frozen=True)
class Usage:
    """What the profile shows; limit and remaining are None when unlimited."""

    used: int
    limit: int | None
    remaining: int | None
    resets_at: datetime


def month_start(moment: datetime) -> datetime:
    """The first of the month, 00:00 UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(moment: datetime) -> datetime:
    """When the credits come back: the first of the next month, 00:00 UTC."""
    return month_start(month_start(moment) + timedelta(days=32))


class Credits:
    """Every charge of every account."""

    def __init__(self, *, lagging: bool) -> None:
        self.charges: list[Charge] = []
        self._lag = LAG if lagging else timedelta(0)

    def used(self, account: Account, now: datetime) -> int:
        """Charges of the current month, shown in the profile or not."""
        return self._count(account, month_start(now), now)

    def usage(self, account: Account, now: datetime) -> Usage:
        """The profile's view, which may lag."""
        used = self._count(account, month_start(now), now - self._lag)
        limit = account.plan.monthly_credits
        remaining = None if limit is None else max(0, limit - used)
        return Usage(used, limit, remaining, next_month(now))

    def require(self, account: Account, now: datetime) -> None:
        """Refuse with 429 ai_limit_exceeded when the month's credits are used up."""
        limit = account.plan.monthly_credits
        if limit is not None and self.used(account, now) >= limit:
            raise Refusal(429, AI_LIMIT, "The AI generations of this month are used up.")

    def charge(self, charge: Charge) -> None:
        """Spend one."""
        self.charges.append(charge)

    def _count(self, account: Account, start: datetime, end: datetime) -> int:
        return sum(1 for c in self.charges if c.user == account.email and start <= c.time <= end)
