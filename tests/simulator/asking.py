"""What the simulator's tests share: a small world, and a short way to ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from convo_sync.simulator import Clock, Request, Simulator, World

NOON = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
ABSENT = object()


@dataclass(frozen=True)
class Reply:
    """An answer, opened."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        """What `data` holds."""
        return self.json["data"]

    @property
    def code(self) -> str:
        """The error's code."""
        return str(self.json["error"]["code"])

    @property
    def ids(self) -> list[str]:
        """The ids of a list."""
        return [row["id"] for row in self.data]


def ask(
    sim: Simulator,
    method: str,
    path: str,
    body: Any = ABSENT,
    *,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """One request to the core; `path` starts after /api/v1, bytes as a body go as they are."""
    sent = {"authorization": f"Bearer {key or sim.key}"}
    raw = b""
    if body is not ABSENT:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent["content-type"] = "application/json"
    response = sim.handle(Request(method, "/api/v1" + path, {**sent, **(headers or {})}, raw))
    return Reply(response.status, dict(response.headers), response.body)


def row(meeting_id: str, start: datetime, **changes: Any) -> dict[str, Any]:
    """A list row of a meeting of 30 minutes."""
    end = start + timedelta(minutes=30)
    return {
        "id": meeting_id,
        "title": f"Meeting {meeting_id[5:]}",
        "startTime": start.isoformat().replace("+00:00", "Z"),
        "endTime": end.isoformat().replace("+00:00", "Z"),
        "duration": 30,
        "segmentCount": 12,
        "linkedCalendarEventId": None,
        **changes,
    }


def turns(count: int = 12) -> list[dict[str, Any]]:
    """A transcript's segments."""
    words = "I'll send the pricing numbers for the hinge before Friday"
    return [
        {
            "text": f"{words}, part {index}.",
            "speaker": ("Mara Voss", "Jonas Petersen")[index % 2],
            "timestamp": "2026-03-01T09:00:00Z",
        }
        for index in range(count)
    ]


def small_world() -> World:
    """Three meetings, a to c, a day apart; b has key points and feedback."""
    world = World()
    day = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    world.add(row("sess_a", day), turns())
    world.add(
        row("sess_b", day + timedelta(days=1), title="Pricing of the lid"),
        turns(),
        {"sections": [{"heading": "Lid", "points": ["It slides."]}], "actionItems": []},
        {"overallScore": 7.5},
    )
    world.add(row("sess_c", day + timedelta(days=2)), turns())
    return world


def small_sim(**options: Any) -> Simulator:
    """A simulator over the small world, whose clock stands at noon."""
    return Simulator(options.pop("world", None) or small_world(), clock=Clock(NOON), **options)
