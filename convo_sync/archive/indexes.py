"""The full-text indexes, kept equal to the texts that they index. It knows rowids and texts, and no document.

FTS5 must be told the very text that leaves it. So what is indexed is read from a view, before its table changes.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from convo_sync.archive.transaction import Change
from convo_sync.passages import words_in
from convo_sync.texts import indexed

# Index -> the view that has its texts, by id.
CONTENT = {"segments_fts": "_segment_texts", "transcripts_fts": "_transcript_texts", "notes_fts": "_note_texts"}
TURNS = 1 << 24  # positions that a conversation's segments have among the ids; no answer is so long
_MOST = 0xFFFF  # that an outline can say

Turn = tuple[int, str | None, str]


def take_out(change: Change, index: str, ids: Iterable[int]) -> None:
    """Take these texts out of the index, while they are as they were indexed."""
    sql = f"insert into {index} ({index}, rowid, text) select 'delete', id, text from {CONTENT[index]} where id = ?"  # noqa: S608
    change.connection.executemany(sql, ((each,) for each in ids))


def put_in(change: Change, index: str, ids: Iterable[int]) -> None:
    """Index these texts, one by one."""
    sql = f"insert into {index} (rowid, text) select id, text from {CONTENT[index]} where id = ?"  # noqa: S608 - ours
    change.connection.executemany(sql, ((each,) for each in ids))


def put_in_all(change: Change, index: str, first: int, last: int) -> None:
    """Index the texts with ids from `first` to `last` in one statement: four times as fast as one by one."""
    sql = f"insert into {index} (rowid, text) select id, text from {CONTENT[index]} where id between ? and ?"  # noqa: S608
    change.connection.execute(sql, (first, last))


def reindex(change: Change) -> None:
    """Make every index anew from the texts."""
    for index in CONTENT:
        change.connection.execute(f"insert into {index} ({index}) values ('rebuild')")  # noqa: S608 - ours


def forget_forms(change: Change, ids: Iterable[int]) -> None:
    """What was indexed of these segments instead of their texts no longer counts."""
    change.connection.executemany("delete from _segment_forms where id = ?", ((each,) for each in ids))


def keep_forms(change: Change, texts: Iterable[tuple[int, str]]) -> None:
    """Keep what is indexed of those segments whose own text is not."""
    forms = [(each, form) for each, text in texts if (form := indexed(text)) is not text]
    if forms:
        change.connection.executemany("insert into _segment_forms (id, text) values (?, ?)", forms)


def drop_transcript(change: Change, number: int) -> None:
    """Take a whole transcript out of its index, if it is there; its segments are as they were."""
    held = change.connection.execute("select 1 from _outlines where number = ?", (number,)).fetchone()
    if held:
        take_out(change, "transcripts_fts", [number])
        change.connection.execute("delete from _outlines where number = ?", (number,))


def keep_transcript(change: Change, number: int, turns: Sequence[Turn]) -> None:
    """Outline a transcript and index it as a whole.

    Args:
        turns: (position, speaker, text) of each.
    """
    if turns:
        change.connection.execute(
            """
            insert into _outlines (number, turns, words, lengths, voices, speakers)
            values (?, ?, ?, ?, ?, ?)
            """,
            (number, *outline(turns)),
        )
        put_in(change, "transcripts_fts", [number])


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
