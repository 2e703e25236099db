"""What a listing leaves in the archive: conversations, marks that their changes cause, a sweep's place, tombstones.

Functions that read take a connection, those that write the open transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from convo_sync import models
from convo_sync.archive import documents, owed, sqlite
from convo_sync.archive.transaction import Change
from convo_sync.plan.listing import Missing, Sweep, Vanished
from convo_sync.records import Conversation, ConversationId, Known, Listing, ListingChange, Overview
from convo_sync.times import format_time, parse_time, read_time, write_time


def known(connection: sqlite.Connection, ids: Collection[ConversationId]) -> Mapping[ConversationId, Known]:
    """What the archive has of these conversations."""
    found: dict[ConversationId, Known] = {}
    for conversation_id in ids:
        conversation = owed.conversation(connection, conversation_id)
        if conversation is not None:
            found[conversation_id] = Known(conversation, owed.of_conversation(connection, conversation_id))
    return found


def store_changes(
    change: Change, changes: Iterable[ListingChange], run_id: int | None, now: datetime, cause: str = "listed"
) -> None:
    """Commit rows that are new, differ or came back, with the holdings that this makes due."""
    for each in changes:
        if each.is_new:
            _insert(change, each, now)
        else:
            _update(change, each)
        if each.is_new or each.differs:
            document = models.listing_document(each.row)
            documents.store(change, document, current=True, cause=cause, run_id=run_id, now=now)
        _store_sighting(change, each.conversation)
        owed.store(change, each.holdings)


# The columns that the list decides.
_LISTED = ("title", "start_time", "end_time", "minutes", "segment_count", "calendar_event_id")


def _values(row: Listing) -> tuple[str | float | int | None, ...]:
    return (
        row.title,
        format_time(row.start_time),
        write_time(row.end_time),
        row.minutes,
        row.segment_count,
        row.calendar_event_id,
    )


def _insert(change: Change, each: ListingChange, now: datetime) -> None:
    change.connection.execute(
        """
        insert into conversations (
            title, start_time, end_time, minutes, segment_count, calendar_event_id, id, first_seen_at, changed
        )
        values (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (*_values(each.row), each.row.id, format_time(now), change.number),
    )


def _update(change: Change, each: ListingChange) -> None:
    """Write the row as listed; `changed` moves only if a column differs, a lifted tombstone included."""
    values = _values(each.row)
    found = change.connection.execute(
        """
        select title, start_time, end_time, minutes, segment_count, calendar_event_id, gone_at
        from conversations where id = ?
        """,
        (each.row.id,),
    ).fetchone()
    if found == (*values, None):
        return
    change.connection.execute(
        """
        update conversations
        set title = ?, start_time = ?, end_time = ?, minutes = ?, segment_count = ?, calendar_event_id = ?,
            gone_at = null, gone_evidence = null, changed = ?
        where id = ?
        """,
        (*values, change.number, each.row.id),
    )


def is_as_listed(connection: sqlite.Connection, row: Listing) -> bool:
    """Whether a conversation says what its row of the list does."""
    sql = f"select {', '.join(_LISTED)} from conversations where id = ?"  # noqa: S608 - column names only
    return bool(connection.execute(sql, (row.id,)).fetchone() == _values(row))


def correct(change: Change, row: Listing) -> None:
    """Make a conversation say what its row of the list does; what else is known of it stays."""
    columns = ", ".join(f"{column} = ?" for column in _LISTED)
    sql = f"update conversations set {columns}, changed = ? where id = ?"  # noqa: S608 - column names only
    change.connection.execute(sql, (*_values(row), change.number, row.id))


def _store_sighting(change: Change, conversation: Conversation) -> None:
    change.connection.execute(
        """
        insert into sightings (conversation_id, listing_digest, missed_sweeps, suspect)
        values (?, ?, 0, 0)
        on conflict (conversation_id) do update
        set listing_digest = excluded.listing_digest, missed_sweeps = 0, suspect = 0
        """,
        (conversation.id, conversation.listing_digest),
    )


def suspect(change: Change, ids: Iterable[str]) -> None:
    """Note that these are said to be deleted; it proves nothing yet."""
    change.connection.executemany(
        "update sightings set suspect = 1 where conversation_id = ?", [(conversation_id,) for conversation_id in ids]
    )


def mark_gone(change: Change, conversation_id: str, evidence: str, now: datetime) -> None:
    """Mark a conversation as deleted at Convo. What is archived of it stays."""
    there = "select 1 from conversations where id = ? and gone_at is null"
    if change.connection.execute(there, (conversation_id,)).fetchone() is None:
        return
    change.connection.execute(
        "update conversations set gone_at = ?, gone_evidence = ?, changed = ? where id = ?",
        (format_time(now), evidence, change.number, conversation_id),
    )


def settle_sweep(change: Change, verdict: Vanished, run_id: int, now: datetime, *, swept: bool) -> None:
    """Commit what a finished sweep proved, and whether another is needed at once; forget its place."""
    clear_place(change)
    change.connection.execute("update runs set swept = ? where id = ?", (int(swept), run_id))
    change.connection.executemany(
        "update sightings set missed_sweeps = missed_sweeps + 1 where conversation_id = ?",
        [(conversation_id,) for conversation_id in verdict.missed],
    )
    for conversation_id, evidence in verdict.gone:
        mark_gone(change, conversation_id, evidence, now)


def clear_place(change: Change) -> None:
    """Forget the unfinished sweep."""
    change.connection.execute("delete from sweep")
    change.connection.execute("delete from sweep_seen")


def store_place(change: Change, sweep: Sweep) -> None:
    """Remember how far the sweep got, and whom it saw."""
    change.connection.execute(
        """
        insert into sweep (id, started_at, next_offset, pass, least, total, steady) values (1, ?, ?, ?, ?, ?, ?)
        on conflict (id) do update
        set started_at = excluded.started_at, next_offset = excluded.next_offset, pass = excluded.pass,
            least = excluded.least, total = excluded.total, steady = excluded.steady
        """,
        (
            format_time(sweep.started_at),
            sweep.next_offset,
            sweep.pass_number,
            sweep.least,
            sweep.total,
            int(sweep.steady),
        ),
    )
    change.connection.execute("delete from sweep_seen where pass > ?", (sweep.pass_number,))
    seen = [(0, id_) for id_ in sweep.seen_before] + [(sweep.pass_number, id_) for id_ in sweep.seen]
    held = set(change.connection.execute("select pass, conversation_id from sweep_seen"))
    if held - set(seen):
        change.connection.execute("delete from sweep_seen")
        held = set()
    change.connection.executemany(
        "insert into sweep_seen (pass, conversation_id) values (?, ?)", [each for each in seen if each not in held]
    )


def place(connection: sqlite.Connection) -> Sweep | None:
    """The sweep that an earlier run left unfinished."""
    row = connection.execute("select started_at, next_offset, pass, least, total, steady from sweep").fetchone()
    if row is None:
        return None
    started_at, next_offset, pass_number, least, total, steady = row
    seen: dict[int, set[str]] = {0: set(), pass_number: set()}
    for pass_, conversation_id in connection.execute("select pass, conversation_id from sweep_seen"):
        seen.setdefault(pass_, set()).add(conversation_id)
    return Sweep(
        parse_time(started_at),
        next_offset,
        pass_number,
        least,
        total,
        bool(steady),
        seen=frozenset(seen[pass_number]),
        seen_before=frozenset(seen[0]),
    )


def missing(connection: sqlite.Connection, seen: Collection[str], before: datetime) -> Sequence[Missing]:
    """The conversations not yet gone that a sweep did not show, though they were there when it began."""
    rows = connection.execute(
        """
        select c.id, s.missed_sweeps, s.suspect,
            c.id in (select conversation_id from documents where kind = 'transcript')
        from conversations c
        join sightings s on s.conversation_id = c.id
        where c.gone_at is null and c.first_seen_at <= ?
        order by c.start_time
        """,
        (format_time(before),),
    )
    return [
        Missing(id_, missed, holds_transcript=bool(holds), suspect=bool(suspect))
        for id_, missed, suspect, holds in rows
        if id_ not in seen
    ]


def overview(connection: sqlite.Connection) -> Overview:
    """Counts and times that decide what to list."""
    active, newest = connection.execute(
        "select count(*), max(start_time) from conversations where gone_at is null"
    ).fetchone()
    # The newest record, not the latest time: a clock that once ran ahead must not decide for years.
    last_sweep = _newest_run(connection, "swept = 1")
    last_complete = _newest_run(connection, "listing = 'complete'")
    return Overview(active, read_time(newest), read_time(last_sweep), read_time(last_complete))


def _newest_run(connection: sqlite.Connection, where: str) -> str | None:
    sql = f"select started_at from runs where {where} order by id desc limit 1"  # noqa: S608 - literals of this file
    row = connection.execute(sql).fetchone()
    return row[0] if row else None
