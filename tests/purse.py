"""Entries, readings, months and subjects of one account, for the tests of credits as thought. Knows no rule of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from convo_sync.credits.balance import Books
from convo_sync.credits.decision import Decision, decide
from convo_sync.credits.entries import Entry, Period, Reading, Standing, Wish
from convo_sync.credits.fitness import Subject
from convo_sync.credits.rules import Rule, Settings, When
from convo_sync.records import Conversation, ConversationId, Holding, Kind, State
from tests.holdings import DAY, HOUR, NOON

MONTH_ENDS = NOON + 10 * DAY
NEXT_ENDS = MONTH_ENDS + 31 * DAY
MISSING = Rule(Kind.KEYPOINTS, When.MISSING)
CHANGED = Rule(Kind.KEYPOINTS, When.TRANSCRIPT_CHANGED)
AGED = Rule(Kind.KEYPOINTS, When.OLDER_THAN, older_than=30 * DAY)
FEEDBACK = Rule(Kind.FEEDBACK, When.MISSING)


def reading(
    used: int | None = 0, *, id_: int = 1, allowance: int | None = 10, at: datetime = NOON - HOUR,
    ends: datetime | None = MONTH_ENDS, remaining: int | None = None,
) -> Reading:  # fmt: skip
    """What a profile said."""
    return Reading(id_, at, used, allowance, remaining, ends, period=1)


def books(*entries: Entry, readings: tuple[Reading, ...] = (), ends: datetime | None = MONTH_ENDS) -> Books:
    """The first month's books; with one reading of nothing used unless told otherwise."""
    return Books(Period(1, ends), readings or (reading(),), entries)


def entry(
    standing: Standing = Standing.SPENT, *, id_: int = 1, of: str = "sess_1", kind: Kind = Kind.KEYPOINTS,
    rule: str | None = MISSING.name, at: datetime = NOON - 30 * timedelta(minutes=1), document: str | None = None,
    transcript: str | None = None, **others: Any,
) -> Entry:  # fmt: skip
    """A line of the ledger, reserved half an hour ago after the first reading."""
    wish = Wish(ConversationId(of), kind, rule, "why", document_digest=document, transcript_digest=transcript)
    made = Entry(id_, wish, standing, "it came", at, None, at, 1, None, reading=1, used_before=0, resets_at=MONTH_ENDS)
    return replace(made, **others)


def subject(number: int = 1, kind: Kind = Kind.KEYPOINTS, **others: Any) -> Subject:
    """A meeting of an hour, ended `number` days ago, of which the server has no such document; `others` differ."""
    id_ = ConversationId(f"sess_{number}")
    start = NOON - number * DAY
    told = {name: others.pop(name) for name in list(others) if name in Conversation.__slots__}
    known = Conversation(id_, f"Meeting {number}", start, start + HOUR, 60.0, 12, "listed")
    transcript = Holding(id_, Kind.TRANSCRIPT, State.PRESENT, digest="t")
    state = others.pop("state", State.ABSENT)
    held = Holding(id_, kind, state, digest=others.pop("digest", None), reason=others.pop("reason", ""))
    made = Subject(replace(known, **told), transcript, held, 12, transcript_digest="t", transcript_at=start + HOUR)
    return replace(made, **others)


def old(number: int = 1, kind: Kind = Kind.KEYPOINTS, *, age: timedelta = DAY, **others: Any) -> Subject:
    """A meeting whose document was made so long ago."""
    return subject(number, kind, state=State.PRESENT, digest="d", made_at=NOON - age, **others)


def settings(*rules: Rule, cap: int | None = 100, **others: Any) -> Settings:
    """What config.toml says."""
    return Settings(monthly_cap=cap, rules=rules or (MISSING,), **others)


def bought(decision: Decision) -> list[str]:
    return [each.wish.conversation_id for each in decision.generations]


def why(*subjects: Subject, said: Settings | None = None, known: Any = None, **named: Any) -> list[str]:
    """Why each candidate is left out; fails if one is bought."""
    decision = decide(said or settings(), known or books(), subjects, NOON, **named)
    assert not decision.generations
    return [each.why for each in decision.left_out]
