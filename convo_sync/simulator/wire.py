"""What goes in and out of the simulator's core: requests, responses, refusals, as plain values.

Must not know sockets, accounts or conversations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

Json = Any
JsonObject = dict[str, Any]
Headers = tuple[tuple[str, str], ...]

JSON_TYPE: Final = ("Content-Type", "application/json")
HTML_TYPE: Final = ("Content-Type", "text/html; charset=utf-8")

# The API's whole error table; 405 and 410 have no code of their own there.
VALIDATION, UNAUTHORIZED, FORBIDDEN = "validation_error", "unauthorized", "forbidden"
NOT_FOUND, RATE_LIMITED, AI_LIMIT, INTERNAL = "not_found", "rate_limited", "ai_limit_exceeded", "internal_error"


@dataclass(frozen=True)
class Request:
    """One request as it arrived; header names in lower case, `target` still percent-encoded."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """One answer."""

    status: int
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True)
class RequestRecord:
    """A request the simulator saw. `status` is 0 where the connection ended without an answer."""

    time: datetime
    operation: str | None
    method: str
    path: str
    query: str
    status: int
    counted: bool
    key: str | None
    user: str | None
    conversation_id: str | None
    fault: str | None


class Refusal(Exception):
    """The API says no: an error answer on its way up."""

    def __init__(self, status: int, code: str, message: str, headers: Headers = ()) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.headers = status, code, message, headers

    def response(self) -> Response:
        """The error as the contract words it."""
        body = encoded({"error": {"code": self.code, "message": self.message}})
        return Response(self.status, (JSON_TYPE, *self.headers), body)


def encoded(value: Json) -> bytes:
    """JSON as servers write it: UTF-8, escapes only where they must be."""
    # A lone surrogate has no UTF-8 form; the codec's own escape for it is JSON's.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def answer(value: Json, status: int = 200) -> Response:
    """`{"data": value}`."""
    return Response(status, (JSON_TYPE,), encoded({"data": value}))
