"""A query in plain lines, for a person who wonders how the words were understood. Knows nothing of what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from convo_sync.query.asked import Filters, Query
from convo_sync.query.terms import Term
from convo_sync.query.tree import And, Node, Not, Or, excluded


def explanation(query: Query) -> Iterator[str]:
    """Lines such as ``Words: flip, lid``, in the order: what is wanted, what is not, where to look."""
    telling = [term for term in query.terms if not term.is_stop]
    words = telling or query.terms
    yield from _line("Words", (term.text for term in words if term.kind == "word"))
    yield from _line("Phrase", (_named(term) for term in words if term.kind == "phrase"))
    yield from _line("Beginning with", (_named(term).removesuffix("*") for term in words if term.kind == "prefix"))
    if telling:
        yield from _line("Left out as too common", (term.text for term in query.terms if term.is_stop))
    if query.tree is not None:
        yield from _line("Not", (_written(node, nested=True) for node in excluded(query.tree)))
        if query.is_empty and query.has_filters:
            yield "No words to find: what has none of that is listed, the newest first"
        if _is_grouped(query.tree):
            yield f"Read as: {_written(query.tree)}"
    yield from _places(query.filters)


def _line(name: str, values: Iterable[str]) -> Iterator[str]:
    if told := ", ".join(values):
        yield f"{name}: {told}"


def _named(term: Term) -> str:
    text = f"“{term.text}”" if term.required else term.text
    return f"{text}*" if term.kind == "prefix" else text


def _is_grouped(tree: Node) -> bool:
    """Whether there is more to it than words that are wanted and words that are not."""
    parts = tree.parts if isinstance(tree, And) else (tree,)
    return not all(isinstance(part.part if isinstance(part, Not) else part, Term) for part in parts)


def _written(node: Node, *, nested: bool = False) -> str:
    if isinstance(node, Term):
        return _named(node)
    if isinstance(node, Not):
        return f"-{_written(node.part, nested=True)}"
    text = (" OR " if isinstance(node, Or) else " ").join(_written(part, nested=True) for part in node.parts)
    return f"({text})" if nested else text


def _places(filters: Filters) -> Iterator[str]:
    yield from _line("Only what is said by", filters.speakers)
    yield from _line("Not what is said by", filters.not_speakers)
    yield from _line("Only meetings whose title has", filters.titles)
    yield from _line("No meetings whose title has", filters.not_titles)
    yield from _line("Only in", filters.kinds)
    yield from _line("Not in", filters.not_kinds)
    yield from _line("Only meetings whose id begins with", filters.ids)
    yield from _line("No meetings whose id begins with", filters.not_ids)
    if filters.after:
        yield f"Only meetings from {_day(filters.after)} on"
    if filters.before:
        yield f"Only meetings before {_day(filters.before)}"
    if filters.after and filters.before and filters.after >= filters.before:
        yield "No meeting can be both"
    if filters.min_minutes is not None:
        yield f"Only meetings of at least {filters.min_minutes:g} minutes"


def _day(instant: str) -> str:
    """The local day that begins then."""
    return datetime.fromisoformat(instant).astimezone().date().isoformat()
