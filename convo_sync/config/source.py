"""The text of a config.toml, and where in it a mistake stands. Must not know which tables and keys there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convo_sync.errors import ConfigurationError

# Reads and checks a key's value; the path is the file's. Raises ValueError with the end of a sentence: "is 3; it …".
Read = Callable[[Any, Path], Any]
# Key -> (the field it fills, what reads its value).
Keys = Mapping[str, tuple[str, Read]]
# The way to a place in the file: tables, keys, and numbers of an array's items, as ("credits", "rule", 0, "title").
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A configuration as written. `path` is absolute; messages name the file by it."""

    path: Path
    text: str

    def tables(self) -> dict[str, Any]:
        """What it says, as TOML.

        Raises:
            ConfigurationError: it is no TOML.
        """
        import tomllib

        try:
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:
            why = error if isinstance(error, tomllib.TOMLDecodeError) else "a value is too large"
            raise ConfigurationError(
                f"{self.path} is no valid TOML: {why}.", "Correct it; toml.io describes the format."
            ) from None

    def fields(self, content: Mapping[str, Any], keys: Keys, place: Place, name: str) -> dict[str, Any]:
        """Field -> value for each key of the table at that place, which messages call by `name`.

        Raises:
            ConfigurationError: there is no such key, or its value is not allowed.
        """
        found = {}
        for key, value in content.items():
            if key not in keys:
                raise self.wrong((*place, key), f"there is no {key} in {name}", f"{name} takes {', '.join(keys)}.")
            field, read = keys[key]
            try:
                found[field] = read(value, self.path)
            except ValueError as error:
                raise self.wrong((*place, key), f"{name} {key} {error}") from None
        return found

    def wrong(self, place: Place, what: str, next_step: str = "") -> ConfigurationError:
        """The error that names the line of that place; `what` is a sentence without its full stop."""
        line = self._line_of(place)
        where = f"{self.path}, line {line}" if line else str(self.path)
        return ConfigurationError(
            f"{where}: {what}.", next_step or "Correct that line, then run the same command again."
        )

    def _line_of(self, place: Place) -> int | None:
        """Where it begins: after the longest beginning of the file that is TOML and does not have it."""
        import tomllib

        lines, begun = self.text.replace("\r\n", "\n").split("\n"), 0
        for end in range(1, len(lines) + 1):
            try:
                tables = tomllib.loads("\n".join(lines[:end]))
            except (ValueError, RecursionError):
                continue  # inside a value of several lines
            if _has(tables, place):
                return begun + 1
            begun = end
        return None


def _has(found: Any, place: Place) -> bool:
    try:
        for step in place:
            found = found[step]
    except (LookupError, TypeError):
        return False
    return True
