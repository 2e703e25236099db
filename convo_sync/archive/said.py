"""What one version of a document says, as lines to compare: turns, points, facts, each with what it is.

It reads derived rows alone, in the column order of `models`; it knows no archive and no other version.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from convo_sync.briefs import Line
from convo_sync.records import Document, Kind

Row = tuple[Any, ...]

_LISTED = {
    "title": "Title",
    "startTime": "Start",
    "endTime": "End",
    "duration": "Minutes",
    "segmentCount": "Turns",
    "linkedCalendarEventId": "Calendar event",
}
_SHEET = (
    "Overall score", "Work on", "Words that show it", "Reason", "Instead", "Clarity", "Listening", "Time management",
    "Collaboration", "Decision making", "Share of the talking", "Owner",
)  # fmt: skip
_FEEDBACK_POINTS = {"strength": "Strength", "growth": "Growth area"}
_EMAIL_POINTS = {"key_point": "Made from key point", "action_item": "Made from action item"}


def lines(document: Document, listed: Mapping[str, Any] | None = None) -> tuple[Line, ...]:
    """The lines of a document; blank ones are left out.

    Args:
        listed: of a listing, the row as received: nothing is derived from it but the conversation.
    """
    found = _listing(listed or {}) if document.kind is Kind.LISTING else _LINES[document.kind](document)
    # Text is compared by its words: space between them, and line ends, tell no versions apart.
    tidy = (line._replace(text=" ".join(line.text.split())) for line in found)
    return tuple(line for line in tidy if line.text)


def _listing(row: Mapping[str, Any]) -> Iterator[Line]:
    for key in (*_LISTED, *sorted(row.keys() - _LISTED.keys() - {"id"})):
        if row.get(key) is not None:
            yield Line(_LISTED.get(key, key), _value(row[key]))


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _transcript(document: Document) -> Iterator[Line]:
    for _, position, speaker, _, text in document.rows["segments"]:
        name = f"{speaker}:" if speaker else ""
        yield Line("", f"{name} {text}", position, len(name.split()))


def _keypoints(document: Document) -> Iterator[Line]:
    yield Line("Title", document.title or "")
    last = None
    for _, _, section, heading, point in document.rows["keypoints"]:
        if section != last and heading:
            yield Line("Section", heading)
        last = section
        yield Line("", point or "")
    yield from _listed_texts("Decision", document.rows["decisions"])
    for _, _, text, owner, _, priority in document.rows["action_items"]:
        urgency = f" ({priority})" if priority else ""
        yield Line("Action item", f"{owner}: {text}{urgency}" if owner else f"{text}{urgency}")
    for _, _, date, context in document.rows["important_dates"]:
        yield Line("Date", ": ".join(filter(None, (date, context))))
    yield from _listed_texts("Participant", document.rows["participants"])


def _listed_texts(label: str, rows: tuple[Row, ...]) -> Iterator[Line]:
    """Rows that end with their text."""
    return (Line(label, str(row[-1])) for row in rows)


def _feedback(document: Document) -> Iterator[Line]:
    for _, *values in document.rows["feedback"]:
        for label, value in zip(_SHEET, values, strict=True):
            if value is not None:
                yield Line(label, value if isinstance(value, str) else f"{value:g}")
    for _, _, kind, category, description, suggestion, quote, timestamp in document.rows["feedback_points"]:
        about = f"{category}:" if category else ""
        words = (about, description, suggestion, quote and f"“{quote}”", timestamp and f"({timestamp})")
        yield Line(_FEEDBACK_POINTS[kind], " ".join(filter(None, words)))
    yield from _listed_texts("Step", document.rows["action_plan"])


def _answer(document: Document) -> Iterator[Line]:
    for _, _, question, answer, *_ in document.rows["answers"]:
        yield Line("Question", question)
        yield from (Line("", each) for each in answer.splitlines())
    yield from _listed_texts("Suggested question", document.rows["suggested_queries"])


def _email(document: Document) -> Iterator[Line]:
    for _, _, subject, body, _ in document.rows["emails"]:
        yield Line("Subject", subject)
        yield from (Line("", each) for each in body.splitlines())
    for *_, kind, text in document.rows["email_points"]:
        yield Line(_EMAIL_POINTS[kind], text)


_LINES = {
    Kind.TRANSCRIPT: _transcript,
    Kind.KEYPOINTS: _keypoints,
    Kind.FEEDBACK: _feedback,
    Kind.ANSWER: _answer,
    Kind.EMAIL: _email,
}
