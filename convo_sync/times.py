"""Instants as the archive writes them: UTC, milliseconds, one width. Knows no clock: "now" is always an argument."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

# A transcript has thousands of times, nearly all in this width already: matching is six times faster than parsing.
# 29 February takes the slow way, so that what matches is always a day that exists.
_CANONICAL = (
    r"[12]\d{3}-(?:(?:0[1-9]|1[0-2])-(?:[01][1-9]|[12]0|2[1-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z"
)


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 instant, with or without milliseconds or offset (none means UTC), into an aware UTC datetime.

    Raises:
        ValueError: the text is not an instant, or lies outside the years Python can express.
    """
    parsed = datetime.fromisoformat(text.strip())
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is outside the calendar") from error


def format_time(moment: datetime) -> str:
    """Write an aware datetime in the archive's one width, ``2026-03-19T10:00:00.000Z``: text order is time order."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def read_time(text: str | None) -> datetime | None:
    """`parse_time` for a column that may be null."""
    return None if text is None else parse_time(text)


def write_time(moment: datetime | None) -> str | None:
    """`format_time` for a column that may be null."""
    return None if moment is None else format_time(moment)


@cache
def _canonical() -> re.Pattern[str]:
    # Made when it is first needed: a search, which only reads times, does not wait for it.
    return re.compile(_CANONICAL, re.ASCII)


def local(moment: datetime) -> datetime:
    """The instant on this machine's calendar; as it is where that cannot express it."""
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):
        return moment


def normalise_time(text: str | None) -> str | None:
    """Bring a received time to the archive's width; what is no instant becomes None (the body keeps it as it came)."""
    if text is None or _canonical().fullmatch(text):
        return text
    try:
        return format_time(parse_time(text))
    except ValueError:
        return None


def no_later_than(moment: datetime | None, now: datetime) -> datetime:
    """The moment, or `now` where it is missing or lies in the future (a meeting dated 2036, a clock that was ahead)."""
    return now if moment is None or moment > now else moment
