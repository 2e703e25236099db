"""The ledger, the server's counter and the months, read; and what rules may choose from. Reads only."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from convo_sync.archive import owed, sqlite
from convo_sync.credits.balance import Books
from convo_sync.credits.entries import Entry, Period, Reading, Standing, Wish
from convo_sync.credits.fitness import Subject
from convo_sync.records import ConversationId, Holding, Kind, State
from convo_sync.times import parse_time, read_time

_ENTRIES = """
    select l.id, l.conversation_id, l.kind, l.rule, l.reason, l.forced, l.request, l.document_digest,
        l.transcript_digest, l.state, l.evidence, l.reserved_at, l.unknown_at, l.settled_at, l.period, l.last_period,
        l.reading_id, r.used, r.resets_at, l.item, l.digest
    from ledger l
    join credit_readings r on r.id = l.reading_id
"""


def books(connection: sqlite.Connection) -> Books:
    """Everything that was written down about credits; the readings are those of the current month."""
    row = connection.execute(
        "select number, resets_at, cap_warned_at, low_warned_at from credit_periods order by number desc limit 1"
    ).fetchone()
    period = row and Period(row[0], read_time(row[1]), row[2] is not None, row[3] is not None)
    return Books(period, _readings(connection, period.number if period else 0), entries(connection))


def _readings(connection: sqlite.Connection, period: int) -> Sequence[Reading]:
    rows = connection.execute(
        """
        select id, read_at, used, allowance, remaining, resets_at, period
        from credit_readings where period = ? order by id
        """,
        (period,),
    )
    return [
        Reading(id_, parse_time(read_at), used, allowance, remaining, read_time(resets_at), number)
        for id_, read_at, used, allowance, remaining, resets_at, number in rows
    ]


def entries(connection: sqlite.Connection, where: str = "", *values: Any) -> Sequence[Entry]:
    """Lines of the ledger of which `where`, a literal clause, holds; oldest first."""
    return [_entry(row) for row in connection.execute(f"{_ENTRIES} {where} order by l.id", values)]


def _entry(row: Sequence[Any]) -> Entry:
    id_, conversation_id, kind, rule, reason, forced, request, document, transcript = row[:9]
    (
        state,
        evidence,
        reserved_at,
        unknown_at,
        settled_at,
        period,
        last_period,
        reading,
        used,
        resets_at,
        item,
        digest,
    ) = row[9:]
    wish = Wish(
        ConversationId(conversation_id), Kind(kind), rule, reason, bool(forced), request, document, transcript
    )  # fmt: skip
    return Entry(
        id_,
        wish,
        Standing(state),
        evidence,
        parse_time(reserved_at),
        read_time(unknown_at),
        read_time(settled_at),
        period,
        last_period,
        reading,
        used,
        read_time(resets_at),
        item,
        digest,
    )


def subjects(
    connection: sqlite.Connection, kinds: Collection[Kind], conversation_id: ConversationId | None = None
) -> Sequence[Subject]:
    """Every conversation (or one) with what is held of these kinds.

    A document is outdated where the transcript's current version came after it (and after the server made it), and
    another version before it.
    """
    if not kinds:
        return []
    # Without the plus, c.id would lend its affinity to the comparison, and the index of documents would not serve.
    rows = connection.execute(
        f"""
        select h.conversation_id, h.kind, coalesce(o.turns, 0), coalesce(d.created_at, d.fetched_at), t.digest,
            tr.fetched_at, coalesce(tr.id > dr.id and coalesce(d.created_at, '') < tr.fetched_at and exists (
                select 1 from revisions e where e.document_id = t.id and e.id < dr.id
            ), 0)
        from holdings h
        join conversations c on c.id = h.conversation_id
        left join _outlines o on o.number = c.number
        left join documents d on coalesce(d.conversation_id, '') = +c.id and d.kind = h.kind and d.item = ''
        left join revisions dr on dr.document_id = d.id and dr.revision = d.revision
        left join documents t on coalesce(t.conversation_id, '') = +c.id and t.kind = 'transcript' and t.item = ''
        left join revisions tr on tr.document_id = t.id and tr.revision = t.revision
        where h.kind in (select value from json_each(?)) {"and c.id = ?" if conversation_id else ""}
        """,  # noqa: S608 - a literal of ours
        (json.dumps([kind.value for kind in kinds]), *([conversation_id] if conversation_id else [])),
    ).fetchall()
    known = _known(connection, conversation_id)
    return [
        Subject(
            known[id_][0],
            known[id_][1].get(Kind.TRANSCRIPT, Holding(id_, Kind.TRANSCRIPT, State.PENDING)),
            known[id_][1][Kind(kind)],
            turns,
            read_time(made_at),
            transcript,
            read_time(transcript_at),
            bool(is_outdated),
        )
        for id_, kind, turns, made_at, transcript, transcript_at, is_outdated in rows
    ]


def _known(connection: sqlite.Connection, conversation_id: ConversationId | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in owed.everything(connection, conversation_id):
        found.setdefault(each.conversation.id, (each.conversation, {}))[1][each.holding.kind] = each.holding
    return found


def answered(connection: sqlite.Connection, wish: Wish) -> str | None:
    """The item of the newest answer or e-mail that the same request about the same transcript brought.

    Capitals make no other request.
    """
    rows = connection.execute(
        """
        select l.item, l.request
        from ledger l
        join documents d on d.conversation_id = l.conversation_id and d.kind = l.kind and d.item = l.item
        where l.conversation_id = ? and l.kind = ? and l.transcript_digest is ?
        order by l.id desc
        """,
        (wish.conversation_id, wish.kind.value, wish.transcript_digest),
    )
    wanted = (wish.request or "").casefold()
    return next((str(item) for item, request in rows if str(request).casefold() == wanted), None)
