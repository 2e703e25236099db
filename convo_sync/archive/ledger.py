"""The ledger and the server's counter, written: each function is a part of one transaction.

What a line means is decided in `credits`; this keeps it.
"""

from __future__ import annotations

from datetime import datetime

from convo_sync.archive import books
from convo_sync.archive.transaction import Change
from convo_sync.credits.balance import Turn, follow
from convo_sync.credits.entries import COUNTED, PENDING, Standing, Wish
from convo_sync.credits.outcome import PROOF
from convo_sync.records import Account, ConversationId, Kind
from convo_sync.times import format_time, write_time

DIED = "the program ended before an answer came"


def read_counter(change: Change, account: Account, now: datetime) -> None:
    """Write down what a profile says of credits, and the month that it begins or goes on with."""
    known = books.books(change.connection)
    number = known.period.number if known.period else 0
    turn = follow(known, account.credits_used, account.credits_reset_at, now)
    if turn is Turn.BEGINS:
        number += 1
        change.connection.execute(
            "insert into credit_periods (number, began_at, resets_at, changed) values (?, ?, ?, ?)",
            (number, format_time(now), write_time(account.credits_reset_at), change.number),
        )
    elif turn is Turn.MOVES:
        change.connection.execute(
            "update credit_periods set resets_at = ?, changed = ? where number = ?",
            (write_time(account.credits_reset_at), change.number, number),
        )
    change.connection.execute(
        """
        insert into credit_readings (period, read_at, used, allowance, remaining, resets_at, changed)
        values (?, ?, ?, ?, ?, ?, ?)
        """,
        (
            number,
            format_time(now),
            account.credits_used,
            account.credits_limit,
            account.credits_remaining,
            write_time(account.credits_reset_at),
            change.number,
        ),
    )
    if turn is not Turn.UNCLEAR:
        _close(change, number, now)


def note_account(change: Change, account: Account, now: datetime) -> None:
    """Let the account's row say what this profile says of credits."""
    change.connection.execute(
        """
        update account
        set credits_used = ?, credits_limit = ?, credits_remaining = ?, credits_reset_at = ?, read_at = ?, changed = ?
        """,
        (
            account.credits_used,
            account.credits_limit,
            account.credits_remaining,
            write_time(account.credits_reset_at),
            format_time(now),
            change.number,
        ),
    )


def _close(change: Change, period: int, now: datetime) -> None:
    """What was settled before this reading lies in this month or an earlier one, and in none that is to come.

    But what nobody saw the end of, and was settled by a sign of it, may still be charged within the hour. What was
    settled a day and more before the end of an earlier month, as that was told then, does not lie in this one.
    """
    pending = ", ".join(f"'{each}'" for each in PENDING)
    where = f"last_period is null and state not in ({pending}) and coalesce(unknown_at, '') <= ?"
    over = format_time(now - PROOF)
    if change.connection.execute(f"select 1 from ledger where {where} limit 1", (over,)).fetchone():  # noqa: S608 - our words
        change.connection.execute(
            f"""
            update ledger
            set changed = ?1, last_period = max(period, ?2 - exists (
                select 1
                from credit_readings r
                join credit_periods p on p.number = ?2
                where r.id = reading_id and julianday(r.resets_at) - julianday(settled_at) > 1
                and julianday(p.resets_at) - julianday(r.resets_at) > 1
            ))
            where {where}
            """,  # noqa: S608 - our own words
            (change.number, period, over),
        )


def reserve(change: Change, wish: Wish, now: datetime) -> int:
    """Write a line before its request is sent; its id.

    Raises:
        IndexError: the server's counter was never read.
    """
    reading = books.books(change.connection).readings[-1]
    cursor = change.connection.execute(
        """
        insert into ledger (
            conversation_id, kind, rule, reason, request, forced, state, credits, evidence, reserved_at, period,
            reading_id, document_digest, transcript_digest, changed
        )
        values (?, ?, ?, ?, ?, ?, 'reserved', 1, '', ?, ?, ?, ?, ?, ?)
        """,
        (
            wish.conversation_id,
            wish.kind.value,
            wish.rule,
            wish.reason,
            wish.request,
            int(wish.force),
            format_time(now),
            reading.period,
            reading.id,
            wish.document_digest,
            wish.transcript_digest,
            change.number,
        ),
    )
    return int(cursor.lastrowid or 0)


def adopt(change: Change, now: datetime) -> int:
    """Take the lines that a dead process left reserved for unknown; how many there were. Only one process writes."""
    sql = "select id from ledger where state = 'reserved'"
    left = [id_ for (id_,) in change.connection.execute(sql).fetchall()]
    for id_ in left:
        doubt(change, id_, DIED, now)
    return len(left)


def doubt(change: Change, id_: int, evidence: str, now: datetime) -> None:
    """Write that nobody knows, from now on, whether a line was paid."""
    change.connection.execute(
        "update ledger set state = 'unknown', evidence = ?, unknown_at = ?, changed = ? where id = ?",
        (evidence, format_time(now), change.number, id_),
    )


def settle(
    change: Change, id_: int, standing: Standing, evidence: str, now: datetime, item: str = "", digest: str = ""
) -> None:
    """Write what became of a line; `item` and `digest` name what it brought."""
    change.connection.execute(
        """
        update ledger
        set state = ?, credits = ?, evidence = ?, settled_at = ?, item = ?, digest = ?, changed = ?
        where id = ?
        """,
        (
            standing.value,
            int(standing in COUNTED),
            evidence,
            format_time(now),
            item or None,
            digest or None,
            change.number,
            id_,
        ),
    )


def keep_reply(change: Change, id_: int, body: bytes, now: datetime) -> None:
    """Keep a paid reply as received, before anybody reads it."""
    change.connection.execute(
        "insert or replace into _replies (ledger_id, body, received_at) values (?, ?, ?)",
        (id_, body, format_time(now)),
    )


def claim(change: Change, id_: int, conversation_id: ConversationId, kind: Kind) -> None:
    """Note that the newest version of a document is what a line paid for, though another request brought it."""
    change.connection.execute(
        """
        update revisions
        set ledger_id = ?, changed = ?
        where ledger_id is null and id = (
            select max(r.id)
            from revisions r
            join documents d on d.id = r.document_id
            where coalesce(d.conversation_id, '') = ? and d.kind = ? and d.item = ''
        )
        """,
        (id_, change.number, conversation_id, kind.value),
    )


def drop_reply(change: Change, id_: int) -> None:
    """Forget the raw reply: its document is stored."""
    change.connection.execute("delete from _replies where ledger_id = ?", (id_,))


def note_warning(change: Change, column: str, now: datetime) -> None:
    """Remember that the owner was warned this month; `column` is one of our own names."""
    change.connection.execute(
        f"update credit_periods set {column} = ?, changed = ? "  # noqa: S608 - our own names
        "where number = (select max(number) from credit_periods)",
        (format_time(now), change.number),
    )
