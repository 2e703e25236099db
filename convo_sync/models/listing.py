"""The list of conversations, and its rows as documents of their own. Knows nothing of sweeps and watermarks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from convo_sync.models.body import NotTheApi, encode_part, fingerprint, is_shallow, part, read_envelope
from convo_sync.models.fields import Count, Model, Number, Text, read_count
from convo_sync.records import NO_ID, ConversationId, Document, Kind, Listing, Page
from convo_sync.times import normalise_time, parse_time


class _Row(Model):
    id: Annotated[str, Field(min_length=1)]
    title: Text = None
    start_time: str
    end_time: Text = None
    duration: Number = None
    segment_count: Count = None
    linked_calendar_event_id: Text = None


def read_page(body: bytes) -> Page:
    """Read one answer of ``GET /conversations``.

    Raises:
        NotTheApi: there is no list in it.
    """
    envelope = read_envelope(body)
    rows = envelope.get("data")
    if not isinstance(rows, list):
        raise NotTheApi("the list of conversations is missing from the answer")
    counts = part(envelope, "pagination")
    read = [read_row(row) for row in rows]
    return Page(
        rows=tuple(listing for listing in read if listing),
        received=len(rows),
        total=read_count(counts.get("total")),
        limit=read_count(counts.get("limit")),
        unusable_ids=tuple(_id(row) for row, listing in zip(rows, read, strict=True) if not listing),
    )


def _id(row: Any) -> str:
    id_ = row.get("id") if isinstance(row, dict) else None
    return id_ if isinstance(id_, str) and id_ else NO_ID + fingerprint(row)


def read_conversation(body: bytes) -> Listing:
    """Read the answer of ``PATCH /conversations/{id}``: one row of the list.

    Raises:
        NotTheApi: there is no usable conversation in it.
    """
    listing = read_row(read_envelope(body).get("data"))
    if listing is None:
        raise NotTheApi("the conversation is missing from the answer")
    return listing


def read_row(data: Any) -> Listing | None:
    """Read one row; None where it has no id, no start, or cannot be kept."""
    try:
        row = _Row.model_validate(data)
        start = parse_time(row.start_time)
    except ValueError:
        return None
    return _listing(row, start, data) if is_shallow(data) else None


def _listing(row: _Row, start: datetime, data: dict[str, Any]) -> Listing:
    return Listing(
        id=ConversationId(row.id),
        title=row.title or "",
        start_time=start,
        end_time=instant(row.end_time),
        minutes=row.duration,
        segment_count=row.segment_count,
        calendar_event_id=row.linked_calendar_event_id,
        digest=fingerprint(data),
        data=data,
    )


def instant(text: str | None) -> datetime | None:
    """A received time as a datetime; None where it is none."""
    normal = normalise_time(text)
    return None if normal is None else parse_time(normal)


def listing_document(row: Listing) -> Document:
    """The list's row as a document of its own, so that each change of it is a revision."""
    return Document(row.id, Kind.LISTING, row.digest, encode_part(dict(row.data)), rows={}, title=row.title)
