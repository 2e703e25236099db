"""config.toml: reads what its owner wrote, completely or not at all; a missing file means the defaults.

Must not know the key itself (credentials.py), the network or the archive. Reading commands import it: it stays cheap.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from convo_sync.errors import ConfigurationError

DEFAULT_BASE_URL = "https://www.itsconvo.com"
BASE_URL_VARIABLE = "CONVO_SYNC_BASE_URL"
DEFAULT_EVERY = timedelta(minutes=30)
DEFAULT_STALE_AFTER = timedelta(days=1)
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=366)
DURATIONS = 'a number and a unit (s, min, h, day), as in "45s", "30 min" or "1h 30min"; from 1 second to 366 days'

_WORDS = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hr": 3600, "hour": 3600, "day": 86_400, "week": 604_800}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800} | _WORDS
_SECONDS |= {f"{word}s": seconds for word, seconds in _WORDS.items()}
_PART = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]+)\s*", re.ASCII)
# The client checks an address in full; this much has to be said with the file's name and the line.
_SAFE_URL = re.compile(
    r"(?:https://[^\s/?#@\\]+|http://(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?)(?:/[^\s?#@\\]*)?", re.I
)
_LONGEST_FILE = 2**20


@dataclass(frozen=True)
class Config:
    """What is configured, the environment's base URL included. Paths are absolute; None where nothing is said.

    `exists`: whether there is such a file. `every`: how often the daemon looks; `stale_after`: the age of the last
    complete run from which `status` complains.
    """

    path: Path
    exists: bool = False
    base_url: str = DEFAULT_BASE_URL
    api_key_file: Path | None = None
    api_key_command: str | None = None
    archive: Path | None = None
    every: timedelta = DEFAULT_EVERY
    stale_after: timedelta = DEFAULT_STALE_AFTER


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read the file at `path`.

    Raises:
        ConfigurationError: it cannot be read, or says what is not allowed; with the line, where one is to blame.
    """
    path = Path(os.path.abspath(path))  # not resolve(): messages name the file as its owner does
    text = _read(path)
    config = Config(path) if text is None else parse(text, path)
    named = environment.get(BASE_URL_VARIABLE)
    if not named:
        return config
    try:
        return Config(**{**vars(config), "base_url": _url(named, path)})
    except ValueError as error:
        raise ConfigurationError(
            f"{BASE_URL_VARIABLE} {error}.", f"Correct it, or unset {BASE_URL_VARIABLE}."
        ) from None


def parse(text: str, path: Path) -> Config:
    """The configuration that `text`, of the file at `path`, says.

    Raises:
        ConfigurationError: it is no TOML, or says something that is not allowed.
    """
    import tomllib

    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        why = error if isinstance(error, tomllib.TOMLDecodeError) else "a value is too large"
        raise ConfigurationError(
            f"{path} is no valid TOML: {why}.", "Correct it; toml.io describes the format."
        ) from None
    _refuse_unknown(tables, text, path)
    found: dict[str, Any] = {}
    for table, keys in _TABLES.items():
        for key, value in tables.get(table, {}).items():
            field, read = keys[key]
            try:
                found[field] = read(value, path)
            except ValueError as error:
                raise _wrong(path, text, (table, key), f"[{table}] {key} {error}") from None
    return Config(path, exists=True, **found)


def archive_named(path: Path) -> Path | None:
    """The archive that the file names, read as cheaply as can be; None where it names none.

    Raises:
        ConfigurationError: as `load`; a file without a line ``[archive]`` is not looked into any further.
    """
    text = _read(path)
    if text is None or not re.search(r"^\s*\[?\s*[\"']?archive\b", text, re.MULTILINE):
        return None
    return parse(text, Path(os.path.abspath(path))).archive


def parse_duration(text: str) -> timedelta:
    """A duration as a person writes it: "45s", "30 min", "1h 30min", "1 day".

    Raises:
        ValueError: it is none, or shorter than a second or longer than a year; the message says what is allowed.
    """
    seconds, at, low = 0.0, 0, text.strip().lower()
    while at < len(low) or not low:
        part = _PART.match(low, at)
        unit = part and _SECONDS.get(part[2])
        if not part or not unit:
            raise ValueError(f"is {text!r}, which is no duration: {DURATIONS}")
        seconds, at = seconds + float(part[1]) * unit, part.end()
    if not SHORTEST.total_seconds() <= seconds <= LONGEST.total_seconds():
        raise ValueError(f"is {text!r}, which is out of bounds: {DURATIONS}")
    return timedelta(seconds=seconds)


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


def _refuse_unknown(tables: Mapping[str, Any], text: str, path: Path) -> None:
    for table, content in tables.items():
        if table in _LATER:
            step = f"Put a # before each line of [{table}] until then."
            raise _wrong(path, text, (table,), f"[{table}] is for a later version; this one does not know it yet", step)
        if table not in _TABLES:
            raise _wrong(path, text, (table,), f"there is no table [{table}]", f"Tables: {_bracketed(_TABLES)}.")
        if not isinstance(content, dict):
            raise _wrong(path, text, (table,), f"{table} has to be a table, [{table}]")
        for key in content:
            if key not in _TABLES[table]:
                allowed = f"[{table}] takes {', '.join(_TABLES[table])}."
                raise _wrong(path, text, (table, key), f"there is no {key} in [{table}]", allowed)


def _bracketed(names: Mapping[str, Any]) -> str:
    return ", ".join(f"[{name}]" for name in names)


def _wrong(path: Path, text: str, keys: tuple[str, ...], what: str, next_step: str = "") -> ConfigurationError:
    line = _line_of(text, keys)
    place = f"{path}, line {line}" if line else str(path)
    return ConfigurationError(f"{place}: {what}.", next_step or "Correct that line, then run the same command again.")


def _line_of(text: str, keys: tuple[str, ...]) -> int | None:
    """The line on which a key stands: the end of the shortest beginning of the file that is TOML and has it."""
    import tomllib

    lines, begun = text.splitlines(), 0
    for end in range(1, len(lines) + 1):
        try:
            found: Any = tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue  # inside a value of several lines
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            return begun + 1
        begun = end
    return None


def _text(value: Any, _path: Path) -> str:
    if not isinstance(value, str):
        raise ValueError(f'is {_shown(value)}; it has to be text in quotes, "…"')
    if not value.strip():
        raise ValueError("is empty; put a # before the line to leave it out")
    return value


def _url(value: Any, path: Path) -> str:
    url = _text(value, path)
    if not _SAFE_URL.fullmatch(url):
        raise ValueError(f"has to be an https:// address, or an http:// one of this machine{_hint(url)}")
    return url.rstrip("/")


def _hint(url: str) -> str:
    # An address with a name and password in it is not repeated.
    return "" if "@" in url else f", not {_shown(url)}"


def _file(value: Any, path: Path) -> Path:
    """A path; a relative one begins at the folder of config.toml, whichever folder the program runs in."""
    try:
        return path.parent / Path(_text(value, path)).expanduser()
    except RuntimeError:
        raise ValueError(f"is {_shown(value)}, and there is no such user") from None


def _command(value: Any, path: Path) -> str:
    import shlex

    text = _text(value, path)
    try:
        shlex.split(text)
    except ValueError:
        raise ValueError("has a quotation mark that is never closed") from None
    return text


def _duration(value: Any, path: Path) -> timedelta:
    if not isinstance(value, str):
        raise ValueError(f"is {_shown(value)}; it has to be in quotes, {DURATIONS}")
    return parse_duration(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


_Read = Callable[[Any, Path], Any]
# Table -> key -> (the field of Config, what reads and checks its value).
_TABLES: Mapping[str, Mapping[str, tuple[str, _Read]]] = {
    "api": {
        "base_url": ("base_url", _url),
        "api_key_file": ("api_key_file", _file),
        "api_key_command": ("api_key_command", _command),
    },
    "archive": {"path": ("archive", _file)},
    "sync": {"every": ("every", _duration), "stale_after": ("stale_after", _duration)},
}
# Names that are fixed already, for what is still to come.
_LATER = ("credits", "webhooks")
