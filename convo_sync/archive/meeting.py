"""One conversation with everything that was derived from its documents. It only reads, and prints nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convo_sync.archive import sqlite
from convo_sync.views import ActionItem, Answer, Email, Meeting, MeetingRow, Segment, Speaker


def whole(connection: sqlite.Connection, row: MeetingRow) -> Meeting:
    """All that the archive has of a conversation."""
    of = _Rows(connection, row.id)
    feedback = of.all("select * from feedback where conversation_id = ?")
    columns = [each[1] for each in connection.execute("pragma table_info(feedback)")]
    return Meeting(
        row=row,
        keypoints=_sections(of),
        decisions=of.texts("decisions"),
        action_items=tuple(
            ActionItem(*each)
            for each in of.all(
                "select text, owner, priority, confidence from action_items where conversation_id = ? order by position"
            )
        ),
        important_dates=tuple(
            of.all(
                "select coalesce(date, ''), coalesce(context, '') from important_dates "
                "where conversation_id = ? order by position"
            )
        ),
        participants=of.texts("participants", "name"),
        speakers=tuple(
            Speaker(*each)
            for each in of.all(
                "select speaker, turns, words, coalesce(seconds, 0), share from speaking_time "
                "where conversation_id = ? order by words desc"
            )
        ),
        feedback=dict(zip(columns, feedback[0], strict=True)) if feedback else None,
        action_plan=of.texts("action_plan"),
        segments=tuple(
            Segment(*each)
            for each in of.all(
                "select position, speaker, timestamp, text from segments where conversation_id = ? order by position"
            )
        ),
        notes=dict(of.all("select kind, reason from holdings where conversation_id = ?")),
        answers=tuple(_answers(of)),
        emails=tuple(_emails(of)),
    )


class _Rows:
    """The rows of one conversation."""

    def __init__(self, connection: sqlite.Connection, conversation_id: str) -> None:
        self._connection = connection
        self._conversation_id = conversation_id

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, (self._conversation_id,)).fetchall()

    def texts(self, table: str, column: str = "text") -> tuple[str, ...]:
        sql = f"select {column} from {table} where conversation_id = ? order by position"  # noqa: S608 - our own names
        return tuple(text for (text,) in self.all(sql))


def _answers(of: _Rows) -> Iterator[Answer]:
    suggested: dict[str, list[str]] = {}
    sql = "select item, text from suggested_queries where conversation_id = ? order by item, position"
    for item, text in of.all(sql):
        suggested.setdefault(item, []).append(text)
    sql = """
        select a.item, a.query, a.response, d.fetched_at
        from documents d
        join answers a on a.conversation_id = d.conversation_id and a.item = d.item
        where coalesce(d.conversation_id, '') = ? and d.kind = 'answer'
        order by d.fetched_at, d.id
    """
    for item, query, response, asked_at in of.all(sql):
        yield Answer(item, query, response, tuple(suggested.get(item, ())), asked_at)


def _emails(of: _Rows) -> Iterator[Email]:
    sql = """
        select e.item, e.subject, e.body, coalesce(e.created_at, d.fetched_at) as at
        from documents d
        join emails e on e.conversation_id = d.conversation_id and e.item = d.item
        where coalesce(d.conversation_id, '') = ? and d.kind = 'email'
        order by at, d.id
    """
    return (Email(*each) for each in of.all(sql))


def _sections(of: _Rows) -> tuple[tuple[str, tuple[str, ...]], ...]:
    sections: dict[int, tuple[str, list[str]]] = {}
    sql = "select section, coalesce(heading, ''), text from keypoints where conversation_id = ? order by position"
    for section, heading, text in of.all(sql):
        points = sections.setdefault(section, (heading, []))[1]
        if text is not None:
            points.append(text)
    return tuple((heading, tuple(points)) for heading, points in sections.values())
