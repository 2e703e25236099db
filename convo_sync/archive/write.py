"""The archive as the one writing process sees it. Every method that writes is one transaction.

It knows floors 0 and 1 and SQLite; nothing of HTTP, of the terminal or of when to run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import sqlite_utils

from convo_sync.archive import documents, forgetting, hour, ledger, listings, migrate, owed, sqlite
from convo_sync.archive.accounting import Accounting
from convo_sync.archive.diary import Diary
from convo_sync.archive.transaction import Change, transaction
from convo_sync.budget import Budget, server_now
from convo_sync.plan.listing import Missing, Sweep, Vanished
from convo_sync.records import (
    Account,
    Binding,
    Candidate,
    ConversationId,
    Document,
    Holding,
    Kind,
    Known,
    ListingChange,
    Overview,
    Owed,
    Run,
)
from convo_sync.times import format_time, write_time


class Archive:
    """An open archive, held for writing. Implements the engine's `Store`.

    Args:
        path: the file; created with its folder (0700) if missing, upgraded (after a copy) if older.
        now: the time that a new archive records as its beginning.
        connect: how to connect; tests put their own in.
        create: False makes none where there is none.

    Raises:
        ArchiveMissing: there is none, and none is to be made.
        ArchiveUnfit: another program's file, or a newer archive.
    """

    def __init__(
        self, path: Path, now: datetime, connect: sqlite.Connect | None = None, *, create: bool = True
    ) -> None:
        self.path = path
        self._connection = migrate.open_or_create(path, now, connect, create=create)
        forgetting.finish(self._connection, path)
        self._tables = sqlite_utils.Database(self._connection, execute_plugins=False)
        self.accounting = Accounting(path, self._writing, self._reading)
        self.diary = Diary(self._writing, self._reading)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back; the last one to close folds the WAL into it."""
        self._connection.close()

    @contextlib.contextmanager
    def _writing(self, budget: Budget | None = None) -> Iterator[Change]:
        with sqlite.plain_errors(self.path), transaction(self._connection) as change:
            if budget is not None:
                hour.store(change, budget)
            yield change

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite.Connection]:
        with sqlite.plain_reads(self.path):
            yield self._connection

    # -- the account and the hour

    def archive_id(self) -> str:
        """This archive's own name, made when it was created."""
        with self._reading() as connection:
            return str(connection.execute("select value from meta where key = 'archive_id'").fetchone()[0])

    def binding(self) -> Binding | None:
        """Whose archive this is; None before the first sync."""
        with self._reading() as connection:
            facts = dict(connection.execute("select key, value from meta"))
            if "account" not in facts:
                return None
            limit = facts.get("hourly_limit")
            return Binding(facts["account"], facts["base_url"], facts["key_digest"], int(limit) if limit else None)

    def bind(self, account: Account, base_url: str, key_digest: str, now: datetime, budget: Budget) -> None:
        """Record the account, at the first sync or when its key changed."""
        facts = {"account": account.email, "base_url": base_url, "key_digest": key_digest}
        facts["hourly_limit"] = str(budget.limit or "")
        with self._writing(budget) as change:
            for key, value in facts.items():
                self._tables.table("meta").upsert({"key": key, "value": value}, pk="key")
            _store_account(self._tables, account, now, change.number)
            ledger.read_counter(change, account, server_now(budget, now))

    def budget(self) -> Budget:
        """The hour as last written."""
        with self._reading() as connection:
            return hour.read(connection)

    def save_budget(self, budget: Budget) -> None:
        """Write the hour by itself."""
        with self._writing(budget):
            pass

    # -- runs

    def begin_run(self, command: str, now: datetime, budget: Budget) -> int:
        """Record that a run began; its number."""
        with self._writing(budget):
            row = {"command": command, "started_at": format_time(now)}
            return int(str(self._tables.table("runs").insert(row, pk="id").last_pk))

    def end_run(self, run_id: int, run: Run, now: datetime, budget: Budget, *, swept: bool) -> None:
        """Record how it ended."""
        code, message, next_step = run.error or (None, None, None)
        row = {
            "finished_at": format_time(now),
            "outcome": run.outcome.value,
            "listing": run.listing.value,
            "swept": int(swept),
            "resume_at": write_time(run.resume_at),
            "changed_rows": run.changed,
            "error_code": code,
            "error_message": message,
            "error_next": next_step,
        }
        counts = ("requests", "credits", "listed", "new", "gone", "fetched", "unchanged", "absent", "pending", "failed")
        with self._writing(budget):
            self._tables.table("runs").update(run_id, row | {name: getattr(run, name) for name in counts})

    # -- listing

    def overview(self) -> Overview:
        """Counts and times that decide what to list."""
        with self._reading() as connection:
            return listings.overview(connection)

    def unfinished_sweep(self) -> Sweep | None:
        """The sweep that an earlier run left."""
        with self._reading() as connection:
            return listings.place(connection)

    def known(self, ids: Collection[ConversationId]) -> Mapping[ConversationId, Known]:
        """What the archive has of these."""
        with self._reading() as connection:
            return listings.known(connection, ids)

    def forgotten(self, ids: Collection[ConversationId]) -> frozenset[ConversationId]:
        """Those of these that the archive's owner had removed for good."""
        with self._reading() as connection:
            return forgetting.among(connection, ids)

    def candidates(self, *, excluded_only: bool) -> Sequence[Candidate]:
        """Every conversation that rules may exclude, or those of which something is excluded now."""
        with self._reading() as connection:
            return owed.candidates(connection, excluded_only=excluded_only)

    def invited(self, event_ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Calendar event -> names and addresses of those invited, of the events that the archive has."""
        with self._reading() as connection:
            return owed.invited(connection, event_ids)

    def missing(self, seen: Collection[str], before: datetime) -> Sequence[Missing]:
        """The conversations not yet gone, first seen before then, whose ids were not seen."""
        with self._reading() as connection:
            return listings.missing(connection, seen, before)

    def store_page(
        self, changes: Sequence[ListingChange], sweep: Sweep | None, run_id: int, now: datetime, budget: Budget
    ) -> None:
        """Commit what a page changed, the pending marks that this causes, and the sweep's place."""
        with self._writing(budget) as change:
            listings.store_changes(change, changes, run_id, now)
            if sweep is not None:
                listings.store_place(change, sweep)

    def store_row(self, change: ListingChange, cause: str, now: datetime, budget: Budget) -> None:
        """Commit what a row says that came by itself, for a command that a person typed."""
        with self._writing(budget) as written:
            listings.store_changes(written, [change], None, now, cause)

    def settle_sweep(self, vanished: Vanished, run_id: int, now: datetime, budget: Budget, *, swept: bool) -> None:
        """Commit what a finished sweep proved, and whether another is needed at once; forget its place."""
        with self._writing(budget) as change:
            listings.settle_sweep(change, vanished, run_id, now, swept=swept)

    def suspect(self, ids: Collection[ConversationId], budget: Budget) -> None:
        """Commit that a webhook said of these that they were deleted; a listing that shows them clears it."""
        with self._writing(budget) as change:
            listings.suspect(change, ids)

    def mark_gone(self, conversation_id: ConversationId, evidence: str, now: datetime, budget: Budget) -> None:
        """Mark one conversation as deleted at Convo; what is archived of it stays."""
        with self._writing(budget) as change:
            listings.mark_gone(change, conversation_id, evidence, now)

    # -- documents

    def due(self, now: datetime, *, retry_failed: bool) -> Sequence[Owed]:
        """The holdings whose time has come."""
        with self._reading() as connection:
            return owed.due(connection, now, retry_failed=retry_failed)

    def newest(self, count: int) -> frozenset[ConversationId]:
        """The ids of the newest conversations."""
        with self._reading() as connection:
            return owed.newest(connection, count)

    def least_recently_checked(self, count: int, kind: Kind | None = None) -> Sequence[Owed]:
        """The documents, absent ones included, that the server was asked for longest ago; of one kind or any."""
        with self._reading() as connection:
            return owed.least_recently_checked(connection, count, kind)

    def transcripts(self, ids: Collection[str]) -> Sequence[Owed]:
        """The transcript holdings of these conversations."""
        with self._reading() as connection:
            return owed.transcripts(connection, ids)

    def held_substance(self, conversation_id: ConversationId, kind: Kind) -> int | None:
        """How much the current document says; None where there is none."""
        with self._reading() as connection:
            return owed.held_substance(connection, conversation_id, kind)

    def store_document(
        self,
        document: Document,
        holding: Holding | None,
        *,
        current: bool,
        cause: str,
        run_id: int | None,
        now: datetime,
        budget: Budget,
    ) -> bool:
        """Commit a document with its derived rows, index rows and holding; whether it was a new version.

        Nothing of it is kept where its conversation is forgotten.
        """
        with self._writing(budget) as change:
            if forgetting.among(change.connection, [document.conversation_id]):
                return False
            is_new = documents.store(change, document, current=current, cause=cause, run_id=run_id, now=now)
            owed.store(change, [holding] if holding else [])
        return is_new

    def store_holdings(self, holdings: Iterable[Holding], budget: Budget) -> None:
        """Commit holdings alone: absent, failed, pending."""
        with self._writing(budget) as change:
            owed.store(change, holdings)


def _store_account(tables: sqlite_utils.Database, account: Account, now: datetime, changed: int) -> None:
    row: dict[str, Any] = {
        "id": 1,
        "email": account.email,
        "name": account.name,
        "tier": account.tier,
        "timezone": account.timezone,
        "language": account.language,
        "picture_url": account.picture_url,
        "created_at": write_time(account.created_at),
        "subscription_status": account.subscription_status,
        "period_end": write_time(account.period_end),
        "credits_used": account.credits_used,
        "credits_limit": account.credits_limit,
        "credits_remaining": account.credits_remaining,
        "credits_reset_at": write_time(account.credits_reset_at),
        "read_at": format_time(now),
        "changed": changed,
    }
    tables.table("account").upsert(row, pk="id")
