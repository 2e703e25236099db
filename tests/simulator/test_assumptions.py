"""Each assumption's default, and its opposites."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from convo_sync.simulator import Simulator, World, assumptions_table, parse_assumption

from .asking import NOON, ask, row, small_sim, small_world, turns

TRANSCRIPT = "/conversations/sess_a/transcript"


def running_world() -> World:
    """The small world with a meeting that goes on."""
    world = small_world()
    start = NOON - timedelta(minutes=20)
    world.add(row("sess_now", start, endTime=None, duration=None), turns(4))
    return world


def listed(sim: Simulator, query: str = "") -> list[str]:
    """Ids as listed."""
    return ask(sim, "GET", f"/conversations{query}").ids


def test_table_is_complete_and_in_words() -> None:
    """Every assumption has a default, an opposite and a line of explanation; names are unique."""
    table = assumptions_table()
    assert len({assumption.name for assumption in table}) == len(table)
    for assumption in table:
        assert assumption.default == assumption.values[0]
        assert len(assumption.values) >= 2
        assert assumption.explanation.endswith(".")


@pytest.mark.parametrize("text", ["list_order", "order=newest", "list_order=", "list_order=best", ""])
def test_mistyped_assumptions_name_what_is_allowed(text: str) -> None:
    """A typing mistake is answered with the allowed names or values."""
    with pytest.raises(ValueError, match=r"newest|list_order"):
        parse_assumption(text)


def test_assumption_is_parsed() -> None:
    """NAME=VALUE becomes the pair that Simulator(assume=…) takes."""
    assert parse_assumption(" list_order = oldest ") == ("list_order", "oldest")
    with pytest.raises(ValueError, match="list_order"):
        small_sim(assume={"list_ordr": "oldest"})


def test_list_order() -> None:
    """Newest first by default, oldest first, or shuffled in the same way each time."""
    assert listed(small_sim()) == ["sess_c", "sess_b", "sess_a"]
    assert listed(small_sim(assume={"list_order": "oldest"})) == ["sess_a", "sess_b", "sess_c"]
    orders = set()
    for seed in range(20):
        sim = small_sim(assume={"list_order": "random-stable"}, seed=seed)
        orders.add(tuple(listed(sim)))
        assert listed(sim) == listed(sim)
    assert len(orders) > 3


def test_unstable_order_differs_between_requests() -> None:
    """The same request is answered in another order, all rows being there."""
    sim = small_sim(assume={"list_order": "unstable"})
    orders = {tuple(listed(sim)) for _ in range(20)}
    assert len(orders) > 2
    assert {frozenset(order) for order in orders} == {frozenset({"sess_a", "sess_b", "sess_c"})}


@pytest.mark.parametrize(
    ("compares", "expected"),
    [
        ("startTime", {"sess_c", "sess_now"}),
        ("endTime", {"sess_b", "sess_c", "sess_now"}),
        ("createdAt", {"sess_a", "sess_c", "sess_now"}),
        ("ignored", {"sess_a", "sess_b", "sess_c", "sess_now"}),
    ],
)
def test_since_compares(compares: str, expected: set[str]) -> None:
    """What `since` looks at; without an end nothing speaks against a running meeting."""
    world = running_world()
    world.conversations["sess_a"].created_at = NOON
    sim = small_sim(world=world, assume={"since_compares": compares})
    assert set(listed(sim, "?since=2026-03-02T09:10:00Z")) == expected


def test_late_conversations_are_created_when_they_appear() -> None:
    """A meeting added while the world is served was created now, however long ago it began."""
    sim = small_sim(assume={"since_compares": "createdAt"})
    sim.world.add(row("sess_late", NOON - timedelta(days=400)), turns())
    assert listed(sim, "?since=2026-04-01T00:00:00Z") == ["sess_late"]


@pytest.mark.parametrize(("bound", "expected"), [("inclusive", ["sess_c", "sess_b"]), ("exclusive", ["sess_c"])])
def test_since_bound(bound: str, expected: list[str]) -> None:
    """A meeting that starts at `since` itself."""
    assert listed(small_sim(assume={"since_bound": bound}), "?since=2026-03-02T09:00:00Z") == expected


@pytest.mark.parametrize(("honours", "total"), [("yes", 1), ("no", 3)])
def test_total_honours_filters(honours: str, total: int) -> None:
    """What total counts under a filter."""
    reply = ask(small_sim(assume={"total_honours_filters": honours}), "GET", "/conversations?search=PRICING")
    assert (reply.ids, reply.json["pagination"]["total"]) == (["sess_b"], total)


def test_page_limit() -> None:
    """A page may silently hold fewer rows than asked for, and says so in pagination.limit."""
    world = World()
    for number in range(120):
        world.add(row(f"sess_{number}", NOON - timedelta(days=number)), turns(1))
    for limit in (100, 50):
        reply = ask(small_sim(world=world, assume={"page_limit": str(limit)}), "GET", "/conversations?limit=100")
        assert (len(reply.ids), reply.json["pagination"]) == (limit, {"total": 120, "limit": limit, "offset": 0})


def test_end_time_never() -> None:
    """A list without any endTime or duration."""
    rows = ask(small_sim(assume={"end_time": "never"}), "GET", "/conversations").data
    assert all("endTime" not in item and "duration" not in item for item in rows)
    assert all(item["endTime"] for item in ask(small_sim(), "GET", "/conversations").data)


def test_running_end_time() -> None:
    """While a meeting runs its end is null, or not there."""
    first = ask(small_sim(world=running_world()), "GET", "/conversations").data[0]
    assert (first["id"], first["endTime"], first["duration"]) == ("sess_now", None, None)
    omitted = ask(small_sim(world=running_world(), assume={"running_end_time": "omitted"}), "GET", "/conversations")
    assert "endTime" not in omitted.data[0]
    assert "endTime" in omitted.data[1]


def test_segment_count_omitted() -> None:
    """A list that does not count segments."""
    rows = ask(small_sim(assume={"segment_count": "omitted"}), "GET", "/conversations").data
    assert not any("segmentCount" in item for item in rows)


def test_transcript_of_running() -> None:
    """While a meeting runs its transcript is missing, or what was said so far."""
    path = "/conversations/sess_now/transcript"
    sim = small_sim(world=running_world())
    assert ask(sim, "GET", path).code == "not_found"
    sim.world.end("sess_now", NOON)
    assert len(ask(sim, "GET", path).data["segments"]) == 4
    partial = small_sim(world=running_world(), assume={"transcript_of_running": "partial"})
    partial.world.grow("sess_now", turns(2))
    assert len(ask(partial, "GET", path).data["segments"]) == 6


@pytest.mark.parametrize("kind", ["keypoints", "feedback"])
@pytest.mark.parametrize(
    ("assumed", "status", "data"), [("404", 404, None), ("null", 200, None), ("empty", 200, "inside")]
)
def test_missing_keypoints(kind: str, assumed: str, status: int, data: Any) -> None:
    """GET of what was never generated."""
    reply = ask(small_sim(assume={"missing_keypoints": assumed}), "GET", f"/conversations/sess_a/{kind}")
    assert reply.status == status
    if status == 200:
        assert reply.data == ({"id": "sess_a", kind: None} if data else None)


@pytest.mark.parametrize("assumed", ["404", "410", "200"])
def test_deleted(assumed: str) -> None:
    """After a deletion the list lacks the row; its documents are gone, or still there."""
    sim = small_sim(assume={"deleted": assumed})
    assert ask(sim, "DELETE", "/conversations/sess_b").data == {"id": "sess_b", "deleted": True}
    assert listed(sim) == ["sess_c", "sess_a"]
    for rest in ("transcript", "keypoints", "feedback"):
        reply = ask(sim, "GET", f"/conversations/sess_b/{rest}")
        assert reply.status == int(assumed)
        assert assumed == "200" or reply.code == "not_found"
    assert ask(sim, "DELETE", "/conversations/sess_b").status in (404, 410)
    assert ask(sim, "POST", "/conversations/sess_b/keypoints").status in (404, 410)


def test_patch_delete_paths_missing() -> None:
    """An API without these paths answers 404, and nothing happens."""
    sim = small_sim(assume={"patch_delete_paths": "no"})
    assert ask(sim, "PATCH", "/conversations/sess_a", {"title": "x"}).code == "not_found"
    assert ask(sim, "DELETE", "/conversations/sess_a").code == "not_found"
    assert len(listed(sim)) == 3


def test_list_and_test_webhooks_missing() -> None:
    """An API where webhooks can only be registered."""
    sim = small_sim(assume={"list_and_test_webhooks": "no"})
    made = ask(sim, "POST", "/webhooks", {"url": "https://example.org/h", "events": ["webhook.test"]})
    assert made.status == 201
    assert ask(sim, "GET", "/webhooks").status == 405
    assert ask(sim, "DELETE", f"/webhooks/{made.data['id']}").status == 404
    assert ask(sim, "POST", f"/webhooks/{made.data['id']}/test").status == 404


@pytest.mark.parametrize(("assumed", "code"), [("400", "validation_error"), ("404", "not_found")])
def test_feedback_under_10(assumed: str, code: str) -> None:
    """Feedback for nine segments is refused, free of charge; ten are enough."""
    sim = small_sim(assume={"feedback_under_10": assumed})
    sim.world.set_transcript("sess_a", turns(9))
    reply = ask(sim, "POST", "/conversations/sess_a/feedback")
    assert (reply.status, reply.code, sim.charges) == (int(assumed), code, [])
    sim.world.set_transcript("sess_a", turns(10))
    assert ask(sim, "POST", "/conversations/sess_a/feedback").status == 200


@pytest.mark.parametrize("assumed", ["404", "400"])
@pytest.mark.parametrize("path", ["keypoints", "feedback", "email", "query"])
def test_generate_without_transcript(assumed: str, path: str) -> None:
    """Nothing can be generated, and nothing is charged, while the transcript is late."""
    sim = small_sim(assume={"generate_without_transcript": assumed})
    sim.world.hide_transcript("sess_a")
    body = {"query": "why"} if path == "query" else {}
    assert ask(sim, "POST", f"/conversations/sess_a/{path}", body).status == int(assumed)
    assert sim.charges == []


@pytest.mark.parametrize("assumed", ["404", "400"])
@pytest.mark.parametrize("path", ["keypoints", "feedback", "email", "query"])
def test_generate_while_running(assumed: str, path: str) -> None:
    """Nothing comes of a running meeting while its transcript is 404; once ended, or where partial, it does."""
    body = {"query": "why"} if path == "query" else {}
    sim = small_sim(world=running_world(), assume={"generate_without_transcript": assumed})
    sim.world.grow("sess_now", turns(10))
    assert ask(sim, "POST", f"/conversations/sess_now/{path}", body).status == int(assumed)
    assert sim.charges == []
    sim.world.end("sess_now", NOON)
    assert ask(sim, "POST", f"/conversations/sess_now/{path}", body).status == 200
    partial = small_sim(world=running_world(), assume={"transcript_of_running": "partial"})
    partial.world.grow("sess_now", turns(10))
    assert ask(partial, "POST", f"/conversations/sess_now/{path}", body).status == 200


def test_profile_limit_null() -> None:
    """Unlimited credits are null, or not mentioned."""
    usage = ask(small_sim(tier="enterprise"), "GET", "/user/profile").data["apiUsage"]["aiGenerations"]
    assert (usage["limit"], usage["remaining"]) == (None, None)
    sim = small_sim(tier="enterprise", assume={"profile_limit_null": "omitted"})
    usage = ask(sim, "GET", "/user/profile").data["apiUsage"]["aiGenerations"]
    assert set(usage) == {"used", "resetsAt"}


def test_credit_counter_lagging() -> None:
    """The profile may show a charge some minutes late; what is left to spend is known at once."""
    sim = small_sim(tier="starter", assume={"credit_counter": "lagging"})
    for _ in range(10):
        ask(sim, "POST", "/conversations/sess_a/email")

    def used() -> int:
        return int(ask(sim, "GET", "/user/profile").data["apiUsage"]["aiGenerations"]["used"])

    assert used() == 0
    assert ask(sim, "POST", "/conversations/sess_a/email").code == "ai_limit_exceeded"
    sim.clock.advance(299)
    assert used() == 0
    sim.clock.advance(1)
    assert used() == 10


@pytest.mark.parametrize(("name", "status"), [("webhook_created", "201"), ("webhook_created", "200")])
def test_webhook_created(name: str, status: str) -> None:
    """Both documented statuses of a creation."""
    body = {"url": "https://example.org/h", "events": ["webhook.test"]}
    assert ask(small_sim(assume={name: status}), "POST", "/webhooks", body).status == int(status)


@pytest.mark.parametrize(("status", "code"), [("403", "forbidden"), ("400", "validation_error")])
def test_webhook_limit(status: str, code: str) -> None:
    """The fourth webhook on Professional is refused; Enterprise takes more."""
    sim = small_sim(assume={"webhook_limit": status})
    body = {"url": "https://example.org/h", "events": ["webhook.test"]}
    assert [ask(sim, "POST", "/webhooks", body).status for _ in range(4)] == [201, 201, 201, int(status)]
    assert ask(sim, "POST", "/webhooks", body).code == code
    sim.set_tier("enterprise")
    assert ask(sim, "POST", "/webhooks", body).status == 201


@pytest.mark.parametrize(("bound", "expected"), [("end", ["on", "next"]), ("start", ["next"])])
def test_calendar_bound(bound: str, expected: list[str]) -> None:
    """Whether an event that goes on is still upcoming."""
    sim = small_sim(assume={"calendar_bound": bound})
    for event_id, hours in (("next", 1), ("on", -0.5), ("past", -3)):
        start = NOON + timedelta(hours=hours)
        times = [{"dateTime": moment.isoformat()} for moment in (start, start + timedelta(hours=1))]
        sim.world.add_event({"id": event_id, "start": times[0], "end": times[1]})
    assert ask(sim, "GET", "/calendar/events").ids == expected


@pytest.mark.parametrize("name", [assumption.name for assumption in assumptions_table()])
def test_every_value_of_every_assumption_serves(name: str) -> None:
    """No choice breaks the reading endpoints."""
    values = next(a.values for a in assumptions_table() if a.name == name)
    for value in values:
        sim = small_sim(world=running_world(), assume={name: value})
        paths = ["/conversations?since=2026-01-01T00:00:00Z&search=e", "/user/profile", "/calendar/events", TRANSCRIPT]
        assert [ask(sim, "GET", path).status for path in paths] == [200] * 4
        assert json.loads(json.dumps(sim.assume))[name] == value
