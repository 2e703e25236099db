"""Faults on order: what can go wrong with an answer, and for which requests.

Must not know what the spoilt answer is (spoiling.py), how it looks on the wire (sending.py), nor how work gets late
(late.py).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

from convo_sync.simulator.operations import OPERATION_IDS, SPENDING

# Where in a request's way a fault strikes.
BEFORE, INSTEAD, AFTER, LATE = "before", "instead", "after", "late"


@dataclass(frozen=True)
class FaultKind:
    """One thing that can go wrong. Struck `before`: the API never saw the request, so nothing is counted or done;
    `instead`: the API answers so after key and limit, nothing done; `after`: work done and counted, answer spoilt;
    `late`: a generation past all checks, counted, gets no answer, and its work is done later."""

    name: str
    strikes: str
    explanation: str

    def fits(self, endpoint: str | None) -> bool:
        """Whether it can happen to this operation (None: a path that leads nowhere)."""
        return self.strikes != LATE or endpoint in SPENDING


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
    FaultKind(
        "late_result",
        LATE,
        "Of a generation: the credit is charged and the connection closed without an answer; the result is there "
        "`seconds` (120) of the simulator's time later, of an e-mail or a query never.",
    ),
    FaultKind(
        "late_work",
        LATE,
        "Of a generation: the connection is closed without an answer; `seconds` (120) of the simulator's time later "
        "the credit is charged, if one is left then, and the result is there.",
    ),
)
FAULT_KINDS: Final = {kind.name: kind for kind in _KINDS}
_DEFAULT_SECONDS: Final = {"rate_limited": 30.0, "delay": 1.0, "drip": 0.05, "late_result": 120.0, "late_work": 120.0}


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
        if self.endpoint is not None and not FAULT_KINDS[self.kind].fits(self.endpoint):
            allowed = ", ".join(SPENDING)
            raise ValueError(f"the fault {self.kind} is for generations, not for {self.endpoint}; one of: {allowed}")
        if self.times is not None and self.times < 1:
            raise ValueError("times must be at least 1, or None for every request")

    @property
    def strikes(self) -> str:
        """When it strikes: before, instead, after or late."""
        return FAULT_KINDS[self.kind].strikes

    @property
    def pause_seconds(self) -> float:
        """`seconds`, or the kind's own default."""
        return self.seconds if self.seconds is not None else _DEFAULT_SECONDS.get(self.kind, 0.0)

    def matches(self, endpoint: str | None, conversation_id: str | None) -> bool:
        """Whether the order speaks of this request and is not used up."""
        if self.times is not None and self.fired >= self.times:
            return False
        if not FAULT_KINDS[self.kind].fits(endpoint):
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

    def spare(self, fault: Fault) -> None:
        """It did not strike after all: the request was refused, or needed no generation."""
        with self._lock:
            fault.fired -= 1
