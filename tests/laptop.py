"""A laptop for a daemon, without hardware: its clocks are moved by hand, it sleeps and wakes, and syncs end as told.

Knows no rule of when to run.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Any

from convo_sync.daemon import LOOK_SECONDS, Daemon, Facts
from convo_sync.pacing import LATER, Plan
from tests.holdings import NOON

NOTHING = Facts()
LOOK = timedelta(seconds=LOOK_SECONDS)


class Laptop:
    """A `daemon.World`. `codes`: how the next runs end, 0 where it says nothing; `runs`: when each began."""

    def __init__(self, facts: Facts = NOTHING, every: timedelta = timedelta(minutes=30)) -> None:
        self.wall = NOON
        self.awake = 0.0
        self.archive, self.configured, self._every = facts, every, every
        self.codes: deque[int] = deque()
        self.parked_until: datetime | None = None
        self.takes = timedelta(seconds=2)
        self.runs: list[datetime] = []
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.kept: list[tuple[Plan | None, bool]] = []
        self.stopped = self.beats = 0
        self.luck = 0.5

    # -- what happens to it

    def pass_time(self, daemon: Daemon, span: timedelta) -> None:
        """So long awake, the daemon looking twice a minute."""
        until = self.wall + span
        while self.wall < until:
            daemon.look()
            self.tick(LOOK)

    def tick(self, span: timedelta) -> None:
        """Both clocks go on."""
        self.wall += span
        self.awake += span.total_seconds()

    def sleep(self, span: timedelta) -> None:
        """The lid is closed: the wall's clock alone goes on."""
        self.wall += span

    def events(self, name: str) -> list[dict[str, Any]]:
        """What was told under this name."""
        return [details for event, details in self.told if event == name]

    def since(self, moment: datetime = NOON) -> list[float]:
        """Minutes from `moment` to each run."""
        return [round((run - moment) / timedelta(minutes=1), 1) for run in self.runs]

    # -- what a daemon asks for

    def run(self) -> int:
        began = self.wall
        self.runs.append(began)
        self.tick(self.takes)
        code = self.codes.popleft() if self.codes else 0
        if code == 0:
            self.archive = Facts(last_complete=began)
        elif code == LATER:
            self.archive = Facts(self.archive.last_complete, self.parked_until)
        return code

    def stop_run(self) -> None:
        self.stopped += 1

    def facts(self) -> Facts:
        return self.archive

    def every(self) -> timedelta:
        return self._every

    def reread(self) -> None:
        self._every = self.configured

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.awake

    def chance(self) -> float:
        return self.luck

    def tell(self, event: str, **details: Any) -> None:
        self.told.append((event, details))

    def keep(self, plan: Plan | None, running: bool) -> None:
        self.kept.append((plan, running))

    def beat(self) -> None:
        self.beats += 1
