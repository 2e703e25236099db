"""One account, its archive, and everybody who spends its credits, in any order; the rest of it is in till and audit."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from convo_sync.credits.rules import Settings
from convo_sync.errors import ConvoSyncError
from convo_sync.records import Kind, Outcome
from convo_sync.simulator import FAULT_KINDS, Fault
from tests import audit
from tests.rig import Crash, add, keypoints
from tests.till import LATENESS, MoneyPoint, Till
from tests.walk_account import REACHED, Edited
from tests.walk_choices import ASSUMPTIONS, CRASHES, FAULTS, FREE, PAUSES, SPENDING, TIERS, budgets, picks, syncs


class Purse(Edited):
    """One account, its archive, and everybody who spends its credits."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stack = ExitStack()
        self.stored: set[tuple[Any, ...]] = set()
        self.faults: list[Fault] = []
        self.set_forward = 0

    @initialize(
        assume=st.fixed_dictionaries({name: st.sampled_from(values) for name, values in ASSUMPTIONS.items()}),
        tier=st.sampled_from(TIERS),
        many=st.sampled_from([0, 3, 6]),
        budget=budgets,
        wrong_by=st.sampled_from([-7, 0, 2, 7]),
    )
    def begin(self, assume: dict[str, str], tier: str, many: int, budget: Settings, wrong_by: int) -> None:
        self.rig = self.stack.enter_context(Till.serving(self.folder, tier=tier, assume=assume))
        REACHED.update(f"assume {name}={value}" for name, value in assume.items())
        self.rig.credits = budget
        if assume["date_header"] == "no":  # then nothing ever tells it, and times are only as far apart as they are
            self.rig.clock_error = timedelta(hours=wrong_by)
        for number in range(many):
            self.count += 1
            add(self.rig, self.count, timedelta(days=1 + number * 9), notes=number % 3 == 0)
        self.sync()

    def follow(self, then: str) -> None:
        if then == "later":
            self.rig.clock.advance(timedelta(minutes=65))
        if then:
            self.sync()

    # -- money

    @rule(budget=budgets, then=syncs)
    def settings(self, budget: Settings, then: str) -> None:
        self.rig.credits = budget
        REACHED["settings"] += 1
        self.follow(then)

    @rule(tier=st.sampled_from(TIERS))
    def plan(self, tier: str) -> None:
        self.rig.simulator.set_tier(tier)
        if self.rig.simulator.account.rate(self.rig.clock.now()).remaining < 5:
            # A smaller plan's hour may be used up already, which nobody can know before asking.
            self.rig.clock.advance(timedelta(minutes=61))
        REACHED["plan"] += 1
        REACHED[f"plan {tier}"] += 1

    @rule(count=st.sampled_from([1, 2, 4, 12]), then=syncs)
    def elsewhere(self, count: int, then: str) -> None:
        self.rig.simulator.spend_elsewhere(count)
        REACHED["elsewhere"] += 1
        self.follow(then)

    @rule(spends=st.booleans(), then=syncs)
    def meanwhile(self, spends: bool, then: str) -> None:
        """Right before the next POST arrives another tool spends all that is left, or the app makes what is asked."""

        def happens(conversation_id: str, kind: Kind) -> None:
            if spends:
                self.rig.simulator.spend_elsewhere(self.rig.simulator.account.plan.monthly_credits or 0)
            elif kind is Kind.KEYPOINTS:
                self.rig.world.set_keypoints(conversation_id, keypoints(self.count, 10**6 + self.count))
            REACHED["meanwhile"] += 1

        self.rig.meanwhile = happens
        self.follow(then)

    # -- the world goes wrong

    @rule(kind=st.sampled_from([*FAULTS, "late_result", "late_work", "late_work", "drop_after"]),
          operation=st.sampled_from([*SPENDING[:2], *SPENDING, *FREE]), times=st.integers(1, 3),
          late_by=st.sampled_from(LATENESS), then=syncs)  # fmt: skip
    def fault(self, kind: str, operation: str, times: int, late_by: timedelta, then: str) -> None:
        if FAULT_KINDS[kind].fits(operation):
            late = late_by.total_seconds() if kind.startswith("late") else None
            order = Fault(kind=kind, endpoint=operation, times=times, seconds=late)
            self.faults.append(self.rig.simulator.faults.add(order))
        self.follow(then)

    @rule(kind=st.sampled_from(FAULTS), late_by=st.sampled_from(LATENESS), feedback=st.booleans())
    def trouble(self, kind: str, late_by: timedelta, feedback: bool) -> None:
        """A meeting of which something may be bought, and the request for it goes wrong."""
        self.meeting(1, 12, notes=False, then="")
        self.fault(kind, SPENDING[feedback], 1, late_by, then="sync")
        REACHED["trouble"] += 1

    @rule(hours=st.sampled_from([-7, -2, 0, 0, 2, 7]))
    def wrong_clock(self, hours: int) -> None:
        if self.rig.simulator.assume["date_header"] == "no":
            return  # no other clock would tell it how long ago anything was
        self.set_forward += timedelta(hours=hours) > self.rig.clock_error
        self.rig.clock_error = timedelta(hours=hours)
        REACHED["wrong clock"] += 1

    @rule(seconds=st.sampled_from([0, 0, 1, 40, 300]))
    def slow(self, seconds: int) -> None:
        self.rig.slowness = timedelta(seconds=seconds)
        REACHED["slow"] += 1

    @rule(pause=st.sampled_from(PAUSES))
    def wait(self, pause: timedelta) -> None:
        self.rig.clock.advance(pause)
        REACHED["wait"] += 1

    @rule(seconds=st.sampled_from([-400, -200, -20, 5, 100]))
    def month_turns(self, seconds: int) -> None:
        """It is just before or after the end of a month."""
        following = (self.rig.month() + timedelta(days=32)).replace(day=1)
        if self.rig.clock.now() < following + timedelta(seconds=seconds):
            self.rig.clock.set(following + timedelta(seconds=seconds))

    # -- the archive follows

    @rule(full=st.booleans(), audit=st.booleans(), typed=st.booleans())
    def sync(self, full: bool = False, audit: bool = False, typed: bool = False) -> None:
        run, _ = self.rig.sync(full=full, audit=audit, retry_failed=typed)
        REACHED["sync"] += 1
        REACHED[f"outcome {run.outcome}"] += 1

    @rule(where=st.sampled_from(CRASHES), number=st.integers(1, 6), new=st.booleans(), hand=st.booleans(), which=picks,
          kind=st.sampled_from([Kind.ANSWER, Kind.EMAIL]))  # fmt: skip
    def crash(self, where: str, number: int, new: bool, hand: bool, which: int, kind: Kind) -> None:
        point = MoneyPoint(where, number if "commit" in where or "request" in where or "full" in where else 1)
        if new:  # else there is often nothing to do, and so nothing to die of
            self.meeting(1, 12, notes=False, then="")
        try:
            if hand:
                self.hand(which, kind, point)
            else:
                self.rig.sync(point)
        except Crash:
            REACHED[f"crash {where}"] += 1
        except ConvoSyncError as error:
            REACHED[f"crash {where}"] += error.code == "storage_full"

    @rule(which=picks, kind=st.sampled_from([Kind.ANSWER, Kind.EMAIL]))
    def hand(self, which: int, kind: Kind, point: MoneyPoint | None = None) -> None:
        known = self.rig.rows("select id from conversations order by id") if self.stored else []
        if not known:
            return
        request = {"query": f"What of {which % 3}?"} if kind is Kind.ANSWER else {"to": "Ada", "tone": "casual"}
        try:
            self.rig.by_hand(known[which % len(known)][0], kind, json.dumps(request), point)
            REACHED["hand"] += 1
        except ConvoSyncError:
            if point is not None:
                raise

    # -- what always holds

    @invariant()
    def nothing_stored_is_lost(self) -> None:
        made = "select 1 from sqlite_master where name = 'revisions'"  # a crash may come before the first commit
        if not hasattr(self, "rig") or not self.rig.path.exists() or not (self.stored or self.rig.rows(made)):
            return
        now = set(self.rig.rows("select document_id, revision, digest from revisions"))
        assert self.stored <= now
        self.stored = now

    @invariant()
    def the_hour_is_never_exceeded(self) -> None:
        if hasattr(self, "rig"):
            # A clock that was set forward has the hour look over: one request asks (budget.py), and may be refused.
            assert self.rig.simulator.rate_limited_answers <= self.set_forward
            assert not self.rig.simulator.crashes
            REACHED["steps"] += 1

    def teardown(self) -> None:
        try:
            if hasattr(self, "rig"):
                self.settle()
        finally:
            self.stack.close()
            shutil.rmtree(self.folder)

    def settle(self) -> None:
        """Let the account rest, run until nothing is pending, and compare."""
        rig = self.rig
        rig.simulator.faults.clear()
        rig.meanwhile = None
        REACHED.update({f"fault {fault.kind}": 1 for fault in self.faults if fault.fired})
        rig.slowness = timedelta(0)
        self.wrong_clock(0)
        for pause in (timedelta(minutes=65), timedelta(minutes=65), timedelta(days=1), timedelta(days=8)):
            self.run_until_complete()
            rig.clock.advance(pause)
        self.run_until_complete(accept_deletions=True)
        rig.credits = Settings()
        while audit.owes(rig):
            self.run_until_complete(audit=True)
        self.nothing_stored_is_lost()
        REACHED.update(audit.compare(rig))

    def run_until_complete(self, **options: Any) -> None:
        for _ in range(40):
            run, error = self.rig.sync(full=True, **options)
            assert run.outcome is not Outcome.FAILED, error
            if run.outcome is Outcome.COMPLETE:
                return
            self.rig.clock.advance(timedelta(minutes=61))
        pytest.fail(f"no complete run in forty hours: {run}")
