"""Spends one credit: a line in the ledger, the request, what became of it. And finds out what became of old ones.

What may be bought is decided in `credits.decision`, what an old outcome is in `credits.outcome`; this asks and commits.
Between the reading of the counter and the settlement nobody else gets the archive: its holder does not yield there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from convo_sync.credits.entries import NOT_SENT, UNPROVEN, USED_UP, Entry, Standing, Wish
from convo_sync.credits.fitness import Subject
from convo_sync.credits.outcome import Verdict, judge
from convo_sync.errors import (
    ArchiveError,
    ConfigurationError,
    ConvoSyncError,
    CreditsUsedUp,
    KeyRefused,
    Offline,
    RateLimited,
    Refusal,
    ServerTrouble,
    StorageFull,
    TryLater,
)
from convo_sync.models import NotTheApi, read_generated
from convo_sync.plan import schedule
from convo_sync.records import HELD_KINDS, Document, Holding, Kind, State
from convo_sync.sync.account import read_counter
from convo_sync.sync.looking import look
from convo_sync.sync.session import Session

ROOM = 20 * 10**6
LOOKED_FOR = "a generation whose outcome is not known"
# The API's own 4xx says that nothing was done, but for those by which a server tells that it lost patience or order.
_UNSURE = frozenset((408, 409, 425, 499))
# A connection that could not be made; `unreachable` is said of too much to be sure.
_UNSENT = frozenset(("refused", "no_dns", "tls", "connect_timeout", "pool", "proxy"))


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one wish. `document` is what it brought; `error` why it brought nothing."""

    standing: Standing
    document: Document | None = None
    error: ConvoSyncError | None = None


class Spender:
    """The credit side of one run or one hand command."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._books = session.store.accounting

    # -- one wish

    def has_room(self) -> bool:
        """Whether the disk has room for what would be paid for."""
        return self._books.free_bytes() >= ROOM

    def spend(self, wish: Wish) -> Result:
        """Reserve, send once, settle. The counter was read right before.

        Raises:
            StorageFull: too little room to keep what would be paid for; nothing was sent.
            ArchiveError: what came could not be committed; it is kept beside the archive for the next run, or, where
                that failed too, in the message.
            KeyboardInterrupt: the outcome is unknown, as after a kill.
        """
        if not self.has_room():
            raise StorageFull(
                "Less than 20 MB of disk are free: no credit is spent on what might not be kept.",
                "Free some disk space, then run the same command again.",
            )
        entry = self._books.reserve(wish, self._session.now(), self._session.meter.ahead())
        with ExitStack() as stack:
            try:
                document, cached = self._post(entry, stack)
            except ArchiveError:
                raise
            except ConvoSyncError as error:
                return self._without_document(entry, error)
            return self._receive(entry, document, cached=cached)

    def _post(self, entry: Entry, stack: ExitStack) -> tuple[Document, bool]:
        wish, paid = entry.wish, self._session.paid
        assert paid is not None  # noqa: S101 - who spends has given it

        def received(body: bytes) -> None:
            stack.enter_context(self._session.undisturbed())
            rescued = self._books.keep_reply(entry, body, self._session.now())
            if rescued:
                self._session.report("rescued", wish.conversation_id, rescued)

        if wish.kind is Kind.ANSWER:
            return paid.ask(wish.conversation_id, _requested(wish)["query"], received=received), False
        if wish.kind is Kind.EMAIL:
            asked = _requested(wish)
            return paid.write_email(wish.conversation_id, asked["to"], asked["tone"], received=received), False
        generate = paid.generate_keypoints if wish.kind is Kind.KEYPOINTS else paid.generate_feedback
        return generate(wish.conversation_id, force_refresh=wish.force, received=received)

    def _receive(self, entry: Entry, document: Document, *, cached: bool) -> Result:
        """Commit what came. Only what was not forced may have been there already."""
        session, subject = self._session, self._subject(entry)
        # What an earlier process left is stored before any answer told whether this machine's clock was set since.
        now = max(session.now(), entry.reserved_at)
        free = cached and not entry.wish.force
        standing = Standing.FREE if free else Standing.SPENT
        holding, current = None, True
        if subject is not None:
            known, held = subject.conversation, session.store.held_substance(document.conversation_id, document.kind)
            holding = schedule.after_document(subject.holding, known, document, now, held=held)
            current = schedule.replaces(document, held=held, listed=known.segment_count)
        evidence = "the server had it already" if free else "it came"
        self._books.receive(
            entry,
            document,
            standing,
            evidence,
            now,
            session.meter.ahead(),
            current=current,
            holding=holding,
            run_id=session.run_id or None,
        )
        session.tally.credits += not free
        session.tally.fetched += 1
        return Result(standing, document)

    def _without_document(self, entry: Entry, error: ConvoSyncError) -> Result:
        """Settle a line whose request brought nothing that can be used."""
        evidence = _released(error)
        if evidence is None:
            self._doubt(entry, f"no usable answer: {error.detail if isinstance(error, ServerTrouble) else error}")
            return Result(Standing.UNKNOWN, error=error)
        session = self._session
        self._books.settle(entry.id, Standing.REFUSED, evidence, session.now(), session.meter.ahead())
        return Result(Standing.REFUSED, error=error)

    def _doubt(self, entry: Entry, evidence: str) -> None:
        """From now on the outcome is unknown; its document, if it may still come, is due now and on the schedule."""
        session, subject = self._session, self._subject(entry)
        holding = None
        if subject is not None and subject.holding.state is not State.EXCLUDED:
            now = session.now()
            state = State.PENDING if subject.holding.digest is None else subject.holding.state
            holding = replace(subject.holding, state=state, next_try_at=now, anchor_at=now, reason=LOOKED_FOR)
        self._books.doubt(entry.id, evidence, session.now(), session.meter.ahead(), holding=holding)

    def _subject(self, entry: Entry) -> Subject | None:
        """The document that is to be made, as held; None for answers and e-mails, and of what is forgotten."""
        if entry.wish.kind not in HELD_KINDS:
            return None
        found = self._books.subjects((entry.wish.kind,), entry.wish.conversation_id)
        return found[0] if found else None

    # -- what an earlier process left

    def recover(self) -> Sequence[tuple[Wish, Document]]:
        """Store, without a request, the replies that a process left which died between its request and the end."""
        found = []
        for entry, body in self._books.replies():
            try:
                document, cached = read_generated(entry.wish.conversation_id, entry.wish.kind, body)
            except NotTheApi:
                continue  # some page of a proxy, or a broken reply: it stays, and says nothing of the credit
            self._receive(entry, document, cached=cached)
            found.append((entry.wish, document))
        return found

    def settle_unknowns(self, *, may_ask: bool = True) -> None:
        """Find out what became of each unknown outcome, as far as that can be known now.

        An answer came before: times are the server's, and not those of a clock that was set since the last run.
        """
        self._books.adopt(self._session.now())
        for entry in self._books.books().entries:
            if entry.standing is Standing.UNKNOWN:
                self._settle_unknown(entry, may_ask=may_ask)

    def _settle_unknown(self, entry: Entry, *, may_ask: bool) -> None:
        asked = set[Verdict]()
        while True:
            subject, session = self._subject(entry), self._session
            # What is excluded is not asked for: then the counter alone tells, as of an answer or an e-mail.
            holding = subject.holding if subject and subject.holding.state is not State.EXCLUDED else None
            verdict = judge(entry, holding, self._books.books().reading, session.now(), can_ask=may_ask)
            if verdict in asked or verdict is Verdict.WAIT:
                return
            if verdict not in (Verdict.LOOK, Verdict.READ):
                self._settle(entry, verdict, holding)
                return
            asked.add(verdict)
            may_ask &= self._look(subject) if verdict is Verdict.LOOK else self._read()

    def _settle(self, entry: Entry, verdict: Verdict, holding: Holding | None) -> None:
        session, now, budget = self._session, self._session.now(), self._session.meter.ahead()
        if verdict is Verdict.CONFIRMED and holding is not None and holding.digest is not None:
            self._books.confirm(entry, holding.digest, "a newer document came", now, budget)
        elif verdict is Verdict.DENIED:
            why = "nothing came and nothing was counted for an hour"
            self._books.settle(entry.id, Standing.REFUSED, why, now, budget)
            return
        else:
            self._books.settle(entry.id, Standing.SPENT, UNPROVEN, now, budget)
        session.tally.credits += 1

    def _read(self) -> bool:
        try:
            read_counter(self._session)
        except (ServerTrouble, Refusal):
            return False
        return True

    def _look(self, subject: Subject | None) -> bool:
        return subject is not None and look(self._session, subject.holding, subject)


def _requested(wish: Wish) -> dict[str, str]:
    return dict(json.loads(wish.request or "{}"))


def _released(error: ConvoSyncError) -> str | None:
    """What shows that nothing was paid; None where that is not known."""
    if isinstance(error, CreditsUsedUp):
        return USED_UP
    if isinstance(error, RateLimited):
        return NOT_SENT  # the hour refused it before anything was done
    if isinstance(error, Offline):
        return NOT_SENT if error.symptom in _UNSENT else None
    if isinstance(error, TryLater | ConfigurationError):
        return NOT_SENT
    if isinstance(error, KeyRefused):
        return f"refused: {error.message}"
    if isinstance(error, Refusal):
        return None if error.status in _UNSURE else f"refused: {error.message}"
    return None
