"""What a daemon lets others see, in a small file beside the archive: what is planned, and whether a sync runs."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from convo_sync.lock import WriterLock
from convo_sync.pacing import Plan
from convo_sync.times import format_time, write_time

# A daemon writes its state at least every two minutes, so this long without is more than a late timer.
BEAT_SECONDS = 120.0
STUCK_SECONDS = 300.0


class State:
    """The file ``<archive>.daemon.json``. It says nothing where no daemon holds ``<archive>.daemon``."""

    def __init__(self, archive: Path) -> None:
        self._archive = Path(os.path.realpath(archive))
        self.path = self._archive.with_name(f"{self._archive.name}.daemon.json")

    def keep(
        self, plan: Plan | None, *, running: bool, audited: date | None, notified: Mapping[str, str] | None = None
    ) -> None:
        """Write it anew; what cannot be written is only not seen.

        Args:
            notified: cause -> the local day on which its owner was last notified of it.
        """
        told = {
            "pid": os.getpid(),
            "running": running,
            "next_at": format_time(plan.at) if plan else None,
            "why": plan.why if plan else "the archive is not there",
            "audited": audited.isoformat() if audited else None,
            "notified": dict(notified or {}),
            "looked_at": format_time(datetime.now(UTC)),
            "awake": time.monotonic(),
        }
        partial = self.path.with_name(f"{self.path.name}.partial")
        with contextlib.suppress(OSError):
            with open(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(told, file)
            partial.replace(self.path)

    def read(self) -> dict[str, Any] | None:
        """What the daemon says, with `since` and `stuck`; None where none runs."""
        lock = WriterLock(self._archive, "", suffix=".daemon")
        if not lock.is_held():
            return None
        told = self._told()
        is_its_own = told.get("pid") == lock.held_by()  # else one that is gone wrote it, and this one has just begun
        return told | {
            "since": write_time(lock.held_since()),
            "stuck": is_its_own and is_stuck(told, time.monotonic()),
        }

    def audited(self) -> date | None:
        """The day of the last audit, whoever made it."""
        try:
            return date.fromisoformat(str(self._told().get("audited")))
        except ValueError:
            return None

    def notified(self) -> dict[str, str]:
        """Cause -> the local day on which its owner was last notified of it, whichever daemon did."""
        found = self._told().get("notified")
        return {str(cause): str(day) for cause, day in found.items()} if isinstance(found, dict) else {}

    def clear(self) -> None:
        """Nothing is planned any more; the day of the last audit and the notifications stay."""
        self.keep(None, running=False, audited=self.audited(), notified=self.notified())

    def _told(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else {}
        except (OSError, ValueError):
            return {}


def is_stuck(told: Mapping[str, Any], awake: float) -> bool:
    """Whether a daemon that runs has not looked for too long.

    Args:
        told: what it says. A daemon of an earlier version does not say when it looked: nothing follows from that.
        awake: seconds of the clock that all processes share since the machine was started. The wall's would count a
            night of sleep, after which a daemon that is well has not looked yet either.
    """
    beat = told.get("awake")
    return isinstance(beat, int | float) and awake - beat > STUCK_SECONDS
