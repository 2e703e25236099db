"""A month on a laptop: the account's twenty meetings a day, nights, outages, and a daemon that runs real syncs.

Must not know what is expected of it.
"""

from __future__ import annotations

import heapq
import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from convo_sync.cli.background import remember, require
from convo_sync.client import Client
from convo_sync.daemon import Daemon, Facts
from convo_sync.errors import ConvoSyncError
from convo_sync.records import Outcome
from convo_sync.simulator import Fault
from convo_sync.sync.meter import Meter
from convo_sync.times import read_time
from tests.holdings import DAY, HOUR, MINUTE
from tests.laptop import LOOK, Laptop
from tests.rig import CrashPoint, Rig, feedback, keypoints, row, turns

MORNING, EVENING = 7 * HOUR, 23 * HOUR
TURNS = 12
_NOWHERE = "http://127.0.0.1:9"


class Home(Rig):
    """An account and an archive, in a house whose network fails and whose disk fills up."""

    offline = False
    full = False

    def client(self, meter: Meter) -> Client:
        """A connection, where there is a network."""
        here, self.url = self.url, _NOWHERE if self.offline else self.url
        try:
            return super().client(meter)
        finally:
            self.url = here

    def connect(self, point: CrashPoint | None) -> Callable[..., sqlite3.Connection] | None:
        """How the archive is opened: on a full disk SQLite itself says that there is no page more."""
        if not self.full:
            return super().connect(point)

        def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = sqlite3.connect(*arguments, **named)
            connection.execute("pragma max_page_count = 1")  # SQLite makes it as many as there are
            return connection

        return connect


@dataclass(frozen=True)
class Outage:
    """When nothing could be archived, and why."""

    what: str
    begins: datetime
    ends: datetime


class Month(Laptop):
    """The laptop, with what happens at Convo and around it in order of time."""

    def __init__(self, rig: Home) -> None:
        super().__init__()
        self.rig = rig
        self.wall = rig.now()
        self.first_day = self.wall.replace(hour=0, minute=0)
        self.archive = Facts()
        self.available: dict[str, datetime] = {}
        self.archived: dict[str, datetime] = {}
        self.outages: list[Outage] = []
        self.codes_seen: list[int] = []
        self.audited: date | None = None
        self._agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._meetings = itertools.count(1)
        self._coins = itertools.cycle([0.1, 0.9, 0.4, 0.0, 1.0, 0.6])

    # -- what is going to happen

    def at(self, day: int, away: timedelta, happen: Callable[[], object]) -> datetime:
        """Have it happen so long after that day's midnight."""
        moment = self.first_day + day * DAY + away
        heapq.heappush(self._agenda, (moment, next(self._numbers), happen))
        return moment

    def outage(self, what: str, day: int, begins: timedelta, length: timedelta,
               begin: Callable[[], object], end: Callable[[], Any]) -> None:  # fmt: skip
        """Have something not work for a while."""
        begun, ended = self.at(day, begins, begin), self.at(day, begins + length, end)
        self.outages.append(Outage(what, begun, ended))

    def fault(self, what: str, day: int, begins: timedelta, length: timedelta, kind: str, seconds: float = 30) -> None:
        """Have Convo answer every request in this way for a while."""
        faults = self.rig.simulator.faults
        order = Fault(kind=kind, times=None, seconds=seconds)
        self.outage(what, day, begins, length, lambda: faults.add(order), faults.clear)

    def meeting(self, day: int, begins: timedelta) -> str:
        """A meeting of 25 minutes. Every other shows while it runs; every fifth has its transcript three minutes late.

        Key points and feedback are there four minutes after its end.
        """
        number, world = next(self._meetings), self.rig.world
        start = self.first_day + day * DAY + begins
        listed = row(number, start, minutes=25, segments=TURNS)
        id_, said, ends = str(listed["id"]), turns(number, TURNS), begins + 25 * MINUTE
        late = 3 * MINUTE if number % 5 == 0 else timedelta(0)

        def end() -> None:
            if number % 2:
                world.grow(id_, said[3:])
                world.end(id_, start + 25 * MINUTE)
            else:
                world.add(listed, {"id": id_, "segments": said})
            if late:
                world.hide_transcript(id_)

        def write_up() -> None:
            world.set_keypoints(id_, keypoints(number))
            world.set_feedback(id_, feedback(number))

        if number % 2:
            running = row(number, start, minutes=None, segments=3)
            self.at(day, begins, lambda: world.add(running, {"id": id_, "segments": said[:3]}))
        self.available[id_] = self.at(day, ends, end) + late
        if late:
            self.at(day, ends + late, lambda: world.show_transcript(id_))
        self.at(day, ends + 4 * MINUTE, write_up)
        return id_

    # -- time

    def live(self, daemon: Daemon, days: int) -> None:
        """So many days: awake from seven to eleven at night, asleep else."""
        for day in range(days):
            for span, is_awake in ((MORNING, False), (EVENING, True), (DAY, False)):
                until = self.first_day + day * DAY + span
                while self.wall < until:
                    if is_awake:
                        daemon.look()
                        self.tick(min(LOOK, until - self.wall) if self.wall < until else timedelta(0))
                    else:
                        self.sleep(until - self.wall)

    def tick(self, span: timedelta) -> None:
        super().tick(span)
        self._catch_up()

    def sleep(self, span: timedelta) -> None:
        super().sleep(span)
        self._catch_up()

    def _catch_up(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.wall:
            moment, _, happen = heapq.heappop(self._agenda)
            self.rig.clock.set(moment)
            happen()
        self.rig.clock.set(self.wall)

    # -- what a daemon asks for

    def chance(self) -> float:
        return next(self._coins)

    def run(self) -> int:
        self.runs.append(self.wall)
        code = self._sync()
        self.codes_seen.append(code)
        self.archive = self._facts()
        self._notice_what_is_archived()
        self.tick(self.takes)
        return code

    def _sync(self) -> int:
        rig, today = self.rig, self.wall.date()
        try:
            require(rig.path, rig.key)
            run, error = rig.sync(command="daemon", retry_failed=False, audit=self.audited != today)
            remember(rig.path, rig.key, error)
        except ConvoSyncError as before_it_was_recorded:
            return before_it_was_recorded.exit_code
        if error is not None:
            return error.exit_code
        assert run.outcome is Outcome.COMPLETE
        self.audited = today
        return 0

    def _facts(self) -> Facts:
        with self.rig.reader() as archive:
            last, complete = archive.last_runs()
        resume_at = last.resume_at if last and last.outcome == "parked" else None
        return Facts(read_time(complete.started_at) if complete else None, read_time(resume_at))

    def _notice_what_is_archived(self) -> None:
        whole = "select conversation_id from segments group by 1 having count(*) = ?"
        for (id_,) in self.rig.rows(whole, TURNS):
            self.archived.setdefault(id_, self.wall)


@contextmanager
def served(rig: Home) -> Iterator[Month]:
    """The month of an account whose archive exists: nothing is in it yet."""
    with rig.simulator.serve() as rig.url:
        rig.complete()
        yield Month(rig)
