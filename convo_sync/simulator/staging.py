"""Turns scenes into the API's JSON: each meeting, and a calendar around the clock.

Must not know how a script is written, nor who takes the JSON in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from convo_sync.simulator.clock import with_milliseconds
from convo_sync.simulator.meeting import Recorded
from convo_sync.simulator.scenes import Feedback, Keypoints, Scene, parse_scenes
from convo_sync.simulator.wire import JsonObject

PACKAGED: Final = Path(__file__).with_name("scenes.txt")
USER: Final = "Mara Voss"
_ELSEWHERE: Final = {
    "Katrin Ebeling": "hafenlogistik-nord.example",
    "Uwe Brandt": "hafenlogistik-nord.example",
    "Luc Moreau": "maison-velours.example",
    "Ben Adeyemi": "northgate.example",
}
_SECONDS_A_WORD: Final = 60 / 150
_KEYPOINTS_AFTER: Final = timedelta(minutes=3)
_FEEDBACK_AFTER: Final = timedelta(minutes=4)


@dataclass(frozen=True)
class Appointment:
    """A calendar event, `days` after the day the world is first served; without a time of day it lasts all day."""

    id: str
    summary: str
    days: int
    at: str | None
    minutes: int
    attendees: tuple[str, ...]


AGENDA: Final = (
    Appointment("cal_backend_weekly", "Backend weekly", 1, "08:30", 30, ("Tomasz Zieliński", "Priya Raman")),
    Appointment("cal_mould_review", "Mould review with Porto", 1, "13:00", 60, ("Jonas Petersen", "Sam Okafor")),
    Appointment("cal_hln_call", "Hafenlogistik Nord: Abruf der ersten Boxen", 2, "07:30", 45,
                ("Leonie Krämer", "Katrin Ebeling", "Uwe Brandt")),
    Appointment("cal_cash_monday", "Cash forecast", 3, "14:00", 30, ("Henrik Dahl",)),
    Appointment("cal_fair_build", "Fair in Hamburg: stand goes up", 5, None, 0, ("Leonie Krämer", "Sam Okafor")),
    Appointment("cal_velours_review", "Maison Velours: quarter review", 6, "12:00", 40,
                ("Luc Moreau", "Aiyana Brooks")),
    Appointment("cal_firmware_plan", "Firmware 2.1 plan", 8, "09:30", 45, ("Priya Raman", "Ingrid Solheim")),
    Appointment("cal_northgate_update", "Northgate: quarterly update", 13, "15:00", 60,
                ("Ben Adeyemi", "Henrik Dahl")),
)  # fmt: skip

# Recordings of earlier meetings of a series that the calendar still holds.
LINKS: Final = {
    "sess_backend_weekly_mar": "cal_backend_weekly",
    "sess_velours_flatfee": "cal_velours_review",
    "sess_bridge_terms": "cal_northgate_update",
}


def read_scenes(script: Path) -> list[Recorded]:
    """Every scene of a script. ValueError names the script's line that is wrong."""
    try:
        scenes = parse_scenes(script.read_text(encoding="utf-8"), user=USER)
    except ValueError as error:
        raise ValueError(f"{script}, {error}") from error
    return [_recorded(scene) for scene in scenes]


def agenda() -> Iterator[Callable[[datetime], JsonObject]]:
    """The calendar's events, each to be made once it is known what day it is."""
    return (partial(_event, appointment) for appointment in AGENDA)


def _recorded(scene: Scene) -> Recorded:
    start = scene.start or datetime.now(UTC)
    end = start + timedelta(minutes=scene.minutes)
    segments = list(_segments(scene, start))
    row = {
        "id": scene.id,
        "title": scene.title,
        "startTime": with_milliseconds(start),
        "endTime": with_milliseconds(end),
        "duration": scene.minutes,
        "segmentCount": len(segments),
        "linkedCalendarEventId": LINKS.get(scene.id),
    }
    keypoints = _keypoints(scene, scene.keypoints, end) if scene.keypoints else None
    feedback = _feedback(scene, scene.feedback, segments, end) if scene.feedback else None
    return Recorded(row, {"id": scene.id, "segments": segments}, keypoints, feedback)


def _segments(scene: Scene, start: datetime) -> Iterator[JsonObject]:
    words = 0
    for turn in scene.turns:
        moment = start + timedelta(seconds=words * _SECONDS_A_WORD)
        yield {"text": turn.text, "speaker": turn.speaker, "timestamp": with_milliseconds(moment)}
        words += len(turn.text.split())


def _keypoints(scene: Scene, said: Keypoints, end: datetime) -> JsonObject:
    contents = {
        "title": scene.title,
        "sections": [{"heading": section.heading, "points": section.points} for section in said.sections],
        "decisions": said.decisions,
        "actionItems": [
            {"item": a.item, "owner": a.owner, "confidence": a.confidence, "priority": a.priority}
            for a in said.action_items
        ],
        "participants": list(dict.fromkeys(turn.speaker for turn in scene.turns)),
        "importantDates": [{"date": day, "context": context} for day, context in said.dates],
    }
    created = with_milliseconds(end + _KEYPOINTS_AFTER)
    return {"id": scene.id, "title": scene.title, "keypoints": contents, "createdAt": created}


def _feedback(scene: Scene, said: Feedback, segments: list[JsonObject], end: datetime) -> JsonObject:
    contents = {
        "overallScore": said.overall,
        "topPriority": said.focus or None,
        "strengths": [
            {"category": category, "description": text, "timestamp": _said_at(scene, quote, segments), "quote": quote}
            for category, text, quote in said.strengths
        ],
        "growthAreas": [
            {"category": category, "description": text, "suggestion": suggestion,
             "timestamp": _said_at(scene, said.focus.get("quote", ""), segments)}
            for category, text, suggestion in said.growth
        ],
        "categoryScores": said.scores,
        "talkListenRatio": said.talk,
        "actionPlan": said.plan,
    }  # fmt: skip
    return {
        "id": scene.id,
        "feedback": contents,
        "overallScore": said.overall,
        "userSpeakerName": USER,
        "createdAt": with_milliseconds(end + _FEEDBACK_AFTER),
    }


def _said_at(scene: Scene, words: str, segments: list[JsonObject]) -> str:
    """HH:MM in UTC at which the account's owner says these words, or at which the meeting starts."""
    turn = scene.said_by(USER, words) if words else None
    position = scene.turns.index(turn) if turn else 0
    return str(segments[position]["timestamp"])[11:16]


def _event(appointment: Appointment, now: datetime) -> JsonObject:
    day = now.astimezone(UTC).date() + timedelta(days=appointment.days)
    people = [USER, *appointment.attendees]
    return {
        "id": appointment.id,
        "summary": appointment.summary,
        **_span(appointment, datetime(day.year, day.month, day.day, tzinfo=UTC)),
        "attendees": [{"email": _address(name), "displayName": name, "responseStatus": "accepted"} for name in people],
    }


def _span(appointment: Appointment, day: datetime) -> JsonObject:
    if appointment.at is None:
        next_day = day + timedelta(days=1)
        return {"start": {"date": f"{day:%Y-%m-%d}"}, "end": {"date": f"{next_day:%Y-%m-%d}"}}
    hour, minute = appointment.at.split(":")
    start = day.replace(hour=int(hour), minute=int(minute))
    end = start + timedelta(minutes=appointment.minutes)
    return {side: {"dateTime": with_milliseconds(moment), "timeZone": "Europe/Berlin"}
            for side, moment in (("start", start), ("end", end))}  # fmt: skip


def _address(name: str) -> str:
    plain = name.split()[0].lower()
    return f"{plain}@{_ELSEWHERE.get(name, 'haldenloop.example')}"
