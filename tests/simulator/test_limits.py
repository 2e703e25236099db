"""The rolling hour, the plans and their headers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convo_sync.simulator import Clock, Simulator

from .asking import NOON, ask, small_sim, small_world

PROFILE = "/user/profile"


@pytest.mark.parametrize(("tier", "limit"), [("starter", 100), ("professional", 500), ("enterprise", 2000)])
def test_each_plan_has_its_hour(tier: str, limit: int) -> None:
    """The hour takes exactly the plan's requests, then answers 429 with Retry-After."""
    sim = small_sim(tier=tier)
    sim.requests_elsewhere(limit - 1)
    assert ask(sim, "GET", PROFILE).headers["X-RateLimit-Remaining"] == "0"
    refused = ask(sim, "GET", PROFILE)
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, "rate_limited", "3600")
    assert (refused.headers["X-RateLimit-Limit"], refused.headers["X-RateLimit-Remaining"]) == (str(limit), "0")
    assert sim.rate_limited_answers == 1


def test_headers_count_down_and_name_the_reset(sim: Simulator) -> None:
    """Reset is the second at which the oldest counted request leaves the hour."""
    ask(sim, "GET", PROFILE)
    sim.clock.advance(600.5)
    headers = ask(sim, "GET", PROFILE).headers
    assert headers["X-RateLimit-Limit"] == "500"
    assert headers["X-RateLimit-Remaining"] == "498"
    assert int(headers["X-RateLimit-Reset"]) == int((NOON + timedelta(hours=1)).timestamp())
    assert headers["Date"] == "Wed, 01 Apr 2026 12:10:00 GMT"


def test_the_window_rolls(sim: Simulator) -> None:
    """Room appears request by request, as each gets an hour old."""
    sim.requests_elsewhere(300)
    sim.clock.advance(timedelta(minutes=30))
    sim.requests_elsewhere(200)
    refused = ask(sim, "GET", PROFILE)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1800")
    sim.clock.advance(1799)
    assert ask(sim, "GET", PROFILE).status == 429
    sim.clock.advance(1)
    assert ask(sim, "GET", PROFILE).headers["X-RateLimit-Remaining"] == "299"


def test_errors_count_and_carry_headers(sim: Simulator) -> None:
    """Once the key is known, a 400 and a 404 are counted requests like any other."""
    assert ask(sim, "GET", "/conversations?limit=0").headers["X-RateLimit-Remaining"] == "499"
    assert ask(sim, "GET", "/conversations/x/transcript").headers["X-RateLimit-Remaining"] == "498"
    assert [record.counted for record in sim.requests] == [True, True]


def test_unknown_paths_and_methods_count_too() -> None:
    """What is not there costs a request, says how many are left, and is 429 once none is."""
    sim = small_sim(tier="starter", assume={"patch_delete_paths": "no"})
    asked = [("GET", "/nope", 404), ("PUT", "/conversations", 405), ("PATCH", "/conversations/sess_a", 404)]
    for left, (method, path, status) in zip((99, 98, 97), asked, strict=True):
        reply = ask(sim, method, path)
        assert (reply.status, reply.headers["X-RateLimit-Remaining"]) == (status, str(left))
    sim.requests_elsewhere(97)
    assert [ask(sim, method, path).status for method, path, _ in asked] == [429, 429, 429]
    assert (sim.worst_hour(), sim.rate_limited_answers) == (100, 3)


@pytest.mark.parametrize(("assumed", "worst"), [("no", 500), ("yes", 503)])
def test_refused_requests_count_only_if_assumed(assumed: str, worst: int) -> None:
    """By default a 429 costs nothing; the opposite keeps the hour full."""
    sim = small_sim(assume={"rate_limited_counts": assumed})
    sim.requests_elsewhere(500)
    for _ in range(3):
        assert ask(sim, "GET", PROFILE).status == 429
    assert sim.worst_hour() == worst


def test_retry_after_with_counted_refusals_waits_for_real_room() -> None:
    """Where refusals count, Retry-After is still long enough for one request to pass."""
    sim = small_sim(assume={"rate_limited_counts": "yes"})
    for _ in range(100):
        sim.requests_elsewhere(5)
        sim.clock.advance(2)
    ask(sim, "GET", PROFILE)
    sim.clock.advance(int(ask(sim, "GET", PROFILE).headers["Retry-After"]))
    assert ask(sim, "GET", PROFILE).status == 200


def test_the_limit_is_per_user_not_per_key(sim: Simulator) -> None:
    """Two keys of one user share the hour; another user has an own one."""
    sim.add_key("convo_second")
    sim.add_key("convo_other", email="ben@northgate.example")
    ask(sim, "GET", PROFILE)
    assert ask(sim, "GET", PROFILE, key="convo_second").headers["X-RateLimit-Remaining"] == "498"
    other = ask(sim, "GET", PROFILE, key="convo_other")
    assert other.headers["X-RateLimit-Remaining"] == "499"
    assert other.data["profile"]["email"] == "ben@northgate.example"


def test_free_has_no_api() -> None:
    """Every endpoint is forbidden on Free, with rate headers."""
    sim = small_sim(tier="free")
    for path in (PROFILE, "/conversations", "/conversations/sess_a/transcript", "/webhooks"):
        reply = ask(sim, "GET", path)
        assert (reply.status, reply.code) == (403, "forbidden")
        assert "X-RateLimit-Limit" in reply.headers


def test_starter_has_no_webhooks() -> None:
    """Webhooks are forbidden on Starter before anything is checked."""
    sim = small_sim(tier="starter")
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", "/x"), ("POST", "/x/test")):
        assert ask(sim, method, f"/webhooks{path}").code == "forbidden"


def test_a_plan_can_change_under_way(sim: Simulator) -> None:
    """After an upgrade the larger hour holds; after a downgrade the smaller one is full at once."""
    sim.requests_elsewhere(500)
    assert ask(sim, "GET", PROFILE).status == 429
    sim.set_tier("enterprise")
    assert ask(sim, "GET", PROFILE).status == 200
    sim.set_tier("starter")
    assert ask(sim, "GET", PROFILE).status == 429


@pytest.mark.parametrize("name", ["rate_headers", "date_header"])
def test_headers_can_be_missing(name: str) -> None:
    """The client must live without X-RateLimit and without Date."""
    kept, gone = {"rate_headers": ("Date", "X-RateLimit"), "date_header": ("X-RateLimit", "Date")}[name]
    headers = ask(small_sim(assume={name: "no"}), "GET", PROFILE).headers
    assert any(header.startswith(kept) for header in headers)
    assert not any(header.startswith(gone) for header in headers)


def test_worst_hour_looks_at_every_hour(sim: Simulator) -> None:
    """The densest hour is reported, not the last; a request exactly an hour old is outside."""
    for pause in (1800, 1200, 599, 1, 4000, 4000):
        ask(sim, "GET", PROFILE)
        sim.clock.advance(pause)
    assert sim.worst_hour() == 4


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(0, 120), min_size=120, max_size=200))
def test_no_hour_ever_holds_more_than_the_limit(pauses: list[int]) -> None:
    """Whatever the rhythm of requests, what is let in keeps to the limit, and Retry-After is the wait needed."""
    sim = small_sim(tier="starter")
    for pause in pauses:
        refused = ask(sim, "GET", PROFILE)
        if refused.status == 429:
            sim.clock.advance(int(refused.headers["Retry-After"]) - 1)
            assert ask(sim, "GET", PROFILE).status == 429
            sim.clock.advance(1)
            assert ask(sim, "GET", PROFILE).status == 200
        sim.clock.advance(pause)
    assert sim.worst_hour() <= 100


def test_records_tell_every_request(sim: Simulator) -> None:
    """Operation, path, query, status and key of each request are there to be counted."""
    ask(sim, "GET", "/conversations?limit=5")
    ask(sim, "GET", "/conversations/sess_a/transcript")
    ask(sim, "GET", "/nowhere")
    first, second, third = sim.requests
    assert (first.operation, first.query, first.status, first.key) == ("listConversations", "limit=5", 200, sim.key)
    assert (second.conversation_id, second.time, second.user) == ("sess_a", NOON, sim.account.email)
    assert (third.operation, third.counted, third.key) == (None, True, sim.key)
    assert sim.requests_by_operation() == {"listConversations": 1, "getTranscript": 1, "unknown": 1}


def test_running_clock_moves_and_can_be_moved() -> None:
    """Without a start the clock runs with the machine's, plus what it was moved by."""
    clock = Clock()
    before = clock.now()
    clock.advance(timedelta(days=1))
    assert timedelta(days=1) <= clock.now() - before < timedelta(days=1, minutes=1)
    clock.set(NOON)
    assert NOON <= clock.now() < NOON + timedelta(minutes=1)


def test_frozen_clock_stands_still() -> None:
    """Started with a datetime, the clock only moves when told to."""
    clock = Clock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance(-1)
    assert clock.now() == NOON - timedelta(seconds=1)
    with pytest.raises(ValueError, match="aware"):
        clock.set(NOON.replace(tzinfo=None))


def test_unknown_tiers_and_keys_are_refused(sim: Simulator) -> None:
    """Mistakes in a test's set-up are said plainly."""
    with pytest.raises(ValueError, match="professional"):
        Simulator(small_world(), tier="gold")
    with pytest.raises(ValueError, match="convo_"):
        sim.add_key("sk_live")
    with pytest.raises(KeyError):
        sim.set_tier("starter", email="nobody@example.com")
