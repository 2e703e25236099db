"""Ranks titles, key points, decisions, action items, feedback, e-mails and answers beside the passages.

It weighs words as `ranking` does, so that the two can stand in one list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from convo_sync.archive import sought, sqlite
from convo_sync.archive.ranking import MEANT, Asked
from convo_sync.archive.wording import Wording
from convo_sync.tuples import NamedTuple
from convo_sync.weights import rarity

KINDS = 7  # of notes: all kinds of hits but passages
_ROWS = "select n.id, c.number, n.kind, n.text from _notes n join conversations c on c.id = n.conversation_id"
_WELL = 2.0  # where every telling word stands in the note
_WITHIN = 1.1  # a word in a note counts as one that stands both in a passage and around it
_NEAR = 0.5  # and half as much where it is only near it: the beginning of a word, a part of it


class Note(NamedTuple):
    """A note that was found."""

    number: int
    kind: str
    text: str
    score: float


class Sought(NamedTuple):
    """What stands in some note: the number of the term it is for, its FTS5 query, and what a note gains by it."""

    term: int
    match: str
    weight: float


class Found(NamedTuple):
    """The best notes, best first, and FTS5 queries for what was found in them."""

    notes: list[Note]
    marks: list[str]


def rank(connection: sqlite.Connection, asked: Asked, kinds: Collection[str], *, most: int) -> Found:
    """The notes of these kinds with any of the telling words, or with what comes near one that is in none."""
    sought = list(_sought(connection, asked.wording))
    marks = [each.match for each in sought]
    match = " AND ".join(f"({each})" for each in (*asked.wording.required, " OR ".join(marks)))
    if asked.wording.unwanted:
        match = f"({match}) NOT ({asked.wording.unwanted})"
    rows = _read(connection, match, kinds, asked, most) if sought else []
    scores: dict[int, float] = {row[0]: 0.0 for row in rows}
    terms: dict[int, set[int]] = {row[0]: set() for row in rows}
    ids = f"[{','.join(map(str, scores))}]"
    for each in sought if rows else ():
        sql = "select rowid from notes_fts where notes_fts match ? and +rowid in (select value from json_each(?))"
        for (id_,) in connection.execute(sql, (each.match, ids)):
            scores[id_] += each.weight
            terms[id_].add(each.term)
    full, bonus = len(asked.wording.telling), MEANT if asked.wording.is_strict else _WELL
    notes = [
        Note(number, kind, text, scores[id_] + (bonus if len(terms[id_]) == full else 0.0))
        for id_, number, kind, text in rows
    ]
    return Found(notes, marks)


def _sought(connection: sqlite.Connection, wording: Wording) -> Iterator[Sought]:
    (notes,) = connection.execute("select count(*) from _notes").fetchone()
    for number, term in enumerate(wording.telling):
        said = _count(connection, term.match)
        if said or term.required:
            match = wording.unless_excluded(term, term.match)
            yield Sought(number, match, _WITHIN * rarity(said, notes, 1.0) ** 0.75)
            continue
        for near in sought.near(term):
            if said := _count(connection, near):
                match = wording.unless_excluded(term, near)
                yield Sought(number, match, _NEAR * _WITHIN * rarity(said, notes, 1.0) ** 0.75)


def _count(connection: sqlite.Connection, match: str) -> int:
    return int(connection.execute("select count(*) from notes_fts where notes_fts match ?", (match,)).fetchone()[0])


def _read(
    connection: sqlite.Connection, match: str, kinds: Collection[str], asked: Asked, most: int
) -> list[tuple[int, int, str, str]]:
    if len(kinds) == KINDS and asked.among is None and not asked.newest_first:
        # FTS5 finds the best by itself, and their rows alone are read; unless it could not tell which are the newest.
        # Not `order by rank`: FTS5 would go through the index twice.
        sql = "select rowid, bm25(notes_fts) as score from notes_fts where notes_fts match ? order by score limit ?"
        best = connection.execute(sql, (match, most)).fetchall()
        if len(best) < most or best[asked.most - 1][1] != best[-1][1]:
            ids = f"[{','.join(str(id_) for id_, _ in best)}]"
            sql = f"{_ROWS} where n.id in (select value from json_each(?))"  # noqa: S608 - ours
            return connection.execute(sql, (ids,)).fetchall()
    within = "" if asked.among is None else "and +c.number in (select value from json_each(?))"
    # With a plus: SQLite would go through all numbers for each note that has the words.
    order = "c.start_time desc, rank" if asked.newest_first else "rank, c.start_time desc"
    sql = f"""
        {_ROWS} join notes_fts on notes_fts.rowid = n.id
        where notes_fts match ? and n.kind in ({", ".join("?" * len(kinds))}) {within}
        order by {order}
        limit ?
    """
    numbers = () if asked.among is None else (f"[{','.join(map(str, asked.among))}]",)
    return connection.execute(sql, (match, *kinds, *numbers, most)).fetchall()
