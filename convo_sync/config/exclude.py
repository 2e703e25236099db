"""The rules ``[[sync.exclude]]``, as docs/privacy.md describes them. Imported only where the file has one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time
from pathlib import Path
from typing import Any

from convo_sync.config.source import Keys, Source
from convo_sync.config.values import read_pattern, read_text, shown
from convo_sync.plan.exclusion import WEEKDAYS, Rule

_RULE = "[[sync.exclude]]"
_DAYS = 'names of days, as in ["Sat", "Sun"]'
_HOURS = 'two times of day, as in "12:00-13:00"'
_BETWEEN = re.compile(r"\s*(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)\s*", re.ASCII)
_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_rules(tables: Sequence[Mapping[str, Any]], source: Source) -> tuple[Rule, ...]:
    """What the file's rules say.

    Raises:
        ConfigurationError: a key or value is not allowed, or a rule says nothing; with its line.
    """
    return tuple(_rule(content, at, source) for at, content in enumerate(tables))


def _rule(content: Mapping[str, Any], at: int, source: Source) -> Rule:
    place = ("sync", "exclude", at)
    if not content:
        step = f"{_RULE} takes {', '.join(_KEYS)}; all that it says has to be true of a meeting."
        raise source.wrong(place, f"{_RULE} says nothing, so it would exclude every meeting", step)
    return Rule(**source.fields(content, _KEYS, place, _RULE))


def _read_days(value: Any, _path: Path) -> frozenset[int]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        raise ValueError(f"is {'an empty array' if names == [] else shown(value)}; it has to be {_DAYS}")
    return frozenset(map(_day, names))


def _day(name: Any) -> int:
    said = name.strip().lower() if isinstance(name, str) else ""
    for number, (short, whole) in enumerate(zip(WEEKDAYS, _LONG_DAYS, strict=True)):
        if said in (short.lower(), whole):
            return number
    raise ValueError(f"has {shown(name)} in it; it has to be {_DAYS}")


def _read_between(value: Any, _path: Path) -> tuple[time, time]:
    found = _BETWEEN.fullmatch(value) if isinstance(value, str) else None
    try:
        if found is None:
            raise ValueError
        first, last = time(int(found[1]), int(found[2])), time(int(found[3]) % 24, int(found[4]))
        if int(found[3]) > 24 or (int(found[3]) == 24 and last != time()):
            raise ValueError
    except ValueError:
        raise ValueError(f"is {shown(value)}; it has to be {_HOURS}") from None
    if first == last:
        raise ValueError(f"is {shown(value)}, which begins when it ends; it has to be {_HOURS}")
    return first, last


_KEYS: Keys = {
    "title": ("title", read_pattern),
    "weekdays": ("weekdays", _read_days),
    "between": ("between", _read_between),
    "attendee": ("attendee", read_text),
}
