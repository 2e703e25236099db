"""Ranks titles, key points, decisions, action items, feedback, e-mails and answers beside the passages.

It weighs words as `ranking` does, so that the two can stand in one list.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from convo_sync.archive import sqlite
from convo_sync.archive.ranking import Asked, rarity

KINDS = 7  # of notes: all kinds of hits but passages
_ROWS = "select n.id, c.number, n.kind, n.text from _notes n join conversations c on c.id = n.conversation_id"
_WELL = 2.0  # where every telling word stands in the note
_WITHIN = 1.1  # a word in a note counts as one that stands both in a passage and around it
_NEAR = 0.5  # and half as much where it is only the beginning of a word


class Note(NamedTuple):
    """A note that was found."""

    number: int
    kind: str
    text: str
    score: float


def rank(connection: sqlite.Connection, asked: Asked, kinds: Collection[str], *, most: int) -> list[Note]:
    """The notes of these kinds with any of the telling words, best first."""
    telling = asked.wording.telling
    any_of_them = " OR ".join(term.match for term in telling)
    match = " AND ".join(f"({each})" for each in (*asked.wording.required, any_of_them))
    if asked.wording.unwanted:
        match = f"({match}) NOT ({asked.wording.unwanted})"
    rows = _read(connection, match, kinds, asked, most)
    if not rows:
        return []
    (notes,) = connection.execute("select count(*) from _notes").fetchone()
    scores = dict.fromkeys((row[0] for row in rows), 0.0)
    counts = dict.fromkeys(scores, 0)
    ids = f"[{','.join(map(str, scores))}]"
    for term in telling:
        (said,) = connection.execute("select count(*) from notes_fts where notes_fts match ?", (term.match,)).fetchone()
        weight = _WITHIN * rarity(said, notes, 1.0) ** 0.75
        sql = "select rowid from notes_fts where notes_fts match ? and +rowid in (select value from json_each(?))"
        for (id_,) in connection.execute(sql, (term.match, ids)):
            scores[id_] += weight
            counts[id_] += 1
    full = len(telling)
    return [
        Note(number, kind, text, scores[id_] + (_WELL if counts[id_] == full else 0.0))
        for id_, number, kind, text in rows
    ]


def _read(
    connection: sqlite.Connection, match: str, kinds: Collection[str], asked: Asked, most: int
) -> list[tuple[int, int, str, str]]:
    if len(kinds) == KINDS and asked.among is None and not asked.newest_first:
        # FTS5 finds the best by itself, and their rows alone are read.
        best = "select rowid from notes_fts where notes_fts match ? order by rank limit ?"
        return connection.execute(f"{_ROWS} where n.id in ({best})", (match, most)).fetchall()
    within = "" if asked.among is None else "and c.number in (select value from json_each(?))"
    sql = f"""
        {_ROWS} join notes_fts on notes_fts.rowid = n.id
        where notes_fts match ? and n.kind in ({", ".join("?" * len(kinds))}) {within}
        order by {"c.start_time desc, rank" if asked.newest_first else "rank"}
        limit ?
    """
    numbers = () if asked.among is None else (f"[{','.join(map(str, asked.among))}]",)
    return connection.execute(sql, (match, *kinds, *numbers, most)).fetchall()
