"""Carries signed events to their receivers: once each, in order per address, from background threads.

Must not know accounts, worlds or why an event happened.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import io
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, Final, cast
from urllib.parse import urlsplit

TIMEOUT_SECONDS: Final = 10.0
ANY_URL: Final = "*"


@dataclass(frozen=True)
class Envelope:
    """One event on its way to one webhook."""

    webhook_id: str
    url: str
    event: str
    body: bytes
    secret: str


@dataclass(frozen=True)
class DeliveryRecord:
    """How one delivery ended; `status` is None where no answer came, and `error` says why."""

    time: datetime
    envelope: Envelope
    status: int | None
    error: str | None


class _Incoming(io.RawIOBase):
    """What a connection brings until a moment: a socket's own time-out would start anew with every byte."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        """All that an HTTP answer asks of its socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes. TimeoutError once the moment has passed."""
        self._connection.settimeout(_left(self._deadline))
        return self._connection.recv_into(buffer)


def signature(secret: str, body: bytes) -> str:
    """Lower-case hex HMAC-SHA256 of the raw body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Deliveries:
    """One queue and, while it is not empty, one thread per webhook. A failed delivery is recorded and never repeated.

    `deliver_to` maps a registered https URL, or "*" for any, to the http address that stands in for it;
    None as an address swallows the event. URLs not in it are delivered to as they are.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.deliver_to: dict[str, str | None] = {}
        self.records: list[DeliveryRecord] = []
        self.timeout_seconds = TIMEOUT_SECONDS
        self._now = now
        self._queues: dict[str, deque[Envelope]] = {}
        self._idle = threading.Condition()

    def queue(self, envelope: Envelope) -> None:
        """Send it soon."""
        with self._idle:
            waiting = self._queues.get(envelope.webhook_id)
            if waiting is not None:
                waiting.append(envelope)
                return
            self._queues[envelope.webhook_id] = deque([envelope])
        threading.Thread(target=self._work, args=(envelope.webhook_id,), daemon=True).start()

    def wait(self, timeout_seconds: float = 15.0) -> bool:
        """Wait until everything queued has been tried; False if that took too long."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._queues, timeout_seconds)

    def _work(self, webhook_id: str) -> None:
        """Empty one queue, then end: the first event after a pause starts a new thread."""
        while (envelope := self._next(webhook_id)) is not None:
            record = self._delivered(envelope)
            with self._idle:
                self.records.append(record)

    def _next(self, webhook_id: str) -> Envelope | None:
        with self._idle:
            waiting = self._queues[webhook_id]
            if waiting:
                return waiting.popleft()
            del self._queues[webhook_id]
            self._idle.notify_all()
            return None

    def _delivered(self, envelope: Envelope) -> DeliveryRecord:
        target = self.deliver_to.get(envelope.url, self.deliver_to.get(ANY_URL, envelope.url))
        try:
            status = None if target is None else self._posted(target, envelope)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return DeliveryRecord(self._now(), envelope, None, repr(error))
        return DeliveryRecord(self._now(), envelope, status, None)

    def _posted(self, target: str, envelope: Envelope) -> int:
        parts = urlsplit(target)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        deadline = monotonic() + self.timeout_seconds
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout_seconds)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {
            "Content-Type": "application/json",
            "X-Convo-Event": envelope.event,
            "X-Convo-Signature": signature(envelope.secret, envelope.body),
        }
        try:
            connection.connect()
            connection.sock.settimeout(_left(deadline))
            connection.request("POST", path, envelope.body, headers)
            return _answered(connection.sock, deadline)
        finally:
            connection.close()


def _answered(connection: socket.socket, deadline: float) -> int:
    """The status of the answer, which must be whole to the end of its headers by then."""
    answer = http.client.HTTPResponse(cast(socket.socket, _Incoming(connection, deadline)), method="POST")
    with contextlib.closing(answer):
        answer.begin()
        return answer.status


def _left(deadline: float) -> float:
    """Seconds until then. TimeoutError if there are none."""
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
