"""Documents of a conversation: a body to the document and the rows derived from it.

Knows no network and no SQL; a table's name and the order of its columns are all it shares with the schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Required

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from convo_sync.models.body import NotTheApi, fingerprint, read_envelope, word
from convo_sync.models.fields import Model, Text, read_counting, read_number
from convo_sync.models.replies import read_answer, read_email
from convo_sync.models.rows import document, numbered
from convo_sync.models.shapes import Feedback, Keypoints, Priority, Scores
from convo_sync.records import ConversationId, Document, Kind
from convo_sync.times import normalise_time


class SegmentData(TypedDict, total=False):
    """One turn, as strict as the contract: a transcript that fits is read in one go."""

    text: Required[str]
    speaker: str | None
    timestamp: str | None


class _Segment(Model):
    text: str
    speaker: Text = None
    timestamp: Text = None


_segments = TypeAdapter(list[SegmentData])
_one_segment = TypeAdapter(_Segment)


def read_document(conversation_id: ConversationId, kind: Kind, body: bytes) -> Document | None:
    """Read the answer that carries a document of this kind; None where it says that the server has none.

    Raises:
        NotTheApi: the answer is not of this kind.
    """
    return _read_data(conversation_id, kind, read_envelope(body), body)


def read_generated(conversation_id: ConversationId, kind: Kind, body: bytes) -> tuple[Document, bool]:
    """Read the answer to a generation, with whether the server had it already (``"cached": true``: no credit spent).

    Raises:
        NotTheApi: the answer is not of this kind, or it carries nothing.
    """
    envelope = read_envelope(body)
    document = _read_data(conversation_id, kind, envelope, body)
    if document is None:
        raise NotTheApi(f"the generated {kind} is missing from the answer")
    return document, envelope["data"].get("cached") is True


def _read_data(
    conversation_id: ConversationId, kind: Kind, envelope: Mapping[str, Any], body: bytes
) -> Document | None:
    if "data" not in envelope:
        raise NotTheApi(f"the {kind} is missing from the answer")
    data = envelope["data"]
    if data is None:
        return None
    if not isinstance(data, dict):
        raise NotTheApi(f"the answer is no {kind}")
    return _DERIVE[kind](conversation_id, data, body)


def _transcript(conversation_id: ConversationId, data: dict[str, Any], body: bytes) -> Document:
    raw = data.get("segments")
    if not isinstance(raw, list):
        raise NotTheApi("the transcript has no list of segments")
    rows = tuple(_segment_rows(conversation_id, raw))
    return Document(
        conversation_id,
        Kind.TRANSCRIPT,
        fingerprint(data),
        body,
        {"segments": rows},
        quarantined=len(raw) - len(rows),
        substance=sum(not text.isspace() for *_, text in rows if text),
    )


def _segment_rows(conversation_id: str, raw: Sequence[Any]) -> Iterable[tuple[Any, ...]]:
    try:
        turns = _segments.validate_python(raw, strict=True)
    except ValidationError:
        return _usable_segments(conversation_id, raw)
    return [
        (conversation_id, position, turn.get("speaker"), normalise_time(turn.get("timestamp")), turn["text"])
        for position, turn in enumerate(turns)
    ]


def _usable_segments(conversation_id: str, raw: Sequence[Any]) -> Iterable[tuple[Any, ...]]:
    for position, value in enumerate(raw):
        try:
            turn = _one_segment.validate_python(value)
        except ValidationError:
            continue
        yield conversation_id, position, turn.speaker, normalise_time(turn.timestamp), turn.text


def _keypoints(conversation_id: ConversationId, data: dict[str, Any], body: bytes) -> Document | None:
    content = _content(data, Kind.KEYPOINTS)
    if content is None:
        return None
    read, dropped = read_counting(Keypoints, content)
    points = [
        (place, each.heading, point)
        for place, each in enumerate(read.sections)
        for point in each.points or ((None,) if each.heading else ())
    ]
    items = [(each.item, each.owner, each.confidence, each.priority) for each in read.action_items]
    rows = {
        "keypoints": numbered(points, conversation_id),
        "decisions": numbered([(text,) for text in read.decisions], conversation_id),
        "action_items": numbered(items, conversation_id),
        "participants": numbered([(name,) for name in read.participants], conversation_id),
        "important_dates": numbered([(each.date, each.context) for each in read.important_dates], conversation_id),
    }
    substance = sum(len(rows[name]) for name in ("keypoints", "decisions", "action_items", "important_dates"))
    return document(conversation_id, Kind.KEYPOINTS, data, body, rows, dropped, title=read.title, substance=substance)


def _feedback(conversation_id: ConversationId, data: dict[str, Any], body: bytes) -> Document | None:
    content = _content(data, Kind.FEEDBACK)
    if content is None:
        return None
    read, dropped = read_counting(Feedback, content)
    points = [("strength", each) for each in read.strengths] + [("growth", each) for each in read.growth_areas]
    sheet = _score_sheet(conversation_id, read, data)
    rows = {
        "feedback": (sheet,),
        "feedback_points": numbered(
            [(t, p.category, p.description, p.suggestion, p.quote, p.timestamp) for t, p in points], conversation_id
        ),
        "action_plan": numbered([(text,) for text in read.action_plan], conversation_id),
    }
    # The last column names the owner, and says nothing about them.
    said = sum(value is not None for value in sheet[1:-1])
    substance = said + len(points) + len(read.action_plan)
    return document(conversation_id, Kind.FEEDBACK, data, body, rows, dropped, substance=substance)


def _score_sheet(conversation_id: str, read: Feedback, data: Mapping[str, Any]) -> tuple[Any, ...]:
    focus, scores = read.top_priority or Priority(), read.category_scores or Scores()
    overall = read.overall_score if read.overall_score is not None else read_number(data.get("overallScore"))
    return (
        conversation_id, overall, focus.focus, focus.quote, focus.reason, focus.alternative, scores.clarity,
        scores.listening, scores.time_management, scores.collaboration, scores.decision_making,
        read.talk_listen_ratio, word(data.get("userSpeakerName")),
    )  # fmt: skip


def _content(data: Mapping[str, Any], kind: Kind) -> dict[str, Any] | None:
    """The object that carries the kind's content; None where the server says that there is none."""
    content = data.get(kind.value, ...)
    if content is None:
        return None
    if not isinstance(content, dict):
        raise NotTheApi(f"the answer has no {kind}")
    return content


_DERIVE = {
    Kind.TRANSCRIPT: _transcript,
    Kind.KEYPOINTS: _keypoints,
    Kind.FEEDBACK: _feedback,
    Kind.ANSWER: read_answer,
    Kind.EMAIL: read_email,
}
