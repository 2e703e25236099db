"""Ranked search over segments and notes. It reads the index, and knows nothing of how a hit is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any, NamedTuple

from convo_sync.archive import sqlite
from convo_sync.hits import Coverage, Hit, SearchResult
from convo_sync.query import Query

KINDS = ("title", "transcript", "keypoints", "decision", "action_item", "feedback", "email", "answer")
MARK_OPEN, MARK_CLOSE = "\u2068", "\u2069"  # isolates: never in a transcript by themselves, and harmless where shown
_RANKED = 400
_LONG = 4_000  # characters; a longer text's snippet is made in pieces, see `snippets`

# Ranked first, and a snippet only for what is shown: 400 snippets would take longer than the ranking.
_SEGMENTS = """
    select segments_fts.rowid, c.id, c.title, c.start_time, s.position, s.speaker, s.timestamp, s.text, -rank
    from segments_fts
    join segments s on s.id = segments_fts.rowid
    join conversations c on c.id = s.conversation_id
    where segments_fts match ?
    order by rank
    limit ?
"""
# One placeholder a kind is put in: ranked among the wanted kinds alone, or the others would use up the limit.
_NOTES = """
    select notes_fts.rowid, c.id, c.title, c.start_time, n.kind, n.text, -rank
    from notes_fts
    join _notes n on n.id = notes_fts.rowid
    join conversations c on c.id = n.conversation_id
    where notes_fts match ? and n.kind in ({})
    order by rank
    limit ?
"""


def search(connection: sqlite.Connection, query: Query, *, limit: int, kinds: Collection[str]) -> SearchResult:
    """Hits best first: those with every word before those with some.

    Args:
        limit: hits at most.
        kinds: of `KINDS`; those to look at.
    """
    found: dict[tuple[str, str, int | None, str], _Found] = {}
    most, more = max(_RANKED, limit + 1), False
    if not query.is_empty:
        for match in dict.fromkeys((query.every(), query.some())):
            ranked = _ranked(connection, match, kinds, most)
            more |= len(ranked) >= most
            for each in ranked:
                found.setdefault((each.hit.conversation_id, each.hit.kind, each.hit.position, each.hit.text), each)
            if len(found) > limit:
                break
    shown = tuple(_with_snippet(connection, each, query) for each in islice(found.values(), max(0, limit)))
    total = len({each.hit.conversation_id for each in found.values()})
    return SearchResult(query.text, total, more or len(found) > limit, shown, coverage(connection))


class _Found(NamedTuple):
    """A hit that has no snippet yet, and the index row and query that found it."""

    hit: Hit
    rowid: int
    match: str


def _ranked(connection: sqlite.Connection, match: str, kinds: Collection[str], most: int) -> list[_Found]:
    found: list[_Found] = []
    if "transcript" in kinds:
        found.extend(_segment_hits(connection.execute(_SEGMENTS, (match, most)), match))
    of_notes = [kind for kind in kinds if kind != "transcript"]
    if of_notes:
        sql = _NOTES.format(", ".join("?" * len(of_notes)))
        found.extend(_note_hits(connection.execute(sql, (match, *of_notes, most)), match))
    return sorted(found, key=lambda each: (-each.hit.score, each.hit.conversation_id, each.hit.position or 0))


def _segment_hits(rows: Iterable[tuple[Any, ...]], match: str) -> Iterable[_Found]:
    for rowid, id_, title, start, position, speaker, timestamp, text, score in rows:
        hit = Hit(
            id_, title, start, "transcript", position, position, position, speaker, timestamp, text, "", score
        )  # fmt: skip
        yield _Found(hit, rowid, match)


def _note_hits(rows: Iterable[tuple[Any, ...]], match: str) -> Iterable[_Found]:
    for rowid, id_, title, start, kind, text, score in rows:
        yield _Found(Hit(id_, title, start, kind, None, None, None, None, None, text, "", score), rowid, match)


def _with_snippet(connection: sqlite.Connection, found: _Found, query: Query) -> Hit:
    index = "segments_fts" if found.hit.kind == "transcript" else "notes_fts"
    if len(found.hit.text) > _LONG:
        from convo_sync.archive import snippets

        matches, marks = (found.match, query.some()), (MARK_OPEN, MARK_CLOSE)
        return found.hit._replace(snippet=snippets.telling_part(connection, index, found.hit.text, matches, marks))
    sql = f"select snippet({index}, 0, ?, ?, '…', 24) from {index} where {index} match ? and rowid = ?"  # noqa: S608 - ours
    row = connection.execute(sql, (MARK_OPEN, MARK_CLOSE, found.match, found.rowid)).fetchone()
    return found.hit._replace(snippet=row[0])


def coverage(connection: sqlite.Connection) -> Coverage:
    """How many conversations there are, and how many of them have no transcript yet."""
    conversations, transcripts = connection.execute(
        "select (select count(*) from conversations), (select count(*) from documents where kind = 'transcript')"
    ).fetchone()
    return Coverage(conversations, conversations - transcripts)
