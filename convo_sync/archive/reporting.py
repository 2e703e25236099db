"""How the archive stands: coverage, backlog, the hour, the last runs. Reads only."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from pathlib import Path

from convo_sync.archive import sqlite
from convo_sync.times import format_time
from convo_sync.views import RunRow, Status

_RUN = """
    select id, command, started_at, finished_at, outcome, listing, requests, resume_at,
        error_code, error_message, error_next
    from runs
"""


def status(connection: sqlite.Connection, path: Path, now: datetime) -> Status:
    """The state of the whole archive at `now`."""
    facts = dict(connection.execute("select key, value from meta"))
    conversations, gone, first, last = connection.execute(
        "select count(*), count(gone_at), min(start_time), max(start_time) from conversations"
    ).fetchone()
    account, tier = connection.execute("select max(email), max(tier) from account").fetchone()
    limit, remaining, reset_at = connection.execute(
        "select max(hourly_limit), max(max(0, remaining - sent_since)), max(reset_at) from budget"
    ).fetchone()
    backlog, waiting, next_try = _owed(connection, now)
    return Status(
        path=str(path),
        bytes=sum(map(_bytes, (path, path.with_name(f"{path.name}-wal")))),
        account=account,
        tier=tier,
        base_url=facts.get("base_url"),
        conversations=conversations,
        gone=gone,
        segments=connection.execute("select count(*) from segments").fetchone()[0],
        first_start=first,
        last_start=last,
        states=_states(connection),
        backlog=backlog,
        waiting=waiting,
        next_try_at=next_try,
        oldest_failure=_oldest_failure(connection),
        sweep_unfinished=connection.execute("select count(*) from sweep").fetchone()[0] > 0,
        hourly_limit=limit,
        remaining=remaining,
        reset_at=reset_at,
        last_run=run(connection, "where outcome is not null"),
        last_complete=run(connection, "where outcome = 'complete'"),
        facts=facts,
    )


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # a writer that ends takes its -wal away at any moment
        return 0


def _owed(connection: sqlite.Connection, now: datetime) -> tuple[int, int, str | None]:
    """Documents due now, documents due later, and when the next of those is."""
    row = connection.execute(
        """
        select count(*) filter (where next_try_at <= ?1), count(*) filter (where next_try_at > ?1),
            min(next_try_at) filter (where next_try_at > ?1)
        from holdings h
        join conversations c on c.id = h.conversation_id
        where c.gone_at is null and next_try_at is not null
        """,
        (format_time(now),),
    ).fetchone()
    return int(row[0]), int(row[1]), row[2]


def _states(connection: sqlite.Connection) -> dict[str, dict[str, int]]:
    states: dict[str, dict[str, int]] = defaultdict(dict)
    for kind, state, count in connection.execute(
        "select kind, state, count(*) from holdings group by 1, 2 order by 1, 2"
    ):
        states[kind][state] = count
    return dict(states)


def _oldest_failure(connection: sqlite.Connection) -> tuple[str, str, str] | None:
    row = connection.execute(
        """
        select conversation_id, kind, reason
        from holdings
        where failures > 0
        order by failures desc, checked_at, conversation_id
        limit 1
        """
    ).fetchone()
    return tuple(row) if row else None


def run(connection: sqlite.Connection, where: str) -> RunRow | None:
    """The newest run of which `where`, a literal clause, holds."""
    row = connection.execute(f"{_RUN} {where} order by id desc limit 1").fetchone()
    if row is None:
        return None
    code, message, next_step = row[-3:]
    return RunRow._make((*row[:-3], (code, message, next_step) if code else None))
