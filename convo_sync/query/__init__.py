"""A person's words to a safe FTS5 query. Pure: no index, no clock; no text that can be typed is an error.

`understand` makes a `Query` of a text. FTS5 takes quotes, colons, hyphens, brackets, AND, OR and NEAR for syntax, so
every word is quoted and none is passed through.
"""

from convo_sync.query.asked import Filters, Query
from convo_sync.query.pieces import from_shell
from convo_sync.query.reading import understand
from convo_sync.query.stop_words import STOP_WORDS
from convo_sync.query.terms import Term
from convo_sync.query.tree import And, Node, Not, Or

__all__ = ["STOP_WORDS", "And", "Filters", "Node", "Not", "Or", "Query", "Term", "from_shell", "understand"]
