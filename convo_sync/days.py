"""The days and periods that a person types: local ones, as the UTC text that the archive compares with.

Knows no clock, no option and no filter: "now" is an argument, and so is how a refusal names what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from convo_sync.errors import UsageError
from convo_sync.times import format_time

FORMS = '2026-03-19, 2026-03, 2026, today, yesterday, 30d, 4w, 6m or 1y (ago), monday, "last week", "this month"'
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NEAR = {"today": 0, "yesterday": -1, "tomorrow": 1}
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_AGO = re.compile(r"(\d{1,5})([dwmy])", re.ASCII)
_DAY = timedelta(days=1)


def beginning_of(text: str, now: datetime | None, *, typed: str = "") -> str:
    """When the day or period began, on this machine's calendar.

    Args:
        text: as a person typed it, in one of `FORMS`, in any case.
        now: an aware datetime; None where no clock is known, and then only a date is understood.
        typed: what a refusal names, where it is more than `text`.

    Raises:
        UsageError: it is no such day.
    """
    return _instants(text, now, typed or text, (0,))[0]


def period(text: str, now: datetime | None, *, typed: str = "") -> tuple[str, str]:
    """When the day or period began, and when what comes after it does; arguments and errors as for `beginning_of`.

    A day is itself, "last week" that week, and 30d all since then, today included.
    """
    first, end = _instants(text, now, typed or text, (0, 1))
    return first, end


def _instants(text: str, now: datetime | None, typed: str, sides: tuple[int, ...]) -> tuple[str, ...]:
    words = text.replace("-", " ").replace("_", " ") if text[:1].isalpha() else text
    word = " ".join(words.lower().split())
    try:
        days = _calendar(word) or _relative(word, _midnight(now))
        # Midnight is made aware last: yesterday may have had another offset.
        return tuple(format_time(days[side].astimezone()) for side in sides)
    except LookupError:
        raise UsageError(f"“{typed}” depends on what day it is.", "Say it as 2026-03-19, 2026-03 or 2026.") from None
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"“{typed}” is not a day.", f"Say it as {FORMS}.") from None


def _midnight(now: datetime | None) -> datetime | None:
    return now and now.astimezone().replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)


def _calendar(word: str) -> tuple[datetime, datetime] | None:
    """A day, month or year by its date, and what follows it; None where the word is something else."""
    date = _DATE.fullmatch(word)
    if not date:
        return None
    first = datetime(int(date[1]), int(date[2] or 1), int(date[3] or 1))
    if date[3]:
        return first, _or_last(lambda: first + _DAY)
    return first, _or_last(lambda: _months_later(first, 1 if date[2] else 12))


def _relative(word: str, today: datetime | None) -> tuple[datetime, datetime]:
    """A day or period as seen from today.

    Raises:
        LookupError: it is one, and today is not known.
        ValueError: it is none.
    """
    known = today or datetime(2000, 1, 1)
    found = _near(word, known) or _ago(word, known) or _named(word, known)
    if not found:
        raise ValueError(word)
    if not today:
        raise LookupError(word)
    return found


def _near(word: str, today: datetime) -> tuple[datetime, datetime] | None:
    if word not in _NEAR:
        return None
    day = today + _NEAR[word] * _DAY
    return day, day + _DAY


def _ago(word: str, today: datetime) -> tuple[datetime, datetime] | None:
    ago = _AGO.fullmatch(word)
    if not ago:
        return None
    count = int(ago[1])
    if ago[2] in "dw":
        return today - count * (7 if ago[2] == "w" else 1) * _DAY, today + _DAY
    return _months_later(today, -count * (12 if ago[2] == "y" else 1)), today + _DAY


def _named(word: str, today: datetime) -> tuple[datetime, datetime] | None:
    """Monday (the latest, maybe today), last monday (the latest before today), last week, this month and so on."""
    which, _, name = word.rpartition(" ")
    if which not in ("", "last", "this"):
        return None
    for number, weekday in enumerate(_WEEKDAYS):
        if name in (weekday, weekday[:3]):
            day = today - (today.weekday() - number) % 7 * _DAY
            if which == "last" and day == today:
                day -= 7 * _DAY
            return day, day + _DAY
    return _span(name, today, back=int(which == "last")) if which else None


def _span(name: str, today: datetime, *, back: int) -> tuple[datetime, datetime] | None:
    if name == "week":
        first = today - (today.weekday() + 7 * back) * _DAY
        return first, first + 7 * _DAY
    if name == "month":
        first = _months_later(today.replace(day=1), -back)
        return first, _months_later(first, 1)
    if name == "year":
        first = today.replace(year=today.year - back, month=1, day=1)
        return first, _months_later(first, 12)
    return None


def _months_later(day: datetime, months: int) -> datetime:
    """The same day of another month, or its last one where it has no such day.

    Raises:
        ValueError: the calendar has no such year.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = day.replace(year=year, month=month + 1, day=1)
    return max(at for at in (first + n * _DAY for n in range(day.day)) if at.month == first.month)


def _or_last(following: Callable[[], datetime]) -> datetime:
    """What follows a day; after the calendar's last there is none."""
    try:
        return following()
    except (ValueError, OverflowError):
        return datetime.max
