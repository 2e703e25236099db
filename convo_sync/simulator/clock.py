"""The simulator's time: runs, stands still or jumps, as its owner says.

Must not know HTTP, conversations or accounts.
"""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Final

_DATE_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Clock:
    """A clock that follows the machine's when started with None, and stands still when started with a datetime."""

    def __init__(self, start: datetime | None = None) -> None:
        self._frozen_at = None if start is None else _aware(start)
        self._offset = timedelta(0)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The current time, aware and in UTC."""
        with self._lock:
            return self._base() + self._offset

    def advance(self, by: timedelta | float) -> None:
        """Move by a timedelta or by seconds; a negative distance moves back."""
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        with self._lock:
            self._offset += step

    def set(self, to: datetime) -> None:
        """Jump to a moment; a running clock runs on from there."""
        moment = _aware(to)
        with self._lock:
            self._offset = moment - self._base()

    def _base(self) -> datetime:
        return self._frozen_at if self._frozen_at is not None else datetime.now(UTC)


def with_milliseconds(moment: datetime) -> str:
    """`2026-03-19T10:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def without_milliseconds(moment: datetime) -> str:
    """`2026-03-19T10:00:00Z`: the API sends both forms, so the simulator does too."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def parse_date_time(text: str) -> datetime:
    """An RFC 3339 date-time, zone included. ValueError for everything else, a bare date among them."""
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not a date-time such as 2026-03-19T10:00:00Z: {text!r}")
    day, hour_minute, second, fraction, zone = match.groups()
    # A leap second is a valid date-time, which datetime cannot hold.
    second = "59" if second == "60" else second
    micro = (fraction or "")[:6].ljust(6, "0")
    return datetime.fromisoformat(f"{day}T{hour_minute}:{second}.{micro}{'+00:00' if zone in 'Zz' else zone}")


def lenient_date_time(value: object) -> datetime | None:
    """The moment a stored value names, or None: the world may hold any JSON."""
    if not isinstance(value, str):
        return None
    try:
        return parse_date_time(value)
    except ValueError:
        return None


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the clock takes aware datetimes only")
    return moment.astimezone(UTC)
