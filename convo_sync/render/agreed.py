"""What meetings came to: action items and decisions under their meetings, or as JSON. It knows no archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convo_sync.briefs import Decision, Decisions, Promise, Promises
from convo_sync.render import command
from convo_sync.render.meeting import action
from convo_sync.render.text import Look, count, safe, wrap
from convo_sync.render.when import as_of, day, day_and_minute
from convo_sync.views import ActionItem


def items_as_json(found: Promises) -> dict[str, Any]:
    """The document that ``actions --json`` prints."""
    return {
        "as_of": found.as_of,
        "total": found.total,
        "done_left_out": found.done,
        "action_items": [item._asdict() for item in found.items],
    }


def decisions_as_json(found: Decisions) -> dict[str, Any]:
    """The document that ``decisions --json`` prints."""
    return {
        "as_of": found.as_of,
        "total": found.total,
        "decisions": [decision._asdict() for decision in found.decisions],
    }


def item_lines(found: Promises, look: Look, *, with_done: bool, hint: str = "") -> Iterator[str]:
    """Action items with their numbers, then how many there are besides, and how old all this is.

    Args:
        with_done: those that are done were asked for as well.
        hint: a sentence about another way to ask.
    """
    columns = max(len(str(item.number)) for item in found.items)
    for items in _by_meeting(found.items):
        yield from heading(items[0], look)
        for item in items:
            yield from numbered(item, look, columns)
        yield ""
    yield from wrap(_items_in_words(found, with_done=with_done), look.prose)
    undone = next((item.number for item in found.items if item.done_at is None), None)
    if undone is not None:
        yield look.faint(f"Mark one as done: convo-sync actions done {undone}")
    if hint:
        yield from wrap(hint, look.prose)
    yield from map(look.faint, wrap(as_of(found.as_of, look), look.prose))


def _items_in_words(found: Promises, *, with_done: bool) -> str:
    what = _counted(len(found.items), found.total, "action item" if with_done else "open action item")
    return f"{what} {count(found.done, 'is', 'are')} done; --all shows them too." if found.done else what


def decision_lines(found: Decisions, look: Look) -> Iterator[str]:
    """Decisions, then how many there are besides, and how old all this is."""
    for decisions in _by_meeting(found.decisions):
        yield from heading(decisions[0], look)
        for decision in decisions:
            yield from wrap(safe(decision.text), look.prose, "  • ")
        yield ""
    yield _counted(len(found.decisions), found.total, "decision")
    yield look.faint(f"Open a meeting: {command.show(found.decisions[0].conversation_id)}")
    yield from map(look.faint, wrap(as_of(found.as_of, look), look.prose))


def _counted(shown: int, total: int, what: str) -> str:
    if shown == total:
        return f"{count(total, what)}."
    return f"{shown:,} of {count(total, what)}; -n {total} shows all."


def _by_meeting(entries: Sequence[Any]) -> Iterator[list[Any]]:
    """A meeting's entries together, where its first one stands."""
    groups: dict[str, list[Any]] = {}
    for entry in entries:
        groups.setdefault(entry.conversation_id, []).append(entry)
    return iter(groups.values())


def heading(entry: Promise | Decision, look: Look) -> Iterator[str]:
    """The meeting's title, its time and id."""
    yield from map(look.bold, wrap(safe(entry.title) or "(no title)", look.prose))
    yield look.faint(f"{day_and_minute(entry.start_time, look)} · {safe(entry.conversation_id)}")


def numbered(item: Promise, look: Look, columns: int) -> Iterator[str]:
    """An action item on as many lines as it takes, its number before it; a done one is faint."""
    lines = wrap(safe(in_words(item, look)), look.prose, f"  {item.number:{columns}}  ")
    yield from map(look.faint, lines) if item.done_at else lines


def in_words(item: Promise, look: Look) -> str:
    """Who does what, how urgent it is, and when it was done."""
    said = action(ActionItem(item.text, item.owner, item.priority, item.confidence))
    return f"{said} [done {day(item.done_at, look)}]" if item.done_at else said
