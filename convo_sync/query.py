"""A person's words to a safe FTS5 query. Pure; no text that can be typed is an error.

FTS5 takes quotes, colons, hyphens, parentheses, AND, OR and NEAR for syntax, so every word is quoted and none is passed
through. A quoted phrase stays together, ``-word`` excludes, the rest is wanted.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

# Words so common that in a question they only add noise; kept where nothing else is left, and in phrases.
STOP_WORDS = frozenset(
    """
    a about all am an and any are as at be been but by can could did do does for from had has have he her him
    his how i if in is it its me my no not of on or our she should so than that the their them then there these
    they this to up us was we were what when where which who whom why will with would you your aber als am an
    auch auf aus bei das dass dem den der des die ein eine einen einem einer es für haben hat ich ihr im in ist
    mit nicht oder sich sie sind so über um und uns von vor war warum was wenn wer wie wir wird zu zum zur
    """.split()  # noqa: SIM905 - one word a line would be a hundred lines
)
_PIECE = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
# FTS5 finds no word in an underscore, and a query that demands it would find nothing.
_HAS_TERM = re.compile(r"[^\W_]")
_WORD = re.compile(r"[^\W_]+")
_MOST_TERMS = 64  # and words in a phrase


class Query(NamedTuple):
    """What was understood: `wanted` and `unwanted` terms, each a word or a phrase."""

    text: str
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that a search could look for."""
        return not self.wanted

    def every(self) -> str:
        """An FTS5 query for texts that have every wanted term."""
        return self._without(" AND ".join(map(_quoted, self.wanted)))

    def some(self) -> str:
        """An FTS5 query for texts that have some of them; stop words do not count unless nothing else is left."""
        telling = [term for term in self.wanted if term.casefold() not in STOP_WORDS] or list(self.wanted)
        return self._without(" OR ".join(map(_quoted, telling)))

    def _without(self, wanted: str) -> str:
        return f"({wanted})" + "".join(f" NOT {_quoted(term)}" for term in self.unwanted)


def understand(text: str) -> Query:
    """Read what a person typed."""
    safe = text.replace("\x00", " ").encode("utf-8", "replace").decode("utf-8", "replace")
    wanted: list[str] = []
    unwanted: list[str] = []
    for piece in _PIECE.finditer(safe):
        term = (piece["phrase"] if piece["phrase"] is not None else piece["word"] or "").strip()
        if _HAS_TERM.search(term):
            (unwanted if piece["minus"] else wanted).append(_shortened(term))
    return Query(text, tuple(dict.fromkeys(wanted))[:_MOST_TERMS], tuple(dict.fromkeys(unwanted))[:_MOST_TERMS])


def _shortened(term: str) -> str:
    """The term's first words: a page that is pasted as one phrase would keep FTS5 busy for minutes."""
    words = list(islice(_WORD.finditer(term), _MOST_TERMS + 1))
    return term if len(words) <= _MOST_TERMS else term[: words[-1].start()].rstrip()


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'
