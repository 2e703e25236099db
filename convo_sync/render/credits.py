"""AI credits for a person and as JSON: how the month stands, who spent it, what was lost. "Now" is an argument."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from convo_sync.credits.balance import Balance, Books
from convo_sync.credits.entries import Entry, Standing, Wish
from convo_sync.credits.rules import Settings
from convo_sync.records import Kind
from convo_sync.render.text import Look, clip, count, pad, safe, wrap
from convo_sync.render.when import iso, minute, until
from convo_sync.times import write_time

KINDS = {"keypoints": "key points", "feedback": "feedback", "answer": "answer", "email": "e-mail"}
BY_HAND = "by hand"
LAST = 20
_MONTH = timedelta(days=31)
_STATES, _MARGIN = 8, 14


def used_in_words(state: Balance, settings: Settings) -> str:
    """What we spent this month, of what."""
    return f"{_spent(state, settings)} by convo-sync"


def _spent(state: Balance, settings: Settings) -> str:
    if settings.monthly_cap is None:
        return f"{count(state.own, 'credit')} spent"
    return f"{state.own} of {settings.monthly_cap} (monthly_cap) spent"


def left_in_words(state: Balance, settings: Settings) -> str:
    """What is left, by the cap and on the account, as one sentence."""
    account = "unlimited on the account" if state.left is None else f"{state.left} left on the account"
    kept = f", of which {_kept(settings)}" if settings.keep and state.left is not None else ""
    if settings.monthly_cap is None:
        return f"{account[0].upper()}{account[1:]}{kept}."
    return f"{max(0, settings.monthly_cap - state.own)} of monthly_cap {settings.monthly_cap} left, {account}{kept}."


def _kept(settings: Settings) -> str:
    return f"{settings.keep} {'is' if settings.keep == 1 else 'are'} kept"


def status_line(state: Balance, books: Books, settings: Settings, look: Look) -> str:
    """One line for ``status``."""
    if books.reading is None and not state.own:
        return "nothing known yet"
    resets = f", until {until(iso(state.resets_at), look)}" if state.resets_at else ""
    waiting = f", {count(len(state.pending), 'outcome')} unknown" if state.pending else ""
    return f"{used_in_words(state, settings)}; {left_on_account(state, books)}{waiting}{resets}"


def left_on_account(state: Balance, books: Books) -> str:
    """What the account has left, in brief."""
    if books.reading is None:
        return "what is left is not known yet"
    if state.is_turned:
        return "the month turned since the last look"
    if state.left is None:
        return "unlimited on the account" if state.used is not None else "what is left is not known"
    return f"{state.left} of {state.allowance} left on the account" if state.allowance else f"{state.left} left"


def elsewhere(state: Balance) -> int:
    """What other tools spent for certain, as the counter shows it; negative where it counts less than the ledger.

    What it counts beyond the ledger may be a credit of ours whose outcome is not known yet.
    """
    return max(0, state.elsewhere - len(state.pending)) if state.elsewhere > 0 else state.elsewhere


def forecast(state: Balance, settings: Settings, began: datetime | None, now: datetime) -> int | None:
    """What we will have spent when the month ends, at the pace so far; None where that cannot be told."""
    if state.resets_at is None or began is None or state.is_turned:
        return None
    start = max(began, state.resets_at - _MONTH)
    passed = max(timedelta(days=1), now - start)
    paced = round(state.own * ((state.resets_at - start) / passed))
    limits = [paced]
    if settings.monthly_cap is not None:
        limits.append(settings.monthly_cap)
    if state.left is not None:
        limits.append(state.own + state.left - settings.keep)
    return max(state.own, min(limits))


def lines(
    state: Balance,
    books: Books,
    settings: Settings,
    titles: Mapping[str, str],
    expected: int | None,
    look: Look,
) -> Iterator[str]:
    """The report of ``credits``."""
    resets = f" until {until(iso(state.resets_at), look)}" if state.resets_at else ""
    yield look.bold(f"AI credits this month{resets}")
    for name, words in _summary(state, books, settings, expected, look):
        margin = _MARGIN if name else _MARGIN + 2
        yield from wrap(words, look.prose, f"  {name}".ljust(margin), " " * margin)
    for title, entries in (("Not known yet", state.pending), ("Lost", _lost(books)), ("Last entries", _last(books))):
        if entries:
            yield ""
            yield look.bold(title)
            yield from _table(entries, titles, look)
    if not settings.rules:
        yield ""
        yield "No rule spends credits; docs/credits.md says how to write one."


def _summary(
    state: Balance, books: Books, settings: Settings, expected: int | None, look: Look
) -> Iterator[tuple[str, str]]:
    yield "convo-sync", _spent(state, settings)
    for spender, number in sorted(state.by_rule.items(), key=lambda each: (-each[1], each[0] or "")):
        yield "", f"{number} by {_spender(spender)}"
    used = "" if state.used is None or state.is_turned else f"{state.used} used, "
    kept = f" ({_kept(settings)})" if settings.keep else ""
    yield "account", f"{used}{left_on_account(state, books)}{kept}"
    if (others := elsewhere(state)) > 0:
        yield "elsewhere", f"{others} spent by other tools"
    elif others < 0:
        yield "elsewhere", f"Convo counts {-others} fewer than the ledger; its counter may lag"
    if expected is not None:
        yield "forecast", f"about {expected} by the end of the month, at the pace so far"
    if books.reading is not None:
        yield "as of", f"{minute(iso(books.reading.read_at), look)}, when Convo's counter was last read"


def _spender(rule: str | None) -> str:
    return "hand" if rule is None else f"rule: {safe(rule)}"


def _lost(books: Books) -> Sequence[Entry]:
    return [each for each in books.entries if each.is_lost]


def _last(books: Books) -> Sequence[Entry]:
    return books.entries[-LAST:][::-1]


def _table(entries: Sequence[Entry], titles: Mapping[str, str], look: Look) -> Iterator[str]:
    for entry in entries:
        when = minute(iso(entry.reserved_at), look)
        title = safe(titles.get(entry.wish.conversation_id) or entry.wish.conversation_id)
        head = f"  {when}  {pad(entry.standing.value, _STATES)}  {pad(KINDS[entry.wish.kind], 10)}  "
        yield head + clip(title, max(10, look.prose - len(head)))
        why = safe(f"{_why(entry.wish)}; {entry.evidence or 'waiting for the answer'}")
        yield from (look.faint(line) for line in wrap(why, look.prose, " " * 20))


def _why(wish: Wish) -> str:
    """On whose word; of a question, which one, since a meeting may have many."""
    asked = str(json.loads(wish.request or "{}").get("query", "")) if wish.kind is Kind.ANSWER else ""
    return f"{wish.rule or BY_HAND}: “{asked}”" if asked else wish.rule or BY_HAND


def as_json(
    state: Balance, books: Books, settings: Settings, titles: Mapping[str, str], expected: int | None
) -> dict[str, Any]:
    """The document of ``credits --json``."""
    return balance_as_json(state, books, settings) | {
        "forecast": expected,
        "by": [{"rule": rule, "credits": number} for rule, number in state.by_rule.items()],
        "pending": [entry_as_json(each, titles) for each in state.pending],
        "lost": [entry_as_json(each, titles) for each in _lost(books)],
        "entries": [entry_as_json(each, titles) for each in _last(books)],
    }


def balance_as_json(state: Balance, books: Books, settings: Settings) -> dict[str, Any]:
    """How the month stands."""
    reading = books.reading
    return {
        "monthly_cap": settings.monthly_cap,
        "keep": settings.keep,
        "spent": state.own,
        "unknown": len(state.pending),
        "account": {
            "used": None if state.is_turned else state.used,
            "allowance": state.allowance,
            "left": state.left,
            "elsewhere": max(0, elsewhere(state)),
            "resets_at": write_time(state.resets_at),
            "read_at": write_time(reading.read_at) if reading else None,
        },
    }


def entry_as_json(entry: Entry, titles: Mapping[str, str]) -> dict[str, Any]:
    """One line of the ledger."""
    wish = entry.wish
    return {
        "id": entry.id,
        "conversation_id": wish.conversation_id,
        "title": titles.get(wish.conversation_id),
        "kind": wish.kind.value,
        "rule": wish.rule,
        "request": wish.request,
        "state": entry.standing.value,
        "credits": int(entry.standing in (Standing.SPENT, Standing.RESERVED, Standing.UNKNOWN)),
        "evidence": entry.evidence,
        "reserved_at": write_time(entry.reserved_at),
        "settled_at": write_time(entry.settled_at),
        "lost": entry.is_lost,
    }
