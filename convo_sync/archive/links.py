"""Conversations with the calendar events that they were, kept equal to what `linking` says of both sides.

Must not know how likeness is judged, nor when the calendar is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from convo_sync import linking
from convo_sync.archive import merging, people, sqlite
from convo_sync.archive.transaction import Change
from convo_sync.linking import Link, Meeting, Occasion
from convo_sync.times import format_time, parse_time

_TABLE = "event_links"
_EVENTS = """
    select item, event_id, coalesce(summary, ''), coalesce(start_time, start_date), coalesce(end_time, end_date),
        start_time is null or withdrawn_at is not null
    from events
"""
_MEETINGS = """
    select number, id, title, start_time, end_time, minutes, calendar_event_id
    from conversations
    where calendar_event_id is not null or start_time >= ?
"""
_PRESENT = """
    select p.name
    from participants p
    where p.conversation_id = ?
    union
    select s.value
    from _outlines o, json_each(o.speakers) s
    where o.number = ? and s.value <> ''
"""


def is_due(connection: sqlite.Connection) -> bool:
    """Whether anything changed since the events were linked; never where there are none."""
    if connection.execute("select 1 from events limit 1").fetchone() is None:
        return False
    known = dict(connection.execute("select key, value from meta where key in ('linked', 'changed')"))
    return bool(known.get("linked") != known.get("changed"))


def renew(change: Change) -> bool:
    """Link what has to be linked now; whether any link differs from before. Rows that stay are not touched."""
    connection = change.connection
    wanted = {each.conversation_id: each for each in _links(connection)}
    sql = "select conversation_id, item, score, how from event_links"
    held = {row[0]: Link._make(row) for row in connection.execute(sql)}
    _take_out(change, [id_ for id_ in held if id_ not in wanted])
    differing = [each for id_, each in wanted.items() if held.get(id_) != each]
    _put_in(change, differing)
    # After the writing, so that the number is the one of this very transaction where it has one.
    connection.execute(
        "insert into meta (key, value) select 'linked', value from meta where key = 'changed' "
        "on conflict (key) do update set value = excluded.value"
    )
    return wanted != held


def remove(change: Change, conversation_id: str) -> None:
    """Take out the link of a conversation that leaves the archive."""
    sql = "select 1 from event_links where conversation_id = ?"
    if change.connection.execute(sql, (conversation_id,)).fetchone():
        _take_out(change, [conversation_id])


def events_of(connection: sqlite.Connection, ids: Collection[str]) -> Mapping[str, str]:
    """Conversation -> the API's id of the event that it is linked with, of these conversations."""
    sql = "select l.conversation_id, e.event_id from event_links l join events e on e.item = l.item"
    return {id_: event_id for id_, event_id in connection.execute(sql) if id_ in ids}


def _take_out(change: Change, ids: Collection[str]) -> None:
    if ids:
        sql = "delete from event_links where conversation_id = ?"
        change.connection.executemany(sql, [(id_,) for id_ in ids])
        merging.note_deletions(change, _TABLE, [(id_,) for id_ in ids])


def _put_in(change: Change, links: Collection[Link]) -> None:
    if links:
        change.connection.executemany(
            """
            insert into event_links (conversation_id, item, score, how, changed)
            values (?, ?, ?, ?, ?)
            on conflict (conversation_id) do update
            set item = excluded.item, score = excluded.score, how = excluded.how, changed = excluded.changed
            """,
            [(*each, change.number) for each in links],
        )


def _links(connection: sqlite.Connection) -> Iterable[Link]:
    me = people.owner(connection)
    occasions = [_occasion(connection, row, me) for row in connection.execute(_EVENTS).fetchall()]
    begins = [each.start for each in occasions if each.start is not None and not each.by_id_only]
    # Older conversations than the first event, nearly all of them in an archive of years, are linked by id alone.
    first = _text(min(begins)) if begins else "9"
    meetings = [_meeting(connection, row, me) for row in connection.execute(_MEETINGS, (first,)).fetchall()]
    return linking.link(meetings, occasions)


def _occasion(connection: sqlite.Connection, row: tuple[Any, ...], me: people.Owner) -> Occasion:
    item, event_id, title, start, end, by_id_only = row
    sql = "select name, email from attendees where item = ? order by position"
    invited = [(name or "", email or "") for name, email in connection.execute(sql, (item,))]
    others = [
        name or email.partition("@")[0]
        for name, email in invited
        if not (email and email.casefold() == me.email.casefold()) and not people.is_same(name, me.name)
    ]
    return Occasion(item, event_id, title, _seconds(start), _seconds(end), bool(by_id_only), tuple(others))


def _meeting(connection: sqlite.Connection, row: tuple[Any, ...], me: people.Owner) -> Meeting:
    number, id_, title, start, end, minutes, event_id = row
    present = [name for (name,) in connection.execute(_PRESENT, (id_, number))]
    begin = parse_time(start).timestamp()
    ends = _seconds(end)
    if ends is None and minutes:
        ends = begin + 60 * minutes
    return Meeting(id_, title, begin, ends, event_id, tuple(each for each in present if not me.is_meant(each, id_)))


def _seconds(text: str | None) -> float | None:
    return None if text is None else parse_time(text).timestamp()


def _text(seconds: float) -> str:
    """A day earlier, in the archive's width: a meeting may begin before its event."""
    try:
        return format_time(datetime.fromtimestamp(seconds).astimezone() - timedelta(days=1))
    except (OverflowError, ValueError, OSError):
        return ""
