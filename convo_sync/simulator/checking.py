"""Strict checks of parameters and bodies: what the contract does not allow is a validation_error.

Must not know conversations, accounts or the state of anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from convo_sync.simulator.clock import parse_date_time
from convo_sync.simulator.wire import VALIDATION, JsonObject, Refusal, Request

EVENT_NAMES: Final = (
    "conversation.created",
    "conversation.updated",
    "conversation.keypoints.ready",
    "conversation.summary.ready",
    "conversation.action_items.ready",
    "conversation.feedback.ready",
    "conversation.shared",
    "conversation.deleted",
    "transcript.ready",
    "transcript.failed",
    "webhook.test",
)
TONES: Final = ("professional", "casual", "concise")
QUERY_CHARACTERS: Final = 500

Check = Callable[[Any], Any]
_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_URI_CHARACTERS: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


@dataclass(frozen=True)
class BodyRule:
    """Which keys a JSON body has, how each is checked, and which must be there."""

    fields: Mapping[str, Check]
    required: tuple[str, ...] = ()


def refuse(message: str) -> Refusal:
    """A validation_error to raise."""
    return Refusal(400, VALIDATION, message)


def whole_number(minimum: int, maximum: int | None = None) -> Check:
    """Digits only: no plus sign, blank, point, underscore or leading zero."""

    def check(text: str) -> int:
        if not _INTEGER.fullmatch(text):
            raise ValueError("must be an integer")
        # Python itself refuses to read numbers of thousands of digits; the contract sets no end.
        if len(text) > 1000:
            raise ValueError("is out of range")
        number = int(text)
        if number < minimum or (maximum is not None and number > maximum):
            raise ValueError(f"must be at least {minimum}" + (f" and at most {maximum}" if maximum else ""))
        return number

    return check


def date_time(text: str) -> Any:
    """An RFC 3339 date-time."""
    return parse_date_time(text)


def text(value: Any) -> str:
    """Any string."""
    if not isinstance(value, str):
        raise ValueError("must be a string")
    return value


def filled_text(value: Any) -> str:
    """A string of at least one character."""
    if text(value) == "":
        raise ValueError("must not be empty")
    return str(value)


def flag(value: Any) -> bool:
    """true or false, and neither 0 nor "true"."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def tone(value: Any) -> str:
    """One of the three tones."""
    if value not in TONES or not isinstance(value, str):
        raise ValueError("must be one of " + ", ".join(TONES))
    return value


def https_url(value: Any) -> str:
    """An absolute https URL with a host, in the characters a URI may have."""
    url = text(value)
    if not url.startswith("https://") or not _URI_CHARACTERS.fullmatch(url):
        raise ValueError("must be an https URL")
    parts = urlsplit(url)
    # Reading the port raises ValueError when it is none, which is what is wanted.
    if not parts.hostname or parts.port == 0:
        raise ValueError("must be an https URL with a host")
    return url


def event_names(value: Any) -> list[str]:
    """At least one known event name; a repeated name counts once."""
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of at least one event")
    for name in value:
        if not isinstance(name, str) or name not in EVENT_NAMES:
            raise ValueError(f"has an unknown event: {name!r}")
    return list(dict.fromkeys(value))


def checked_query(encoded_query: str, rules: Mapping[str, Check], *, unknown_allowed: bool) -> dict[str, Any]:
    """The query's values, checked. Refuses a repeated name, and an unknown one unless allowed."""
    try:
        pairs = parse_qsl(encoded_query, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise refuse("the query string is not UTF-8") from error
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise refuse("a query parameter is given more than once")
    return _checked(dict(pairs), rules, unknown_allowed=unknown_allowed)


def checked_body(request: Request, rule: BodyRule, *, unknown_allowed: bool) -> JsonObject:
    """The JSON body's values, checked; an absent body is an empty one where nothing is required."""
    if request.body == b"" and not rule.required:
        return {}
    values = _json_object(request)
    missing = [name for name in rule.required if name not in values]
    if missing:
        raise refuse(f"{missing[0]} is required")
    return _checked(values, rule.fields, unknown_allowed=unknown_allowed)


def _json_object(request: Request) -> JsonObject:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise refuse("the body must be sent as application/json")
    try:
        value = json.loads(request.body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise refuse("the body is not JSON") from error
    if not isinstance(value, dict):
        raise refuse("the body must be a JSON object")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _checked(values: Mapping[str, Any], rules: Mapping[str, Check], *, unknown_allowed: bool) -> dict[str, Any]:
    unknown = [name for name in values if name not in rules]
    if unknown and not unknown_allowed:
        raise refuse(f"unknown: {unknown[0][:60]!r}")
    return {name: _one(name, values[name], rules[name]) for name in rules if name in values}


def _one(name: str, value: Any, check: Check) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise refuse(f"{name}: {str(error)[:200]}") from error
