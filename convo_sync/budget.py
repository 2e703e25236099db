"""How many requests may still be sent this hour. Pure: the time is an argument, and what is believed is a frozen value.

The server's own count is believed whenever it was read (the limit is per user, so other tools draw on the same hour); a
request sent since counts on top of it. Without the headers our own count over a rolling hour stands in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from convo_sync.records import RateReading

HOUR = timedelta(hours=1)
# Once Reset has passed one request asks; if its answer is lost, the next asks a minute later and not at once.
ASK_PAUSE = timedelta(minutes=1)
# The smallest plan's hour (README of the API contract): what we assume until the server has said more.
SMALLEST_LIMIT = 100
# A Reset further away than the longest possible window, and some slack, came from a wrong clock.
LONGEST_RESET = HOUR + timedelta(minutes=5)
# Date has a resolution of a second: less than this is no difference between two clocks.
SAME_CLOCK = timedelta(seconds=5)
# An hour touches 61 minutes; as many again for a clock that was set, and what was sent longest ago is forgotten.
MOST_MINUTES = 122


@dataclass(frozen=True, slots=True)
class Budget:
    """The hour as last read, in times of this machine's clock.

    `sent_by_minute` holds (minute since 1970, requests), the last sent last; `server_ahead` says how far the server's
    clock was ahead of ours.
    """

    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None
    read_at: datetime | None = None
    sent_since: int = 0
    asked_at: datetime | None = None
    sent_by_minute: tuple[tuple[int, int], ...] = ()
    server_ahead: timedelta | None = None


def server_now(budget: Budget, now: datetime) -> datetime:
    """The server's time, as far as its answers tell how it differs from this machine's."""
    return now if budget.server_ahead is None or abs(budget.server_ahead) <= SAME_CLOCK else now + budget.server_ahead


def reserve(limit: int) -> int:
    """Requests kept back for commands that a person types: 5 %, at least 3, yet never more than half of a tiny hour."""
    return min(max(3, -(-limit // 20)), limit // 2)


def available(budget: Budget, now: datetime, *, typed: bool = False) -> int:
    """How many requests may be sent at `now`; the reserve is for what a person typed, and not for syncs."""
    limit = budget.limit or SMALLEST_LIMIT
    kept = 0 if typed else reserve(limit)
    if budget.remaining is None or budget.reset_at is None:
        return max(0, limit - kept - _sent_within_hour(budget, now))
    if not _reset_passed(budget, now):
        return max(0, budget.remaining - budget.sent_since - kept)
    asked_lately = budget.asked_at is not None and timedelta(0) <= now - budget.asked_at < ASK_PAUSE
    return 0 if asked_lately else 1


def sending(budget: Budget, now: datetime) -> Budget:
    """The budget with one more request on its way."""
    minute = _minute(now)
    recent = dict(_moved(budget, 0, now))
    recent[minute] = recent.pop(minute, 0) + 1
    return replace(
        budget,
        sent_since=budget.sent_since + 1,
        asked_at=now if _reset_passed(budget, now) else budget.asked_at,
        sent_by_minute=tuple(recent.items())[-MOST_MINUTES:],
    )


def take_back(budget: Budget) -> Budget:
    """The budget without the last request of `sending`: it was counted, and not sent."""
    *earlier, (minute, sent) = budget.sent_by_minute
    recent = (*earlier, (minute, sent - 1)) if sent > 1 else tuple(earlier)
    return replace(budget, sent_since=budget.sent_since - 1, asked_at=None, sent_by_minute=recent)


def answered(budget: Budget, reading: RateReading, now: datetime) -> Budget:
    """The budget after an answer's headers. Headers that are missing leave our own count to stand in."""
    budget = _in_step(budget, reading.server_time, now)
    if reading.remaining is None:
        known = replace(budget, limit=reading.limit or budget.limit)
        # What an earlier answer, or a 429, said of the hour has run out, and this answer says nothing new.
        return replace(known, remaining=None, reset_at=None) if _reset_passed(budget, now) else known
    away = _seconds_away(reading.reset_after_seconds)
    return replace(
        budget,
        limit=reading.limit or budget.limit,
        remaining=max(0, reading.remaining),
        reset_at=now + timedelta(seconds=away),
        read_at=now,
        sent_since=0,
        asked_at=None,
    )


def _in_step(budget: Budget, server_time: datetime | None, now: datetime) -> Budget:
    """Our own count, moved along if this machine's clock was set since the last answer, without what is an hour old.

    Only an answer with a Date tells what is an hour old. Where the clock was set back nothing moves: what lies ahead of
    it counts as sent now, and what was sent since the clock was set must not become older than it is.
    """
    if server_time is None:
        return budget
    ahead = server_time - now
    known, forward = ahead if budget.server_ahead is None else budget.server_ahead, 0
    # A reading near the last one is the same: were a clock five seconds off now right and now wrong, what one page
    # of the list made due would not be due yet when the documents are planned.
    if budget.server_ahead is None or abs(ahead - known) > SAME_CLOCK:
        forward = max(0, math.ceil((known - ahead) / timedelta(minutes=1)))
        budget = replace(budget, server_ahead=ahead)
    budget = replace(budget, sent_by_minute=_moved(budget, forward, now))
    return replace(budget, sent_by_minute=_within_hour(budget, now))


def _moved(budget: Budget, minutes: int, now: datetime) -> tuple[tuple[int, int], ...]:
    """Our own count so many minutes later, but no later than now: nothing was sent ahead of the clock."""
    newest, moved = _minute(now), dict[int, int]()
    for minute, sent in budget.sent_by_minute:
        at = min(minute + minutes, newest)
        moved[at] = moved.pop(at, 0) + sent
    return tuple(moved.items())


def refused(budget: Budget, retry_after_seconds: float | None, now: datetime) -> Budget:
    """The budget after a 429 rate_limited: nothing is left until Retry-After (an hour, where none was given)."""
    away = _seconds_away(retry_after_seconds)
    return replace(
        budget, remaining=0, reset_at=now + timedelta(seconds=away), read_at=now, sent_since=0, asked_at=None
    )


def _seconds_away(seconds: float | None) -> float:
    """A distance to Reset that can be meant: an hour where none was told, and never none at all."""
    return min(max(1.0, HOUR.total_seconds() if seconds is None else seconds), LONGEST_RESET.total_seconds())


def resume_at(budget: Budget, now: datetime) -> datetime:
    """When the next request may be sent, where none may now."""
    if budget.remaining is None or budget.reset_at is None:
        return datetime.fromtimestamp((_leaving(budget, now) + 1) * 60, UTC) + HOUR
    if _reset_passed(budget, now):
        return (budget.asked_at or now) + ASK_PAUSE
    return budget.reset_at


def _leaving(budget: Budget, now: datetime) -> int:
    """The minute with which enough leaves the hour for another request."""
    limit = budget.limit or SMALLEST_LIMIT
    over = _sent_within_hour(budget, now) - (limit - reserve(limit))
    for minute, sent in sorted(_within_hour(budget, now)):
        over -= sent
        if over < 0:
            return minute
    return _minute(now)


def _reset_passed(budget: Budget, now: datetime) -> bool:
    return budget.reset_at is not None and (budget.reset_at <= now or budget.reset_at > now + LONGEST_RESET)


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def _within_hour(budget: Budget, now: datetime) -> tuple[tuple[int, int], ...]:
    # A minute is counted until its last second is an hour old; minutes ahead of the clock are not.
    newest = _minute(now)
    return tuple((minute, sent) for minute, sent in budget.sent_by_minute if newest - 60 <= minute <= newest)


def _sent_within_hour(budget: Budget, now: datetime) -> int:
    return sum(sent for _, sent in _within_hour(budget, now))
