"""Listens on loopback and answers each delivery once it is kept. A fixed handful of threads, whoever calls.

What keeps a delivery is a callable it is given, as are the secret and the clock.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime
from ipaddress import ip_address

from convo_sync.webhooks import checking, wire
from convo_sync.webhooks.bucket import Bucket
from convo_sync.webhooks.checking import Delivery
from convo_sync.webhooks.wire import Refused

THREADS = 8
BACKLOG = 1024
# For a whole request: one that drips would keep a thread from others.
REQUEST_SECONDS = 5.0
# Signed ones come in bursts, and none is repeated by Convo. Those refused draw from a bucket of their own, so that
# who floods us with forged ones takes no place from the good.
SIGNED, SIGNED_PER_SECOND = 2_000, 10.0
REFUSED, REFUSED_PER_SECOND = 1_000, 10.0
_PAUSE_SECONDS = 0.1


class Receiver:
    """One listening address.

    Args:
        address: host, which must be a loopback address, and port; 0 for any that is free.
        secret: the webhook's secret as it is now; None while there is none, and then everything is refused.
        keep: keeps a delivery durably; False where it was kept before. What it raises is answered 503.
        now: the wall clock, aware.
        hosts: names besides this machine's own that a Host header may have.
        refused: is told why each refused request was; must not raise.

    Raises:
        OSError: the address cannot be listened on.
        ValueError: it is not a loopback address.
    """

    def __init__(
        self,
        address: tuple[str, int],
        secret: Callable[[], bytes | None],
        keep: Callable[[Delivery], bool],
        now: Callable[[], datetime],
        *,
        hosts: Collection[str] = (),
        refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        if not ip_address(address[0]).is_loopback:
            raise ValueError(f"{address[0]} is not a loopback address")
        self._secret, self._keep, self._now = secret, keep, now
        self._hosts, self._refused = frozenset(map(str.lower, hosts)), refused
        self._signed, self._others = Bucket(SIGNED, SIGNED_PER_SECOND), Bucket(REFUSED, REFUSED_PER_SECOND)
        self._is_stopping = False
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._listener = socket.create_server(address, family=family, backlog=BACKLOG)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._threads = [threading.Thread(target=self._serve, name="webhooks", daemon=True) for _ in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Listen no more. A request that is being answered gets its answer."""
        self._is_stopping = True
        for _ in self._threads:  # a socket that is closed wakes nobody who waits on it
            with contextlib.suppress(OSError):
                socket.create_connection(self.address, timeout=_PAUSE_SECONDS).close()
        for thread in self._threads:
            thread.join(_PAUSE_SECONDS)
        self._listener.close()

    def _serve(self) -> None:
        while not self._is_stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # no descriptors left, say
                time.sleep(_PAUSE_SECONDS)
                continue
            with connection:
                if not self._is_stopping:
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        try:
            self._take(connection)
            status = 200
        except Refused as refused:
            status = refused.status if self._others.take() else 429
            self._refused(refused.why)
        except OSError:  # too slow, or gone
            status = 400
        except Exception as error:  # a fault of ours ends no thread
            status = 503
            self._refused(f"not answered: {type(error).__name__}: {error}")
        wire.answer(connection, status)

    def _take(self, connection: socket.socket) -> None:
        deadline = time.monotonic() + REQUEST_SECONDS
        head = wire.read_head(connection, deadline)
        checking.check_head(head, self._hosts)
        body = wire.read_body(connection, head, deadline)
        checking.check_signature(self._secret(), head, body)
        if not self._signed.take():
            raise Refused(429, "too many at once")
        delivery = checking.read(body, self._now())
        try:
            self._keep(delivery)
        except Exception as error:  # the disk is full, or gone: the next one may go better
            raise Refused(503, f"not kept: {error}") from error
