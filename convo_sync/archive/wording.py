"""A query's words as the ranking needs them: which tell something, which name a speaker, which must stand together."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from math import inf

from convo_sync.query import Query, Term
from convo_sync.query.tree import And, Node, Not, Or, but_not, excluded, expression, wanted_terms
from convo_sync.texts import folded
from convo_sync.tuples import NamedTuple

_WORD = re.compile(r"[^\W_]+")
_FEW = 6  # words: in a longer question the common ones say nothing, and take long to look up
_NAMED = 0.5  # what a word counts for in the text, where it is a speaker's name


class Named(NamedTuple):
    """The speakers that the words name: name -> how well, 1 where the whole name was typed."""

    shares: Mapping[str, float]
    words: frozenset[str]

    def terms(self, term: Term) -> bool:
        """Whether this term is part of a name that was typed in full."""
        return term.kind == "word" and _words_of(term.text) <= self.words if self.words else False

    def discount(self, term: Term) -> float:
        """What the term counts for as a word of the text."""
        return _NAMED if self.terms(term) else 1.0

    def in_full(self, speakers: Sequence[str]) -> bool:
        """Whether the whole name of one of these was typed."""
        return any(self.shares.get(name) == 1.0 for name in speakers)

    def voices(self, speakers: Sequence[str]) -> dict[int, float]:
        """Numbers of the speakers who were named, with how well."""
        return {number: self.shares[name] for number, name in enumerate(speakers) if name in self.shares}


class Wording:
    """A query, split into what the ranking asks the indexes for."""

    def __init__(self, query: Query) -> None:
        tree = query.tree
        parts: tuple[Node, ...] = () if tree is None else tree.parts if isinstance(tree, And) else (tree,)
        self._parts = tuple(part for part in parts if not isinstance(part, Not))
        self._excluded = () if tree is None else excluded(tree)
        self.telling = tuple(term for term in query.terms if not term.is_stop) or query.terms
        self._words = frozenset().union(*(_words_of(term.text) for term in query.terms if term.kind == "word"))
        # FTS5 knows no plus sign: C++ and C# are C to it.
        self.signs = tuple(folded(term.text) for term in self.telling if any(sign in term.text for sign in "+#"))
        self.has_choice = any(isinstance(part, Or) for part in self._parts)
        self.is_short = len(self._parts) <= _FEW
        self.is_strict = 1 < len(self._parts) <= _FEW  # short enough that every word is to be there
        self.unwanted = query.unwanted()
        self.required = tuple(expression(part) for part in self._parts if _is_required(part))

    def named(self, names: Collection[str]) -> Named:
        """Which of these speakers the words name; none where there is nothing but names."""
        shares: dict[str, float] = {}
        whole: set[str] = set()
        words = self._in_any(names)
        for name in names if words else ():
            of_name = _words_of(name)
            if common := of_name & words:
                shares[name] = (len(common) / len(of_name)) ** 2
                whole.update(common if common == of_name else ())
        if self._words <= whole:
            return Named({}, frozenset())
        return Named(shares, frozenset(whole))

    def _in_any(self, names: Collection[str]) -> frozenset[str]:
        """The words that are in any name: mostly none, which one look at all plain names together tells."""
        plain = "\n".join([name for name in names if name.isascii()]).lower()
        found = [word for word in self._words if word in plain]
        found += [word for name in names if not name.isascii() for word in _words_of(name) & self._words]
        return frozenset(found)

    def strict(self, is_name: Callable[[Term], bool], stand_in: Mapping[Term, int]) -> tuple[str, ...]:
        """FTS5 queries for turns that have every word, and every telling one; names of speakers left out.

        The stricter one first; none where there is but one word.

        Args:
            stand_in: in how many conversations a term stands. FTS5 is quicker where it begins with the rarest.
        """
        every = [part for part in self._parts if not (isinstance(part, Term) and is_name(part))]
        every.sort(key=lambda part: stand_in.get(part, inf) if isinstance(part, Term) else inf)
        telling = [part for part in every if not isinstance(part, Term) or part in self.telling]
        few = every if len(every) <= _FEW else telling
        found = (self._all(parts) for parts in (few, telling) if len(parts) > 1)
        return tuple(dict.fromkeys(found))

    def unless_excluded(self, term: Term, match: str) -> str:
        """The term's query for turns, without those that its own alternatives exclude: (lid -draft) OR slider.

        What is excluded from everything is not the term's affair.
        """
        if not self.has_choice:
            return match
        unwanted = [nodes for part in self._parts for each, nodes in _excluding(part, ()) if each == term]
        return match if () in unwanted else f"({' OR '.join(but_not(match, nodes) for nodes in unwanted)})"

    def is_as_typed(self, text: str, is_name: Callable[[Term], bool]) -> bool:
        """Whether a turn has every word in the very form that was typed; names of speakers left out."""
        said = frozenset(_WORD.findall(folded(text)))
        typed = (part for part in self._parts if isinstance(part, Term) and part.kind == "word" and not is_name(part))
        return all(_words_of(term.text) <= said for term in typed)

    def _all(self, parts: Sequence[Node]) -> str:
        return but_not(f"({' AND '.join(map(expression, parts))})", self._excluded)

    def groups(self, terms: Sequence[Term]) -> list[list[int]]:
        """For each thing that was quoted, the numbers of those terms that are it."""
        quoted = [tuple(wanted_terms(part)) for part in self._parts if _is_required(part)]
        return [[number for number, term in enumerate(terms) if term in group] for group in quoted]

    @staticmethod
    def fits(name: str, wanted: Collection[str], unwanted: Collection[str]) -> bool:
        """Whether a speaker of this name is among the wanted, if there are any, and not among the unwanted."""
        return (not wanted or any(_is_called(each, name) for each in wanted)) and not any(
            _is_called(each, name) for each in unwanted
        )


@cache
def _is_called(typed: str, name: str) -> bool:
    from convo_sync.archive.people import is_called  # for which few searches have to wait

    return is_called(typed, name)


def _excluding(node: Node, unwanted: tuple[Node, ...]) -> Iterator[tuple[Term, tuple[Node, ...]]]:
    """Each wanted term, with what must not occur beside it."""
    if isinstance(node, Term):
        yield node, unwanted
    elif not isinstance(node, Not):
        inner = unwanted if isinstance(node, Or) else (*unwanted, *excluded(node))
        for part in node.parts:
            yield from _excluding(part, inner)


def _is_required(part: Node) -> bool:
    return part.required if isinstance(part, Term) else isinstance(part, Or) and all(map(_is_required, part.parts))


@cache
def _words_of(text: str) -> frozenset[str]:
    """A name's words, in which neither case nor accents count."""
    return frozenset(_WORD.findall(folded(text)))
