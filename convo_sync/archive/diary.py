"""The calendar as the one writing process keeps it: each writing method is one transaction. Implements `Diary`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from convo_sync.archive import documents, links, sqlite
from convo_sync.archive.transaction import Change
from convo_sync.budget import Budget
from convo_sync.records import CalendarState, Document
from convo_sync.times import format_time, parse_time, read_time

_CAUSE = "calendar"
# An event is surely still to come from so long before its beginning on: the server may look a little later.
_MARGIN = timedelta(minutes=1)
# A whole day begins at its own midnight, in whatever time zone; nowhere earlier than so long before that of UTC.
_EAST = timedelta(hours=14)
# An empty calendar that was full is one that was disconnected.
_FEW = 5


class Diary:
    """The calendar's side of an open archive.

    Args:
        writing: begins a transaction, with the hour to write along.
        reading: gives the connection.
    """

    def __init__(
        self,
        writing: Callable[[Budget | None], AbstractContextManager[Change]],
        reading: Callable[[], AbstractContextManager[sqlite.Connection]],
    ) -> None:
        self._writing, self._reading = writing, reading

    def state(self) -> CalendarState:
        """When the calendar was last read, and refused."""
        sql = "select key, value from meta where key in ('calendar_read_at', 'calendar_refused_at')"
        with self._reading() as connection:
            known = dict(connection.execute(sql))
        return CalendarState(read_time(known.get("calendar_read_at")), read_time(known.get("calendar_refused_at")))

    def store(self, events: Sequence[Document], run_id: int | None, now: datetime, budget: Budget) -> int:
        """Commit one answer's events, also that those stand which had been withdrawn; how many were new or changed."""
        with self._writing(budget) as change:
            new = [documents.store(change, each, current=True, cause=_CAUSE, run_id=run_id, now=now) for each in events]
            for each in events:
                _mark(change, each.item, None)
        return sum(new)

    def settle(self, seen: Collection[str], now: datetime, budget: Budget, *, complete: bool) -> int:
        """Commit that the calendar was read, and what it lacked of what was still to come; how many events that is.

        Args:
            seen: items of all events that came.
            complete: whether they are all that there are; nothing is withdrawn otherwise.
        """
        with self._writing(budget) as change:
            lacking = _coming(change.connection, now) - set(seen) if complete else set()
            if not seen and len(lacking) > _FEW:
                lacking = set()
            for item in sorted(lacking):
                _mark(change, item, now)
            _note(change, "calendar_read_at", now)
            change.connection.execute("delete from meta where key = 'calendar_refused_at'")
        return len(lacking)

    def refuse(self, now: datetime, budget: Budget) -> None:
        """Commit that the server has no calendar for this account."""
        with self._writing(budget) as change:
            _note(change, "calendar_refused_at", now)

    def link(self, budget: Budget) -> bool:
        """Commit which conversation was which event; whether that differs from before. Nothing new costs a look."""
        with self._reading() as connection:
            if not links.is_due(connection):
                return False
        with self._writing(budget) as change:
            return links.renew(change)

    def events_of(self, ids: Collection[str]) -> Mapping[str, str]:
        """Conversation -> the API's id of the event that it is linked with, of these conversations."""
        with self._reading() as connection:
            return links.events_of(connection, ids)


def _note(change: Change, key: str, now: datetime) -> None:
    change.connection.execute(
        "insert into meta (key, value) values (?, ?) on conflict (key) do update set value = excluded.value",
        (key, format_time(now)),
    )


def _mark(change: Change, item: str, withdrawn_at: datetime | None) -> None:
    """Say that an event was withdrawn then, or that it stands; a row that says so already is not touched."""
    row = change.connection.execute("select withdrawn_at is not null from events where item = ?", (item,)).fetchone()
    if row is not None and bool(row[0]) != (withdrawn_at is not None):
        change.connection.execute(
            "update events set withdrawn_at = ?, changed = ? where item = ?",
            (withdrawn_at and format_time(withdrawn_at), change.number, item),
        )


def _coming(connection: sqlite.Connection, now: datetime) -> set[str]:
    """Items of the events that have surely not begun."""
    sql = "select item, start_time, start_date from events where withdrawn_at is null"
    return {item for item, start, day in connection.execute(sql) if _is_coming(start, day, now)}


def _is_coming(start: str | None, day: str | None, now: datetime) -> bool:
    if start is not None:
        return parse_time(start) > now + _MARGIN
    return day is not None and parse_time(day) > now + _EAST
