"""The four operations that spend an AI credit: key points, feedback, e-mails and answers to questions.

A generation begins (checks, the charge, contents made) and is finished (kept and answered); a late one does the second
step, or both, when it is due. Must not know limits, faults or the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from convo_sync.simulator import checking, generation
from convo_sync.simulator.call import Call
from convo_sync.simulator.clock import lenient_date_time, with_milliseconds
from convo_sync.simulator.credits import Charge
from convo_sync.simulator.late import NO_ANSWER, Lateness
from convo_sync.simulator.meeting import Meeting
from convo_sync.simulator.wire import NOT_FOUND, VALIDATION, Json, JsonObject, Refusal, Response, answer

_FEEDBACK_SEGMENTS: Final = 10
_TICK: Final = timedelta(milliseconds=1)


@dataclass(frozen=True)
class _Kind:
    """One kind of generation: how its contents are made, and how they are kept and answered at their moment."""

    name: str
    make: Callable[[Call, Meeting], JsonObject]
    keep: Callable[[Call, Meeting, JsonObject, datetime], Response]


def generate_keypoints(call: Call) -> Response:
    """The cached key points, or new ones for a credit."""
    meeting = call.living()
    if meeting.keypoints is not None and not call.body.get("forceRefresh", False):
        return _cached(meeting.keypoints, cached=True)
    return _generated(call, _Kind("keypoints", _new_keypoints, _keep_keypoints))


def generate_feedback(call: Call) -> Response:
    """The cached feedback, or a new one for a credit."""
    meeting = call.living()
    if meeting.feedback is not None and not call.body.get("forceRefresh", False):
        return _cached(meeting.feedback, cached=True)
    return _generated(call, _Kind("feedback", _new_feedback, _keep_feedback))


def generate_email(call: Call) -> Response:
    """A follow-up e-mail; nothing of it is kept."""
    return _generated(call, _Kind("email", _new_email, _send_email))


def query_conversation(call: Call) -> Response:
    """An answer to a question; nothing of it is kept."""
    _require_short(call, call.body["query"])
    return _generated(call, _Kind("query", _new_reply, _send_reply))


# -- the two steps, and when they are taken


def _generated(call: Call, kind: _Kind) -> Response:
    """Both steps at once; or late: what can be refused is refused now, and the rest waits for its time."""
    if call.late is None:
        return _finish(call, kind, _begin(call, kind))
    if call.late.charged_at_once:
        made = _begin(call, kind)
        _put_off(call, call.late, lambda then: _finish(then, kind, made))
    else:
        _require(call, kind)
        _put_off(call, call.late, lambda then: _finish(then, kind, _begin(then, kind)))
    return NO_ANSWER


def _put_off(call: Call, late: Lateness, work: Callable[[Call], Response]) -> None:
    then = replace(call, now=late.due, late=None)

    def happen() -> None:
        # The meeting may be deleted by then, or the month's credits used up: then nothing happens.
        with then.world.lock, suppress(Refusal):
            work(then)

    late.under_way.add(late.due, happen)


def _begin(call: Call, kind: _Kind) -> JsonObject:
    """Charge a credit, or refuse; the contents."""
    meeting = _require(call, kind)
    call.service.credits.charge(Charge(call.now, call.key, call.account.email, meeting.id, kind.name))
    meeting.generations[kind.name] = meeting.generations.get(kind.name, 0) + 1
    return kind.make(call, meeting)


def _finish(call: Call, kind: _Kind, made: JsonObject) -> Response:
    """Keep and answer the contents, at a moment that is always later than the old result's."""
    meeting = call.living()
    old = {"keypoints": meeting.keypoints, "feedback": meeting.feedback}.get(kind.name)
    before = lenient_date_time(old.get("createdAt")) if isinstance(old, dict) else None
    return kind.keep(call, meeting, made, max(call.now, before + _TICK) if before else call.now)


def _require(call: Call, kind: _Kind) -> Meeting:
    """The meeting, if a generation of it is possible and there is a credit for it."""
    meeting = call.living()
    _require_transcript(call, meeting)
    if kind.name == "feedback":
        _require_segments(call, meeting)
    call.service.credits.require(call.account, call.now)
    return meeting


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


# -- what each kind makes and keeps


def _new_keypoints(call: Call, meeting: Meeting) -> JsonObject:
    return generation.keypoints(meeting, meeting.generations["keypoints"])


def _keep_keypoints(call: Call, meeting: Meeting, made: JsonObject, created_at: datetime) -> Response:
    call.world.set_keypoints(meeting.id, made, created_at=created_at)
    return _cached(meeting.keypoints, cached=False)


def _new_feedback(call: Call, meeting: Meeting) -> JsonObject:
    user = call.world.user_speaker_name or call.account.name
    contents = generation.feedback(meeting, meeting.generations["feedback"], user)
    return {
        "id": meeting.id,
        "feedback": contents,
        "overallScore": contents["overallScore"],
        "userSpeakerName": user if user in generation.speakers(meeting) else None,
    }


def _keep_feedback(call: Call, meeting: Meeting, made: JsonObject, created_at: datetime) -> Response:
    call.world.set_feedback(meeting.id, {**made, "createdAt": with_milliseconds(created_at)})
    return _cached(meeting.feedback, cached=False)


def _new_email(call: Call, meeting: Meeting) -> JsonObject:
    return generation.email(meeting, call.body.get("recipientName"), call.body.get("tone", "professional"))


def _send_email(call: Call, meeting: Meeting, made: JsonObject, created_at: datetime) -> Response:
    return answer({"id": meeting.id, **made, "generatedAt": with_milliseconds(created_at)})


def _new_reply(call: Call, meeting: Meeting) -> JsonObject:
    query: str = call.body["query"]
    metadata: JsonObject = {"segmentsAnalyzed": len(meeting.segments)}
    duration = meeting.row.get("duration")
    if isinstance(duration, int | float):
        metadata["conversationDuration"] = duration
    return {
        "id": meeting.id,
        "query": query,
        "response": generation.reply(meeting, query),
        "metadata": metadata,
        "suggestedQueries": generation.suggestions(meeting),
    }


def _send_reply(call: Call, meeting: Meeting, made: JsonObject, created_at: datetime) -> Response:
    return answer(made)


def _cached(document: Json, *, cached: bool) -> Response:
    """The stored result with the mark that only a POST's answer carries."""
    return answer({**document, "cached": cached} if isinstance(document, dict) else document)
