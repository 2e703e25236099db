"""The list of meetings, in aligned columns or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from convo_sync.render import when
from convo_sync.render.text import Look, clip, pad, safe, width, wrap
from convo_sync.render.when import length, minute, zone
from convo_sync.views import MeetingRow

# The contract of `list --json`, in this order; `show --json` begins with the same.
ROW_KEYS = (
    "id", "title", "start_time", "end_time", "minutes", "segments", "transcript", "keypoints", "feedback", "gone_at",
)  # fmt: skip
_LACKS = {
    "pending": "no transcript yet",
    "failed": "transcript failed",
    "absent": "no transcript",
    "excluded": "transcript excluded",
    "not-applicable": "no transcript",
    "": "no transcript yet",
}
_NARROWEST_TITLE = 16
_START, _LENGTH, _TURNS, _TITLE, _ID, _NOTE = range(6)
_TO_THE_RIGHT = (_LENGTH, _TURNS)


def as_json(rows: Sequence[MeetingRow], as_of: str | None) -> dict[str, Any]:
    """The document that ``list --json`` prints; `as_of` is when the last complete sync ended."""
    return {"conversations": [{key: getattr(row, key) for key in ROW_KEYS} for row in rows], "as_of": as_of}


def lines(rows: Sequence[MeetingRow], look: Look, *, whole: bool) -> Iterator[str]:
    """A heading and a line a meeting. Unless `whole`, they are made to fit the terminal's width."""
    cells = [_cells(row, look) for row in rows]
    heads = (f"START{zone(look)}", "LENGTH", "TURNS", "TITLE", "ID", "")
    widths = {column: max(width(row[column]) for row in (heads, *cells)) for column in range(len(heads))}
    if not whole:
        _fit(widths, look.width)
    yield look.faint(_line(heads, widths))
    for row, row_cells in zip(rows, cells, strict=True):
        line = _line(row_cells, widths)
        yield look.faint(line) if row.gone_at else line


def age_lines(as_of: str | None, look: Look) -> Iterator[str]:
    """How old the list is."""
    yield from map(look.faint, wrap(when.as_of(as_of, look), look.prose))


def _fit(widths: dict[int, int], columns: int) -> None:
    """Clip the titles; where that is not enough, leave out the turns, then the length, which `show` tells too."""
    least = min(_NARROWEST_TITLE, widths[_TITLE])
    for column in (_TURNS, _LENGTH):
        if _room_for_titles(widths, columns) < least:
            del widths[column]
    widths[_TITLE] = max(least, min(widths[_TITLE], _room_for_titles(widths, columns)))


def _room_for_titles(widths: Mapping[int, int], columns: int) -> int:
    others = [room for column, room in widths.items() if room and column != _TITLE]
    return columns - sum(others) - 2 * len(others)


def note(row: MeetingRow) -> str:
    """What a person should know about this one: deleted, no transcript, a transcript that still grows."""
    if row.gone_at:
        return "deleted at Convo"
    if row.transcript == "present":
        return ""
    if row.segments:
        return "transcript not complete"
    return _LACKS.get(row.transcript, "no transcript")


def _cells(row: MeetingRow, look: Look) -> tuple[str, ...]:
    turns = f"{row.segments:,}" if row.segments else "–"
    title = " ".join(safe(row.title).split()) or "(no title)"
    return minute(row.start_time, look), length(row.minutes) or "–", turns, title, safe(row.id), note(row)


def _line(cells: Sequence[str], widths: Mapping[int, int]) -> str:
    shown = (pad(clip(cells[each], room), room, right=each in _TO_THE_RIGHT) for each, room in widths.items())
    return "  ".join(shown).rstrip()
