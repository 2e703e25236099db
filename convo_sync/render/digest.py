"""Some days in brief, on one screen or as JSON. Days are this machine's local ones. It knows no archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import chain
from typing import Any, NamedTuple

from convo_sync.briefs import Company, Digest, MeetingRow
from convo_sync.render import cited, command
from convo_sync.render.briefing import excerpt_as_json, of_how_many
from convo_sync.render.meetings import note
from convo_sync.render.text import Look, bar, count, pad, safe, width, wrap
from convo_sync.render.when import as_of, at, hours

# More days than these are not drawn one by one.
_MOST_DAYS = 14
_MOST_NAMES = 10
_BAR_COLUMNS = 24
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LOCAL = Look()


class Day(NamedTuple):
    """One day's meetings; `minutes` of all those whose length is known."""

    day: date
    meetings: int
    minutes: float


def days(meetings: Sequence[MeetingRow], first: date, last: date) -> list[Day]:
    """Every day from the first to the last, also those without a meeting."""
    held: dict[date, list[MeetingRow]] = {}
    for row in meetings:
        held.setdefault(at(row.start_time, _LOCAL).date(), []).append(row)
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [Day(each, len(held.get(each, ())), minutes(held.get(each, ()))) for each in every]


def minutes(meetings: Sequence[MeetingRow]) -> float:
    """How long they took together; the length of some may not be known."""
    return sum(row.minutes or 0.0 for row in meetings)


def unheard(digest: Digest) -> list[MeetingRow]:
    """The meetings whose transcript is still missing, or is not whole."""
    return [row for row in digest.meetings if note(row) and row.gone_at is None]


def as_json(digest: Digest, first: date, last: date) -> dict[str, Any]:
    """The document that ``digest --json`` prints."""
    return {
        "as_of": digest.as_of,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "meetings": len(digest.meetings),
        "hours": _in_hours(minutes(digest.meetings)),
        "days": [
            {"day": day.isoformat(), "meetings": number, "hours": _in_hours(length)}
            for day, number, length in days(digest.meetings, first, last)
        ],
        "people": [
            {"name": name, "meetings": number, "hours": _in_hours(length)} for name, number, length in digest.company
        ],
        "decisions": excerpt_as_json(digest.decisions),
        "action_items": excerpt_as_json(digest.open_items),
        "open_in_all": digest.open_in_all,
        "without_transcript": [
            {"id": row.id, "title": row.title, "start_time": row.start_time, "transcript": row.transcript}
            for row in unheard(digest)
        ],
    }


def _in_hours(length: float) -> float:
    return round(length / 60, 2)


def lines(digest: Digest, first: date, last: date, look: Look) -> Iterator[str]:
    """One screen, a section each for the days, the people, decisions, action items and what is missing."""
    drawn = days(digest.meetings, first, last)
    yield look.bold(period(first, last))
    yield from wrap(_in_words(digest, drawn), look.prose)
    for title, body in _sections(digest, drawn, look):
        yield ""
        yield look.bold(title)
        yield from body
    yield ""
    yield from _footer(digest, first, look)


def period(first: date, last: date) -> str:
    """``Thu 2026-03-19``, or ``Thu 2026-03-19 to Wed 2026-03-25, 7 days``."""
    if first == last:
        return _named(first)
    return f"{_named(first)} to {_named(last)}, {count((last - first).days + 1, 'day')}"


def _named(day: date) -> str:
    return f"{_DAYS[day.weekday()]} {day.isoformat()}"


def _in_words(digest: Digest, drawn: Sequence[Day]) -> str:
    said = _counted(len(digest.meetings), minutes(digest.meetings))
    unknown = sum(row.minutes is None for row in digest.meetings)
    said += f", {unknown:,} of unknown length" if unknown else ""
    if len(drawn) > 1:
        busiest = max(drawn, key=lambda day: (day.minutes, day.meetings))
        said += f"; most on {_named(busiest.day)}: {_counted(busiest.meetings, busiest.minutes)}"
    return f"{said}."


def _counted(meetings: int, length: float) -> str:
    return f"{count(meetings, 'meeting')}{f', {hours(length)}' if length else ''}"


def _sections(digest: Digest, drawn: Sequence[Day], look: Look) -> Iterator[tuple[str, Iterator[str]]]:
    if 1 < len(drawn) <= _MOST_DAYS:
        yield "Days", _days(drawn, look)
    if digest.company:
        yield "With", wrap(_company(digest.company), look.prose, "  ")
    if digest.decisions.entries:
        found = (cited.decision(each, look) for each in digest.decisions.entries)
        yield f"Decided{of_how_many(digest.decisions)}", chain.from_iterable(found)
    if digest.open_items.entries:
        items = (cited.promise(each, look) for each in digest.open_items.entries)
        yield f"Open action items of these days{of_how_many(digest.open_items)}", chain.from_iterable(items)
    if lacking := unheard(digest):
        yield "Transcripts that are missing", chain.from_iterable(_missing(row, look) for row in lacking)


def _days(drawn: Sequence[Day], look: Look) -> Iterator[str]:
    longest = max(day.minutes for day in drawn) or 1.0
    words = {day: _counted(day.meetings, day.minutes) if day.meetings else "–" for day in drawn}
    columns = max(map(width, words.values()))
    bars = max(0, min(_BAR_COLUMNS, look.prose - columns - 20))
    for day in drawn:
        yield f"  {_named(day.day)}  {pad(words[day], columns)}  {bar(day.minutes / longest, bars)}".rstrip()


def _company(company: Sequence[Company]) -> str:
    named = [f"{safe(each.name)} ({each.meetings:,}, {hours(each.minutes)})" for each in company[:_MOST_NAMES]]
    others = len(company) - _MOST_NAMES
    return "; ".join([*named, *([count(others, "other", "others")] if others > 0 else [])])


def _missing(row: MeetingRow, look: Look) -> Iterator[str]:
    return cited.line(f"{safe(row.title) or '(no title)'}: {note(row)}", row.start_time, row.id, look)


def _footer(digest: Digest, first: date, look: Look) -> Iterator[str]:
    since = ("--since", first.isoformat())
    for what, name, excerpt in (
        ("decisions", "decisions", digest.decisions),
        ("action items", "actions", digest.open_items),
    ):
        if of_how_many(excerpt):
            yield f"All {what} of these days: {command.line(name, *since)}"
    if digest.open_in_all:
        are = count(digest.open_in_all, "action item is", "action items are")
        yield f"{are} open in all: {command.line('actions')}"
    yield from map(look.faint, wrap(as_of(digest.as_of, look), look.prose))
