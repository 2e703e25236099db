"""The client against the simulator: every endpoint, every fault, retries and the meter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from convo_sync.client import Client
from convo_sync.client.http import PASSING
from convo_sync.errors import (
    ConvoSyncError,
    CreditsUsedUp,
    Forbidden,
    Invalid,
    KeyRefused,
    NotFound,
    RateLimited,
    ServerTrouble,
    TryLater,
)
from convo_sync.records import ConversationId, Kind, RateReading
from convo_sync.simulator import DEMO_KEY, FAULT_KINDS, Clock, Fault, Simulator, World

NOON = datetime(2026, 3, 19, 12, 0, tzinfo=UTC)
ID = ConversationId("sess_1")
NONE_THERE = ConversationId("sess_404")


def world() -> World:
    """Two conversations of twelve turns, and an event to come."""
    made = World()
    for number, name in enumerate(("sess_1", "sess_2")):
        start = NOON - timedelta(days=number + 1)
        turns = [
            {
                "text": f"Turn {turn}: we agreed to ship the zebra plan, and Sam will write it up.",
                "speaker": "Mara Voss" if turn % 2 else "Sam",
                "timestamp": (start + timedelta(minutes=turn)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            for turn in range(12)
        ]
        row = {
            "id": name,
            "title": f"Meeting {number}",
            "startTime": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "endTime": (start + timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "duration": 20,
            "segmentCount": 12,
        }
        made.add(row, turns)
    made.add_event(
        {
            "id": "ev1",
            "summary": "Next",
            "start": {"dateTime": "2026-03-20T10:00:00Z"},
            "end": {"dateTime": "2026-03-20T11:00:00Z"},
        }
    )
    return made


class NotingMeter:
    """A meter that notes, and lets so many requests pass."""

    def __init__(self, allowed: int = 10**6) -> None:
        self.allowed = allowed
        self.sent = 0
        self.readings: list[RateReading] = []

    def sending(self) -> None:
        """Let pass or park."""
        if self.sent >= self.allowed:
            raise TryLater("not now")
        self.sent += 1

    def unsent(self) -> None:
        """Note that one did not get out."""
        self.sent -= 1

    def answered(self, reading: RateReading) -> None:
        """Note a reading."""
        self.readings.append(reading)


@contextmanager
def simulated(*, tier: str = "professional", **options: Any) -> Iterator[tuple[Simulator, Client]]:
    """A simulator at noon, and a client that never really pauses."""
    simulator = Simulator(world(), clock=Clock(NOON), tier=tier)
    with (
        simulator.serve() as base_url,
        Client(base_url, options.pop("key", DEMO_KEY), **({"sleep": lambda _: None} | options)) as client,
    ):
        yield simulator, client


CALLS: dict[str, Callable[[Client], object]] = {
    "listConversations": lambda client: client.list_conversations(),
    "getTranscript": lambda client: client.get_document(ID, Kind.TRANSCRIPT),
    "getKeypoints": lambda client: client.get_document(ID, Kind.KEYPOINTS),
    "getFeedback": lambda client: client.get_document(ID, Kind.FEEDBACK),
    "getProfile": lambda client: client.get_profile(),
    "listCalendarEvents": lambda client: client.list_events(),
    "listWebhooks": lambda client: client.list_webhooks(),
    "generateKeypoints": lambda client: client.generate_keypoints(ID),
    "generateFeedback": lambda client: client.generate_feedback(ID),
    "queryConversation": lambda client: client.ask(ID, "why?"),
    "generateEmail": lambda client: client.write_email(ID, "Sam"),
    "updateTitle": lambda client: client.rename(ID, "Other"),
    "deleteConversation": lambda client: client.delete(ID),
    "registerWebhook": lambda client: client.create_webhook("https://x.example/h", ["webhook.test"]),
    "testWebhook": lambda client: client.test_webhook("wh_1"),
    "deleteWebhook": lambda client: client.delete_webhook("wh_1"),
}
READS = tuple(name for name in CALLS if name.startswith(("get", "list")))
# What a fault makes of a call; None where it is only slow, or only empty.
OUTCOMES: dict[str, str | type[ConvoSyncError] | None] = {
    "refuse": "dropped",
    "drop_before": "dropped",
    "bad_gateway": "server_error",
    "proxy_ok": "not_json",
    "proxy_forbidden": "not_json",
    "proxy_unauthorized": "not_json",
    "redirect": "redirected",
    "rate_limited": RateLimited,
    "server_error": "server_error",
    "not_found": NotFound,
    "delay": None,
    "drip": None,
    "cut_body": "cut",
    "drop_after": "dropped",
    "invalid_json": "not_json",
    "empty_body": "empty",
    "wrong_shape": "wrong_shape",
    "empty_list": None,
    "empty_segments": None,
    "huge": "too_large",
    "late_result": "dropped",
    "late_work": "dropped",
}


def test_the_list_is_paged_filtered_and_searched() -> None:
    """Limit, offset, since and search reach the server."""
    with simulated() as (simulator, client):
        page = client.list_conversations(limit=1, offset=1)
        assert (len(page.rows), page.total, page.limit) == (1, 2, 1)
        since = client.list_conversations(since=NOON - timedelta(days=1, hours=1))
        found = client.list_conversations(search="meeting 1")
        assert [row.id for row in since.rows + found.rows] == ["sess_1", "sess_2"]
        assert "since=2026-03-18T11%3A00%3A00.000Z" in simulator.requests[1].query


def test_documents_and_profile_are_read() -> None:
    """A transcript, an absent set of key points, the account."""
    with simulated() as (_, client):
        transcript = client.get_document(ID, Kind.TRANSCRIPT)
        assert transcript is not None
        assert transcript.segments == 12
        with pytest.raises(NotFound):
            client.get_document(ID, Kind.KEYPOINTS)
        assert client.get_profile().tier == "professional"
        assert [each.title for each in client.list_events(time_min=NOON).documents] == ["Next"]
        with pytest.raises(ValueError, match="cannot be fetched"):
            client.get_document(ID, Kind.ANSWER)


def test_generation_tells_whether_it_was_cached() -> None:
    """The first is made, the second cached, a forced one made anew; what a GET brings is the same document."""
    with simulated() as (simulator, client):
        first, cached = client.generate_keypoints(ID)
        again, cached_again = client.generate_keypoints(ID)
        _, cached_forced = client.generate_keypoints(ID, force_refresh=True)
        assert (cached, cached_again, cached_forced) == (False, True, False)
        assert again.digest == first.digest
        assert client.generate_feedback(ID)[0].rows["feedback"]
        assert len(simulator.charges) == 3


def test_paid_replies_are_handed_over_raw_before_they_are_read() -> None:
    """Even one that cannot be read; and nothing is handed over of a refusal."""
    with simulated() as (simulator, client):
        kept: list[bytes] = []
        answer = client.ask(ID, "why zebra?", received=kept.append)
        email = client.write_email(ID, "Sam", "casual", received=kept.append)
        assert [answer.body, email.body] == kept
        assert (answer.kind, email.kind) == (Kind.ANSWER, Kind.EMAIL)
        simulator.faults.add(Fault("wrong_shape", endpoint="queryConversation"))
        with pytest.raises(ServerTrouble):
            client.ask(ID, "why?", received=kept.append)
        with pytest.raises(NotFound):
            client.ask(NONE_THERE, "why?", received=kept.append)
        assert len(kept) == 3


def test_what_the_owner_changes_at_convo() -> None:
    """Rename and delete are done, and a deleted conversation is not found."""
    with simulated() as (_, client):
        assert client.rename(ID, "Zebra").title == "Zebra"
        client.delete(ID)
        with pytest.raises(NotFound):
            client.get_document(ID, Kind.TRANSCRIPT)


def test_webhooks_are_made_listed_tested_and_removed() -> None:
    """The secret comes once."""
    with simulated() as (simulator, client):
        simulator.deliver_to["https://x.example/h"] = None
        made = client.create_webhook("https://x.example/h", ["webhook.test"])
        assert made.secret
        client.test_webhook(made.id)
        assert [(each.id, each.secret) for each in client.list_webhooks()] == [(made.id, None)]
        client.delete_webhook(made.id)
        assert client.list_webhooks() == ()
        simulator.wait_for_deliveries()


def test_refusals_have_their_classes() -> None:
    """Key, plan, parameters, credits, hour."""
    with simulated(key="convo_unknown") as (_, client), pytest.raises(KeyRefused):
        client.get_profile()
    with simulated(tier="starter") as (simulator, client):
        with pytest.raises(Forbidden):
            client.list_webhooks()
        with pytest.raises(Invalid):
            client.list_conversations(limit=101)
        simulator.spend_elsewhere(10)
        with pytest.raises(CreditsUsedUp):
            client.ask(ID, "why?")
        simulator.requests_elsewhere(100)
        with pytest.raises(RateLimited) as caught:
            client.get_profile()
        assert 0 < (caught.value.retry_after_seconds or 0) <= 3600


def test_every_fault_is_known_here() -> None:
    """A new kind of fault needs an outcome."""
    assert OUTCOMES.keys() == FAULT_KINDS.keys()


@pytest.mark.parametrize("fault", OUTCOMES)
def test_every_fault_at_every_endpoint_ends_in_its_error(fault: str) -> None:
    """Whatever goes wrong, and wherever, one of our own errors says so; nothing but a GET is sent again."""
    with simulated(tier="enterprise", byte_cap=100_000, attempts=2) as (simulator, client):
        for name, call in CALLS.items():
            if not FAULT_KINDS[fault].fits(name):
                continue
            simulator.faults.add(Fault(fault, endpoint=name, times=None, seconds=0, size=200_000))
            before = len(simulator.requests)
            try:
                call(client)
                error: ConvoSyncError | None = None
            except ConvoSyncError as caught:
                error = caught
            symptom = getattr(error, "symptom", None)
            assert len(simulator.requests) - before <= (2 if name in READS and symptom in PASSING else 1)
            _check(name, OUTCOMES[fault], error, symptom)


def _check(name: str, expected: Any, error: ConvoSyncError | None, symptom: str | None) -> None:
    # Unknown webhooks, absent documents, and emptied or unread answers have their own outcome.
    if (
        isinstance(error, NotFound)
        or expected is None
        or name in ("deleteConversation", "deleteWebhook", "testWebhook")
    ):
        return
    if isinstance(expected, str):
        assert symptom == expected, (name, error)
    else:
        assert isinstance(error, expected), (name, error)


def test_a_get_is_tried_again_with_growing_pauses() -> None:
    """Two troubles pass; the pauses are random shares of a doubling time."""
    pauses: list[float] = []
    meter = NotingMeter()
    with simulated(sleep=pauses.append, jitter=lambda: 0.5, meter=meter) as (simulator, client):
        simulator.faults.add(Fault("server_error", times=1))
        simulator.faults.add(Fault("drop_after", times=1))
        assert client.list_conversations().received == 2
    assert (pauses, meter.sent) == ([0.25, 0.5], 3)


def test_the_last_trouble_is_told() -> None:
    """After the last attempt the error stands."""
    with simulated(attempts=3) as (simulator, client):
        simulator.faults.add(Fault("server_error", times=None))
        with pytest.raises(ServerTrouble):
            client.get_profile()
        assert len(simulator.requests) == 3


@pytest.mark.parametrize("fault", ["rate_limited", "not_found", "redirect", "wrong_shape"])
def test_what_another_attempt_cannot_mend_is_asked_once(fault: str) -> None:
    """Refusals and shapes do not pass within seconds; a 429 is never asked again."""
    meter = NotingMeter()
    with simulated(meter=meter) as (simulator, client):
        simulator.faults.add(Fault(fault, times=None))
        with pytest.raises(ConvoSyncError):
            client.get_profile()
    assert meter.sent == 1


@pytest.mark.parametrize("name", [name for name in CALLS if name not in READS])
def test_what_changes_or_costs_is_sent_once(name: str) -> None:
    """A POST whose answer was lost may have been paid for."""
    meter = NotingMeter()
    with simulated(tier="enterprise", meter=meter) as (simulator, client):
        simulator.faults.add(Fault("drop_after", endpoint=name, times=None))
        simulator.faults.add(Fault("refuse", endpoint=name, times=None, after=1))
        with pytest.raises(ConvoSyncError):
            CALLS[name](client)
    assert meter.sent == 1


def test_the_meter_gates_every_attempt() -> None:
    """When the hour ends between two attempts, the second is not sent, and the trouble of the first is what is told."""
    meter = NotingMeter(allowed=1)
    with simulated(meter=meter) as (simulator, client):
        simulator.faults.add(Fault("drop_after", times=None))
        with pytest.raises(ServerTrouble):
            client.get_profile()
        assert len(simulator.requests) == 1


def test_the_meter_can_stop_the_first_attempt() -> None:
    """Where nothing is left of the hour, nothing is sent."""
    with simulated(meter=NotingMeter(allowed=0)) as (simulator, client):
        with pytest.raises(TryLater):
            client.get_profile()
        assert simulator.requests == []


def test_the_meter_hears_what_the_headers_say() -> None:
    """Limit, remaining, and the distance to Reset by the server's own clock."""
    meter = NotingMeter()
    with simulated(meter=meter) as (_, client):
        client.get_profile()
        client.get_profile()
    first, second = meter.readings
    assert (first.limit, first.remaining, second.remaining, first.server_time) == (500, 499, 498, NOON)
    assert first.reset_after_seconds is not None
    assert 0 < first.reset_after_seconds <= 3600
