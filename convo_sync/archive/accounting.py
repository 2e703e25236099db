"""Credits as the one writing process keeps them: each writing method is one transaction. Implements `Accounting`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from convo_sync.archive import books, documents, ledger, owed, sqlite
from convo_sync.archive.transaction import Change
from convo_sync.budget import Budget
from convo_sync.credits.balance import Books
from convo_sync.credits.decision import Subject
from convo_sync.credits.entries import Entry, Standing, Wish
from convo_sync.records import Account, ConversationId, Document, Holding, Kind

_WARNINGS = {"cap": "cap_warned_at", "low": "low_warned_at"}


class Accounting:
    """The credit side of an open archive.

    Args:
        writing: begins a transaction, with the hour to write along.
        reading: gives the connection.
    """

    def __init__(
        self,
        writing: Callable[[Budget | None], AbstractContextManager[Change]],
        reading: Callable[[], AbstractContextManager[sqlite.Connection]],
    ) -> None:
        self._writing, self._reading = writing, reading

    def books(self) -> Books:
        """Everything that was written down about credits."""
        with self._reading() as connection:
            return books.books(connection)

    def subjects(self, kinds: Collection[Kind], conversation_id: ConversationId | None = None) -> Sequence[Subject]:
        """Every conversation (or one) with what is held of these kinds."""
        with self._reading() as connection:
            return books.subjects(connection, kinds, conversation_id)

    def replies(self) -> Sequence[tuple[Entry, bytes]]:
        """Replies of lines that are still reserved or unknown, as received."""
        with self._reading() as connection:
            bodies = dict(connection.execute("select ledger_id, body from _replies").fetchall())
            where = "where l.id in (select ledger_id from _replies) and l.state in ('reserved', 'unknown')"
            return [(each, bodies[each.id]) for each in books.entries(connection, where)]

    def adopt(self) -> int:
        """Take lines that a dead process left reserved for unknown; how many there were."""
        with self._reading() as connection:
            if connection.execute("select 1 from ledger where state = 'reserved'").fetchone() is None:
                return 0
        with self._writing(None) as change:
            return ledger.adopt(change)

    def read_counter(self, account: Account, now: datetime, budget: Budget) -> None:
        """Write down what a profile says of credits. `now` is the server's time."""
        with self._writing(budget) as change:
            ledger.read_counter(change, account, now)

    def reserve(self, wish: Wish, now: datetime, budget: Budget) -> int:
        """Commit a line before its request is sent; its id."""
        with self._writing(budget) as change:
            return ledger.reserve(change, wish, now)

    def keep_reply(self, id_: int, body: bytes, now: datetime) -> None:
        """Commit a paid reply as received."""
        with self._writing(None) as change:
            ledger.keep_reply(change, id_, body, now)

    def settle(
        self,
        id_: int,
        standing: Standing,
        evidence: str,
        now: datetime | None,
        budget: Budget,
        *,
        holding: Holding | None = None,
    ) -> None:
        """Commit what became of a line that brought nothing, with what follows for the document's holding."""
        with self._writing(budget) as change:
            ledger.settle(change, id_, standing, evidence, now)
            owed.store(change, [holding] if holding else [])

    def receive(
        self,
        entry: Entry,
        document: Document,
        standing: Standing,
        evidence: str,
        now: datetime,
        budget: Budget,
        *,
        holding: Holding | None,
        run_id: int | None,
    ) -> bool:
        """Commit what a line brought, with its document, holding and index rows; whether it was a new version."""
        cause = f"rule: {entry.wish.rule}" if entry.wish.rule else "asked for by hand"
        with self._writing(budget) as change:
            is_new = documents.store(
                change, document, current=True, cause=cause, run_id=run_id, now=now, ledger_id=entry.id
            )
            owed.store(change, [holding] if holding else [])
            ledger.settle(change, entry.id, standing, evidence, now, document)
            ledger.drop_reply(change, entry.id)
        return is_new

    def note_warning(self, which: str, now: datetime, budget: Budget) -> None:
        """Remember that the owner was warned this month: of the ``cap``, or that the allowance is ``low``."""
        with self._writing(budget) as change:
            ledger.note_warning(change, _WARNINGS[which], now)
