"""Every fault on the wire, and over every operation."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from convo_sync.simulator import FAULT_KINDS, OPERATION_IDS, Fault, Simulator, parse_fault

from .asking import Reply, ask, small_sim

TRANSCRIPT = "/api/v1/conversations/sess_b/transcript"
NO_ANSWER = ("refuse", "drop_before", "drop_after", "late_result", "late_work")
UNSEEN = ("refuse", "drop_before", "bad_gateway", "proxy_ok", "proxy_forbidden", "proxy_unauthorized", "redirect")


@dataclass
class Wire:
    """A simulator on loopback and one keep-alive connection to it."""

    sim: Simulator
    base_url: str
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)

    def get(self, path: str = TRANSCRIPT, method: str = "GET", body: Any = None) -> Reply:
        """One request on the connection."""
        headers = {"Authorization": f"Bearer {self.sim.key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self.connection.getresponse()
        return Reply(response.status, dict(response.getheaders()), response.read())

    def raw(self, text: bytes) -> bytes:
        """Everything the server sends for these bytes, until it closes."""
        address = urlsplit(self.base_url)
        with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture
def wire(sim: Simulator) -> Iterator[Wire]:
    """The small world on loopback."""
    with sim.serve() as base_url:
        opened = Wire(sim, base_url)
        yield opened
        opened.connection.close()


def whole(sim: Simulator) -> bytes:
    """The transcript's answer as it should be."""
    return ask(small_sim(), "GET", TRANSCRIPT.removeprefix("/api/v1")).body


def test_refuse_resets_the_connection(wire: Wire) -> None:
    """No byte of an answer, and a reset rather than a polite end."""
    wire.sim.faults.add(Fault("refuse"))
    with pytest.raises(ConnectionResetError):
        wire.get()


@pytest.mark.parametrize(("kind", "counted"), [("drop_before", False), ("drop_after", True)])
def test_dropped_connections_end_without_an_answer(wire: Wire, kind: str, counted: bool) -> None:
    """The connection closes; only drop_after has done and counted the work."""
    wire.sim.faults.add(Fault(kind, endpoint="generateEmail"))
    with pytest.raises(http.client.RemoteDisconnected):
        wire.get("/api/v1/conversations/sess_b/email", "POST", {})
    record = wire.sim.requests[0]
    assert (record.status, record.counted, record.fault) == (0, counted, kind)
    assert len(wire.sim.charges) == int(counted)


def test_delay_answers_late_but_whole(wire: Wire) -> None:
    """The answer comes after the pause; the work was done before it."""
    wire.sim.faults.add(Fault("delay", seconds=0.15))
    start = time.monotonic()
    assert wire.get().body == whole(wire.sim)
    assert time.monotonic() - start >= 0.15


def test_drip_sends_byte_by_byte(wire: Wire) -> None:
    """The whole body comes, slowly."""
    wire.sim.faults.add(Fault("drip", endpoint="getFeedback", seconds=0.001))
    start = time.monotonic()
    reply = wire.get("/api/v1/conversations/sess_b/feedback")
    assert reply.data["overallScore"] == 7.5
    assert time.monotonic() - start >= 0.001 * len(reply.body)


def test_a_stopping_server_ends_a_drip() -> None:
    """Leaving serve() does not wait for a slow answer, and ends the connection."""
    sim = small_sim()
    sim.faults.add(Fault("drip", seconds=30))
    with sim.serve() as base_url:
        wire = Wire(sim, base_url)
        wire.connection.request("GET", TRANSCRIPT, headers={"Authorization": f"Bearer {sim.key}"})
        response = wire.connection.getresponse()
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        response.read()
    response.close()
    wire.connection.close()


def test_cut_body_stops_half_way(wire: Wire) -> None:
    """The whole length is declared, half is sent."""
    wire.sim.faults.add(Fault("cut_body"))
    with pytest.raises(http.client.IncompleteRead) as caught:
        wire.get()
    assert caught.value.partial == whole(wire.sim)[: len(whole(wire.sim)) // 2]


def test_huge_streams_what_it_was_told(wire: Wire) -> None:
    """Chunked, no length announced, and 300 MB unless told otherwise."""
    assert Fault("huge").size == 300_000_000
    wire.sim.faults.add(Fault("huge", size=3_000_000))
    reply = wire.get()
    assert "Content-Length" not in reply.headers
    assert len(reply.body) == 3_000_000 + len('{"data":""}')


def test_huge_ends_when_the_client_leaves(wire: Wire) -> None:
    """A client that stops reading gets rid of it, and the server goes on."""
    wire.sim.faults.add(Fault("huge"))
    wire.connection.request("GET", TRANSCRIPT, headers={"Authorization": f"Bearer {wire.sim.key}"})
    wire.connection.getresponse().read(1000)
    wire.connection.close()
    assert wire.get().status == 200


ANSWERS = {
    "bad_gateway": (502, "text/html", b"<!DOCTYPE html>"),
    "proxy_ok": (200, "text/html", b"<!DOCTYPE html>"),
    "proxy_forbidden": (403, "text/html", b"<!DOCTYPE html>"),
    "proxy_unauthorized": (401, "text/html", b"<!DOCTYPE html>"),
    "server_error": (500, "application/json", b'{"error":{"code":"internal_error"'),
    "not_found": (404, "application/json", b'{"error":{"code":"not_found"'),
    "rate_limited": (429, "application/json", b'{"error":{"code":"rate_limited"'),
    "wrong_shape": (200, "application/json", b'{"data":{"unexpected"'),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_other_answers(wire: Wire, kind: str) -> None:
    """Status, type and body of the kinds that answer something else, on a connection that lives on."""
    wire.sim.faults.add(Fault(kind))
    reply = wire.get()
    status, media_type, start = ANSWERS[kind]
    assert (reply.status, reply.headers["Content-Type"].partition(";")[0]) == (status, media_type)
    assert reply.body.startswith(start)
    assert wire.get().body == whole(wire.sim)


def test_redirect_names_another_host(wire: Wire) -> None:
    """302, by default to a host that cannot exist."""
    wire.sim.faults.add(Fault("redirect"))
    reply = wire.get()
    assert (reply.status, reply.headers["Location"]) == (302, "https://elsewhere.invalid/")


def test_rate_limited_says_how_long(wire: Wire) -> None:
    """Retry-After is `seconds`, Remaining 0, Reset to match, and nothing counted."""
    wire.sim.faults.add(Fault("rate_limited", seconds=90))
    reply = wire.get()
    assert (reply.headers["Retry-After"], reply.headers["X-RateLimit-Remaining"]) == ("90", "0")
    assert int(reply.headers["X-RateLimit-Reset"]) == wire.sim.clock.now().timestamp() + 90
    assert (wire.sim.worst_hour(), wire.sim.rate_limited_answers) == (0, 0)


def test_invalid_json_is_whole_but_no_json(wire: Wire) -> None:
    """The length is right, the JSON is not."""
    wire.sim.faults.add(Fault("invalid_json"))
    reply = wire.get()
    assert (reply.status, reply.headers["Content-Length"]) == (200, str(len(reply.body)))
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.body)


def test_empty_body_is_200_with_nothing(wire: Wire) -> None:
    """Zero bytes of application/json."""
    wire.sim.faults.add(Fault("empty_body"))
    reply = wire.get()
    assert (reply.status, reply.body, reply.headers["Content-Length"]) == (200, b"", "0")


def test_empty_answers_are_well_formed(wire: Wire) -> None:
    """A list without rows and total 0; a transcript without segments; an error stays an error."""
    wire.sim.faults.add(Fault("empty_list", endpoint="listConversations"))
    wire.sim.faults.add(Fault("empty_segments", endpoint="getTranscript", times=2))
    page = wire.get("/api/v1/conversations").json
    assert page == {"data": [], "pagination": {"total": 0, "limit": 20, "offset": 0}}
    assert wire.get().data == {"id": "sess_b", "segments": []}
    assert wire.get("/api/v1/conversations/nobody/transcript").code == "not_found"


SAMPLES: dict[str, tuple[str, str, Any]] = {
    "listConversations": ("GET", "/conversations", None),
    "updateTitle": ("PATCH", "/conversations/sess_b", {"title": "x"}),
    "deleteConversation": ("DELETE", "/conversations/sess_b", None),
    "getTranscript": ("GET", "/conversations/sess_b/transcript", None),
    "getKeypoints": ("GET", "/conversations/sess_b/keypoints", None),
    "generateKeypoints": ("POST", "/conversations/sess_b/keypoints", {"forceRefresh": True}),
    "getFeedback": ("GET", "/conversations/sess_b/feedback", None),
    "generateFeedback": ("POST", "/conversations/sess_b/feedback", {"forceRefresh": True}),
    "generateEmail": ("POST", "/conversations/sess_b/email", {}),
    "queryConversation": ("POST", "/conversations/sess_b/query", {"query": "why?"}),
    "shareConversation": ("POST", "/conversations/sess_b/share", {}),
    "listCalendarEvents": ("GET", "/calendar/events", None),
    "getProfile": ("GET", "/user/profile", None),
    "listWebhooks": ("GET", "/webhooks", None),
    "registerWebhook": ("POST", "/webhooks", {"url": "https://example.org/", "events": ["webhook.test"]}),
    "deleteWebhook": ("DELETE", "/webhooks/none", None),
    "testWebhook": ("POST", "/webhooks/none/test", {}),
}


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_every_fault_strikes_every_operation(wire: Wire, kind: str) -> None:
    """Each it fits: it fires once, spoils that request, is recorded, and the next is as if nothing had been."""
    for endpoint in filter(FAULT_KINDS[kind].fits, OPERATION_IDS):
        strike(wire, kind, endpoint)
        if wire.sim.world.conversations["sess_b"].deleted:
            wire.sim.world.restore("sess_b")
    assert wire.sim.crashes == []


def strike(wire: Wire, kind: str, endpoint: str) -> None:
    """One fault on one operation, and what must be true of it."""
    method, path, body = SAMPLES[endpoint]
    expected = ask(small_sim(), method, path, *([body] if body is not None else [])).status
    seconds = 0.0 if kind in ("delay", "drip") else None
    fault = wire.sim.faults.add(Fault(kind, endpoint=endpoint, seconds=seconds, size=10))
    try:
        reply = wire.get("/api/v1" + path, method, body)
        assert kind not in (*NO_ANSWER, "cut_body")
        assert reply.status == ANSWERS.get(kind, (reply.status,))[0]
    except (ConnectionError, http.client.HTTPException):
        assert kind in (*NO_ANSWER, "cut_body")
        wire.connection.close()
    record = wire.sim.requests[-1]
    assert (fault.fired, record.fault, record.operation) == (1, kind, endpoint)
    assert record.counted == (kind not in (*UNSEEN, "rate_limited"))
    done = FAULT_KINDS[kind].strikes == "after" and endpoint == "deleteConversation"
    assert wire.get("/api/v1" + path, method, body).status == (404 if done else expected)


def test_orders_are_narrow(sim: Simulator) -> None:
    """Only the endpoint and conversation named, after letting some pass, as often as said."""
    fault = sim.faults.add(Fault("not_found", "getTranscript", times=2, after=1, conversation_id="sess_a"))
    assert ask(sim, "GET", "/conversations").status == 200
    assert ask(sim, "GET", "/conversations/sess_b/transcript").status == 200
    statuses = [ask(sim, "GET", "/conversations/sess_a/transcript").status for _ in range(5)]
    assert statuses == [200, 404, 404, 200, 200]
    assert fault.fired == 2


def test_orders_queue_and_can_be_withdrawn(sim: Simulator) -> None:
    """The first order that matches strikes; None as times strikes for ever, until cleared."""
    sim.faults.add(Fault("server_error"))
    sim.faults.add(Fault("not_found", times=None))
    statuses = [ask(sim, "GET", "/user/profile").status for _ in range(4)]
    assert statuses == [500, 404, 404, 404]
    sim.faults.clear()
    assert ask(sim, "GET", "/user/profile").status == 200


def test_faults_strike_unknown_paths_too(sim: Simulator) -> None:
    """Something in front of the API does not know its paths."""
    sim.faults.add(Fault("proxy_ok"))
    assert ask(sim, "GET", "/nowhere").status == 200


def test_a_bad_key_is_401_whatever_the_api_would_have_said(sim: Simulator) -> None:
    """The API's own errors come after the key was checked."""
    sim.faults.add(Fault("server_error"))
    assert ask(sim, "GET", "/user/profile", key="convo_unknown").status == 401


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cut_body", Fault("cut_body")),
        ("cut_body:getTranscript", Fault("cut_body", endpoint="getTranscript")),
        ("cut_body:getTranscript:3", Fault("cut_body", endpoint="getTranscript", times=3)),
        ("delay::*", Fault("delay", times=None)),
    ],
)
def test_faults_are_parsed(text: str, expected: Fault) -> None:
    """KIND[:endpoint[:times]]."""
    assert parse_fault(text) == expected


@pytest.mark.parametrize("text", ["", "cut", "cut_body:transcript", "cut_body:getTranscript:x", "cut_body::0", "::"])
def test_mistyped_faults_name_what_is_allowed(text: str) -> None:
    """Kinds, endpoints or the form are said."""
    with pytest.raises(ValueError, match=r"cut_body|getTranscript|times"):
        parse_fault(text)


def test_each_kind_is_explained() -> None:
    """One line each."""
    assert all(kind.explanation.endswith(".") for kind in FAULT_KINDS.values())


@pytest.mark.parametrize(
    "text",
    [
        b"GARBAGE\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /api/v1/user/profile HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /api/v1/webhooks HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /api/v1/webhooks HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/webhooks HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST /api/v1/webhooks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/v1/webhooks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
    ],
)
def test_broken_http_is_refused_in_json(wire: Wire, text: bytes) -> None:
    """What is no proper request gets a 4xx or 5xx error JSON and a closed connection."""
    answer = wire.raw(text)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 505"))
    assert b'"validation_error"' in answer
    assert wire.get().status == 200


def test_chunked_requests_are_read(wire: Wire) -> None:
    """A body in chunks is a body like any other."""
    head = f"POST {TRANSCRIPT.replace('transcript', 'query')} HTTP/1.1\r\nAuthorization: Bearer {wire.sim.key}\r\n"
    head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    answer = wire.raw(head.encode() + b'8;x=y\r\n{"query"\r\n7\r\n:"lid"}\r\n0\r\nTrailer: x\r\n\r\n')
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_head_has_no_body_and_keeps_the_connection(wire: Wire) -> None:
    """405 without a body, and the next answer is not mistaken for it."""
    assert wire.get("/api/v1/user/profile", "HEAD").body == b""
    assert wire.get("/api/v1/user/profile").status == 200
    assert wire.get("/api/v1/user/profile", "BREW").status == 405


def test_two_authorization_headers_are_malformed(wire: Wire) -> None:
    """Which key is meant would be a guess."""
    header = f"Authorization: Bearer {wire.sim.key}\r\n"
    answer = wire.raw(f"GET /api/v1/user/profile HTTP/1.1\r\nConnection: close\r\n{header}{header}\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_stopped_servers_refuse_and_come_back() -> None:
    """After serve() the port refuses connections; the same simulator can serve there again."""
    sim = small_sim()
    with sim.serve() as base_url:
        first = Wire(sim, base_url)
        assert first.get().status == 200
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        first.get()
    first.connection.close()
    with pytest.raises(ConnectionRefusedError):
        Wire(sim, base_url).get()
    with sim.serve(urlsplit(base_url).port or 0) as again:
        assert again == base_url
        second = Wire(sim, again)
        assert second.get().status == 200
        second.connection.close()


def test_keep_alive_answers_at_once(wire: Wire) -> None:
    """A hundred requests on one connection take no 40 ms each, as two small packets would."""
    wire.get()
    start = time.monotonic()
    for _ in range(100):
        wire.get()
    assert time.monotonic() - start < 2
