"""One conversation as the server has it, whatever JSON that is.

Must not know the other conversations, accounts, or HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from convo_sync.simulator.clock import lenient_date_time
from convo_sync.simulator.wire import Json, JsonObject


class Recorded(NamedTuple):
    """A meeting as a file holds it: its list row, its segments or whole transcript, and its documents."""

    conversation: JsonObject
    transcript: Json = None
    keypoints: Json = None
    feedback: Json = None


@dataclass
class Meeting:
    """A conversation with its documents, each exactly as `data` is sent; deleted ones are kept.

    `running` is the server's own knowledge; `visible` cuts the transcript that is sent, not what generations read.
    """

    row: JsonObject
    transcript: Json = None
    keypoints: Json = None
    feedback: Json = None
    created_at: datetime | None = None
    running: bool = False
    deleted: bool = False
    hidden: bool = False
    visible: int | None = None
    share_url: str | None = None
    generations: dict[str, int] = field(default_factory=dict)
    version: int = 0
    start_at: datetime | None = None
    end_at: datetime | None = None

    @property
    def id(self) -> str:
        """The conversation's id."""
        return str(self.row["id"])

    @property
    def title(self) -> str:
        """The title, empty where it is no text."""
        title = self.row.get("title")
        return title if isinstance(title, str) else ""

    @property
    def segments(self) -> list[Any]:
        """All segments the server has, whatever each of them is."""
        segments = self.transcript.get("segments") if isinstance(self.transcript, dict) else None
        return segments if isinstance(segments, list) else []

    @property
    def spoken(self) -> list[JsonObject]:
        """The segments that are objects with a text."""
        return [s for s in self.segments if isinstance(s, dict) and isinstance(s.get("text"), str)]

    def touch(self) -> None:
        """Something changed: derived values follow, encoded copies are stale."""
        self.version += 1
        self.start_at = lenient_date_time(self.row.get("startTime"))
        self.end_at = lenient_date_time(self.row.get("endTime"))

    def shown_transcript(self) -> Json:
        """The transcript as it is sent."""
        if self.visible is None or not isinstance(self.transcript, dict):
            return self.transcript
        return {**self.transcript, "segments": self.segments[: self.visible]}
