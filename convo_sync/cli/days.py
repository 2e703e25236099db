"""The days that a person types: local ones, as the UTC text that the archive compares with. "Now" is an argument."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from convo_sync.errors import UsageError
from convo_sync.times import format_time

FORMS = "2026-03-19, 2026-03, 2026, today, yesterday, 30d (days ago) or 4w (weeks ago)"
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", re.ASCII)
_AGO = re.compile(r"(\d{1,5})([dw])", re.ASCII)


def beginning_of(text: str, now: datetime) -> str:
    """When the day, month or year began, on this machine's calendar.

    Args:
        text: as a person typed it, in one of `FORMS`.
        now: an aware datetime.

    Raises:
        UsageError: it is no such day.
    """
    word = text.strip().lower()
    today = now.astimezone().replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    try:
        # Midnight is made aware last: yesterday may have had another offset.
        return format_time(_midnight(word, today).astimezone())
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"“{text}” is not a day.", f"Say it as {FORMS}.") from None


def _midnight(word: str, today: datetime) -> datetime:
    if word in ("today", "yesterday"):
        return today - timedelta(days=int(word == "yesterday"))
    if ago := _AGO.fullmatch(word):
        return today - timedelta(days=int(ago[1]) * (7 if ago[2] == "w" else 1))
    if date := _DATE.fullmatch(word):
        return datetime(int(date[1]), int(date[2] or 1), int(date[3] or 1))
    raise ValueError(word)
