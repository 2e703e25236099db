"""Transcripts without their words, as they are read: how long each turn is, and who speaks. `entries` writes them."""

import sys
from array import array
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from convo_sync.archive import sqlite
from convo_sync.passages import Outline


class Size(NamedTuple):
    """How much is archived."""

    transcripts: int
    turns: int
    words: int


def size(connection: sqlite.Connection) -> Size:
    """How many transcripts, turns and words there are."""
    sql = "select count(*), coalesce(sum(turns), 0), coalesce(sum(words), 0) from _outlines indexed by _outlines_facts"
    return Size(*connection.execute(sql).fetchone())


def speakers(connection: sqlite.Connection) -> dict[int, str]:
    """By conversation: a JSON array of who speaks; see `names`."""
    return dict(connection.execute("select number, speakers from _outlines indexed by _outlines_facts"))


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
