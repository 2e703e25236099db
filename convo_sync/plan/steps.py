"""What a run asks for, in which order, and what a listed row means. Pure: what is owed in, steps with reasons out.

Newest first, because what was said this week is searched for first: every document of the ten newest conversations,
then transcripts, then key points, then feedback, then rechecks, then the audit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from convo_sync.plan import exclusion
from convo_sync.plan.schedule import after_change, first_holdings
from convo_sync.records import (
    Action,
    Conversation,
    ConversationId,
    Holding,
    Kind,
    Known,
    Listing,
    ListingChange,
    Owed,
    State,
    Step,
)

NEWEST = 10
AUDIT = 10
AUDITED = "audit"
# A vanished conversation is asked about at once only if there are few: the next sweep proves the rest for free.
VANISHED = 10
ALIKE_FAILURES = 5
# Failures in a row, however unlike.
MIXED_FAILURES = 10
# Documents in a row of one kind that the plan does not include.
FORBIDDEN = 3

_BY_KIND = {Kind.TRANSCRIPT: 1, Kind.KEYPOINTS: 2, Kind.FEEDBACK: 3}
_RECHECKS = 4
_FAILED = 5


def plan(
    due: Iterable[Owed],
    *,
    newest: frozenset[ConversationId],
    vanished: Iterable[Owed] = (),
    audit: Sequence[Owed] = (),
    audits: int = AUDIT,
) -> tuple[Step, ...]:
    """The run's steps in order.

    Args:
        due: holdings whose time has come.
        newest: ids of the newest conversations, served whole before all others.
        vanished: transcripts whose absence from a sweep a single GET can explain.
        audit: the holdings least recently checked; those that are due anyway are left out.
        audits: how many of them to ask for.
    """
    owed = sorted(
        (each for each in due if each.conversation.gone_at is None), key=lambda each: _BY_KIND[each.holding.kind]
    )
    owed.sort(key=_start, reverse=True)
    owed.sort(key=lambda each: _rank(each, newest))  # the sort is stable: newest first within a rank
    doubtful = [each for each in vanished if each.holding.state is not State.EXCLUDED][:VANISHED]
    proofs = [_step(each, Action.MARK_GONE, "missing from a complete sweep") for each in doubtful]
    named = {key(each) for each in doubtful}
    wanted = [each for each in owed if key(each) not in named]
    named |= {key(each) for each in wanted}
    first = [each for each in wanted if _rank(each, newest) == 0]
    return (
        *(_due(each) for each in first),
        *proofs,
        *(_due(each) for each in wanted[len(first) :]),
        *[_step(each, Action.RECHECK, AUDITED) for each in audit if key(each) not in named][:audits],
    )


def key(each: Owed) -> tuple[str, Kind]:
    """What names a holding."""
    return each.holding.conversation_id, each.holding.kind


def control(each: Owed) -> Step:
    """The step that asks for a document only to see whether the server answers."""
    return _step(each, Action.RECHECK, "whether the server answers")


def _due(each: Owed) -> Step:
    return _step(each, _action(each), each.holding.reason or "due")


def _start(each: Owed) -> tuple[datetime, str]:
    return each.conversation.start_time, each.conversation.id


def _action(each: Owed) -> Action:
    fresh = each.holding.digest is None and each.holding.state in (State.PENDING, State.FAILED)
    return Action.FETCH if fresh else Action.RECHECK


def _rank(each: Owed, newest: frozenset[ConversationId]) -> int:
    if each.holding.failures > 1:  # one failure is a hiccup, and says nothing about the next attempt
        return _FAILED + each.holding.failures
    if each.conversation.id in newest:
        return 0
    if each.holding.kind is Kind.TRANSCRIPT and each.holding.state is State.PENDING:
        return _BY_KIND[Kind.TRANSCRIPT]
    return _BY_KIND[each.holding.kind] if _action(each) is Action.FETCH else _RECHECKS


def _step(each: Owed, action: Action, reason: str) -> Step:
    return Step(action, each.conversation.id, each.holding.kind, reason, each.conversation.start_time)


def take_row(known: Known | None, row: Listing, now: datetime, excluded: str = "") -> ListingChange | None:
    """What one row of a listing means for the archive; None where it says nothing new.

    Args:
        excluded: why its documents are not to be asked for; empty where they are.
    """
    if known is None:
        holdings = exclusion.settled(row, first_holdings(row, now), excluded, now)
        return ListingChange(row, _conversation(row), holdings, is_new=True)
    was = known.conversation
    differs = was.listing_digest != row.digest
    if not differs and was.gone_at is None and was.missed_sweeps == 0 and not was.suspect:
        return None
    holdings = after_change(was, row, known.holdings, now) if differs else ()
    if not holdings:
        holdings = _owed_again(known, row, now)
    held = {each.kind: each for each in known.holdings}
    after = exclusion.settled(row, (held | {each.kind: each for each in holdings}).values(), excluded, now)
    changed = tuple(each for each in after if each != held.get(each.kind))
    return ListingChange(row, _conversation(row), changed, differs=differs)


def _owed_again(known: Known, row: Listing, now: datetime) -> tuple[Holding, ...]:
    """Of one that was missing: while it was, a 404 said nothing about what the server has of it."""
    was = known.conversation
    if was.gone_at is None and was.missed_sweeps == 0 and not was.suspect:
        return ()
    lost = {each.kind for each in known.holdings if each.digest is None and each.state is not State.EXCLUDED}
    return tuple(each for each in first_holdings(row, now) if each.kind in lost)


def _conversation(row: Listing) -> Conversation:
    return Conversation(
        id=row.id,
        title=row.title,
        start_time=row.start_time,
        end_time=row.end_time,
        minutes=row.minutes,
        segment_count=row.segment_count,
        listing_digest=row.digest,
    )
