"""Runs syncs for months: looks at the clock twice a minute, and does what `pacing` says.

Must not know what a run does, how it is started, or the archive's tables: all that is its `World`. The clock that
counts is the wall's: it goes on while the machine sleeps, and timers do not.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.base import BaseTrigger

from convo_sync import pacing
from convo_sync.pacing import Plan

# Two looks a minute at most, so that an idle laptop stays idle.
LOOK_SECONDS = 30.0
_LOOK = "look"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the archive says of its runs; `missing` says why it says nothing: there is no file where it was."""

    last_complete: datetime | None = None
    resume_at: datetime | None = None
    missing: str = ""


class World(Protocol):
    """All that a daemon sees of the world."""

    def run(self) -> int:
        """Run one sync to its end; its exit code."""

    def stop_run(self) -> None:
        """End the sync that runs, at its next commit; at once where none does."""

    def facts(self) -> Facts:
        """What the archive says."""

    def every(self) -> timedelta:
        """How often to look, as configured."""

    def reread(self) -> None:
        """Read the configuration again, where it can be read."""

    def now(self) -> datetime:
        """The wall clock, aware and UTC."""

    def monotonic(self) -> float:
        """Seconds that pass while the machine is awake."""

    def chance(self) -> float:
        """A number from 0 to 1."""

    def tell(self, event: str, **details: Any) -> None:
        """Log one event."""

    def keep(self, plan: Plan | None, running: bool) -> None:
        """Let others see what is planned."""

    def beat(self) -> None:
        """Let others see, every so often, that the daemon still looks."""


class Daemon:
    """One daemon. `look` is all it does; `serve` has it called twice a minute until a signal ends it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._plan: Plan | None = None
        self._missing = ""
        self._hurry, self._hinted = threading.Event(), threading.Event()
        self._began: datetime | None = None
        self._wall, self._mono = world.now(), world.monotonic()
        self._scheduler: BlockingScheduler | None = None
        self.is_stopping = False

    @property
    def plan(self) -> Plan | None:
        """What is planned; None while there is no archive."""
        return self._plan

    def look(self) -> None:
        """Run a sync where one is due; else see whether anything changed."""
        self._notice_sleep()
        self._world.beat()
        if self._hurry.is_set():
            self._hurry.clear()
            self._world.reread()
            self._plan = self._plan and pacing.hurried(self._plan, self._world.now())
        if self._hinted.is_set() and self._plan is not None:
            self._hinted.clear()
            self._replan(pacing.hinted(self._plan, self._world.now(), self._began))
        facts, now, every = self._world.facts(), self._world.now(), self._world.every()
        if facts.missing:
            self._wait_for_archive(facts.missing)
            return
        if self._plan is None:
            self._missing = ""
            self._set(pacing.first(now, facts.last_complete, facts.resume_at, every))
        if self._plan is not None and pacing.is_due(self._plan, now, every) and not self.is_stopping:
            self._run(self._plan, every)

    def _run(self, plan: Plan, every: timedelta) -> None:
        began = self._began = self._world.now()
        self._world.keep(plan, running=True)
        code = self._world.run()
        if self.is_stopping:
            return
        facts, now = self._world.facts(), self._world.now()
        self._wall, self._mono = now, self._world.monotonic()
        self._set(pacing.after(plan, code, began, now, facts.resume_at, every, self._world.chance()))

    def _set(self, plan: Plan) -> None:
        self._plan = plan
        self._world.keep(plan, running=False)
        self._world.tell("planned", next_at=plan.at, why=plan.why)

    def _replan(self, plan: Plan) -> None:
        if plan != self._plan:
            self._set(plan)

    def _wait_for_archive(self, missing: str) -> None:
        """Say once that the archive is not there, and never make another in its place."""
        if missing != self._missing:
            self._world.tell("waiting", why=missing)
            self._world.keep(None, running=False)
        self._missing, self._plan = missing, None

    def _notice_sleep(self) -> None:
        wall, mono = self._world.now(), self._world.monotonic()
        if pacing.has_slept(wall - self._wall, timedelta(seconds=mono - self._mono)):
            self._world.tell("woke", after=wall - self._wall)
            # Pauses that were meant for an outage of last night are over; what is regular keeps its time.
            if self._plan is not None and self._plan.troubles:
                self._plan = pacing.hurried(self._plan, wall)
        self._wall, self._mono = wall, mono

    # -- as a process

    def serve(self) -> None:
        """Look twice a minute (or as often as a run is wanted) until `stop`."""
        # It would say of every look during a long sync that it was skipped.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = scheduler = _Scheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        scheduler.add_job(self._look_safely, _Looks(self._pause_seconds), next_run_time=datetime.now(UTC), id=_LOOK)
        scheduler.start()

    def _pause_seconds(self) -> float:
        return min(LOOK_SECONDS, self._world.every().total_seconds())

    def _look_safely(self) -> None:
        if self.is_stopping:  # told so before there was a scheduler to stop
            self._end()
            return
        try:
            self.look()
            while self._hurry.is_set() and not self.is_stopping:  # it came during a run, when no other look begins
                self.look()
        except Exception as error:  # the next look may go better; what it says has to stay on one line
            self._world.tell("fault", error=f"{type(error).__name__}: {error}")

    def hurry(self) -> None:
        """Read the configuration again, and run if that makes a run due: what SIGHUP asks for."""
        self._hurry.set()
        self._look_now()

    def hint(self) -> None:
        """Run soon, if that is in order: a webhook was delivered."""
        self._hinted.set()
        if self._plan is None or self._plan.why == pacing.EVERY:  # else the next look is soon enough
            self._look_now()

    def _look_now(self) -> None:
        if self._scheduler is not None and self._scheduler.running:
            self._scheduler.modify_job(_LOOK, next_run_time=datetime.now(UTC))

    def stop(self) -> None:
        """End the run that goes on at its next commit, and look no more."""
        self.is_stopping = True
        self._world.stop_run()
        self._end()

    def _end(self) -> None:
        if self._scheduler is not None and self._scheduler.running:
            self._scheduler.shutdown(wait=False)


class _Looks(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """The next look, so many seconds from now: those that a sleep of months missed are not even counted."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        return now + timedelta(seconds=self._seconds())


class _Scheduler(BlockingScheduler):  # type: ignore[misc]  # the library has no types
    """Goes on looking where the wall's clock, by which the library keeps its times, was set back."""

    def _process_jobs(self) -> float | None:
        wait: float | None = super()._process_jobs()
        if wait is not None and wait > 2 * LOOK_SECONDS:
            self.modify_job(_LOOK, next_run_time=datetime.now(UTC))
            wait = super()._process_jobs()
        return wait
