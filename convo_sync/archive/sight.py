"""AI credits as a reader sees them: the books, what rules may choose from, and what was asked before. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from convo_sync.archive import books, sqlite
from convo_sync.credits.balance import Books
from convo_sync.credits.entries import Wish
from convo_sync.credits.fitness import Subject
from convo_sync.records import ConversationId, Kind


class Sight:
    """The credit side of an open archive."""

    def __init__(self, connection: sqlite.Connection, path: Path | str) -> None:
        self._connection, self._path = connection, path

    def books(self) -> Books:
        """Everything that was written down about credits."""
        with sqlite.plain_reads(self._path):
            return books.books(self._connection)

    def subjects(self, kinds: Collection[Kind], conversation_id: ConversationId | None = None) -> Sequence[Subject]:
        """Every conversation (or one) with what is held of these kinds."""
        with sqlite.plain_reads(self._path):
            return books.subjects(self._connection, kinds, conversation_id)

    def titles(self) -> Mapping[str, str]:
        """Id -> title of the conversations that the ledger names."""
        sql = "select id, title from conversations where id in (select conversation_id from ledger)"
        with sqlite.plain_reads(self._path):
            return dict(self._connection.execute(sql).fetchall())

    def answered(self, wish: Wish) -> str | None:
        """The item of the newest answer or e-mail that the same wish brought; None where it brought none."""
        with sqlite.plain_reads(self._path):
            return books.answered(self._connection, wish)

    def began(self) -> str | None:
        """When the current month was first seen, as UTC text."""
        with sqlite.plain_reads(self._path):
            row = self._connection.execute("select began_at from credit_periods order by number desc").fetchone()
            return row and str(row[0])

    def server_ahead_seconds(self) -> float:
        """How far the server's clock was ahead of this machine's when it last told."""
        with sqlite.plain_reads(self._path):
            row = self._connection.execute("select ahead_seconds from budget").fetchone()
            return float(row[0] or 0.0) if row else 0.0
