"""Derived tables from documents alone: each current body is read again, as it was when it came, and compared or merged.

Must not know a network, nor search indexes as a whole. A row that is right is not touched, so `changed` stays.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from convo_sync import models
from convo_sync.archive import derived, listings, lost, marks, sqlite
from convo_sync.archive.derived import Difference
from convo_sync.archive.lost import Unreadable
from convo_sync.archive.tables import TABLES
from convo_sync.archive.transaction import Change, transaction
from convo_sync.records import ConversationId, Document, Kind, Listing

# Documents to a transaction. One each would wait for the disk at every document; all in one would hold a whole archive
# in the WAL, and lose it to a kill. A kill loses no document in any case, but the work on a few, which is done again.
_BATCH = 32


class Rebuilt(NamedTuple):
    """What differs from the documents, by table, and what could not be told. `documents`: how many were read again."""

    documents: int
    differences: Mapping[str, Difference]
    unreadable: tuple[Unreadable, ...]


class _Stored(NamedTuple):
    """A document's key and its current version; `body` is None where that is missing, `is_known` its conversation."""

    id: int
    conversation_id: str
    kind: str
    item: str
    digest: str | None
    body: bytes | None
    is_known: int


class _Read(NamedTuple):
    """A document read again; a listing's as the row of the list as well."""

    document: Document
    row: Listing | None


class _Tally:
    """What has been found so far."""

    def __init__(self) -> None:
        self.documents = 0
        self.differences: dict[str, Difference] = {}
        self.unreadable: list[Unreadable] = []

    def read(self, stored: _Stored) -> _Read | None:
        """Read a document, or note why that is impossible."""
        self.documents += 1
        try:
            return _read(stored)
        except (ValueError, zlib.error) as error:
            self.unreadable.append(Unreadable(stored.conversation_id, stored.kind, stored.item, str(error)))
            return None

    def add(self, found: Mapping[str, Difference]) -> bool:
        """Count these; whether there are any."""
        for name, difference in found.items():
            before = self.differences.get(name, Difference())
            self.differences[name] = Difference(*map(sum, zip(before, difference, strict=True)))
        return bool(found)

    def missing(self, name: str, rows: int) -> None:
        """Count so many rows that a table lacks."""
        if rows:
            self.add({name: Difference(rows)})

    def result(self) -> Rebuilt:
        """All of it: tables in the order of the schema, then what goes with them."""
        known = ("conversations", *TABLES, "promises", *derived.BESIDE)
        names = [name for name in known if name in self.differences]
        return Rebuilt(self.documents, {name: self.differences[name] for name in names}, tuple(self.unreadable))


def compare(connection: sqlite.Connection) -> Rebuilt:
    """What `rebuild` would find and mend. Reads only; where others write, inside a snapshot."""
    sqlite.read_any_text(connection)
    tally, batch = _Tally(), _after(connection, 0)
    while batch:
        for stored in batch:
            read = tally.read(stored)
            if read is not None:
                tally.add(_differences(connection, read))
        batch = _after(connection, batch[-1].id)
    tally.unreadable.extend(lost.documents(connection))
    for conversation_id, texts in lost.action_items(connection, tally.unreadable).items():
        tally.missing("promises", len(marks.without_number(connection, conversation_id, texts)))
    for name, keys in lost.beside(connection, tally.unreadable).items():
        tally.add({name: Difference(left_over=len(keys))})
    for table, rows in lost.left_over(connection, tally.unreadable):
        tally.add({table.name: Difference(left_over=len(rows))})
    return tally.result()


def rebuild(connection: sqlite.Connection, pause: Callable[[], object]) -> Rebuilt:
    """Make the derived tables, and the search indexes' entries of what changes, say what the documents do.

    The indexes have to agree with the text before; they do after each commit.

    Args:
        pause: called between two transactions.
    """
    sqlite.read_any_text(connection)
    tally, last = _Tally(), 0
    while True:
        with transaction(connection) as change:
            batch = _after(connection, last)
            for stored in batch:
                _mend(change, stored, tally)
        if not batch:
            break
        last = batch[-1].id
        pause()
    with transaction(connection) as change:
        _clear(change, tally)
    return tally.result()


def _mend(change: Change, stored: _Stored, tally: _Tally) -> None:
    read = tally.read(stored)
    if read is not None and tally.add(_differences(change.connection, read)):
        if read.row is not None and not listings.is_as_listed(change.connection, read.row):
            listings.correct(change, read.row)
        derived.store(change, read.document)


def _clear(change: Change, tally: _Tally) -> None:
    """Take out the rows that were derived from no document that is there, and number action items that may stay."""
    tally.unreadable.extend(lost.documents(change.connection))
    for conversation_id, texts in lost.action_items(change.connection, tally.unreadable).items():
        tally.missing("promises", marks.number_items(change, conversation_id, texts))
    for name, keys in lost.beside(change.connection, tally.unreadable).items():
        tally.add({name: Difference(left_over=len(keys))})
        derived.BESIDE[name](change, keys)
    for table, rows in lost.left_over(change.connection, tally.unreadable):
        tally.add({table.name: Difference(left_over=len(rows))})
        derived.remove(change, table, rows)


def _after(connection: sqlite.Connection, document_id: int) -> Sequence[_Stored]:
    rows = connection.execute(
        """
        select d.id, coalesce(d.conversation_id, ''), d.kind, d.item, r.digest, r.body,
            d.conversation_id is null or exists (select 1 from conversations c where c.id = d.conversation_id)
        from documents d
        left join revisions r on r.document_id = d.id and r.revision = d.revision
        where d.id > ?
        order by d.id
        limit ?
        """,
        (document_id, _BATCH),
    )
    return [_Stored(*row) for row in rows]


def _read(stored: _Stored) -> _Read:
    """Read a document as it was read when it came.

    Raises:
        ValueError, zlib.error: the archive has not got it whole; the message says why.
    """
    if not stored.is_known:
        raise ValueError("its meeting is missing; a sync that finds it listed brings it back")
    if stored.body is None:
        raise ValueError("its current version is missing")
    kind, body = Kind(stored.kind), zlib.decompress(stored.body)
    row = models.read_stored_row(body) if kind is Kind.LISTING else None
    document = models.read_stored(ConversationId(stored.conversation_id), kind, body)
    if document is None or document.digest != stored.digest:
        raise ValueError("its body is not the one that was received")
    if (document.conversation_id, document.item) != (stored.conversation_id, stored.item):
        raise ValueError("its body is another document's")
    return _Read(document, row)


def _differences(connection: sqlite.Connection, read: _Read) -> Mapping[str, Difference]:
    found = dict(derived.compare(connection, read.document))
    if read.row is not None and not listings.is_as_listed(connection, read.row):
        found["conversations"] = Difference(differing=1)
    return found
