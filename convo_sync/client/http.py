"""The Convo API over httpx: every attempt metered, bounded in time and size, and its outcome one of our own errors.

Must not know the archive, the plan, or what a credit may be spent on. It uses httpx's transport rather than its Client,
which would obey the environment's netrc, keep cookies, and log whole addresses, the words of a search included.

    httpx                                  here                        its symptom
    ConnectError                           Offline                     refused, no_dns, tls, unreachable
    ConnectTimeout, PoolTimeout            Offline                     connect_timeout, pool
    ProxyError                             Offline                     proxy
    ReadTimeout, WriteTimeout              ServerTrouble               timeout
    ReadError, WriteError, CloseError      ServerTrouble               dropped
    RemoteProtocolError                    ServerTrouble               cut, dropped, protocol
    LocalProtocolError, StreamError        ServerTrouble               protocol
    DecodingError                          ServerTrouble               garbled
    TooManyRedirects                       ServerTrouble               redirected
    UnsupportedProtocol, InvalidURL        ConfigurationError, Invalid
"""

from __future__ import annotations

import json
import logging
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import httpx

from convo_sync import __version__
from convo_sync.client.address import Address, checked_address, checked_key
from convo_sync.client.answers import Answer, rate_reading, read_acknowledgement, read_answer
from convo_sync.client.deadline import Deadline, DeadlineBackend
from convo_sync.client.endpoints import Endpoints
from convo_sync.errors import ConfigurationError, ConvoSyncError, Invalid, Offline, RateLimited, ServerTrouble, TryLater
from convo_sync.records import RateReading

T = TypeVar("T")
log = logging.getLogger(__name__)

BYTE_CAP = 256 * 2**20
DEADLINE_SECONDS = 60.0
ATTEMPTS = 3

# Symptoms that another attempt, seconds later, may not meet. No name server means no network: that lasts longer.
PASSING = frozenset(
    {"timeout", "dropped", "cut", "garbled", "protocol", "server_error", "not_json", "empty"}
    | {"refused", "unreachable", "connect_timeout", "pool"}
)
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 8.0
_CONNECT_SECONDS = 10.0
# More than any caller has threads: with fewer, waiting threads can exhaust the pool for good.
_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=8)
# Other encodings, or several on top of each other, can make one piece of 64 kB unfold to any size.
_ENCODINGS = ("", "identity", "gzip")


class Meter(Protocol):
    """Counts requests against the hour."""

    def sending(self) -> None:
        """Called before every attempt, retries too; may raise `TryLater`, and then nothing is sent."""

    def unsent(self) -> None:
        """Called where there was no connection, so that the request never left this machine."""

    def answered(self, reading: RateReading) -> None:
        """Called once the headers of an answer are there; what they do not say is None."""


class Client(Endpoints):
    """A connection to the API, for one process; threads may share it. Close it, or use it in a ``with`` statement.

    Args:
        base_url: ``https://…``, or http to this machine.
        key: the API key. It is in no repr, message or log line.
        meter: counts requests; None for none.
        deadline_seconds: for each attempt, from its first byte to its last.
        byte_cap: the longest body, decoded.
        attempts: how often a GET is tried where the trouble may pass. Everything else is sent once.
        sleep, jitter, now: the pause between attempts, a random number from 0 to 1, and the time in UTC.

    Raises:
        ConfigurationError: the address or the key cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        meter: Meter | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        byte_cap: int = BYTE_CAP,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._address = checked_address(base_url)
        self._key = checked_key(key).encode()
        self._meter, self._attempts, self._byte_cap = meter, attempts, byte_cap
        self._sleep, self._jitter, self._now = sleep, jitter, now
        self._seconds, self._deadline = deadline_seconds, Deadline()
        self._headers = _headers(key)
        self._extensions = {"timeout": _timeouts(deadline_seconds)}
        self._rebuilding, self._retired = threading.Lock(), list[httpx.HTTPTransport]()
        self._transport = _transport(self._address, self._deadline)

    def __repr__(self) -> str:
        return f"Client({self._address.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        for transport in (*self._retired, self._transport):
            transport.close()

    def _read(self, operation: str, url: str, read: Callable[[bytes], T]) -> T:
        request = self._request("GET", url)
        last: ServerTrouble | None = None
        for attempt in range(self._attempts):
            if last is not None:
                # Full jitter: many clients that failed together do not return together.
                self._sleep(self._jitter() * min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)))
            try:
                return read_answer(self._attempt(operation, request), read, self._now())
            except ServerTrouble as trouble:
                if trouble.symptom not in PASSING:
                    raise
                last = trouble
            except TryLater as later:
                if last is None or isinstance(later, RateLimited):
                    raise
                # No request is left for another attempt: the trouble is the news, not the hour.
                raise last from None
        assert last is not None  # noqa: S101 - there is at least one attempt
        raise last

    def _send(self, operation: str, method: str, url: str, payload: object, read: Callable[[bytes], T]) -> T:
        request = self._request(method, url, json.dumps(payload).encode())
        return read_answer(self._attempt(operation, request), read, self._now())

    def _tell(self, operation: str, method: str, url: str) -> None:
        read_acknowledgement(self._attempt(operation, self._request(method, url)), self._now())

    def _request(self, method: str, url: str, content: bytes | None = None) -> httpx.Request:
        typed = {"Content-Type": "application/json"} if content is not None else {}
        try:
            return httpx.Request(
                method, url, headers=self._headers | typed, content=content, extensions=dict(self._extensions)
            )
        except httpx.InvalidURL as error:
            raise trouble_of(error) from None

    def _attempt(self, operation: str, request: httpx.Request) -> Answer:
        if self._meter is not None:
            self._meter.sending()
        started, outcome, size = time.perf_counter(), "failed", 0
        try:
            answer = self._exchange(request)
            outcome, size = str(answer.status), len(answer.body)
            return answer
        except ServerTrouble as trouble:
            outcome = trouble.symptom
            if self._meter is not None and isinstance(trouble, Offline):
                self._meter.unsent()
            raise
        finally:
            log.debug("%s: %s, %.0f ms, %d bytes", operation, outcome, (time.perf_counter() - started) * 1000, size)

    def _exchange(self, request: httpx.Request) -> Answer:
        transport = self._transport
        try:
            with self._deadline.within(self._seconds):
                return self._receive(transport.handle_request(request))
        except _FAILURES as error:
            if isinstance(error, httpx.PoolTimeout):
                self._rebuild(transport)
            raise trouble_of(error) from error

    def _receive(self, response: httpx.Response) -> Answer:
        try:
            if self._meter is not None:
                self._meter.answered(rate_reading(response.headers, self._now()))
            body = b"".join(self._chunks(response))
        finally:
            response.close()
        if response.status_code >= 400:
            body = body.replace(self._key, b"[key]")  # a message of the API may well repeat what it was sent
        return Answer(response.status_code, response.headers, body)

    def _chunks(self, response: httpx.Response) -> Iterator[bytes]:
        if response.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
            raise ServerTrouble("the answer came in an encoding that was not asked for", symptom="garbled")
        announced, received = response.headers.get("content-length", ""), 0
        if announced.isdigit() and int(announced) > self._byte_cap:
            raise self._too_large()
        for chunk in response.iter_bytes():
            received += len(chunk)
            if received > self._byte_cap:
                raise self._too_large()
            self._deadline.cut()
            yield chunk

    def _too_large(self) -> ServerTrouble:
        return ServerTrouble(f"the answer is larger than {self._byte_cap} bytes", symptom="too_large")

    def _rebuild(self, exhausted: httpx.HTTPTransport) -> None:
        """Replace a pool that hands out no connection any more. Other threads may still read through the old one."""
        with self._rebuilding:
            if self._transport is exhausted:
                self._retired.append(exhausted)
                self._transport = _transport(self._address, self._deadline)


def _headers(key: str) -> dict[str, str]:
    return {
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "Authorization": f"Bearer {key}",
        "User-Agent": f"convo-sync/{__version__}",
    }


def _timeouts(deadline_seconds: float) -> dict[str, float | None]:
    connect = min(_CONNECT_SECONDS, deadline_seconds)
    return httpx.Timeout(deadline_seconds, connect=connect, pool=connect).as_dict()


def _transport(address: Address, deadline: Deadline) -> httpx.HTTPTransport:
    # Certificates are read for https alone: it takes longer than an answer. SSL_CERT_FILE is respected (trust_env).
    verify = True if address.url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        transport = httpx.HTTPTransport(verify=verify, limits=_LIMITS, proxy=address.proxy())
    except (OSError, ValueError, ImportError, httpx.InvalidURL):
        raise ConfigurationError(
            "The proxy or the certificates that the environment names cannot be used.",
            "Check HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
        ) from None
    # httpx has no setting for it; a test with dripping headers watches that this still takes hold.
    pool: Any = transport._pool
    pool._network_backend = DeadlineBackend(pool._network_backend, deadline)
    return transport


_FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict, TimeoutError, UnicodeError)
_OFFLINE: tuple[tuple[type[Exception], str, str], ...] = (
    (httpx.ConnectTimeout, "connect_timeout", "no connection within the time allowed"),
    (httpx.PoolTimeout, "pool", "no connection was free"),
    (httpx.ProxyError, "proxy", "the proxy did not let the request through"),
)
_TROUBLE: tuple[tuple[type[Exception], str, str], ...] = (
    (httpx.TimeoutException, "timeout", "no complete answer within the time allowed"),
    (TimeoutError, "timeout", "no complete answer within the time allowed"),
    (httpx.NetworkError, "dropped", "the connection was dropped"),
    (httpx.DecodingError, "garbled", "the answer could not be unpacked"),
    (httpx.TooManyRedirects, "redirected", "the address leads elsewhere"),
    (httpx.HTTPStatusError, "server_error", "the server failed"),
)


def trouble_of(error: Exception) -> ConvoSyncError:
    """What an error of httpx means here; the table stands at the top."""
    if isinstance(error, httpx.InvalidURL):
        return Invalid("That cannot be put into an address.", status=0, api_code="validation_error")
    if isinstance(error, httpx.UnsupportedProtocol):
        return ConfigurationError("The base URL has to begin with https://.")
    if isinstance(error, httpx.ConnectError | UnicodeError):  # a name that cannot be asked for
        return _unconnected(error)
    for kind, symptom, text in _OFFLINE:
        if isinstance(error, kind):
            return Offline(text, symptom=symptom)
    if isinstance(error, httpx.RemoteProtocolError):
        return _broken_off(str(error))
    for kind, symptom, text in _TROUBLE:
        if isinstance(error, kind):
            return ServerTrouble(text, symptom=symptom)
    return ServerTrouble("the answer was no proper HTTP", symptom="protocol")


def _unconnected(error: Exception) -> Offline:
    causes: list[type[BaseException]] = []
    cause: BaseException | None = error
    while cause is not None:
        causes.append(type(cause))
        cause = cause.__cause__ or cause.__context__
    if any(issubclass(each, ssl.SSLError) for each in causes):
        return Offline("no secure connection: the server's certificate or encryption was not accepted", symptom="tls")
    if any(issubclass(each, socket.gaierror) for each in causes):
        return Offline("the server's name is not known here: no network?", symptom="no_dns")
    if any(issubclass(each, ConnectionRefusedError) for each in causes):
        return Offline("the server refused the connection", symptom="refused")
    return Offline("no connection to the server", symptom="unreachable")


def _broken_off(said: str) -> ServerTrouble:
    if "complete message body" in said:
        return ServerTrouble("the answer was cut off", symptom="cut")
    if "disconnected" in said:
        return ServerTrouble("the connection was dropped without an answer", symptom="dropped")
    return ServerTrouble("the answer was no proper HTTP", symptom="protocol")
