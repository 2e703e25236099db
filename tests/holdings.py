"""Listed rows, holdings and documents of one conversation, for the tests of the schedule. Knows none of its rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from convo_sync.records import Conversation, ConversationId, Document, Holding, Kind, Listing, State

NOON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ONE = ConversationId("sess_1")
LONG_AGO = NOON - 40 * DAY
PENDING, PRESENT, ABSENT, FAILED = State.PENDING, State.PRESENT, State.ABSENT, State.FAILED
NOT_APPLICABLE, EXCLUDED = State.NOT_APPLICABLE, State.EXCLUDED


def row(
    start: datetime = LONG_AGO, end: datetime | None = LONG_AGO + HOUR, segments: int | None = 12,
    minutes: float | None = 60.0,
) -> Listing:  # fmt: skip
    """A listed conversation; without `end` it may be running."""
    return Listing(ONE, "A meeting", start, end, minutes, segments, None, digest=f"{end} {segments}", data={})


def known(listed: Listing) -> Conversation:
    """The conversation as a row of the list left it."""
    return Conversation(
        ONE, listed.title, listed.start_time, listed.end_time, listed.minutes, listed.segment_count, listed.digest, NOON
    )


def transcript(turns: int, digest: str = "t", *, quarantined: int = 0) -> Document:
    """A transcript of so many turns that can be stored, and some that cannot."""
    rows = {"segments": tuple((ONE, position, "text") for position in range(turns))}
    return Document(ONE, Kind.TRANSCRIPT, digest, b"{}", rows, quarantined, substance=turns)


def notes(kind: Kind = Kind.KEYPOINTS, digest: str = "k") -> Document:
    """Key points or feedback."""
    return Document(ONE, kind, digest, b"{}", {kind.value: ((ONE, "text"),)}, substance=1)


def holding(kind: Kind = Kind.KEYPOINTS, state: State = PENDING, **others: object) -> Holding:
    """A holding of the one conversation."""
    return replace(Holding(ONE, kind, state), **others)  # type: ignore[arg-type]  # the fields' names are checked by it
