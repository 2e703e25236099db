"""The inbox: deliveries that were accepted, in a file of their own beside the archive, so that no lock delays them.

The daemon writes to it and a sync reads from it; each transaction takes a moment. Losing the file loses nothing: the
next list tells. It knows neither how a delivery comes nor what a run does about it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from convo_sync.archive import sqlite
from convo_sync.plan.hints import Hint, effect
from convo_sync.records import ConversationId
from convo_sync.times import format_time, parse_time

# Longer than a delivery is accepted for, before and after its time, so that no repeat is taken for new.
KEPT = timedelta(days=30)
KEPT_COUNT = 20_000
_TIDY_EVERY = 256
# At once, so that a run's memory does not grow with them; the rest comes with the next run.
_AT_ONCE = 5_000
_TABLES = (
    """
    create table if not exists deliveries (
        id integer primary key,
        digest text not null unique,
        received_at text not null,
        sent_at text not null,
        event text not null,
        conversation_id text,
        body blob not null,
        state text not null check (state in ('waiting', 'done', 'ignored'))
    ) strict
    """,
    "create index if not exists deliveries_waiting on deliveries (id) where state = 'waiting'",
)

_DONE = "update deliveries set state = 'done', body = x'' where id = ?"
_FORGET = "update deliveries set state = 'done', body = x'' where conversation_id = ? or instr(body, ?)"


class Inbox:
    """The inbox of one archive. The file is made when something is kept; many threads may use one of these."""

    def __init__(self, archive: Path) -> None:
        self.path = archive.with_name(f"{archive.name}.inbox")
        self._connection: sqlite.Connection | None = None
        self._lock = threading.Lock()

    def keep(
        self, digest: str, event: str, conversation_id: str | None, sent_at: datetime, body: bytes, now: datetime
    ) -> bool:
        """Commit one delivery; False where the same was kept before. An event that leads to nothing is kept, too.

        Raises:
            ArchiveError, ArchiveLocked, OSError: it could not be kept.
        """
        state = "waiting" if effect(event) else "ignored"
        values = (digest, format_time(now), format_time(sent_at), event, conversation_id, body, state)
        with self._lock, sqlite.plain_errors(self.path):
            try:
                connection = self._opened()
                cursor = connection.execute(
                    """
                    insert into deliveries (digest, received_at, sent_at, event, conversation_id, body, state)
                    values (?, ?, ?, ?, ?, ?, ?) on conflict (digest) do nothing
                    """,
                    values,
                )
                if cursor.rowcount and (cursor.lastrowid or 0) % _TIDY_EVERY == 0:
                    _tidy(connection, now)
                return bool(cursor.rowcount)
            except BaseException:
                self._close()
                raise

    def waiting(self) -> Sequence[Hint]:
        """The deliveries that wait to be acted upon, oldest first; none where there is no file.

        Raises:
            ArchiveError, ArchiveLocked: the file cannot be read.
        """
        if not self.path.exists():
            return ()
        with self._lock, sqlite.plain_errors(self.path):
            columns = "id, event, conversation_id, sent_at"
            sql = f"select {columns} from deliveries where state = 'waiting' order by id limit ?"  # noqa: S608
            rows = self._opened().execute(sql, (_AT_ONCE,))
            return [Hint(id_, event, named and ConversationId(named), parse_time(at)) for id_, event, named, at in rows]

    def done(self, ids: Iterable[int]) -> None:
        """Commit that these were acted upon; their bodies, with titles in them, leave. Raises as `waiting` does."""
        with self._lock, sqlite.plain_errors(self.path):
            connection = self._opened()
            connection.execute("begin immediate")
            with connection:
                connection.executemany(_DONE, [(id_,) for id_ in ids])

    def forget(self, conversation_id: str) -> bool:
        """Remove what deliveries said of this conversation, for good; whether every trace has left the file.

        That they came stays known by their digests. Raises as `waiting` does.
        """
        if not self.path.exists():
            return True
        with self._lock, sqlite.plain_errors(self.path):
            connection = self._opened()
            connection.execute(_FORGET, (conversation_id, conversation_id.encode()))
            (busy, _, _) = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
            return not busy

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            with closing(self._connection):
                self._connection = None

    def _opened(self) -> sqlite.Connection:
        if self._connection is not None and not self.path.exists():  # taken away: what is kept there now is lost
            self._close()
        if self._connection is None:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = sqlite.open_plain(self.path, any_thread=True)
            try:
                sqlite.use_wal(connection)
                # Survives a crash of the program; after a power cut, the list tells what a lost hint would have.
                connection.execute("pragma synchronous = normal")
                connection.execute("pragma secure_delete = on")
                for statement in _TABLES:
                    connection.execute(statement)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _tidy(connection: sqlite.Connection, now: datetime) -> None:
    """Let go of what was settled long ago, or of so many that the file would grow."""
    connection.execute(
        """
        delete from deliveries where state <> 'waiting'
        and (received_at < ? or id <= (select max(id) from deliveries) - ?)
        """,
        (format_time(now - KEPT), KEPT_COUNT),
    )
