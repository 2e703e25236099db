"""Whether a server can be reached at all: its name, then a connection. Must not know what a connection carries."""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import socket
import threading

from convo_sync.errors import Offline

SECONDS = 10.0


def is_address(host: str) -> bool:
    """Whether the host is an IP address, which no name server has to be asked for."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def resolve(host: str, seconds: float = SECONDS) -> tuple[str, ...]:
    """The addresses that a name stands for.

    Raises:
        Offline: it is not known here, or nobody answered within `seconds`.
    """
    answer: queue.SimpleQueue[tuple[str, ...] | OSError] = queue.SimpleQueue()
    # The system's resolver knows no time limit, and may take minutes behind a dead name server.
    threading.Thread(target=_ask, args=(host, answer), daemon=True).start()
    found: tuple[str, ...] | OSError = TimeoutError(f"no answer within {seconds:g} seconds")
    with contextlib.suppress(queue.Empty):
        found = answer.get(timeout=seconds)
    if isinstance(found, OSError):
        raise Offline(f"the name {host} is not known here ({found.strerror or found})", symptom="no_dns") from found
    return found


def _ask(host: str, answer: queue.SimpleQueue[tuple[str, ...] | OSError]) -> None:
    try:
        rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        answer.put(tuple(dict.fromkeys(str(row[4][0]) for row in rows)))
    except UnicodeError:  # a label that is too long never reaches the resolver
        answer.put(OSError("it is no name"))
    except OSError as error:
        answer.put(error)


def connect(host: str, port: int, seconds: float = SECONDS) -> None:
    """Open a connection, and close it again.

    Raises:
        Offline: there is none to be had.
    """
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except ConnectionRefusedError as error:
        raise Offline(f"{host} refuses connections on port {port}", symptom="refused") from error
    except TimeoutError as error:
        message = f"{host} does not answer on port {port} within {seconds:g} seconds"
        raise Offline(message, symptom="connect_timeout") from error
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise Offline(f"no way to {host}, port {port} ({why})", symptom="unreachable") from error
