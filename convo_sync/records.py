"""The frozen values that pass between the layers. Standard library only; no I/O, no clock, no outside library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NewType

from convo_sync.hits import Hit as Hit

ConversationId = NewType("ConversationId", str)
# A meeting without an end that began longer ago than this is not running: the server just does not say.
LONGEST_MEETING = timedelta(hours=24)
FEWEST_SEGMENTS_FOR_FEEDBACK = 10
# How a listed row without an id is told apart: this, and a digest of the row.
NO_ID = "(no id) "


class Kind(StrEnum):
    """What a document is; the words stand in SQL, JSON and logs alike."""

    LISTING = "listing"
    TRANSCRIPT = "transcript"
    KEYPOINTS = "keypoints"
    FEEDBACK = "feedback"
    ANSWER = "answer"
    EMAIL = "email"
    EVENT = "event"


HELD_KINDS = (Kind.TRANSCRIPT, Kind.KEYPOINTS, Kind.FEEDBACK)


class State(StrEnum):
    """What the archive has of one kind of one conversation."""

    PENDING = "pending"
    PRESENT = "present"
    ABSENT = "absent"
    FAILED = "failed"
    EXCLUDED = "excluded"
    NOT_APPLICABLE = "not-applicable"


class Action(StrEnum):
    """What a step does."""

    FETCH = "fetch"
    RECHECK = "recheck"
    GENERATE = "generate"
    MARK_GONE = "mark-gone"


class Outcome(StrEnum):
    """How a run ended."""

    COMPLETE = "complete"
    PARKED = "parked"
    FAILED = "failed"


class Completeness(StrEnum):
    """How much of the server's list a run has seen."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Listing:
    """One row of the list. `minutes` as the API's `duration`; `digest` over `data`, the row as received."""

    id: ConversationId
    title: str
    start_time: datetime
    end_time: datetime | None
    minutes: float | None
    segment_count: int | None
    calendar_event_id: str | None
    digest: str
    data: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the list. `total` and `limit` as the server gave them; `received` counts rows, unusable ones too.

    `unusable_ids`: the ids of rows that cannot be stored (no start time, say), so that they do not count as vanished;
    a row without one stands there as `NO_ID` and a digest.
    """

    rows: tuple[Listing, ...]
    received: int
    total: int | None
    limit: int | None
    unusable_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One fetched resource. `body` as received; `rows` what is derived from it: table name -> rows in column order.

    `item` tells several of a kind apart (the id of an answer or e-mail; id and start of an event), else it is empty.
    `title` and `created_at` are the server's, where the kind has them. `quarantined` counts parts that were unusable,
    `substance` those that say something: turns that are not blank, points, decisions, items, dates, scores.
    """

    conversation_id: ConversationId
    kind: Kind
    digest: str
    body: bytes = field(repr=False)
    rows: Mapping[str, tuple[tuple[Any, ...], ...]] = field(repr=False, compare=False)
    quarantined: int = 0
    item: str = ""
    title: str | None = None
    created_at: str | None = None
    substance: int = 0

    @property
    def segments(self) -> int:
        """How many turns came, the quarantined ones included; 0 for other kinds."""
        return len(self.rows.get("segments", ())) + (self.quarantined if self.kind is Kind.TRANSCRIPT else 0)

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return self.substance == 0


@dataclass(frozen=True, slots=True)
class Holding:
    """What the archive has of one kind of one conversation, and when to try next.

    `anchor_at`: the moment from which the recheck schedule counts (the end, the change or the hint). `tries`: how often
    in a row the same short transcript came; `failures`: attempts in a row that brought no usable answer. `digest`: of
    the current document, or of the short transcript that keeps a holding pending.
    """

    conversation_id: ConversationId
    kind: Kind
    state: State
    next_try_at: datetime | None = None
    anchor_at: datetime | None = None
    tries: int = 0
    reason: str = ""
    digest: str | None = None
    checked_at: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as the archive knows it."""

    id: ConversationId
    title: str
    start_time: datetime
    end_time: datetime | None
    minutes: float | None
    segment_count: int | None
    listing_digest: str
    gone_at: datetime | None = None
    missed_sweeps: int = 0
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class Owed:
    """A holding that is due, with the conversation it belongs to."""

    conversation: Conversation
    holding: Holding


@dataclass(frozen=True, slots=True)
class Known:
    """A conversation with all its holdings, as the archive has them."""

    conversation: Conversation
    holdings: tuple[Holding, ...]


@dataclass(frozen=True, slots=True)
class ListingChange:
    """What one listed row changes: the conversation as it is now, and the holdings that its change makes due."""

    row: Listing
    conversation: Conversation
    holdings: tuple[Holding, ...]
    is_new: bool = False
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A conversation that rules may exclude. `excluded` and `others` count its holdings that are, and that are not."""

    id: ConversationId
    title: str
    start_time: datetime
    calendar_event_id: str | None
    excluded: int
    others: int


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose archive this is. `key_digest` tells whether the key is the one that was checked against the account.

    `hourly_limit` is the limit, in requests, when the profile was read: another one means another plan.
    """

    email: str
    base_url: str
    key_digest: str
    hourly_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """What a run must know of the archive before it lists. `active`: conversations that are not gone."""

    active: int
    newest_start: datetime | None
    last_sweep_at: datetime | None
    last_complete_listing_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One decision of a run, with the reason that a person will read."""

    action: Action
    conversation_id: ConversationId
    kind: Kind
    reason: str
    start_time: datetime


@dataclass(frozen=True, slots=True)
class RateReading:
    """What one answer's headers say. `reset_after_seconds` is a distance from the same answer's `Date`."""

    limit: int | None = None
    remaining: int | None = None
    reset_after_seconds: float | None = None
    server_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """The account behind the key, as the profile gives it. `credits_limit` is None where unlimited or not sent."""

    email: str
    name: str
    tier: str
    timezone: str
    credits_used: int | None
    credits_limit: int | None
    credits_reset_at: datetime | None
    credits_remaining: int | None = None
    language: str | None = None
    picture_url: str | None = None
    created_at: datetime | None = None
    subscription_status: str | None = None
    period_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """One answer of the calendar: an event a document. `received` counts events, unusable ones too."""

    documents: tuple[Document, ...]
    received: int


@dataclass(frozen=True, slots=True)
class CalendarState:
    """When the calendar was last read to its end, and when the server last said that there is none; None: never."""

    read_at: datetime | None = None
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """A registered webhook. `secret` comes once, with its creation; None ever after."""

    id: str
    url: str
    events: tuple[str, ...]
    created_at: datetime | None = None
    secret: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Run:
    """One sync, as recorded and as printed by ``sync --json``."""

    outcome: Outcome
    listing: Completeness
    requests: int = 0
    credits: int = 0
    resume_at: datetime | None = None
    listed: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    fetched: int = 0
    unchanged: int = 0
    absent: int = 0
    pending: int = 0
    failed: int = 0
    seconds: float = 0.0
    error: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """One event of a run, for a bar or a line. `left` is the hour's remaining requests, None where unknown."""

    event: str
    conversation_id: str = ""
    detail: str = ""
    done: int = 0
    planned: int = 0
    left: int | None = None


def digest(data: Any) -> str:
    """SHA-256, in hexadecimal, over the canonical JSON of `data` (sorted keys, no spaces, ASCII) without `cached`."""
    if isinstance(data, Mapping) and "cached" in data:
        data = {key: value for key, value in data.items() if key != "cached"}
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
