"""A simulated account, an archive and a movable clock, wired as the command line wires them; and ways to crash."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from convo_sync.archive.inbox import Inbox
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.client import Client
from convo_sync.credits.rules import Settings
from convo_sync.errors import ConvoSyncError
from convo_sync.plan.exclusion import Exclusion
from convo_sync.records import (
    Completeness,
    ConversationId,
    Document,
    EventPage,
    Kind,
    Outcome,
    Page,
    Progress,
    RateReading,
    Run,
)
from convo_sync.simulator import DEMO_KEY, Clock, Simulator, World
from convo_sync.sync import Identity, Options, Sync
from convo_sync.sync.meter import Meter

START = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
HELD = ("getTranscript", "getKeypoints", "getFeedback")


class Crash(BaseException):
    """The process dies here. No `except Exception` may notice."""


class CrashPoint:
    """Dies before or after the n-th commit or request, counted from 1."""

    def __init__(self, where: str = "", number: int = 0) -> None:
        self.where, self.number = where, number
        self.passed: Counter[str] = Counter()

    def passes(self, where: str) -> None:
        """Called at each such point."""
        self.passed[where] += 1
        if where == self.where and self.passed[where] == self.number:
            raise Crash(f"{where} {self.number}")


def crashing_connect(point: CrashPoint) -> Callable[..., sqlite3.Connection]:
    """A `connect` whose connections die at their commits."""

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            if sql != "commit":
                return super().execute(sql, *arguments)
            point.passes("before commit")
            cursor = super().execute(sql)
            point.passes("after commit")
            return cursor

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        return sqlite3.connect(*arguments, factory=Connection, **named)

    return connect


class CrashingRemote:
    """The client, dying before or after a request."""

    def __init__(self, client: Client, point: CrashPoint) -> None:
        self._client, self._point = client, point

    @contextmanager
    def _around(self) -> Iterator[None]:
        self._point.passes("before request")
        try:
            yield
        finally:
            self._point.passes("after request")

    def list_conversations(self, *, limit: int = 100, offset: int = 0, since: datetime | None = None) -> Page:
        with self._around():
            return self._client.list_conversations(limit=limit, offset=offset, since=since)

    def get_document(self, conversation_id: ConversationId, kind: Kind) -> Document | None:
        with self._around():
            return self._client.get_document(conversation_id, kind)

    def get_profile(self) -> Any:
        with self._around():
            return self._client.get_profile()

    def list_events(self, *arguments: Any) -> EventPage:
        with self._around():
            return self._client.list_events(*arguments)

    def generate_keypoints(self, *arguments: Any, **named: Any) -> tuple[Document, bool]:
        with self._around():
            return self._client.generate_keypoints(*arguments, **named)

    def generate_feedback(self, *arguments: Any, **named: Any) -> tuple[Document, bool]:
        with self._around():
            return self._client.generate_feedback(*arguments, **named)

    def ask(self, *arguments: Any, **named: Any) -> Document:
        with self._around():
            return self._client.ask(*arguments, **named)

    def write_email(self, *arguments: Any, **named: Any) -> Document:
        with self._around():
            return self._client.write_email(*arguments, **named)


class RecordingMeter(Meter):
    """A meter that also keeps what it was told."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.readings: list[RateReading] = []

    def answered(self, reading: RateReading) -> None:
        self.readings.append(reading)
        super().answered(reading)


class Rig:
    """One account and one archive. Use `Rig.serving`, or serve `simulator` yourself and set `url`."""

    def __init__(
        self,
        folder: Path,
        *,
        world: World | None = None,
        tier: str = "enterprise",
        assume: Mapping[str, str] | None = None,
        start: datetime = START,
    ) -> None:
        self.world = world or World()
        self.clock = Clock(start)
        self.simulator = Simulator(self.world, clock=self.clock, tier=tier, assume=assume)
        self.path = folder / "archive.db"
        self.url = ""
        self.key = DEMO_KEY
        self.clock_error = timedelta(0)
        self.events: list[Progress] = []
        self.credits = Settings()
        self.inbox = Inbox(self.path)
        self.exclusion = Exclusion()
        self.calendar = False

    @classmethod
    @contextmanager
    def serving(cls, folder: Path, **named: Any) -> Iterator[Self]:
        """A rig whose simulator answers while the block runs."""
        rig = cls(folder, **named)
        with rig.simulator.serve() as rig.url:
            yield rig

    def now(self) -> datetime:
        """This machine's clock, which may be wrong."""
        return self.clock.now() + self.clock_error

    def archive(self, point: CrashPoint | None = None) -> Archive:
        """The archive, open for writing."""
        return Archive(self.path, self.now(), self.connect(point))

    def connect(self, point: CrashPoint | None) -> Callable[..., sqlite3.Connection] | None:
        """How the archive is opened; None: as always."""
        return crashing_connect(point) if point else None

    def remote(self, client: Client, point: CrashPoint | None) -> Client | CrashingRemote:
        """The API as the run sees it."""
        return CrashingRemote(client, point) if point else client

    def client(self, meter: Meter) -> Client:
        """A connection to the simulator."""
        return Client(
            self.url,
            self.key,
            meter=meter,
            sleep=lambda _: None,
            deadline_seconds=2.0,
            byte_cap=8 * 2**20,
            now=self.now,
        )

    def sync(self, point: CrashPoint | None = None, **options: Any) -> tuple[Run, ConvoSyncError | None]:
        """One run. A crash leaves the connection as a dead process would: neither closed nor told."""
        archive = self.archive(point)
        meter = RecordingMeter(archive.budget(), self.now, archive.save_budget)
        with self.client(meter) as client:
            remote = self.remote(client, point)
            run = Sync(
                remote,
                archive,
                meter,
                self.now,
                Options(**options),
                tell=self.events.append,
                paid=remote,
                credits=lambda: self.credits,
                inbox=self.inbox,
                exclusion=lambda: self.exclusion,
                agenda=remote if self.calendar else None,
                diary=archive.diary,
            )
            ended = run.run(Identity(self.url, hashlib.sha256(self.key.encode()).hexdigest()))
        archive.close()
        self.inbox.close()
        return ended

    def complete(self, **options: Any) -> Run:
        """A run that must end complete."""
        run, error = self.sync(**options)
        assert (run.outcome, error) == (Outcome.COMPLETE, None), (run, error)
        assert run.listing is Completeness.COMPLETE
        return run

    def reader(self) -> Reader:
        """The archive, read-only."""
        return Reader(self.path)

    def rows(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """What the archive has, straight from the file."""
        connection = sqlite3.connect(self.path)
        try:
            return connection.execute(sql, arguments).fetchall()
        finally:
            connection.close()

    def asked(self, *operations: str) -> int:
        """How many requests of these kinds the server saw."""
        counts = self.simulator.requests_by_operation()
        return sum(counts[operation] for operation in operations or counts)


def row(
    number: int, start: datetime, *, minutes: int | None = 30, segments: int = 12, title: str = ""
) -> dict[str, Any]:
    """A listed conversation; without `minutes` it runs."""
    end = None if minutes is None else start + timedelta(minutes=minutes)
    return {
        "id": f"sess_{number:05d}",
        "title": title or f"Meeting {number}",
        "startTime": iso(start),
        "endTime": end and iso(end),
        "duration": minutes,
        "segmentCount": segments,
        "linkedCalendarEventId": None,
    }


def turns(number: int, count: int, first: int = 0) -> list[dict[str, Any]]:
    """Turns of a conversation, each unlike any other."""
    return [
        {
            "text": f"turn {n} of meeting {number} about topic{n % 7}",
            "speaker": f"Speaker {n % 3}",
            "timestamp": iso(START),
        }
        for n in range(first, first + count)
    ]


def keypoints(number: int, version: int = 1) -> dict[str, Any]:
    """Key points, as the inner object of the API's answer."""
    return {
        "title": f"Meeting {number}",
        "sections": [{"heading": "Summary", "points": [f"point {number} version {version}", "a second point"]}],
        "decisions": [f"decision {number}.{version}"],
        "actionItems": [{"item": f"do {number}", "owner": None, "confidence": 0.5, "priority": "high"}],
        "participants": ["Speaker 0", "Speaker 1"],
        "importantDates": [{"date": "2026-04-01", "context": "due"}],
    }


def feedback(number: int, version: int = 1) -> dict[str, Any]:
    """Feedback, as the inner object of the API's answer."""
    return {
        "overallScore": 5.0 + version / 10,
        "categoryScores": {"clarity": 7.5},
        "strengths": [{"category": "clarity", "description": f"clear {number}", "quote": "turn 0"}],
        "growthAreas": [],
        "actionPlan": ["listen"],
    }


def add(rig: Rig, number: int, age: timedelta, *, segments: int = 12, notes: bool = True) -> str:
    """Add an ended meeting that began `age` ago, with key points and feedback unless told otherwise."""
    listed = row(number, rig.clock.now() - age, segments=segments)
    rig.world.add(
        listed,
        {"id": listed["id"], "segments": turns(number, segments)},
        _answer(listed, "keypoints", keypoints(number)) if notes else None,
        _answer(listed, "feedback", feedback(number)) if notes and segments >= 10 else None,
    )
    return str(listed["id"])


def _answer(listed: Mapping[str, Any], kind: str, inner: dict[str, Any]) -> dict[str, Any]:
    return {"id": listed["id"], kind: inner, "createdAt": listed["endTime"] or listed["startTime"]}


def iso(moment: datetime) -> str:
    """A time as the API writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
