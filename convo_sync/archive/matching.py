"""Where the words of a query stand: conversations by what they are about, and turns that have a word. It ranks nothing.

FTS5 scores every match of a common word in every turn, which takes seconds in a large archive. So whole transcripts are
ranked first, of which there are few, and turns are looked up in the best of those alone, without a score.
"""

from collections.abc import Collection, Iterable

from convo_sync.archive import sqlite

TURNS = 1 << 24  # ids that a conversation's turns have; see schema.sql


def conversations_with(connection: sqlite.Connection, match: str) -> int:
    """In how many transcripts it stands."""
    sql = "select count(*) from transcripts_fts where transcripts_fts match ?"
    return int(connection.execute(sql, (match,)).fetchone()[0])


def is_said(connection: sqlite.Connection, match: str) -> bool:
    """Whether any turn has it."""
    sql = "select 1 from segments_fts where segments_fts match ? limit 1"
    return connection.execute(sql, (match,)).fetchone() is not None


def count(connection: sqlite.Connection, match: str, *, most: int) -> int:
    """How many turns have it; counted up to `most`."""
    sql = "select count(*) from (select 1 from segments_fts where segments_fts match ? limit ?)"
    return int(connection.execute(sql, (match, most)).fetchone()[0])


def count_and_turns(
    connection: sqlite.Connection, match: str, among: Collection[int], wanted: str = ""
) -> tuple[int, list[int]]:
    """How many turns have it, and the ids of those of these conversations, at one go through the index.

    Args:
        wanted: another query for those turns.
    """
    if wanted and wanted != match:
        sql = "select count(*) from segments_fts where segments_fts match ?"
        return int(connection.execute(sql, (match,)).fetchone()[0]), turns(connection, wanted, among)
    sql = f"""
        select count(*), group_concat(rowid) filter (where true {_among(f"rowid / {TURNS}", among)})
        from segments_fts
        where segments_fts match ?
    """  # noqa: S608 - see _among
    said, ids = connection.execute(sql, (*_numbers(among), match)).fetchone()
    return int(said), list(map(int, ids.split(","))) if ids else []


def about(
    connection: sqlite.Connection, match: str, *, most: int, among: Collection[int] | None = None
) -> dict[int, float]:
    """Conversations whose transcripts have it, best first, with their BM25 score.

    Args:
        among: numbers of conversations; any where it is None.
    """
    # Not `order by rank`: FTS5 would go through the index twice.
    sql = f"""
        select rowid, -bm25(transcripts_fts) as score
        from transcripts_fts
        where transcripts_fts match ? {_among("+rowid", among)}
        order by score desc
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


def turns(connection: sqlite.Connection, match: str, among: Collection[int] | None, *, most: int = -1) -> list[int]:
    """Ids of the turns that have it, in these conversations, or in any where that is None."""
    sql = f"""
        select rowid
        from segments_fts
        where segments_fts match ? {_among(f"rowid / {TURNS}", among)}
        limit ?
    """  # noqa: S608 - see _among
    return [id_ for (id_,) in connection.execute(sql, (match, *_numbers(among), most))]


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
