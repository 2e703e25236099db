"""The words of a query as the indexes know them: which stand anywhere, and what comes near those that do not.

How often a word was said is counted later, on the way through the turns that have it; mostly it need not be known here.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import closing

from convo_sync.archive import matching, snippets, sqlite
from convo_sync.query import Term
from convo_sync.query.stop_words import is_stop_word
from convo_sync.texts import folded, indexed
from convo_sync.tuples import NamedTuple

_SHORTEST_BEGINNING = 4  # letters of a word that nobody said, and that is tried as the beginning of others


class Sought(NamedTuple):
    """A term as the indexes know it: its FTS5 query, in how many conversations it stands, and whether in any turn."""

    term: Term
    match: str
    conversations: int
    is_said: bool


def look_up(connection: sqlite.Connection, terms: Iterable[Term]) -> list[Sought]:
    """The terms that stand in some turn; for one that does not, what comes near it. What was quoted stays.

    A run of characters without spaces is taken apart; another word is tried as the beginning of longer ones.
    """
    found: list[Sought] = []
    for term in terms:
        sought = _counted(connection, term, term.match)
        if sought.is_said or term.required:
            found.append(sought)
        else:
            closest = (_counted(connection, term, match) for match in near(term))
            found.extend(each for each in closest if each.is_said)
    return _without_twins(found)


def _counted(connection: sqlite.Connection, term: Term, match: str) -> Sought:
    conversations = matching.conversations_with(connection, match)
    # Of two words the one may end a turn, and the other begin the next; a single one is in a turn if in a transcript.
    is_said = conversations > 0 and (match.strip('" *').isalnum() or matching.is_said(connection, match))
    return Sought(term, match, conversations, is_said)


def near(term: Term) -> Sequence[str]:
    """FTS5 queries for what comes near a term that is nowhere; nothing comes near a phrase."""
    if term.parts:
        return term.parts
    words = re.findall(r"[^\W_]+", term.text)
    if term.kind == "word" and len(words) > 1:  # speech/non-speech, Eurospeech’01
        return [f'"{word}"' for word in words if not is_stop_word(word)]
    if term.kind == "word" and len(term.text) >= _SHORTEST_BEGINNING and term.text.isalpha():
        return [f"{term.match} *"]
    return ()


def _without_twins(found: Sequence[Sought]) -> list[Sought]:
    """The terms, those that are the same word to the index but once: design, designs."""
    kept: list[Sought] = []
    for each in found:
        alike = [other for other in kept if _may_be_same(each, other)]
        if each.term.required or not alike or not _is_any(each, alike):
            kept.append(each)
    return kept


def _may_be_same(one: Sought, other: Sought) -> bool:
    """Whether a closer look is worth it: stemming leaves the first letter as it is."""
    return one.conversations == other.conversations and _initial(one.match) == _initial(other.match)


def _initial(match: str) -> str:
    return folded(match.lstrip('("'))[:1]


def _is_any(one: Sought, others: Iterable[Sought]) -> bool:
    """Whether one is the same as any of these: words that are only ever said together are two all the same."""
    with closing(sqlite.open_in_memory()) as memory:
        memory.execute(f'create virtual table segments_fts using fts5 (text, tokenize="{snippets.TOKENIZER}")')
        sql = "insert into segments_fts (text) values (?)"
        memory.executemany(sql, [(indexed(other.term.text),) for other in others if other.term.kind == one.term.kind])
        return one.match == one.term.match and matching.is_said(memory, one.match)
