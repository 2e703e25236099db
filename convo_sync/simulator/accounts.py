"""Who may ask, and how often: plans, accounts, keys and the rolling hour.

Must not know what is asked for, nor HTTP beyond the words of the Authorization header.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Final

from convo_sync.simulator.wire import UNAUTHORIZED, Refusal

if TYPE_CHECKING:
    from convo_sync.simulator.world import World

HOUR: Final = timedelta(hours=1)
_BEARER: Final = re.compile(r"Bearer (convo_[A-Za-z0-9_\-]+)")


@dataclass(frozen=True)
class Plan:
    """What a tier includes; None is unlimited."""

    hourly_requests: int
    monthly_credits: int | None
    webhooks: int | None
    has_api: bool = True


# The plans' table has no line for Free: its hour only matters for the headers of a 403.
PLANS: Final = {
    "free": Plan(100, 0, 0, has_api=False),
    "starter": Plan(100, 10, 0),
    "professional": Plan(500, 100, 3),
    "enterprise": Plan(2000, None, None),
}


@dataclass(frozen=True)
class Rate:
    """What the rate headers say. `reset_at`: when the oldest counted request leaves the hour, and room appears."""

    limit: int
    remaining: int
    reset_at: datetime

    @property
    def reset(self) -> int:
        """Unix seconds, rounded up: at that second the room is there."""
        return ceil(self.reset_at.timestamp())


class RollingHour:
    """The counted requests of one user, and how many of them the last hour holds."""

    def __init__(self) -> None:
        self._recent: deque[datetime] = deque()
        self.history: list[datetime] = []

    def count(self, now: datetime) -> None:
        """One more request."""
        self._recent.append(now)
        self.history.append(now)

    def rate(self, now: datetime, limit: int) -> Rate:
        """The state of the hour that ends now; a request exactly an hour old has left it."""
        while self._recent and self._recent[0] <= now - HOUR:
            self._recent.popleft()
        used = len(self._recent)
        # Over the limit (a plan was lowered), room appears when enough have left, not when the first has.
        turn = max(0, used - limit)
        reset_at = self._recent[turn] + HOUR if turn < used else now
        return Rate(limit, max(0, limit - used), reset_at)

    def worst(self) -> int:
        """The largest number of counted requests in any rolling hour of the whole history."""
        times = sorted(self.history)
        return max((i + 1 - bisect_right(times, moment - HOUR) for i, moment in enumerate(times)), default=0)


@dataclass
class Account:
    """A user of the service."""

    email: str
    tier: str
    world: World
    name: str = "Mara Voss"
    timezone: str = "Europe/Berlin"
    hour: RollingHour = field(default_factory=RollingHour)

    @property
    def plan(self) -> Plan:
        """What the tier includes."""
        return PLANS[self.tier]

    def rate(self, now: datetime) -> Rate:
        """The hour under the plan's limit."""
        return self.hour.rate(now, self.plan.hourly_requests)


def checked_tier(tier: str) -> str:
    """The tier itself. ValueError naming the known ones otherwise."""
    if tier not in PLANS:
        raise ValueError(f"unknown tier {tier!r}; one of: {', '.join(PLANS)}")
    return tier


class KeyRing:
    """API keys and whose they are."""

    def __init__(self) -> None:
        self._owners: dict[str, Account] = {}

    def add(self, key: str, account: Account) -> None:
        """Give an account a key; keys start with convo_."""
        if not _BEARER.fullmatch(f"Bearer {key}"):
            raise ValueError("a key is convo_ followed by letters, digits, _ or -")
        self._owners[key] = account

    def revoke(self, key: str) -> None:
        """From now on the key is unknown. KeyError if it already is."""
        del self._owners[key]

    def owner(self, authorization: str | None) -> tuple[str, Account]:
        """The key of an Authorization header and its account. Refuses with 401."""
        match = _BEARER.fullmatch(authorization or "")
        if match is None:
            raise Refusal(401, UNAUTHORIZED, "Send the header Authorization: Bearer convo_…")
        key = match.group(1)
        if key not in self._owners:
            raise Refusal(401, UNAUTHORIZED, "The API key is unknown or was revoked.")
        return key, self._owners[key]
