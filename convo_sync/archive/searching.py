"""One search: what was understood, ranked over transcripts and notes, and made into hits.

It reads the archive, and knows nothing of how a hit is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from convo_sync.archive import ranking, snippets, sqlite
from convo_sync.archive.matching import TURNS
from convo_sync.archive.wording import Wording
from convo_sync.hits import Coverage, Hit, SearchResult
from convo_sync.query import Query
from convo_sync.tuples import NamedTuple

if TYPE_CHECKING:  # a search waits for what is imported here
    from convo_sync.archive import noted

KINDS = ("title", "transcript", "keypoints", "decision", "action_item", "feedback", "email", "answer")
_MOST = 1_000_000  # hits: more than any archive has
MARK_OPEN, MARK_CLOSE = snippets.MARK_OPEN, snippets.MARK_CLOSE


class Candidate(NamedTuple):
    """A hit to be: enough to order it, and to read the rest where it is shown."""

    score: float
    number: int
    kind: str
    first: int
    last: int
    position: int
    text: str


class _Found(NamedTuple):
    """`marks`: FTS5 queries for what was found in transcripts, `note_marks` in notes."""

    candidates: list[Candidate]
    conversations: set[int]
    more: bool
    marks: Sequence[str] = ()
    note_marks: Sequence[str] = ()


def search(
    connection: sqlite.Connection, query: Query, *, limit: int, kinds: Collection[str], newest_first: bool = False
) -> SearchResult:
    """Hits best first, or newest first.

    Args:
        limit: hits at most.
        kinds: of `KINDS`; those to look at.
    """
    among, wanted = None, list(dict.fromkeys(kinds))
    if query.has_filters:
        from convo_sync.archive import scope

        among, wanted = scope.numbers(connection, query.filters), scope.kinds(query.filters, kinds)
    limit = min(max(0, limit), _MOST)
    found = _found(connection, query, wanted, among, max(1, limit), newest_first=newest_first)
    meetings = _meetings(connection, {each.number for each in found.candidates})
    _order(found.candidates, meetings, newest_first=newest_first)
    shown = found.candidates[:limit]
    hits = _marked(_hits(connection, shown, meetings), found)
    more = found.more or len(found.candidates) > len(shown)
    return SearchResult(query.text, len(found.conversations), more, hits, coverage(connection, among))


def _found(
    connection: sqlite.Connection,
    query: Query,
    kinds: Collection[str],
    among: Collection[int] | None,
    limit: int,
    *,
    newest_first: bool,
) -> _Found:
    filters = query.filters
    if query.is_empty and not query.has_filters:
        return _Found([], set(), more=False)
    if query.is_empty:
        from convo_sync.archive import scope

        candidates = [Candidate(0.0, *row) for row in scope.listed(connection, query, kinds, among)]
        return _Found(candidates, {each.number for each in candidates}, more=False)
    asked = ranking.Asked(Wording(query), limit, among, filters.speakers, filters.not_speakers, newest_first)
    result = _Found([], set(), more=False)
    if "transcript" in kinds:
        passages, conversations, more, marks = ranking.rank(connection, asked)
        candidates = [Candidate(each.score, each.number, "transcript", *each.passage[:3], "") for each in passages]
        result = _Found(candidates, conversations, more, marks)
    of_notes = [kind for kind in kinds if kind != "transcript"]
    if of_notes and not (filters.speakers or filters.not_speakers):
        from convo_sync.archive import noted

        result = _with_notes(result, noted.rank(connection, asked, of_notes, most=max(100, limit + 1)))
    return result


def _with_notes(result: _Found, found: noted.Found) -> _Found:
    candidates = [Candidate(each.score, each.number, each.kind, -1, -1, -1, each.text) for each in found.notes]
    return result._replace(
        candidates=result.candidates + candidates,
        conversations=result.conversations | {each.number for each in found.notes},
        note_marks=found.marks,
    )


def _order(candidates: list[Candidate], meetings: Mapping[int, tuple[str, str, str]], *, newest_first: bool) -> None:
    """Best first, the newer of two that are equally good before the other; or newest first, then by how good."""
    by_time = itemgetter(2)
    candidates.sort(key=lambda each: each.first)
    if not newest_first:
        candidates.sort(key=lambda each: by_time(meetings[each.number]), reverse=True)
        candidates.sort(key=lambda each: -round(each.score, 6))
        return
    candidates.sort(key=lambda each: -each.score)
    candidates.sort(key=lambda each: by_time(meetings[each.number]), reverse=True)


def _meetings(connection: sqlite.Connection, numbers: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    sql = """
        select number, id, title, start_time
        from conversations
        where number in (select value from json_each(?))
    """
    rows = connection.execute(sql, (f"[{','.join(map(str, numbers))}]",))
    return {number: (id_, title, start) for number, id_, title, start in rows}


def _hits(
    connection: sqlite.Connection, shown: Sequence[Candidate], meetings: Mapping[int, tuple[str, str, str]]
) -> list[Hit]:
    turns = _turns(connection, [each.number * TURNS + each.position for each in shown if each.kind == "transcript"])
    hits = []
    for each in shown:
        id_, title, start = meetings[each.number]
        if each.kind == "transcript":
            speaker, timestamp, text = turns[each.number * TURNS + each.position]
            place = (each.position, each.first, each.last)
            hits.append(Hit(id_, title, start, each.kind, *place, speaker, timestamp, text, "", each.score))
        else:
            hits.append(Hit(id_, title, start, each.kind, None, None, None, None, None, each.text, "", each.score))
    return hits


def _marked(hits: Sequence[Hit], found: _Found) -> tuple[Hit, ...]:
    """The hits with their snippets: those of transcripts and notes apart, since a word may be in one of them alone."""
    marked: dict[int, str] = {}
    everything = list(range(len(hits)))
    of_notes = [number for number in everything if hits[number].kind != "transcript"]
    groups = [(found.marks, everything)]  # mostly the same was found in both, and one look is enough
    if of_notes and set(found.marks) != set(found.note_marks):
        groups.append((found.note_marks, of_notes))
    for marks, at in groups:
        matches = [" OR ".join(marks)] if marks else ()
        texts = snippets.snippets([hits[number].text for number in at], matches) if at else ()
        marked.update(zip(at, texts, strict=True))
    return tuple(hit._replace(snippet=marked[number]) for number, hit in enumerate(hits))


def _turns(connection: sqlite.Connection, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    sql = "select id, speaker, timestamp, text from segments where id in (select value from json_each(?))"
    rows = connection.execute(sql, (f"[{','.join(map(str, ids))}]",))
    return {id_: tuple(rest) for id_, *rest in rows}


def coverage(connection: sqlite.Connection, among: Collection[int] | None = None) -> Coverage:
    """How many conversations there are in the range, and how many of them have no transcript yet."""
    if among is None:
        sql = "select (select count(*) from conversations), (select count(*) from _outlines)"
        conversations, transcripts = connection.execute(sql).fetchone()
    else:
        sql = "select count(*) from _outlines where number in (select value from json_each(?))"
        conversations = len(among)
        (transcripts,) = connection.execute(sql, (f"[{','.join(map(str, among))}]",)).fetchone()
    return Coverage(conversations, conversations - transcripts, in_range=among is not None)
