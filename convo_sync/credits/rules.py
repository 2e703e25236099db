"""What config.toml's ``[credits]`` says: how much may be spent, and which generations its owner wants. Pure values."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum

from convo_sync.records import Kind

SETTLE = timedelta(minutes=15)


class When(StrEnum):
    """What makes a document wanted."""

    MISSING = "missing"
    TRANSCRIPT_CHANGED = "transcript-changed"
    OLDER_THAN = "older-than"


@dataclass(frozen=True, slots=True)
class Rule:
    """One ``[[credits.rule]]``. Filters that are None let every meeting pass; `title` and `not_title` are patterns.

    `older_than` is set where `when` is OLDER_THAN. `at_most` counts a month of the account.
    """

    generate: Kind
    when: When
    older_than: timedelta | None = None
    min_minutes: float | None = None
    min_segments: int | None = None
    title: str | None = None
    not_title: str | None = None
    within_days: float | None = None
    at_most: int | None = None

    @property
    def name(self) -> str:
        """What it is called in the ledger: all that it says but `at_most`, so that another limit is the same rule."""
        filters = [
            f"{each.name} {_shown(value)}"
            for each in fields(self)[3:-1]
            if (value := getattr(self, each.name)) is not None
        ]
        return ", ".join([f"{self.generate} {_when(self)}", *filters])


def _when(rule: Rule) -> str:
    if rule.older_than is None:
        return rule.when.value
    days, rest = divmod(rule.older_than.total_seconds(), 86_400)
    return f"{rule.when} {days:g} days" if not rest else f"{rule.when} {rule.older_than.total_seconds() / 3600:g} h"


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True, slots=True)
class Settings:
    """All of ``[credits]``. Without `monthly_cap` nothing is spent by itself. `keep` credits stay on the account."""

    monthly_cap: int | None = None
    keep: int = 0
    settle: timedelta = SETTLE
    rules: tuple[Rule, ...] = ()


def covers(earlier: Rule, later: Rule) -> bool:
    """Whether every meeting that the later rule could take is taken by the earlier one, so that it never matches.

    Only what is certain: of two different patterns nobody knows whether one matches all that the other does.
    """
    if earlier.at_most is not None or (earlier.generate, earlier.when) != (later.generate, later.when):
        return False
    return (
        (later.older_than or timedelta()) >= (earlier.older_than or timedelta())
        and _or(-math.inf, later.min_minutes) >= _or(-math.inf, earlier.min_minutes)  # unknown minutes pass None only
        and _or(0, later.min_segments) >= _or(0, earlier.min_segments)
        and _or(math.inf, later.within_days) <= _or(math.inf, earlier.within_days)
        and earlier.title in (None, later.title)
        and earlier.not_title in (None, later.not_title)
    )


def _or(otherwise: float, value: float | None) -> float:
    return otherwise if value is None else value
