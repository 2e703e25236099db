"""The hour's allowance in the archive: one row, written along with what it pays for. Knows nothing of its meaning."""

from __future__ import annotations

import json
from datetime import timedelta

from convo_sync.archive import sqlite
from convo_sync.archive.transaction import Change
from convo_sync.budget import Budget
from convo_sync.times import read_time, write_time


def read(connection: sqlite.Connection) -> Budget:
    """The hour as last written; an empty one before the first request."""
    row = connection.execute(
        """
        select hourly_limit, remaining, reset_at, read_at, sent_since, asked_at, sent_by_minute, ahead_seconds
        from budget
        """
    ).fetchone()
    if row is None:
        return Budget()
    limit, remaining, reset_at, read_at, sent_since, asked_at, by_minute, seconds = row
    return Budget(
        limit,
        remaining,
        read_time(reset_at),
        read_time(read_at),
        sent_since,
        read_time(asked_at),
        tuple((minute, sent) for minute, sent in json.loads(by_minute)),
        None if seconds is None else timedelta(seconds=seconds),
    )


def store(change: Change, budget: Budget) -> None:
    """Write the one row."""
    change.connection.execute(
        """
        insert into budget (
            id, hourly_limit, remaining, reset_at, read_at, sent_since, asked_at, sent_by_minute, ahead_seconds
        )
        values (1, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (id) do update
        set hourly_limit = excluded.hourly_limit, remaining = excluded.remaining, reset_at = excluded.reset_at,
            read_at = excluded.read_at, sent_since = excluded.sent_since, asked_at = excluded.asked_at,
            sent_by_minute = excluded.sent_by_minute, ahead_seconds = excluded.ahead_seconds
        """,
        (
            budget.limit,
            budget.remaining,
            write_time(budget.reset_at),
            write_time(budget.read_at),
            budget.sent_since,
            write_time(budget.asked_at),
            json.dumps(budget.sent_by_minute),
            None if budget.server_ahead is None else budget.server_ahead.total_seconds(),
        ),
    )
