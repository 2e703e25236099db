"""The operations that change something or cost a credit: title, deletion, sharing and the four generations.

Must not know limits, faults or the wire.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from convo_sync.simulator import checking, generation
from convo_sync.simulator.call import Call
from convo_sync.simulator.clock import lenient_date_time, with_milliseconds
from convo_sync.simulator.credits import Charge
from convo_sync.simulator.listing import listed_row
from convo_sync.simulator.meeting import Meeting
from convo_sync.simulator.wire import NOT_FOUND, VALIDATION, Json, JsonObject, Refusal, Response, answer

_FEEDBACK_SEGMENTS: Final = 10
_TICK: Final = timedelta(milliseconds=1)


def update_title(call: Call) -> Response:
    """The row with its new title."""
    meeting = call.living()
    call.world.rename(meeting.id, call.body["title"])
    return answer(listed_row(call, meeting))


def delete_conversation(call: Call) -> Response:
    """Gone."""
    meeting = call.living()
    call.world.delete(meeting.id)
    return answer({"id": meeting.id, "deleted": True})


def share_conversation(call: Call) -> Response:
    """The public address."""
    return answer({"shareUrl": call.world.share(call.living().id)})


def generate_keypoints(call: Call) -> Response:
    """The cached key points, or new ones for a credit."""
    meeting = call.living()
    if meeting.keypoints is not None and not call.body.get("forceRefresh", False):
        return _cached(meeting.keypoints, cached=True)
    created_at = _pay(call, meeting, "keypoints", meeting.keypoints)
    contents = generation.keypoints(meeting, meeting.generations["keypoints"])
    call.world.set_keypoints(meeting.id, contents, created_at=created_at)
    return _cached(meeting.keypoints, cached=False)


def generate_feedback(call: Call) -> Response:
    """The cached feedback, or a new one for a credit."""
    meeting = call.living()
    if meeting.feedback is not None and not call.body.get("forceRefresh", False):
        return _cached(meeting.feedback, cached=True)
    _require_transcript(call, meeting)
    _require_segments(call, meeting)
    created_at = _pay(call, meeting, "feedback", meeting.feedback)
    user = call.world.user_speaker_name or call.account.name
    contents = generation.feedback(meeting, meeting.generations["feedback"], user)
    result = {
        "id": meeting.id,
        "feedback": contents,
        "overallScore": contents["overallScore"],
        "userSpeakerName": user if user in generation.speakers(meeting) else None,
        "createdAt": with_milliseconds(created_at),
    }
    call.world.set_feedback(meeting.id, result)
    return _cached(meeting.feedback, cached=False)


def generate_email(call: Call) -> Response:
    """A follow-up e-mail; nothing of it is kept."""
    meeting = call.living()
    created_at = _pay(call, meeting, "email", None)
    mail = generation.email(meeting, call.body.get("recipientName"), call.body.get("tone", "professional"))
    return answer({"id": meeting.id, **mail, "generatedAt": with_milliseconds(created_at)})


def query_conversation(call: Call) -> Response:
    """An answer to a question; nothing of it is kept."""
    query: str = call.body["query"]
    _require_short(call, query)
    meeting = call.living()
    _pay(call, meeting, "query", None)
    metadata: JsonObject = {"segmentsAnalyzed": len(meeting.segments)}
    duration = meeting.row.get("duration")
    if isinstance(duration, int | float):
        metadata["conversationDuration"] = duration
    return answer(
        {
            "id": meeting.id,
            "query": query,
            "response": generation.reply(meeting, query),
            "metadata": metadata,
            "suggestedQueries": generation.suggestions(meeting),
        }
    )


def _pay(call: Call, meeting: Meeting, kind: str, old: Json) -> datetime:
    """Charge a credit, or refuse; the moment of the generation, always later than the old result's."""
    _require_transcript(call, meeting)
    call.service.credits.require(call.account, call.now)
    call.service.credits.charge(Charge(call.now, call.key, call.account.email, meeting.id, kind))
    meeting.generations[kind] = meeting.generations.get(kind, 0) + 1
    before = lenient_date_time(old.get("createdAt")) if isinstance(old, dict) else None
    return max(call.now, before + _TICK) if before else call.now


def _require_transcript(call: Call, meeting: Meeting) -> None:
    if not call.has_transcript(meeting) or not meeting.spoken:
        status = int(call.service.assume["generate_without_transcript"])
        raise Refusal(status, NOT_FOUND if status == 404 else VALIDATION, "There is no transcript yet.")


def _require_segments(call: Call, meeting: Meeting) -> None:
    if len(meeting.segments) < _FEEDBACK_SEGMENTS:
        status = int(call.service.assume["feedback_under_10"])
        message = f"Feedback needs at least {_FEEDBACK_SEGMENTS} segments."
        raise Refusal(status, NOT_FOUND if status == 404 else VALIDATION, message)


def _require_short(call: Call, query: str) -> None:
    utf16 = call.assumes("query_length", "utf16")
    length = len(query.encode("utf-16-le", "surrogatepass")) // 2 if utf16 else len(query)
    if length > checking.QUERY_CHARACTERS:
        raise checking.refuse(f"query: must be at most {checking.QUERY_CHARACTERS} characters")


def _cached(document: Json, *, cached: bool) -> Response:
    """The stored result with the mark that only a POST's answer carries."""
    return answer({**document, "cached": cached} if isinstance(document, dict) else document)
