"""What to know before a meeting, on one screen or as JSON; each line says where it is from. It knows no archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from convo_sync.briefs import Attendee, Briefing, Event, Excerpt
from convo_sync.render import cited, command
from convo_sync.render.hits import HIT_KEYS
from convo_sync.render.text import Look, count, safe, wrap
from convo_sync.render.when import as_of, day_and_minute

_MOST_NAMES = 4
_MOST_GUESTS = 8
_WHOLE_DAY = len("2026-03-19")
_MEETINGS = {"event": "Earlier meetings", "person": "Last meetings", "topic": "Meetings"}
_THEIRS = {"event": "Guests have to", "person": "They have to", "topic": "To do"}
_YOURS = "You have to, for them"
_DECISIONS = {"event": "Decided", "person": "Decided with them", "topic": "Decided"}
_POINTS = {"event": "Key points about it", "person": "Key points that name them", "topic": "Key points"}

Entries = Callable[[Any, Look], Iterator[str]]


def as_json(briefing: Briefing) -> dict[str, Any]:
    """The document that ``prep --json`` prints; each excerpt with how many there are, null where that is not known."""
    hits = [{key: getattr(hit, key) for key in HIT_KEYS} for hit in briefing.points.entries]
    said = [{key: getattr(hit, key) for key in HIT_KEYS} for hit in briefing.said.entries]
    return {
        "query": briefing.query,
        "kind": briefing.kind,
        "as_of": briefing.as_of,
        "people": list(briefing.people),
        "event": briefing.event and _event_as_json(briefing.event),
        "meetings": excerpt_as_json(briefing.meetings),
        "action_items": excerpt_as_json(briefing.theirs),
        "your_action_items": excerpt_as_json(briefing.yours),
        "decisions": excerpt_as_json(briefing.decisions),
        "points": {"total": briefing.points.total, "shown": hits},
        "said": {"total": briefing.said.total, "shown": said},
        "coverage": {
            "conversations": briefing.coverage.conversations,
            "without_transcript": briefing.coverage.without_transcript,
        },
    }


def excerpt_as_json(excerpt: Excerpt) -> dict[str, Any]:
    """The first few of a kind."""
    return {"total": excerpt.total, "shown": [entry._asdict() for entry in excerpt.entries]}


def _event_as_json(event: Event) -> dict[str, Any]:
    return event._asdict() | {"attendees": [each._asdict() for each in event.attendees]}


def lines(briefing: Briefing, look: Look, limit: int) -> Iterator[str]:
    """Who or what it is about, then each section, then what is left out and how old all this is."""
    yield from _heading(briefing, look)
    for title, excerpt, shown in _sections(briefing):
        if excerpt.entries:
            yield ""
            yield look.bold(f"{title}{of_how_many(excerpt)}")
            for entry in excerpt.entries:
                yield from shown(entry, look)
    yield ""
    yield from _footer(briefing, look, limit)


def _sections(briefing: Briefing) -> Iterator[tuple[str, Excerpt, Entries]]:
    kind = briefing.kind
    yield _MEETINGS[kind], briefing.meetings, cited.past
    yield _THEIRS[kind], briefing.theirs, cited.promise
    yield _YOURS, briefing.yours, cited.promise
    yield _DECISIONS[kind], briefing.decisions, cited.decision
    yield _POINTS[kind], briefing.points, cited.hit
    yield "Said", briefing.said, cited.hit


def of_how_many(excerpt: Excerpt) -> str:
    """`` (3 of 14)``; empty where these are all, or nobody counted them."""
    shown = len(excerpt.entries)
    return "" if excerpt.total in (None, shown) else f" ({shown:,} of {excerpt.total:,})"


def _heading(briefing: Briefing, look: Look) -> Iterator[str]:
    if briefing.event is not None:
        yield from _event(briefing.event, look)
        return
    names = _listed(briefing.people, _MOST_NAMES) if briefing.people else f"“{briefing.query}”"
    yield from map(look.bold, wrap(safe(names), look.prose))
    if briefing.meetings.entries:
        last = day_and_minute(briefing.meetings.entries[0].start_time, look)
        yield look.faint(f"{count(briefing.meetings.total or 0, 'meeting')}, the last {last}")


def _event(event: Event, look: Look) -> Iterator[str]:
    yield from map(look.bold, wrap(safe(event.title or "") or "(no title)", look.prose))
    yield look.faint(" · ".join(filter(None, (_start(event, look), safe(event.id)))))
    for guest in event.attendees[:_MOST_GUESTS]:
        yield from _guest(guest, look)
    if len(event.attendees) > _MOST_GUESTS:
        yield f"  and {count(len(event.attendees) - _MOST_GUESTS, 'other', 'others')}"


def _start(event: Event, look: Look) -> str:
    if event.start is None or len(event.start) <= _WHOLE_DAY:
        return event.start or ""
    return day_and_minute(event.start, look)


def _guest(guest: Attendee, look: Look) -> Iterator[str]:
    who = safe(guest.name or guest.email or "somebody")
    answer = f" ({safe(guest.response_status)})" if guest.response_status else ""
    if guest.last_id is None or guest.last_start is None:
        return wrap(f"{who}{answer}: in no meeting of this archive", look.prose, "  • ")
    return cited.line(
        f"{who}{answer}: {count(guest.meetings, 'meeting')}, the last", guest.last_start, guest.last_id, look
    )


def _listed(names: Sequence[str], most: int) -> str:
    others = len(names) - most
    return ", ".join((*names[:most], *([count(others, "other", "others")] if others > 0 else [])))


def _footer(briefing: Briefing, look: Look, limit: int) -> Iterator[str]:
    excerpts = [each for each in briefing if isinstance(each, Excerpt)]
    if any(each.total is None or each.total > len(each.entries) for each in excerpts):
        yield f"-n {4 * limit} shows more of each."
    if briefing.kind == "person":
        yield f"As a topic: {command.line('search', *briefing.query.split())}"
    lacking = briefing.coverage.without_transcript
    if lacking:
        yield look.warning(f"{count(lacking, 'meeting has', 'meetings have')} no transcript yet.")
    yield from map(look.faint, wrap(as_of(briefing.as_of, look), look.prose))
