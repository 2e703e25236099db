"""Where turns stand: the ids that say it, mended after damage, with what the indexes have of turns that move or go.

Must not know documents. What is indexed agrees with the texts before and after; in between, nothing of these turns is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from typing import NamedTuple

from convo_sync.archive import sqlite
from convo_sync.archive.entries import TURNS, put_in, remove_forms, take_out
from convo_sync.archive.transaction import Change


class Misplaced(NamedTuple):
    """A conversation's turns under other ids than theirs (id -> position), and ids of others' turns among its own."""

    own: dict[int, int]
    strangers: tuple[int, ...]


def misplaced(connection: sqlite.Connection, number: int, conversation_id: str) -> Misplaced:
    """Which turns stand where they should not; none in an archive that nobody damaged."""
    first = number * TURNS
    own = "select id, position from segments where conversation_id = ? and id <> ? + position"
    strangers = "select id from segments where id between ? and ? and conversation_id <> ?"
    return Misplaced(
        dict(connection.execute(own, (conversation_id, first))),
        tuple(id_ for (id_,) in connection.execute(strangers, (first, first + TURNS - 1, conversation_id))),
    )


def settle(change: Change, number: int, conversation_id: str) -> None:
    """Give the turns of a conversation their ids, and those of others that are in the way ids that are nobody's."""
    own, strangers = misplaced(change.connection, number, conversation_id)
    if own or strangers:
        nobodys = _free(change.connection)
        aside = {id_: nobodys - place for place, id_ in enumerate((*own, *strangers))}
        homes = {id_: number * TURNS + position for id_, position in own.items() if 0 <= position < TURNS}
        _move(change, aside, homes)


def _free(connection: sqlite.Connection) -> int:
    """The highest of the ids that no conversation has and no turn took."""
    return int(connection.execute("select min(coalesce(min(id), 0), 0) - 1 from segments").fetchone()[0])


def _move(change: Change, aside: dict[int, int], homes: dict[int, int]) -> None:
    """By way of the ids `aside`, since one that moves may have the place of another."""
    ends = aside | homes
    of_forms = "select id, cast(text as blob) from _segment_forms where id = ?"  # text that is none passes as well
    forms = [row for id_ in ends for row in change.connection.execute(of_forms, (id_,))]
    with without(change, ends, ends.values()):
        for moves in (aside, {aside[id_]: home for id_, home in homes.items()}):
            change.connection.executemany(
                "update segments set id = ? where id = ?", [(new, old) for old, new in moves.items()]
            )
        change.connection.executemany(
            "insert into _segment_forms (id, text) values (?, cast(? as text))",
            [(ends[id_], form) for id_, form in forms],
        )


@contextlib.contextmanager
def without(change: Change, ids: Collection[int], places: Collection[int] = ()) -> Iterator[None]:
    """Inside, these turns are in no index and may go. After, those at `places` are, and so are all their transcripts.

    A transcript without a turn loses its outline.
    """
    numbers = {id_ // TURNS for id_ in (*ids, *places)}
    outlined = [number for number in numbers if _has_outline(change.connection, number)]
    take_out(change, "transcripts_fts", outlined)
    take_out(change, "segments_fts", ids)
    remove_forms(change, ids)
    yield
    put_in(change, "segments_fts", places)
    change.connection.executemany(
        "delete from _outlines where number = ? and not exists (select 1 from segments where id between ? and ?)",
        [(number, number * TURNS, number * TURNS + TURNS - 1) for number in outlined],
    )
    put_in(change, "transcripts_fts", outlined)


def _has_outline(connection: sqlite.Connection, number: int) -> bool:
    return connection.execute("select 1 from _outlines where number = ?", (number,)).fetchone() is not None
