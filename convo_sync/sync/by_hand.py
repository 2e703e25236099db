"""One generation that a person asks for: what it would cost, then the same way to spend as a rule's.

A person's commands need no rule, and none of the rules' pauses; cap and keep hold for them too.
"""

from __future__ import annotations

from dataclasses import replace

from convo_sync.credits.balance import Balance, balance
from convo_sync.credits.decision import objection
from convo_sync.credits.entries import Standing, Wish
from convo_sync.credits.fitness import Subject, impossible
from convo_sync.credits.rules import Settings
from convo_sync.errors import ArchiveError, ConvoSyncError, NothingFound
from convo_sync.records import HELD_KINDS, ConversationId, Kind, State
from convo_sync.sync.account import read_counter, require_same_server
from convo_sync.sync.excluder import Excluder
from convo_sync.sync.looking import look, was_just_asked
from convo_sync.sync.session import Session
from convo_sync.sync.spending import Result, Spender


class Declined(ConvoSyncError):
    """The credit is not spent: cap, keep, the account or the meeting stand against it. Nothing was sent."""

    code = "not_spent"


class Hand:
    """One hand command's credit side, while it holds the archive."""

    def __init__(self, session: Session, base_url: str) -> None:
        require_same_server(session.store.binding(), base_url)
        Excluder(session).run()  # a rule that was written since the last sync holds for a hand too
        self._session = session
        self._books = session.store.accounting
        self._spender = Spender(session)
        self._recovered = self._spender.recover()
        self._lines = len(self._books.books().entries)

    def complete(self, wish: Wish) -> Wish:
        """The wish with what is held of its meeting now."""
        subject = self.subject(wish.conversation_id, wish.kind)
        held = subject.holding.digest if wish.kind in HELD_KINDS else None
        return replace(wish, document_digest=held, transcript_digest=subject.transcript_digest)

    def has(self, wish: Wish, *, again: bool) -> str | None:
        """The item that the same wish has brought already; None where it brought none, empty for key points.

        A reply that an earlier command had paid for, and died before it could store it, counts whatever was asked.

        Args:
            again: a new one is wanted although there is one.
        """
        for found, document in self._recovered:
            same = (found.conversation_id, found.kind, found.force) == (wish.conversation_id, wish.kind, wish.force)
            if same and _asks_alike(found, wish):
                return document.item
        return self._books.answered(wish) if wish.request and not again else None

    def subject(self, conversation_id: ConversationId, kind: Kind) -> Subject:
        """What is held of one conversation; of answers and e-mails, as of key points.

        Raises:
            NothingFound: the archive has no such conversation.
        """
        wanted = kind if kind in HELD_KINDS else Kind.KEYPOINTS
        found = self._books.subjects((wanted,), conversation_id)
        if not found:
            raise NothingFound(f"There is no conversation {conversation_id} in this archive.", "Run `convo-sync list`.")
        return found[0]

    def terms(self, wish: Wish, settings: Settings, *, over_cap: bool) -> Balance | None:
        """Read the server's counter, and judge; how the month stands. None: Convo had the document, and gave it.

        Raises:
            Declined: it is not to be spent.
        """
        self._require_fit(wish)
        read_counter(self._session)  # which refuses the key of another account
        self._spender.settle_unknowns()
        if wish.kind in HELD_KINDS and not wish.force and self._came_for_nothing(wish):
            return None
        self._require_known(wish)
        state = balance(self._books.books(), self._session.now())
        is_limited = settings.monthly_cap is not None or settings.keep or state.left == 0
        if is_limited and (why := objection(settings, state, over_cap=over_cap)):
            raise Declined(f"Nothing was spent: {why}.", _next_step(why))
        return state

    def _came_for_nothing(self, wish: Wish) -> bool:
        """Ask Convo for a document that is not archived, unless that was done just now; whether it is there.

        One that was paid for and did not come is asked for in any case: it may be there now.
        """
        subject = self.subject(wish.conversation_id, wish.kind)
        if not was_just_asked(self._session, subject.holding) or self._is_pending(wish):
            look(self._session, subject.holding, subject)
            self._spender.settle_unknowns(may_ask=False)  # it may be what was paid for before
        return self.subject(wish.conversation_id, wish.kind).holding.digest is not None

    def _require_fit(self, wish: Wish) -> None:
        subject = self.subject(wish.conversation_id, wish.kind)
        if subject.holding.state is State.EXCLUDED:
            raise Declined(
                "Nothing was spent: nothing of this meeting is asked for, since [sync] exclude in config.toml says so.",
                "Change that rule, and run `convo-sync sync`.",
            )
        for why in impossible(subject, self._session.now()):
            raise Declined(f"Nothing was spent: {why}.", "`convo-sync show` says what the archive has of it.")

    def _require_known(self, wish: Wish) -> None:
        if self._is_pending(wish):
            raise Declined(
                "Nothing was spent: the same was asked for before, and whether that was paid is not known yet.",
                "The next `convo-sync sync`, an hour after it, finds out; `convo-sync credits` lists it.",
            )

    def _is_pending(self, wish: Wish) -> bool:
        return any(
            entry.is_pending
            and (entry.wish.conversation_id, entry.wish.kind) == (wish.conversation_id, wish.kind)
            and _asks_alike(entry.wish, wish)
            for entry in self._books.books().entries
        )

    def buy(self, wish: Wish) -> Result:
        """Spend the credit; where no answer came, look at once whether the document did.

        Raises:
            ArchiveError: what came could not be stored in the archive.
        """
        self._lines = len(self._books.books().entries)
        result = self._spender.spend(wish)
        if result.standing is not Standing.UNKNOWN or wish.kind not in HELD_KINDS:
            return result
        try:
            subject = self.subject(wish.conversation_id, wish.kind)
            look(self._session, subject.holding, subject)
            self._spender.settle_unknowns(may_ask=False)
        except ArchiveError:
            raise
        except ConvoSyncError:
            return result  # what became of the credit is the news, not that the look failed
        came = self.subject(wish.conversation_id, wish.kind).holding.digest != wish.document_digest
        return Result(Standing.SPENT) if came else result

    def standing(self) -> Standing | None:
        """How far the last purchase has come, where it was stopped; None where nothing was asked for yet."""
        entries = self._books.books().entries
        return entries[-1].standing if len(entries) > self._lines else None


def _asks_alike(one: Wish, other: Wish) -> bool:
    return (one.request or "").casefold() == (other.request or "").casefold()


def _next_step(why: str) -> str:
    if "monthly_cap" in why:
        return "--over-cap spends it all the same; monthly_cap stands in config.toml under [credits]."
    if "keep" in why:
        return "keep stands in config.toml under [credits]."
    return "`convo-sync credits` says how the month stands."
