"""Deliveries as Convo sends them, forged ones, and a receiver with an inbox to send them to."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from convo_sync.archive.inbox import Inbox
from convo_sync.simulator.deliveries import signature
from convo_sync.webhooks import Delivery, Receiver
from tests.rig import iso

SECRET = "whsec_0123456789abcdef"
NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)


def body(event: str = "conversation.keypoints.ready", sent_at: datetime = NOW, **data: Any) -> bytes:
    """A delivery's body; it is about one conversation unless told otherwise."""
    said = {"event": event, "data": {"conversationId": "sess_a"} | data, "timestamp": iso(sent_at)}
    return json.dumps(said).encode()


def request(content: bytes, *, secret: str = SECRET, method: str = "POST", path: str = "/", **headers: str) -> bytes:
    """The bytes of a request; `headers` replace those that Convo sends, or leave one out where empty."""
    said = {
        "Host": "127.0.0.1:8766",
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        "X-Convo-Signature": signature(secret, content),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items() if value)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


def send(address: tuple[str, int], raw: bytes, *, wait_seconds: float = 15.0) -> tuple[int, bytes]:
    """Send these bytes; the status, and everything that was answered."""
    with socket.create_connection(address, timeout=wait_seconds) as connection:
        with contextlib.suppress(ConnectionError):  # refused before it was sent in full
            connection.sendall(raw)
        answered = b""
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65536):
                answered += chunk
    return int(answered.split(b" ", 2)[1]), answered


class Post:
    """A receiver, its inbox, and what it refused and why. `now` can be moved."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.secret: bytes | None = SECRET.encode()
        self.refused: list[str] = []
        self.inbox = Inbox(folder / "archive.db")
        self.receiver = Receiver(
            ("127.0.0.1", 0),
            lambda: self.secret,
            self.keep,
            lambda: self.now,
            hosts=("Hooks.example",),
            refused=self.refused.append,
        )

    @classmethod
    @contextlib.contextmanager
    def serving(cls, folder: Path) -> Iterator[Post]:
        """Listening while the block runs."""
        post = cls(folder)
        try:
            yield post
        finally:
            post.receiver.close()
            post.inbox.close()

    def keep(self, each: Delivery) -> bool:
        """Keep a delivery in the inbox."""
        return self.inbox.keep(each.digest, each.event, each.conversation_id, each.sent_at, each.body, self.now)

    def __call__(self, content: bytes, **named: Any) -> int:
        """Send a delivery; the status."""
        return send(self.receiver.address, request(content, **named))[0]

    def raw(self, content: bytes) -> tuple[int, bytes]:
        """Send these very bytes."""
        return send(self.receiver.address, content)

    @property
    def events(self) -> list[str]:
        """The events that wait."""
        return [hint.event for hint in self.inbox.waiting()]


def later(**span: float) -> datetime:
    """So long after `NOW`."""
    return NOW + timedelta(**span)
