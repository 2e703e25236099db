"""The table of operations: path, method, parameters and body of each, and the way from a target to one.

Must not know what an operation does, nor who calls it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import unquote

from convo_sync.simulator import checking
from convo_sync.simulator.checking import BodyRule, Check
from convo_sync.simulator.wire import NOT_FOUND, VALIDATION, Refusal

_PREFIX: Final = "/api/v1/"
_ID: Final = "{id}"


@dataclass(frozen=True)
class Operation:
    """One line of the contract; `path` is relative to /api/v1/."""

    id: str
    method: str
    path: str
    query: Mapping[str, Check] = field(default_factory=dict)
    body: BodyRule | None = None
    needs_webhooks: bool = False
    spends_credits: bool = False

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The path, cut at its slashes."""
        return tuple(self.path.split("/"))


@dataclass(frozen=True)
class Route:
    """Where a request leads: its operation, and the id in its path."""

    operation: Operation
    resource_id: str | None

    @property
    def conversation_id(self) -> str | None:
        """The conversation the path names, if it names one."""
        return self.resource_id if self.operation.steps[0] == "conversations" else None


_FORCE: Final = BodyRule({"forceRefresh": checking.flag})
_PAGE: Final[Mapping[str, Check]] = {
    "limit": checking.whole_number(1, 100),
    "offset": checking.whole_number(0),
    "search": checking.text,
    "since": checking.date_time,
}
_AGENDA: Final[Mapping[str, Check]] = {
    "maxResults": checking.whole_number(1, 50),
    "timeMin": checking.date_time,
    "timeMax": checking.date_time,
}
_EMAIL: Final = BodyRule({"recipientName": checking.text, "tone": checking.tone})
# The length of `query` is checked where the assumption about counting is known.
_QUERY: Final = BodyRule({"query": checking.filled_text}, ("query",))
_TITLE: Final = BodyRule({"title": checking.filled_text}, ("title",))
_WEBHOOK: Final = BodyRule({"url": checking.https_url, "events": checking.event_names}, ("url", "events"))

OPERATIONS: Final = (
    Operation("listConversations", "GET", "conversations", query=_PAGE),
    Operation("updateTitle", "PATCH", "conversations/{id}", body=_TITLE),
    Operation("deleteConversation", "DELETE", "conversations/{id}"),
    Operation("getTranscript", "GET", "conversations/{id}/transcript"),
    Operation("getKeypoints", "GET", "conversations/{id}/keypoints"),
    Operation("generateKeypoints", "POST", "conversations/{id}/keypoints", body=_FORCE, spends_credits=True),
    Operation("getFeedback", "GET", "conversations/{id}/feedback"),
    Operation("generateFeedback", "POST", "conversations/{id}/feedback", body=_FORCE, spends_credits=True),
    Operation("generateEmail", "POST", "conversations/{id}/email", body=_EMAIL, spends_credits=True),
    Operation("queryConversation", "POST", "conversations/{id}/query", body=_QUERY, spends_credits=True),
    Operation("shareConversation", "POST", "conversations/{id}/share"),
    Operation("listCalendarEvents", "GET", "calendar/events", query=_AGENDA),
    Operation("getProfile", "GET", "user/profile"),
    Operation("listWebhooks", "GET", "webhooks", needs_webhooks=True),
    Operation("registerWebhook", "POST", "webhooks", body=_WEBHOOK, needs_webhooks=True),
    Operation("deleteWebhook", "DELETE", "webhooks/{id}", needs_webhooks=True),
    Operation("testWebhook", "POST", "webhooks/{id}/test", needs_webhooks=True),
)
OPERATION_IDS: Final = tuple(operation.id for operation in OPERATIONS)
SPENDING: Final = tuple(operation.id for operation in OPERATIONS if operation.spends_credits)


def without(ids: frozenset[str]) -> tuple[Operation, ...]:
    """The table less some operations: an API that lacks them."""
    return tuple(operation for operation in OPERATIONS if operation.id not in ids)


def in_api(target: str) -> bool:
    """Whether a request is one to the API at all; its keys and limits say nothing about other paths."""
    return target.startswith(_PREFIX)


def find_route(method: str, target: str, operations: tuple[Operation, ...] = OPERATIONS) -> Route:
    """The route of a request. Refuses an unknown path with 404, a known path's other methods with 405."""
    steps = _steps(target)
    offered = [op for op in operations if _fits(op.steps, steps)]
    for operation in offered:
        if operation.method == method:
            return Route(operation, _resource_id(operation, steps))
    if not offered:
        raise Refusal(404, NOT_FOUND, "There is nothing at this path.")
    allowed = ", ".join(sorted(op.method for op in offered))
    raise Refusal(405, VALIDATION, f"{method[:20]} is not allowed here.", (("Allow", allowed),))


def _steps(target: str) -> tuple[str, ...]:
    path = target.partition("?")[0]
    if not path.startswith(_PREFIX):
        return ()
    try:
        return tuple(unquote(step, errors="strict") for step in path[len(_PREFIX) :].split("/"))
    except UnicodeDecodeError:
        return ()


def _fits(pattern: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    if len(pattern) != len(steps):
        return False
    return all(part == step or (part == _ID and step != "") for part, step in zip(pattern, steps, strict=True))


def _resource_id(operation: Operation, steps: tuple[str, ...]) -> str | None:
    return steps[operation.steps.index(_ID)] if _ID in operation.steps else None
