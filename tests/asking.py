"""Archives that questions about meetings are asked of: the demo's scenes, and small ones made by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from convo_sync import models
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.records import (
    Account,
    Completeness,
    Conversation,
    ConversationId,
    Document,
    Holding,
    Kind,
    ListingChange,
    Outcome,
    Run,
    State,
)
from convo_sync.simulator import World
from convo_sync.times import format_time
from tests.rig import Rig

AFTER_THE_LAST = datetime(2026, 8, 31, 12, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
Item = str | tuple[str, str | None] | tuple[str, str | None, str]  # a text, its owner, its priority


def scenes(folder: Path) -> Path:
    """The archive of the demo, synced some days after the last meeting."""
    with Rig.serving(folder, world=World.from_scenes(), start=AFTER_THE_LAST) as rig:
        rig.complete()
        return rig.path


class Made:
    """An archive that a test fills meeting by meeting. It is a context manager, closed before it is read."""

    def __init__(self, path: Path, *, owner: str = "Mara Voss", synced: datetime | None = NOON) -> None:
        self.path = path
        self._archive = Archive(path, NOON)
        if owner:
            account = Account("mara@example.com", owner, "starter", "UTC", 1, 100, NOON)
            self._archive.bind(account, "http://127.0.0.1:9", "digest", NOON, Budget())
        if synced:
            run = self._archive.begin_run("sync", synced, Budget())
            ended = Run(Outcome.COMPLETE, Completeness.COMPLETE)
            self._archive.end_run(run, ended, synced, Budget(), swept=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def meeting(
        self,
        id_: str,
        *,
        title: str = "A meeting",
        start: datetime = NOON - timedelta(days=1),
        minutes: float | None = 30,
        turns: Iterable[tuple[str | None, str]] = (),
        event: str | None = None,
        me: str | None = None,
    ) -> str:
        """List a meeting, with a transcript where somebody spoke, and feedback where it says who the owner is."""
        end = None if minutes is None else format_time(start + timedelta(minutes=minutes))
        data = {"id": id_, "title": title, "startTime": format_time(start), "endTime": end, "duration": minutes,
                "segmentCount": len(list(turns)) or 5, "linkedCalendarEventId": event}  # fmt: skip
        row = models.read_conversation(json.dumps({"data": data}).encode())
        assert row is not None
        known = Conversation(
            row.id, title, row.start_time, row.end_time, row.minutes, row.segment_count, row.digest
        )  # fmt: skip
        pending = (Holding(row.id, Kind.TRANSCRIPT, State.PENDING, next_try_at=NOON),)
        change = ListingChange(row, known, pending, is_new=True, differs=True)
        self._archive.store_page([change], None, 1, NOON, Budget())
        if turns:
            self.transcript(id_, turns, start)
        if me:
            self._store(id_, Kind.FEEDBACK, {"id": id_, "feedback": {"overallScore": 7}, "userSpeakerName": me})
        return id_

    def transcript(self, id_: str, turns: Iterable[tuple[str | None, str]], start: datetime = NOON) -> None:
        """Store a version of the transcript, half a minute a turn."""
        said = [
            {"text": text, "speaker": name, "timestamp": format_time(start + timedelta(seconds=30 * number))}
            for number, (name, text) in enumerate(turns)
        ]
        self._store(id_, Kind.TRANSCRIPT, {"id": id_, "segments": said})

    def keypoints(
        self,
        id_: str,
        *,
        items: Sequence[Item] = (),
        decisions: Sequence[str] = (),
        points: Sequence[str] = ("a point",),
        people: Sequence[str] = (),
    ) -> None:
        """Store a version of the key points."""
        inner = {
            "sections": [{"heading": "Summary", "points": list(points)}],
            "decisions": list(decisions),
            "actionItems": [_item(each) for each in items],
            "participants": list(people),
        }
        self._store(id_, Kind.KEYPOINTS, {"id": id_, "keypoints": inner})

    def event(
        self, id_: str, title: str | None, start: datetime, guests: Sequence[tuple[str | None, str | None]]
    ) -> None:
        """Store a calendar event, with (name, address) of each guest."""
        invited = [{"displayName": name, "email": email, "responseStatus": "accepted"} for name, email in guests]
        found = models.event_document(
            {"id": id_, "summary": title, "start": {"dateTime": format_time(start)}, "attendees": invited}
        )
        assert found is not None
        self._keep(found, None)

    def _store(self, id_: str, kind: Kind, data: Any) -> None:
        document = models.read_document(ConversationId(id_), kind, json.dumps({"data": data}).encode())
        assert document is not None
        self._keep(document, Holding(ConversationId(id_), kind, State.PRESENT, checked_at=NOON))

    def _keep(self, document: Document, holding: Holding | None) -> None:
        self._archive.store_document(
            document, holding, current=True, cause="test", run_id=1, now=NOON, budget=Budget()
        )  # fmt: skip


def _item(item: Item) -> dict[str, Any]:
    text, owner, priority = (item, None, None) if isinstance(item, str) else (*item, None)[:3]
    return {"item": text, "owner": owner, "priority": priority, "confidence": 0.5}
