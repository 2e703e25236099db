"""The client against a server that misbehaves below HTTP: drips, cuts, floods, lies about sizes."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from convo_sync.client import Client
from convo_sync.errors import ConvoSyncError, Offline, ServerTrouble
from convo_sync.records import ConversationId, Kind, RateReading

KEY = "convo_verysecret"
ID = ConversationId("sess_a1")
TRANSCRIPT = json.dumps({"data": {"segments": [{"text": "Hello"}]}}).encode()
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
Script = Callable[[socket.socket, threading.Event], None]


class Fake:
    """A server of one script: it reads each request's head, notes it, and hands the socket to the script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.over = threading.Event()
        self.heads: list[str] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start(self._accept)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                while head := _read_head(connection):
                    self.heads.append(head)
                    self._script(connection, self.over)
            except OSError:
                pass

    def close(self) -> None:
        """End everything."""
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)


def _read_head(connection: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return ""
        received += piece
    return received.decode()


@contextmanager
def serving(script: Script, **options: Any) -> Iterator[tuple[Fake, Client]]:
    """A fake with that script, and a client for it that never really pauses."""
    fake = Fake(script)
    try:
        chosen: dict[str, Any] = {"attempts": 1, "sleep": lambda _: None} | options
        with Client(fake.url, KEY, **chosen) as client:
            yield fake, client
    finally:
        fake.close()


def answering(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Script:
    """A script that sends one whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    sent = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return lambda connection, over: connection.sendall(sent)


def dripping(first: bytes, piece: bytes) -> Script:
    """A script that sends piece after piece, each before any socket's patience is over."""

    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(first)
        while not over.wait(0.02):
            connection.sendall(piece)

    return drip


def trouble(client: Client) -> ServerTrouble:
    """The trouble that fetching a transcript ends in."""
    with pytest.raises(ServerTrouble) as caught:
        client.get_document(ID, Kind.TRANSCRIPT)
    return caught.value


def test_connections_are_kept() -> None:
    """Two requests share one connection and carry the key."""
    with serving(answering(TRANSCRIPT)) as (fake, client):
        for _ in range(2):
            document = client.get_document(ID, Kind.TRANSCRIPT)
            assert document is not None
            assert document.body == TRANSCRIPT
        assert len(fake.heads) == 2
        assert len(fake._threads) == 2
        assert f"authorization: bearer {KEY}" in fake.heads[0].lower()


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x", id="body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", id="headers"),
        pytest.param(CHUNKED, b"0", id="chunk size"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="interim answers"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n\x1f\x8b", b"\x08", id="gzip"
        ),
    ],
)
def test_whatever_drips_ends_at_the_deadline(first: bytes, piece: bytes) -> None:
    """The deadline is for the whole attempt, headers included."""
    started = time.monotonic()
    with serving(dripping(first, piece), deadline_seconds=0.25) as (_, client):
        assert trouble(client).symptom in ("timeout", "garbled" if b"gzip" in first else "timeout")
        assert time.monotonic() - started < 1.5


def test_a_silent_server_ends_at_the_deadline() -> None:
    """No byte at all is the same."""

    def wait(connection: socket.socket, over: threading.Event) -> None:
        over.wait(5)

    with serving(wait, deadline_seconds=0.2) as (_, client):
        assert trouble(client).symptom == "timeout"


def test_the_body_that_stalls_late_ends_at_the_deadline() -> None:
    """What is left of the time, not the whole of it, is the last read's patience."""

    def stall(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
        over.wait(0.45)
        connection.sendall(b"{")
        over.wait(5)

    started = time.monotonic()
    with serving(stall, deadline_seconds=0.5) as (_, client):
        assert trouble(client).symptom == "timeout"
        assert time.monotonic() - started < 0.9


def _hang_up(connection: socket.socket, over: threading.Event) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def _cut(connection: socket.socket, over: threading.Event) -> None:
    answering(TRANSCRIPT, length=len(TRANSCRIPT) + 10)(connection, over)
    connection.shutdown(socket.SHUT_RDWR)


def _cut_chunks(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(CHUNKED + b"5\r\n{\r\n")
    connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("script", "symptom"),
    [
        (_hang_up, "dropped"),
        (_cut, "cut"),
        (_cut_chunks, "cut"),
        (answering(b"<html>"), "not_json"),
        (answering(b""), "empty"),
        (answering(b"{}"), "wrong_shape"),
        (answering(b"", "Location: http://127.0.0.1:9/", status="302 Found"), "redirected"),
        (answering(b"x", status="502 Bad Gateway"), "server_error"),
        (answering(b"no gzip", "Content-Encoding: gzip"), "garbled"),
        (answering(gzip.compress(gzip.compress(TRANSCRIPT)), "Content-Encoding: gzip, gzip"), "garbled"),
        (answering(gzip.compress(TRANSCRIPT)[:-20], "Content-Encoding: gzip"), "not_json"),
        (answering(b"x", "Content-Length: 5"), "protocol"),
        (lambda connection, over: connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n"), "protocol"),
    ],
)
def test_each_broken_answer_has_its_symptom(script: Script, symptom: str) -> None:
    """One word tells troubles that are alike from those that are not."""
    with serving(script) as (_, client):
        assert trouble(client).symptom == symptom


def test_a_packed_answer_is_read_and_kept_unpacked() -> None:
    """gzip is asked for and undone."""
    with serving(answering(gzip.compress(TRANSCRIPT), "Content-Encoding: gzip")) as (fake, client):
        document = client.get_document(ID, Kind.TRANSCRIPT)
        assert document is not None
        assert document.body == TRANSCRIPT
        assert "accept-encoding: gzip\r\n" in fake.heads[0].lower()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(answering(b"", length=10**15), id="announced"),
        pytest.param(answering(b"[" + b" " * 5000), id="sent"),
        pytest.param(answering(gzip.compress(b" " * 10_000_000), "Content-Encoding: gzip"), id="packed"),
pytest.param(dripping(CHUNKED, b"3e8\r\n" + b" " * 1000 + b"\r\n"), id="endless"),
    ],
)  # fmt: skip
def test_no_answer_is_larger_than_the_cap(script: Script) -> None:
    """Decoded bytes count, and an announced size is believed when it is too large."""
    with serving(script, byte_cap=4000) as (_, client):
        assert trouble(client).symptom == "too_large"


def test_a_refused_connection_is_offline_and_tried_again() -> None:
    """The request never left; a few attempts are made, each metered."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    meter, pauses = CountingMeter(), list[float]()
    with (
        Client(f"http://127.0.0.1:{port}", KEY, meter=meter, sleep=pauses.append, jitter=lambda: 1.0) as client,
        pytest.raises(Offline) as caught,
    ):
        client.get_profile()
    assert (caught.value.symptom, meter.readings, pauses) == ("refused", [], [0.5, 1.0])
    assert meter.sent == 0  # what never left this machine does not count


class CountingMeter:
    """A meter that only notes."""

    def __init__(self) -> None:
        self.sent = 0
        self.readings: list[RateReading] = []

    def sending(self) -> None:
        """Note an attempt."""
        self.sent += 1

    def unsent(self) -> None:
        """Note that one did not get out."""
        self.sent -= 1

    def answered(self, reading: RateReading) -> None:
        """Note a reading."""
        self.readings.append(reading)


def test_a_cut_answer_still_tells_the_hour() -> None:
    """The headers arrived, so they count, whatever becomes of the body."""

    def cut(connection: socket.socket, over: threading.Event) -> None:
        answering(b"{", "X-RateLimit-Remaining: 7", length=5)(connection, over)
        connection.shutdown(socket.SHUT_RDWR)

    meter = CountingMeter()
    with serving(cut, meter=meter, now=lambda: datetime(2026, 3, 19, tzinfo=UTC)) as (_, client):
        trouble(client)
    assert [reading.remaining for reading in meter.readings] == [7]


def test_an_exhausted_pool_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a PoolTimeout the next attempt has a new pool; the old one is closed with the client."""
    with serving(answering(TRANSCRIPT), attempts=2) as (fake, client):
        old = client._transport

        def exhausted(request: httpx.Request) -> httpx.Response:
            raise httpx.PoolTimeout("no connection")

        monkeypatch.setattr(old, "handle_request", exhausted)
        assert client.get_document(ID, Kind.TRANSCRIPT) is not None
        assert client._transport is not old
        assert len(fake.heads) == 1


def test_threads_share_a_client() -> None:
    """Many threads at once get their answers."""
    with serving(answering(TRANSCRIPT)) as (fake, client):
        failed: list[ConvoSyncError] = []

        def fetch() -> None:
            try:
                for _ in range(5):
                    client.get_document(ID, Kind.TRANSCRIPT)
            except ConvoSyncError as error:
                failed.append(error)

        threads = [threading.Thread(target=fetch) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (failed, len(fake.heads)) == ([], 80)
