"""Some days in brief: the meetings, who was there, what was decided and promised. It reads; days are arguments."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from convo_sync.archive import people, promises, sqlite
from convo_sync.archive.promises import Search, Wish
from convo_sync.briefs import Company, Digest, Excerpt, MeetingRow
from convo_sync.times import parse_time


def digest(
    connection: sqlite.Connection, search: Search, rows: Sequence[MeetingRow], since: str, before: str, limit: int
) -> Digest:
    """The meetings of a few days, and what came of them.

    Args:
        rows: the conversations that began since then and before then, the newest first.
        limit: decisions and action items at most, each.
    """
    meetings = tuple(row._replace(minutes=_minutes(row)) for row in reversed(rows))
    decided = promises.decisions(connection, search, since=since, before=before, limit=limit)
    promised = promises.action_items(connection, search, Wish(since=since, before=before), limit)
    newest = connection.execute("select max(start_time) from conversations where start_time < ?", (before,)).fetchone()
    return Digest(
        decided.as_of,
        meetings,
        _company(connection, meetings),
        Excerpt(decided.total, decided.decisions),
        Excerpt(promised.total, promised.items),
        len(promises.open_items(connection)),
        newest[0],
    )


def _minutes(row: MeetingRow) -> float | None:
    """The length as the server has it, else from beginning to end; None while it is not known."""
    if row.minutes is not None or row.end_time is None:
        return row.minutes
    seconds = (parse_time(row.end_time) - parse_time(row.start_time)).total_seconds()
    return max(0.0, seconds / 60)


def _company(connection: sqlite.Connection, meetings: Sequence[MeetingRow]) -> tuple[Company, ...]:
    """Everybody but the owner, those met most often first."""
    present, me = people.present(connection), people.owner(connection)
    met: Counter[str] = Counter()
    minutes: defaultdict[str, float] = defaultdict(float)
    for row in meetings:
        for name in present.get(row.id, ()):
            if not me.is_meant(name, row.id):
                met[name] += 1
                minutes[name] += row.minutes or 0.0
    found = (Company(name, count, minutes[name]) for name, count in met.items())
    return tuple(sorted(found, key=lambda each: (-each.meetings, -each.minutes)))
