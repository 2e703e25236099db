"""What a daemon lets others see, in a small file beside the archive: what is planned, and whether a sync runs."""

from __future__ import annotations

import contextlib
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

from convo_sync.lock import WriterLock
from convo_sync.pacing import Plan
from convo_sync.times import format_time, write_time


class State:
    """The file ``<archive>.daemon.json``. It says nothing where no daemon holds ``<archive>.daemon``."""

    def __init__(self, archive: Path) -> None:
        self._archive = Path(os.path.realpath(archive))
        self.path = self._archive.with_name(f"{self._archive.name}.daemon.json")

    def keep(self, plan: Plan | None, *, running: bool, audited: date | None) -> None:
        """Write it anew; what cannot be written is only not seen."""
        told = {
            "pid": os.getpid(),
            "running": running,
            "next_at": format_time(plan.at) if plan else None,
            "why": plan.why if plan else "the archive is not there",
            "audited": audited.isoformat() if audited else None,
        }
        partial = self.path.with_name(f"{self.path.name}.partial")
        with contextlib.suppress(OSError):
            with open(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(told, file)
            partial.replace(self.path)

    def read(self) -> dict[str, Any] | None:
        """What the daemon says, and `since` when it runs; None where none runs."""
        lock = WriterLock(self._archive, "", suffix=".daemon")
        return self._told() | {"since": write_time(lock.held_since())} if lock.is_held() else None

    def audited(self) -> date | None:
        """The day of the last audit, whoever made it."""
        try:
            return date.fromisoformat(str(self._told().get("audited")))
        except ValueError:
            return None

    def clear(self) -> None:
        """Nothing is planned any more; the day of the last audit stays."""
        self.keep(None, running=False, audited=self.audited())

    def _told(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else {}
        except (OSError, ValueError):
            return {}
