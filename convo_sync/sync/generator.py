"""Has generated, in a run, what the rules of config.toml want: one after the other, each decided anew.

What is bought is decided in `credits.decision`; how one credit is spent, in `spending`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta

from convo_sync.credits.balance import Books, balance
from convo_sync.credits.decision import Generation, decide
from convo_sync.credits.entries import Standing
from convo_sync.credits.fitness import Subject
from convo_sync.credits.rules import Settings
from convo_sync.errors import ConfigurationError, KeyRefused, Offline, Refusal, ServerTrouble
from convo_sync.plan.steps import ALIKE_FAILURES
from convo_sync.records import Kind
from convo_sync.sync.account import read_counter
from convo_sync.sync.looking import look, was_just_asked
from convo_sync.sync.session import Session
from convo_sync.sync.spending import Result, Spender

# Where only money is missing, the counter is read again after so long: a plan may have been changed.
REREAD = timedelta(days=1)
MOSTLY = 0.8
LOW = 0.2
_Key = tuple[str, Kind]


class Generator:
    """The generations of one run. `down`: kinds that the server does not answer for."""

    def __init__(self, session: Session, spender: Spender, down: Collection[Kind] = ()) -> None:
        self._session, self._spender, self._down = session, spender, set(down)
        self._books = session.store.accounting
        self._tried: set[_Key] = set()
        self._looked: set[_Key] = set()
        self._posted = self._reread = False
        self._failures: Counter[Kind] = Counter()

    def run(self) -> None:
        """Buy what the rules want and the month allows. Trouble with it ends it, and nothing else.

        Raises:
            TryLater: the hour is used up.
            Offline, KeyRefused: as everywhere.
            ArchiveError: what came could not be committed.
        """
        if self._session.paid is None:
            return
        try:
            self._spender.settle_unknowns(may_ask=False)  # what the documents that came meanwhile tell
            while self._buy_one():
                pass
            if self._posted:
                read_counter(self._session)  # so that the last credit is known to be of this month
            self._warn()
        except (Offline, KeyRefused):
            raise
        except (ServerTrouble, Refusal, ConfigurationError) as trouble:
            self._session.report("credits", detail=f"no more generations in this run: {trouble.message}")

    def _buy_one(self) -> bool:
        """Take one step towards the next generation; False where there is none."""
        self._session.yielded()
        settings = self._session.credits()
        subjects = self._subjects(settings)
        chosen = self._first(settings, subjects)
        if chosen is None:
            return self._read_for_money(settings, subjects)
        if not self._spender.has_room():
            self._session.report("credits", detail="no generations: less than 20 MB of disk are free.")
            return False
        if self._looks_first(chosen):
            return True
        read_counter(self._session)
        if self._first(settings, subjects) == chosen:  # the counter alone may have changed
            self._buy(chosen)
        return True

    def _subjects(self, settings: Settings) -> Sequence[Subject]:
        """What may be bought yet in this run: neither tried, nor of a kind that the server does not make."""
        kinds = {rule.generate for rule in settings.rules} - self._down
        found = self._books.subjects(kinds)
        return [each for each in found if (each.conversation.id, each.holding.kind) not in self._tried]

    def _first(
        self, settings: Settings, subjects: Sequence[Subject], *, presume_money: bool = False
    ) -> Generation | None:
        books, now = self._books.books(), self._session.now()
        decision = decide(settings, books, subjects, now, presume_money=presume_money)
        return next(iter(decision.generations), None)

    def _read_for_money(self, settings: Settings, subjects: Sequence[Subject]) -> bool:
        """Where only money is missing, ask once whether there is more now, if that was not asked for a day."""
        if self._reread or not _is_old(self._books.books(), self._session):
            return False
        if self._first(settings, subjects, presume_money=True) is None:
            return False
        self._reread = True
        read_counter(self._session)
        return True

    def _looks_first(self, chosen: Generation) -> bool:
        """Ask for what is free before a credit is spent; whether something was asked, so that all is decided anew."""
        asked = False
        for kind in (Kind.TRANSCRIPT, chosen.wish.kind) if chosen.wish.force else (chosen.wish.kind,):
            subject, key = self._subject(chosen), (chosen.wish.conversation_id, kind)
            holding = subject.transcript if kind is Kind.TRANSCRIPT else subject.holding
            if key in self._looked or (not chosen.wish.force and was_just_asked(self._session, holding)):
                continue
            self._looked.add(key)
            asked = True
            if not look(self._session, holding, subject):
                self._tried.add(_key(chosen))
                self._count_failure(chosen.wish.kind)
        return asked

    def _count_failure(self, kind: Kind) -> None:
        """So many in a row are not the meetings' own: the kind is left alone for this run."""
        self._failures[kind] += 1
        if self._failures[kind] >= ALIKE_FAILURES:
            self._down.add(kind)
            words = f"{kind}: {ALIKE_FAILURES} failed in a row; no more of them are generated in this run"
            self._session.report("credits", detail=words)

    def _subject(self, chosen: Generation) -> Subject:
        return self._books.subjects((chosen.wish.kind,), chosen.wish.conversation_id)[0]

    def _buy(self, chosen: Generation) -> None:
        self._tried.add(_key(chosen))
        self._looked.clear()  # a generation takes its time: whoever is next is looked at right before
        self._posted = True
        result = self._spender.spend(chosen.wish)
        self._session.report("generated", chosen.wish.conversation_id, _told(chosen, result))
        if result.standing is Standing.UNKNOWN:
            subject = self._subject(chosen)
            look(self._session, subject.holding, subject)
            self._spender.settle_unknowns(may_ask=False)
        elif result.error is not None and not isinstance(result.error, Refusal):
            raise result.error
        if result.standing in (Standing.SPENT, Standing.FREE):
            self._failures[chosen.wish.kind] = 0
        else:
            self._count_failure(chosen.wish.kind)

    def _warn(self) -> None:
        """Tell, once a month, that most of the cap is spent, or that the account's allowance runs low."""
        books, session, settings = self._books.books(), self._session, self._session.credits()
        if books.period is None or settings.monthly_cap is None:
            return
        state = balance(books, session.now())
        cap, left = settings.monthly_cap, state.left
        if cap and state.own >= MOSTLY * cap and not books.period.cap_warned:
            self._books.note_warning("cap", session.now(), session.meter.ahead())
            session.report("warning", detail=f"{state.own} of this month's {cap} AI credits (monthly_cap) are spent.")
        low = max(settings.keep, LOW * (state.allowance or 0))
        if left is not None and left <= low and not books.period.low_warned:
            self._books.note_warning("low", session.now(), session.meter.ahead())
            session.report("warning", detail=f"{left} AI credits are left on the account this month.")


def _is_old(books: Books, session: Session) -> bool:
    reading = books.reading
    if reading is None or books.period is None:
        return True
    turned = books.period.resets_at is None or books.period.resets_at <= session.now()
    return turned or session.now() - reading.read_at > REREAD


def _key(chosen: Generation) -> _Key:
    return chosen.wish.conversation_id, chosen.wish.kind


def _told(chosen: Generation, result: Result) -> str:
    outcome = {
        Standing.SPENT: "1 credit",
        Standing.FREE: "free: Convo had it already",
        Standing.REFUSED: f"nothing spent: {result.error.message if result.error else ''}",
        Standing.UNKNOWN: "no answer; whether it was paid will show",
    }[result.standing]
    return f"{chosen.wish.kind}: {outcome}"
