"""Where the API is, what may be sent there, and the paths below it. Must not know how anything is sent.

The key travels over https or to this machine only; an id from outside never changes the path it is put into.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

from convo_sync.errors import ConfigurationError, Invalid

# What a header can carry without ambiguity: visible ASCII.
_KEY = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]+", re.ASCII)
_LONGEST_LABEL = 63
_PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class Address:
    """A checked base URL: `url` without a slash at its end."""

    url: str
    host: str
    is_loopback: bool

    def endpoint(self, *parts: str, query: Mapping[str, str] | None = None) -> str:
        """The URL of an endpoint. The parts are words of the contract or the result of `escaped`."""
        path = f"{self.url}{_PREFIX}/{'/'.join(parts)}"
        return f"{path}?{urlencode(query, errors='replace')}" if query else path

    def proxy(self) -> str | None:
        """The proxy that the environment names for this address; never one for this machine itself."""
        if self.is_loopback or proxy_bypass(self.host):
            return None
        named = getproxies()
        found = named.get("https") or named.get("all")
        return found if not found or "://" in found else f"http://{found}"


def checked_address(base_url: str) -> Address:
    """Check a base URL.

    Raises:
        ConfigurationError: it is no plain https URL, nor an http URL of this machine.
    """
    parts = _split(base_url)
    host = parts.hostname or ""
    loopback = _is_loopback(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise ConfigurationError(
            "The key is sent over https only, or over http to this machine (localhost).",
            "Correct the base URL: it has to begin with https://",
        )
    return Address(f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}", host, loopback)


def _split(base_url: str) -> SplitResult:
    try:
        parts = urlsplit(base_url)
        plain = _KEY.fullmatch(base_url) and not set("@\\?#") & set(base_url) and parts.port != 0
        if plain and _is_host(parts.hostname or ""):
            return parts
    except ValueError:
        pass
    raise ConfigurationError(
        "The base URL is not a plain web address.",
        "It needs a scheme and a host, as in https://www.itsconvo.com, and neither a name, a query nor a fragment.",
    )


def _is_host(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    fits = all(0 < len(label) <= _LONGEST_LABEL for label in labels)
    return bool(_HOST.fullmatch(host)) and fits


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_key(key: str) -> str:
    """Check a key.

    Raises:
        ConfigurationError: it cannot be sent. The message never shows it.
    """
    if _KEY.fullmatch(key):
        return key
    wrong = "is empty" if not key else "contains a space, a line break, or a character that no key has"
    raise ConfigurationError(f"The API key {wrong}.", "Copy the key once more, without anything before or after it.")


def escaped(identifier: str) -> str:
    """An id as one part of a path, whatever it contains.

    Raises:
        Invalid: it would change the path, or cannot be written in one. Nothing is sent.
    """
    try:
        part = quote(identifier, safe="")
    except UnicodeEncodeError:
        part = ""
    if part in ("", ".", ".."):
        raise Invalid(f"{identifier!r} cannot be the id of anything.", status=0, api_code="validation_error")
    return part
