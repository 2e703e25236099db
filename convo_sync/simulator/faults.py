"""Faults on order: what can go wrong with an answer, and for which requests.

Must not know sockets: how a fault looks on the wire is for sending.py.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, replace
from typing import Final

from convo_sync.simulator.operations import OPERATION_IDS
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

# Where in a request's way a fault strikes.
BEFORE, INSTEAD, AFTER = "before", "instead", "after"


@dataclass(frozen=True)
class FaultKind:
    """One thing that can go wrong. Struck `before`: the API never saw the request, so nothing is counted or done;
    `instead`: the API answers so after key and limit, nothing done; `after`: work done and counted, answer spoilt."""

    name: str
    strikes: str
    explanation: str


_KINDS: Final = (
    FaultKind("refuse", BEFORE, "The connection is reset at once, without reading the body or answering."),
    FaultKind("drop_before", BEFORE, "The connection is closed before the work was done."),
    FaultKind("bad_gateway", BEFORE, "502 with an HTML page from something in front of the API."),
    FaultKind("proxy_ok", BEFORE, "200 with an HTML page: a hotel's sign-in page."),
    FaultKind("proxy_forbidden", BEFORE, "403 with an HTML page: a company proxy's block page."),
    FaultKind("proxy_unauthorized", BEFORE, "401 with an HTML page: a proxy wants its own sign-in."),
    FaultKind("redirect", BEFORE, "302 to another host."),
    FaultKind("rate_limited", INSTEAD, "429 rate_limited with Retry-After of `seconds` (30)."),
    FaultKind("server_error", INSTEAD, "500 with the API's own error JSON."),
    FaultKind("not_found", INSTEAD, "404 with the API's own error JSON."),
    FaultKind("delay", AFTER, "The answer comes after `seconds` (1) of real time."),
    FaultKind("drip", AFTER, "The body comes byte by byte, `seconds` (0.05) of real time apart."),
    FaultKind("cut_body", AFTER, "The whole Content-Length is declared, half of the body sent, the connection closed."),
    FaultKind("drop_after", AFTER, "The work is done and counted, then the connection is closed without an answer."),
    FaultKind("invalid_json", AFTER, "200 application/json whose body is no JSON."),
    FaultKind("empty_body", AFTER, "200 application/json with no byte of body."),
    FaultKind("wrong_shape", AFTER, "200 with JSON of another shape."),
    FaultKind("empty_list", AFTER, "A well-formed answer whose lists are empty and whose total is 0."),
    FaultKind("empty_segments", AFTER, "The same, said of transcripts: no segment in it."),
    FaultKind("huge", AFTER, "200 with a chunked body of `size` bytes (300 MB)."),
)
FAULT_KINDS: Final = {kind.name: kind for kind in _KINDS}
_DEFAULT_SECONDS: Final = {"rate_limited": 30.0, "delay": 1.0, "drip": 0.05}
_EMPTIED: Final = ("empty_list", "empty_segments")


@dataclass
class Fault:
    """One order. It strikes `times` matching requests (None: all of them), after letting `after` pass.

    `endpoint` is an operation id or None for any request; `fired` tells how often it struck so far.
    """

    kind: str
    endpoint: str | None = None
    times: int | None = 1
    after: int = 0
    conversation_id: str | None = None
    seconds: float | None = None
    size: int = 300_000_000
    location: str = "https://elsewhere.invalid/"
    fired: int = field(default=0, compare=False)
    passed: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if self.kind not in FAULT_KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; one of: {', '.join(FAULT_KINDS)}")
        if self.endpoint is not None and self.endpoint not in OPERATION_IDS:
            raise ValueError(f"unknown endpoint {self.endpoint!r}; one of: {', '.join(OPERATION_IDS)}")
        if self.times is not None and self.times < 1:
            raise ValueError("times must be at least 1, or None for every request")

    @property
    def strikes(self) -> str:
        """When it strikes: before, instead or after."""
        return FAULT_KINDS[self.kind].strikes

    @property
    def pause_seconds(self) -> float:
        """`seconds`, or the kind's own default."""
        return self.seconds if self.seconds is not None else _DEFAULT_SECONDS.get(self.kind, 0.0)

    def matches(self, endpoint: str | None, conversation_id: str | None) -> bool:
        """Whether the order speaks of this request and is not used up."""
        if self.times is not None and self.fired >= self.times:
            return False
        return self.endpoint in (None, endpoint) and self.conversation_id in (None, conversation_id)


def parse_fault(text: str) -> Fault:
    """`KIND[:endpoint[:times]]` as a person types it: no endpoint is any, no times is 1, and `*` is always."""
    kind, _, rest = text.partition(":")
    endpoint, _, times = rest.partition(":")
    if times not in ("", "*") and not (times.isascii() and times.isdigit()):
        raise ValueError(f"times must be a number or *, not {times!r} (KIND[:endpoint[:times]])")
    count = None if times == "*" else int(times or "1")
    return Fault(kind.strip(), endpoint=endpoint.strip() or None, times=count)


class Faults:
    """The orders in force, asked in the order they were added; the first that matches strikes."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Put in an order, and keep it to read `fired` from."""
        with self._lock:
            self._orders.append(fault)
        return fault

    def clear(self) -> None:
        """Withdraw all orders."""
        with self._lock:
            self._orders.clear()

    def strike(self, endpoint: str | None, conversation_id: str | None) -> Fault | None:
        """The fault for this request, counted as fired."""
        with self._lock:
            for fault in self._orders:
                if not fault.matches(endpoint, conversation_id):
                    continue
                if fault.passed < fault.after:
                    fault.passed += 1
                    continue
                fault.fired += 1
                return fault
        return None


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
    if fault.kind == "drop_after":
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
