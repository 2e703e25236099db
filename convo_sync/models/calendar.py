"""Calendar events: each a document of its own, kept by id and start. Knows no paging and no clock."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Field, ValidationError

from convo_sync.models.body import NotTheApi, clean, encode_part, is_shallow, read_envelope
from convo_sync.models.fields import Model, Text, lenient, read_counting, usable
from convo_sync.models.rows import document, numbered
from convo_sync.records import ConversationId, Document, EventPage, Kind
from convo_sync.times import normalise_time

# An event belongs to the calendar, not to a conversation.
_NO_CONVERSATION = ConversationId("")


class _When(Model):
    date_time: Text = None
    date: Text = None
    time_zone: Text = None

    @property
    def time(self) -> str | None:
        """The instant, in the archive's width; None for whole days."""
        return normalise_time(self.date_time)

    @property
    def day(self) -> str | None:
        """The day of a whole-day event, ``2026-03-19``."""
        try:
            return date.fromisoformat(self.date or "").isoformat()
        except ValueError:
            return None


class _Attendee(Model):
    email: Text = None
    display_name: Text = None
    response_status: Text = None


class _Event(Model):
    id: Annotated[str, Field(min_length=1)]
    summary: Text = None
    start: Annotated[_When | None, lenient] = None
    end: Annotated[_When | None, lenient] = None
    attendees: Annotated[tuple[_Attendee, ...], usable] = ()


def read_events(body: bytes) -> EventPage:
    """Read one answer of ``GET /calendar/events``.

    Raises:
        NotTheApi: there is no list in it.
    """
    events = read_envelope(body).get("data")
    if not isinstance(events, list):
        raise NotTheApi("the list of events is missing from the answer")
    documents = (event_document(event) for event in events)
    return EventPage(tuple(each for each in documents if each), received=len(events))


def event_document(data: Any) -> Document | None:
    """One event as a document; None where it has no id, or cannot be kept."""
    if not is_shallow([data]):
        return None
    # The body stays as it came; the rows and the digest are those of the body once it is read again.
    body, data = encode_part(data), clean(data)
    try:
        event, dropped = read_counting(_Event, data)
    except ValidationError:
        return None
    item, rows = _rows(event)
    return document(_NO_CONVERSATION, Kind.EVENT, data, body, rows, dropped, item=item, title=event.summary)


def _rows(event: _Event) -> tuple[str, dict[str, tuple[tuple[Any, ...], ...]]]:
    start, end = event.start or _When(), event.end or _When()
    # Every occurrence of a repeated event has the same id.
    item = f"{event.id} {start.time or start.day or ''}".rstrip()
    invited = [(each.email, each.display_name, each.response_status) for each in event.attendees]
    row = (item, event.id, start.time, start.day, end.time, end.day, start.time_zone, end.time_zone, event.summary)
    return item, {"events": (row,), "attendees": numbered(invited, item)}
