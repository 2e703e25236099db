"""Transcripts without their words, as they are read: how long each turn is, and who speaks. `entries` writes them."""

import sys
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from convo_sync.archive import sqlite
from convo_sync.passages import Outline
from convo_sync.tuples import NamedTuple


class Size(NamedTuple):
    """How much is archived."""

    transcripts: int
    turns: int
    words: int


def size(connection: sqlite.Connection) -> Size:
    """How many transcripts, turns and words there are."""
    sql = "select count(*), coalesce(sum(turns), 0), coalesce(sum(words), 0) from _outlines indexed by _outlines_facts"
    return Size(*connection.execute(sql).fetchone())


def everybody(connection: sqlite.Connection) -> set[str]:
    """The names of all who speak anywhere."""
    rows = connection.execute("select distinct speakers from _outlines indexed by _outlines_facts")
    return {name for (speaking,) in rows for name in names(speaking)}


def with_speakers(connection: sqlite.Connection, are_wanted: Callable[[Sequence[str]], bool]) -> set[int]:
    """The conversations with such speakers."""
    rows = connection.execute("select number, speakers from _outlines indexed by _outlines_facts").fetchall()
    wanted = {speaking for speaking in {speaking for _, speaking in rows} if are_wanted(names(speaking))}
    return {number for number, speaking in rows if speaking in wanted}


def read(connection: sqlite.Connection, numbers: Iterable[int]) -> dict[int, Outline]:
    """The outlines of these conversations, by number; none for one without a transcript."""
    sql = "select number, lengths, voices, speakers from _outlines where number in (select value from json_each(?))"
    rows = connection.execute(sql, (f"[{','.join(map(str, numbers))}]",))
    return {
        number: Outline(unpacked(lengths), unpacked(voices), names(speaking))
        for number, lengths, voices, speaking in rows
    }


def unpacked(blob: bytes) -> Sequence[int]:
    """Numbers of 16 bits each, little-endian."""
    numbers = array("H", blob)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


@cache
def names(text: str) -> Sequence[str]:
    """The names of a JSON array, as `json.dumps` writes it: without an escape it need not be read by `json`."""
    if "\\" not in text:
        return text[2:-2].split('", "')
    import json  # a search waits for what is imported

    return tuple(json.loads(text))
