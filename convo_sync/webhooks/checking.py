"""Whether a request is a delivery from Convo, and what it says. Pure: bytes, headers and times in.

The signature is the token: nothing of a body is parsed before it fits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from convo_sync.times import parse_time
from convo_sync.webhooks.wire import Head, Refused

SIGNATURE = "x-convo-signature"
PATH = "/"
OLDEST = timedelta(minutes=5)
_LONGEST_NAME = 200
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as signed. `digest`: of the raw body; a repeat has the same. `sent_at`: Convo's time."""

    digest: str
    event: str
    conversation_id: str | None
    sent_at: datetime
    body: bytes = field(repr=False)


def check_head(head: Head, hosts: Collection[str]) -> None:
    """Refuse what cannot be a delivery, before any of its body is waited for.

    Args:
        hosts: names besides this machine's own under which the receiver is reached, in lower case.

    Raises:
        Refused: it is none.
    """
    if head.method != "POST":
        raise Refused(405, "not a POST")
    if head.path != PATH:
        raise Refused(404, "another path")
    host = _host(head.headers.get("host", ""))
    if not (_LOOPBACK.fullmatch(host) or host in hosts):
        raise Refused(403, "another host")
    _ = head.length  # refused here where it is too much
    if not head.headers.get(SIGNATURE):
        raise Refused(401, "no signature")


def _host(header: str) -> str:
    """The name in a Host header, in lower case, without its port."""
    return re.sub(r":[0-9]{0,5}$", "", header.lower())


def check_signature(secret: bytes | None, head: Head, body: bytes) -> None:
    """Refuse a body that was not signed with our secret; in the same time wherever the signature differs.

    Raises:
        Refused: it was not, or there is no secret yet.
    """
    expected = hmac.new(secret or b"", body, hashlib.sha256).hexdigest()
    fits = hmac.compare_digest(expected.encode(), head.headers[SIGNATURE].encode("utf-8", "replace"))
    if not (fits and secret):
        raise Refused(401, "wrong signature" if secret else "no secret is kept yet")


def read(body: bytes, now: datetime) -> Delivery:
    """What a signed body says.

    Raises:
        Refused: it cannot be read, or is not of now: somebody may have kept it.
    """
    try:
        said = json.loads(body)
        event, data, sent_at = said["event"], said.get("data"), parse_time(said["timestamp"])
        if not isinstance(event, str) or len(event) > _LONGEST_NAME:
            raise TypeError
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise Refused(400, "no delivery") from None
    if abs(now - sent_at) > OLDEST:
        raise Refused(400, "too old" if sent_at < now else "from the future")
    named = data.get("conversationId") if isinstance(data, dict) else None
    return Delivery(hashlib.sha256(body).hexdigest(), _plain(event), _id(named), sent_at, body)


def _id(named: object) -> str | None:
    return _plain(named) if isinstance(named, str) and 0 < len(named) <= _LONGEST_NAME else None


def _plain(text: str) -> str:
    # SQLite takes no half characters (lone surrogates), which JSON may hold.
    return text.encode("utf-8", "replace").decode()
