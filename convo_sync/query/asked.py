"""What was understood: what to look for and where. Knows no index and no ranking.

Without postponed annotations, as `terms`.
"""

from convo_sync.query.terms import Term
from convo_sync.query.tree import Node, any_expression, but_not, excluded, expression
from convo_sync.tuples import NamedTuple


class Filters(NamedTuple):
    """Where to look. Of speakers, kinds and ids any one fits, a title has all of `titles`, and no `not_` one does.

    Speakers and titles are as typed, a star behind those that only begin a word; kinds are those of a hit; an id is the
    beginning of one. `after` and `before` are UTC text: conversations that began at `after` or later, and before
    `before`. `min_minutes` is how long at least.
    """

    speakers: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    not_speakers: tuple[str, ...] = ()
    not_titles: tuple[str, ...] = ()
    not_kinds: tuple[str, ...] = ()
    not_ids: tuple[str, ...] = ()
    after: str | None = None
    before: str | None = None
    min_minutes: float | None = None


class Query(NamedTuple):
    """What was understood of a text: `tree` is what is wanted and what is not, `terms` what is wanted, in order."""

    text: str
    tree: Node | None = None
    terms: tuple[Term, ...] = ()
    filters: Filters = Filters()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for; there may be filters, and words that must not occur."""
        return not self.terms

    @property
    def has_filters(self) -> bool:
        """Whether it says where to look."""
        return self.filters != Filters()

    def every(self) -> str:
        """An FTS5 query for texts that are as the tree says; empty where there is nothing to look for."""
        return expression(self.tree) if self.tree is not None and self.terms else ""

    def some(self) -> str:
        """An FTS5 query for texts with any wanted term and nothing unwanted; empty where there is nothing to look for.

        Stop words do not count unless nothing else is left.
        """
        telling = [term for term in self.terms if not term.is_stop] or self.terms
        return but_not(f"({any_expression(telling)})", self._excluded()) if telling else ""

    def unwanted(self) -> str:
        """An FTS5 query for texts that no hit may be; empty where there are none."""
        return any_expression(self._excluded())

    def explain(self) -> tuple[str, ...]:
        """How the text was understood, in plain lines."""
        from convo_sync.query.explaining import explanation

        return tuple(explanation(self))

    def _excluded(self) -> tuple[Node, ...]:
        return () if self.tree is None else excluded(self.tree)
