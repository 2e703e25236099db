"""The entries of the full-text indexes, kept equal to the texts. It knows rowids and texts, and no document.

FTS5 must be told the very text that leaves it. So what is indexed is read from a view, before its table changes.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from convo_sync.archive import sqlite
from convo_sync.archive.indexes import INDEXES
from convo_sync.archive.transaction import Change
from convo_sync.passages import words_in
from convo_sync.texts import indexed

TURNS = 1 << 24  # positions that a conversation's segments have among the ids; no answer is so long
_MOST = 0xFFFF  # that an outline can say

Turn = tuple[int, str | None, str]


def take_out(change: Change, index: str, ids: Iterable[int]) -> None:
    """Take these texts out of the index, while they are as they were indexed."""
    sql = f"insert into {index} ({index}, rowid, text) select 'delete', id, text from {INDEXES[index]} where id = ?"  # noqa: S608
    change.connection.executemany(sql, ((each,) for each in ids))


def put_in(change: Change, index: str, ids: Iterable[int]) -> None:
    """Index these texts, one by one."""
    sql = f"insert into {index} (rowid, text) select id, text from {INDEXES[index]} where id = ?"  # noqa: S608 - ours
    change.connection.executemany(sql, ((each,) for each in ids))


def put_in_all(change: Change, index: str, first: int, last: int) -> None:
    """Index the texts with ids from `first` to `last` in one statement: four times as fast as one by one."""
    sql = f"insert into {index} (rowid, text) select id, text from {INDEXES[index]} where id between ? and ?"  # noqa: S608
    change.connection.execute(sql, (first, last))


def remove_forms(change: Change, ids: Collection[int]) -> None:
    """Take out what is indexed of these turns instead of their texts."""
    change.connection.executemany("delete from _segment_forms where id = ?", [(each,) for each in ids])


def remove_outlines(change: Change, numbers: Sequence[int]) -> None:
    """Take out transcripts that are no longer there, from their index as well."""
    take_out(change, "transcripts_fts", numbers)
    change.connection.executemany("delete from _outlines where number = ?", [(each,) for each in numbers])


def leave(change: Change, number: int, ids: Sequence[int]) -> None:
    """Take a transcript out of its index and these turns out of theirs, before any of them changes."""
    if change.connection.execute("select 1 from _outlines where number = ?", (number,)).fetchone():
        remove_outlines(change, [number])
    take_out(change, "segments_fts", ids)
    remove_forms(change, ids)


def leave_whole(change: Change, number: int, ids: Sequence[int]) -> None:
    """The same for all turns of a transcript, and for what is left of others."""
    leave(change, number, ids)
    first = number * TURNS
    change.connection.execute("delete from _segment_forms where id between ? and ?", (first, first + TURNS - 1))


def enter(change: Change, number: int, turns: Sequence[Turn], positions: Collection[int]) -> None:
    """Index a transcript as a whole, and the turns at these positions; all at once where those are all.

    Args:
        turns: all of them.
    """
    first = number * TURNS
    forms = ((first + position, text) for position, _, text in turns if position in positions)
    change.connection.executemany("insert into _segment_forms (id, text) values (?, ?)", _forms(forms))
    if len(positions) == len(turns):
        put_in_all(change, "segments_fts", first, first + TURNS - 1)
    else:
        put_in(change, "segments_fts", (first + position for position in positions))
    if turns:
        sql = "insert into _outlines (number, turns, words, lengths, voices, speakers) values (?, ?, ?, ?, ?, ?)"
        change.connection.execute(sql, (number, *outline(turns)))
        put_in(change, "transcripts_fts", [number])


def out_of_step(connection: sqlite.Connection, number: int, turns: Sequence[Turn]) -> dict[str, int]:
    """Table -> how many rows it has other than the outline and the forms of a transcript's turns; none where it has."""
    first = number * TURNS
    sql = "select id, text from _segment_forms where id between ? and ?"
    forms = set(connection.execute(sql, (first, first + TURNS - 1)))
    sql = "select turns, words, lengths, voices, speakers from _outlines where number = ?"
    held = connection.execute(sql, (number,)).fetchone()
    wanted = outline(turns) if turns else None
    others = forms.symmetric_difference(_forms((first + position, text) for position, _, text in turns))
    counted = {"_segment_forms": len({id_ for id_, _ in others}), "_outlines": int(held != wanted)}
    return {name: count for name, count in counted.items() if count}


def _forms(texts: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """What is indexed of those segments whose own text is not."""
    return [(each, form) for each, text in texts if (form := indexed(text)) is not text]


def outline(turns: Sequence[Turn]) -> tuple[Any, ...]:
    """The outline's columns after its number."""
    size = max(position for position, _, _ in turns) + 1
    lengths, voices = array("H", bytes(2 * size)), array("H", bytes(2 * size))
    speakers: dict[str, int] = {"": 0}
    words = 0
    for position, speaker, text in turns:
        length = words_in(text)
        words += length
        lengths[position] = min(length, _MOST)
        voices[position] = min(speakers.setdefault(speaker or "", len(speakers)), _MOST)
    names = json.dumps(list(speakers), ensure_ascii=False)
    return len(turns), words, _little(lengths), _little(voices), names


def _little(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
