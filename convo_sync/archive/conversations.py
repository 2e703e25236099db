"""Conversations as a list shows them, one row each: those that fit, and the one that an id means. It only reads.

What words are about, the ranked search says, and who took part, `choosing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from convo_sync.archive import sqlite
from convo_sync.errors import NothingFound
from convo_sync.views import MeetingRow

if TYPE_CHECKING:
    from convo_sync.archive.promises import Search

_ROWS = """
    select c.id, c.title, c.start_time, c.end_time, c.minutes,
        (select count(*) from segments s where s.conversation_id = c.id),
        (select state from holdings h where h.conversation_id = c.id and h.kind = 'transcript'),
        (select state from holdings h where h.conversation_id = c.id and h.kind = 'keypoints'),
        (select state from holdings h where h.conversation_id = c.id and h.kind = 'feedback'),
        c.gone_at
    from conversations c
"""
_LISTED = f"""
    {_ROWS}
    where (?1 is null or c.start_time >= ?1) and (?2 is null or c.start_time < ?2)
    order by c.start_time desc, c.id
"""
_BEGINNING = f"""
    {_ROWS}
    where substr(c.id, 1, length(?1)) = ?1 or substr(c.id, 1, length(?1) + 5) = 'sess_' || ?1
    limit 3
"""


def listed(
    connection: sqlite.Connection,
    search: Search,
    times: tuple[str | None, str | None],
    *,
    title: str,
    person: str,
    about: str,
    limit: int,
) -> list[MeetingRow]:
    """Those that fit, the newest first or, with words, the best; arguments as for `Reader.meetings`.

    Args:
        times: since when and before when they began, as UTC text; None for ever.
    """
    wanted = _folded(title)
    # A limit below zero is none. Titles are compared here: SQLite's lower() knows the letters of ASCII only.
    if not (wanted or person or about):
        return [_row(row) for row in connection.execute(f"{_LISTED} limit ?3", (*times, limit))]
    rows = connection.execute(_LISTED, times)
    found: Iterator[Sequence[Any]] = (row for row in rows if wanted in _folded(row[1]))
    if person or about:
        from convo_sync.archive import choosing

        found = choosing.chosen(connection, search, found, person, about, limit)
    return [_row(row) for row in islice(found, limit if limit >= 0 else None)]


def named(connection: sqlite.Connection, name: str) -> MeetingRow:
    """The one with this id, or whose id begins so.

    Raises:
        NothingFound: there is none, or several begin so.
    """
    found = connection.execute(f"{_ROWS} where c.id = ?", (name,)).fetchall()
    if not found and connection.execute("select 1 from forgotten where conversation_id = ?", (name,)).fetchone():
        raise NothingFound(
            f"The conversation {name} was forgotten: this archive keeps nothing of it.",
            "No sync brings it back; Convo may still have it.",
        )
    if not found and name:
        found = connection.execute(_BEGINNING, (name,)).fetchall()
    if len(found) == 1:
        return _row(found[0])
    if found:
        raise NothingFound(f"Several conversations begin with {name}.", "Give more of the id.")
    raise NothingFound(f"There is no conversation {name} in this archive.", "`convo-sync list` shows what there is.")


def _folded(text: str) -> str:
    """A title for comparisons in which case does not count, nor whether an accent is a character of its own."""
    if text.isascii():
        return text.lower()
    from unicodedata import normalize

    return normalize("NFC", normalize("NFC", text).casefold())


def _row(row: Sequence[Any]) -> MeetingRow:
    id_, title, start, end, minutes, segments, transcript, keypoints, feedback, gone_at = row
    return MeetingRow(
        id_, title, start, end, minutes, segments, transcript or "", keypoints or "", feedback or "", gone_at
    )
