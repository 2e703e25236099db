"""The table ``[credits]`` and its rules, as docs/credits.md describes them.

A rule that could never buy anything is refused: whoever wrote it expects something of it. Imported only where
``[credits]`` stands in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from convo_sync.config.source import Keys, Place, Source
from convo_sync.config.values import (
    parse_duration,
    read_count,
    read_minutes,
    read_number,
    read_pattern,
    shown,
)
from convo_sync.credits.rules import Rule, Settings, When, covers
from convo_sync.errors import ConfigurationError
from convo_sync.records import Kind

_RULE = "[[credits.rule]]"
_GENERATE = '"keypoints" or "feedback"'
_WHEN = '"missing", "transcript-changed", or "older-than" with a duration, as in "older-than 90 days"'


def read_credits(table: Mapping[str, Any], source: Source) -> Settings:
    """What the file's ``[credits]`` says.

    Raises:
        ConfigurationError: a key or value is not allowed, or a rule could never buy anything; with its line.
    """
    belongs = f"It belongs to a rule: write {_RULE} above it."
    _refuse_misplaced(table, _RULE_KEYS, source, ("credits",), "[credits]", belongs)
    said = source.fields(table, _KEYS, ("credits",), "[credits]")
    written = said.pop("rules", ())
    settings = Settings(**said)
    rules = tuple(_rule(each, at, settings.settle, source) for at, each in enumerate(written))
    for at in range(len(rules)):
        _refuse_idle(rules, at, source)
    return Settings(**said, rules=rules)


def _place(at: int) -> Place:
    return "credits", "rule", at


def _refuse_misplaced(
    content: Mapping[str, Any], elsewhere: Keys, source: Source, place: Place, name: str, belongs: str
) -> None:
    """Say where a key belongs that is right, but in the wrong table."""
    for key in content:
        if key in elsewhere:
            raise source.wrong((*place, key), f"there is no {key} in {name}", belongs)


def _rule(content: Mapping[str, Any], at: int, settle: timedelta, source: Source) -> Rule:
    belongs = f"It belongs to [credits]: write it above the first {_RULE}."
    _refuse_misplaced(content, _KEYS, source, _place(at), _RULE, belongs)
    said = source.fields(content, _RULE_KEYS, _place(at), _RULE)
    for key, allowed in (("generate", _GENERATE), ("when", _WHEN)):
        if key not in said:
            raise source.wrong(_place(at), f"{_RULE} does not say {key}; it has to be {allowed}")
    said["when"], older_than = said["when"]
    rule = Rule(**said, older_than=older_than)
    for key, why in _contradictions(rule, settle):
        raise source.wrong((*_place(at), key), f"{_RULE} {key} {why}")
    return rule


def _contradictions(rule: Rule, settle: timedelta) -> Iterator[tuple[str, str]]:
    """Each key for which no meeting could ever pass the rule, and why."""
    if rule.at_most == 0:
        yield "at_most", "is 0, so the rule buys nothing; put a # before each of its lines to leave it out"
    if rule.within_days is not None:
        yield from _too_short(timedelta(days=rule.within_days), rule.older_than, settle)
    if rule.not_title is not None and rule.not_title == rule.title:
        yield "not_title", "is the same as title, so no meeting passes both"
    elif rule.not_title is not None and _takes_every_text(rule.not_title):
        yield "not_title", f"is {shown(rule.not_title)}, which every title matches, so no meeting passes"


def _too_short(within: timedelta, older_than: timedelta | None, settle: timedelta) -> Iterator[tuple[str, str]]:
    if not within:
        yield "within_days", "is 0, so no meeting passes; leave it out for meetings of any age"
    if within < settle:
        yield "within_days", "is shorter than settle_minutes of [credits], so every meeting is too old once it settled"
    if older_than is not None and within <= older_than:
        yield "within_days", "is no longer than older-than, so no meeting that passes has a document that is old enough"


def _takes_every_text(pattern: str) -> bool:
    """Whether it surely matches anything: it matches nothing at all, and looks at nothing around (^ $ \\b (?=…))."""
    return not re.search(r"[\^$\\]|\(\?", pattern) and re.search(pattern, "") is not None


def _refuse_idle(rules: Sequence[Rule], at: int, source: Source) -> None:
    """Refuse the rule if an earlier one takes all that it could, or would share its name in the ledger."""
    for before, earlier in enumerate(rules[:at]):
        if covers(earlier, rules[at]):
            raise _idle(source, at, f"never has its turn: rule {before + 1} takes every meeting that it could")
        if earlier.name == rules[at].name:
            why = f"is called {shown(earlier.name)} in the ledger, and so is rule {before + 1}"
            raise _idle(source, at, f"{why}; two rules have to differ in more than at_most")


def _idle(source: Source, at: int, why: str) -> ConfigurationError:
    step = "Rules are asked in their order: change this one, move it up, or put a # before each of its lines."
    return source.wrong(_place(at), f"rule {at + 1} {why}", step)


def _read_rules(value: Any, _path: Path) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        raise ValueError(f"is a single table; it needs double brackets, {_RULE}")
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"has to be written as tables, {_RULE}, one for each rule")
    return value


def _read_generate(value: Any, _path: Path) -> Kind:
    if value in ("keypoints", "feedback"):
        return Kind(value)
    raise ValueError(f"is {shown(value)}; it has to be {_GENERATE}")


def _read_when(value: Any, _path: Path) -> tuple[When, timedelta | None]:
    word, _, duration = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if word == When.OLDER_THAN and duration.strip():
        try:
            return When.OLDER_THAN, parse_duration(duration)
        except ValueError as error:
            raise ValueError(f"has a duration that {error}") from None
    if value in (When.MISSING, When.TRANSCRIPT_CHANGED):
        return When(value), None
    raise ValueError(f"is {shown(value)}; it has to be {_WHEN}")


_KEYS: Keys = {
    "monthly_cap": ("monthly_cap", read_count),
    "keep": ("keep", read_count),
    "settle_minutes": ("settle", read_minutes),
    "rule": ("rules", _read_rules),
}
_RULE_KEYS: Keys = {
    "generate": ("generate", _read_generate),
    "when": ("when", _read_when),
    "min_minutes": ("min_minutes", read_number),
    "min_segments": ("min_segments", read_count),
    "title": ("title", read_pattern),
    "not_title": ("not_title", read_pattern),
    "within_days": ("within_days", read_number),
    "at_most": ("at_most", read_count),
}
