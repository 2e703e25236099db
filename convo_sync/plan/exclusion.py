"""Which meetings are private: what rules of the configuration keep from ever being asked for. Pure.

The list's row of such a meeting is kept; its transcript, key points and feedback are `excluded`. What was archived
before a rule came stays, and is not looked after any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from convo_sync.plan.schedule import first_holdings
from convo_sync.records import Candidate, Conversation, ConversationId, Holding, Listing, State

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _as_it_is(moment: datetime) -> datetime:
    return moment


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a meeting is excluded where all that it says is true. None: it says nothing of that.

    `title`: a regular expression, searched for whatever its case. `weekdays`: days on which a meeting began, Monday
    is 0; `between`: from and until when it began, the end not included, over midnight where it is the earlier one.
    `attendee`: a part of the name or address of somebody invited.
    """

    title: str | None = None
    weekdays: frozenset[int] | None = None
    between: tuple[time, time] | None = None
    attendee: str | None = None

    def fits(self, title: str, began: datetime, people: Iterable[str]) -> bool:
        """Whether it takes a meeting. `began`: on its owner's calendar; `people`: names and addresses."""
        return (
            (self.title is None or re.search(self.title, title, re.IGNORECASE) is not None)
            and (self.weekdays is None or began.weekday() in self.weekdays)
            and (self.between is None or _is_between(began.time(), *self.between))
            and (self.attendee is None or _is_among(self.attendee, people))
        )

    @property
    def words(self) -> str:
        """What it says, for the one who wrote it."""
        days = self.weekdays and ", ".join(WEEKDAYS[day] for day in sorted(self.weekdays))
        hours = self.between and "-".join(f"{each:%H:%M}" for each in self.between)
        said = (("title", self.title), ("weekdays", days), ("between", hours), ("attendee", self.attendee))
        return ", ".join(f"{name} {value}" for name, value in said if value)


def _is_between(moment: time, first: time, last: time) -> bool:
    return first <= moment < last if first < last else moment >= first or moment < last


def _is_among(part: str, people: Iterable[str]) -> bool:
    return any(part.casefold() in each.casefold() for each in people)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """The rules, and `local`, which turns an instant into the time that they speak of."""

    rules: tuple[Rule, ...] = ()
    local: Callable[[datetime], datetime] = _as_it_is

    @property
    def needs_people(self) -> bool:
        """Whether a rule asks who was invited."""
        return any(rule.attendee is not None for rule in self.rules)

    def reason(self, title: str, start: datetime, people: Iterable[str] = ()) -> str:
        """Why nothing of a meeting is asked for, in words; empty where everything is."""
        names, began = tuple(people), self.local(start)
        rule = next((each for each in self.rules if each.fits(title, began, names)), None)
        return f"[sync] exclude: {rule.words}" if rule else ""

    def reasons(
        self, found: Iterable[Listing | Candidate], people: Mapping[str, Collection[str]]
    ) -> dict[ConversationId, str]:
        """Conversation -> why nothing of it is asked for, of those that are excluded; `people` by calendar event."""
        why = {
            each.id: self.reason(each.title, each.start_time, people.get(each.calendar_event_id or "", ()))
            for each in found
        }
        return {id_: reason for id_, reason in why.items() if reason}


def settled(
    row: Listing | Conversation, holdings: Iterable[Holding], excluded: str, now: datetime
) -> tuple[Holding, ...]:
    """The holdings as they have to be where the meeting is excluded for that reason, or, with none, is not."""
    fresh = {each.kind: each for each in first_holdings(row, now)}
    return tuple(_out(each, excluded) if excluded else _back(each, fresh[each.kind]) for each in holdings)


def _out(holding: Holding, reason: str) -> Holding:
    if holding.state is State.EXCLUDED:
        return holding
    return replace(holding, state=State.EXCLUDED, next_try_at=None, tries=0, failures=0, reason=reason)


def _back(holding: Holding, fresh: Holding) -> Holding:
    """What was excluded is owed as on the first day; what is archived of it is known."""
    if holding.state is not State.EXCLUDED:
        return holding
    reason = "no longer excluded" if fresh.state is State.PENDING else fresh.reason
    return replace(fresh, digest=holding.digest, checked_at=holding.checked_at, reason=reason)


def differing(before: Sequence[Holding], after: Sequence[Holding]) -> list[Holding]:
    """Those that are not as they were."""
    return [new for old, new in zip(before, after, strict=True) if new != old]
