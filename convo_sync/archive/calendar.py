"""Calendar events as a person names them, and who was invited. It reads; "now" is an argument."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from convo_sync.archive import people, sqlite
from convo_sync.briefs import Attendee, Event
from convo_sync.times import format_time

_EVENTS = "select item, event_id, summary, coalesce(start_time, start_date) from events"
_INVITED = "select name, email, response_status from attendees where item = ? order by position"
_Row = tuple[str, str, str | None, str | None]


def named(connection: sqlite.Connection, typed: str, now: datetime) -> _Row | None:
    """The event of which this is the id, or the whole title; of several the next one, else the last."""
    rows = connection.execute(_EVENTS).fetchall()
    wanted = people.plain(typed)
    by_id = [row for row in rows if typed in row[:2]]
    return _nearest(by_id or [row for row in rows if wanted and people.plain(row[2] or "") == wanted], now)


def coming(connection: sqlite.Connection, typed: str, now: datetime) -> _Row | None:
    """The next event that is still to come with all these words in its title."""
    rows = connection.execute(f"{_EVENTS} where coalesce(start_time, start_date) >= ?", (format_time(now),))
    return _nearest([row for row in rows if people.names(typed, row[2] or "")], now)


def _nearest(rows: list[_Row], now: datetime) -> _Row | None:
    if not rows:
        return None
    today = format_time(now)
    # A whole day's event sorts by its day alone, and is not over while the day lasts.
    upcoming = [row for row in rows if (row[3] or "") >= today[: len(row[3] or "")] and row[3]]
    return min(upcoming, key=_start) if upcoming else max(rows, key=_start)


def _start(row: _Row) -> str:
    return row[3] or ""


def event(
    connection: sqlite.Connection, row: _Row, me: people.Owner, present: Mapping[str, tuple[str, ...]]
) -> tuple[Event, tuple[str, ...]]:
    """The event with whom it brings together, the owner left out; and the names that meetings have for them."""
    item, event_id, title, start = row
    invited = [each for each in connection.execute(_INVITED, (item,)) if not _is_owner(each, me)]
    known = [_known_as(name, email, present) for name, email, _ in invited]
    starts = dict(connection.execute("select id, start_time from conversations"))
    attendees = tuple(_attendee(each, names, present, starts) for each, names in zip(invited, known, strict=True))
    return Event(event_id, title, start, attendees), tuple(dict.fromkeys(name for names in known for name in names))


def _is_owner(invited: tuple[Any, ...], me: people.Owner) -> bool:
    name, email, _ = invited
    return bool(email and email.casefold() == me.email.casefold()) or people.is_same(name or "", me.name)


def _known_as(name: str | None, email: str | None, present: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What meetings call somebody who is invited: by the name, or by what stands before the @."""
    called = dict.fromkeys(each for names in present.values() for each in names)
    if people.plain(name or ""):
        return tuple(each for each in called if people.is_same(each, name or ""))
    return tuple(each for each in called if people.names((email or "").partition("@")[0], each))


def _attendee(
    invited: tuple[Any, ...], names: tuple[str, ...], present: Mapping[str, tuple[str, ...]], starts: Mapping[str, str]
) -> Attendee:
    met = sorted(people.meetings_of(present, names), key=lambda each: starts[each])
    last = (met[-1], starts[met[-1]]) if met else (None, None)
    return Attendee._make((*invited, len(met), *last))
