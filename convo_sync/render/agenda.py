"""Calendar events, a few lines each with the command that prepares for it, or as JSON. It knows no archive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convo_sync.briefs import Agenda, Invited, Planned
from convo_sync.render import command
from convo_sync.render.text import Look, count, safe, wrap
from convo_sync.render.when import at, clock, day_and_minute, zone

_MOST_GUESTS = 8


def as_json(agenda: Agenda, *, missed: bool) -> dict[str, Any]:
    """The document that ``calendar --json`` prints; `prep` is the command that prepares for the event."""
    return {
        "as_of": agenda.as_of,
        "calendar_read_at": agenda.read_at,
        "missed": missed,
        "events": [_event_as_json(each) for each in agenda.events],
    }


def _event_as_json(event: Planned) -> dict[str, Any]:
    return event._asdict() | {
        "attendees": [each._asdict() for each in event.attendees],
        "prep": command.line("prep", event.item),
    }


def lines(agenda: Agenda, look: Look, *, missed: bool) -> Iterator[str]:
    """Each event with who is invited, then how old the calendar is."""
    for event in agenda.events:
        yield look.bold(f"{_when(event, look)}  {safe(event.title or '') or '(no title)'}")
        if event.attendees:
            yield from wrap(_guests(event.attendees), look.prose, "  ")
        if not missed:
            yield look.faint(f"  {command.line('prep', event.item)}")
        yield ""
    if missed:
        are = count(len(agenda.events), "event was", "events were")
        yield f"{are} scheduled, and no meeting in this archive was it."
    yield from map(look.faint, wrap(read(agenda, look), look.prose))


def read(agenda: Agenda, look: Look) -> str:
    """How old the calendar is."""
    if agenda.read_at is None:
        return "The calendar was never read to its end: this may not be all there is."
    return f"The calendar was last read {day_and_minute(agenda.read_at, look)}."


def _when(event: Planned, look: Look) -> str:
    if event.start_time is None:
        return f"{event.start_date or 'some day'}, all day"
    said = day_and_minute(event.start_time, look)
    if event.end_time is None or at(event.end_time, look).date() != at(event.start_time, look).date():
        return said
    return f"{said.removesuffix(zone(look))}-{clock(event.end_time, look)}{zone(look)}"


def _guests(guests: tuple[Invited, ...]) -> str:
    named = [safe(each.name or each.email or "somebody") + _answer(each) for each in guests[:_MOST_GUESTS]]
    others = len(guests) - _MOST_GUESTS
    return ", ".join([*named, *([count(others, "other", "others")] if others > 0 else [])])


def _answer(guest: Invited) -> str:
    return f" ({safe(guest.response_status)})" if guest.response_status not in (None, "accepted") else ""
