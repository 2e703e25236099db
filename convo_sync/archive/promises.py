"""Questions about action items and decisions: whose, how urgent, since when, about what. It only reads.

What words are about, the ranked search says; `marks` writes what is read here. Must not know how an answer is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple, TypeVar

from convo_sync.archive import people, sqlite
from convo_sync.briefs import Decision, Decisions, Known, Promise, Promises
from convo_sync.hits import SearchResult

Search = Callable[..., SearchResult]
Entry = TypeVar("Entry", Promise, Decision)

# Hits that are asked for; more where the other conditions left too few of these.
FIRST_LOOK, LONG_LOOK = 400, 10_000
_ITEMS = """
    select number, conversation_id, title, start_time, position, text, owner, priority, confidence, done_at
    from meeting_action_items
    where (?1 is null or start_time >= ?1) and (?2 is null or start_time < ?2) and (?3 = '' or lower(priority) = ?3)
    order by start_time desc, conversation_id, position
"""
_DECISIONS = """
    select conversation_id, title, start_time, position, text
    from meeting_decisions
    where (?1 is null or start_time >= ?1) and (?2 is null or start_time < ?2)
    order by start_time desc, conversation_id, position
"""
_KNOWN = """
    select
        count(*), count(*) - (select count(*) from documents where kind = 'transcript'),
        count(*) - (select count(*) from documents where kind = 'keypoints')
    from conversations
"""


class Wish(NamedTuple):
    """Which action items. `about`: words; `owner`: a part of the name, or “me”; `priority`: high, medium or low."""

    about: str = ""
    owner: str = ""
    priority: str = ""
    since: str | None = None
    before: str | None = None
    done: bool = False

    @property
    def narrowed(self) -> tuple[str | None, str | None, str]:
        """What SQL can tell."""
        return self.since, self.before, self.priority


def as_of(connection: sqlite.Connection) -> str | None:
    """When the last complete sync ended; None before the first."""
    sql = "select finished_at from runs where outcome = 'complete' order by id desc limit 1"
    row = connection.execute(sql).fetchone()
    return row[0] if row else None


def action_items(connection: sqlite.Connection, search: Search, wish: Wish, limit: int) -> Promises:
    """Action items, those of the newest meeting first; with words, the best first.

    Args:
        search: the ranked search; its `limit` and `kinds` are used.
        limit: items at most; -1 for all.
    """
    rows = _whose(connection, wish.owner, map(Promise._make, connection.execute(_ITEMS, wish.narrowed)))
    fitting = _about(search, wish.about, "action_item", rows, lambda found: is_enough(len(_open(found)), limit))
    wanted = fitting if wish.done else _open(fitting)
    shown = tuple(wanted[: limit if limit >= 0 else None])
    left_out = len(fitting) - len(wanted)
    return Promises(as_of(connection), len(wanted), left_out, shown, owners(connection), known(connection))


def open_items(connection: sqlite.Connection) -> list[Promise]:
    """All that are open, those of the newest meeting first."""
    return _open(map(Promise._make, connection.execute(_ITEMS, Wish().narrowed)))


def _open(items: Iterable[Promise]) -> list[Promise]:
    return [each for each in items if each.done_at is None]


def _whose(connection: sqlite.Connection, typed: str, items: Iterable[Promise]) -> list[Promise]:
    if not typed:
        return list(items)
    if typed.strip().casefold() != people.ME:
        return [each for each in items if people.is_part(typed, each.owner or "")]
    me = people.owner(connection)
    return [each for each in items if me.is_meant(each.owner, each.conversation_id)]


def numbered(connection: sqlite.Connection, numbers: Collection[int]) -> Mapping[int, tuple[str, str | None]]:
    """Number -> text and when it was marked as done, of those that exist, also where no meeting has them any more."""
    found: dict[int, tuple[str, str | None]] = {}
    for each in numbers:
        for text, done_at in connection.execute("select text, done_at from promises where number = ?", (each,)):
            found[each] = text, done_at
    return found


def owners(connection: sqlite.Connection) -> tuple[str, ...]:
    """Who is to do something, those with most action items first."""
    sql = "select owner from action_items where owner is not null group by owner order by count(*) desc, owner"
    return tuple(name for (name,) in connection.execute(sql))


def decisions(
    connection: sqlite.Connection,
    search: Search,
    about: str = "",
    *,
    since: str | None = None,
    before: str | None = None,
    limit: int = -1,
) -> Decisions:
    """Decisions, those of the newest meeting first; with words, the best first. Arguments as above."""
    rows = list(map(Decision._make, connection.execute(_DECISIONS, (since, before))))
    found = _about(search, about, "decision", rows, lambda found: is_enough(len(found), limit))
    shown = tuple(found[: limit if limit >= 0 else None])
    return Decisions(as_of(connection), len(found), shown, known(connection))


def is_enough(found: int, limit: int) -> bool:
    """Whether a longer look is not worth while; without a limit, where the best hits left anything."""
    return found >= limit if limit >= 0 else found > 0


def known(connection: sqlite.Connection) -> Known:
    """What could be looked at."""
    return Known._make((*connection.execute(_KNOWN).fetchone(), people.owner(connection).is_known))


def _about(
    search: Search, words: str, kind: str, rows: list[Entry], satisfies: Callable[[list[Entry]], bool]
) -> list[Entry]:
    """Those of the rows that the search finds, best first; all of them where there are no words."""
    found = rows
    for most in (FIRST_LOOK, LONG_LOOK) if words and rows else ():
        result = search(words, limit=most, kinds=(kind,))
        found = _in_order(result, rows)
        if not result.more or satisfies(found):
            break
    return found


def _in_order(result: SearchResult, rows: Iterable[Entry]) -> list[Entry]:
    # A hit of a note says its text, and not its place; items of the same text in one meeting are found together.
    ranks: dict[tuple[str, str], int] = {}
    for rank, hit in enumerate(result.hits):
        ranks.setdefault((hit.conversation_id, hit.text), rank)
    ranked = [each for each in rows if (each.conversation_id, each.text) in ranks]
    return sorted(ranked, key=lambda each: ranks[each.conversation_id, each.text])
