"""The operations that only read: transcript, key points, feedback, calendar, profile.

Must not know limits, faults or the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from convo_sync.simulator.call import Call, Service
from convo_sync.simulator.clock import lenient_date_time, with_milliseconds, without_milliseconds
from convo_sync.simulator.credits import Usage
from convo_sync.simulator.meeting import Meeting
from convo_sync.simulator.wire import JSON_TYPE, NOT_FOUND, Json, JsonObject, Refusal, Response, answer, encoded
from convo_sync.simulator.world import World

_DEFAULT_EVENTS: Final = 10
_MEMBER_SINCE: Final = "2025-11-03T08:15:00Z"


def get_transcript(call: Call) -> Response:
    """The segments, as far as the server shows them."""
    meeting = call.readable()
    if not call.has_transcript(meeting):
        raise Refusal(404, NOT_FOUND, "The transcript is not there yet.")
    return _kept(call, meeting, "transcript", meeting.shown_transcript)


def get_keypoints(call: Call) -> Response:
    """The cached key points."""
    meeting = call.readable()
    return _generated(call, meeting, "keypoints", meeting.keypoints)


def get_feedback(call: Call) -> Response:
    """The cached feedback."""
    meeting = call.readable()
    return _generated(call, meeting, "feedback", meeting.feedback)


def encode_ahead(service: Service, world: World) -> None:
    """Encode every document of `world` now: whoever fetches them all then waits for the wire alone."""
    for meeting in world.conversations.values():
        for kind, document in (
            ("transcript", meeting.shown_transcript()),
            ("keypoints", meeting.keypoints),
            ("feedback", meeting.feedback),
        ):
            if document is not None:
                service.bodies.get((world.serial, meeting.id, kind), meeting.version, partial(_data_bytes, document))


def list_calendar_events(call: Call) -> Response:
    """Upcoming events, soonest first."""
    events = sorted(call.world.events, key=lambda event: _when(event, "start"))
    chosen = [event for event in events if _is_shown(call, event)]
    return answer(chosen[: call.query.get("maxResults", _DEFAULT_EVENTS)])


def get_profile(call: Call) -> Response:
    """The account, its plan and its AI credits."""
    account = call.account
    usage = call.service.credits.usage(account, call.now)
    paid = account.tier != "free"
    return answer(
        {
            "profile": {
                "name": account.name,
                "email": account.email,
                "timezone": account.timezone,
                "language": "en",
                "profilePictureUrl": None,
                "createdAt": _MEMBER_SINCE,
            },
            "subscription": {
                "tier": account.tier,
                "status": "active",
                "currentPeriodEnd": without_milliseconds(usage.resets_at) if paid else None,
            },
            "apiUsage": {"aiGenerations": _usage_json(call, usage)},
        }
    )


def _usage_json(call: Call, usage: Usage) -> JsonObject:
    shown: JsonObject = {"used": usage.used, "limit": usage.limit, "remaining": usage.remaining}
    if usage.limit is None and call.assumes("profile_limit_null", "omitted"):
        shown = {"used": usage.used}
    return {**shown, "resetsAt": with_milliseconds(usage.resets_at)}


def _generated(call: Call, meeting: Meeting, kind: str, document: Json) -> Response:
    if document is not None:
        return _kept(call, meeting, kind, lambda: document)
    if call.assumes("missing_keypoints", "404"):
        raise Refusal(404, NOT_FOUND, f"No {kind} were generated for this conversation.")
    return answer(None if call.assumes("missing_keypoints", "null") else {"id": meeting.id, kind: None})


def _kept(call: Call, meeting: Meeting, kind: str, document: Callable[[], Json]) -> Response:
    body = call.encoded(meeting, kind, lambda: _data_bytes(document()))
    return Response(200, (JSON_TYPE,), body)


def _data_bytes(document: Json) -> bytes:
    return encoded({"data": document})


def _is_shown(call: Call, event: JsonObject) -> bool:
    bound = _when(event, call.service.assume["calendar_bound"])
    earliest = max(call.now, call.query.get("timeMin", call.now))
    latest = call.query.get("timeMax")
    return bound >= earliest and (latest is None or _when(event, "start") < latest)


def _when(event: JsonObject, side: str) -> datetime:
    """A time of an event; all-day events count from midnight UTC, unreadable ones as far in the future."""
    value = event.get(side) or (event.get("start") if side == "end" else None)
    value = value if isinstance(value, dict) else {}
    moment = lenient_date_time(value.get("dateTime")) or lenient_date_time(f"{value.get('date')}T00:00:00Z")
    return moment or datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
