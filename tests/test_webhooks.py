"""The receiver takes what Convo signed, once, and refuses all else without a word; the inbox keeps it durably."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from convo_sync.archive.inbox import KEPT, KEPT_COUNT, Inbox
from convo_sync.simulator.deliveries import signature
from convo_sync.webhooks import Receiver, receiver, wire
from convo_sync.webhooks.bucket import Bucket
from tests.deliveries import NOW, SECRET, Post, body, later, request, send


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """A receiver with an empty inbox."""
    with Post.serving(tmp_path) as serving:
        yield serving


def test_a_signed_delivery_is_kept(post: Post) -> None:
    """Expect 200 once it is committed, with its event, conversation and time."""
    assert post(body(sent_at=later(seconds=-3), title="Ünïcode")) == 200
    (hint,) = post.inbox.waiting()
    assert (hint.event, hint.conversation_id) == ("conversation.keypoints.ready", "sess_a")
    assert hint.sent_at == later(seconds=-3)
    post.inbox.done([hint.id])
    assert post.events == []


def test_it_is_committed_before_it_is_answered(tmp_path: Path) -> None:
    """Expect another process to see it as soon as the answer came."""
    with Post.serving(tmp_path) as post:
        assert post(body()) == 200
        with closing(sqlite3.connect(post.inbox.path)) as connection:
            assert connection.execute("select state, body from deliveries").fetchall() == [("waiting", body())]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_nobody_else_reads_the_inbox(post: Post) -> None:
    """Expect the file, and those that SQLite makes beside it, for their owner alone."""
    post(body())
    found = sorted(post.inbox.path.parent.glob("archive.db.inbox*"))
    assert len(found) == 3
    assert {oct(each.stat().st_mode & 0o777) for each in found} == {"0o600"}


WRONG: list[tuple[dict[str, Any], int]] = [
    ({"secret": "whsec_other"}, 401),
    ({"X_Convo_Signature": ""}, 401),
    ({"X_Convo_Signature": "0" * 64}, 401),
    ({"X_Convo_Signature": signature(SECRET, body()).upper()}, 401),
    ({"X_Convo_Signature": signature(SECRET, body())[:-1]}, 401),
    ({"X_Convo_Signature": f"sha256={signature(SECRET, body())}"}, 401),
    ({"X_Convo_Signature": "é"}, 401),
    ({"Host": "evil.example"}, 403),
    ({"Host": "127.0.0.1.evil.example"}, 403),
    ({"Host": "localhost.evil.example:8766"}, 403),
    ({"Host": "hooks.example.evil"}, 403),
    ({"Host": ""}, 403),
    ({"method": "GET"}, 405),
    ({"method": "PUT"}, 405),
    ({"path": "/other"}, 404),
    ({"path": "/?x"}, 404),
    ({"Content_Length": ""}, 400),
    ({"Content_Length": "-1"}, 400),
    ({"Content_Length": "1x"}, 400),
    ({"Transfer_Encoding": "chunked"}, 400),
    ({"Content_Length": str(wire.LONGEST_BODY + 1)}, 413),
]


@pytest.mark.parametrize(("wrong", "status"), WRONG, ids=str)
def test_what_is_no_delivery_is_refused(post: Post, wrong: dict[str, Any], status: int) -> None:
    """Expect its status alone: no word of why, and nothing kept."""
    answered, whole = send(post.receiver.address, request(body(), **wrong))
    assert (answered, whole.partition(b"\r\n\r\n")[2], post.events) == (status, b"", [])
    assert len(post.refused) == 1


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8766", "127.0.0.1", "127.9.9.9:1", "[::1]", "[::1]:8766", "hooks.example",
             "Hooks.Example:443"],
)  # fmt: skip
def test_our_own_names(post: Post, host: str) -> None:
    """Expect loopback's and the public address's name, with or without a port, whatever its case."""
    assert post(body(), Host=host) == 200


@pytest.mark.parametrize("minutes", [-5.1, -60 * 24 * 365, 5.1, 60])
def test_another_time(post: Post, minutes: float) -> None:
    """Expect a delivery that somebody kept, or made for later, to be refused though it is signed."""
    assert (post(body(sent_at=later(minutes=minutes))), post.events) == (400, [])


@pytest.mark.parametrize("minutes", [-4.9, 0, 4.9])
def test_nearly_now(post: Post, minutes: float) -> None:
    """Expect five minutes either way to pass."""
    assert post(body(sent_at=later(minutes=minutes))) == 200


SENSELESS = [
    b"", b"{", b"[]", b"5", b'"text"', b"\xff", b"[" * 60_000, b'{"event": 1, "data": {}, "timestamp": "2026-04-01"}',
    b'{"event": "x", "data": {}}', b'{"event": "x", "timestamp": "soon"}', b'{"event": "x", "timestamp": 5}',
    b'{"event": null, "timestamp": "2026-04-01T12:00:00.000Z"}',
]  # fmt: skip


@pytest.mark.parametrize("content", SENSELESS, ids=lambda each: str(each[:30]))
def test_signed_nonsense(post: Post, content: bytes) -> None:
    """Expect 400, nothing kept, and the receiver to go on."""
    assert post(content) == 400
    assert post(body()) == 200
    assert len(post.events) == 1


@pytest.mark.parametrize("data", [None, [], 5, {"conversationId": 5}, {"conversationId": ""}, {"other": 1}])
def test_an_event_of_no_conversation(post: Post, data: object) -> None:
    """Expect it kept as an event that names none."""
    content = body().replace(b'{"conversationId": "sess_a"}', str(data).replace("'", '"').encode())
    assert post(content.replace(b"None", b"null")) == 200
    assert [hint.conversation_id for hint in post.inbox.waiting()] == [None]


def test_half_a_character(post: Post) -> None:
    """Expect a lone surrogate in an id or event to break nothing."""
    assert post(body(conversationId="sess_\ud800")) == 200
    assert post(body("odd.\ud800")) == 200


def test_a_repeat_is_answered_and_ignored(post: Post) -> None:
    """Expect 200, and one of it; also after it was acted upon."""
    assert [post(body()), post(body())] == [200, 200]
    (hint,) = post.inbox.waiting()
    post.inbox.done([hint.id])
    assert (post(body()), post.events) == (200, [])


@pytest.mark.parametrize("event", ["webhook.test", "conversation.shared", "transcript.failed", "meeting.teleported"])
def test_an_event_that_leads_to_nothing_is_kept(post: Post, event: str) -> None:
    """Expect 200, the delivery in the file, and nothing that waits."""
    assert (post(body(event)), post.events) == (200, [])
    with closing(sqlite3.connect(post.inbox.path)) as connection:
        assert connection.execute("select event, state from deliveries").fetchall() == [(event, "ignored")]


def test_without_a_secret_nothing_passes(post: Post) -> None:
    """Expect even what is signed with an empty one to be refused; and the new one to hold at once."""
    post.secret = None
    assert (post(body()), post(body(), secret="")) == (401, 401)
    post.secret = b""
    assert post(body(), secret="") == 401
    post.secret = b"new"
    assert (post(body(), secret="new"), post(body())) == (200, 401)


def test_a_body_too_large_is_not_read(post: Post) -> None:
    """Expect 413 from its announcement alone: none of it was sent."""
    assert post.raw(request(b"", Content_Length=str(10**9)))[0] == 413
    assert post.raw(request(b"x" * (wire.LONGEST_BODY + 1)))[0] == 413


def test_the_largest_body(post: Post) -> None:
    """Expect one of 64 kB to pass, in as many pieces as it comes."""
    content = body(title="")
    content = content.replace(b'"title": ""', b'"title": "' + b"x" * (wire.LONGEST_BODY - len(content)) + b'"')
    assert (len(content), post(content)) == (wire.LONGEST_BODY, 200)


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST / HTTP/2.0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        request(body()).replace(b"Host:", b"Host :"),
        request(body()).replace(b"Host:", b"Host: evil.example\r\nHost:"),
        request(body()).replace(b"Content-Length:", b"Content-Length: 5\r\nContent-Length:"),
        request(body()).replace(b"Content-Type:", b" folded\r\nContent-Type:"),
        b"POST / HTTP/1.1\r\nX: " + b"x" * (wire.LONGEST_HEAD + 10),
    ],
    ids=lambda raw: str(raw[:30]),
)
def test_malformed_requests(post: Post, raw: bytes) -> None:
    """Expect 400 and nothing kept."""
    assert (post.raw(raw)[0], post.events) == (400, [])


def test_curl_waits_for_a_word(post: Post) -> None:
    """Expect `Expect: 100-continue` to be answered, so that the body comes at once."""
    head, _, content = request(body(), Expect="100-continue").partition(b"\r\n\r\n")
    with socket.create_connection(post.receiver.address, timeout=15) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(content)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_who_drips_is_let_go(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect as many as there are threads, sending nothing, to hold the others up for no longer than a request may."""
    monkeypatch.setattr(receiver, "REQUEST_SECONDS", 0.2)
    with contextlib.ExitStack() as stack:
        for _ in range(receiver.THREADS):
            idle = stack.enter_context(socket.create_connection(post.receiver.address))
            idle.sendall(b"POST / HT")
        assert post(body()) == 200


def test_too_many_that_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect 429 from then on, for the forged alone: a good one passes."""
    monkeypatch.setattr(receiver, "REFUSED", 2)
    monkeypatch.setattr(receiver, "REFUSED_PER_SECOND", 0)
    with Post.serving(tmp_path) as post:
        assert [post(body(), secret="forged") for _ in range(3)] == [401, 401, 429]
        assert post(body()) == 200


def test_too_many_that_are_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect 429 from then on."""
    monkeypatch.setattr(receiver, "SIGNED", 2)
    monkeypatch.setattr(receiver, "SIGNED_PER_SECOND", 0)
    with Post.serving(tmp_path) as post:
        assert [post(body(n=n)) for n in range(3)] == [200, 200, 429]
        assert len(post.events) == 2


def test_a_bucket_fills_again() -> None:
    """Expect its capacity at once, then by the second, and no more than its capacity after a long time."""
    now = [0.0]
    bucket = Bucket(2, 1, lambda: now[0])
    taken = []
    for at in (0, 0, 0, 1, 1, 100, 100, 100, 50, 51):
        now[0] = at
        taken.append(bucket.take())
    assert taken == [True, True, False, True, False, True, True, False, False, True]


def test_what_cannot_be_kept_is_not_acknowledged(tmp_path: Path) -> None:
    """Expect 503 while the disk refuses, and 200 once it does not."""
    (tmp_path / "disk").mkdir()
    with Post.serving(tmp_path / "disk") as post:
        os.rmdir(tmp_path / "disk")
        assert (post(body()), post.refused[0].startswith("not kept: ")) == (503, True)
        (tmp_path / "disk").mkdir()
        assert (post(body()), len(post.events)) == (200, 1)


def test_an_inbox_that_was_taken_away(post: Post) -> None:
    """Expect the next delivery in a new file, not in one that nobody can see."""
    post(body())
    for each in post.inbox.path.parent.glob("archive.db.inbox*"):
        each.unlink()
    assert post(body("transcript.ready")) == 200
    with closing(sqlite3.connect(post.inbox.path)) as connection:
        assert connection.execute("select event from deliveries").fetchall() == [("transcript.ready",)]


def test_the_inbox_does_not_grow_for_ever(post: Post) -> None:
    """Expect what was settled long ago, or is more than is kept, to leave; what waits stays."""
    post(body())
    with closing(sqlite3.connect(post.inbox.path)) as connection, connection:
        rows = "insert into deliveries values (?, ?, ?, ?, 'x', null, x'', ?)"
        old, fresh = "2026-01-01T00:00:00.000Z", "2026-04-01T12:00:00.000Z"
        connection.execute(rows, (10, "old", old, old, "done"))
        connection.execute(rows, (11, "old but waiting", old, old, "waiting"))
        connection.execute(rows, (12, "beyond the count", fresh, fresh, "ignored"))
        connection.execute(rows, (256 * 100 - 1, "recent", fresh, fresh, "done"))
    assert later() - KEPT > later(days=-60)
    assert 256 * 100 - KEPT_COUNT > 12
    post(body("conversation.created"))
    with closing(sqlite3.connect(post.inbox.path)) as connection:
        left = connection.execute("select id from deliveries order by id").fetchall()
    assert [id_ for (id_,) in left] == [1, 11, 256 * 100 - 1, 256 * 100]


def test_a_meeting_that_is_forgotten(post: Post) -> None:
    """Expect no byte of its title in the inbox, whether it waited, was done or led to nothing; others stay."""
    post(body(title="aardvark"))
    post.inbox.done([hint.id for hint in post.inbox.waiting()])
    post(body("conversation.updated", title="aardvark"))
    post(body("meeting.odd", conversationId=None, other={"sess": "sess_a", "title": "aardvark"}))
    post(body(conversationId="sess_b", title="bumblebee"))
    assert post.inbox.forget("sess_a")
    written = b"".join(each.read_bytes() for each in post.inbox.path.parent.glob("archive.db.inbox*"))
    assert (b"aardvark" in written, b"bumblebee" in written) == (False, True)
    assert [hint.conversation_id for hint in post.inbox.waiting()] == ["sess_b"]


def test_forgetting_makes_no_file(tmp_path: Path) -> None:
    """Expect nothing where nothing was delivered."""
    inbox = Inbox(tmp_path / "archive.db")
    assert (inbox.forget("sess_a"), inbox.path.exists()) == (True, False)


def test_no_archive_lock_delays_it(tmp_path: Path) -> None:
    """Expect an answer while a sync holds the archive in the middle of a transaction."""
    with closing(sqlite3.connect(tmp_path / "archive.db", isolation_level=None)) as archive:
        archive.execute("create table t (x)")
        archive.execute("begin exclusive")
        with Post.serving(tmp_path) as post:
            assert post(body()) == 200


def test_two_that_keep_the_same_at_once(post: Post) -> None:
    """Expect one of them kept, by whichever thread."""
    threads = [threading.Thread(target=post, args=(body(),)) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(post.events) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_it_listens_on_loopback_alone(host: str) -> None:
    """Expect any other address to be refused, whoever asks for it."""
    with pytest.raises(ValueError, match="not a loopback address"):
        Receiver((host, 0), lambda: b"x", lambda _: True, lambda: NOW)


def test_closing_frees_the_address(tmp_path: Path) -> None:
    """Expect its threads to end, and the next receiver to have the port."""
    before = threading.active_count()
    with Post.serving(tmp_path) as post:
        assert threading.active_count() == before + receiver.THREADS
        address = post.receiver.address
    assert threading.active_count() == before
    Receiver(address, lambda: b"x", lambda _: True, lambda: NOW).close()


def test_no_heavy_imports() -> None:
    """Expect nothing of httpx, pydantic or http.server in a process that only receives."""
    import subprocess

    code = "import sys, convo_sync.webhooks, convo_sync.archive.inbox; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"httpx", "pydantic", "http", "email", "ssl", "asyncio", "sqlite_utils"}
    assert not heavy & {name.partition(".")[0] for name in done.stdout.split()}
