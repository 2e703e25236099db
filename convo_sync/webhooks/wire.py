"""HTTP, as little of it as a delivery needs, read from a socket: bounded in bytes and in time, nothing trusted.

One request a connection. It is not `http.server`: that takes a thread for each caller, however many there are, and
megabytes of an idle daemon. Must not know signatures or what a body says.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

LONGEST_HEAD = 8 * 1024
LONGEST_BODY = 64 * 1024
_CHUNK = 16 * 1024
# What a refused caller may still be sending is read and dropped, so that the answer reaches it; within these bounds.
_DRAIN_BYTES, _DRAIN_SECONDS = 1024 * 1024, 0.5
_REASONS: Mapping[int, str] = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    413: "Content Too Large", 429: "Too Many Requests", 503: "Service Unavailable",
}  # fmt: skip
# Said twice, these would mean one thing to a proxy and another to us.
_ONCE = frozenset(("host", "content-length", "x-convo-signature"))
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LENGTH = re.compile(r"[0-9]{1,12}", re.ASCII)


class Refused(Exception):
    """The request is refused. `status` is all that the caller is told; `why` is for the owner's log."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


@dataclass(frozen=True, slots=True)
class Head:
    """A request without its body: header names in lower case; `rest` is what of the body came with it."""

    method: str
    path: str
    headers: Mapping[str, str]
    rest: bytes

    @property
    def length(self) -> int:
        """Bytes of the body, as announced.

        Raises:
            Refused: nothing sensible is announced, or too much.
        """
        said = self.headers.get("content-length", "")
        if "transfer-encoding" in self.headers or not _LENGTH.fullmatch(said):
            raise Refused(400, "no length")
        if int(said) > LONGEST_BODY:
            raise Refused(413, "too large")
        return int(said)


def read_head(connection: socket.socket, deadline: float) -> Head:
    """The request up to its body.

    Raises:
        Refused: it is no HTTP, or its head is too long.
        OSError: it did not come in time (`deadline` is of `time.monotonic`), or the caller left.
    """
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        if len(received) > LONGEST_HEAD:
            raise Refused(400, "head too long")
        received += _receive(connection, deadline)
    if end > LONGEST_HEAD:
        raise Refused(400, "head too long")
    first, *lines = received[:end].decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise Refused(400, "no HTTP")
    return Head(words[0], words[1], _headers(lines), received[end + 4 :])


def _headers(lines: list[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        low = name.lower()
        if not colon or not _NAME.fullmatch(name) or (low in found and low in _ONCE):
            raise Refused(400, "malformed header")
        found[low] = value.strip(" \t")
    return found


def read_body(connection: socket.socket, head: Head, deadline: float) -> bytes:
    """The body, exactly as it came. Raises as `read_head` does, and where `Head.length` does."""
    length, parts = head.length, [head.rest]
    have = len(head.rest)
    if have < length and head.headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while have < length:
        parts.append(_receive(connection, deadline))
        have += len(parts[-1])
    return b"".join(parts)[:length]


def _receive(connection: socket.socket, deadline: float) -> bytes:
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("too slow")
    connection.settimeout(left)
    received = connection.recv(_CHUNK)
    if not received:
        raise ConnectionError("the caller left")
    return received


def answer(connection: socket.socket, status: int) -> None:
    """Send the status and nothing else. A caller that has left is none of our business."""
    allow = "Allow: POST\r\n" if status == 405 else ""
    text = f"HTTP/1.1 {status} {_REASONS[status]}\r\n{allow}Content-Length: 0\r\nConnection: close\r\n\r\n"
    with contextlib.suppress(OSError):
        connection.settimeout(1.0)
        connection.sendall(text.encode("ascii"))
        connection.shutdown(socket.SHUT_WR)
        if status != 200:
            _drain(connection)


def _drain(connection: socket.socket) -> None:
    deadline, left = monotonic() + _DRAIN_SECONDS, _DRAIN_BYTES
    with contextlib.suppress(ConnectionError):
        while left > 0:
            left -= len(_receive(connection, deadline))
