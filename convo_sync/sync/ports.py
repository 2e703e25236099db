"""The small Protocols through which a run sees the world: the API, what costs a credit there, and the archive.

Every method of `Store` that writes is one transaction, and takes the budget to commit along with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from convo_sync.budget import Budget
from convo_sync.credits.balance import Books
from convo_sync.credits.entries import Entry, Standing, Wish
from convo_sync.credits.fitness import Subject
from convo_sync.plan.hints import Hint
from convo_sync.plan.listing import Missing, Sweep, Vanished
from convo_sync.records import (
    Account,
    Binding,
    CalendarState,
    Candidate,
    ConversationId,
    Document,
    EventPage,
    Holding,
    Kind,
    Known,
    Listing,
    ListingChange,
    Overview,
    Owed,
    Page,
    Run,
)

Received = Callable[[bytes], None]


class Remote(Protocol):
    """The API, as far as a run reads it. Errors are those of `convo_sync.errors`."""

    def list_conversations(self, *, limit: int = 100, offset: int = 0, since: datetime | None = None) -> Page:
        """One page of the list."""

    def get_document(self, conversation_id: ConversationId, kind: Kind) -> Document | None:
        """A transcript, key points or feedback; None where the answer says that there is none."""

    def get_profile(self) -> Account:
        """The account behind the key."""


class Paid(Protocol):
    """The requests of the API that cost a credit. Each is sent once; `received` gets a 2xx's body before it is read."""

    def generate_keypoints(
        self, conversation_id: ConversationId, *, force_refresh: bool = False, received: Received | None = None
    ) -> tuple[Document, bool]:
        """Key points, with whether the server had them already."""

    def generate_feedback(
        self, conversation_id: ConversationId, *, force_refresh: bool = False, received: Received | None = None
    ) -> tuple[Document, bool]:
        """Feedback, with whether the server had it already."""

    def ask(self, conversation_id: ConversationId, query: str, *, received: Received | None = None) -> Document:
        """The AI's answer to a question."""

    def write_email(
        self,
        conversation_id: ConversationId,
        recipient_name: str | None = None,
        tone: str = "professional",
        *,
        received: Received | None = None,
    ) -> Document:
        """A drafted e-mail."""


class Agenda(Protocol):
    """The requests of the API that read the calendar, apart from `Remote` since a run may do without."""

    def list_events(
        self, max_results: int = 50, time_min: datetime | None = None, time_max: datetime | None = None
    ) -> EventPage:
        """Upcoming events, 50 at most, soonest first."""


class Diary(Protocol):
    """The archive's calendar, as far as a run reads and writes it."""

    def state(self) -> CalendarState:
        """When the calendar was last read, and refused."""

    def store(self, events: Sequence[Document], run_id: int | None, now: datetime, budget: Budget) -> int:
        """Commit one answer's events; how many were new or changed."""

    def settle(self, seen: Collection[str], now: datetime, budget: Budget, *, complete: bool) -> int:
        """Commit that the calendar was read, and which events were withdrawn; how many."""

    def refuse(self, now: datetime, budget: Budget) -> None:
        """Commit that the server has no calendar for this account."""

    def link(self, budget: Budget) -> bool:
        """Commit which conversation was which event; whether that differs from before."""

    def events_of(self, ids: Collection[str]) -> Mapping[str, str]:
        """Conversation -> the event that it is linked with, of these conversations."""


class Changing(Protocol):
    """The requests of the API that change or delete a conversation there. Each is sent once."""

    def rename(self, conversation_id: ConversationId, title: str) -> Listing:
        """Give it another title; its row of the list as it is now."""

    def delete(self, conversation_id: ConversationId) -> None:
        """Delete it."""


class Inbox(Protocol):
    """Webhook deliveries, as far as a run acts upon them. Errors are those of `convo_sync.errors`."""

    def waiting(self) -> Sequence[Hint]:
        """Those that wait, oldest first."""

    def done(self, ids: Iterable[int]) -> None:
        """Commit that these were acted upon."""


class Accounting(Protocol):
    """Credits, as far as a run writes them down."""

    def books(self) -> Books:
        """Everything that was written down about credits."""

    def subjects(self, kinds: Collection[Kind], conversation_id: ConversationId | None = None) -> Sequence[Subject]:
        """Every conversation (or one) with what is held of these kinds."""

    def answered(self, wish: Wish) -> str | None:
        """The item of the newest answer or e-mail that the same request about the same transcript brought."""

    def replies(self) -> Sequence[tuple[Entry, bytes]]:
        """Replies to lines that are still reserved or unknown, as received."""

    def adopt(self, now: datetime) -> int:
        """Take lines that a dead process left reserved for unknown; how many there were."""

    def read_counter(self, account: Account, now: datetime, budget: Budget) -> None:
        """Write down what a profile says of credits."""

    def reserve(self, wish: Wish, now: datetime, budget: Budget) -> Entry:
        """Commit a line before its request is sent."""

    def keep_reply(self, entry: Entry, body: bytes, now: datetime) -> str:
        """Keep a paid reply as received; the file it is in, where the archive could not take it, else empty."""

    def receive(
        self,
        entry: Entry,
        document: Document,
        standing: Standing,
        evidence: str,
        now: datetime,
        budget: Budget,
        *,
        current: bool,
        holding: Holding | None,
        run_id: int | None,
    ) -> None:
        """Commit what a line brought with what it cost."""

    def doubt(self, id_: int, evidence: str, now: datetime, budget: Budget, *, holding: Holding | None) -> None:
        """Commit that nobody knows whether a line was paid, and that its document has to be looked for."""

    def confirm(self, entry: Entry, digest: str, evidence: str, now: datetime, budget: Budget) -> None:
        """Commit that a line was paid for, since the document of this digest came by itself."""

    def settle(self, id_: int, standing: Standing, evidence: str, now: datetime, budget: Budget) -> None:
        """Commit what became of a line that brought nothing."""

    def note_warning(self, which: str, now: datetime, budget: Budget) -> None:
        """Remember that the owner was warned this month: of the ``cap``, or that the allowance is ``low``."""

    def free_bytes(self) -> int:
        """Room on the archive's disk, in bytes."""


class Store(Protocol):
    """The archive, as far as a run reads and writes it."""

    @property
    def accounting(self) -> Accounting:
        """Its credit side."""

    def binding(self) -> Binding | None:
        """Whose archive this is; None before the first sync."""

    def bind(self, account: Account, base_url: str, key_digest: str, now: datetime, budget: Budget) -> None:
        """Record the account, at the first sync or when its key or profile changed."""

    def budget(self) -> Budget:
        """The hour as last written."""

    def save_budget(self, budget: Budget) -> None:
        """Write the hour by itself: before a request that no commit has counted yet."""

    def overview(self) -> Overview:
        """Counts and times that decide what to list."""

    def unfinished_sweep(self) -> Sweep | None:
        """The sweep that an earlier run left."""

    def known(self, ids: Collection[ConversationId]) -> Mapping[ConversationId, Known]:
        """What the archive has of these."""

    def forgotten(self, ids: Collection[ConversationId]) -> frozenset[ConversationId]:
        """Those of these that the archive's owner had removed for good."""

    def candidates(self, *, excluded_only: bool) -> Sequence[Candidate]:
        """Every conversation that rules may exclude, or those of which something is excluded now."""

    def invited(self, event_ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Calendar event -> names and addresses of those invited, of the events that the archive has."""

    def missing(self, seen: Collection[str], before: datetime) -> Sequence[Missing]:
        """The conversations not yet gone, first seen before then, whose ids were not seen."""

    def due(self, now: datetime, *, retry_failed: bool) -> Sequence[Owed]:
        """The holdings whose time has come."""

    def newest(self, count: int) -> frozenset[ConversationId]:
        """The ids of the newest conversations."""

    def least_recently_checked(self, count: int, kind: Kind | None = None) -> Sequence[Owed]:
        """The documents, absent ones included, that the server was asked for longest ago; of one kind or any."""

    def transcripts(self, ids: Collection[str]) -> Sequence[Owed]:
        """The transcript holdings of these conversations."""

    def held_substance(self, conversation_id: ConversationId, kind: Kind) -> int | None:
        """How much the current document says, counted as `Document.substance` is; None where there is none."""

    def begin_run(self, command: str, now: datetime, budget: Budget) -> int:
        """Record that a run began; its number."""

    def end_run(self, run_id: int, run: Run, now: datetime, budget: Budget, *, swept: bool) -> None:
        """Record how it ended."""

    def store_page(
        self, changes: Sequence[ListingChange], sweep: Sweep | None, run_id: int, now: datetime, budget: Budget
    ) -> None:
        """Commit what a page changed, the pending marks that this causes, and the sweep's place."""

    def store_row(self, change: ListingChange, cause: str, now: datetime, budget: Budget) -> None:
        """Commit what a row says that came by itself, for a command that a person typed."""

    def settle_sweep(self, vanished: Vanished, run_id: int, now: datetime, budget: Budget, *, swept: bool) -> None:
        """Commit what a finished sweep proved, and whether another is needed at once; forget its place."""

    def suspect(self, ids: Collection[ConversationId], budget: Budget) -> None:
        """Commit that a webhook said of these that they were deleted."""

    def mark_gone(self, conversation_id: ConversationId, evidence: str, now: datetime, budget: Budget) -> None:
        """Mark one conversation as deleted at Convo; what is archived of it stays."""

    def store_document(
        self,
        document: Document,
        holding: Holding,
        *,
        current: bool,
        cause: str,
        run_id: int | None,
        now: datetime,
        budget: Budget,
    ) -> bool:
        """Commit a document with its derived rows, index rows and holding; whether it was a new version."""

    def store_holdings(self, holdings: Iterable[Holding], budget: Budget) -> None:
        """Commit holdings alone: absent, failed, pending."""
