"""Bodies as the archive keeps them, read again: derived rows can be rebuilt without a network. Knows no archive."""

from __future__ import annotations

from convo_sync.models.body import read_envelope
from convo_sync.models.calendar import event_document
from convo_sync.models.documents import read_document
from convo_sync.models.listing import listing_document, read_row
from convo_sync.records import ConversationId, Document, Kind, Listing


def read_stored(conversation_id: ConversationId, kind: Kind, body: bytes) -> Document | None:
    """Read a stored body of any kind; the digest is that of the document it was stored with.

    A listing and an event are kept as the one part of the answer that they were, all others as received.

    Raises:
        NotTheApi: the body is not of this kind.
    """
    if kind is Kind.LISTING:
        row = read_stored_row(body)
        return None if row is None else listing_document(row)
    if kind is Kind.EVENT:
        return event_document(read_envelope(body))
    return read_document(conversation_id, kind, body)


def read_stored_row(body: bytes) -> Listing | None:
    """Read the stored body of a listing as the row of the list that it was; None where that is unusable.

    Raises:
        NotTheApi: it is no JSON object.
    """
    return read_row(read_envelope(body))
