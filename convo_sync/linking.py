"""Which calendar event a conversation was: the one that it names, else the likeliest by time, title and people. Pure.

Times are seconds since 1970, so that no calendar ends.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from convo_sync.texts import folded

BY_ID, BY_LIKENESS = "id", "likeness"
# Reached by a time that fits and anything that speaks for it besides; not by a time that fits alone.
THRESHOLD = 0.65
_TIME, _TITLE, _PEOPLE = 0.5, 0.3, 0.2
# Of a title or people that one of the two sides does not have.
_UNTOLD = 0.5
_HOUR = 3600.0
_DAY = 24 * _HOUR
# A meeting of which only the beginning is known may begin so much before or after the event.
_LATE = _HOUR / 2
# What a recording calls those whom it could not name.
_NOBODY = re.compile(r"(?:speaker|unknown|guest|participant)\W*\w{0,2}", re.IGNORECASE)


class Occasion(NamedTuple):
    """One occurrence of a calendar event. `start` is None where nobody said.

    `by_id_only`: it lasts whole days, or was withdrawn, and is no meeting's likeness. `people`: those invited, each by
    the name or by what stands before the @.
    """

    item: str
    event_id: str
    title: str
    start: float | None
    end: float | None
    by_id_only: bool
    people: tuple[str, ...]


class Meeting(NamedTuple):
    """A conversation. `event_id`: of the event that it names; `people`: who took part or spoke."""

    id: str
    title: str
    start: float
    end: float | None
    event_id: str | None
    people: tuple[str, ...]


class Link(NamedTuple):
    """A conversation was this event: `how` is id or likeness, `score` is above 0 and at most 1."""

    conversation_id: str
    item: str
    score: float
    how: str


def link(meetings: Iterable[Meeting], occasions: Collection[Occasion]) -> tuple[Link, ...]:
    """At most one link a conversation; an event may have several, as where a recording was begun anew.

    What comes out depends on what goes in, and not on its order.
    """
    by_id: dict[str, list[Occasion]] = {}
    for each in occasions:
        by_id.setdefault(each.event_id, []).append(each)
    timed = sorted((each for each in occasions if _is_timed(each)), key=_begin)
    begins = [_begin(each) for each in timed]
    found = (_link(each, by_id, timed, begins) for each in sorted(meetings, key=lambda each: each.id))
    return tuple(each for each in found if each is not None)


def _is_timed(occasion: Occasion) -> bool:
    return not occasion.by_id_only and occasion.start is not None and _end(occasion) - occasion.start <= _DAY


def _begin(occasion: Occasion) -> float:
    return 0.0 if occasion.start is None else occasion.start


def _end(occasion: Occasion) -> float:
    begin = _begin(occasion)
    return occasion.end if occasion.end is not None and occasion.end > begin else begin + _HOUR


def _link(
    meeting: Meeting, by_id: dict[str, list[Occasion]], timed: Sequence[Occasion], begins: Sequence[float]
) -> Link | None:
    named = by_id.get(meeting.event_id or "")
    if named:
        # Every day of a repeated event has the same id.
        nearest = min(named, key=lambda each: (each.start is None, abs(meeting.start - _begin(each)), each.item))
        return Link(meeting.id, nearest.item, 1.0, BY_ID)
    last = max(meeting.start, meeting.end or meeting.start) + _LATE
    near = timed[bisect_left(begins, meeting.start - _DAY) : bisect_right(begins, last)]
    scored = [(-score(meeting, each), each.start, each.item) for each in near]
    best = min(scored, default=None)
    if best is None or -best[0] < THRESHOLD:
        return None
    return Link(meeting.id, best[2], -best[0], BY_LIKENESS)


def score(meeting: Meeting, occasion: Occasion) -> float:
    """How like the two are, 0 to 1, in thousandths; 0 where their times have nothing in common."""
    together = _time(meeting, occasion)
    if not together:
        return 0.0
    parts = _TIME * together + _TITLE * _title(meeting, occasion) + _PEOPLE * _people(meeting, occasion)
    return round(parts, 3)


def _time(meeting: Meeting, occasion: Occasion) -> float:
    """The mean share that the time which they have in common has in either."""
    begin, end = _begin(occasion), _end(occasion)
    if meeting.end is None or meeting.end <= meeting.start:
        return max(0.0, 1 - abs(meeting.start - begin) / _LATE)
    common = min(end, meeting.end) - max(begin, meeting.start)
    if common <= 0:
        return 0.0
    return min(1.0, (common / (end - begin) + common / (meeting.end - meeting.start)) / 2)


def _title(meeting: Meeting, occasion: Occasion) -> float:
    """The share of the words of both titles that are in both."""
    one, other = _words(meeting.title), _words(occasion.title)
    return len(one & other) / len(one | other) if one and other else _UNTOLD


def _people(meeting: Meeting, occasion: Occasion) -> float:
    """How many of those invited were there, of as many as could be."""
    invited = [words for name in occasion.people if (words := _words(name))]
    present = [words for name in meeting.people if not _NOBODY.fullmatch(name.strip()) and (words := _words(name))]
    if not invited or not present:
        return _UNTOLD
    met = sum(any(one <= other or other <= one for other in present) for one in invited)
    return min(1.0, met / min(len(invited), len(present)))


def _words(text: str) -> frozenset[str]:
    return frozenset("".join(each if each.isalnum() else " " for each in folded(text)).split())
