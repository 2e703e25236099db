"""What the next run will ask for and spend, by which rule, and why not the rest: ``sync --dry-run``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from convo_sync.credits.balance import Balance, Books
from convo_sync.credits.decision import Decision, Generation, LeftOut, held_up
from convo_sync.credits.outcome import PROOF
from convo_sync.credits.rules import Settings
from convo_sync.records import Kind, Step
from convo_sync.render.credits import KINDS, balance_as_json, left_on_account, used_in_words
from convo_sync.render.text import Look, count, safe, wrap
from convo_sync.render.when import day, iso, until

_NAMED = 3


def most(settings: Settings, state: Balance) -> int:
    """The most that any run of this month can still spend by its rules, whatever the list brings.

    What is not known to be paid counts as spent, and may turn out not to be.
    """
    if settings.monthly_cap is None or not settings.rules or state.used_up_until is not None:
        return 0
    doubtful = Counter(each.wish.rule for each in state.pending)
    rooms = [settings.monthly_cap - state.own + doubtful.total()]
    if state.left is not None:
        rooms.append(state.left - settings.keep + doubtful.total())
    limits = [rule.at_most for rule in settings.rules if rule.at_most is not None]
    if len(limits) == len(settings.rules):
        rules = {rule.name: rule.at_most or 0 for rule in settings.rules}
        rooms.append(sum(max(0, rules[name] - state.by_rule.get(name, 0) + doubtful[name]) for name in rules))
    return max(0, min(rooms))


def lines(
    steps: Sequence[Step], decision: Decision, settings: Settings, books: Books, state: Balance, look: Look
) -> Iterator[str]:
    """The plan in words."""
    yield from wrap("The next run first asks for the list of meetings; what that brings is not known yet.", look.prose)
    for step in steps:
        yield safe(f"{step.action:<8} {step.kind:<10} {step.conversation_id}  {step.reason}")
    due = count(len(steps), "document is", "documents are") if steps else "Nothing else is"
    yield f"{due} due now."
    yield ""
    yield from _credits(decision, settings, books, state, look)


def _credits(decision: Decision, settings: Settings, books: Books, state: Balance, look: Look) -> Iterator[str]:
    price = sum(each.price for each in decision.generations)
    if price:
        yield look.bold(f"{count(price, 'AI credit')} will be spent on what is archived:")
        yield from _bought(decision.generations, look)
        yield from wrap("Where Convo turns out to have one already, it is fetched, and costs nothing.", look.prose)
    elif state.pending and decision.blocked == held_up(state):
        yield from wrap(
            f"No AI credit will be spent as long as {decision.blocked}. {_known_by(state, look)}", look.prose
        )
    else:
        why = f": {decision.blocked}" if decision.blocked else " on what is archived"
        yield from wrap(f"No AI credit will be spent{why}.", look.prose)
    if decision.left_out:
        yield "Not bought:"
        yield from _left_out(decision.left_out, look)
    yield from _ceiling(settings, books, state, look)


def _known_by(state: Balance, look: Look) -> str:
    """When a run can tell what became of it."""
    at = max((each.unknown_at or each.reserved_at) + PROOF for each in state.pending)
    return f"A sync after {until(iso(at), look)} finds out."


def _bought(generations: Sequence[Generation], look: Look) -> Iterator[str]:
    """Rule by rule, as they are asked."""
    for (rule, reason), group in groupby(generations, lambda each: (each.wish.rule or "", each.wish.reason)):
        bought = list(group)
        price = count(sum(each.price for each in bought), "credit")
        yield from wrap(f"{price} by rule: {safe(rule)} ({reason})", look.prose, "  ", " " * 4)
        for each in bought:
            title = safe(each.title) or safe(each.wish.conversation_id)
            what = f"{KINDS[each.wish.kind]} of {title} ({day(iso(each.start_time), look)})"
            yield from wrap(what, look.prose, " " * 4, " " * 6)


def _left_out(left_out: Sequence[LeftOut], look: Look) -> Iterator[str]:
    """Reason by reason, since many have the same: of how many, and the newest of them."""
    reasons: dict[tuple[str, Kind], list[str]] = {}
    for left in left_out:
        known = left.subject.conversation
        name = f"{safe(known.title) or safe(known.id)} ({day(iso(known.start_time), look)})"
        reasons.setdefault((left.why, left.subject.holding.kind), []).append(name)
    for (why, kind), names in reasons.items():
        shown, more = names[:_NAMED], len(names) - _NAMED
        others = [count(more, "other", "others")] if more > 0 else []
        yield from wrap(f"{KINDS[kind]} of {'; '.join([*shown, *others])}", look.prose, "  ", " " * 4)
        yield from wrap(f"because {safe(why)}", look.prose, " " * 4)


def _ceiling(settings: Settings, books: Books, state: Balance, look: Look) -> Iterator[str]:
    if not settings.rules:
        return
    ceiling = most(settings, state)
    spends = f"at most {count(ceiling, 'credit')}" if ceiling else "none"
    ends = f", if it comes before the month ends ({until(iso(state.resets_at), look)})" if state.resets_at else ""
    kept = f"; keep is {settings.keep}" if settings.keep else ""
    stands = f"{used_in_words(state, settings)}; {left_on_account(state, books)}{kept}"
    yield from wrap(f"Whatever the list brings, the next run spends {spends}{ends}. So far: {stands}.", look.prose)


def as_json(
    steps: Sequence[Step], decision: Decision, settings: Settings, books: Books, state: Balance
) -> dict[str, Any]:
    """The document of ``sync --dry-run --json``."""
    return {
        "steps": [
            {"action": s.action.value, "kind": s.kind.value, "conversation_id": s.conversation_id, "reason": s.reason}
            for s in steps
        ],
        "credits": sum(each.price for each in decision.generations),
        "most_credits": most(settings, state),
        "blocked": decision.blocked or None,
        "generations": [_generation_as_json(each) for each in decision.generations],
        "left_out": [_left_out_as_json(each) for each in decision.left_out],
        "balance": balance_as_json(state, books, settings),
    }


def _generation_as_json(each: Generation) -> dict[str, Any]:
    return {
        "conversation_id": each.wish.conversation_id,
        "title": each.title,
        "kind": each.wish.kind.value,
        "rule": each.wish.rule,
        "reason": each.wish.reason,
        "price": each.price,
    }


def _left_out_as_json(each: LeftOut) -> dict[str, Any]:
    return {
        "conversation_id": each.subject.conversation.id,
        "title": each.subject.conversation.title,
        "kind": each.subject.holding.kind.value,
        "rule": each.rule,
        "why": each.why,
    }
