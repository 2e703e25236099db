"""What is wanted as a boolean expression, in a form that FTS5 can answer. Knows no operator as it is typed.

FTS5 has no NOT of its own, only "this, but not that". So a tree is kept in this form: an `And` has something wanted
unless nothing is wanted at all, an `Or` has wanted alternatives only, and so is what `Not` excludes.

Without postponed annotations, as `terms`. Being tuples, an `And` equals an `Or` of the same parts: ask for the type.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from convo_sync.query.terms import Term
from convo_sync.tuples import NamedTuple

if TYPE_CHECKING:
    Node: TypeAlias = "And | Or | Not | Term"
else:
    Node = object  # to resolve the names would take longer than all else here


class And(NamedTuple):
    """All of them: two or more."""

    parts: tuple[Node, ...]


class Or(NamedTuple):
    """Any of them: two or more."""

    parts: tuple[Node, ...]


class Not(NamedTuple):
    """Texts that do not have it."""

    part: Node


def all_of(nodes: Iterable[Node]) -> Node | None:
    """Everything that is asked for; None where that is nothing."""
    parts = _without_twins(part for node in nodes for part in (node.parts if isinstance(node, And) else (node,)))
    return And(parts) if len(parts) > 1 else parts[0] if parts else None


def any_of(nodes: Iterable[Node]) -> Node | None:
    """One of the alternatives. One that only excludes would be nearly everything: it excludes from the others."""
    parts = _without_twins(part for node in nodes for part in (node.parts if isinstance(node, Or) else (node,)))
    wanted = tuple(part for part in parts if not only_excludes(part))
    either = (Or(wanted),) if len(wanted) > 1 else wanted
    return all_of((*either, *(part for part in parts if only_excludes(part))))


def none_of(node: Node) -> Node | None:
    """All but this; what is excluded twice is wanted."""
    if not only_excludes(node):
        return Not(node)
    return any_of(part.part for part in _conjuncts(node) if isinstance(part, Not))


def only_excludes(node: Node) -> bool:
    """Whether nothing in it is wanted."""
    return all(isinstance(part, Not) for part in _conjuncts(node))


def excluded(node: Node) -> tuple[Node, ...]:
    """What must not occur in any text that is wanted."""
    return tuple(part.part for part in _conjuncts(node) if isinstance(part, Not))


def wanted_terms(node: Node) -> Iterator[Term]:
    """The terms that speak for a text, in order."""
    if isinstance(node, Term):
        yield node
    elif not isinstance(node, Not):
        for part in node.parts:
            yield from wanted_terms(part)


def expression(node: Node) -> str:
    """The tree as FTS5 takes it, brackets around what has several parts. Not for one that only excludes."""
    if isinstance(node, Term):
        return node.match
    if isinstance(node, Not):
        raise ValueError("FTS5 cannot ask for all but something")
    if isinstance(node, Or):
        return f"({any_expression(node.parts)})"
    wanted = " AND ".join(expression(part) for part in node.parts if not isinstance(part, Not))
    return but_not(f"({wanted})", excluded(node))


def any_expression(nodes: Iterable[Node]) -> str:
    """FTS5's query for any of them, without brackets."""
    return " OR ".join(map(expression, nodes))


def but_not(wanted: str, unwanted: tuple[Node, ...]) -> str:
    """FTS5's query for the one without any of the others."""
    return f"({wanted} NOT ({any_expression(unwanted)}))" if unwanted else wanted


def _conjuncts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, And) else (node,)


def _without_twins(nodes: Iterable[Node]) -> tuple[Node, ...]:
    return tuple({repr(node): node for node in nodes}.values())
