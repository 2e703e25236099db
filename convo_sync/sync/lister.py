"""Lists: a sweep or an increment, page by page, each committed with the pending marks it causes.

What a page means is decided in `plan.listing` and `plan.steps`; this asks, commits and counts.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from convo_sync.plan import listing, steps
from convo_sync.plan.listing import Sweep, Verdict
from convo_sync.records import Completeness, Overview, Page
from convo_sync.sync.session import Session


class Lister:
    """The listing of one run. `vanished` holds what a single GET each may prove afterwards."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._requests = 0
        self.vanished: tuple[str, ...] = ()

    def run(self) -> None:
        """List what is due to be listed."""
        session, overview, now = self._session, self._session.store.overview(), self._session.clock()
        is_first = overview.last_sweep_at is None
        place = listing.resume(session.store.unfinished_sweep(), now, is_first=is_first)
        if place is not None and overview.newest_start is not None:
            # What began since the sweep did may stand on pages that it has passed.
            self._since(listing.since(newest_start=place.started_at, last_complete_listing_at=place.started_at))
        if place is not None or self._wants_sweep(overview, now):
            self._sweep(place or Sweep(started_at=now))
        else:
            complete = self._since(_watermark(overview, now))
            session.tally.listing = Completeness.COMPLETE if complete else Completeness.PARTIAL

    def _wants_sweep(self, overview: Overview, now: datetime) -> bool:
        options = self._session.options
        due = listing.sweep_is_due(known=overview.active, last_sweep_at=overview.last_sweep_at, now=now)
        return due or options.full or options.accept_deletions

    def _share_used(self) -> bool:
        """A listing takes at most half the hour, so that documents arrive from the first hour on."""
        self._session.tally.cut = self._requests >= max(1, self._session.meter.limit // 2)
        return self._session.tally.cut

    def _page(self, offset: int, since: datetime | None = None) -> Page:
        page = self._session.remote.list_conversations(limit=listing.PAGE_SIZE, offset=offset, since=since)
        self._requests += 1
        return page

    def _since(self, since: datetime) -> bool:
        """An incremental listing; whether it reached the end."""
        offset, seen = 0, set[str]()
        while not self._share_used():
            page = self._page(offset, since)
            fresh = {row.id for row in page.rows} - seen
            self._take(page, None)
            offset += page.received
            seen |= fresh
            if not fresh or listing.ends_here(page):
                return True
        return False

    def _sweep(self, sweep: Sweep) -> None:
        tally, verdict = self._session.tally, Verdict.CONTINUE
        tally.listing = Completeness.PARTIAL
        while verdict is Verdict.CONTINUE:
            if self._share_used():
                return
            page = self._page(sweep.next_offset)
            sweep, verdict = listing.advance(sweep, page)
            self._take(page, sweep if verdict is Verdict.CONTINUE else None)
        tally.swept = True
        if verdict is not Verdict.PARTIAL:
            tally.listing = Completeness.COMPLETE
        self._settle(sweep, proved=verdict is Verdict.PROVED)

    def _take(self, page: Page, sweep: Sweep | None) -> None:
        """Commit what one page changed; nothing is written where nothing did and the sweep ends here."""
        session, now = self._session, self._session.now()
        rows = {row.id: row for row in page.rows}
        known = session.store.known(rows.keys())
        changes = [change for row in rows.values() if (change := steps.take_row(known.get(row.id), row, now))]
        if changes or sweep is not None:
            session.store.store_page(changes, sweep, session.run_id, now, session.meter.ahead())
        session.tally.listed |= rows.keys()
        session.tally.new += sum(change.is_new for change in changes)
        session.tally.changed += sum(change.differs for change in changes)
        session.report("listed", detail=f"{len(session.tally.listed)} listed, {session.tally.new} new")

    def _settle(self, sweep: Sweep, *, proved: bool) -> None:
        """Commit what a sweep that has ended proves; nothing is written where that is nothing."""
        session, seen = self._session, listing.seen_ids(sweep)
        verdict = self._verdict(seen, sweep.started_at) if proved else listing.Vanished()
        if verdict.gone or verdict.missed or session.store.unfinished_sweep() is not None:
            session.store.settle_sweep(verdict, session.run_id, session.now(), session.meter.ahead())
        self.vanished = verdict.ask
        for conversation_id, evidence in verdict.gone:
            session.mark_gone(conversation_id, evidence)

    def _verdict(self, seen: Collection[str], started_at: datetime) -> listing.Vanished:
        session = self._session
        if not listing.names_everybody(seen):
            return listing.Vanished()
        missing = session.store.missing(seen, started_at)
        active = session.store.overview().active
        accept = session.options.accept_deletions
        verdict = listing.vanished(missing, seen=len(seen), known=active, accept=accept)
        if verdict.braked:
            session.report("braked", detail=f"{len(missing)} of {active} conversations are missing from the list")
        return verdict


def _watermark(overview: Overview, now: datetime) -> datetime:
    newest = overview.newest_start or now
    return listing.since(newest_start=newest, last_complete_listing_at=overview.last_complete_listing_at or newest)
