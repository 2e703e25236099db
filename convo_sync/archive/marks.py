"""What the archive adds to action items: a number for good, and the owner's mark that one is done.

The writer's side; `promises` reads. It knows nothing of key points but their action items, and nothing of the lock.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from convo_sync.archive import sqlite
from convo_sync.archive.transaction import Change, transaction
from convo_sync.times import format_time

# Items of one meeting that have no number yet. Two of the same text are told apart by the order they came in.
_NEW = """
    select conversation_id, text, nth
    from (
        select a.conversation_id, a.position, a.text, (
            select count(*)
            from action_items e
            where e.conversation_id = a.conversation_id and e.position < a.position and e.text = a.text
        ) as nth
        from action_items a
        where a.conversation_id = ?
    ) item
    where not exists (
        select 1
        from promises p
        where p.conversation_id = item.conversation_id and p.text = item.text and p.nth = item.nth
    )
    order by position
"""


def number_items(change: Change, conversation_id: str) -> None:
    """Give the meeting's action items that have none a number each; those that have one keep it."""
    fresh = change.connection.execute(_NEW, (conversation_id,)).fetchall()
    if fresh:
        change.connection.executemany(
            "insert into promises (conversation_id, text, nth, changed) values (?, ?, ?, ?)",
            [(*item, change.number) for item in fresh],
        )


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
