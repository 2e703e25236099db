"""What an answer of the API means: its status, headers and body to a reading or an error. Pure.

Must not know httpx, how an answer was fetched, or the shape of what it carries. Only the API's own error JSON says
anything about the key, the plan or the item; a body without it came from a proxy or a broken server.
Source: "Errors" in the API contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from convo_sync.errors import (
    ConvoSyncError,
    CreditsUsedUp,
    Forbidden,
    Invalid,
    KeyRefused,
    NotFound,
    RateLimited,
    ServerTrouble,
)
from convo_sync.models import NotJson, NotTheApi, read_envelope, read_error
from convo_sync.records import RateReading

T = TypeVar("T")

# A window lasts an hour. Beyond a day lies no time of this API: milliseconds for seconds, or a clock gone wrong.
_LONGEST_SECONDS = 86_400.0
# How far a server may be off its own Date when it says when the hour frees.
_CLOCK_SECONDS = 60.0
_LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, wholly received. `headers` by lower-case name; `body` decoded."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def rate_reading(headers: Mapping[str, str], now: datetime) -> RateReading:
    """What the rate headers say; each one that is missing or garbled is None. `now` stands in for a missing `Date`."""
    server_time = _http_date(headers.get("date"))
    reset = _whole_number(headers.get("x-ratelimit-reset"))
    away = None if reset is None else reset - (server_time or now).timestamp()
    if away is not None and (away > _LONGEST_SECONDS or away < (-_CLOCK_SECONDS if server_time else 0)):
        away = None  # beyond any window, no instant at all, or past by a clock of ours that may be wrong
    return RateReading(
        limit=_whole_number(headers.get("x-ratelimit-limit")),
        remaining=_whole_number(headers.get("x-ratelimit-remaining")),
        reset_after_seconds=None if away is None else max(0.0, away),
        server_time=server_time,
    )


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """Retry-After, which may be seconds or an HTTP date, as a distance of at most a day; None where there is none."""
    text = headers.get("retry-after")
    seconds: float | None = _whole_number(text)
    if seconds is None:
        moment = _http_date(text)
        seconds = None if moment is None else (moment - (_http_date(headers.get("date")) or now)).total_seconds()
    return None if seconds is None else min(max(0.0, seconds), _LONGEST_SECONDS)


def _whole_number(text: str | None) -> int | None:
    stripped = (text or "").strip()
    return int(stripped) if stripped.isascii() and stripped.isdigit() and len(stripped) <= 15 else None


def _http_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
        # Reckoning with a date at the end of time overflows; no server means it.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC) if moment.year < 9000 else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def read_answer(answer: Answer, read: Callable[[bytes], T], now: datetime) -> T:
    """What the answer carries, as `read` reads its body.

    Raises:
        ConvoSyncError: the answer is a refusal, or no usable answer of the API: the classes of `convo_sync.errors`.
    """
    if not 200 <= answer.status < 300:
        raise refusal(answer, now)
    if not answer.body.strip():
        raise ServerTrouble("the answer was empty", symptom="empty")
    try:
        return read(answer.body)
    except NotJson as error:
        raise ServerTrouble(str(error), symptom="not_json") from error
    except NotTheApi as error:
        raise ServerTrouble(str(error), symptom="wrong_shape") from error


def read_acknowledgement(answer: Answer, now: datetime) -> None:
    """Check that the API did as told; it may say so without a body.

    Raises:
        ConvoSyncError: it did not, or somebody else answered.
    """
    if not 200 <= answer.status < 300 or answer.body.strip():
        read_answer(answer, _not_denied, now)


def _not_denied(body: bytes) -> None:
    envelope = read_envelope(body)
    data = envelope.get("data")
    if "error" in envelope or (isinstance(data, dict) and data.get("deleted") is False):
        raise NotTheApi("the answer does not say that it was done")


def refusal(answer: Answer, now: datetime) -> ConvoSyncError:
    """The error that an answer with a status other than 2xx stands for."""
    if answer.status >= 500:
        return ServerTrouble(f"the server failed (HTTP {answer.status})", symptom="server_error")
    if answer.status < 400:
        return ServerTrouble(f"the address leads elsewhere (HTTP {answer.status}); not followed", symptom="redirected")
    said = read_error(answer.body)
    return _foreign(answer) if said is None else _said_by_the_api(answer, *said, now)


def _foreign(answer: Answer) -> ServerTrouble:
    if not answer.body.strip():
        return ServerTrouble(f"HTTP {answer.status} without a body", symptom="empty")
    try:
        read_envelope(answer.body)
    except NotJson:
        return ServerTrouble(f"HTTP {answer.status}, but not from the API: a proxy, perhaps", symptom="not_json")
    except NotTheApi:
        pass
    return ServerTrouble(f"HTTP {answer.status}, but not in the API's form", symptom="wrong_shape")


def _said_by_the_api(answer: Answer, code: str, message: str, now: datetime) -> ConvoSyncError:
    text = _plain(message) or code
    if answer.status == 401:
        return KeyRefused(f"Convo refused the key: {text}", "Create a key in Convo's settings and store that one.")
    if answer.status == 429 and code != "ai_limit_exceeded":
        return RateLimited(text, retry_after_seconds=retry_after_seconds(answer.headers, now))
    kind = _REFUSALS.get(answer.status, Invalid)
    return kind(text, status=answer.status, api_code=code)


_REFUSALS = {403: Forbidden, 404: NotFound, 410: NotFound, 429: CreditsUsedUp}


def _plain(message: str) -> str:
    """A message from outside, fit for one line of a terminal."""
    printable = "".join(each if each.isprintable() else " " for each in message[:_LONGEST_MESSAGE])
    return " ".join(printable.split())
