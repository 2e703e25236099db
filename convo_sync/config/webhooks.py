"""The table ``[webhooks]``, as docs/webhooks.md describes it. Imported only where it stands in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from convo_sync.config.source import Keys, Source
from convo_sync.config.values import read_file, read_text, shown

SECRET_FILE = "convo-webhook-secret"  # noqa: S105 - a file's name
_LISTEN = 'an address of this machine and a port, as in "127.0.0.1:8766"'
_ADDRESS = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:]+)):([0-9]{1,5})", re.ASCII)
_PUBLIC_URL = re.compile(r"https://([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?(?:/[^\s?#@\\]*)?", re.I)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where deliveries come in. `listen`: host and port, None where nothing listens; `public_url`: as Convo calls it.

    The secret is `secret` where the file says it itself, else in `secret_file`, which may not be there yet.
    """

    secret_file: Path
    listen: tuple[str, int] | None = None
    public_url: str | None = None
    secret: str | None = field(default=None, repr=False)

    @property
    def public_host(self) -> str | None:
        """The name in `public_url`, in lower case."""
        found = _PUBLIC_URL.fullmatch(self.public_url or "")
        return found[1].lower() if found else None


def read_webhooks(table: Mapping[str, Any], source: Source) -> Settings:
    """What the file's ``[webhooks]`` says.

    Raises:
        ConfigurationError: a key or value is not allowed; with its line.
    """
    said = source.fields(table, _KEYS, ("webhooks",), "[webhooks]")
    if "secret" in said and "secret_file" in said:
        step = "Leave one of them out; secret_file keeps the secret out of this file."
        raise source.wrong(("webhooks", "secret"), "[webhooks] has both secret and secret_file", step)
    return Settings(**{"secret_file": source.path.parent / SECRET_FILE} | said)


def read_public_url(value: Any, _path: Path) -> str:
    """The address that Convo delivers to."""
    url = read_text(value, _path)
    if not _PUBLIC_URL.fullmatch(url):
        raise ValueError(f"is {shown(url)}; it has to be an https:// address without name, password, ? or #")
    return url


def _read_listen(value: Any, path: Path) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(read_text(value, path).strip())
    if found is None or not 0 < int(found[3]) < 65536:
        raise ValueError(f"is {shown(value)}; it has to be {_LISTEN}")
    host = found[1] or ("127.0.0.1" if found[2].lower() == "localhost" else found[2])
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(
            f"is {shown(value)}, which others could reach; it has to be {_LISTEN}: a tunnel brings deliveries to it"
        )
    return host, int(found[3])


def _read_secret(value: Any, _path: Path) -> str:
    if not isinstance(value, str) or not value.strip():  # what it is, is not repeated
        raise ValueError('has to be the secret in quotes, "whsec_…"')
    return value.strip()


_KEYS: Keys = {
    "listen": ("listen", _read_listen),
    "public_url": ("public_url", read_public_url),
    "secret": ("secret", _read_secret),
    "secret_file": ("secret_file", read_file),
}
