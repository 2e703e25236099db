"""How a holding goes from one state to the next, and when it is tried again. Pure: answers and times in, holdings out.

    listed ──► pending ──200──► present ◄──┐
                 │  │ └─404──► absent ──200─┘      (key points, feedback; a transcript stays pending)
                 │  └─trouble─► failed ──► as after a pending one
                 └─ fewer than ten turns ─► not-applicable (feedback)

A recheck is due 5 min, 1 h, 6 h, 1 d and 7 d after the anchor: the meeting's end, or the change or hint that made the
server's document doubtful. After that only the audit asks. Times of holdings are the server's, as far as it tells them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from convo_sync.records import (
    FEWEST_SEGMENTS_FOR_FEEDBACK,
    HELD_KINDS,
    LONGEST_MEETING,
    Conversation,
    Document,
    Holding,
    Kind,
    Listing,
    State,
)
from convo_sync.times import no_later_than

STEPS = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7))
LONGEST_STEP = STEPS[-1]
FAILURE_PAUSES = (
    timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(days=1),
)  # fmt: skip
STANDSTILL = timedelta(minutes=15)
SHORT_TRIES = 5


def is_running(start: datetime, end: datetime | None, now: datetime) -> bool:
    """Whether a meeting may still go on."""
    return end is None and now - start < LONGEST_MEETING


def next_recheck(anchor: datetime, now: datetime) -> datetime | None:
    """The first step of the schedule that lies ahead; None once all have passed."""
    return next((anchor + step for step in STEPS if anchor + step > now), None)


def _anchor(row: Listing | Conversation, now: datetime) -> datetime:
    end = row.end_time
    if end is None and not is_running(row.start_time, None, now):
        minutes = min(max(0.0, row.minutes or 0.0), LONGEST_MEETING.total_seconds() / 60)
        end = row.start_time + timedelta(minutes=minutes)
    return no_later_than(end, now)


def first_holdings(row: Listing | Conversation, now: datetime) -> tuple[Holding, ...]:
    """What is owed of a conversation that a listing shows for the first time."""
    running = is_running(row.start_time, row.end_time, now)
    due = now + STANDSTILL if running else now
    reason = "the meeting runs" if running else "new"
    return tuple(
        _not_applicable(Holding(row.id, kind, State.PENDING))
        if kind is Kind.FEEDBACK and _too_short(row.segment_count)
        else Holding(row.id, kind, State.PENDING, due, _anchor(row, now), reason=reason)
        for kind in HELD_KINDS
    )


def _too_short(segment_count: int | None) -> bool:
    return segment_count is not None and segment_count < FEWEST_SEGMENTS_FOR_FEEDBACK


def _not_applicable(holding: Holding) -> Holding:
    reason = f"feedback needs at least {FEWEST_SEGMENTS_FOR_FEEDBACK} segments"
    return replace(holding, state=State.NOT_APPLICABLE, next_try_at=None, tries=0, failures=0, reason=reason)


def after_change(known: Conversation, row: Listing, holdings: Iterable[Holding], now: datetime) -> tuple[Holding, ...]:
    """What a changed row of the list means for what is held: a new count or end makes every document doubtful."""
    reason = _doubt(known, row)
    if reason is None:
        return ()
    due = now + STANDSTILL if is_running(row.start_time, row.end_time, now) else now
    return tuple(_doubted(holding, row, due, now, reason) for holding in holdings)


def _doubt(known: Conversation, row: Listing) -> str | None:
    if known.segment_count != row.segment_count:
        return f"segment count changed from {known.segment_count} to {row.segment_count}"
    if known.end_time != row.end_time:
        return "the end of the meeting changed"
    return None


def _doubted(holding: Holding, row: Listing, due: datetime, now: datetime, reason: str) -> Holding:
    if holding.state is State.EXCLUDED:
        return holding
    if holding.kind is Kind.FEEDBACK and _too_short(row.segment_count) and holding.digest is None:
        return _not_applicable(holding)
    asked = replace(holding, next_try_at=due, anchor_at=now, tries=0, failures=0, reason=reason)
    if holding.kind is Kind.TRANSCRIPT or holding.state in (State.NOT_APPLICABLE, State.FAILED):
        return replace(asked, state=State.PENDING)
    return asked


def after_document(
    holding: Holding, known: Conversation, document: Document, now: datetime, *, held: int | None = None
) -> Holding:
    """The holding after a document came. A short transcript stays pending; a recheck without news stays on schedule.

    Args:
        held: the substance of what is held (see `Document`); None where nothing of this kind is.
    """
    short = document.kind is Kind.TRANSCRIPT and _is_short(known, document)
    if short or not replaces(document, held=held, listed=known.segment_count):
        grew = held is not None and document.substance > held
        return _after_poor_document(holding, known, document, now, grew=grew, short=short)
    news, anchor = holding.digest != document.digest, no_later_than(holding.anchor_at, now)
    kept = replace(holding, state=State.PRESENT, anchor_at=anchor, digest=document.digest, checked_at=now)
    kept = replace(kept, tries=0, failures=0, reason="")
    if document.kind is Kind.TRANSCRIPT:
        return replace(kept, next_try_at=_while_nothing_tells(known, kept, now))
    on_schedule = holding.digest is not None and not news and holding.next_try_at is not None
    again = next_recheck(anchor, now) if on_schedule else None
    return replace(kept, next_try_at=again, reason=holding.reason if again else "")


def _is_short(known: Conversation, document: Document) -> bool:
    # Where the list does not count, an empty transcript is one that is not there yet.
    return document.segments < (1 if known.segment_count is None else known.segment_count)


def _while_nothing_tells(known: Conversation, holding: Holding, now: datetime) -> datetime | None:
    """A running meeting whose row shows neither count nor end gives no sign of growth: look again on the schedule."""
    if known.segment_count is not None or not is_running(known.start_time, known.end_time, now):
        return None
    return next_recheck(no_later_than(holding.anchor_at, now), now)


def _after_poor_document(
    holding: Holding, known: Conversation, document: Document, now: datetime, *, grew: bool, short: bool
) -> Holding:
    same = holding.tries > 0 and (holding.digest == document.digest or not grew)
    anchor = no_later_than(holding.anchor_at if same else None, now)
    tries = holding.tries + 1 if same else 1
    reason = f"{document.segments} of {known.segment_count or 'some'} segments" if short else "worse than what is held"
    kept = replace(holding, digest=document.digest, anchor_at=anchor, tries=tries, reason=reason)
    kept = replace(kept, failures=0, checked_at=now)
    if tries >= SHORT_TRIES and now >= anchor + LONGEST_STEP:
        return replace(kept, state=State.PRESENT, next_try_at=None)
    state = State.PENDING if document.kind is Kind.TRANSCRIPT else State.PRESENT
    return replace(kept, state=state, next_try_at=_nth(anchor, tries, now))


def _nth(anchor: datetime, tries: int, now: datetime) -> datetime:
    planned = anchor + STEPS[min(tries, len(STEPS)) - 1]
    return planned if planned > now else now + STEPS[0]


def after_absence(holding: Holding, now: datetime) -> Holding:
    """The holding after the server said that it has none. A document once held stays, whatever the server says now."""
    anchor = no_later_than(holding.anchor_at, now)
    again = next_recheck(anchor, now)
    asked = replace(holding, tries=0, failures=0, checked_at=now, anchor_at=anchor)
    if holding.kind is Kind.TRANSCRIPT:
        pending = holding.state in (State.PENDING, State.FAILED) or holding.digest is None
        return (
            replace(asked, state=State.PENDING, next_try_at=again or now + LONGEST_STEP, reason="no transcript yet")
            if pending
            else replace(asked, next_try_at=None, reason="the server no longer has it")
        )
    if holding.digest is not None:
        return replace(asked, state=State.PRESENT, next_try_at=again, reason="the server no longer has it")
    return replace(asked, state=State.ABSENT, next_try_at=again, reason="not generated yet")


def after_refusal(holding: Holding, reason: str, now: datetime, *, segment_count: int | None = None) -> Holding:
    """The holding after the API refused this one request: what the plan lacks, or what the API calls invalid."""
    answered = replace(holding, next_try_at=None, tries=0, failures=0, reason=reason, checked_at=now)
    if holding.digest is not None and holding.state is State.PENDING:  # a short transcript, which may still grow
        return replace(answered, next_try_at=now + LONGEST_STEP)
    if holding.digest is not None:
        # What was doubted is still doubtful; what was not is left to the audit.
        return replace(answered, state=State.PRESENT, next_try_at=now + LONGEST_STEP if holding.next_try_at else None)
    if holding.kind is Kind.FEEDBACK and reason.startswith("validation_error"):
        # Where the list does not count, the transcript may still grow without a sign of it.
        anchor = no_later_than(holding.anchor_at, now)
        again = next_recheck(anchor, now) if segment_count is None else None
        return replace(_not_applicable(answered), next_try_at=again, anchor_at=anchor)
    return replace(answered, state=State.NOT_APPLICABLE, next_try_at=now + LONGEST_STEP)


def after_trouble(holding: Holding, symptom: str, now: datetime) -> Holding:
    """The holding after no usable answer came: tried again after a pause that grows to a day; an audit's is dropped."""
    if holding.next_try_at is None:
        return replace(holding, checked_at=now)
    failures = holding.failures + 1
    retry_at = now + FAILURE_PAUSES[min(failures, len(FAILURE_PAUSES)) - 1]
    state = State.FAILED if holding.state is State.PENDING else holding.state
    return replace(holding, state=state, next_try_at=retry_at, failures=failures, reason=symptom)


def replaces(document: Document, *, held: int | None, listed: int | None) -> bool:
    """Whether a received document may become the current one. An empty, cut or invalid one replaces no better one.

    Args:
        held: the substance of what is held (see `Document`); None where nothing of this kind is held.
        listed: the list's segmentCount.
    """
    if held is None:
        return True
    if document.is_empty:
        return False
    cut = document.kind is Kind.TRANSCRIPT and listed is not None and document.segments < listed
    return document.substance >= held or not (cut or document.quarantined)
