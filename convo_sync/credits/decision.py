"""Which generations the rules buy now, and why the others are not bought. Pure: books, rules, holdings, time in.

Rules in their order, within a rule the newest meeting first; each generation costs one credit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from convo_sync.credits.balance import Balance, Books, balance
from convo_sync.credits.entries import UNPROVEN, Entry, Standing, Wish
from convo_sync.credits.rules import Rule, Settings, When
from convo_sync.records import Conversation, Holding, Kind, State

PRICE = 1
FEWEST_SEGMENTS_FOR_FEEDBACK = 10
_LONGEST_MEETING = timedelta(hours=24)
_NAMES = {Kind.KEYPOINTS: "key points", Kind.FEEDBACK: "feedback", Kind.ANSWER: "an answer", Kind.EMAIL: "an e-mail"}


@dataclass(frozen=True, slots=True)
class Subject:
    """One conversation and the document that might be made of it. `holding` is of that document's kind.

    `segments`: turns archived. `made_at`: when the server made the archived document (else when it came), None where
    there is none. `is_outdated`: the transcript changed after that document came.
    """

    conversation: Conversation
    transcript: Holding
    holding: Holding
    segments: int
    made_at: datetime | None = None
    transcript_digest: str | None = None
    is_outdated: bool = False


@dataclass(frozen=True, slots=True)
class Generation:
    """One that is bought."""

    wish: Wish
    title: str
    start_time: datetime
    price: int = PRICE


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One that a rule's `when` would have, and why it is not bought."""

    subject: Subject
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What is bought, in order, and what is not. `blocked`: why rules buy nothing at all; empty where they may."""

    generations: tuple[Generation, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    blocked: str = ""


def decide(
    settings: Settings, books: Books, subjects: Iterable[Subject], now: datetime, *, presume_missing: bool = False
) -> Decision:
    """What the rules buy at `now`, a server's time.

    Args:
        presume_missing: take what was never asked for as missing at the server, as a forecast of the next run does.
    """
    if not settings.rules:
        return Decision(blocked="no rule in config.toml spends credits")
    if settings.monthly_cap is None:
        return Decision(blocked="[credits] monthly_cap is not set, so rules spend nothing")
    newest = sorted(subjects, key=lambda each: (each.conversation.start_time, each.conversation.id), reverse=True)
    clerk = _Clerk(settings, books, now, presume_missing=presume_missing)
    for rule in settings.rules:
        for subject in newest:
            if subject.holding.kind is rule.generate:
                clerk.consider(rule, subject)
    return Decision(tuple(clerk.bought.values()), tuple(clerk.refused.values()), held_up(clerk.balance))


def held_up(state: Balance) -> str:
    """Why rules may buy nothing now, whatever it is; empty where nothing is in the way."""
    if state.pending:
        return "the outcome of an earlier generation is not known yet"
    if state.used_up_until is not None:
        return "Convo says that this month's credits are used up"
    return ""


def objection(settings: Settings, state: Balance, *, over_cap: bool = False) -> str:
    """Why not one more credit may be spent, by rule or by hand; empty where it may."""
    if state.used is None and not state.is_turned:
        return "Convo does not say how many credits are used"
    if not over_cap and settings.monthly_cap is not None and state.own >= settings.monthly_cap:
        return f"monthly_cap is reached ({state.own} of {settings.monthly_cap})"
    if state.left is not None and state.left < PRICE:
        return "no credit is left on the account"
    if state.left is not None and state.left - PRICE < settings.keep:
        return f"{state.left} left on the account, and keep is {settings.keep}"
    return ""


class _Clerk:
    """Goes through the candidates, and counts what each purchase leaves for the next."""

    def __init__(self, settings: Settings, books: Books, now: datetime, *, presume_missing: bool) -> None:
        self._settings, self._books, self._now = settings, books, now
        self._presume = presume_missing
        self.balance = balance(books, now)
        self._spent: Counter[str | None] = Counter(self.balance.by_rule)
        self._entries: dict[tuple[str, Kind], list[Entry]] = {}
        for entry in books.entries:
            self._entries.setdefault((entry.wish.conversation_id, entry.wish.kind), []).append(entry)
        self.bought: dict[tuple[str, Kind], Generation] = {}
        self.refused: dict[tuple[str, Kind], LeftOut] = {}

    def consider(self, rule: Rule, subject: Subject) -> None:
        """Buy it, or note why not, where the rule would have it and no earlier one took it."""
        key = subject.conversation.id, subject.holding.kind
        entries = self._entries.get(key, [])
        if key in self.bought or not wants(rule, subject, entries, self._now):
            return
        why = next(self._reasons(rule, subject, entries), "")
        if why:
            self.refused.setdefault(key, LeftOut(subject, rule.name, why))
            return
        self.refused.pop(key, None)
        self._spent[rule.name] += PRICE
        self.bought[key] = Generation(_wish(rule, subject), subject.conversation.title, subject.conversation.start_time)

    def _reasons(self, rule: Rule, subject: Subject, entries: Sequence[Entry]) -> Iterator[str]:
        yield from unfit(subject, self._settings.settle, self._now, presume_missing=self._presume)
        yield from _filtered(rule, subject.conversation, subject.segments, self._now)
        if any(each.is_pending for each in entries):
            yield "the outcome of an earlier generation of it is not known yet"
        if rule.when is When.MISSING and any(each.evidence == UNPROVEN for each in entries):
            yield "one was probably paid for and nothing came; rules do not pay twice, `credits generate` does"
        if reason := held_up(self.balance):
            yield reason
        if rule.at_most is not None and self._spent[rule.name] >= rule.at_most:
            yield f"at_most of the rule is reached ({self._spent[rule.name]} of {rule.at_most})"
        if reason := objection(self._settings, self._after_purchases()):
            yield reason

    def _after_purchases(self) -> Balance:
        count, state = len(self.bought) * PRICE, self.balance
        left = None if state.left is None else max(0, state.left - count)
        return replace(state, own=state.own + count, left=left)


def _wish(rule: Rule, subject: Subject) -> Wish:
    return Wish(
        subject.conversation.id,
        subject.holding.kind,
        rule.name,
        _REASONS[rule.when],
        force=rule.when is not When.MISSING,
        document_digest=subject.holding.digest,
        transcript_digest=subject.transcript_digest,
    )


_REASONS = {
    When.MISSING: "there is none",
    When.TRANSCRIPT_CHANGED: "the transcript changed since",
    When.OLDER_THAN: "the one there is is old",
}


def wants(rule: Rule, subject: Subject, entries: Iterable[Entry], now: datetime) -> bool:
    """Whether the rule's `when` holds: then the document is a candidate, whatever may stand against it."""
    if rule.when is When.MISSING:
        return subject.holding.digest is None and subject.holding.state is not State.EXCLUDED
    if subject.holding.digest is None or subject.made_at is None:
        return False
    got = [each for each in entries if each.standing in (Standing.SPENT, Standing.FREE)]
    if rule.when is When.TRANSCRIPT_CHANGED:
        return subject.is_outdated and all(each.wish.transcript_digest != subject.transcript_digest for each in got)
    assert rule.older_than is not None  # noqa: S101 - the configuration gives it
    limit = now - rule.older_than
    return subject.made_at < limit and all(each.reserved_at < limit for each in got)


def unfit(subject: Subject, settle: timedelta, now: datetime, *, presume_missing: bool = False) -> Iterator[str]:
    """What of the meeting itself stands against generating anything now, worst first."""
    known, holding = subject.conversation, subject.holding
    end = _end(known)
    if known.gone_at is not None:
        yield "the meeting was deleted at Convo"
    if known.end_time is None and now - known.start_time < _LONGEST_MEETING:
        yield "the meeting has not ended"
    if holding.kind is Kind.FEEDBACK and max(subject.segments, known.segment_count or 0) < FEWEST_SEGMENTS_FOR_FEEDBACK:
        yield f"feedback needs at least {FEWEST_SEGMENTS_FOR_FEEDBACK} segments"
    if now - end < settle:
        yield f"the meeting ended less than {settle.total_seconds() / 60:g} minutes ago"
    if subject.transcript.state is not State.PRESENT:
        yield "the transcript is not complete"
    elif subject.segments == 0:
        yield "nothing was said"
    yield from _not_offered(holding, presume_missing=presume_missing)


def _end(known: Conversation) -> datetime:
    if known.end_time is not None:
        return known.end_time
    return known.start_time + min(timedelta(minutes=max(0.0, known.minutes or 0.0)), _LONGEST_MEETING)


def _not_offered(holding: Holding, *, presume_missing: bool) -> Iterator[str]:
    if holding.state is State.NOT_APPLICABLE:
        yield f"Convo refuses {_NAMES[holding.kind]} of it: {holding.reason}"
    if holding.state is State.EXCLUDED:
        yield "it is excluded"
    if holding.state in (State.PENDING, State.FAILED) and not presume_missing:
        yield "Convo has not said yet whether there is one"


def _filtered(rule: Rule, known: Conversation, segments: int, now: datetime) -> Iterator[str]:
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
