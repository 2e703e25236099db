"""Times as a person reads them: local, or UTC where asked. "Now" is an argument; it knows no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from convo_sync.render.text import Look, count
from convo_sync.times import parse_time

_LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def at(text: str, look: Look) -> datetime:
    """The archive's text as the instant a person sees; UTC where the local calendar cannot express it."""
    moment = parse_time(text)
    if look.utc:
        return moment
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):
        return moment


def minute(text: str, look: Look) -> str:
    """``2026-03-19 10:00``."""
    return at(text, look).isoformat(" ", "minutes")[:16]


def day_and_minute(text: str, look: Look) -> str:
    """``Thu 2026-03-19 10:00``, with UTC after it where it is."""
    moment = at(text, look)
    return f"{_DAYS[moment.weekday()]} {moment.isoformat(' ', 'minutes')[:16]}{zone(look)}"


def not_before(moment: datetime, now: datetime, look: Look) -> str:
    """``14:05``, the first whole minute by which the moment has come; with the day where that is not today."""
    text, today = _rounded_up(moment), iso(now)
    if at(text, look).date() == at(today, look).date():
        return f"{clock(text, look)}{zone(look)}"
    return day_and_minute(text, look)


def since(text: str, now: datetime, look: Look) -> str:
    """``14:05``, with the day where that is not today."""
    if at(text, look).date() == at(iso(now), look).date():
        return f"{clock(text, look)}{zone(look)}"
    return day_and_minute(text, look)


def until(text: str, look: Look) -> str:
    """``Thu 2026-03-19 10:00``, the first whole minute by which the time has come."""
    return day_and_minute(_rounded_up(parse_time(text)), look)


def _rounded_up(moment: datetime) -> str:
    # A damaged archive may name the end of time.
    return iso(min(moment, _LATEST) + timedelta(minutes=1) - timedelta(microseconds=1))


def as_of(moment: str | None, look: Look) -> str:
    """How old an answer is: when the last complete sync ended, None for never."""
    if moment is None:
        return "No sync has completed yet: this may not be all there is."
    return f"As of {day_and_minute(moment, look)}, when the last complete sync ended."


def day(text: str, look: Look) -> str:
    """``2026-03-19``."""
    return at(text, look).date().isoformat()


def zone(look: Look) -> str:
    """What stands after a time."""
    return " UTC" if look.utc else ""


def clock(text: str, look: Look) -> str:
    """``10:00``."""
    return f"{at(text, look):%H:%M}"


def into(timestamp: str | None, start: str, look: Look) -> str:
    """How far into the meeting: ``12:34``, ``1:02:03``; the time of day where that is impossible; else empty."""
    if timestamp is None:
        return ""
    seconds = int((parse_time(timestamp) - parse_time(start)).total_seconds())
    if not 0 <= seconds < 86400:
        return clock(timestamp, look)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def length(minutes: float | None) -> str:
    """``52 min``; empty where unknown."""
    return "" if minutes is None else f"{minutes:.0f} min"


def hours(minutes: float) -> str:
    """``45 min``, ``2 h``, ``2 h 5 min``."""
    whole, rest = divmod(round(minutes), 60)
    return " ".join(filter(None, (f"{whole:,} h" if whole else "", f"{rest} min" if rest or not whole else "")))


def age(text: str, now: datetime) -> str:
    """``5 minutes ago``; a time that lies ahead (a clock was moved) is "just now"."""
    return f"{span(now - parse_time(text))} ago" if now - parse_time(text) >= timedelta(minutes=1) else "just now"


def span(length: timedelta) -> str:
    """A length of time in its largest fitting unit."""
    minutes = max(0, round(length.total_seconds() / 60))
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return count(minutes, "minute")
    if minutes < 48 * 60:
        return count(round(minutes / 60), "hour")
    return count(round(minutes / 1440), "day")


def iso(moment: datetime) -> str:
    """For JSON: the archive's width."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
