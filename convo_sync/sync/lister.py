"""Lists: a sweep or an increment, page by page, each committed with the pending marks it causes.

What a page means is decided in `plan.listing` and `plan.steps`; this asks, commits and counts.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from convo_sync.plan import listing, steps
from convo_sync.plan.listing import Sweep, Verdict
from convo_sync.records import Completeness, Overview, Page
from convo_sync.sync.excluder import Excluder
from convo_sync.sync.session import Session


class Lister:
    """The listing of one run. `vanished` holds what a single GET each may prove afterwards."""

    def __init__(self, session: Session, excluder: Excluder) -> None:
        self._session, self._excluder = session, excluder
        self._requests = 0
        self._has_place = False
        self.vanished: tuple[str, ...] = ()

    def run(self) -> None:
        """List what is due to be listed."""
        session, store = self._session, self._session.store
        overview, unfinished = store.overview(), store.unfinished_sweep()
        self._has_place = unfinished is not None
        first, share = overview.last_sweep_at is None, self._share()
        place = listing.resume(unfinished, session.now(), is_first=first, share=share)
        if place is not None and overview.newest_start is not None:
            # What began since the sweep did may stand on pages that it has passed. Half of the share stays the sweep's.
            since = listing.since(newest_start=place.started_at, last_complete_listing_at=place.started_at)
            self._since(since, share // 2)
        if place is not None or self._wants_sweep(overview):
            self._sweep(place)
        else:
            self._increment(overview)
        if session.tally.unusable:
            count = len(session.tally.unusable)
            session.report("unusable", detail=f"rows of the list that cannot be read, and are not archived: {count}")

    def _wants_sweep(self, overview: Overview) -> bool:
        options, now = self._session.options, self._session.clock()
        due = listing.sweep_is_due(known=overview.active, last_sweep_at=overview.last_sweep_at, now=now)
        return due or options.full or options.accept_deletions

    def _share(self) -> int:
        """The requests that a listing takes at most: half the hour, so that documents arrive from the first hour on."""
        return max(1, self._session.meter.limit // 2)

    def _used(self, share: int) -> bool:
        self._session.tally.cut = self._requests >= share
        return self._session.tally.cut

    def _page(self, offset: int, since: datetime | None = None) -> Page:
        page = self._session.remote.list_conversations(limit=listing.PAGE_SIZE, offset=offset, since=since)
        self._session.tally.listing = Completeness.PARTIAL  # until it has come to its end
        self._requests += 1
        return page

    def _increment(self, overview: Overview) -> None:
        session = self._session
        if self._since(_watermark(overview, session.clock()), self._share()):
            session.tally.listing = Completeness.COMPLETE
            return
        # So long an increment is of a server that ignores `since`: a sweep keeps its place, and gets to the end.
        sweep = Sweep(started_at=session.now())
        session.store.store_page([], sweep, session.run_id, session.now(), session.meter.ahead())

    def _since(self, since: datetime, share: int) -> bool:
        """An incremental listing; whether it reached the end."""
        offset, seen = 0, set[str]()
        while not self._used(share):
            page = self._page(offset, since)
            fresh = {*(row.id for row in page.rows), *page.unusable_ids} - seen
            self._take(page, None)
            offset += page.received
            seen |= fresh
            if not fresh or listing.ends_here(page):
                return True
        return False

    def _sweep(self, place: Sweep | None) -> None:
        session, verdict, sweep = self._session, Verdict.CONTINUE, place
        while verdict is Verdict.CONTINUE:
            if self._used(self._share()):
                return
            page = self._page(sweep.next_offset if sweep else 0)
            # It begins with its first answer, which tells the server's time.
            sweep, verdict = listing.advance(sweep or Sweep(started_at=session.now()), page)
            self._take(page, sweep if verdict is Verdict.CONTINUE else None)
        assert sweep is not None  # noqa: S101 - a page was taken
        if verdict is not Verdict.PARTIAL:
            session.tally.listing = Completeness.COMPLETE
        # A list that never holds still is swept again at once only as long as it is longer than what is known.
        known = session.store.overview().active + len(session.tally.unusable) + len(session.tally.forgotten)
        session.tally.swept = verdict is not Verdict.PARTIAL or known >= (sweep.total or 0)
        self._settle(sweep, proved=verdict is Verdict.PROVED)

    def _take(self, page: Page, sweep: Sweep | None) -> None:
        """Commit what one page changed; nothing is written where nothing did and the sweep ends here."""
        session, now = self._session, self._session.now()
        listed = {row.id: row for row in page.rows}
        forgotten = session.store.forgotten(listed.keys())
        rows = {id_: row for id_, row in listed.items() if id_ not in forgotten}
        known = session.store.known(rows.keys())
        why = self._excluder.reasons(rows.values())
        taken = (steps.take_row(known.get(row.id), row, now, why.get(row.id, "")) for row in rows.values())
        changes = [change for change in taken if change]
        if changes or sweep is not None:
            session.store.store_page(changes, sweep, session.run_id, now, session.meter.ahead())
            self._has_place |= sweep is not None
        session.tally.listed |= rows.keys()
        session.tally.unusable |= set(page.unusable_ids)
        session.tally.forgotten |= forgotten
        session.tally.new += sum(change.is_new for change in changes)
        session.tally.changed += sum(change.differs for change in changes)
        session.report("listed", detail=f"{len(session.tally.listed)} listed, {session.tally.new} new")

    def _settle(self, sweep: Sweep, *, proved: bool) -> None:
        """Commit what a sweep that has ended proves; nothing is written where that is nothing."""
        session, seen = self._session, listing.seen_ids(sweep)
        verdict = self._verdict(seen, sweep.started_at) if proved else listing.Vanished()
        if verdict.gone or verdict.missed or self._has_place:
            swept, budget = session.tally.swept, session.meter.ahead()
            session.store.settle_sweep(verdict, session.run_id, session.now(), budget, swept=swept)
        self.vanished = verdict.ask
        for conversation_id, evidence in verdict.gone:
            session.count_gone(conversation_id, evidence)

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
