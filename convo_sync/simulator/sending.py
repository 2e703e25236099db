"""Puts one answer on a connection: whole and in one write, or spoilt as its fault says.

Must not know what the answer is about.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from convo_sync.simulator.faults import Fault
from convo_sync.simulator.spoiling import Spoilt
from convo_sync.simulator.wire import Response

_JOINED_UP_TO: Final = 256 * 1024
_NO_LINGER: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_PIECE: Final = 1024 * 1024


class Sender:
    """Sends answers on one connection. `stopping` ends every pause, so that a server can stop at once."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self._connection = connection
        self._stopping = stopping

    def send(self, response: Response, *, without_body: bool = False) -> bool:
        """Send it; False when the connection must not be used again. `without_body` is for answers to HEAD."""
        if isinstance(response, Spoilt) and (spoil := self._spoilers().get(response.fault.kind)):
            return spoil(response, response.fault)
        body = b"" if without_body else response.body
        self._write(_head(response, ("Content-Length", str(len(response.body)))), body)
        return True

    def _spoilers(self) -> dict[str, Callable[[Response, Fault], bool]]:
        return {
            "refuse": self._refuse,
            "drop_before": self._drop,
            "drop_after": self._drop,
            "late_result": self._drop,
            "late_work": self._drop,
            "delay": self._delay,
            "drip": self._drip,
            "cut_body": self._cut,
            "huge": self._huge,
        }

    def _write(self, head: bytes, body: bytes) -> None:
        # Small answers leave in one packet; copying a large body to join it would cost more than a second write.
        if len(body) <= _JOINED_UP_TO:
            self._connection.sendall(head + body)
            return
        self._connection.sendall(head)
        self._connection.sendall(body)

    def _refuse(self, response: Response, fault: Fault) -> bool:
        # With a linger time of zero, closing resets the connection; detached, nobody sends a polite end first.
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        socket.socket(fileno=self._connection.detach()).close()
        return False

    def _drop(self, response: Response, fault: Fault) -> bool:
        return False

    def _delay(self, response: Response, fault: Fault) -> bool:
        self._pause(fault)
        self._write(_head(response, ("Content-Length", str(len(response.body)))), response.body)
        return True

    def _drip(self, response: Response, fault: Fault) -> bool:
        self._connection.sendall(_head(response, ("Content-Length", str(len(response.body)))))
        for index in range(len(response.body)):
            self._pause(fault)
            self._connection.sendall(response.body[index : index + 1])
            if self._stopping.is_set():
                return False
        return True

    def _cut(self, response: Response, fault: Fault) -> bool:
        half = response.body[: len(response.body) // 2]
        self._write(_head(response, ("Content-Length", str(len(response.body)))), half)
        return False

    def _huge(self, response: Response, fault: Fault) -> bool:
        self._connection.sendall(_head(response, ("Transfer-Encoding", "chunked")))
        self._connection.sendall(b'9\r\n{"data":"\r\n')
        left = fault.size
        while left > 0 and not self._stopping.is_set():
            piece = min(left, _PIECE)
            self._connection.sendall(b"%x\r\n%s\r\n" % (piece, b"x" * piece))
            left -= piece
        self._connection.sendall(b'2\r\n"}\r\n0\r\n\r\n')
        return True

    def _pause(self, fault: Fault) -> None:
        self._stopping.wait(fault.pause_seconds)


def _head(response: Response, length: tuple[str, str]) -> bytes:
    reason = HTTPStatus(response.status).phrase
    lines = [f"HTTP/1.1 {response.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in (*response.headers, length)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
