"""One run: the account, the list, the documents, the record. It does what `plan` decides, and decides little itself.

Knows no HTTP, no SQL and no terminal: the API and the archive are the two Protocols of `ports`, the clock an argument.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

from convo_sync.credits.rules import Settings
from convo_sync.errors import (
    ArchiveLocked,
    ConfigurationError,
    ConvoSyncError,
    Forbidden,
    KeyRefused,
    PlanLacks,
    RateLimited,
    Refusal,
    ServerTrouble,
    TryLater,
)
from convo_sync.plan.exclusion import Exclusion
from convo_sync.records import Completeness, Outcome, Progress, Run
from convo_sync.sync.account import check_account, read_account
from convo_sync.sync.calendar import Calendar
from convo_sync.sync.excluder import Excluder
from convo_sync.sync.fetcher import Fetcher
from convo_sync.sync.generator import Generator
from convo_sync.sync.hinter import Hinter
from convo_sync.sync.lister import Lister
from convo_sync.sync.meter import Meter
from convo_sync.sync.ports import Agenda, Diary, Inbox, Paid, Remote, Store
from convo_sync.sync.session import Identity, Options, Session
from convo_sync.sync.spending import Spender

# When to look again at a list that would not hold still.
UNSTEADY_PAUSE = timedelta(minutes=5)
_STOPPED = ("stopped", "The run was stopped before its end.", "Run the same command again: it goes on where it was.")


class Sync:
    """One run over one archive.

    Args:
        remote: the API; it must call `meter` around every attempt.
        store: the archive, held by this process alone.
        meter: the hour's budget.
        clock: this machine's time, aware and UTC.
        tell: takes each event of the run; must not raise.
        pause: called between two documents; True where others wrote to the archive meanwhile.
        paid: the API's requests that cost credits; without it nothing can be spent.
        credits: tells what may be spent, and on what; by default nothing. Asked anew before each generation.
        exclusion: tells what is never asked for; by default nothing. Asked anew where others wrote meanwhile.
        inbox: what webhooks said, which is acted upon; by default nothing.
        undisturbed: keeps a signal to stop waiting while something that was paid for is stored.
        agenda: the API's calendar; without it no request is about the calendar.
        diary: the archive's calendar; without it conversations are linked with no events.
    """

    def __init__(
        self,
        remote: Remote,
        store: Store,
        meter: Meter,
        clock: Callable[[], datetime],
        options: Options,
        *,
        tell: Callable[[Progress], None] = lambda _: None,
        pause: Callable[[], bool] = lambda: False,
        paid: Paid | None = None,
        credits: Callable[[], Settings] = Settings,
        exclusion: Callable[[], Exclusion] = Exclusion,
        inbox: Inbox | None = None,
        undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
        agenda: Agenda | None = None,
        diary: Diary | None = None,
    ) -> None:
        self._session = Session(remote, store, meter, clock, options, tell, pause)
        self._session.exclusion, self._session.inbox = exclusion, inbox
        self._session.paid, self._session.credits, self._session.undisturbed = paid, credits, undisturbed
        self._session.agenda, self._session.diary = agenda, diary

    def run(self, identity: Identity) -> tuple[Run, ConvoSyncError | None]:
        """Do the run and record it. What ended it early is returned beside the record, not raised.

        Raises:
            ArchiveError: the archive cannot be written; nothing that was committed is lost.
            ArchiveLocked: somebody else took the archive and kept it.
            KeyboardInterrupt: somebody stopped it, which is recorded.
        """
        session, started = self._session, self._session.clock()
        session.run_id = session.store.begin_run(session.options.command, started, session.meter.ahead())
        try:
            outcome, resume_at, ended = self._work(identity)
        except KeyboardInterrupt:
            if session.holds_archive:
                with contextlib.suppress(ConvoSyncError):
                    self._end(replace(self._record(Outcome.FAILED, None, None, started), error=_STOPPED))
            raise
        run = self._record(outcome, resume_at, ended, started)
        self._end(run)
        return run, ended

    def _end(self, run: Run) -> None:
        session, swept = self._session, self._session.tally.swept
        session.store.end_run(session.run_id, run, session.clock(), session.meter.settled(), swept=swept)

    def _work(self, identity: Identity) -> tuple[Outcome, datetime | None, ConvoSyncError | None]:
        fetcher: Fetcher | None = None
        spender, excluder, hinter = Spender(self._session), Excluder(self._session), Hinter(self._session)
        try:
            check_account(self._session, identity)
            spender.recover()
            excluder.run()
            hinter.begin()
            calendar = Calendar(self._session, excluder)
            calendar.read()
            lister = Lister(self._session, excluder)
            lister.run()
            calendar.link()
            hinter.run()
            self._notice_another_plan(identity)
            spender.settle_unknowns()
            fetcher = Fetcher(self._session, lister.vanished)
            fetcher.run()
            Generator(self._session, spender, fetcher.down).run()
            fetcher.audit()
            calendar.link()
        except ArchiveLocked:
            raise
        except TryLater as parked:
            self._park(parked, fetcher)
            return Outcome.PARKED, parked.resume_at, parked
        except Forbidden as refusal:
            return Outcome.FAILED, None, _plan_lacks_the_api(refusal)
        except Refusal as refusal:
            return Outcome.FAILED, None, _refused(refusal)
        except (KeyRefused, ServerTrouble, ConfigurationError) as error:
            return Outcome.FAILED, None, error
        return self._ended()

    def _park(self, parked: TryLater, fetcher: Fetcher | None) -> None:
        meter = self._session.meter
        if isinstance(parked, RateLimited):
            meter.refused(parked.retry_after_seconds)
            told = meter.parked()
            parked.resume_at, parked.next_step = told.resume_at, told.next_step
        if fetcher is not None:
            fetcher.charge_failures()

    def _ended(self) -> tuple[Outcome, datetime | None, ConvoSyncError | None]:
        """Every due step was tried; the run is complete if the list was."""
        if self._session.tally.listing is Completeness.COMPLETE:
            return Outcome.COMPLETE, None, None
        if self._session.tally.cut:
            told = self._session.meter.parked()
            told.message = "The list of meetings is long: it takes at most half of an hour's requests."
            return Outcome.PARKED, told.resume_at, told
        at = self._session.clock() + UNSTEADY_PAUSE
        told = TryLater("The list of meetings kept changing while it was read.", "Run it again later.", resume_at=at)
        return Outcome.PARKED, at, told

    def _record(
        self, outcome: Outcome, resume_at: datetime | None, ended: ConvoSyncError | None, started: datetime
    ) -> Run:
        tally, session = self._session.tally, self._session
        failed = ended if outcome is Outcome.FAILED else None
        return Run(
            outcome=outcome,
            listing=tally.listing,
            requests=session.meter.requests,
            credits=tally.credits,
            resume_at=resume_at,
            listed=len(tally.listed),
            new=tally.new,
            changed=tally.changed,
            gone=len(tally.gone),
            fetched=tally.fetched,
            unchanged=tally.unchanged,
            absent=tally.absent,
            pending=tally.pending,
            failed=tally.failed,
            seconds=(session.clock() - started).total_seconds(),
            error=(failed.code, failed.message, failed.next_step) if failed else None,
        )

    def _notice_another_plan(self, identity: Identity) -> None:
        """Read the profile again where the limit is another than it was then. Trouble there leaves it for later."""
        bound, limit = self._session.store.binding(), self._session.meter.known_limit
        if bound is not None and limit is not None and bound.hourly_limit != limit:
            with contextlib.suppress(ServerTrouble, Refusal):
                read_account(self._session, identity)


def _plan_lacks_the_api(refusal: Forbidden) -> PlanLacks:
    return PlanLacks(
        f"Convo refuses this key: {refusal.message}",
        "The plan behind it does not include the API; see your plan at Convo.",
    )


def _refused(refusal: Refusal) -> ServerTrouble:
    return ServerTrouble(
        refusal.message,
        symptom="refused_request",
        message=f"Convo refused the list of meetings or the profile: {refusal.message}",
        next_step="Run it again later; if it stays so, the API may have changed: upgrade convo-sync.",
    )
