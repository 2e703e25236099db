"""From version 2 of the schema to version 3: AI credits and the server's counter, what is forgotten, the calendar."""

from __future__ import annotations

import sqlite_utils

from convo_sync.archive import ledger, schema
from convo_sync.archive.transaction import Change
from convo_sync.records import Account
from convo_sync.times import parse_time, read_time

_NEW = (
    "credit_periods", "credit_readings", "ledger", "ledger_changed", "_replies", "credit_use", "forgotten",
    "event_links", "event_links_item",
)  # fmt: skip


def upgrade(database: sqlite_utils.Database) -> None:
    """Runs inside the upgrade's transaction, which a kill undoes as a whole."""
    connection = database.conn
    connection.execute("alter table revisions add column ledger_id integer")
    connection.execute("alter table events add column withdrawn_at text")
    for name in _NEW:
        connection.execute(schema.creating(name))
    row = connection.execute(
        "select credits_used, credits_limit, credits_reset_at, credits_remaining, read_at from account"
    ).fetchone()
    if row is not None:
        used, limit, resets_at, remaining, read_at = row
        account = Account("", "", "", "", used, limit, read_time(resets_at), remaining)
        ledger.read_counter(Change(connection), account, parse_time(read_at))
