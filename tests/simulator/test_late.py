"""Generations slower than a client's patience: when they are charged, and when their results are there."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from convo_sync.simulator import Fault, Simulator, parse_fault
from convo_sync.simulator.operations import SPENDING

from .asking import NOON, Reply, ask, small_sim, turns

A, B = "/conversations/sess_a", "/conversations/sess_b"
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "generateKeypoints": ("keypoints", {"forceRefresh": True}),
    "generateFeedback": ("feedback", {"forceRefresh": True}),
    "generateEmail": ("email", {"tone": "concise"}),
    "queryConversation": ("query", {"query": "Which hinge?"}),
}
LATE = ("late_result", "late_work")
DUE = NOON + timedelta(seconds=120)


def late(sim: Simulator, kind: str, operation: str = "generateKeypoints", **order: Any) -> tuple[Fault, Reply]:
    """The order, and the answer to a generation of meeting a under it."""
    fault = sim.faults.add(Fault(kind, endpoint=operation, **order))
    path, body = ASKED[operation]
    return fault, ask(sim, "POST", f"{A}/{path}", body)


def state(sim: Simulator, path: str = "keypoints") -> tuple[int, int]:
    """How many credits are spent, and what a GET of meeting a answers."""
    return len(sim.charges), ask(sim, "GET", f"{A}/{path}").status


def test_every_spending_operation_is_tried_here() -> None:
    """The four of the contract."""
    assert set(ASKED) == set(SPENDING)


@pytest.mark.parametrize("operation", ["generateKeypoints", "generateFeedback"])
@pytest.mark.parametrize(("kind", "at_once"), [("late_result", 1), ("late_work", 0)])
def test_a_late_result_appears_when_it_is_due(sim: Simulator, kind: str, at_once: int, operation: str) -> None:
    """No answer; charged at once or when due; nothing to GET a millisecond before, and from then on cached."""
    path = ASKED[operation][0]
    fault, reply = late(sim, kind, operation)
    record = sim.requests[-1]
    assert (reply.status, reply.body, fault.fired) == (0, b"", 1)
    assert (record.status, record.fault, record.counted) == (0, kind, True)
    assert state(sim, path) == (at_once, 404)
    sim.clock.advance(timedelta(seconds=120) - timedelta(milliseconds=1))
    assert state(sim, path) == (at_once, 404)
    sim.clock.advance(timedelta(milliseconds=1))
    assert state(sim, path) == (1, 200)
    cached = ask(sim, "POST", f"{A}/{path}").data
    assert (cached["cached"], cached["createdAt"], len(sim.charges)) == (True, "2026-04-01T12:02:00.000Z", 1)
    assert sim.crashes == []


@pytest.mark.parametrize("operation", SPENDING)
@pytest.mark.parametrize(("kind", "moment"), [("late_result", NOON), ("late_work", DUE)])
def test_a_charge_has_the_moment_of_its_work(sim: Simulator, kind: str, moment: datetime, operation: str) -> None:
    """However much later somebody looks: the moment asked, or the moment due."""
    late(sim, kind, operation)
    sim.clock.advance(timedelta(hours=5))
    assert [(c.time, c.key, c.conversation_id, c.kind) for c in sim.charges] == [
        (moment, sim.key, "sess_a", ASKED[operation][0])
    ]


@pytest.mark.parametrize("operation", ["generateEmail", "queryConversation"])
@pytest.mark.parametrize("kind", LATE)
def test_of_emails_and_answers_nothing_appears(sim: Simulator, kind: str, operation: str) -> None:
    """They are paid for, and the world is as it was."""
    before = sim.world.version
    late(sim, kind, operation)
    sim.clock.advance(timedelta(hours=1))
    assert (len(sim.charges), sim.world.version, sim.crashes) == (1, before, [])


@pytest.mark.parametrize("kind", LATE)
def test_seconds_are_as_ordered(sim: Simulator, kind: str) -> None:
    """600 instead of 120."""
    late(sim, kind, seconds=600)
    sim.clock.advance(599)
    assert state(sim)[1] == 404
    sim.clock.advance(1)
    assert state(sim) == (1, 200)


@pytest.mark.parametrize("kind", LATE)
def test_a_refused_request_is_refused_as_ever(kind: str) -> None:
    """Key, hour, body, meeting, transcript, segments, credits: the refusal is sent, and the order waits."""
    sim = small_sim(tier="starter")
    sim.world.hide_transcript("sess_c")
    sim.world.set_transcript("sess_b", turns(9))
    fault = sim.faults.add(Fault(kind))
    assert ask(sim, "POST", f"{A}/email", key="convo_unknown").code == "unauthorized"
    assert ask(sim, "POST", f"{A}/email", {"tone": "rude"}).code == "validation_error"
    assert ask(sim, "POST", "/conversations/nobody/email").code == "not_found"
    assert ask(sim, "POST", "/conversations/sess_c/email").code == "not_found"
    assert ask(sim, "POST", f"{B}/feedback", {"forceRefresh": True}).status == 400
    sim.spend_elsewhere(10)
    assert ask(sim, "POST", f"{A}/email").code == "ai_limit_exceeded"
    sim.requests_elsewhere(100)
    assert ask(sim, "POST", f"{A}/email").code == "rate_limited"
    sim.clock.advance(timedelta(hours=1))
    assert sim.charges_of(sim.key) == []
    assert (fault.fired, {record.fault for record in sim.requests}) == (0, {None})


@pytest.mark.parametrize("kind", LATE)
def test_a_cached_answer_is_no_generation(sim: Simulator, kind: str) -> None:
    """It comes at once and whole; the order strikes the next that costs."""
    fault = sim.faults.add(Fault(kind))
    assert ask(sim, "POST", f"{B}/keypoints").data["cached"] is True
    assert (fault.fired, ask(sim, "GET", f"{B}/keypoints").status) == (0, 200)
    assert ask(sim, "POST", f"{B}/keypoints", {"forceRefresh": True}).status == 0
    assert fault.fired == 1


@pytest.mark.parametrize("kind", LATE)
def test_while_one_is_under_way_another_is_a_new_generation(sim: Simulator, kind: str) -> None:
    """Asked twice, paid twice; the one that is due last is what stays."""
    late(sim, kind)
    second = ask(sim, "POST", f"{A}/keypoints").data
    assert second["cached"] is False
    assert ask(sim, "GET", f"{A}/keypoints").data["createdAt"] == "2026-04-01T12:00:00.000Z"
    sim.clock.advance(120)
    assert ask(sim, "GET", f"{A}/keypoints").data["createdAt"] == "2026-04-01T12:02:00.000Z"
    assert ask(sim, "GET", f"{A}/keypoints").data["keypoints"] != second["keypoints"]
    assert len(sim.charges) == 2


@pytest.mark.parametrize("kind", LATE)
def test_a_late_result_is_newer_than_what_it_replaces(sim: Simulator, kind: str) -> None:
    """The old one is what a GET answers until then, though it is dated in the clock's future."""
    sim.world.set_keypoints("sess_a", {"sections": []}, created_at=datetime(2027, 1, 1, tzinfo=UTC))
    late(sim, kind)
    assert ask(sim, "GET", f"{A}/keypoints").data["keypoints"] == {"sections": []}
    sim.clock.advance(120)
    assert ask(sim, "GET", f"{A}/keypoints").data["createdAt"] == "2027-01-01T00:00:00.001Z"


@pytest.mark.parametrize(("kind", "charges"), [("late_result", 1), ("late_work", 0)])
def test_nothing_appears_of_a_deleted_meeting(sim: Simulator, kind: str, charges: int) -> None:
    """A credit charged at once stays spent; later there is no work to charge for."""
    late(sim, kind)
    assert ask(sim, "DELETE", A).status == 200
    sim.clock.advance(120)
    assert len(sim.charges) == charges
    sim.world.restore("sess_a")
    assert state(sim) == (charges, 404)


def test_late_work_finds_the_months_credits_used_up() -> None:
    """Another tool spends the last one in the meantime: nothing is charged, nothing appears."""
    sim = small_sim(tier="starter")
    sim.spend_elsewhere(9)
    late(sim, "late_work")
    sim.spend_elsewhere(1)
    sim.clock.advance(120)
    assert (sim.charges_of(sim.key), state(sim)[1], sim.crashes) == ([], 404, [])


@pytest.mark.parametrize("change", [lambda sim: sim.set_tier("free"), lambda sim: sim.spend_elsewhere(1)])
def test_what_is_due_comes_before_a_later_change(change: Callable[[Simulator], None]) -> None:
    """Who changes the plan or spends the last credit after the work was due, does not take its credit away."""
    sim = small_sim(tier="starter")
    sim.spend_elsewhere(9)
    late(sim, "late_work")
    sim.clock.advance(121)
    change(sim)
    assert [charge.kind for charge in sim.charges[9:]][:1] == ["keypoints"]
    assert sim.charges_of(sim.key)[0].time == DUE


def test_late_works_take_the_last_credit_in_the_order_of_their_times() -> None:
    """Those that are done first get them, whoever was asked first, though all are noticed at once."""
    sim = small_sim(tier="starter")
    sim.spend_elsewhere(7)
    for operation, seconds in zip(SPENDING, (120, 90, 60, 90), strict=True):
        late(sim, "late_work", operation, seconds=seconds)
    sim.clock.advance(timedelta(hours=1))
    done = [((c.time - NOON).seconds, c.kind) for c in sim.charges[7:]]
    assert done == [(60, "email"), (90, "feedback"), (90, "query")]
    assert (state(sim)[1], state(sim, "feedback")[1]) == (404, 200)


@pytest.mark.parametrize(("kind", "used"), [("late_result", 0), ("late_work", 1)])
def test_the_month_is_that_of_the_charge(kind: str, used: int) -> None:
    """Asked in the last minute of April: charged to April at once, or to May when it is done."""
    sim = small_sim()
    sim.clock.set(datetime(2026, 4, 30, 23, 59, tzinfo=UTC))
    late(sim, kind)
    sim.clock.advance(300)
    assert ask(sim, "GET", "/user/profile").data["apiUsage"]["aiGenerations"]["used"] == used
    assert len(sim.charges) == 1


def test_the_profile_sees_what_is_due(sim: Simulator) -> None:
    """The very request that notices the work shows its charge."""
    late(sim, "late_work")
    used = []
    for _ in range(2):
        used.append(ask(sim, "GET", "/user/profile").data["apiUsage"]["aiGenerations"]["used"])
        sim.clock.advance(120)
    assert used == [0, 1]


def test_the_world_is_caught_up_by_hand(sim: Simulator) -> None:
    """Who reads the world itself calls catch_up; twice is as good as once."""
    late(sim, "late_work")
    sim.clock.advance(120)
    sim.catch_up()
    meeting = sim.world.conversations["sess_a"]
    assert meeting.keypoints is not None
    version = sim.world.version
    sim.catch_up()
    assert (sim.world.version, len(sim.charges)) == (version, 1)


def test_late_work_reads_the_transcript_of_its_moment(sim: Simulator) -> None:
    """What was charged at once was made of what was there then."""
    late(sim, "late_result")
    late(sim, "late_work", "generateFeedback")
    sim.world.set_transcript("sess_a", [{"text": "Something else entirely was said here.", "speaker": "Ana"}] * 12)
    sim.clock.advance(120)
    assert "hinge" in str(ask(sim, "GET", f"{A}/keypoints").data)
    assert "hinge" not in str(ask(sim, "GET", f"{A}/feedback").data)


def test_a_key_has_its_charges(sim: Simulator) -> None:
    """Of this key only, oldest first, even where the clock was moved back."""
    sim.add_key("convo_second")
    late(sim, "late_work", seconds=30)
    ask(sim, "POST", f"{A}/email", key="convo_second")
    sim.spend_elsewhere(1)
    sim.clock.advance(60)
    sim.catch_up()
    sim.clock.advance(-60)
    ask(sim, "POST", f"{A}/email")
    times = [((charge.time - NOON).seconds, charge.kind) for charge in sim.charges_of(sim.key)]
    assert times == [(0, "email"), (30, "keypoints")]
    assert [charge.kind for charge in sim.charges_of("convo_second")] == ["email"]


@pytest.mark.parametrize("kind", LATE)
def test_on_the_wire_with_a_running_clock(kind: str) -> None:
    """The connection ends without a byte; the result is there by itself, some time after it is due."""
    sim = Simulator(small_sim().world)
    sim.faults.add(parse_fault(f"{kind}:generateKeypoints:*")).seconds = 0.2
    with sim.serve() as base_url:
        connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=5)
        connection.request("POST", f"/api/v1{A}/keypoints", headers={"Authorization": f"Bearer {sim.key}"})
        with pytest.raises(http.client.RemoteDisconnected):
            connection.getresponse()
        connection.close()
    until = time.monotonic() + 10
    while ask(sim, "GET", f"{A}/keypoints").status == 404 and time.monotonic() < until:
        time.sleep(0.02)
    assert state(sim) == (1, 200)
    assert ask(sim, "POST", f"{A}/keypoints").data["cached"] is True


@pytest.mark.parametrize("kind", LATE)
def test_only_generations_can_be_late(sim: Simulator, kind: str) -> None:
    """Another operation is refused at once, naming the four; an order for any strikes only those."""
    for text in (f"{kind}:getKeypoints", f"{kind}:shareConversation:*"):
        with pytest.raises(ValueError, match="generateKeypoints, generateFeedback, generateEmail, queryConversation"):
            parse_fault(text)
    fault = sim.faults.add(Fault(kind, times=None))
    for method, path in (("GET", "/conversations"), ("POST", f"{A}/share"), ("GET", "/nowhere")):
        assert ask(sim, method, path).status in (200, 404)
    sim.faults.add(Fault("server_error"))
    assert (ask(sim, "GET", "/conversations").status, fault.fired) == (500, 0)
    for path, body in ASKED.values():
        assert ask(sim, "POST", f"{A}/{path}", body).status == 0
    assert fault.fired == 4


def test_webhooks_hear_of_a_late_result_when_it_is_there(sim: Simulator) -> None:
    """The events of key points come with them, not with the request."""
    sim.deliver_to["*"] = None
    ask(sim, "POST", "/webhooks", {"url": "https://x.example/h", "events": ["conversation.keypoints.ready"]})
    late(sim, "late_result")
    assert sim.wait_for_deliveries()
    assert sim.deliveries == []
    sim.clock.advance(120)
    assert sim.wait_for_deliveries()
    assert sim.world.conversations["sess_a"].keypoints is not None
    assert [delivery.envelope.event for delivery in sim.deliveries] == ["conversation.keypoints.ready"]
