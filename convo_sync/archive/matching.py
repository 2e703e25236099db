"""Where the words of a query stand: conversations by what they are about, and turns that have a word. It ranks nothing.

FTS5 scores every match of a common word in every turn, which takes seconds in a large archive. So whole transcripts are
ranked first, of which there are few, and turns are looked up in the best of those alone, without a score.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from typing import NamedTuple

from convo_sync.archive import snippets, sqlite
from convo_sync.query import Term
from convo_sync.query.stop_words import is_stop_word
from convo_sync.texts import indexed

TURNS = 1 << 24  # ids that a conversation's turns have; see schema.sql
_SHORTEST_BEGINNING = 4  # letters of a word that nobody said, and that is tried as the beginning of others


class Sought(NamedTuple):
    """A term as the indexes know it: its FTS5 query, and in how many turns and conversations it stands."""

    term: Term
    match: str
    said: int
    conversations: int


def look_up(connection: sqlite.Connection, terms: Iterable[Term]) -> list[Sought]:
    """The terms that stand in some transcript; for one that does not, what comes near it.

    A run of characters without spaces is taken apart; another word is tried as the beginning of longer ones.
    """
    found: list[Sought] = []
    for term in terms:
        sought = _counted(connection, term, term.match)
        if sought.said or term.required:
            found.append(sought)
        else:
            closest = (_counted(connection, term, match) for match in near(term))
            found.extend(each for each in closest if each.said)
    return _without_twins(found)


def _without_twins(found: Sequence[Sought]) -> list[Sought]:
    """The terms, those that are the same word to the index but once: design, designs."""
    kept: list[Sought] = []
    for each in found:
        alike = [other for other in kept if (other.said, other.conversations) == (each.said, each.conversations)]
        if each.term.required or not alike or not _is_any(each, alike):
            kept.append(each)
    return kept


def _is_any(one: Sought, others: Iterable[Sought]) -> bool:
    """Whether one is the same as any of these: words that are only ever said together are two all the same."""
    with closing(sqlite.open_in_memory()) as memory:
        memory.execute(f'create virtual table segments_fts using fts5 (text, tokenize="{snippets.TOKENIZER}")')
        sql = "insert into segments_fts (text) values (?)"
        memory.executemany(sql, [(indexed(other.term.text),) for other in others if other.term.kind == one.term.kind])
        return one.match == one.term.match and _count(memory, "segments_fts", one.match) > 0


def _counted(connection: sqlite.Connection, term: Term, match: str) -> Sought:
    return Sought(term, match, *(_count(connection, index, match) for index in ("segments_fts", "transcripts_fts")))


def _count(connection: sqlite.Connection, index: str, match: str) -> int:
    sql = f"select count(*) from {index} where {index} match ?"  # noqa: S608 - our own names
    return int(connection.execute(sql, (match,)).fetchone()[0])


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


def about(
    connection: sqlite.Connection, match: str, *, most: int, among: Collection[int] | None = None
) -> dict[int, float]:
    """Conversations whose transcripts have it, best first, with their BM25 score.

    Args:
        among: numbers of conversations; any where it is None.
    """
    sql = f"""
        select rowid, -rank
        from transcripts_fts
        where transcripts_fts match ? {_among("+rowid", among)}
        order by rank
        limit ?
    """  # noqa: S608 - see _among
    return dict(connection.execute(sql, (match, *_numbers(among), most)))


def newest(
    connection: sqlite.Connection, match: str, *, most: int, among: Collection[int] | None = None
) -> dict[int, float]:
    """The newest conversations whose transcripts have it, newest first."""
    sql = f"""
        select c.number, 0.0
        from conversations c
        where c.number in (
            select rowid from transcripts_fts where transcripts_fts match ? {_among("+rowid", among)}
        )
        order by c.start_time desc, c.number
        limit ?
    """  # noqa: S608 - see _among
    return dict(connection.execute(sql, (match, *_numbers(among), most)))


def turns(connection: sqlite.Connection, match: str, among: Collection[int], *, most: int = -1) -> list[int]:
    """Ids of the turns of these conversations that have it."""
    sql = f"""
        select rowid
        from segments_fts
        where segments_fts match ? {_among(f"rowid / {TURNS}", among)}
        limit ?
    """  # noqa: S608 - see _among
    return [id_ for (id_,) in connection.execute(sql, (match, *_numbers(among), most))]


def turns_anywhere(connection: sqlite.Connection, match: str, *, most: int, among: Collection[int] | None) -> list[int]:
    """Ids of the turns that have it, in any conversation or among these."""
    if among is not None:
        return turns(connection, match, among, most=most)
    sql = "select rowid from segments_fts where segments_fts match ? limit ?"
    return [id_ for (id_,) in connection.execute(sql, (match, most))]


def with_signs(connection: sqlite.Connection, match: str, signs: Iterable[str], *, most: int) -> list[int]:
    """Ids of the turns that have it, and in whose text these strings stand letter by letter, in any case."""
    wanted = tuple(signs)
    sql = f"""
        select f.rowid
        from segments_fts f
        join segments s on s.id = f.rowid
        where segments_fts match ? {"and instr(lower(s.text), ?)" * len(wanted)}
        limit ?
    """  # noqa: S608 - the same words as often as there are signs
    return [id_ for (id_,) in connection.execute(sql, (match, *wanted, most))]


def texts(connection: sqlite.Connection, ids: Collection[int]) -> dict[int, str]:
    """What was said in these turns."""
    sql = "select id, text from segments where id in (select value from json_each(?))"
    return dict(connection.execute(sql, _numbers(ids)))


def starts(connection: sqlite.Connection, numbers: Collection[int]) -> dict[int, str]:
    """When these conversations began, as UTC text."""
    sql = "select number, start_time from conversations where number in (select value from json_each(?))"
    return dict(connection.execute(sql, _numbers(numbers)))


def _among(column: str, among: Collection[int] | None) -> str:
    # `column` is ours, and never a bare rowid: FTS5 would begin anew for each number. The numbers are one parameter,
    # since SQLite takes but so many.
    return "" if among is None else f"and {column} in (select value from json_each(?))"  # noqa: S608


def _numbers(among: Collection[int] | None) -> tuple[str, ...]:
    return () if among is None else (f"[{','.join(map(str, among))}]",)
