"""One write transaction, begun immediate: two processes that read and then write must not fail on each other.

It hands out `changed`, the transaction's number, at the first row that really differs, and never for a write that
changed nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from convo_sync.archive import sqlite
from convo_sync.errors import ArchiveUnfit


class Change:
    """The open transaction, as those who write in it see it."""

    def __init__(self, connection: sqlite.Connection) -> None:
        self.connection = connection
        self._number: int | None = None

    @property
    def number(self) -> int:
        """This transaction's number; taken at the first use."""
        if self._number is None:
            sql = "update meta set value = cast(value as integer) + 1 where key = 'changed' returning value"
            row = self.connection.execute(sql).fetchone()
            if row is None:
                raise ArchiveUnfit("The archive is damaged: its table `meta` has no `changed`.", "Restore a backup.")
            self._number = int(row[0])
        return self._number


@contextlib.contextmanager
def transaction(connection: sqlite.Connection) -> Iterator[Change]:
    """Everything inside is committed, or nothing is."""
    try:
        # Inside the block: Ctrl-C may strike right after it, and must not leave the transaction open.
        connection.execute("begin immediate")
        yield Change(connection)
        connection.execute("commit")
    except BaseException:
        # After a full disk or an I/O error SQLite has rolled back by itself; a second rollback would hide the cause.
        if connection.in_transaction:
            with contextlib.suppress(sqlite.Error):
                connection.execute("rollback")
        raise
