"""What makes a document a candidate of a rule, and what of the meeting or the rule stands against it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from convo_sync.credits.entries import Entry, Standing
from convo_sync.credits.rules import Rule, When
from convo_sync.records import FEWEST_SEGMENTS_FOR_FEEDBACK, LONGEST_MEETING, Conversation, Holding, Kind, State

_NAMES = {Kind.KEYPOINTS: "key points", Kind.FEEDBACK: "feedback"}


@dataclass(frozen=True, slots=True)
class Subject:
    """One conversation and the document that might be made of it. `holding` is of that document's kind.

    `segments`: turns archived. `made_at`: when the server made the archived document (else when it came), None where
    there is none. `transcript_at`: when the transcript's current version came. `is_outdated`: that was after the
    document, which was made from another version.
    """

    conversation: Conversation
    transcript: Holding
    holding: Holding
    segments: int
    made_at: datetime | None = None
    transcript_digest: str | None = None
    transcript_at: datetime | None = None
    is_outdated: bool = False


def wants(rule: Rule, subject: Subject, entries: Iterable[Entry], now: datetime) -> bool:
    """Whether the rule's `when` holds: then the document is a candidate, whatever may stand against it."""
    if rule.when is When.MISSING:
        return subject.holding.digest is None
    if subject.holding.digest is None or subject.made_at is None:
        return False
    got = [each for each in entries if each.standing in (Standing.SPENT, Standing.FREE)]
    if rule.when is When.TRANSCRIPT_CHANGED:
        return subject.is_outdated and all(each.wish.transcript_digest != subject.transcript_digest for each in got)
    assert rule.older_than is not None  # noqa: S101 - the configuration gives it
    limit = now - rule.older_than
    return subject.made_at < limit and all(each.reserved_at < limit for each in got)


def impossible(subject: Subject, now: datetime) -> Iterator[str]:
    """Why nothing can be generated of this meeting, whoever asks."""
    known = subject.conversation
    if known.gone_at is not None:
        yield "the meeting was deleted at Convo"
    if known.end_time is None and now - known.start_time < LONGEST_MEETING:
        yield "the meeting has not ended"
    if subject.holding.kind is Kind.FEEDBACK and _is_short(subject):
        yield f"feedback needs at least {FEWEST_SEGMENTS_FOR_FEEDBACK} segments"


def _is_short(subject: Subject) -> bool:
    listed, is_known = subject.conversation.segment_count, subject.transcript.state is State.PRESENT
    return (listed is not None or is_known) and max(listed or 0, subject.segments) < FEWEST_SEGMENTS_FOR_FEEDBACK


def unripe(subject: Subject, settle: timedelta, now: datetime) -> Iterator[str]:
    """Why a rule leaves a meeting alone for now."""
    known = subject.conversation
    if known.gone_at is None and (known.suspect or known.missed_sweeps):
        yield "the meeting may have been deleted at Convo"
    if now - _end(known) < settle:
        yield f"the meeting ended less than {settle.total_seconds() / 60:g} minutes ago"
    if subject.transcript.state is not State.PRESENT:
        yield "the transcript is not complete"
    elif subject.segments == 0:
        yield "nothing was said"


def _end(known: Conversation) -> datetime:
    if known.end_time is not None:
        return known.end_time
    return known.start_time + min(timedelta(minutes=max(0.0, known.minutes or 0.0)), LONGEST_MEETING)


def not_offered(holding: Holding, *, presume_missing: bool) -> Iterator[str]:
    """Why Convo is not asked to make the document, as far as its holding tells."""
    if holding.state is State.NOT_APPLICABLE:
        yield f"Convo refuses {_NAMES[holding.kind]} of it: {holding.reason}"
    if holding.state is State.EXCLUDED:
        yield "it is excluded"
    if holding.state in (State.PENDING, State.FAILED) and not presume_missing:
        yield "Convo has not said yet whether there is one"


def filtered(rule: Rule, known: Conversation, segments: int, now: datetime) -> Iterator[str]:
    minutes = _minutes(known)
    if rule.min_minutes is not None and (minutes is None or minutes < rule.min_minutes):
        yield f"it took less than {rule.min_minutes:g} minutes"
    if rule.min_segments is not None and segments < rule.min_segments:
        yield f"it has fewer than {rule.min_segments} segments"
    if rule.title is not None and not re.search(rule.title, known.title, re.IGNORECASE):
        yield f"its title does not match {rule.title!r}"
    if rule.not_title is not None and re.search(rule.not_title, known.title, re.IGNORECASE):
        yield f"its title matches {rule.not_title!r}"
    if rule.within_days is not None and now - known.start_time > timedelta(days=rule.within_days):
        yield f"it began more than {rule.within_days:g} days ago"


def _minutes(known: Conversation) -> float | None:
    if known.minutes is not None or known.end_time is None:
        return known.minutes
    return (known.end_time - known.start_time).total_seconds() / 60
