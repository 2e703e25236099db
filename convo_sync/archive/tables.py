"""The tables derived from documents: their columns, what numbers their rows, and which documents they come from.

It knows no row and no document, and nothing of the API's JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convo_sync.records import Kind

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A derived table. `scope`: columns that one document owns; `key`: what numbers its rows; `index`: its index."""

    name: str
    scope: tuple[str, ...]
    key: tuple[str, ...]
    values: tuple[str, ...]
    index: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """In the order of a document's rows."""
        return (*self.scope, *self.key, *self.values)

    @property
    def is_public(self) -> bool:
        """Whether its rows carry `changed` and leave a trace in `deletions`."""
        return not self.name.startswith("_")


_CONVERSATION = ("conversation_id",)
_ITEM = ("conversation_id", "item")
_POSITION = ("position",)
_FEEDBACK = (
    "overall_score", "focus", "quote", "reason", "alternative", "clarity", "listening", "time_management",
    "collaboration", "decision_making", "talk_listen_ratio", "user_speaker",
)  # fmt: skip
_EVENT = ("event_id", "start_time", "start_date", "end_time", "end_date", "time_zone", "end_time_zone", "summary")

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table("segments", _CONVERSATION, _POSITION, ("speaker", "timestamp", "text"), index="segments_fts"),
        Table("keypoints", _CONVERSATION, _POSITION, ("section", "heading", "text")),
        Table("decisions", _CONVERSATION, _POSITION, ("text",)),
        Table("action_items", _CONVERSATION, _POSITION, ("text", "owner", "confidence", "priority")),
        Table("participants", _CONVERSATION, _POSITION, ("name",)),
        Table("important_dates", _CONVERSATION, _POSITION, ("date", "context")),
        Table("feedback", _CONVERSATION, (), _FEEDBACK),
        Table(
            "feedback_points",
            _CONVERSATION,
            _POSITION,
            ("type", "category", "description", "suggestion", "quote", "timestamp"),
        ),
        Table("action_plan", _CONVERSATION, _POSITION, ("text",)),
        Table("answers", _ITEM, (), ("query", "response", "segments_analyzed", "conversation_minutes")),
        Table("suggested_queries", _ITEM, _POSITION, ("text",)),
        Table("emails", _ITEM, (), ("subject", "body", "created_at")),
        Table("email_points", _ITEM, _POSITION, ("type", "text")),
        Table("events", ("item",), (), _EVENT),
        Table("attendees", ("item",), _POSITION, ("email", "name", "response_status")),
        Table(
            "_notes", ("conversation_id", "source", "item"), ("kind", "position"), ("text", "form"), index="notes_fts"
        ),
    )
}

OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    Kind.LISTING: (),
    Kind.TRANSCRIPT: ("segments",),
    Kind.KEYPOINTS: ("keypoints", "decisions", "action_items", "participants", "important_dates"),
    Kind.FEEDBACK: ("feedback", "feedback_points", "action_plan"),
    Kind.ANSWER: ("answers", "suggested_queries"),
    Kind.EMAIL: ("emails", "email_points"),
    Kind.EVENT: ("events", "attendees"),
}
# What these say is found through their own tables, or not at all.
WITHOUT_NOTES = (Kind.TRANSCRIPT, Kind.EVENT)
