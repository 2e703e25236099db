"""What `actions`, `decisions`, `prep` and `digest` get: frozen values, ready to be printed or turned into JSON.

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
