"""Documents and their revisions: every distinct version is kept as received, and one of them is the current one.

It knows bodies and digests, and leaves what is derived from them to `derived`.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime

from convo_sync.archive import derived
from convo_sync.archive.transaction import Change
from convo_sync.records import Document
from convo_sync.times import format_time

# 3.5 of 12.8 MB, and far faster than lzma; level 6 makes it 3.1 MB in three times the time, which a first sync spends
# waiting for it.
_LEVEL = 2


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Why a version came, by which run and for which line of the ledger, and when."""

    cause: str
    run_id: int | None
    ledger_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class _Held:
    id: int
    revision: int
    digest: str
    newest_revision: int
    newest_digest: str


def store(
    change: Change,
    document: Document,
    *,
    current: bool,
    cause: str,
    run_id: int | None,
    now: datetime,
    ledger_id: int | None = None,
) -> bool:
    """Keep a document: a new revision if it differs from the newest, and current if it may be; whether it was new.

    Args:
        current: False keeps it as a revision only, behind the better one that is held.
        ledger_id: the line of the ledger that paid for it.
    """
    arrival = _Arrival(cause, run_id, ledger_id, now)
    held = _held(change, document)
    if held is None:
        document_id = _insert(change, document, now)
        _insert_revision(change, document_id, 1, document, arrival)
        derived.store(change, document)
        return True
    is_new = held.newest_digest != document.digest
    revision = held.newest_revision + is_new
    if is_new:
        _insert_revision(change, held.id, revision, document, arrival)
    if current and revision != held.revision:
        _make_current(change, held.id, revision, document, now)
        derived.store(change, document)
    return is_new


def _held(change: Change, document: Document) -> _Held | None:
    row = change.connection.execute(
        """
        select d.id, d.revision, d.digest, r.revision, r.digest
        from documents d
        join revisions r on r.document_id = d.id
        where coalesce(d.conversation_id, '') = ? and d.kind = ? and d.item = ?
        order by r.revision desc
        limit 1
        """,
        (document.conversation_id, document.kind.value, document.item),
    ).fetchone()
    return _Held(*row) if row else None


def _insert(change: Change, document: Document, now: datetime) -> int:
    cursor = change.connection.execute(
        """
        insert into documents (
            conversation_id, kind, item, revision, digest, title, created_at, fetched_at, quarantined, substance,
            changed
        )
        values (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            document.conversation_id or None,
            document.kind.value,
            document.item,
            *_current_values(document, now),
            change.number,
        ),
    )
    return int(cursor.lastrowid or 0)


def _current_values(document: Document, now: datetime) -> tuple[str | int | None, ...]:
    made, received = document.created_at, format_time(now)
    return document.digest, document.title, made, received, document.quarantined, document.substance


def _make_current(change: Change, document_id: int, revision: int, document: Document, now: datetime) -> None:
    change.connection.execute(
        """
        update documents
        set digest = ?, title = ?, created_at = ?, fetched_at = ?, quarantined = ?, substance = ?, revision = ?,
            changed = ?
        where id = ?
        """,
        (*_current_values(document, now), revision, change.number, document_id),
    )


def _insert_revision(change: Change, document_id: int, revision: int, document: Document, arrival: _Arrival) -> None:
    change.connection.execute(
        """
        insert into revisions (
            document_id, revision, digest, body, bytes, fetched_at, cause, run_id, ledger_id, changed
        )
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            document_id,
            revision,
            document.digest,
            zlib.compress(document.body, _LEVEL),
            len(document.body),
            format_time(arrival.at),
            arrival.cause,
            arrival.run_id,
            arrival.ledger_id,
            change.number,
        ),
    )
