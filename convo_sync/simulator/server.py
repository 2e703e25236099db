"""HTTP/1.1 on loopback around a function from Request to Response.

Must not know any endpoint, key or limit.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from convo_sync.simulator.sending import Sender
from convo_sync.simulator.wire import VALIDATION, Refusal, Request, Response

Service = Callable[[Request], Response]

_BODY_LIMIT: Final = 1024 * 1024
_log = logging.getLogger(__name__)


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that stopping ends them as a dying server would."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, port: int, service: Service) -> None:
        self.service = service
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Exchange)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A new connection."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The connection's thread is done with it."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that left is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            _log.exception("connection from %s", client_address)

    def stop(self) -> None:
        """No new connections, and the open ones end."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Exchange(BaseHTTPRequestHandler):
    """Reads requests off one connection, and has each answered."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def __getattr__(self, name: str) -> Any:
        # The base class looks for do_GET and so on; every method is answered by the service.
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        try:
            body = self._body()
        except ValueError as error:
            self.close_connection = True
            self._send(Refusal(400, VALIDATION, str(error)).response())
            return
        headers = {name.lower(): ", ".join(self.headers.get_all(name, [])) for name in self.headers}
        self._send(self.server.service(Request(self.command, self.path, headers, body)))

    def _send(self, response: Response) -> None:
        sender = Sender(self.connection, self.server.stopping)
        reusable = sender.send(response, without_body=self.command == "HEAD")
        self.close_connection = self.close_connection or not reusable

    def _body(self) -> bytes:
        """The request's body. ValueError where its length is not said properly, or is beyond a megabyte."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(self._chunks())
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            raise ValueError("Content-Length is no number")
        if len(length) > 9 or int(length) > _BODY_LIMIT:
            raise ValueError("the body is too large")
        return self.rfile.read(int(length))

    def _chunks(self) -> Iterator[bytes]:
        total = 0
        while size := int(self.rfile.readline(20).partition(b";")[0], 16):
            total += size
            if size < 0 or total > _BODY_LIMIT:
                raise ValueError("the body is too large")
            yield self.rfile.read(size)
            self.rfile.readline(3)
        while self.rfile.readline(1000).strip():
            pass

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no HTTP at all is refused in the API's own words."""
        self.close_connection = True
        self.command = getattr(self, "command", None) or "GET"
        self._send(Refusal(int(code), VALIDATION, message or "This is no HTTP request.").response())

    def log_message(self, format: str, *args: Any) -> None:
        """The simulator keeps its own record."""


@contextmanager
def serving(service: Service, port: int) -> Iterator[str]:
    """Serve on 127.0.0.1 in the background while the block runs; gives the base URL."""
    server = _Server(port, service)
    # A short poll makes leaving the block quick.
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.stop()
        thread.join()
