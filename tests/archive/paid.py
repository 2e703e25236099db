"""Documents as the ledger pays for them: reserved, received, settled, as a generation does it."""

from __future__ import annotations

from datetime import datetime

from convo_sync.archive.write import Archive
from convo_sync.credits.entries import Standing, Wish
from convo_sync.records import Account, Document

from .storage import BUDGET, NOW

ACCOUNT = Account("mara@example.com", "Mara", "starter", "UTC", 1, 10, NOW)


def receive(archive: Archive, document: Document, rule: str | None, reason: str, now: datetime = NOW) -> None:
    """Store a document that a rule, or with None a person, had made."""
    books = archive.accounting
    if not books.books().readings:
        books.read_counter(ACCOUNT, NOW, BUDGET)
    entry = books.reserve(Wish(document.conversation_id, document.kind, rule, reason), now, BUDGET)
    books.receive(entry, document, Standing.SPENT, "it came", now, BUDGET, current=True, holding=None, run_id=None)
