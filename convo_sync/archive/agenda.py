"""What the calendar has that is to come, and what it had that was never recorded. It reads; "now" is an argument."""

from __future__ import annotations

from typing import Any

from convo_sync.archive import people, sqlite
from convo_sync.archive.promises import as_of
from convo_sync.briefs import Agenda, Invited, Planned

_COLUMNS = "item, event_id, summary, start_time, start_date, end_time, end_date, time_zone"
_INVITED = "select name, email, response_status from attendees where item = ? order by position"
_COMING = f"""
    select {_COLUMNS}
    from events
    where withdrawn_at is null
        and iif(start_time is null, start_date < ? and max(coalesce(end_date, ''), date(start_date, '+1 day')) > ?,
            start_time < ? and coalesce(end_time, start_time) >= ?)
    order by coalesce(start_time, start_date), item
"""  # noqa: S608 - our own columns
# A conversation that names a repeated event is of the day on which it was, not of the one that is nearest in here.
_MISSED = f"""
    select {_COLUMNS}
    from events e
    where withdrawn_at is null and start_time >= ?
        and coalesce(end_time, strftime('%Y-%m-%dT%H:%M:%fZ', start_time, '+1 hour')) < ?
        and not exists (
            select 1
            from event_links l
            join conversations c on c.id = l.conversation_id
            where l.item = e.item and abs(julianday(c.start_time) - julianday(e.start_time)) <= 1
        )
    order by start_time desc, item
"""  # noqa: S608 - our own columns


def coming(connection: sqlite.Connection, now: str, before: str, today: str, last_day: str) -> Agenda:
    """Events that are not over and begin before then, the soonest first; those that were withdrawn are left out.

    Args:
        now: as UTC text; so is `before`.
        today: the local day, which whole days are compared with; so is `last_day`, the first one that is left out.
    """
    rows = connection.execute(_COMING, (last_day, today, before, now)).fetchall()
    return _agenda(connection, rows)


def missed(connection: sqlite.Connection, since: str, now: str) -> Agenda:
    """Events that began since then, were over at the last complete sync, and were no conversation, the last first.

    Left out are whole days, what was withdrawn, and what the archive's owner declined.
    """
    now = min(now, as_of(connection) or now)  # what was recorded since then is not here yet
    me = people.owner(connection).email.casefold()
    found = _agenda(connection, connection.execute(_MISSED, (since, now)).fetchall())
    return found._replace(events=tuple(each for each in found.events if not _is_declined(each, me)))


def _is_declined(event: Planned, me: str) -> bool:
    mine = [each.response_status for each in event.attendees if me and (each.email or "").casefold() == me]
    return "declined" in mine


def _agenda(connection: sqlite.Connection, rows: list[tuple[Any, ...]]) -> Agenda:
    read_at = connection.execute("select max(value) from meta where key = 'calendar_read_at'").fetchone()[0]
    events = [Planned._make((*row, _invited(connection, row[0]))) for row in rows]
    return Agenda(as_of(connection), read_at, tuple(events))


def _invited(connection: sqlite.Connection, item: str) -> tuple[Invited, ...]:
    return tuple(Invited._make(row) for row in connection.execute(_INVITED, (item,)))
