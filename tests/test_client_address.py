"""Where the client sends the key, and where it never shows it: addresses, ids, the environment, logs and messages."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from convo_sync.client import Client
from convo_sync.errors import ConfigurationError, Invalid, KeyRefused, Offline
from convo_sync.records import ConversationId, Kind
from tests.test_client_wire import ID, KEY, TRANSCRIPT, Fake, answering, serving


@pytest.mark.parametrize("strange", ["a/b", "../x", "a?b#c", "a%2e", "ü 1", "\x00", "a\r\nHost: x", ";", "..."])
def test_an_id_never_changes_the_path(strange: str) -> None:
    """Every character but the unreserved travels escaped, inside one part of the path."""
    with serving(answering(TRANSCRIPT)) as (fake, client):
        client.get_document(ConversationId(strange), Kind.TRANSCRIPT)
        target = fake.heads[0].split(" ")[1]
        assert target.startswith("/api/v1/conversations/")
        assert target.endswith("/transcript")
        assert target.count("/") == 5
        assert "?" not in target


@pytest.mark.parametrize("impossible", ["", ".", "..", "\ud800", "x" * 70_000])
def test_an_impossible_id_is_refused_before_anything_is_sent(impossible: str) -> None:
    """Such an id would name another endpoint, or none."""
    with serving(answering(TRANSCRIPT)) as (fake, client):
        with pytest.raises(Invalid) as caught:
            client.get_document(ConversationId(impossible), Kind.TRANSCRIPT)
        with pytest.raises(Invalid):
            client.delete_webhook(impossible)
        assert (caught.value.status, fake.heads) == (0, [])


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1@example.com",
        "https://user:pass@example.com",
        "http://127.0.0.1\\@example.com",
        "http://[::2]",
        "ftp://localhost",
        "localhost:8080",
        "https://",
        "https://example.com?x=1",
        "https://example.com#x",
        "https://exam ple.com",
        "https://example.com\n",
        "https://ex\u00e4mple.com",
        "https://example.com:99999",
        "https://a..b",
        "https://" + "a" * 64 + ".com",
        "https://[fe80::1%eth0]",
        "",
    ],
)
def test_the_key_goes_over_https_or_to_this_machine(address: str) -> None:
    """Any other address is refused before a connection exists."""
    with pytest.raises(ConfigurationError) as caught:
        Client(address, KEY)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["https://www.itsconvo.com", "https://example.com:8443/base/", "http://localhost:1", "http://127.9.9.9", "http://[::1]:8"]
)  # fmt: skip
def test_fitting_addresses_are_taken(address: str) -> None:
    """https anywhere, http to loopback; a path may stand before the API's own."""
    with Client(address, KEY) as client:
        assert client._address.endpoint("x") == f"{address.rstrip('/')}/api/v1/x"


@pytest.mark.parametrize("key", ["", "convo a", "convo\n", "\tconvo", "convo\u00e9", "convo\x00", "\u201cconvo\u201d"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(key: str) -> None:
    """The message says what is wrong in words."""
    with pytest.raises(ConfigurationError) as caught:
        Client("https://example.com", key)
    assert "convo" not in caught.value.message + caught.value.next_step


def test_the_environment_changes_nothing_for_loopback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy stands before this machine, and netrc never replaces the key."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mara password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(answering(TRANSCRIPT, "Set-Cookie: a=b")) as (fake, client):
        client.get_document(ID, Kind.TRANSCRIPT)
        client.get_document(ID, Kind.TRANSCRIPT)
        assert f"authorization: bearer {KEY}" in fake.heads[0].lower()
        assert "cookie" not in fake.heads[1].lower()


def test_https_goes_through_the_environments_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is asked for a tunnel and never sees the key; its refusal is no word about the key."""
    with closing(Fake(answering(b"{}", status="401 Unauthorized"))) as fake:
        monkeypatch.setenv("https_proxy", fake.url.removeprefix("http://"))
        monkeypatch.delenv("no_proxy", raising=False)
        with Client("https://example.com", KEY, attempts=1) as client, pytest.raises(Offline) as caught:
            client.get_profile()
        assert (caught.value.symptom, fake.heads[0].split("\r\n")[0]) == ("proxy", "CONNECT example.com:443 HTTP/1.1")
        assert KEY not in fake.heads[0]


def test_an_unwritable_proxy_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that no name server could be asked for is found out only when connecting."""
    monkeypatch.setenv("https_proxy", "http://" + "a" * 70)
    with Client("https://example.com", KEY, attempts=1) as client, pytest.raises(Offline):
        client.get_profile()


@pytest.mark.parametrize("proxy", ["gopher://x", "socks9://user:hush@x:1"])
def test_an_impossible_proxy_is_a_matter_of_configuration(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """The message names the variables and not what stands in them."""
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(ConfigurationError) as caught:
        Client("https://example.com", KEY)
    assert "hush" not in caught.value.message + caught.value.next_step


def test_the_key_and_the_words_of_a_search_are_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """Not in a repr, not in a log line of any library, not in a message, even if the API repeats it."""
    caplog.set_level(logging.DEBUG)
    body = json.dumps({"error": {"code": "unauthorized", "message": f"{KEY} is unknown"}}).encode()
    with serving(answering(body, status="401 Unauthorized")) as (_, client):
        seen: list[object] = [client]
        calls: list[Callable[[], object]] = [
            lambda: client.list_conversations(search="zebra"),
            lambda: client.ask(ID, "zebra"),
        ]
        for call in calls:
            with pytest.raises(KeyRefused) as caught:
                call()
            seen.append(caught.value)
    written = caplog.text + "".join(f"{each!r} {each}" for each in seen)
    assert KEY not in written
    assert "zebra" not in written
    assert "[key] is unknown" in written


def test_each_request_is_one_debug_line(caplog: pytest.LogCaptureFixture) -> None:
    """Operation, outcome, milliseconds, bytes."""
    caplog.set_level(logging.DEBUG, logger="convo_sync.client.http")
    with serving(answering(TRANSCRIPT)) as (_, client):
        client.get_document(ID, Kind.TRANSCRIPT)
    (line,) = [record.getMessage() for record in caplog.records if record.name == "convo_sync.client.http"]
    operation, rest = line.split(": ")
    assert (operation, rest.split(", ")[0], rest.split(", ")[2]) == ("getTranscript", "200", f"{len(TRANSCRIPT)} bytes")
