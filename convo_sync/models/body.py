"""A body's bytes to clean JSON values: the envelope, and the API's own errors. Knows no endpoint.

The standard parser reads: pydantic's refuses a whole body for one lone surrogate, and the digest wants plain values.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, cast

from pydantic_core import from_json

from convo_sync.records import digest

# NUL and lone surrogates: neither SQLite nor a terminal can take them.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

# The contract nests eight deep. Far beyond it Python's own limit would strike, at a depth that depends on the caller.
_LEVELS = 64


class NotTheApi(ValueError):
    """The body is not what this endpoint sends: not JSON, cut, or of another shape."""


class NotJson(NotTheApi):
    """The body is no JSON at all: a proxy's page, say, or a part of an answer."""


def _finite(text: str) -> float | None:
    """1e999 is JSON, but no number that JSON could be written with again."""
    value = float(text)
    return value if math.isfinite(value) else None


_decoder = json.JSONDecoder(parse_float=_finite, parse_constant=lambda _: None)


def read_envelope(body: bytes) -> dict[str, Any]:
    """Decode a body to its JSON object, with NUL, lone surrogates and broken UTF-8 replaced by U+FFFD.

    Raises:
        NotTheApi: the bytes are no JSON object.
    """
    try:
        value = _decoder.decode(body.decode("utf-8-sig", "replace"))
        if _may_be_unstorable(body):
            value = clean(value)
    except (ValueError, RecursionError) as error:
        raise NotJson("the answer is not JSON, or it was cut") from error
    if not isinstance(value, dict):
        raise NotTheApi("the answer is JSON, but no object")
    return cast("dict[str, Any]", value)


def _may_be_unstorable(body: bytes) -> bool:
    """Whether a text in it may need cleaning. What would need it can stand in JSON only as an escape."""
    if b"\\" not in body:
        return False
    if b"\\u0000" in body:
        return True
    if b"\\ud" not in body and b"\\uD" not in body:
        return False
    try:
        from_json(body)  # it refuses a lone surrogate, six times faster than a look at every text
    except ValueError:
        return True
    return False


def clean(value: Any) -> Any:
    """Replace NUL and lone surrogates in every text of a JSON value."""
    if isinstance(value, str):
        # Scanning for a class of characters is slow; these two tests are not, and nearly every text passes them.
        return value if value.isascii() and "\x00" not in value else _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return [clean(item) for item in value] if isinstance(value, list) else value


def read_error(body: bytes) -> tuple[str, str] | None:
    """The API's own error, (code, message); None where the body is something else, a proxy's page say."""
    try:
        error = part(read_envelope(body), "error")
    except NotTheApi:
        return None
    code, message = error.get("code"), error.get("message")
    return (code, message) if isinstance(code, str) and isinstance(message, str) else None


def part(value: Any, key: str) -> dict[str, Any]:
    """The object under `key`, or an empty one."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def word(value: Any) -> str | None:
    """The value where it is text."""
    return value if isinstance(value, str) else None


def fingerprint(data: Any) -> str:
    """The digest of received values.

    Raises:
        NotTheApi: they are nested so deep that they cannot be written again.
    """
    try:
        return digest(data)
    except RecursionError as error:
        raise NotTheApi("the answer is nested too deep") from error


def encode_part(data: Any) -> bytes:
    """Write one part of an answer as a body of its own, as it came: order kept, text unescaped.

    A lone surrogate, which UTF-8 has not, becomes its JSON escape: Python writes both alike, `\\ud800`.
    """
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def is_shallow(value: Any) -> bool:
    """Whether the value can be written as JSON again from anywhere, however deep the caller stands."""
    level = [value]
    for _ in range(_LEVELS):
        inner = (item for each in level for item in (each.values() if isinstance(each, dict) else each))
        level = [item for item in inner if isinstance(item, dict | list)]
        if not level:
            return True
    return False
