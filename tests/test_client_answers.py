"""What an answer means: statuses and headers to errors and readings, and every error of httpx to one of ours."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.client.answers import Answer, rate_reading, read_acknowledgement, read_answer, retry_after_seconds
from convo_sync.client.http import PASSING, trouble_of
from convo_sync.errors import (
    ConfigurationError,
    ConvoSyncError,
    CreditsUsedUp,
    Forbidden,
    Invalid,
    KeyRefused,
    NotFound,
    Offline,
    RateLimited,
    Refusal,
    ServerTrouble,
)
from convo_sync.models import read_envelope

NOW = datetime(2026, 3, 19, 10, 0, tzinfo=UTC)
DATE = "Thu, 19 Mar 2026 10:00:00 GMT"
HTML = b"<html><body>Sign in</body></html>"


def said(code: str, message: str = "so it is") -> bytes:
    """The API's own error."""
    return json.dumps({"error": {"code": code, "message": message}}).encode()


def error_of(status: int, body: bytes, headers: dict[str, str] | None = None) -> ConvoSyncError:
    """The error that an answer becomes."""
    with pytest.raises(ConvoSyncError) as caught:
        read_answer(Answer(status, headers or {}, body), read_envelope, NOW)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "validation_error", Invalid),
        (401, "unauthorized", KeyRefused),
        (403, "forbidden", Forbidden),
        (404, "not_found", NotFound),
        (405, "method_not_allowed", Invalid),
        (410, "not_found", NotFound),
        (422, "validation_error", Invalid),
        (429, "rate_limited", RateLimited),
        (429, "too_many_requests", RateLimited),
        (429, "ai_limit_exceeded", CreditsUsedUp),
        (500, "internal_error", ServerTrouble),
        (503, "internal_error", ServerTrouble),
    ],
)
def test_the_apis_own_errors(status: int, code: str, kind: type[ConvoSyncError]) -> None:
    """Each status with the API's error JSON has its class, which carries status and code."""
    error = error_of(status, said(code))
    assert type(error) is kind
    if isinstance(error, Refusal):
        assert (error.status, error.api_code, error.message) == (status, code, "so it is")


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 407, 410, 429])
@pytest.mark.parametrize(
    ("body", "symptom"),
    [
        (HTML, "not_json"),
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b'{"error": {"code": "unauth', "not_json"),
        (b"[1]", "wrong_shape"),
    ],
)
def test_other_bodies_say_nothing_about_the_key(status: int, body: bytes, symptom: str) -> None:
    """Without the API's own JSON, any status is trouble on the way."""
    error = error_of(status, body)
    assert isinstance(error, ServerTrouble)
    assert error.symptom == symptom


@pytest.mark.parametrize(
    "body", [b'{"message": "no"}', b'{"error": "no"}', b'{"error": {"code": 401, "message": "no"}}']
)
def test_anothers_json_is_not_the_apis(body: bytes) -> None:
    """A gateway's error JSON does not refuse the key."""
    error = error_of(401, body)
    assert isinstance(error, ServerTrouble)
    assert error.symptom == "wrong_shape"


@pytest.mark.parametrize(
    ("status", "symptom"), [(301, "redirected"), (302, "redirected"), (304, "redirected"), (502, "server_error")]
)
def test_redirects_and_gateways(status: int, symptom: str) -> None:
    """A redirect is not followed; a gateway's page is the server's failure."""
    error = error_of(status, HTML)
    assert isinstance(error, ServerTrouble)
    assert error.symptom == symptom


def test_messages_fit_one_line_of_a_terminal() -> None:
    """Escape sequences and line breaks of the API's message are taken out, its length is limited."""
    error = error_of(400, said("validation_error", "a\x1b[31m\nb\u202e" + "x" * 5000))
    assert error.message.isprintable()
    assert len(error.message) <= 500


def test_acknowledgements_may_be_empty_but_not_foreign() -> None:
    """A 200 without body is enough; a page, or an answer that denies, is not."""
    for status, body in ((200, b""), (204, b""), (200, b'{"data": {"id": "x", "deleted": true}}')):
        read_acknowledgement(Answer(status, {}, body), NOW)
    for status, body in (
        (200, HTML),
        (200, b'{"data": {"deleted": false}}'),
        (200, said("x")),
        (404, said("not_found")),
    ):
        with pytest.raises(ConvoSyncError):
            read_acknowledgement(Answer(status, {}, body), NOW)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        (" 3600 ", 3600),
        ("0", 0),
        ("Thu, 19 Mar 2026 10:05:00 GMT", 300),
        ("Thu, 19 Mar 2026 09:00:00 GMT", 0),
        ("999999999999", 86_400),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_may_be_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    """A date counts from the answer's own Date; nonsense is None; a day is the most."""
    headers = {"date": DATE} | ({} if text is None else {"retry-after": text})
    later = NOW.replace(hour=12)
    assert retry_after_seconds(headers, later) == seconds
    error = error_of(429, said("rate_limited"), headers)
    assert isinstance(error, RateLimited)
    assert error.retry_after_seconds == seconds


def test_reset_is_a_distance_from_the_same_answers_date() -> None:
    """This machine's clock does not matter while there is a Date."""
    reset = int(NOW.timestamp()) + 600
    headers = {"x-ratelimit-limit": "500", "x-ratelimit-remaining": "17", "x-ratelimit-reset": str(reset), "date": DATE}
    reading = rate_reading(headers, NOW.replace(year=2030))
    assert (reading.limit, reading.remaining, reading.reset_after_seconds, reading.server_time) == (500, 17, 600, NOW)
    del headers["date"]
    reading = rate_reading(headers, NOW.replace(minute=5))
    assert (reading.reset_after_seconds, reading.server_time) == (300, None)


@pytest.mark.parametrize("garbage", ["", "-1", "1e3", "abc", "5, 5", "\u0663", "9" * 400, "1773914400000", "inf"])
def test_garbled_rate_headers_are_none(garbage: str) -> None:
    """A header that is no plain number, or no time near, is as good as missing."""
    headers = {"x-ratelimit-reset": garbage, "date": garbage, "x-ratelimit-limit": garbage[:3]}
    reading = rate_reading(headers, NOW)
    assert (reading.reset_after_seconds, reading.remaining, reading.server_time) == (None, None, None)


@given(st.dictionaries(st.sampled_from(["date", "retry-after", "x-ratelimit-reset", "x-ratelimit-limit"]), st.text()))
def test_no_header_raises(headers: dict[str, str]) -> None:
    """Whatever stands in the headers, they are read."""
    rate_reading(headers, NOW)
    retry_after_seconds(headers, NOW)


def every_httpx_error() -> Iterator[type[Exception]]:
    """Every exception class that httpx defines."""
    roots: list[type[Exception]] = [httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError]
    while roots:
        kind = roots.pop()
        yield kind
        roots.extend(kind.__subclasses__())


EXPECTED: dict[str, tuple[type[ConvoSyncError], str]] = {
    "HTTPError": (ServerTrouble, "protocol"),
    "RequestError": (ServerTrouble, "protocol"),
    "TransportError": (ServerTrouble, "protocol"),
    "TimeoutException": (ServerTrouble, "timeout"),
    "ConnectTimeout": (Offline, "connect_timeout"),
    "ReadTimeout": (ServerTrouble, "timeout"),
    "WriteTimeout": (ServerTrouble, "timeout"),
    "PoolTimeout": (Offline, "pool"),
    "NetworkError": (ServerTrouble, "dropped"),
    "ConnectError": (Offline, "unreachable"),
    "ReadError": (ServerTrouble, "dropped"),
    "WriteError": (ServerTrouble, "dropped"),
    "CloseError": (ServerTrouble, "dropped"),
    "ProtocolError": (ServerTrouble, "protocol"),
    "LocalProtocolError": (ServerTrouble, "protocol"),
    "RemoteProtocolError": (ServerTrouble, "protocol"),
    "ProxyError": (Offline, "proxy"),
    "UnsupportedProtocol": (ConfigurationError, ""),
    "DecodingError": (ServerTrouble, "garbled"),
    "TooManyRedirects": (ServerTrouble, "redirected"),
    "HTTPStatusError": (ServerTrouble, "server_error"),
    "InvalidURL": (Invalid, ""),
    "CookieConflict": (ServerTrouble, "protocol"),
    "StreamError": (ServerTrouble, "protocol"),
    "StreamConsumed": (ServerTrouble, "protocol"),
    "StreamClosed": (ServerTrouble, "protocol"),
    "ResponseNotRead": (ServerTrouble, "protocol"),
    "RequestNotRead": (ServerTrouble, "protocol"),
}


@pytest.mark.parametrize("kind", list(every_httpx_error()))
def test_every_error_of_httpx_is_mapped(kind: type[Exception]) -> None:
    """A class that a later httpx adds fails here until somebody decides what it means."""
    error = kind.__new__(kind)
    error.args = ("convo_secret in the text",)
    ours = trouble_of(error)
    expected, symptom = EXPECTED[kind.__name__]
    assert type(ours) is expected
    assert getattr(ours, "symptom", "") == symptom
    assert "secret" not in str(ours)


@pytest.mark.parametrize(
    ("cause", "symptom"),
    [
        (ConnectionRefusedError(), "refused"),
        (socket.gaierror(), "no_dns"),
        (ssl.SSLCertVerificationError(), "tls"),
        (OSError(), "unreachable"),
    ],
)
def test_the_cause_of_a_missing_connection_is_named(cause: Exception, symptom: str) -> None:
    """What lies beneath httpx's error tells a refused connection from a missing network."""
    error = httpx.ConnectError("no")
    error.__cause__ = cause
    ours = trouble_of(error)
    assert isinstance(ours, Offline)
    assert ours.symptom == symptom


def test_only_troubles_that_can_pass_are_tried_again() -> None:
    """Shape, size, redirects, certificates and a missing network do not pass within seconds."""
    assert not PASSING & {"wrong_shape", "too_large", "redirected", "tls", "no_dns", "proxy"}
