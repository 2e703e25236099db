"""What the archive adds to action items: a number for good, and the owner's mark that one is done.

The writer's side; `promises` reads. It knows nothing of key points but their action items, and nothing of the lock.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from convo_sync.archive import sqlite
from convo_sync.archive.transaction import Change, transaction
from convo_sync.times import format_time


def without_number(connection: sqlite.Connection, conversation_id: str, texts: Iterable[str]) -> list[tuple[str, int]]:
    """Of a meeting's action items, as they come one after the other, those that have no number: (text, nth)."""
    held = set(connection.execute("select text, nth from promises where conversation_id = ?", (conversation_id,)))
    return [item for item in _told_apart(texts) if item not in held]


def _told_apart(texts: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Two of the same text are told apart by the order they came in."""
    before: Counter[str] = Counter()
    for text in texts:
        yield text, before[text]
        before[text] += 1


def number_items(change: Change, conversation_id: str, texts: Iterable[str]) -> int:
    """Give the meeting's action items that have none a number each, and say how many; those that have one keep it."""
    fresh = without_number(change.connection, conversation_id, texts)
    first = _highest(change.connection) + 1 if fresh else 0
    change.connection.executemany(
        "insert into promises (number, conversation_id, text, nth, changed) values (?, ?, ?, ?, ?)",
        [(number, conversation_id, *item, change.number) for number, item in enumerate(fresh, first)],
    )
    return len(fresh)


def _highest(connection: sqlite.Connection) -> int:
    """The highest number that was ever given; one that is forgotten is given to nobody else."""
    sql = """
        select coalesce((select max(number) from promises), 0),
            coalesce((select cast(value as integer) from meta where key = 'last_promise'), 0)
    """
    return int(max(connection.execute(sql).fetchone()))


def forget_numbers(change: Change, conversation_id: str) -> Sequence[tuple[int]]:
    """Take out a meeting's action items; their numbers, which stay taken."""
    highest = _highest(change.connection)
    removed = "delete from promises where conversation_id = ? returning number"
    numbers: Sequence[tuple[int]] = change.connection.execute(removed, (conversation_id,)).fetchall()
    if numbers:
        kept = "insert into meta values ('last_promise', ?) on conflict (key) do update set value = excluded.value"
        change.connection.execute(kept, (str(highest),))
    return numbers


def mark(path: Path, numbers: Sequence[int], done_at: datetime | None) -> Sequence[int]:
    """Mark items as done at that time, or, with None, as open again; the numbers whose mark that changed.

    An item that is done stays as it was marked first. The archive must be there, and current; the caller holds the
    writer's lock.

    Raises:
        ArchiveLocked: another program is writing to the file.
        ArchiveError: it cannot be written.
    """
    opened = sqlite.open_for_writing(path)
    with sqlite.plain_errors(path), contextlib.closing(opened) as connection, transaction(connection) as change:
        return [number for number in numbers if _mark(change, number, done_at)]


def _mark(change: Change, number: int, done_at: datetime | None) -> bool:
    differs: tuple[Any, ...] = (number, done_at is not None)
    open_now = "select 1 from promises where number = ? and (done_at is null) = ?"
    if change.connection.execute(open_now, differs).fetchone() is None:
        return False
    change.connection.execute(
        "update promises set done_at = ?, changed = ? where number = ?",
        (None if done_at is None else format_time(done_at), change.number, number),
    )
    return True
