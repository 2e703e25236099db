"""What the contract does not allow is refused, endpoint by endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from convo_sync.simulator import Request, Simulator

from .asking import ABSENT, ask, small_sim

LIST = "/conversations"
KEYPOINTS, FEEDBACK = "/conversations/sess_a/keypoints", "/conversations/sess_a/feedback"
EMAIL, QUERY = "/conversations/sess_a/email", "/conversations/sess_a/query"
HOOK = {"url": "https://example.org/hook", "events": ["transcript.ready"]}


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=101", "limit=abc", "limit=", "limit", "limit=-1", "limit=1.0", "limit=+5", "limit=%205"),
        *(
            "limit=05",
            "limit=1_0",
            "limit=%D9%A5",
            "limit=99999999999999999999",
            f"offset={'9' * 5000}",
            "limit=1&limit=2",
            "limit=null",
        ),
        *("offset=-1", "offset=x", "offset=", "offset=1e2", "offset=--1"),
        *("since=yesterday", "since=2026-03-01", "since=2026-03-01T09:00:00", "since=2026-13-01T09:00:00Z"),
        *("since=", "since=2026-03-01T09:00:00+00:00", "since=2026-03-01%2009:00:00Z", "since=1767225600"),
        *("ofset=1", "cursor=abc", "search=%ff", "Limit=5"),
    ],
)
def test_list_refuses_what_its_parameters_do_not_allow(sim: Simulator, query: str) -> None:
    """A bad, repeated or unknown parameter is a validation_error; an unencoded plus in a date among them."""
    reply = ask(sim, "GET", f"{LIST}?{query}")
    assert (reply.status, reply.code) == (400, "validation_error")


@pytest.mark.parametrize(
    "query",
    [
        *(
            "",
            "limit=1",
            "limit=100",
            "offset=0",
            "offset=5000",
            "offset=99999999999999999999",
            "search=",
            "search=%C3%A9%00",
        ),
        *("since=2026-03-01T09:00:00Z", "since=2026-03-01T09:00:00.123456789Z", "since=2026-03-01t09:00:00z"),
        *("since=2026-03-01T09:00:00%2B02:00", "since=0001-01-01T00:00:00%2B14:00", "since=9999-12-31T23:59:60-14:00"),
    ],
)
def test_list_takes_what_its_parameters_allow(sim: Simulator, query: str) -> None:
    """The edges of every parameter's range are inside it."""
    assert ask(sim, "GET", f"{LIST}?{query}").status == 200


@pytest.mark.parametrize(
    "query",
    ["maxResults=0", "maxResults=51", "maxResults=x", "timeMin=now", "timeMax=2026-04-01", "timeMin=", "q=a"],
)
def test_calendar_refuses_what_its_parameters_do_not_allow(sim: Simulator, query: str) -> None:
    """The calendar's range is 1 to 50, its times are date-times."""
    assert ask(sim, "GET", f"/calendar/events?{query}").code == "validation_error"


@pytest.mark.parametrize(
    "path", ["/conversations/sess_a/transcript?limit=1", "/user/profile?x=", "/conversations/sess_a/keypoints?id=1"]
)
def test_paths_without_parameters_refuse_them(sim: Simulator, path: str) -> None:
    """A parameter the contract does not name is refused, and let be where that is assumed."""
    assert ask(sim, "GET", path).status == 400
    lenient = small_sim(assume={"unknown_parameters": "ignored"})
    assert ask(lenient, "GET", path).status in (200, 404)


NO_JSON: list[Any] = [
    b"",
    b" ",
    b"{",
    b"nope",
    b"[]",
    b"null",
    b'"x"',
    b"\xff",
    b'{"a":NaN}',
    b"[" * 100_000,
    b"9" * 5000,
]


@pytest.mark.parametrize("body", NO_JSON[1:])
@pytest.mark.parametrize("path", [KEYPOINTS, FEEDBACK, EMAIL, QUERY, "/webhooks"])
def test_post_refuses_what_is_no_json_object(sim: Simulator, path: str, body: bytes) -> None:
    """Broken JSON and JSON of another type are validation_errors, and cost no credit."""
    reply = ask(sim, "POST", path, body)
    assert (reply.status, reply.code, sim.charges) == (400, "validation_error", [])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/conversations/sess_a", b""),
        ("PATCH", "/conversations/sess_a", {}),
        ("PATCH", "/conversations/sess_a", {"title": ""}),
        ("PATCH", "/conversations/sess_a", {"title": None}),
        ("PATCH", "/conversations/sess_a", {"title": 5}),
        ("PATCH", "/conversations/sess_a", {"title": "x", "startTime": "2026-01-01T00:00:00Z"}),
        ("POST", KEYPOINTS, {"forceRefresh": "true"}),
        ("POST", KEYPOINTS, {"forceRefresh": 1}),
        ("POST", KEYPOINTS, {"forceRefresh": None}),
        ("POST", KEYPOINTS, {"force": True}),
        ("POST", FEEDBACK, {"forceRefresh": "no"}),
        ("POST", EMAIL, {"tone": "friendly"}),
        ("POST", EMAIL, {"tone": ["casual"]}),
        ("POST", EMAIL, {"tone": None}),
        ("POST", EMAIL, {"recipientName": 7}),
        ("POST", EMAIL, {"recipient": "Luc"}),
        ("POST", QUERY, b""),
        ("POST", QUERY, {}),
        ("POST", QUERY, {"query": ""}),
        ("POST", QUERY, {"query": 3}),
        ("POST", QUERY, {"query": "x" * 501}),
        ("POST", QUERY, {"query": "x", "limit": 1}),
        ("POST", "/webhooks", {}),
        ("POST", "/webhooks", {"url": HOOK["url"]}),
        ("POST", "/webhooks", {**HOOK, "url": "http://example.org/hook"}),
        ("POST", "/webhooks", {**HOOK, "url": "https://"}),
        ("POST", "/webhooks", {**HOOK, "url": "https://exa mple.org"}),
        ("POST", "/webhooks", {**HOOK, "url": "https://example.org:port/"}),
        ("POST", "/webhooks", {**HOOK, "url": "HTTPS://example.org/"}),
        ("POST", "/webhooks", {**HOOK, "url": 5}),
        ("POST", "/webhooks", {**HOOK, "events": []}),
        ("POST", "/webhooks", {**HOOK, "events": "transcript.ready"}),
        ("POST", "/webhooks", {**HOOK, "events": ["conversation.exploded"]}),
        ("POST", "/webhooks", {**HOOK, "events": [None]}),
        ("POST", "/webhooks", {**HOOK, "secret": "mine"}),
    ],
)
def test_bodies_are_checked_to_the_letter(sim: Simulator, method: str, path: str, body: Any) -> None:
    """Wrong types, missing, unknown and empty values are validation_errors, and nothing happens."""
    reply = ask(sim, method, path, body)
    assert (reply.status, reply.code, sim.charges) == (400, "validation_error", [])


def test_query_of_500_characters_is_allowed(sim: Simulator) -> None:
    """Five hundred code points pass, astral ones too, unless UTF-16 units are assumed to count."""
    assert ask(sim, "POST", QUERY, {"query": "\U0001f4e6" * 500}).status == 200
    strict = small_sim(assume={"query_length": "utf16"})
    assert ask(strict, "POST", QUERY, {"query": "\U0001f4e6" * 250}).status == 200
    assert ask(strict, "POST", QUERY, {"query": "\U0001f4e6" * 251}).status == 400


def test_body_must_be_sent_as_json(sim: Simulator) -> None:
    """A form's content type is refused; a charset beside JSON is not."""
    body = b'{"query":"lid"}'
    assert ask(sim, "POST", QUERY, body, headers={"content-type": "text/plain"}).status == 400
    assert ask(sim, "POST", QUERY, body, headers={"content-type": "application/json; charset=utf-8"}).status == 200


@pytest.mark.parametrize("path", [KEYPOINTS, FEEDBACK, EMAIL])
def test_optional_bodies_may_be_absent(sim: Simulator, path: str) -> None:
    """No body means all defaults."""
    assert ask(sim, "POST", path, ABSENT).status == 200


@pytest.mark.parametrize(
    "header",
    [None, "", "convo_x", "Bearer", "Bearer ", "bearer {key}", "Bearer  {key}", "Bearer {key} ", "Basic {key}",
     "Bearer {key}, Bearer {key}", "Bearer convo_unknown", "Bearer sk_123"],
)  # fmt: skip
def test_wrong_authorization_is_401(sim: Simulator, header: str | None) -> None:
    """Missing, malformed and unknown keys are unauthorized, uncounted, and without rate headers."""
    headers = {} if header is None else {"authorization": header.format(key=sim.key)}
    response = sim.handle(Request("GET", "/api/v1/user/profile", headers))
    assert response.status == 401
    assert b'"unauthorized"' in response.body
    assert not any(name.startswith("X-RateLimit") for name, _ in response.headers)
    assert not sim.requests[0].counted


def test_revoked_key_is_401_and_other_keys_go_on(sim: Simulator) -> None:
    """A revoked key is refused at once."""
    sim.add_key("convo_second")
    sim.revoke_key(sim.key)
    assert ask(sim, "GET", "/user/profile").status == 401
    assert ask(sim, "GET", "/user/profile", key="convo_second").status == 200


@pytest.mark.parametrize(
    "path",
    ["/", "/conversation", "/conversations/", "/conversations//transcript", "/conversations/sess_a/transcripts",
     "/conversations/sess_a/transcript/", "/webhooks/x/y", "/user", "/conversations/%ff/transcript"],
)  # fmt: skip
def test_unknown_paths_are_404(sim: Simulator, path: str) -> None:
    """Nothing is guessed: a path that is not in the contract is not there."""
    assert ask(sim, "GET", path).code == "not_found"


NOT_THERE = [
    ("GET", "/nope"),
    ("GET", "/conversations/%ff/transcript"),
    ("PUT", "/conversations"),
    ("HEAD", "/webhooks"),
]


@pytest.mark.parametrize(("method", "path"), NOT_THERE)
def test_what_is_not_there_is_told_to_key_holders_only(sim: Simulator, method: str, path: str) -> None:
    """An unknown path or method is 401 first, uncounted, as every path of the API is."""
    assert ask(sim, method, path, key="convo_unknown").code == "unauthorized"
    assert sim.handle(Request(method, f"/api/v1{path}")).status == 401
    assert [record.counted for record in sim.requests] == [False, False]


@pytest.mark.parametrize(("method", "path"), [*NOT_THERE, ("GET", "/user/profile")])
def test_free_has_none_of_it(method: str, path: str) -> None:
    """A plan without the API is forbidden what is not there, too."""
    assert ask(small_sim(tier="free"), method, path).code == "forbidden"


def test_assumed_away_paths_ask_for_the_key() -> None:
    """An API without PATCH, DELETE or the webhooks' paths still refuses an unknown key first."""
    sim = small_sim(assume={"patch_delete_paths": "no", "list_and_test_webhooks": "no"})
    for method, path in (("PATCH", "/conversations/sess_a"), ("DELETE", "/webhooks/x"), ("GET", "/webhooks")):
        assert ask(sim, method, path, key="convo_unknown").code == "unauthorized"


def test_paths_outside_the_prefix_are_404(sim: Simulator) -> None:
    """Only /api/v1 is served; elsewhere keys and hours mean nothing."""
    for target in ("/", "/conversations", "/api/v2/conversations", "http://x/api/v1/conversations", "*"):
        assert sim.handle(Request("GET", target)).status == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/conversations", "GET"),
        ("GET", "/conversations/sess_a", "DELETE, PATCH"),
        ("PUT", "/conversations/sess_a", "DELETE, PATCH"),
        ("DELETE", "/conversations/sess_a/transcript", "GET"),
        ("GET", "/conversations/sess_a/email", "POST"),
        ("PATCH", "/webhooks", "GET, POST"),
        ("HEAD", "/user/profile", "GET"),
    ],
)
def test_wrong_methods_are_405(sim: Simulator, method: str, path: str, allowed: str) -> None:
    """A known path answers other methods with 405 and says which it has."""
    reply = ask(sim, method, path)
    assert (reply.status, reply.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("method", "rest"),
    [("GET", "/transcript"), ("GET", "/keypoints"), ("GET", "/feedback"), ("PATCH", ""), ("DELETE", ""),
     ("POST", "/keypoints"), ("POST", "/feedback"), ("POST", "/email"), ("POST", "/query"), ("POST", "/share")],
)  # fmt: skip
def test_unknown_conversations_are_404(sim: Simulator, method: str, rest: str) -> None:
    """No such conversation: not_found, and no credit spent."""
    body = {"": {"title": "x"}, "/query": {"query": "x"}}.get(rest, ABSENT)
    reply = ask(sim, method, f"/conversations/sess_nobody{rest}", body)
    assert (reply.status, reply.code, sim.charges) == (404, "not_found", [])
