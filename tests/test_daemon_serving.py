"""The daemon as a thread of its own with the library's scheduler: it goes on looking, and ends when it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from apscheduler.schedulers import base as library

from convo_sync.daemon import Daemon, Facts
from tests.holdings import DAY, HOUR, NOON
from tests.laptop import Laptop
from tests.test_daemon import LATELY

# Longer than anything takes here; a test that needs it fails.
PATIENCE_SECONDS = 10.0


class Served(Laptop):
    """A laptop whose daemon has a thread and a scheduler; `looked` counts by semaphore."""

    def __init__(self) -> None:
        super().__init__(LATELY, every=timedelta(seconds=0.05))
        self.looked = threading.Semaphore(0)
        self.breaks = False

    def facts(self) -> Facts:
        self.looked.release()
        if self.breaks:
            raise ValueError("of two\nlines")
        return LATELY

    def await_looks(self, count: int = 3) -> None:
        """Come back when it has looked so often, from now on."""
        while self.looked.acquire(blocking=False):
            pass
        for _ in range(count):
            assert self.looked.acquire(timeout=PATIENCE_SECONDS), "it looks no more"


@contextmanager
def serving(laptop: Served) -> Iterator[Daemon]:
    daemon = Daemon(laptop)
    thread = threading.Thread(target=daemon.serve, daemon=True)
    thread.start()
    try:
        yield daemon
    finally:
        daemon.stop()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


@pytest.mark.parametrize("jump", [-3 * HOUR, -400 * DAY, 40 * 365 * DAY])
def test_it_looks_on_where_the_clock_is_set(monkeypatch: pytest.MonkeyPatch, jump: timedelta) -> None:
    """Expect the next look as soon as ever: the library keeps its times by the wall's clock, which was set."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + jump

    laptop = Served()
    with serving(laptop):
        laptop.await_looks()
        monkeypatch.setattr(library, "datetime", Wrong)
        monkeypatch.setattr("convo_sync.daemon.datetime", Wrong)
        laptop.await_looks()


def test_a_look_that_fails_is_told_and_is_not_the_last(caplog: pytest.LogCaptureFixture) -> None:
    """Expect an event of one line, no traceback, and further looks."""
    laptop = Served()
    with serving(laptop):
        laptop.breaks = True
        laptop.await_looks()
        assert laptop.events("fault")[0] == {"error": "ValueError: of two\nlines"}
    assert caplog.records == []


def test_looks_that_a_long_run_skips_are_not_worth_a_word(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Expect no line of the library's in a log of one event a line."""
    laptop, over = Served(), threading.Event()
    began = threading.Event()

    def run() -> int:
        began.set()
        over.wait(PATIENCE_SECONDS)
        return 0

    monkeypatch.setattr(laptop, "run", run)
    with serving(laptop):
        assert began.wait(PATIENCE_SECONDS)
        over.wait(0.3)
        over.set()
        laptop.await_looks()
    assert caplog.records == []


def test_hurried_during_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect what is asked for meanwhile as soon as the run is over, not with the next look in half a minute."""
    laptop, began, over = Served(), threading.Semaphore(0), threading.Event()
    laptop._every = laptop.configured = DAY

    def run() -> int:
        began.release()
        over.wait(PATIENCE_SECONDS)
        return 0

    monkeypatch.setattr(laptop, "run", run)
    with serving(laptop) as daemon:
        assert laptop.looked.acquire(timeout=PATIENCE_SECONDS)
        daemon.hurry()
        assert began.acquire(timeout=PATIENCE_SECONDS)
        daemon.hurry()
        _await_skipped_look(daemon)
        over.set()
        assert began.acquire(timeout=PATIENCE_SECONDS)


def _await_skipped_look(daemon: Daemon) -> None:
    """Wait until the library has put the look that was asked for off to half a minute from now."""
    scheduler, ends = daemon._scheduler, time.monotonic() + PATIENCE_SECONDS
    assert scheduler is not None
    while scheduler.get_job("look").next_run_time < datetime.now(UTC) + timedelta(seconds=20):
        assert time.monotonic() < ends


def test_told_to_stop_before_it_begins() -> None:
    """Expect a signal that strikes before there is anything to stop not to be lost."""
    laptop = Served()
    daemon = Daemon(laptop)
    daemon.stop()
    thread = threading.Thread(target=daemon.serve, daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert laptop.runs == []


def test_hurried_while_it_waits() -> None:
    """Expect a look at once, though the next would be half a minute away."""
    laptop = Served()
    laptop._every = DAY
    with serving(laptop) as daemon:
        assert laptop.looked.acquire(timeout=PATIENCE_SECONDS)
        daemon.hurry()
        assert laptop.looked.acquire(timeout=PATIENCE_SECONDS)
    assert datetime.now(UTC) > NOON
