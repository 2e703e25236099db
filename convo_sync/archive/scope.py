"""Where a query's filters say to look: conversations and kinds, and what is there without words. It ranks nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from convo_sync.archive import matching, outlines, sqlite
from convo_sync.archive.wording import Wording
from convo_sync.query import Filters, Query
from convo_sync.texts import folded, stands_alone


def numbers(connection: sqlite.Connection, filters: Filters) -> Collection[int] | None:
    """The conversations that fit, by number; None where any does."""
    if filters._replace(kinds=(), not_kinds=()) == Filters():
        return None
    sql = """
        select c.number, c.id, c.title, o.speakers
        from conversations c
        left join _outlines o on o.number = c.number
        where (?1 is null or c.start_time >= ?1)
            and (?2 is null or c.start_time < ?2)
            and (?3 is null or c.minutes >= ?3)
    """
    rows = connection.execute(sql, (filters.after, filters.before, filters.min_minutes))
    return {number for number, id_, title, speakers in rows if _fits(filters, id_, title, speakers)}


def kinds(filters: Filters, asked: Collection[str]) -> list[str]:
    """The kinds to look at."""
    return [kind for kind in asked if (not filters.kinds or kind in filters.kinds) and kind not in filters.not_kinds]


def _fits(filters: Filters, id_: str, title: str, speakers: str | None) -> bool:
    if filters.ids and not any(_begins(id_, each) for each in filters.ids):
        return False
    if any(_begins(id_, each) for each in filters.not_ids):
        return False
    if filters.titles or filters.not_titles:
        plain = folded(title)
        if not all(_is_in(plain, each) for each in filters.titles):
            return False
        if any(_is_in(plain, each) for each in filters.not_titles):
            return False
    if filters.speakers:
        return any(Wording.fits(name, filters.speakers, ()) for name in outlines.names(speakers or '[""]'))
    return True


def _is_in(plain: str, typed: str) -> bool:
    """Whether a folded title has this anywhere; before a star, where one of its words begins."""
    part = folded(typed.rstrip("*"))
    at = plain.find(part)
    if part and typed.endswith("*") and not stands_alone(part[0]):  # without spaces a word may begin anywhere
        while at > 0 and plain[at - 1].isalnum():
            at = plain.find(part, at + 1)
    return at >= 0


def _begins(id_: str, beginning: str) -> bool:
    return id_.startswith(beginning) or id_.startswith(f"sess_{beginning}")


def listed(
    connection: sqlite.Connection, query: Query, wanted: Collection[str], among: Collection[int] | None
) -> Iterator[tuple[int, str, int, int, int, str]]:
    """What filters without words are about, the newest first.

    The first turn of whoever was named; else the titles of meetings or, of other kinds, the texts themselves. None of
    these has an excluded word, and in the meetings that are listed by their titles nothing of a wanted kind has one.
    Each is (number, kind, first, last, position, text).
    """
    unwanted = query.unwanted()
    within = None if among is None else f"[{','.join(map(str, among))}]"
    speaking = bool(query.filters.speakers or query.filters.not_speakers)
    if not speaking and "title" not in wanted and "transcript" not in wanted:
        yield from _notes(connection, wanted, within, unwanted)
        return
    barred = set(matching.turns(connection, unwanted, among)) if unwanted else set()
    if not speaking and "title" in wanted:
        having = _noted(connection, wanted, unwanted) if unwanted else set()
        having.update(id_ // matching.TURNS for id_ in barred if "transcript" in wanted)
        yield from (row for row in _titles(connection, within) if row[0] not in having)
    elif "transcript" in wanted:
        yield from _turns(connection, query.filters, within, barred)


def _titles(connection: sqlite.Connection, within: str | None) -> Iterator[tuple[int, str, int, int, int, str]]:
    sql = """
        select number, 'title', -1, -1, -1, title
        from conversations
        where ?1 is null or number in (select value from json_each(?1))
        order by start_time desc, number
    """
    yield from connection.execute(sql, (within,))


def _turns(
    connection: sqlite.Connection, filters: Filters, within: str | None, barred: Collection[int]
) -> Iterator[tuple[int, str, int, int, int, str]]:
    """Of each transcript the first turn by somebody who was meant, save those with these ids."""
    sql = """
        select c.number, o.lengths, o.voices, o.speakers
        from conversations c
        join _outlines o on o.number = c.number
        where ?1 is null or c.number in (select value from json_each(?1))
        order by c.start_time desc, c.number
    """
    for number, lengths, voices, speakers in connection.execute(sql, (within,)):
        fits = [Wording.fits(name, filters.speakers, filters.not_speakers) for name in outlines.names(speakers)]
        turns = zip(outlines.unpacked(lengths), outlines.unpacked(voices), strict=True)
        said = (at for at, (words, voice) in enumerate(turns) if words and fits[voice])
        position = next((at for at in said if number * matching.TURNS + at not in barred), None)
        if position is not None:
            yield number, "transcript", position, position, position, ""


def _notes(
    connection: sqlite.Connection, kinds: Collection[str], within: str | None, unwanted: str
) -> Iterator[tuple[int, str, int, int, int, str]]:
    sql = f"""
        select c.number, n.kind, -1, -1, -1, n.text
        from _notes n
        join conversations c on c.id = n.conversation_id
        where n.kind in ({", ".join("?" * len(kinds))})
            and (? is null or c.number in (select value from json_each(?)))
            {"and n.id not in (select rowid from notes_fts where notes_fts match ?)" if unwanted else ""}
        order by c.start_time desc, c.number, n.id
    """  # noqa: S608 - placeholders
    yield from connection.execute(sql, (*kinds, within, within, *filter(None, (unwanted,))))


def _noted(connection: sqlite.Connection, kinds: Collection[str], match: str) -> set[int]:
    """The conversations of which a note of these kinds has it."""
    sql = f"""
        select c.number
        from notes_fts f
        join _notes n on n.id = f.rowid
        join conversations c on c.id = n.conversation_id
        where notes_fts match ? and n.kind in ({", ".join("?" * len(kinds))})
    """  # noqa: S608 - placeholders
    return {number for (number,) in connection.execute(sql, (match, *kinds))}
