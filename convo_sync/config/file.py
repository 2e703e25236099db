"""The file itself: found and read, each table given to what reads it, or refused with the line that is wrong.

Must not know how a value is written (values.py), nor what a rule about credits may say (credits.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convo_sync.config.source import Keys, Source
from convo_sync.config.values import read_command, read_duration, read_file, read_flag, read_tables, read_url
from convo_sync.errors import ConfigurationError

if TYPE_CHECKING:
    from convo_sync.config.webhooks import Settings as Webhooks
    from convo_sync.credits.rules import Settings
    from convo_sync.plan.exclusion import Rule

DEFAULT_BASE_URL = "https://www.itsconvo.com"
BASE_URL_VARIABLE = "CONVO_SYNC_BASE_URL"
DEFAULT_EVERY = timedelta(minutes=30)
DEFAULT_STALE_AFTER = timedelta(days=1)

_LONGEST_FILE = 2**20
_TABLES: Mapping[str, Keys] = {
    "api": {
        "base_url": ("base_url", read_url),
        "api_key_file": ("api_key_file", read_file),
        "api_key_command": ("api_key_command", read_command),
    },
    "archive": {"path": ("archive", read_file)},
    "sync": {
        "every": ("every", read_duration),
        "stale_after": ("stale_after", read_duration),
        "exclude": ("exclude", read_tables),
    },
    "notify": {"desktop": ("notify_desktop", read_flag)},
    "calendar": {"enabled": ("calendar", read_flag)},
}
_CREDITS, _WEBHOOKS = "credits", "webhooks"


def _nothing_spent() -> Settings:
    # Imported here, as in `parse`: who only asks which archive is meant does not wait for it.
    from convo_sync.credits.rules import Settings

    return Settings()


@dataclass(frozen=True)
class Config:
    """What is configured, the environment's base URL included. Paths are absolute; None where nothing is said.

    `exists`: whether there is such a file. `every`: how often the daemon looks; `stale_after`: the age of the last
    complete run from which `status` complains. `notify_desktop`: whether the daemon shows notifications. `exclude`:
    meetings of which nothing is asked for. `calendar`: whether a sync reads the calendar too. `credits`: what may be
    spent on which generations. `webhooks`: where deliveries come in; None where the file does not say.
    """

    path: Path
    exists: bool = False
    base_url: str = DEFAULT_BASE_URL
    api_key_file: Path | None = None
    api_key_command: str | None = None
    archive: Path | None = None
    every: timedelta = DEFAULT_EVERY
    stale_after: timedelta = DEFAULT_STALE_AFTER
    notify_desktop: bool = False
    exclude: tuple[Rule, ...] = ()
    calendar: bool = False
    credits: Settings = field(default_factory=_nothing_spent)
    webhooks: Webhooks | None = None


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read the file at `path`.

    Raises:
        ConfigurationError: it cannot be read, or says what is not allowed; with the line, where one is to blame.
    """
    path = _absolute(path)
    text = _read(path)
    config = Config(path) if text is None else parse(text, path)
    named = environment.get(BASE_URL_VARIABLE)
    if not named:
        return config
    try:
        return Config(**{**vars(config), "base_url": read_url(named, path)})
    except ValueError as error:
        raise ConfigurationError(
            f"{BASE_URL_VARIABLE} {error}.", f"Correct it, or unset {BASE_URL_VARIABLE}."
        ) from None


def parse(text: str, path: Path) -> Config:
    """The configuration that `text`, of the file at `path`, says.

    Raises:
        ConfigurationError: it is no TOML, or says something that is not allowed.
    """
    source = Source(path, text)
    tables = _known_tables(source)
    found = _fields(source, tables)
    if "exclude" in found:
        from convo_sync.config.exclude import read_rules

        found["exclude"] = read_rules(found["exclude"], source)
    if _CREDITS in tables:
        from convo_sync.config.credits import read_credits

        found["credits"] = read_credits(tables[_CREDITS], source)
    if _WEBHOOKS in tables:
        from convo_sync.config.webhooks import read_webhooks

        found["webhooks"] = read_webhooks(tables[_WEBHOOKS], source)
    return Config(path, exists=True, **found)


def archive_named(path: Path) -> Path | None:
    """The archive that the file names, read as cheaply as can be; None where it names none.

    Raises:
        ConfigurationError: as `load`, save for what is wrong inside ``[credits]`` and rules, which reading has
            nothing to do with; a file without a line ``[archive]`` is not looked into any further.
    """
    text = _read(path)
    if text is None or not re.search(r"^\s*\[?\s*[\"']?archive\b", text, re.MULTILINE):
        return None
    source = Source(_absolute(path), text)
    named: Path | None = _fields(source, _known_tables(source)).get("archive")
    return named


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # not resolve(): messages name the file as its owner does


def _read(path: Path) -> str | None:
    try:
        if path.is_file() and path.stat().st_size > _LONGEST_FILE:
            raise ConfigurationError(f"{path} is too large to be a configuration.", "Name another file with --config.")
        return path.read_text(encoding="utf-8-sig")  # editors on Windows put a mark in front
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not written in UTF-8 (byte {error.start}).", "Save it as UTF-8.") from None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}."
        raise ConfigurationError(message, "Correct its permissions, or name another file with --config.") from None


def _known_tables(source: Source) -> dict[str, dict[str, Any]]:
    """The file's tables, each one that there is; what they say is not looked at."""
    tables, known = source.tables(), (*_TABLES, _CREDITS, _WEBHOOKS)
    for table, content in tables.items():
        if table not in known:
            allowed = ", ".join(f"[{name}]" for name in known)
            raise source.wrong((table,), f"there is no table [{table}]", f"Tables: {allowed}.")
        if not isinstance(content, dict):
            raise source.wrong((table,), f"{table} has to be a table, [{table}]")
    return tables


def _fields(source: Source, tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What all tables but ``[credits]`` and ``[webhooks]`` say, by the names of Config's fields."""
    found: dict[str, Any] = {}
    for table, keys in _TABLES.items():
        found |= source.fields(tables.get(table, {}), keys, (table,), f"[{table}]")
    return found
