"""What a reader of the archive gets: frozen values, ready to be printed or turned into JSON. Standard library only.

Times are text in the archive's one width (UTC); turning them into local days is the printer's business. They are named
tuples, for the reason that `hits` gives.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from convo_sync.hits import Coverage as Coverage
from convo_sync.hits import Hit as Hit
from convo_sync.hits import SearchResult as SearchResult
from convo_sync.hits import Segment as Segment


class MeetingRow(NamedTuple):
    """One line of ``list``. `transcript`, `keypoints` and `feedback` are states of holdings."""

    id: str
    title: str
    start_time: str
    end_time: str | None
    minutes: float | None
    segments: int
    transcript: str
    keypoints: str
    feedback: str
    gone_at: str | None


class ActionItem(NamedTuple):
    """Something to do, by whom."""

    text: str
    owner: str | None
    priority: str | None
    confidence: float | None


class Speaker(NamedTuple):
    """Who spoke how much; `share` of the meeting's words, 0 to 1."""

    name: str
    turns: int
    words: int
    seconds: float
    share: float


class Answer(NamedTuple):
    """What the AI replied to a question about one meeting. `suggested`: questions to ask next; `asked_at`: received."""

    item: str
    query: str
    response: str
    suggested: tuple[str, ...]
    asked_at: str


class Email(NamedTuple):
    """A follow-up that the AI drafted. `created_at`: when it was received, where the server did not date it."""

    item: str
    subject: str
    body: str
    created_at: str


class Meeting(NamedTuple):
    """One conversation with everything derived from its documents. `keypoints`: (heading, points).

    `answers` and `emails` are in the order of their times, the newest last.
    """

    row: MeetingRow
    keypoints: tuple[tuple[str, tuple[str, ...]], ...]
    decisions: tuple[str, ...]
    action_items: tuple[ActionItem, ...]
    important_dates: tuple[tuple[str, str], ...]
    participants: tuple[str, ...]
    speakers: tuple[Speaker, ...]
    feedback: Mapping[str, Any] | None
    action_plan: tuple[str, ...]
    segments: tuple[Segment, ...]
    notes: Mapping[str, str]
    answers: tuple[Answer, ...] = ()
    emails: tuple[Email, ...] = ()


class RunRow(NamedTuple):
    """A sync as it was recorded."""

    id: int
    command: str
    started_at: str
    finished_at: str | None
    outcome: str | None
    listing: str | None
    requests: int
    resume_at: str | None
    error: tuple[str, str, str] | None


class Status(NamedTuple):
    """How the archive stands. `states`: kind -> state -> conversations; `backlog`: documents due now."""

    path: str
    bytes: int
    account: str | None
    tier: str | None
    base_url: str | None
    conversations: int
    gone: int
    segments: int
    first_start: str | None
    last_start: str | None
    states: Mapping[str, Mapping[str, int]]
    backlog: int
    waiting: int
    next_try_at: str | None
    oldest_failure: tuple[str, str, str] | None
    sweep_unfinished: bool
    hourly_limit: int | None
    remaining: int | None
    reset_at: str | None
    last_run: RunRow | None
    last_complete: RunRow | None
    facts: Mapping[str, str] = {}
