"""What a fault makes of an answer: another one, a spoilt one, or none at all.

Must not know sockets (how it looks on the wire is for sending.py), nor which requests a fault strikes (faults.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Final

from convo_sync.simulator.faults import Fault
from convo_sync.simulator.wire import (
    HTML_TYPE,
    INTERNAL,
    JSON_TYPE,
    NOT_FOUND,
    RATE_LIMITED,
    Json,
    Refusal,
    Response,
    encoded,
)

_EMPTIED: Final = ("empty_list", "empty_segments")
_UNANSWERED: Final = ("drop_after", "late_result", "late_work")


@dataclass(frozen=True, kw_only=True)
class Spoilt(Response):
    """An answer to be sent otherwise than whole and at once, as its fault says."""

    fault: Fault


def answer_before(fault: Fault) -> Spoilt:
    """What something in front of the API answers; status 0 where there is no answer at all."""
    if fault.kind in ("refuse", "drop_before"):
        return Spoilt(0, fault=fault)
    if fault.kind == "redirect":
        return Spoilt(302, (("Location", fault.location),), fault=fault)
    status, words = {
        "bad_gateway": (502, "Bad gateway"),
        "proxy_ok": (200, "Welcome! Please accept our terms to go online"),
        "proxy_forbidden": (403, "This address is blocked"),
        "proxy_unauthorized": (401, "Sign in to the proxy"),
    }[fault.kind]
    page = f"<!DOCTYPE html><html><head><title>{words}</title></head><body><h1>{words}</h1></body></html>"
    return Spoilt(status, (HTML_TYPE,), page.encode(), fault=fault)


def refusal_instead(fault: Fault) -> Refusal:
    """What the API itself answers instead of working."""
    status, code, message = {
        "rate_limited": (429, RATE_LIMITED, "Too many requests."),
        "server_error": (500, INTERNAL, "Something went wrong."),
        "not_found": (404, NOT_FOUND, "There is no such thing."),
    }[fault.kind]
    return Refusal(status, code, message)


def spoilt(fault: Fault, whole: Response) -> Spoilt:
    """The answer as this fault leaves it."""
    response = Spoilt(whole.status, whole.headers, whole.body, fault=fault)
    if fault.kind in _EMPTIED:
        body = encoded(emptied(json.loads(response.body))) if response.status < 300 else response.body
        return replace(response, body=body)
    bodies = {
        "invalid_json": response.body[: len(response.body) // 2] or b"{",
        "empty_body": b"",
        "wrong_shape": encoded({"data": {"unexpected": [1, 2, 3]}}),
    }
    if fault.kind in bodies:
        return _ok(response, bodies[fault.kind])
    if fault.kind in _UNANSWERED:
        return replace(response, status=0)
    return _ok(response, b"") if fault.kind == "huge" else response


def emptied(value: Json) -> Json:
    """The same shape with every list empty and every total 0."""
    if isinstance(value, list):
        return []
    if isinstance(value, dict):
        return {key: 0 if key == "total" else emptied(inner) for key, inner in value.items()}
    return value


def _ok(response: Spoilt, body: bytes) -> Spoilt:
    headers = tuple(pair for pair in response.headers if pair[0] != "Content-Type")
    return replace(response, status=200, headers=(JSON_TYPE, *headers), body=body)
