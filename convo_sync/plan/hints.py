"""What a webhook's event means for the next run. Pure: events and holdings in, holdings out.

An event is a hint: it makes something due earlier, and never says what is so. The list and the documents do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from convo_sync.records import ConversationId, Holding, Kind, Known, State
from convo_sync.times import no_later_than

REASON = "a webhook said that it is ready"
DELETED = "a webhook said that the meeting was deleted"


@dataclass(frozen=True, slots=True)
class Effect:
    """What an event leads to, besides the list being read: `kinds` to ask for again, or a doubt whether it is there."""

    kinds: tuple[Kind, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Hint:
    """One event that waits to be acted upon. `sent_at` is the server's time."""

    id: int
    event: str
    conversation_id: ConversationId | None
    sent_at: datetime


_EFFECTS: Mapping[str, Effect] = {
    "conversation.created": Effect(),
    "conversation.updated": Effect(),
    "conversation.deleted": Effect(deleted=True),
    "conversation.keypoints.ready": Effect((Kind.KEYPOINTS,)),
    "conversation.summary.ready": Effect((Kind.KEYPOINTS,)),
    "conversation.action_items.ready": Effect((Kind.KEYPOINTS,)),
    "conversation.feedback.ready": Effect((Kind.FEEDBACK,)),
    "transcript.ready": Effect((Kind.TRANSCRIPT,)),
}
# Those that a webhook is registered for.
EVENTS = tuple(_EFFECTS)


def effect(event: str) -> Effect | None:
    """What the event leads to; None for one that leads to nothing, known or not."""
    return _EFFECTS.get(event)


def suspects(hints: Iterable[Hint]) -> frozenset[ConversationId]:
    """The conversations that are said to be deleted."""
    said = ((hint.conversation_id, effect(hint.event)) for hint in hints)
    return frozenset(id_ for id_, what in said if id_ is not None and what is not None and what.deleted)


def owed(known: Known, hints: Collection[Hint], now: datetime) -> tuple[Holding, ...]:
    """The holdings of one conversation that these hints about it make due, changed. `known`: after the list was read.

    A document that came after the event was sent is what the event was about: it is not asked for again.
    """
    latest: dict[Kind, datetime] = {}
    for hint in sorted(hints, key=lambda each: each.sent_at):
        what = effect(hint.event)
        latest |= dict.fromkeys(what.kinds if what else (), no_later_than(hint.sent_at, now))
    doubted = known.conversation.suspect and bool(suspects(hints))
    after = ((each, _after(each, latest.get(each.kind), now, doubted=doubted)) for each in known.holdings)
    return tuple(asked for each, asked in after if asked != each)


def _after(holding: Holding, sent_at: datetime | None, now: datetime, *, doubted: bool) -> Holding:
    if holding.state is State.EXCLUDED:
        return holding
    if doubted and holding.kind is Kind.TRANSCRIPT and holding.digest is not None:
        return replace(holding, next_try_at=now, reason=DELETED)
    if sent_at is None or _came_since(holding, sent_at):
        return holding
    asked = replace(holding, next_try_at=now, anchor_at=sent_at, tries=0, failures=0, reason=REASON)
    lost = holding.digest is None and holding.state in (State.NOT_APPLICABLE, State.FAILED)
    return replace(asked, state=State.PENDING) if lost else asked


def _came_since(holding: Holding, sent_at: datetime) -> bool:
    is_held = holding.state is State.PRESENT and holding.digest is not None
    return is_held and holding.checked_at is not None and holding.checked_at >= sent_at
