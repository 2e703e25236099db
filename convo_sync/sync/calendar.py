"""Reads the calendar, page by page, each committed; and has conversations linked with events.

The server shows what is still to come, and no more: what has passed by then is in the archive alone. A calendar that
cannot be read ends no run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from convo_sync.errors import Forbidden, NotFound, Refusal, ServerTrouble
from convo_sync.records import Document, EventPage
from convo_sync.sync.excluder import Excluder
from convo_sync.sync.ports import Agenda, Diary
from convo_sync.sync.session import Session
from convo_sync.times import parse_time

PAGE_SIZE = 50
MOST_PAGES = 20
# How long a run that nobody typed lets the calendar be, and any run one that the plan lacks.
PAUSE = timedelta(minutes=15)
REFUSED_PAUSE = timedelta(days=7)
# A whole day begins at its midnight in some time zone: not earlier than so long before midnight in UTC.
_EAST = timedelta(hours=14)


class Calendar:
    """The calendar of one run."""

    def __init__(self, session: Session, excluder: Excluder) -> None:
        self._session, self._excluder = session, excluder
        self._has_news = False

    def read(self) -> None:
        """List what is to come, where that is wanted and due.

        Raises:
            TryLater: the hour is used up.
            KeyRefused: the key is.
        """
        agenda, diary = self._session.agenda, self._session.diary
        if agenda is None or diary is None or not self._is_due(diary):
            return
        try:
            self._read(agenda, diary)
        except (Forbidden, NotFound) as refusal:
            self._refused(diary, refusal)
        except (Refusal, ServerTrouble) as trouble:
            self._session.report("warning", detail=f"The calendar was not read: {trouble.message}")

    def link(self) -> None:
        """Have conversations linked with the events that they were, and the rules that ask for people heed it."""
        diary = self._session.diary
        if diary is None:
            return
        # Who is invited may be other people, though the event is the same.
        if diary.link(self._session.meter.ahead()) or self._has_news:
            self._excluder.relinked()
        self._has_news = False

    def _is_due(self, diary: Diary) -> bool:
        options, state, now = self._session.options, diary.state(), self._session.now()
        if state.refused_at is not None and not options.full and _is_within(now, state.refused_at, REFUSED_PAUSE):
            return False
        if options.retry_failed or state.read_at is None:
            return True
        return not _is_within(now, state.read_at, PAUSE)

    def _read(self, agenda: Agenda, diary: Diary) -> None:
        session, seen = self._session, set[str]()
        new, unusable, ended = 0, 0, False
        for page, is_last in self._pages(agenda):
            ended = is_last
            fresh = [each for each in page.documents if each.item not in seen]
            if fresh:
                self._has_news = True  # also where the next page never comes
                new += diary.store(fresh, session.run_id, session.now(), session.meter.ahead())
            seen.update(each.item for each in fresh)
            unusable += page.received - len(page.documents)
        # What cannot be read could be any of those that seem to be missing.
        complete = ended and not unusable
        withdrawn = diary.settle(seen, session.now(), session.meter.ahead(), complete=complete)
        more = f", {withdrawn} withdrawn" if withdrawn else ""
        session.report("calendar", detail=f"Calendar: {len(seen)} events to come, {new} new or changed{more}")

    def _pages(self, agenda: Agenda) -> Iterator[tuple[EventPage, bool]]:
        """Each page, and whether it is the last. The events of the next begin where those of this one end."""
        after: datetime | None = None
        for _ in range(min(MOST_PAGES, max(1, self._session.meter.limit // 10))):
            page = agenda.list_events(PAGE_SIZE, after)
            is_last = page.received < PAGE_SIZE
            yield page, is_last
            after = None if is_last else _next(page.documents, after)
            if after is None:
                return

    def _refused(self, diary: Diary, refusal: Refusal) -> None:
        if diary.state().refused_at is None:
            self._session.report(
                "warning",
                detail=f"Convo has no calendar for this key ({refusal.status}): {refusal.message} "
                "All else goes on; the calendar is asked for again in a week.",
            )
        diary.refuse(self._session.now(), self._session.meter.ahead())


def _is_within(now: datetime, moment: datetime, pause: timedelta) -> bool:
    """Whether that was less than a pause ago; what lies ahead was written by a clock that was wrong."""
    return timedelta(0) <= now - moment < pause


def _next(documents: tuple[Document, ...], after: datetime | None) -> datetime | None:
    """From when on to ask next: where the last event of a page begins; None where that leads no further.

    The last with a time of day says it best: where a whole day begins depends on a time zone that nobody names.
    """
    rows = [row for each in documents for row in each.rows["events"]]
    days = [day for row in rows if row[3] and (day := parse_time(row[3])).year > 1]
    found = [parse_time(row[2]) for row in rows if row[2]]
    choices = [*([max(found)] if found else []), *([max(days) - _EAST, max(days)] if days else [])]
    return next((each for each in choices if after is None or each > after), None)
