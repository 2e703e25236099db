"""Credits as the one writing process keeps them: each writing method is one transaction. Implements `Accounting`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from convo_sync.archive import books, documents, forgetting, ledger, owed, rescue, sqlite
from convo_sync.archive.transaction import Change
from convo_sync.budget import Budget
from convo_sync.credits.balance import Books
from convo_sync.credits.entries import Entry, Standing, Wish
from convo_sync.credits.fitness import Subject
from convo_sync.errors import ConvoSyncError
from convo_sync.records import Account, ConversationId, Document, Holding, Kind

_WARNINGS = {"cap": "cap_warned_at", "low": "low_warned_at"}


class Accounting:
    """The credit side of an open archive.

    Args:
        path: the archive's file.
        writing: begins a transaction, with the hour to write along.
        reading: gives the connection.
    """

    def __init__(
        self,
        path: Path,
        writing: Callable[[Budget | None], AbstractContextManager[Change]],
        reading: Callable[[], AbstractContextManager[sqlite.Connection]],
    ) -> None:
        self._path, self._writing, self._reading = path, writing, reading

    def books(self) -> Books:
        """Everything that was written down about credits."""
        with self._reading() as connection:
            return books.books(connection)

    def subjects(self, kinds: Collection[Kind], conversation_id: ConversationId | None = None) -> Sequence[Subject]:
        """Every conversation (or one) with what is held of these kinds."""
        with self._reading() as connection:
            return books.subjects(connection, kinds, conversation_id)

    def answered(self, wish: Wish) -> str | None:
        """The item of the newest answer or e-mail that the same request about the same transcript brought."""
        with self._reading() as connection:
            return books.answered(connection, wish)

    def replies(self) -> Sequence[tuple[Entry, bytes]]:
        """Replies to lines that are still reserved or unknown, as received; those beside the archive too."""
        with self._reading() as connection:
            pending = books.entries(connection, "where l.state in ('reserved', 'unknown')")
            bodies = dict(connection.execute("select ledger_id, body from _replies").fetchall()) if pending else {}
        found = [(each, bodies.get(each.id) or rescue.read(self._path, each)) for each in pending]
        return [(entry, body) for entry, body in found if body is not None]

    def adopt(self, now: datetime) -> int:
        """Take lines that a dead process left reserved for unknown; how many there were."""
        with self._reading() as connection:
            if connection.execute("select 1 from ledger where state = 'reserved'").fetchone() is None:
                return 0
        with self._writing(None) as change:
            return ledger.adopt(change, now)

    def read_counter(self, account: Account, now: datetime, budget: Budget) -> None:
        """Write down what a profile says of credits. `now` is the server's time."""
        with self._writing(budget) as change:
            ledger.note_account(change, account, now)
            ledger.read_counter(change, account, now)

    def reserve(self, wish: Wish, now: datetime, budget: Budget) -> Entry:
        """Commit a line before its request is sent."""
        with self._writing(budget) as change:
            id_ = ledger.reserve(change, wish, now)
            return books.entries(change.connection, "where l.id = ?", id_)[0]

    def keep_reply(self, entry: Entry, body: bytes, now: datetime) -> str:
        """Commit a paid reply as received; where that fails, write it to a file beside the archive, which is named."""
        try:
            with self._writing(None) as change:
                ledger.keep_reply(change, entry.id, body, now)
        except ConvoSyncError:
            return str(rescue.write(self._path, entry, body))
        return ""

    def free_bytes(self) -> int:
        """Room on the archive's disk, in bytes."""
        return shutil.disk_usage(self._path.parent).free

    def doubt(self, id_: int, evidence: str, now: datetime, budget: Budget, *, holding: Holding | None) -> None:
        """Commit that nobody knows whether a line was paid, and that its document has to be looked for."""
        with self._writing(budget) as change:
            ledger.doubt(change, id_, evidence, now)
            owed.store(change, [holding] if holding else [])

    def settle(self, id_: int, standing: Standing, evidence: str, now: datetime, budget: Budget) -> None:
        """Commit what became of a line that brought nothing."""
        with self._writing(budget) as change:
            ledger.settle(change, id_, standing, evidence, now)

    def confirm(self, entry: Entry, digest: str, evidence: str, now: datetime, budget: Budget) -> None:
        """Commit that a line was paid for, since the document of this digest came by itself."""
        with self._writing(budget) as change:
            ledger.settle(change, entry.id, Standing.SPENT, evidence, now, digest=digest)
            ledger.claim(change, entry.id, entry.wish.conversation_id, entry.wish.kind)
            ledger.drop_reply(change, entry.id)

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
        """Commit what a line brought: its document, holding and index rows with what it cost.

        Nothing but the cost is kept where its conversation is forgotten.
        """
        cause = f"rule: {entry.wish.rule}" if entry.wish.rule else "asked for by hand"
        with self._writing(budget) as change:
            if not forgetting.among(change.connection, [document.conversation_id]):
                documents.store(
                    change, document, current=current, cause=cause, run_id=run_id, now=now, ledger_id=entry.id
                )
                owed.store(change, [holding] if holding else [])
            ledger.settle(change, entry.id, standing, evidence, now, document.item, document.digest)
            ledger.drop_reply(change, entry.id)
        rescue.remove(self._path, entry)

    def note_warning(self, which: str, now: datetime, budget: Budget) -> None:
        """Remember that the owner was warned this month: of the ``cap``, or that the allowance is ``low``."""
        with self._writing(budget) as change:
            ledger.note_warning(change, _WARNINGS[which], now)
