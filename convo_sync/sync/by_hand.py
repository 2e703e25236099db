"""One generation that a person asks for: what it would cost, then the same way to spend as a rule's.

A person's commands need no rule, and none of the rules' pauses; cap and keep hold for them too.
"""

from __future__ import annotations

from convo_sync.credits.balance import Balance, balance
from convo_sync.credits.decision import objection
from convo_sync.credits.entries import Standing, Wish
from convo_sync.credits.fitness import Subject, impossible
from convo_sync.credits.rules import Settings
from convo_sync.errors import ConvoSyncError, NothingFound
from convo_sync.records import HELD_KINDS, ConversationId, Kind
from convo_sync.sync.account import read_counter, require_same_server
from convo_sync.sync.session import Session
from convo_sync.sync.spending import Result, Spender


class Declined(ConvoSyncError):
    """The credit is not spent: cap, keep, the account or the meeting stand against it. Nothing was sent."""

    code = "not_spent"


class Hand:
    """One hand command's credit side, while it holds the archive."""

    def __init__(self, session: Session, base_url: str) -> None:
        require_same_server(session.store.binding(), base_url)
        self._session = session
        self._books = session.store.accounting
        self._spender = Spender(session)
        self._spender.recover()
        self._lines = len(self._books.books().entries)

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

    def free(self, wish: Wish) -> bool:
        """Ask Convo, for nothing, for a document that is not archived; whether it came."""
        subject = self.subject(wish.conversation_id, wish.kind)
        self._spender.look(subject.holding, subject)
        self._spender.settle_unknowns(may_ask=False)  # it may be what was paid for before
        return self.subject(wish.conversation_id, wish.kind).holding.digest is not None

    def terms(self, wish: Wish, settings: Settings, *, over_cap: bool) -> Balance:
        """Read the server's counter, and judge; how the month stands.

        Raises:
            Declined: it is not to be spent.
        """
        self._require_fit(wish)
        self._spender.settle_unknowns()
        self._require_known(wish)
        read_counter(self._session)
        state = balance(self._books.books(), self._session.now())
        wanted = settings.monthly_cap is not None or settings.keep
        why = objection(settings, state, over_cap=over_cap) if wanted or state.left == 0 else ""
        if why:
            raise Declined(f"Nothing was spent: {why}.", _next_step(why))
        return state

    def _require_fit(self, wish: Wish) -> None:
        subject = self.subject(wish.conversation_id, wish.kind)
        for why in impossible(subject, self._session.now()):
            raise Declined(f"Nothing was spent: {why}.", "`convo-sync show` says what the archive has of it.")

    def _require_known(self, wish: Wish) -> None:
        for entry in self._books.books().entries:
            same = (entry.wish.conversation_id, entry.wish.kind) == (wish.conversation_id, wish.kind)
            if entry.is_pending and same and entry.wish.request == wish.request:
                raise Declined(
                    "Nothing was spent: the same was asked for before, and whether that was paid is not known yet.",
                    "The next `convo-sync sync`, an hour after it, finds out; `convo-sync credits` lists it.",
                )

    def buy(self, wish: Wish) -> Result:
        """Spend the credit; where no answer came, look at once whether the document did."""
        self._lines = len(self._books.books().entries)
        result = self._spender.spend(wish)
        if result.standing is Standing.UNKNOWN and wish.kind in HELD_KINDS:
            subject = self.subject(wish.conversation_id, wish.kind)
            self._spender.look(subject.holding, subject)
            self._spender.settle_unknowns(may_ask=False)
            if self.subject(wish.conversation_id, wish.kind).holding.digest != wish.document_digest:
                return Result(Standing.SPENT)
        return result

    def standing(self) -> Standing | None:
        """How far the last purchase has come, where it was stopped; None where nothing was asked for yet."""
        entries = self._books.books().entries
        return entries[-1].standing if len(entries) > self._lines else None


def _next_step(why: str) -> str:
    if "monthly_cap" in why:
        return "--over-cap spends it all the same; monthly_cap stands in config.toml under [credits]."
    if "keep" in why:
        return "keep stands in config.toml under [credits]."
    return "`convo-sync credits` says how the month stands."
