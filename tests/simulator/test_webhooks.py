"""Webhooks: registered strictly, delivered once, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from convo_sync.simulator import OPERATION_IDS, Simulator, signature

from .asking import NOON, ask, row, turns

URL = "https://example.org/hook"
EVENTS = [
    "conversation.created", "conversation.updated", "conversation.keypoints.ready", "conversation.summary.ready",
    "conversation.action_items.ready", "conversation.feedback.ready", "conversation.shared", "conversation.deleted",
    "transcript.ready", "transcript.failed",
]  # fmt: skip


class Mailbox:
    """What a receiver got: headers and raw bodies."""

    def __init__(self) -> None:
        self.mail: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.slow = threading.Event()
        self.slow.set()
        self.drips = False

    @property
    def events(self) -> list[str]:
        """The events' names, in order of arrival."""
        return [json.loads(body)["event"] for _, body in self.mail]

    def content(self, event: str) -> Any:
        """`data` of the last such event."""
        return next(m["data"] for m in (json.loads(b) for _, b in reversed(self.mail)) if m["event"] == event)


@contextmanager
def receiving(mailbox: Mailbox) -> Iterator[str]:
    """A receiver on loopback."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            mailbox.mail.append(({k.lower(): v for k, v in self.headers.items()}, body))
            if mailbox.drips:
                self.drip()
                return
            mailbox.slow.wait(10)
            self.send_response(mailbox.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def drip(self) -> None:
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Padding: ")
            with suppress(OSError):
                while not mailbox.slow.wait(0.01):
                    self.wfile.write(b".")

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/in?x=1"
    finally:
        mailbox.slow.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def mailbox(sim: Simulator) -> Iterator[Mailbox]:
    """A receiver that stands in for URL."""
    box = Mailbox()
    with receiving(box) as address:
        sim.deliver_to[URL] = address
        yield box


def register(sim: Simulator, events: list[str] | None = None, url: str = URL) -> dict[str, Any]:
    """A new webhook, as the API answers it."""
    return dict(ask(sim, "POST", "/webhooks", {"url": url, "events": events or EVENTS}).data)


def test_the_secret_is_shown_once(sim: Simulator) -> None:
    """On creation only; a second webhook has another one."""
    made = register(sim)
    assert made["secret"].startswith("whsec_")
    listed = ask(sim, "GET", "/webhooks").data
    assert listed == [{k: made[k] for k in ("id", "url", "events", "createdAt")}]
    assert register(sim)["secret"] != made["secret"]


def test_webhooks_are_the_accounts_own(sim: Simulator) -> None:
    """Another account neither lists nor deletes nor tests it."""
    made = register(sim)
    sim.add_key("convo_other", email="ben@northgate.example")
    assert ask(sim, "GET", "/webhooks", key="convo_other").data == []
    assert ask(sim, "DELETE", f"/webhooks/{made['id']}", key="convo_other").status == 404
    assert ask(sim, "POST", f"/webhooks/{made['id']}/test", key="convo_other").status == 404
    assert ask(sim, "DELETE", f"/webhooks/{made['id']}").status == 200
    assert ask(sim, "DELETE", f"/webhooks/{made['id']}").status == 404
    assert ask(sim, "GET", "/webhooks").data == []


def test_deliveries_are_signed_over_the_raw_body(sim: Simulator, mailbox: Mailbox) -> None:
    """X-Convo-Event names it, X-Convo-Signature is lower-case hex HMAC-SHA256 under the secret."""
    made = register(sim)
    sim.world.rename("sess_a", "Ünïcode \ud800")
    assert sim.wait_for_deliveries()
    headers, body = mailbox.mail[0]
    assert headers["x-convo-event"] == "conversation.updated"
    assert headers["x-convo-signature"] == hmac.new(made["secret"].encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-convo-signature"] == signature(made["secret"], body)
    assert json.loads(body) == {
        "event": "conversation.updated",
        "data": {"conversationId": "sess_a", "title": "Ünïcode \ud800"},
        "timestamp": "2026-04-01T12:00:00.000Z",
    }


def test_world_edits_emit_their_events(sim: Simulator, mailbox: Mailbox) -> None:
    """Every documented event, in order, with its documented data."""
    register(sim)
    world = sim.world
    world.add(row("sess_n", NOON, endTime=None), turns(2))
    world.end("sess_n", NOON)
    world.set_keypoints("sess_n", {"sections": [{}, {}], "actionItems": [{}]})
    world.set_feedback("sess_n", {"overallScore": 8.5})
    world.fail_transcript("sess_n", "no audio")
    world.share("sess_n")
    world.delete("sess_n")
    assert sim.wait_for_deliveries()
    assert mailbox.events == [
        "conversation.created", "conversation.updated", "transcript.ready", "conversation.keypoints.ready",
        "conversation.summary.ready", "conversation.action_items.ready", "conversation.feedback.ready",
        "transcript.failed", "conversation.shared", "conversation.deleted",
    ]  # fmt: skip
    assert mailbox.content("transcript.ready") == {"conversationId": "sess_n", "segmentCount": 2}
    summary = {"conversationId": "sess_n", "title": "Meeting n", "sectionCount": 2}
    assert mailbox.content("conversation.summary.ready") == summary
    assert mailbox.content("conversation.action_items.ready")["actionItemCount"] == 1
    assert mailbox.content("conversation.feedback.ready")["overallScore"] == 8.5
    assert mailbox.content("transcript.failed")["error"] == "no audio"


def test_api_calls_emit_events_too(sim: Simulator, mailbox: Mailbox) -> None:
    """PATCH, DELETE, share and generations are edits like any other."""
    register(sim)
    ask(sim, "PATCH", "/conversations/sess_a", {"title": "x"})
    ask(sim, "POST", "/conversations/sess_a/feedback")
    ask(sim, "POST", "/conversations/sess_a/share")
    ask(sim, "DELETE", "/conversations/sess_a")
    assert sim.wait_for_deliveries()
    assert mailbox.events == [
        "conversation.updated", "conversation.feedback.ready", "conversation.shared", "conversation.deleted",
    ]  # fmt: skip


def test_only_chosen_events_are_delivered(sim: Simulator, mailbox: Mailbox) -> None:
    """Hidden transcripts and unasked events stay silent; a test event always comes."""
    made = register(sim, ["transcript.ready"])
    sim.world.rename("sess_a", "x")
    sim.world.hide_transcript("sess_a")
    sim.world.grow("sess_a", turns(1))
    sim.world.show_transcript("sess_a")
    assert ask(sim, "POST", f"/webhooks/{made['id']}/test").status == 200
    assert sim.wait_for_deliveries()
    assert mailbox.events == ["transcript.ready", "webhook.test"]
    assert "message" in mailbox.content("webhook.test")


@pytest.mark.parametrize("status", [500, 302, 204])
def test_a_failed_delivery_is_never_repeated(sim: Simulator, mailbox: Mailbox, status: int) -> None:
    """One try, whatever the receiver answers; a redirect is not followed."""
    register(sim, ["conversation.updated"])
    mailbox.status = status
    sim.world.rename("sess_a", "x")
    assert sim.wait_for_deliveries()
    assert [(d.envelope.event, d.status) for d in sim.deliveries] == [("conversation.updated", status)]
    assert len(mailbox.mail) == 1


def test_an_unreachable_receiver_loses_the_event(sim: Simulator) -> None:
    """A refused connection is recorded as lost."""
    register(sim, ["conversation.updated"])
    sim.deliver_to["*"] = "http://127.0.0.1:9/"
    sim.world.rename("sess_a", "x")
    assert sim.wait_for_deliveries()
    assert (sim.deliveries[0].status, "refused" in str(sim.deliveries[0].error)) == (None, True)


def test_a_slow_receiver_loses_the_event(sim: Simulator, mailbox: Mailbox) -> None:
    """After the time-out the delivery is over; ten seconds unless a test cannot wait."""
    assert sim.webhook_timeout_seconds == 10
    sim.webhook_timeout_seconds = 0.1
    mailbox.slow.clear()
    register(sim, ["conversation.updated"])
    sim.world.rename("sess_a", "x")
    assert sim.wait_for_deliveries()
    assert "timed out" in str(sim.deliveries[0].error)


def test_a_dripping_receiver_loses_the_event(sim: Simulator, mailbox: Mailbox) -> None:
    """The time is for the whole answer: bytes that keep coming, each in time, do not prolong it."""
    sim.webhook_timeout_seconds = 0.1
    mailbox.drips = True
    mailbox.slow.clear()
    register(sim, ["conversation.updated"])
    sim.world.rename("sess_a", "x")
    assert sim.wait_for_deliveries()
    assert (sim.deliveries[0].status, "timed out" in str(sim.deliveries[0].error)) == (None, True)


def test_events_can_be_swallowed(sim: Simulator) -> None:
    """None as an address delivers nowhere."""
    register(sim)
    sim.deliver_to["*"] = None
    sim.world.rename("sess_a", "x")
    assert sim.wait_for_deliveries()
    assert (sim.deliveries[0].status, sim.deliveries[0].error) == (None, None)


def test_a_lesser_plan_delivers_no_more(sim: Simulator, mailbox: Mailbox) -> None:
    """After a downgrade to Starter nothing is sent."""
    register(sim)
    sim.set_tier("starter")
    sim.world.rename("sess_a", "x")
    assert sim.wait_for_deliveries()
    assert mailbox.mail == []


def test_operations_are_known_by_name() -> None:
    """The ids that faults are ordered for are the contract's."""
    assert len(OPERATION_IDS) == len(set(OPERATION_IDS)) == 17
    assert "listConversations" in OPERATION_IDS
