"""The values of config.toml's keys: each reader returns one as the program uses it, or says what is allowed.

A reader takes the value as TOML gave it and the file's path, and raises ValueError with the end of a sentence that
began with the key's name. Must not know the keys.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=366)
DURATIONS = 'a number and a unit (s, min, h, day), as in "45s", "30 min" or "1h 30min"; from 1 second to 366 days'
# No count, no number of minutes or days has to be larger; each of them fits into a timedelta and into SQLite.
LARGEST = 1_000_000

_WORDS = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hr": 3600, "hour": 3600, "day": 86_400, "week": 604_800}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800} | _WORDS
_SECONDS |= {f"{word}s": seconds for word, seconds in _WORDS.items()}
_PART = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]+)\s*", re.ASCII)
# The client checks an address in full; this much has to be said with the file's name and the line.
_SAFE_URL = re.compile(
    r"(?:https://[^\s/?#@\\]+|http://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?)(?:/[^\s?#@\\]*)?", re.I
)


def parse_duration(text: str) -> timedelta:
    """A duration as a person writes it: "45s", "30 min", "1h 30min", "1 day".

    Raises:
        ValueError: it is none, or shorter than a second or longer than a year; the message says what is allowed.
    """
    seconds, at, low = 0.0, 0, text.strip().lower()
    while at < len(low) or not low:
        part = _PART.match(low, at)
        unit = part and _SECONDS.get(part[2])
        if not part or not unit:
            raise ValueError(f"is {text!r}, which is no duration: {DURATIONS}")
        seconds, at = seconds + float(part[1]) * unit, part.end()
    if not SHORTEST.total_seconds() <= seconds <= LONGEST.total_seconds():
        raise ValueError(f"is {text!r}, which is out of bounds: {DURATIONS}")
    return timedelta(seconds=seconds)


def read_text(value: Any, _path: Path) -> str:
    """Text that says something."""
    if not isinstance(value, str):
        raise ValueError(f'is {shown(value)}; it has to be text in quotes, "…"')
    if not value.strip():
        raise ValueError("is empty; put a # before the line to leave it out")
    return value


def read_switch(value: Any, _path: Path) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"is {shown(value)}; it has to be true or false, without quotes")
    return value


def read_url(value: Any, path: Path) -> str:
    """An address that a key may be sent to, without a slash at its end."""
    url = read_text(value, path)
    if not _SAFE_URL.fullmatch(url):
        raise ValueError(f"has to be an https:// address, or an http:// one of this machine{_hint(url)}")
    return url.rstrip("/")


def _hint(url: str) -> str:
    # An address with a name and password in it is not repeated.
    return "" if "@" in url else f", not {shown(url)}"


def read_file(value: Any, path: Path) -> Path:
    """A path; a relative one begins at the folder of config.toml, whichever folder the program runs in."""
    try:
        return path.parent / Path(read_text(value, path)).expanduser()
    except RuntimeError:
        raise ValueError(f"is {shown(value)}, and there is no such user") from None


def read_command(value: Any, path: Path) -> str:
    """A command line, as a POSIX shell splits it."""
    import shlex

    text = read_text(value, path)
    try:
        shlex.split(text)
    except ValueError:
        raise ValueError("has a quotation mark that is never closed") from None
    return text


def read_duration(value: Any, _path: Path) -> timedelta:
    """A duration, in quotes."""
    if not isinstance(value, str):
        raise ValueError(f"is {shown(value)}; it has to be in quotes, {DURATIONS}")
    return parse_duration(value)


def read_count(value: Any, _path: Path) -> int:
    """A whole number, 0 or more."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST:
        return value
    raise ValueError(f"is {shown(value)}; it has to be a whole number from 0 to {LARGEST:,}")


def read_number(value: Any, _path: Path) -> float:
    """A number, 0 or more, with or without a fraction."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST:
        return abs(float(value))  # -0.0 is 0
    raise ValueError(f"is {shown(value)}; it has to be a number from 0 to {LARGEST:,}")


def read_minutes(value: Any, path: Path) -> timedelta:
    """A number of minutes, 0 or more."""
    return timedelta(minutes=read_number(value, path))


def read_pattern(value: Any, path: Path) -> str:
    """A regular expression that is searched for whatever its case."""
    import warnings

    text = read_text(value, path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python may read otherwise one day says now what is meant
            re.compile(text, re.IGNORECASE)
    except RecursionError:
        raise ValueError("is no regular expression: it is nested too deeply") from None
    except (re.error, ValueError, OverflowError, Warning) as error:
        raise ValueError(f"is {shown(text)}, which is no regular expression: {error}") from None
    return text


def read_tables(value: Any, _path: Path) -> list[dict[str, Any]]:
    """Tables, one for each rule; what they say is not looked at."""
    if isinstance(value, dict):
        raise ValueError("is a single table; it needs double brackets, [[…]]")
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"is {shown(value)}; it has to be written as tables, [[…]], one for each rule")
    return value


def shown(value: Any) -> str:
    """A value in a message, nearly as its owner wrote it, and never long."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return "an array" if isinstance(value, list) else "a table"
    if isinstance(value, int) and abs(value) >= 10**20:  # so large that Python may refuse to write it in decimals
        return "a number of more than 20 digits"
    text = value.isoformat() if isinstance(value, date | time) else repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
