"""A person's words to a query: pieces to a tree and filters. Knows neither how pieces are cut nor what FTS5 takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from convo_sync.query import tree
from convo_sync.query.asked import Filters, Query
from convo_sync.query.pieces import Piece, pieces
from convo_sync.query.terms import Term, phrase, prefix, same_as, word

if TYPE_CHECKING:
    from datetime import datetime

_Side: TypeAlias = dict[str, tree.Node]  # what stands between two ORs, by its own text, so that nothing is in it twice

MOST_TERMS = 64  # wanted ones, and as many unwanted
MOST_DEPTH = 20  # of brackets within brackets; what is deeper has no brackets
_MOST_LEAVES = 256  # a term may stand in many places
_TERMS = ("word", "phrase", "filter", "open")


def understand(text: str, *, now: datetime | None = None) -> Query:
    """Read what a person typed.

    Args:
        text: words, "quoted phrases", -unwanted ones, OR, (groups), beginnings* and filters such as ``after:2026-03``.
        now: an aware datetime; without it, a day as seen from today is refused.

    Raises:
        UsageError: a filter has an impossible value. Nothing else that can be typed is an error.
    """
    understood = _Understood(now)
    node = understood.any_of(_negated(_balanced(list(pieces(text)))))
    found = () if node is None else tuple(dict.fromkeys(tree.wanted_terms(node)))
    return Query(text, node, found, understood.filters)


def _balanced(found: list[Piece]) -> Iterator[Piece]:
    """The pieces, with only those brackets that have a partner and are not too deep."""
    partner: dict[int, int] = {}
    opened: list[int] = []
    for number, piece in enumerate(found):
        if piece.kind == "open":
            opened.append(number)
        elif piece.kind == "close":
            partner[opened.pop()] = number
    return _shallow(found, partner)


def _shallow(found: list[Piece], partner: dict[int, int]) -> Iterator[Piece]:
    closing: set[int] = set()
    depth, minus = 0, False
    for number, piece in enumerate(found):
        if piece.kind == "open" and number in partner and depth < MOST_DEPTH:
            closing.add(partner[number])
            depth += 1
        elif piece.kind == "open" or (piece.kind == "close" and number not in closing):
            minus ^= piece.minus
            continue
        elif piece.kind == "close":
            depth -= 1
        piece.minus ^= minus
        yield piece
        minus = False


def _negated(found: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces, with a minus for each NOT before something; any other NOT is a word."""
    listed = list(found)
    minus = False
    for piece, after in zip(listed, [*listed[1:], None], strict=False):
        if piece.kind == "not" and after is not None and after.kind in _TERMS:
            minus = True
            continue
        piece.kind = "word" if piece.kind == "not" else piece.kind
        piece.minus ^= minus
        yield piece
        minus = False


class _Understood:
    """The filters and terms so far."""

    def __init__(self, now: datetime | None) -> None:
        self.filters = Filters()
        self._now = now
        self._known: dict[bool, dict[tuple[str, bool, str], Term]] = {False: {}, True: {}}
        self._leaves = 0

    def any_of(self, found: Iterator[Piece], *, excluded: bool = False) -> tree.Node | None:
        """What the pieces up to a closing bracket or the end ask for; `excluded` where that is to be left out."""
        alternatives: list[_Side] = [{}]
        for piece in found:
            if piece.kind == "close":
                break
            if piece.kind == "or":
                alternatives.append({})
            else:
                self._add(piece, found, alternatives[-1], excluded=excluded ^ piece.minus)
        return tree.any_of(node for side in alternatives if (node := tree.all_of(side.values())) is not None)

    def _add(self, piece: Piece, found: Iterator[Piece], side: _Side, *, excluded: bool) -> None:
        if piece.kind == "filter":
            from convo_sync.query.filtering import narrowed

            self.filters = narrowed(self.filters, piece, self._now, excluded=excluded)
            return
        node = self.any_of(found, excluded=excluded) if piece.kind == "open" else self._term(piece, excluded=excluded)
        node = tree.none_of(node) if piece.minus and node is not None else node
        if node is None or (name := repr(node)) in side:
            return
        self._leaves += piece.kind != "open"
        if piece.kind == "open" or self._leaves <= _MOST_LEAVES:
            side[name] = node

    def _term(self, piece: Piece, *, excluded: bool) -> Term | None:
        """The piece's term; None where there are too many already."""
        known = self._known[excluded]
        key = (piece.kind, piece.stars, same_as(piece.text))
        if key not in known and len(known) < MOST_TERMS:
            known[key] = _made(piece)
        return known.get(key)


def _made(piece: Piece) -> Term:
    if piece.stars:
        return prefix(piece.text, quoted=piece.kind == "phrase")
    return phrase(piece.text) if piece.kind == "phrase" else word(piece.text)
