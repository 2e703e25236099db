"""Holdings: what the archive has of each kind, and what a run still owes, however the one before it ended.

Functions that read take a connection, those that write the open transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from convo_sync.archive import sqlite
from convo_sync.archive.transaction import Change
from convo_sync.plan.schedule import LONGEST_STEP
from convo_sync.records import Candidate, Conversation, ConversationId, Holding, Kind, Owed, State
from convo_sync.times import format_time, parse_time, read_time, write_time

_CONVERSATION = """
    c.id, c.title, c.start_time, c.end_time, c.minutes, c.segment_count,
    s.listing_digest, c.gone_at, s.missed_sweeps, s.suspect
"""
_HOLDING = """
    h.conversation_id, h.kind, h.state, h.next_try_at, h.anchor_at, h.tries, h.reason, h.digest, h.checked_at,
    h.failures
"""
_OWED = f"""
    select {_CONVERSATION}, {_HOLDING}
    from holdings h
    join conversations c on c.id = h.conversation_id
    join sightings s on s.conversation_id = c.id
"""  # noqa: S608 - column names only
_WIDTH = 10
# Clocks drift against each other: a time just set to the longest step ahead must not look as if it were beyond it.
_SLACK = timedelta(hours=1)


def _conversation(row: Sequence[object]) -> Conversation:
    id_, title, start, end, minutes, count, digest, gone_at, missed, suspect = row
    return Conversation(
        ConversationId(str(id_)),
        str(title),
        parse_time(str(start)),
        read_time(end),  # type: ignore[arg-type]  # text or null, by the schema
        minutes,  # type: ignore[arg-type]
        count,  # type: ignore[arg-type]
        str(digest),
        read_time(gone_at),  # type: ignore[arg-type]
        missed,  # type: ignore[arg-type]
        bool(suspect),
    )


def _holding(row: Sequence[object]) -> Holding:
    id_, kind, state, next_try, anchor, tries, reason, digest, checked, failures = row
    return Holding(
        ConversationId(str(id_)),
        Kind(str(kind)),
        State(str(state)),
        read_time(next_try),  # type: ignore[arg-type]  # text or null, by the schema
        read_time(anchor),  # type: ignore[arg-type]
        tries,  # type: ignore[arg-type]
        str(reason),
        digest,  # type: ignore[arg-type]
        read_time(checked),  # type: ignore[arg-type]
        failures,  # type: ignore[arg-type]
    )


def _owed(rows: Iterable[Sequence[object]]) -> list[Owed]:
    return [Owed(_conversation(row[:_WIDTH]), _holding(row[_WIDTH:])) for row in rows]


def conversation(connection: sqlite.Connection, conversation_id: ConversationId) -> Conversation | None:
    """One conversation as the archive knows it."""
    sql = f"""
        select {_CONVERSATION}
        from conversations c join sightings s on s.conversation_id = c.id
        where c.id = ?
    """  # noqa: S608 - column names only
    row = connection.execute(sql, (conversation_id,)).fetchone()
    return _conversation(row) if row else None


def of_conversation(connection: sqlite.Connection, conversation_id: ConversationId) -> tuple[Holding, ...]:
    """All holdings of one conversation."""
    sql = f"select {_HOLDING} from holdings h where h.conversation_id = ? order by h.kind"  # noqa: S608
    return tuple(_holding(row) for row in connection.execute(sql, (conversation_id,)))


def due(connection: sqlite.Connection, now: datetime, *, retry_failed: bool) -> Sequence[Owed]:
    """The holdings whose time has come. A time beyond the longest step came from a wrong clock, and has come too."""
    rows = connection.execute(
        f"""
        {_OWED}
        where c.gone_at is null
        and (h.next_try_at <= ? or h.next_try_at > ? or (? and h.failures > 0))
        """,
        (format_time(now), format_time(now + LONGEST_STEP + _SLACK), int(retry_failed)),
    )
    return _owed(rows)


def least_recently_checked(connection: sqlite.Connection, count: int, kind: Kind | None) -> Sequence[Owed]:
    """The documents, absent ones included, that the server was asked for longest ago; of one kind or any."""
    rows = connection.execute(
        f"""
        {_OWED}
        where c.gone_at is null and h.state in ('present', 'absent') and h.kind = coalesce(?, h.kind)
        order by h.checked_at limit ?
        """,
        (kind, count),
    )
    return _owed(rows)


def everything(connection: sqlite.Connection, conversation_id: ConversationId | None) -> Sequence[Owed]:
    """All holdings of all conversations, deleted ones too, or of one."""
    if conversation_id is None:
        return _owed(connection.execute(_OWED))
    return _owed(connection.execute(f"{_OWED} where c.id = ?", (conversation_id,)))


def transcripts(connection: sqlite.Connection, ids: Iterable[str]) -> Sequence[Owed]:
    """The transcript holdings of these conversations."""
    sql = f"{_OWED} where h.kind = 'transcript' and c.id = ?"
    return [each for id_ in ids for each in _owed(connection.execute(sql, (id_,)))]


def newest(connection: sqlite.Connection, count: int) -> frozenset[ConversationId]:
    """The ids of the newest conversations."""
    rows = connection.execute(
        "select id from conversations where gone_at is null order by start_time desc, id desc limit ?", (count,)
    )
    return frozenset(ConversationId(id_) for (id_,) in rows)


def candidates(connection: sqlite.Connection, *, excluded_only: bool) -> Sequence[Candidate]:
    """Every conversation that rules may exclude, or those of which something is excluded now."""
    where = "where h.conversation_id in (select conversation_id from holdings where state = 'excluded')"
    rows = connection.execute(
        f"""
        select c.id, c.title, c.start_time, coalesce(e.event_id, c.calendar_event_id), sum(h.state = 'excluded'),
            sum(h.state <> 'excluded')
        from holdings h
        join conversations c on c.id = h.conversation_id
        left join event_links l on l.conversation_id = c.id
        left join events e on e.item = l.item
        {where if excluded_only else ""}
        group by h.conversation_id
        """  # noqa: S608 - a literal of ours
    )
    return [
        Candidate(ConversationId(id_), title, parse_time(start), event_id, excluded, others)
        for id_, title, start, event_id, excluded, others in rows
    ]


def invited(connection: sqlite.Connection, event_ids: Collection[str]) -> Mapping[str, Sequence[str]]:
    """Calendar event -> names and addresses of those invited, whichever of its days is meant."""
    found: dict[str, list[str]] = {}
    for event_id, *named in connection.execute(
        "select e.event_id, a.email, a.name from events e join attendees a on a.item = e.item"
    ):
        if event_id in event_ids:
            found.setdefault(event_id, []).extend(filter(None, named))
    return found


def held_substance(connection: sqlite.Connection, conversation_id: ConversationId, kind: Kind) -> int | None:
    """How much the current document says; None where there is none."""
    row = connection.execute(
        "select substance from documents where coalesce(conversation_id, '') = ? and kind = ?",  # as the index has it
        (conversation_id, kind.value),
    ).fetchone()
    return int(row[0]) if row else None


def store(change: Change, holdings: Iterable[Holding]) -> None:
    """Write holdings as they are now."""
    change.connection.executemany(
        """
        insert into holdings (
            conversation_id, kind, state, next_try_at, anchor_at, tries, reason, digest, checked_at, failures
        )
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict (conversation_id, kind) do update
        set state = excluded.state, next_try_at = excluded.next_try_at, anchor_at = excluded.anchor_at,
            tries = excluded.tries, failures = excluded.failures, reason = excluded.reason,
            digest = excluded.digest, checked_at = excluded.checked_at
        """,
        [
            (
                each.conversation_id,
                each.kind.value,
                each.state.value,
                write_time(each.next_try_at),
                write_time(each.anchor_at),
                each.tries,
                each.reason,
                each.digest,
                write_time(each.checked_at),
                each.failures,
            )
            for each in holdings
        ],
    )
