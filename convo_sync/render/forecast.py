"""What the next run will ask for and spend, by which rule, and why not the rest: ``sync --dry-run``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convo_sync.credits.balance import Balance, Books
from convo_sync.credits.decision import Decision, Generation, LeftOut
from convo_sync.credits.rules import Settings
from convo_sync.records import Kind, Step
from convo_sync.render.credits import KINDS, balance_as_json, left_on_account, used_in_words
from convo_sync.render.text import Look, count, safe, wrap
from convo_sync.render.when import day, iso

_NAMED = 3


def most(settings: Settings, state: Balance) -> int:
    """The most that the next run can spend by monthly_cap, whatever the list brings; 0 where no rule may spend.

    What the account had left when it was last read is no limit: a plan may be another by then. What is not known yet
    may turn out to be unpaid.
    """
    if not settings.rules or settings.monthly_cap is None:
        return 0
    return max(0, settings.monthly_cap - state.own + len(state.pending))


def lines(
    steps: Sequence[Step], decision: Decision, settings: Settings, books: Books, state: Balance, look: Look
) -> Iterator[str]:
    """The plan in words."""
    yield "The next run first asks for the list of meetings; what that brings is not known yet."
    for step in steps:
        yield safe(f"{step.action:<8} {step.kind:<10} {step.conversation_id}  {step.reason}")
    due = count(len(steps), "document is", "documents are") if steps else "Nothing else is"
    yield f"{due} due now."
    yield ""
    yield from _credits(decision, settings, state, look)


def _credits(decision: Decision, settings: Settings, state: Balance, look: Look) -> Iterator[str]:
    price = sum(each.price for each in decision.generations)
    if decision.blocked and not decision.generations:
        yield from wrap(f"No AI credit will be spent: {decision.blocked}.", look.prose)
    elif not decision.generations:
        yield from wrap("No AI credit will be spent on what is archived.", look.prose)
    else:
        yield look.bold(f"{count(price, 'AI credit')} will be spent on what is archived:")
        for generation in decision.generations:
            yield from _bought(generation, look)
        words = "Where Convo turns out to have one already, it is fetched, and costs nothing."
        yield from wrap(words, look.prose)
    if decision.left_out:
        yield "Not bought:"
        yield from _left_out(decision.left_out, look)
    yield from _ceiling(decision, settings, state, look)


def _bought(each: Generation, look: Look) -> Iterator[str]:
    kind, title = KINDS[each.wish.kind], safe(each.title) or each.wish.conversation_id
    what = f"{count(each.price, 'credit')}  {kind} of {title} ({day(iso(each.start_time), look)})"
    yield from wrap(what, look.prose, "  ", " " * 12)
    yield from wrap(f"rule: {safe(each.wish.rule or '')}; {each.wish.reason}", look.prose, " " * 12)


def _left_out(left_out: Sequence[LeftOut], look: Look) -> Iterator[str]:
    """Reason by reason, since many have the same: of how many, and the newest of them."""
    reasons: dict[tuple[str, Kind], list[str]] = {}
    for left in left_out:
        known = left.subject.conversation
        name = f"{safe(known.title) or known.id} ({day(iso(known.start_time), look)})"
        reasons.setdefault((left.why, left.subject.holding.kind), []).append(name)
    for (why, kind), names in reasons.items():
        shown, more = names[:_NAMED], len(names) - _NAMED
        others = [count(more, "other", "others")] if more > 0 else []
        yield from wrap(f"{KINDS[kind]} of {'; '.join([*shown, *others])}", look.prose, "  ", " " * 4)
        yield from wrap(f"because {safe(why)}", look.prose, " " * 4)


def _ceiling(decision: Decision, settings: Settings, state: Balance, look: Look) -> Iterator[str]:
    if not settings.rules:
        return
    ceiling = most(settings, state)
    stands = f"{used_in_words(state, settings)}; {left_on_account(state)}"
    kept = f"; keep is {settings.keep}" if settings.keep else ""
    if ceiling:
        words = f"Whatever the list brings, the next run spends at most {count(ceiling, 'credit')}"
    else:
        words = "Whatever the list brings, the next run spends none"
    yield from wrap(f"{words} ({stands}{kept}).", look.prose)


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
