"""The list of meetings, in aligned columns or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convo_sync.render.text import Look, clip, pad, safe, width
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


def as_json(rows: Sequence[MeetingRow]) -> dict[str, Any]:
    """The document that ``list --json`` prints."""
    return {"conversations": [{key: getattr(row, key) for key in ROW_KEYS} for row in rows]}


def lines(rows: Sequence[MeetingRow], look: Look, *, whole: bool) -> Iterator[str]:
    """A heading and a line a meeting. Titles are clipped to the terminal's width unless `whole`."""
    cells = [_cells(row, look) for row in rows]
    heads = (f"START{zone(look)}", "LENGTH", "TURNS", "TITLE", "ID")
    widths = [max(width(row[column]) for row in (heads, *cells)) for column in range(len(heads))]
    notes = max(width(row[-1]) for row in cells)
    if not whole:
        others = sum(widths) - widths[3] + 2 * len(widths) + notes
        widths[3] = max(_NARROWEST_TITLE, min(widths[3], look.width - others))
    yield look.faint(_line((*heads, ""), widths))
    for row, row_cells in zip(rows, cells, strict=True):
        line = _line(row_cells, widths)
        yield look.faint(line) if row.gone_at else line


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


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    start, minutes, turns, title, id_, notes = cells
    columns = (
        pad(start, widths[0]),
        pad(minutes, widths[1], right=True),
        pad(turns, widths[2], right=True),
        pad(clip(title, widths[3]), widths[3]),
        pad(id_, widths[4]),
        notes,
    )
    return "  ".join(columns).rstrip()
