"""Where a query's filters say to look: conversations and kinds. It knows no words and no ranking."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from convo_sync.archive import sqlite
from convo_sync.archive.matching import names
from convo_sync.archive.wording import Wording, folded_text
from convo_sync.query import Filters


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
        plain = folded_text(title)
        if not all(folded_text(each) in plain for each in filters.titles):
            return False
        if any(folded_text(each) in plain for each in filters.not_titles):
            return False
    if filters.speakers:
        return any(Wording.fits(name, filters.speakers, ()) for name in names(speakers or "[]"))
    return True


def _begins(id_: str, beginning: str) -> bool:
    return id_.startswith(beginning) or id_.startswith(f"sess_{beginning}")


def first_turns(
    connection: sqlite.Connection, filters: Filters, wanted: Collection[str], among: Collection[int] | None, most: int
) -> Iterator[tuple[int, str, int, int, int, str]]:
    """For filters without words, the newest conversations: the first turn of who was named, or else the title.

    Each is (number, kind, first, last, position, text).
    """
    sql = """
        select c.number, c.title, o.voices, o.speakers
        from conversations c
        left join _outlines o on o.number = c.number
        where ?1 is null or c.number in (select value from json_each(?1))
        order by c.start_time desc, c.number
        limit ?2
    """
    within = None if among is None else f"[{','.join(map(str, among))}]"
    speaking = bool(filters.speakers or filters.not_speakers)
    for number, title, voices, speakers in connection.execute(sql, (within, most)):
        if speaking and "transcript" in wanted:
            fits = [Wording.fits(name, filters.speakers, filters.not_speakers) for name in names(speakers or "[]")]
            said = memoryview(voices or b"").cast("H")
            position = next((at for at, voice in enumerate(said) if voice and fits[voice]), None)
            if position is not None:
                yield number, "transcript", position, position, position, ""
        elif not speaking and "title" in wanted:
            yield number, "title", -1, -1, -1, title
