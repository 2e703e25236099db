"""The daemon's log: one event a line, as text or JSON. Never a key, never a transcript's words."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from convo_sync.render.text import safe
from convo_sync.render.when import span

# As Convo's keys look. A file that is called so loses its name in the log, which harms nobody.
_KEY = re.compile(r"\bconvo_[\w-]{8,}")


class Log:
    """Writes events to stderr, where a service manager keeps them, or to a file; `as_json` for programs.

    Raises:
        ConvoSyncError: the file cannot be written.
    """

    def __init__(self, *, as_json: bool, file: Path | None = None) -> None:
        self._as_json = as_json
        self._write, self.close = (_to_stderr, _nothing) if file is None else _to_file(file)

    def tell(self, event: str, **details: Any) -> None:
        """Write one event. A log that nobody reads ends nothing, nor does a full disk."""
        now = datetime.now(UTC)
        details = {name: private(value) if name == "error" else value for name, value in details.items()}
        self._write(self._json(now, event, details) if self._as_json else _text(now, event, details))

    def _json(self, now: datetime, event: str, details: dict[str, Any]) -> str:
        plain = {name: _plain(value) for name, value in details.items()}
        return json.dumps({"at": _moment(now), "event": event, **plain}, ensure_ascii=False)


def private(error: Any) -> Any:
    """An error without the words of others: Convo's own may repeat a title, a fault's a line, and either one a key.

    What is left out here, `convo-sync status` tells.
    """
    if not isinstance(error, str):
        return error
    kept = re.match(r"(Convo refuse[^:]*|.*convo-sync itself: \w+):", error)
    return _KEY.sub("[key]", kept[1] if kept else error)


def _to_stderr(line: str) -> None:
    try:
        sys.stderr.write(f"{line}\n")  # at once: another thread may have something to tell, too
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


def _nothing() -> None:
    """What closing stderr takes."""


def _to_file(path: Path) -> tuple[Callable[[str], None], Callable[[], None]]:
    from convo_sync.cli.log_file import LogFile  # its libraries take memory, and most daemons have no such file

    log = LogFile(path)
    return log.write_line, log.close


def _text(now: datetime, event: str, details: dict[str, Any]) -> str:
    shown = (f"{name}={_quoted(value)}" for name, value in details.items() if value not in (None, ""))
    return safe(" ".join((_moment(now), event, *shown)))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _moment(value)
    return value.total_seconds() if isinstance(value, timedelta) else value


def _quoted(value: Any) -> str:
    if isinstance(value, timedelta):
        return f'"{span(value)}"'
    text = _moment(value) if isinstance(value, datetime) else str(value)
    return f'"{text}"' if " " in text else text
