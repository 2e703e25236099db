"""AI credits: what costs one, what does not, and what a generation gives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from convo_sync.simulator import Simulator

from .asking import ask, small_sim

A, B = "/conversations/sess_a", "/conversations/sess_b"


def usage(sim: Simulator) -> dict[str, Any]:
    """The profile's AI figures."""
    return dict(ask(sim, "GET", "/user/profile").data["apiUsage"]["aiGenerations"])


@pytest.mark.parametrize("kind", ["keypoints", "feedback"])
def test_a_cached_result_is_free_and_a_forced_one_is_not(sim: Simulator, kind: str) -> None:
    """Missing: one credit; cached: none; forced: one, each time."""
    costs = []
    for body in ({}, {"forceRefresh": False}, {"forceRefresh": True}, {"forceRefresh": True}, {}):
        before = len(sim.charges)
        reply = ask(sim, "POST", f"{A}/{kind}", body)
        costs.append((len(sim.charges) - before, reply.data["cached"]))
    assert costs == [(1, False), (0, True), (1, False), (1, False), (0, True)]
    assert {(c.conversation_id, c.kind, c.key) for c in sim.charges} == {("sess_a", kind, sim.key)}


@pytest.mark.parametrize("kind", ["keypoints", "feedback"])
def test_another_generation_differs_and_is_newer(sim: Simulator, kind: str) -> None:
    """Content and createdAt change with every generation, even while the clock stands; GET shows the last one."""
    seen = []
    for _ in range(4):
        made = ask(sim, "POST", f"{A}/{kind}", {"forceRefresh": True}).data
        got = ask(sim, "GET", f"{A}/{kind}").data
        assert "cached" not in got
        assert got[kind] == made[kind]
        seen.append((made["createdAt"], repr(made[kind])))
    assert seen == sorted(seen, key=lambda pair: pair[0])
    assert len({when for when, _ in seen}) == len({what for _, what in seen}) == 4


def test_a_generation_is_newer_than_what_the_world_had(sim: Simulator) -> None:
    """A result dated in the clock's future is still followed by a newer one."""
    sim.world.set_keypoints("sess_b", {"sections": []}, created_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert ask(sim, "POST", f"{B}/keypoints", {"forceRefresh": True}).data["createdAt"] > "2027-01-01"


def test_generated_results_use_the_transcripts_words(sim: Simulator) -> None:
    """Points, quotes and answers are sentences of the transcript, the same in every run."""
    points = ask(sim, "POST", f"{A}/keypoints").data["keypoints"]
    assert points["participants"] == ["Mara Voss", "Jonas Petersen"]
    assert "hinge" in str(points["sections"])
    assert points["actionItems"][0]["priority"] in ("high", "medium", "low")
    feedback = ask(sim, "POST", f"{A}/feedback").data
    assert feedback["userSpeakerName"] == "Mara Voss"
    assert "hinge" in feedback["feedback"]["topPriority"]["quote"]
    again = small_sim()
    assert ask(again, "POST", f"{A}/keypoints").data["keypoints"] == points


@pytest.mark.parametrize(("path", "body"), [("email", {"tone": "concise"}), ("query", {"query": "Which hinge?"})])
def test_email_and_query_always_cost_one(sim: Simulator, path: str, body: dict[str, str]) -> None:
    """Nothing of them is cached."""
    for count in (1, 2, 3):
        reply = ask(sim, "POST", f"{A}/{path}", body)
        assert (reply.status, len(sim.charges)) == (200, count)
    assert usage(sim)["used"] == 3


def test_email_and_answer_have_the_contracts_shape(sim: Simulator) -> None:
    """The e-mail greets its recipient in the tone asked for; the answer repeats the question."""
    mail = ask(sim, "POST", f"{A}/email", {"recipientName": "Luc", "tone": "casual"}).data
    assert mail["body"].startswith("Hi Luc,")
    assert {"subject", "keyPoints", "actionItems", "generatedAt"} <= set(mail)
    answer = ask(sim, "POST", f"{A}/query", {"query": "What about pricing?"}).data
    assert answer["query"] == "What about pricing?"
    assert "pricing" in answer["response"]
    assert answer["metadata"] == {"segmentsAnalyzed": 12, "conversationDuration": 30}


@pytest.mark.parametrize(("tier", "limit"), [("starter", 10), ("professional", 100)])
def test_the_month_has_an_end(tier: str, limit: int) -> None:
    """Used up: 429 ai_limit_exceeded for what costs; cached results and reads still answer."""
    sim = small_sim(tier=tier)
    sim.spend_elsewhere(limit - 1)
    assert ask(sim, "POST", f"{A}/email").status == 200
    refused = ask(sim, "POST", f"{A}/email")
    assert (refused.status, refused.code) == (429, "ai_limit_exceeded")
    assert "Retry-After" not in refused.headers
    assert usage(sim) == {"used": limit, "limit": limit, "remaining": 0, "resetsAt": "2026-05-01T00:00:00.000Z"}
    assert ask(sim, "POST", f"{B}/keypoints").data["cached"] is True
    assert ask(sim, "GET", f"{A}/transcript").status == 200
    assert len(sim.charges) == limit


def test_unlimited_has_no_end() -> None:
    """Enterprise never runs out."""
    sim = small_sim(tier="enterprise")
    sim.spend_elsewhere(5000)
    assert ask(sim, "POST", f"{A}/email").status == 200


def test_the_month_resets_with_the_clock(sim: Simulator) -> None:
    """At resetsAt the count starts anew and resetsAt moves a month on, across the year too."""
    sim.spend_elsewhere(100)
    sim.clock.set(datetime(2026, 4, 30, 23, 59, 59, tzinfo=UTC))
    assert ask(sim, "POST", f"{A}/email").code == "ai_limit_exceeded"
    sim.clock.advance(1)
    assert ask(sim, "POST", f"{A}/email").status == 200
    assert usage(sim) == {"used": 1, "limit": 100, "remaining": 99, "resetsAt": "2026-06-01T00:00:00.000Z"}
    sim.clock.set(datetime(2026, 12, 31, tzinfo=UTC))
    assert usage(sim)["resetsAt"] == "2027-01-01T00:00:00.000Z"


def test_credits_are_per_user(sim: Simulator) -> None:
    """Another user's charges are not shown, and do not use up this user's."""
    sim.add_key("convo_other", email="ben@northgate.example")
    sim.spend_elsewhere(100, email="ben@northgate.example")
    assert usage(sim)["used"] == 0
    assert ask(sim, "POST", f"{A}/email", key="convo_other").code == "ai_limit_exceeded"


def test_refused_requests_cost_nothing(sim: Simulator) -> None:
    """An unknown conversation, a bad body, a full hour: no charge."""
    ask(sim, "POST", "/conversations/nobody/email")
    ask(sim, "POST", f"{A}/email", {"tone": "rude"})
    sim.requests_elsewhere(500)
    assert ask(sim, "POST", f"{A}/email").code == "rate_limited"
    assert sim.charges == []


def test_generations_survive_odd_transcripts(sim: Simulator) -> None:
    """Segments that are no objects, or have no text, no speaker or surrogates, stop no generation."""
    odd: list[Any] = [5, None, {"text": None}, {"text": ""}, {"text": "\ud800 odd \x00"}, {"text": "ok", "speaker": 3}]
    sim.world.set_transcript("sess_a", odd * 3)
    for path in ("keypoints", "feedback", "email"):
        assert ask(sim, "POST", f"{A}/{path}").status == 200
    assert ask(sim, "POST", f"{A}/query", {"query": "\ud800"}).status == 200
    assert sim.crashes == []
