"""The two small Protocols through which a run sees the world: the remote API and the archive it fills.

Every method of `Store` that writes is one transaction, and takes the budget to commit along with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from convo_sync.budget import Budget
from convo_sync.plan.listing import Missing, Sweep, Vanished
from convo_sync.records import (
    Account,
    Binding,
    ConversationId,
    Document,
    Holding,
    Kind,
    Known,
    ListingChange,
    Overview,
    Owed,
    Page,
    Run,
)


class Remote(Protocol):
    """The API, as far as a run reads it. Errors are those of `convo_sync.errors`."""

    def list_conversations(self, *, limit: int = 100, offset: int = 0, since: datetime | None = None) -> Page:
        """One page of the list."""

    def get_document(self, conversation_id: ConversationId, kind: Kind) -> Document | None:
        """A transcript, key points or feedback; None where the answer says that there is none."""

    def get_profile(self) -> Account:
        """The account behind the key."""


class Store(Protocol):
    """The archive, as far as a run reads and writes it."""

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

    def settle_sweep(self, vanished: Vanished, run_id: int, now: datetime, budget: Budget, *, swept: bool) -> None:
        """Commit what a finished sweep proved, and whether another is needed at once; forget its place."""

    def mark_gone(self, conversation_id: ConversationId, evidence: str, now: datetime, budget: Budget) -> None:
        """Mark one conversation as deleted at Convo; what is archived of it stays."""

    def store_document(
        self,
        document: Document,
        holding: Holding,
        *,
        current: bool,
        cause: str,
        run_id: int,
        now: datetime,
        budget: Budget,
    ) -> bool:
        """Commit a document with its derived rows, index rows and holding; whether it was a new version."""

    def store_holdings(self, holdings: Iterable[Holding], budget: Budget) -> None:
        """Commit holdings alone: absent, failed, pending."""
