"""What to know before a meeting: with a person, about a topic, or for an event of the calendar. It only reads.

Must not know how an answer is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from convo_sync.archive import calendar, people, promises, sqlite
from convo_sync.archive.promises import Search, Wish
from convo_sync.briefs import Briefing, Decision, Excerpt, Past, Promise
from convo_sync.hits import Hit

_NONE = Excerpt(0, ())
_POINTS = ("title", "keypoints", "answer", "email")
_PASTS = "select id, title, start_time, minutes from conversations order by start_time desc, id"
_TOPICS = """
    select heading
    from keypoints
    where conversation_id = ? and heading is not null
    group by section, heading
    order by section
"""
_KEYPOINTS = """
    select k.conversation_id, c.title, c.start_time, k.text
    from keypoints k
    join conversations c on c.id = k.conversation_id
    where k.text is not null
    order by c.start_time desc, k.conversation_id, k.position
"""


class Sources:
    """What a briefing is made from: the archive, its ranked search, who is in it and whose it is."""

    def __init__(self, connection: sqlite.Connection, search: Search) -> None:
        self.connection = connection
        self.search = search
        self.present = people.present(connection)
        self.me = people.owner(connection)

    def everyone(self, typed: str, *, part: bool = False) -> tuple[str, ...]:
        """The names that these words mean."""
        return people.meant(typed, self.present, part=part)

    def mentioning(self, names: Collection[str]) -> Callable[[str], bool]:
        """Tells whether a text speaks of one of these."""
        others = {each for here in self.present.values() for each in here}.difference(names)
        return people.mentioning(names, others)


def brief(connection: sqlite.Connection, search: Search, words: str, now: datetime, limit: int) -> Briefing:
    """What is known of an event (its id or whole title), else of a person, of an event to come, or of a topic.

    Args:
        words: as a person typed them.
        limit: entries of each kind at most.
    """
    sources = Sources(connection, search)
    if event := calendar.named(connection, words, now):
        return _for_event(sources, words, event, limit)
    if names := sources.everyone(words):
        return _with_people(sources, words, names, limit)
    if event := calendar.coming(connection, words, now):
        return _for_event(sources, words, event, limit)
    names = sources.everyone(words, part=True)
    if names and not _is_said(sources, words):
        return _with_people(sources, words, names, limit)
    return _about(sources, words, limit)


def _is_said(sources: Sources, words: str) -> bool:
    """Whether any of these stands anywhere by itself; a search without quotes would take it for a beginning too."""
    quoted = " OR ".join('"{}"'.format(word.replace('"', "")) for word in words.split())
    return bool(sources.search(quoted, limit=1).hits)


# -- a person


def _with_people(sources: Sources, words: str, names: tuple[str, ...], limit: int) -> Briefing:
    together = people.meetings_of(sources.present, names)
    pasts = [past for past in _pasts(sources) if past.id in together]
    theirs, yours = _promised(sources, names)
    return _empty(sources, words, "person")._replace(
        people=names,
        meetings=_excerpt(pasts, limit, lambda past: _with_topics(sources, past)),
        theirs=_excerpt(theirs, limit),
        yours=_excerpt(yours, limit),
        decisions=_excerpt(_decided(sources, together), limit),
        points=_excerpt(_mentions(sources, names), limit),
    )


def _promised(sources: Sources, names: Sequence[str]) -> tuple[list[Promise], list[Promise]]:
    """The open items of these people, and those of the owner that are meant for them."""
    speaks_of_them = sources.mentioning(names)
    theirs: list[Promise] = []
    yours: list[Promise] = []
    for item in promises.open_items(sources.connection):
        if any(people.is_same(item.owner or "", name) for name in names):
            theirs.append(item)
        elif sources.me.is_meant(item.owner, item.conversation_id) and (
            speaks_of_them(item.text) or _is_between(sources, item.conversation_id, names)
        ):
            yours.append(item)
    return theirs, yours


def _is_between(sources: Sources, conversation_id: str, names: Collection[str]) -> bool:
    """Whether nobody else but the owner and these people took part."""
    here = sources.present.get(conversation_id, ())
    others = {name for name in here if not sources.me.is_meant(name, conversation_id)}
    return bool(others) and others.issubset(names)


def _decided(sources: Sources, meetings: Collection[str]) -> list[Decision]:
    found = promises.decisions(sources.connection, sources.search).decisions
    return [each for each in found if each.conversation_id in meetings]


def _mentions(sources: Sources, names: Sequence[str]) -> list[Hit]:
    speaks_of_them = sources.mentioning(names)
    return [_point(row) for row in sources.connection.execute(_KEYPOINTS) if speaks_of_them(row[3])]


def _point(row: tuple[Any, ...]) -> Hit:
    conversation_id, title, start, text = row
    return Hit(conversation_id, title, start, "keypoints", None, None, None, None, None, text, text, 0.0)


# -- an event


def _for_event(sources: Sources, words: str, found: Any, limit: int) -> Briefing:
    event, names = calendar.event(sources.connection, found, sources.me, sources.present)
    topic = _about(sources, event.title, limit) if event.title else _empty(sources, "", "topic")
    pasts = _before(sources, event.id, names)
    theirs, yours = _promised(sources, names)
    decided = [*topic.decisions.entries, *_decided(sources, {past.id for past in pasts})]
    return topic._replace(
        query=words,
        kind="event",
        people=names,
        event=event,
        meetings=_excerpt(pasts, limit, lambda past: _with_topics(sources, past)),
        theirs=_excerpt(theirs, limit),
        yours=_excerpt(yours, limit),
        decisions=_excerpt(list(dict.fromkeys(decided)), limit),
    )


def _before(sources: Sources, event_id: str, names: Collection[str]) -> list[Past]:
    """Meetings of this event first, then those with most of its guests; the newest of each first."""
    sql = "select id from conversations where calendar_event_id = ?"
    linked = {id_ for (id_,) in sources.connection.execute(sql, (event_id,))}
    shared = {each: len(set(here).intersection(names)) for each, here in sources.present.items()}
    pasts = [past for past in _pasts(sources) if past.id in linked or shared.get(past.id)]
    return sorted(pasts, key=lambda past: (past.id not in linked, -shared.get(past.id, 0)))


# -- a topic


def _about(sources: Sources, words: str, limit: int) -> Briefing:
    connection, search = sources.connection, sources.search
    said = search(words, limit=limit, kinds=("transcript",))
    points = search(words, limit=limit, kinds=_POINTS)
    promised = promises.action_items(connection, search, Wish(about=words), limit)
    decided = promises.decisions(connection, search, words, limit=limit)
    return _empty(sources, words, "topic")._replace(
        theirs=Excerpt(promised.total, promised.items),
        decisions=Excerpt(decided.total, decided.decisions),
        points=Excerpt(None if points.more else len(points.hits), points.hits),
        said=Excerpt(None if said.more else len(said.hits), said.hits),
    )


# -- what all have


def _empty(sources: Sources, words: str, kind: str) -> Briefing:
    moment, seen = promises.as_of(sources.connection), promises.known(sources.connection)
    return Briefing(words, kind, moment, (), None, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, seen)


def _pasts(sources: Sources) -> Iterable[Past]:
    return (Past._make((*row, ())) for row in sources.connection.execute(_PASTS))


def _with_topics(sources: Sources, past: Past) -> Past:
    return past._replace(topics=tuple(heading for (heading,) in sources.connection.execute(_TOPICS, (past.id,))))


def _excerpt(entries: Sequence[Any], limit: int, complete: Any = None) -> Excerpt:
    shown = entries[:limit]
    return Excerpt(len(entries), tuple(map(complete, shown) if complete else shown))
