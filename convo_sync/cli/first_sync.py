"""What the first sync will ask for, and how long the plan's hour makes it take. Pure: counts in, sentences out."""

from __future__ import annotations

from dataclasses import dataclass

from convo_sync.budget import reserve
from convo_sync.plan.listing import PAGE_SIZE
from convo_sync.records import HELD_KINDS, RateReading
from convo_sync.render.text import count

# The profile, which a first sync reads to know whose archive it makes.
_PROFILE = 1


@dataclass(frozen=True)
class FirstSync:
    """At most so many requests, and hours to wait for the hourly limit; `hours` is None where the limit is unknown."""

    requests: int
    per_hour: int | None
    hours: int | None

    def in_words(self) -> str:
        """One line for a person."""
        asks = f"at most {count(self.requests, 'request')}"
        if self.hours is None or self.per_hour is None:
            return f"{asks}; how long that takes depends on your plan's hourly limit"
        if self.hours == 0:
            return f"{asks}: within this hour's limit, so it ends in minutes"
        span = (
            f"about {count(self.hours, 'hour')}" if self.hours < 48 else f"about {count(-(-self.hours // 24), 'day')}"
        )
        return f"{asks} at {self.per_hour:,} an hour: {span}, the newest meetings first; it goes on where it stopped"


def foresee(meetings: int, limit: int | None, reading: RateReading) -> FirstSync:
    """The list's pages and three documents a meeting, against the hour less the requests that a sync keeps back."""
    requests = _PROFILE + max(1, -(-meetings // PAGE_SIZE)) + len(HELD_KINDS) * meetings
    if limit is None:
        return FirstSync(requests, None, None)
    per_hour = max(1, limit - reserve(limit))
    left = limit if reading.remaining is None else reading.remaining
    at_once = max(0, left - reserve(limit))
    return FirstSync(requests, per_hour, max(0, -(-(requests - at_once) // per_hour)))
