"""A deadline that holds for everything an attempt reads and writes, however slowly the bytes drip.

A time-out of a socket starts anew with every byte, and an answer whose headers drip hands over no chunk between which
a clock could be looked at. So the time-out of every single read and write is cut to what is left.
Must not know HTTP; of the HTTP library it knows only the form of a stream.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Stream(Protocol):
    """A connection, as the HTTP library's network backend gives it."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to so many bytes."""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of these."""

    def close(self) -> None:
        """End it."""

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> Stream:
        """The same connection, encrypted."""

    def get_extra_info(self, info: str) -> Any:
        """What lies beneath."""


class Backend(Protocol):
    """What opens connections."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Stream:
        """A connection to host and port."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Deadline:
    """The end of the attempt under way, one for each thread. The clock is monotonic and real: sockets know no other."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Everything inside must be done so many seconds from now."""
        self._local.until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._local.until = None

    def cut(self, timeout: float | None = None) -> float | None:
        """The time-out, cut to what is left.

        Raises:
            TimeoutError: nothing is.
        """
        until: float | None = getattr(self._local, "until", None)
        if until is None:
            return timeout
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        return left if timeout is None else min(timeout, left)


class DeadlineBackend:
    """Opens the connections of another backend, and holds each to the deadline."""

    def __init__(self, inner: Backend, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> Stream:
        """A connection that ends in time."""
        stream = self._inner.connect_tcp(host, port, timeout=self._deadline.cut(timeout), **options)
        return _DeadlineStream(stream, self._deadline)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._inner.sleep(seconds)


class _DeadlineStream:
    def __init__(self, inner: Stream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, timeout=self._deadline.cut(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout=self._deadline.cut(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> Stream:
        inner = self._inner.start_tls(ssl_context, server_hostname, timeout=self._deadline.cut(timeout))
        return _DeadlineStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
