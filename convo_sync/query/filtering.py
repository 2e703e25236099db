"""The values of filters. Knows no table: what a title or an id is compared with is the search's affair."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from convo_sync import days
from convo_sync.errors import UsageError
from convo_sync.query.asked import Filters
from convo_sync.query.pieces import Piece

KINDS = ("title", "transcript", "keypoints", "decision", "action_item", "feedback", "email", "answer")
_ALIASES = {
    "action": "action_item", "todo": "action_item", "task": "action_item", "turn": "transcript",
    "segment": "transcript", "keypoint": "keypoints", "point": "keypoints", "mail": "email", "name": "title",
    **{kind.replace("_", ""): kind for kind in KINDS},
}  # fmt: skip
_NAMES = {"speaker": "speakers", "title": "titles", "id": "ids"}
_LENGTH = re.compile(
    r"(?:(?P<hours>\d{1,4}(?:[.,]\d{1,3})?)h(?:(?:ou)?rs?)?)?"
    r"(?:(?P<minutes>\d{1,6}(?:[.,]\d{1,3})?)(?:m|min|mins|minutes?)?)?",
    re.ASCII | re.IGNORECASE,
)


def narrowed(filters: Filters, piece: Piece, now: datetime | None, *, excluded: bool) -> Filters:
    """The filters with one more.

    Raises:
        UsageError: its value is impossible, or it cannot be excluded.
    """
    if piece.name in _NAMES:
        star = "*" if piece.stars and piece.name != "id" else ""  # an id is a beginning anyway
        return _with(filters, _NAMES[piece.name], piece.text + star, excluded=excluded)
    if piece.name == "in":
        return _with(filters, "kinds", *_kinds(piece), excluded=excluded)
    if piece.name in ("after", "before"):
        instant = days.beginning_of(piece.text, now, typed=piece.typed)
        # Not after the beginning of a day is before it.
        return _later(filters, instant) if (piece.name == "after") ^ excluded else _earlier(filters, instant)
    if excluded:
        raise UsageError(f"“{piece.typed}” cannot be excluded.", f"Say what is wanted, {piece.name}: without a minus.")
    if piece.name == "min":
        return filters._replace(min_minutes=max(filters.min_minutes or 0.0, _minutes(piece)))
    first, end = days.period(piece.text, now, typed=piece.typed)
    return _earlier(_later(filters, first), end)


def _with(filters: Filters, field: str, *values: str, excluded: bool) -> Filters:
    field = f"not_{field}" if excluded else field
    longer: dict[str, Any] = {field: tuple(dict.fromkeys((*getattr(filters, field), *values)))}
    return filters._replace(**longer)


def _later(filters: Filters, instant: str) -> Filters:
    return filters._replace(after=max(filters.after or "", instant))


def _earlier(filters: Filters, instant: str) -> Filters:
    return filters._replace(before=min(filters.before or instant, instant))


def _kinds(piece: Piece) -> list[str]:
    """The kinds that the value names, commas between: in the plural, with or without spaces, or by what people say."""
    kinds = []
    for name in piece.text.split(","):
        plain = re.sub(r"[\s_-]", "", name.casefold())
        kind = _ALIASES.get(plain) or _ALIASES.get(plain.removesuffix("s"))
        if kind is None:
            raise UsageError(f"“{piece.typed}” is no kind of text.", f"Say one of: {', '.join(KINDS)}.")
        kinds.append(kind)
    return kinds


def _minutes(piece: Piece) -> float:
    found = _LENGTH.fullmatch("".join(piece.text.split()))
    if not found:
        raise UsageError(f"“{piece.typed}” is not a length of time.", "Say it in minutes, as min:30, or as min:1h30.")
    hours, minutes = (float((found[name] or "0").replace(",", ".")) for name in ("hours", "minutes"))
    return 60 * hours + minutes
