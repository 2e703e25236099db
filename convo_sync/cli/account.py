"""One look at the account behind a key, for `init` and `doctor`: each request counted, its headers kept.

Must not know what is made of it. It draws on no archive's budget: the server's own count covers these requests.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from convo_sync.client import Client
from convo_sync.errors import ConvoSyncError, Forbidden, RateLimited, TryLater
from convo_sync.records import Account, RateReading
from convo_sync.render.text import count, safe

Clock = Callable[[], datetime]
# Requests an hour by plan, where the answers do not say it (API contract, "Plans").
HOURLY = {"free": 100, "starter": 100, "professional": 500, "enterprise": 2000}


def utc_now() -> datetime:
    """This machine's time."""
    return datetime.now(UTC)


class Tally:
    """Counts requests and keeps the last answer's headers: the client's meter."""

    def __init__(self, now: Clock = utc_now) -> None:
        self._now = now
        self.requests = 0
        self.reading = RateReading()
        self.read_at = now()

    def sending(self) -> None:
        """A request goes out."""
        self.requests += 1

    def unsent(self) -> None:
        """It did not get out."""
        self.requests -= 1

    def answered(self, reading: RateReading) -> None:
        """The headers of its answer."""
        self.reading, self.read_at = reading, self._now()


@dataclass(frozen=True)
class Glance:
    """What one GET of the profile showed: the account, or the error; `read_at` is when this machine got the headers."""

    account: Account | None
    error: ConvoSyncError | None
    reading: RateReading
    read_at: datetime


def glance(base_url: str, key: str, now: Clock = utc_now) -> Glance:
    """Ask for the profile, once."""
    tally = Tally(now)
    try:
        with Client(base_url, key, meter=tally, attempts=1) as client:
            return Glance(client.get_profile(), None, tally.reading, tally.read_at)
    except ConvoSyncError as error:
        return Glance(None, plainer(error), tally.reading, tally.read_at)


def plainer(error: ConvoSyncError) -> ConvoSyncError:
    """The same error, with what it means for somebody who sets up; the API's own words are terse."""
    if isinstance(error, RateLimited):
        return TryLater("This hour's requests to Convo are used up.", f"Try again {_when(error.retry_after_seconds)}.")
    if isinstance(error, Forbidden):
        told = Forbidden(
            f"The key is right, but this plan does not include the API: {error.message}",
            status=error.status,
            api_code=error.api_code,
        )
        told.next_step = "The API comes with Starter and the plans above it: change the plan in Convo's settings."
        return told
    return error


def _when(seconds: float | None) -> str:
    return "in an hour" if seconds is None else f"in {count(max(1, math.ceil(seconds / 60)), 'minute')}"


def hourly_limit(account: Account, reading: RateReading) -> int | None:
    """Requests an hour, as the answers say or as the plan is known to have; None where neither tells."""
    return reading.limit or HOURLY.get(account.tier.lower())


def plan_in_words(account: Account, reading: RateReading) -> str:
    """The plan, the hour and the month's credits, on one line."""
    limit = hourly_limit(account, reading)
    words = [f"{safe(account.tier)}: {'unknown' if limit is None else f'{limit:,}'} requests an hour"]
    if reading.remaining is not None:
        words.append(f"{reading.remaining:,} left in this one")
    if account.credits_used is not None:
        of = "" if account.credits_limit is None else f" of {account.credits_limit:,}"
        words.append(f"{account.credits_used:,}{of} AI credits used this month")
    return ", ".join(words)
