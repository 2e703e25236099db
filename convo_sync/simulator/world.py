"""The server's content, which a test may change between two requests from any thread.

Must not know accounts, limits, assumptions or HTTP.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from convo_sync.simulator.clock import lenient_date_time, with_milliseconds
from convo_sync.simulator.corpus import read_corpus
from convo_sync.simulator.meeting import Meeting
from convo_sync.simulator.staging import PACKAGED, USER, agenda, read_scenes
from convo_sync.simulator.wire import Json, JsonObject

Listener = Callable[[str, JsonObject], None]
_SERIALS: Final = itertools.count(1)


class World:
    """Conversations by id (`conversations`, deleted ones included) and calendar events (`events`).

    JSON handed in is sent as it is, and taken over, not copied. Once a Simulator serves the world, `now` is its clock,
    and every edit emits the webhook events that the real service documents for it.
    """

    def __init__(self) -> None:
        self.conversations: dict[str, Meeting] = {}
        self.events: list[JsonObject] = []
        self.user_speaker_name: str | None = None
        self.version = 0
        self.serial = next(_SERIALS)
        self.lock = threading.RLock()
        self.now: Callable[[], datetime] | None = None
        self._listeners: list[Listener] = []
        self._relative_events: list[Callable[[datetime], JsonObject]] = []

    @classmethod
    def from_corpus(cls, path: str | Path, *, limit: int | None = None) -> World:
        """A world from a JSONL file, gzipped or plain; see corpus.py."""
        world = cls()
        for recorded in read_corpus(Path(path), limit=limit):
            world.add(*recorded)
        return world

    @classmethod
    def from_scenes(cls, path: str | Path | None = None) -> World:
        """A world from a scene script, by default the packaged one; see scenes.py."""
        world = cls()
        world.user_speaker_name = USER
        for recorded in read_scenes(PACKAGED if path is None else Path(path)):
            world.add(*recorded)
        for make in agenda():
            world.add_relative_event(make)
        return world

    # -- what a Simulator does with it

    def attach(self, now: Callable[[], datetime], listener: Listener) -> None:
        """Serve the world: edits follow this clock and are told to the listener; relative events get their dates."""
        with self.lock:
            self.now = now
            self._listeners.append(listener)
            self.events.extend(make(now()) for make in self._relative_events)
            self._relative_events.clear()

    def find(self, conversation_id: str) -> Meeting | None:
        """The conversation, deleted or not."""
        return self.conversations.get(conversation_id)

    # -- conversations

    def add(
        self,
        conversation: JsonObject,
        transcript: Json = None,
        keypoints: Json = None,
        feedback: Json = None,
        *,
        created_at: datetime | None = None,
        running: bool | None = None,
    ) -> Meeting:
        """A new conversation: its list row, its segments or whole transcript, and its documents.

        Without a transcript that path answers 404. A row whose endTime is null is running, unless told otherwise.
        `created_at` is when the server first had it: by default now, or its start before the world is served.
        """
        with self.lock:
            meeting = Meeting(conversation, _transcript(conversation, transcript))
            meeting.keypoints = _result(meeting, "keypoints", keypoints, None)
            meeting.feedback = _result(meeting, "feedback", feedback, None)
            explicit_null = "endTime" in conversation and conversation["endTime"] is None
            meeting.running = explicit_null if running is None else running
            self.conversations[meeting.id] = meeting
            self._changed(meeting)
            meeting.created_at = created_at or (self.now() if self.now else meeting.start_at)
            self._tell(meeting, "conversation.created")
            self._tell_ready(meeting)
            return meeting

    def rename(self, conversation_id: str, title: str) -> None:
        """Another title in the list; documents keep the title they were made with."""
        self.edit_row(conversation_id, title=title)

    def edit_row(self, conversation_id: str, **changes: Json) -> None:
        """Change keys of the list row, to anything."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            meeting.row = {**meeting.row, **changes}
            self._changed(meeting)
            self._tell(meeting, "conversation.updated", title=meeting.title)

    def delete(self, conversation_id: str) -> None:
        """Gone from the list; what its paths answer is the assumption `deleted`."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            meeting.deleted = True
            self._changed(meeting)
            self._tell(meeting, "conversation.deleted")

    def restore(self, conversation_id: str) -> None:
        """Back as it was."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            meeting.deleted = False
            self._changed(meeting)
            self._tell(meeting, "conversation.updated", title=meeting.title)

    def end(self, conversation_id: str, at: datetime) -> None:
        """A running meeting ends: endTime and duration appear, and the transcript is ready."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            meeting.running = False
            minutes = round((at - meeting.start_at) / timedelta(minutes=1)) if meeting.start_at else None
            meeting.row = {**meeting.row, "endTime": with_milliseconds(at), "duration": minutes}
            self._changed(meeting)
            self._tell(meeting, "conversation.updated", title=meeting.title)
            self._tell_transcript(meeting)

    # -- transcripts

    def grow(self, conversation_id: str, segments: Sequence[Json]) -> None:
        """More segments at the end of a running or late transcript; segmentCount follows."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            self.set_transcript(conversation_id, [*meeting.segments, *segments])

    def set_transcript(self, conversation_id: str, segments: Sequence[Json]) -> None:
        """Another transcript; segmentCount follows, and other keys of the transcript stay."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            rest = meeting.transcript if isinstance(meeting.transcript, dict) else {"id": meeting.id}
            meeting.transcript = {**rest, "segments": list(segments)}
            meeting.row = {**meeting.row, "segmentCount": len(segments)}
            self._changed(meeting)
            self._tell_transcript(meeting)

    def visible_segments(self, conversation_id: str, count: int | None) -> None:
        """The transcript answers only this many segments, while the list tells them all; None: all again."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            meeting.visible = count
            self._changed(meeting)

    def hide_transcript(self, conversation_id: str) -> None:
        """A late transcript: its path answers 404 until it is shown."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            meeting.hidden = True
            self._changed(meeting)

    def show_transcript(self, conversation_id: str) -> None:
        """The late transcript arrives."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            meeting.hidden = False
            self._changed(meeting)
            self._tell_transcript(meeting)

    def fail_transcript(self, conversation_id: str, error: str) -> None:
        """The service could not transcribe: only an event tells."""
        with self.lock:
            self._tell(self.conversations[conversation_id], "transcript.failed", error=error)

    # -- key points, feedback, sharing

    def forget_generations(self) -> None:
        """As if nothing had ever been generated, for any conversation; nobody is told."""
        with self.lock:
            for meeting in self.conversations.values():
                meeting.keypoints = meeting.feedback = None
                self._changed(meeting)

    def set_keypoints(self, conversation_id: str, keypoints: Json, *, created_at: datetime | None = None) -> None:
        """New key points, as whole `data` or as what its `keypoints` holds; None: never generated."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            meeting.keypoints = _result(meeting, "keypoints", keypoints, created_at or self._moment())
            self._changed(meeting)
            self._tell_keypoints(meeting)

    def set_feedback(self, conversation_id: str, feedback: Json, *, created_at: datetime | None = None) -> None:
        """New feedback, as whole `data` or as what its `feedback` holds; None: never generated."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            meeting.feedback = _result(meeting, "feedback", feedback, created_at or self._moment())
            self._changed(meeting)
            self._tell_feedback(meeting)

    def set_raw(self, conversation_id: str, kind: str, document: Json) -> None:
        """Any JSON as `data` of the transcript, keypoints or feedback, without an event."""
        if kind not in ("transcript", "keypoints", "feedback"):
            raise ValueError("kind is transcript, keypoints or feedback")
        with self.lock:
            meeting = self.conversations[conversation_id]
            setattr(meeting, kind, document)
            self._changed(meeting)

    def share(self, conversation_id: str) -> str:
        """The public address, the same at each call."""
        with self.lock:
            meeting = self.conversations[conversation_id]
            meeting.share_url = meeting.share_url or f"https://www.itsconvo.com/share/{meeting.id}"
            self._tell(meeting, "conversation.shared", shareUrl=meeting.share_url)
            return meeting.share_url

    # -- calendar

    def add_event(self, event: JsonObject) -> None:
        """A calendar event as it is sent."""
        with self.lock:
            self.events.append(event)

    def add_relative_event(self, make: Callable[[datetime], JsonObject]) -> None:
        """An event made once the clock is known, from the moment the world is first served."""
        with self.lock:
            self._relative_events.append(make)
            if self.now is not None:
                self.events.append(self._relative_events.pop()(self.now()))

    def remove_event(self, event_id: str) -> None:
        """The event was cancelled."""
        with self.lock:
            self.events = [event for event in self.events if event.get("id") != event_id]

    # -- events

    def _moment(self) -> datetime:
        return self.now() if self.now else datetime.now(UTC)

    def _changed(self, meeting: Meeting) -> None:
        self.version += 1
        meeting.touch()

    def _tell(self, meeting: Meeting, name: str, **rest: Json) -> None:
        for listener in self._listeners:
            listener(name, {"conversationId": meeting.id, **rest})

    def _tell_ready(self, meeting: Meeting) -> None:
        self._tell_transcript(meeting)
        self._tell_keypoints(meeting)
        self._tell_feedback(meeting)

    def _tell_transcript(self, meeting: Meeting) -> None:
        if meeting.transcript is not None and not meeting.hidden and not meeting.running:
            self._tell(meeting, "transcript.ready", segmentCount=len(meeting.segments))

    def _tell_keypoints(self, meeting: Meeting) -> None:
        if meeting.keypoints is None:
            return
        inner = _inner(meeting.keypoints, "keypoints")
        self._tell(meeting, "conversation.keypoints.ready", title=meeting.title)
        sections = _length(inner.get("sections"))
        self._tell(meeting, "conversation.summary.ready", title=meeting.title, sectionCount=sections)
        count = _length(inner.get("actionItems"))
        self._tell(meeting, "conversation.action_items.ready", actionItemCount=count)

    def _tell_feedback(self, meeting: Meeting) -> None:
        if meeting.feedback is not None:
            score = _inner(meeting.feedback, "feedback").get("overallScore")
            self._tell(meeting, "conversation.feedback.ready", overallScore=score)


def _transcript(row: Mapping[str, Any], transcript: Json) -> Json:
    if isinstance(transcript, Sequence) and not isinstance(transcript, str):
        return {"id": row["id"], "segments": list(transcript)}
    return transcript


def _result(meeting: Meeting, kind: str, given: Json, created_at: datetime | None) -> Json:
    """Whole `data` as it is; bare contents wrapped as the API wraps them."""
    if not isinstance(given, dict) or kind in given:
        return given
    moment = created_at or lenient_date_time(meeting.row.get("endTime")) or datetime.now(UTC)
    wrapped: JsonObject = {"id": meeting.id, "title": meeting.title} if kind == "keypoints" else {"id": meeting.id}
    wrapped[kind] = given
    if kind == "feedback":
        wrapped["overallScore"] = given.get("overallScore")
    wrapped["createdAt"] = with_milliseconds(moment)
    return wrapped


def _inner(document: Json, kind: str) -> JsonObject:
    inner = document.get(kind) if isinstance(document, dict) else None
    return inner if isinstance(inner, dict) else {}


def _length(value: Json) -> int:
    return len(value) if isinstance(value, list) else 0
