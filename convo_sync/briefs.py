"""What `actions`, `decisions`, `prep`, `digest` and `archive history` get: frozen values, ready to be printed.

Apart from `views`, so that `list` and `show` need not define them. Times are text in the archive's one width (UTC).
`as_of` is when the last complete sync ended, None before the first. Standard library only; it knows no printer.
"""

from typing import Any, NamedTuple

from convo_sync.hits import Hit as Hit
from convo_sync.views import MeetingRow as MeetingRow


class Known(NamedTuple):
    """What could be looked at: conversations, and those of them without a transcript, or without key points.

    `owner`: whether anything says whose archive it is.
    """

    conversations: int
    without_transcript: int
    without_keypoints: int
    owner: bool


class Promise(NamedTuple):
    """An action item in its meeting. `number` is its own for good; `done_at` is None while it is open."""

    number: int
    conversation_id: str
    title: str
    start_time: str
    position: int
    text: str
    owner: str | None
    priority: str | None
    confidence: float | None
    done_at: str | None


class Promises(NamedTuple):
    """Action items that were asked for. `total`: before the limit; `done`: left out as done; `owners`: of all items."""

    as_of: str | None
    total: int
    done: int
    items: tuple[Promise, ...]
    owners: tuple[str, ...]
    coverage: Known


class Decision(NamedTuple):
    """A decision in its meeting."""

    conversation_id: str
    title: str
    start_time: str
    position: int
    text: str


class Decisions(NamedTuple):
    """Decisions that were asked for. `total`: before the limit."""

    as_of: str | None
    total: int
    decisions: tuple[Decision, ...]
    coverage: Known


class Past(NamedTuple):
    """A meeting that was. `topics`: the headings of its key points."""

    id: str
    title: str
    start_time: str
    minutes: float | None
    topics: tuple[str, ...]


class Attendee(NamedTuple):
    """Somebody invited. `meetings`: how many they were in; `last_id` and `last_start`: the newest of those."""

    name: str | None
    email: str | None
    response_status: str | None
    meetings: int
    last_id: str | None
    last_start: str | None


class Event(NamedTuple):
    """A calendar event. `start` is an instant, or a day where it takes whole days; None where nobody said."""

    id: str
    title: str | None
    start: str | None
    attendees: tuple[Attendee, ...]


class Invited(NamedTuple):
    """Somebody invited, as the calendar has them."""

    name: str | None
    email: str | None
    response_status: str | None


class Planned(NamedTuple):
    """One occurrence of a calendar event. `item` tells it from all others; whole days have dates instead of times.

    `end_date` is the day after the last, as in the calendar.
    """

    item: str
    id: str
    title: str | None
    start_time: str | None
    start_date: str | None
    end_time: str | None
    end_date: str | None
    time_zone: str | None
    attendees: tuple[Invited, ...]


class Agenda(NamedTuple):
    """Some events. `read_at`: when the calendar was last read to its end; None: never."""

    as_of: str | None
    read_at: str | None
    events: tuple[Planned, ...]


class Excerpt(NamedTuple):
    """The first few of a kind, and how many there are; None: more than these."""

    total: int | None
    entries: tuple[Any, ...]


class Briefing(NamedTuple):
    """What to know before a meeting. `kind`: event, person or topic; `people`: names as the meetings have them.

    Excerpts of: `meetings` Past, `theirs` and `yours` Promise (open), `decisions` Decision, `points` and `said` Hit.
    """

    query: str
    kind: str
    as_of: str | None
    people: tuple[str, ...]
    event: Event | None
    meetings: Excerpt
    theirs: Excerpt
    yours: Excerpt
    decisions: Excerpt
    points: Excerpt
    said: Excerpt
    coverage: Known

    @property
    def is_empty(self) -> bool:
        """Whether the archive has nothing to say."""
        parts = (self.meetings, self.theirs, self.yours, self.decisions, self.points, self.said)
        return self.event is None and not any(each.entries for each in parts)


class Company(NamedTuple):
    """Somebody that the owner met: in how many meetings, of how many minutes together."""

    name: str
    meetings: int
    minutes: float


class Digest(NamedTuple):
    """Some days in brief. `meetings` oldest first, their `minutes` told or reckoned; `open_in_all`: of any day.

    Excerpts of: `decisions` Decision, `open_items` Promise. `newest`: the start of the last meeting before the end.
    """

    as_of: str | None
    meetings: tuple[MeetingRow, ...]
    company: tuple[Company, ...]
    decisions: Excerpt
    open_items: Excerpt
    open_in_all: int
    newest: str | None


class Line(NamedTuple):
    """One line of what a version of a document says: a turn, a point, a fact.

    `label`: what kind of line it is, in words of ours; `position`: of a turn, 0-based; `named`: how many words at its
    beginning say who speaks.
    """

    label: str
    text: str
    position: int | None = None
    named: int = 0


class Piece(NamedTuple):
    """Some words of a line. `op`: same, removed or added."""

    op: str
    text: str


class ChangedLine(NamedTuple):
    """A line in two versions. `position` and `named` as in `Line`, of the newer version where it has the line."""

    label: str
    position: int | None
    named: int
    pieces: tuple[Piece, ...]


class Hunk(NamedTuple):
    """Changed lines with an unchanged one around them. `skipped`: how many unchanged lines before it are left out."""

    skipped: int
    lines: tuple[ChangedLine, ...]


class Comparison(NamedTuple):
    """What changed from one version to the next, in words."""

    added: int
    removed: int
    hunks: tuple[Hunk, ...]


class Revision(NamedTuple):
    """One version of a document. `cause`: rule, hand or found; `words`: how many it has, None where it is unreadable.

    `change`: against the version before; None for the first, and where one of the two is unreadable. `unreadable`: why.
    """

    kind: str
    item: str
    title: str | None
    revision: int
    current: bool
    fetched_at: str
    cause: str
    reason: str
    rule: str | None
    words: int | None
    change: Comparison | None
    unreadable: str | None


class History(NamedTuple):
    """The versions of one conversation's documents, by kind and item, oldest first."""

    meeting: MeetingRow
    revisions: tuple[Revision, ...]
