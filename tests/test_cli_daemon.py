"""`convo-sync daemon` as a process, against a served account: what a service manager and a person see of it."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync.simulator import Fault
from tests.archive.storage import is_sound
from tests.keeper import PATIENCE_SECONDS, Keeper, is_alive
from tests.rig import HELD, Rig, add
from tests.test_processes import Commands

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")]
# What the daemon promises after SIGTERM.
STOP_SECONDS = 5.0
NEW_KEY = "convo_another_0123456789abcdef"
KILLS = 20


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    """An account of two meetings, archived long ago, and one that is new since."""
    with Rig.serving(tmp_path, start=None) as rig:
        kept = Keeper(rig, tmp_path)
        for number in (1, 2):
            add(rig, number, timedelta(days=30 + number))
        done = kept.run("sync")
        assert done.returncode == 0, done.stderr
        kept.grow_old()
        add(rig, 3, timedelta(days=2))
        yield kept


def until(reached: Callable[[], object]) -> None:
    """Wait for what another process does."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.002)


def test_it_syncs_at_once_where_that_is_overdue(keeper: Keeper) -> None:
    """Expect the new meeting archived without a wait, and the next run planned within half an hour."""
    with keeper.daemon() as daemon:
        assert daemon.wait_for("started")["every"] == 1800
        assert daemon.wait_for("planned")["why"] == "overdue"
        ran = daemon.wait_for("sync")
        assert (ran["code"], ran["outcome"], ran["archived"], ran["error"]) == (0, "complete", 3, None)
        again = daemon.wait_for("planned")
        assert again["why"] == "every so often"
        assert again["at"] < again["next_at"]
    assert keeper.archived() == 9


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_while_it_waits(keeper: Keeper, number: signal.Signals) -> None:
    """Expect exit 0 within five seconds, "stopped" as its last word, and nothing on stdout."""
    with keeper.daemon() as daemon:
        daemon.wait_for("sync", code=0)
        daemon.wait_for("planned")
        daemon.send(number)
        assert daemon.wait(STOP_SECONDS) == 0
        assert json.loads(daemon.rest()[-1])["event"] == "stopped"
        assert daemon.process.stdout is not None
        assert daemon.process.stdout.read() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_during_a_sync(keeper: Keeper, number: signal.Signals) -> None:
    """Expect daemon and child gone within five seconds though the server does not answer, and what was committed kept.

    Nothing is planned any more, the stop is recorded, and the next run asks for what is left alone.
    """
    keeper.rig.simulator.faults.add(Fault(kind="delay", endpoint="getKeypoints", seconds=3600, times=1))
    with keeper.daemon() as daemon:
        until(lambda: keeper.rig.asked("getKeypoints") > 2)
        child = keeper.writer()
        assert child not in (0, daemon.process.pid)
        daemon.send(number)
        assert daemon.wait(STOP_SECONDS) == 0
        assert not is_alive(child)
        events = [json.loads(line)["event"] for line in daemon.rest()]
        assert events[-1] == "stopped"
        assert events.count("planned") == 1
    assert keeper.rig.rows("select outcome, error_code from runs order by id desc limit 1") == [("failed", "stopped")]
    is_sound(keeper.rig.path)
    assert keeper.archived() == 7
    asked = keeper.rig.asked(*HELD)
    assert keeper.run("sync").returncode == 0
    assert keeper.rig.asked(*HELD) - asked == 2


def test_stopped_as_soon_as_it_begins(keeper: Keeper) -> None:
    """Expect a signal right after its first word not to be lost."""
    with keeper.daemon() as daemon:
        daemon.wait_for("started")
        daemon.send(signal.SIGTERM)
        assert daemon.wait(STOP_SECONDS) == 0


def test_a_second_daemon_is_refused(keeper: Keeper) -> None:
    """Expect exit 75, with the first one's name, process and time; the first goes on."""
    with keeper.daemon() as daemon:
        daemon.wait_for("sync", code=0)
        second = keeper.run("daemon")
        assert (second.returncode, second.stdout) == (75, "")
        assert re.search(rf"convo-sync daemon \(pid {daemon.process.pid}, since \d\d:\d\d\)", second.stderr)
        daemon.send(signal.SIGHUP)
        daemon.wait_for("sync", code=0)


def test_killed_it_leaves_no_obstacle(keeper: Keeper) -> None:
    """Expect the next daemon to begin at once, and to sync, though the first one's child still runs."""
    keeper.rig.simulator.faults.add(Fault(kind="delay", endpoint="getKeypoints", seconds=1, times=1))
    with keeper.daemon() as first:
        until(lambda: keeper.rig.asked("getKeypoints") > 2)
        first.send(signal.SIGKILL)
        assert first.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        with keeper.daemon() as second:
            second.wait_for("sync", code=0)
    assert keeper.archived() == 9


def test_a_sync_beside_its_sync(keeper: Keeper) -> None:
    """Expect a typed sync to wait a little, and then to name who has the archive: 75. Readers do not wait."""
    keeper.rig.simulator.faults.add(Fault(kind="delay", endpoint="getKeypoints", seconds=3600, times=1))
    with keeper.daemon():
        until(lambda: keeper.rig.asked("getKeypoints") > 2)
        beside = keeper.run("sync")
        assert (beside.returncode, beside.stdout) == (75, "")
        assert re.search(rf"convo-sync daemon \(pid {keeper.writer()}, since \d\d:\d\d\)", beside.stderr)
        assert keeper.run("search", "topic3").returncode == 0


def test_an_archive_that_is_taken_away_and_brought_back(keeper: Keeper) -> None:
    """Expect it to say so, to make no other in its place, and to go on with the old one."""
    away = keeper.rig.path.with_name("elsewhere.db")
    with keeper.daemon() as daemon:
        daemon.wait_for("sync", code=0)
        daemon.wait_for("planned")
        keeper.grow_old()
        keeper.rig.path.rename(away)
        daemon.send(signal.SIGHUP)
        assert daemon.wait_for("waiting")["why"].startswith("There is no archive")
        asked, logged = keeper.rig.asked(), len(daemon.lines)
        daemon.send(signal.SIGHUP)
        daemon.wait_for("configured")
        away.rename(keeper.rig.path)
        daemon.send(signal.SIGHUP)
        daemon.wait_for("sync", code=0)
        told = [json.loads(line)["event"] for line in daemon.lines[logged:]]
        assert told[0] == "configured"
        assert told.count("sync") == 1
        assert "waiting" not in told
    assert keeper.rig.asked() == asked + 1


def test_a_disk_that_is_not_mounted_yet(keeper: Keeper) -> None:
    """Expect a daemon that begins before the archive's disk is there to wait, and to put nothing in its place."""
    place = keeper.rig.path.parent / "disk"
    keeper.rig.path = place / "archive.db"
    with keeper.daemon() as daemon:
        assert str(place) in daemon.wait_for("waiting")["why"]
        daemon.send(signal.SIGTERM)
        assert daemon.wait(STOP_SECONDS) == -signal.SIGTERM
    assert not place.exists()


def test_a_configuration_that_is_broken_and_mended(keeper: Keeper) -> None:
    """Expect it to say what is wrong and what it keeps, to live on, and to follow the mended one at once."""
    with keeper.daemon() as daemon:
        daemon.wait_for("sync", code=0)
        daemon.wait_for("planned")
        keeper.configure("soon")
        daemon.send(signal.SIGHUP)
        told = daemon.wait_for("configuration")
        assert "every" in told["error"]
        assert told["kept"] == "every 0:30:00"
        daemon.wait_for("sync", code=78)
        assert daemon.wait_for("planned")["why"] == "the configuration has to be corrected"
        keeper.configure("2 h")
        daemon.send(signal.SIGHUP)
        assert daemon.wait_for("configured")["every"] == 7200
        daemon.wait_for("sync", code=0)


def test_a_key_that_is_refused_is_not_asked_with_again(keeper: Keeper) -> None:
    """Expect one request with it, none however often a run is due, and a run with the next key at once."""
    with keeper.daemon() as daemon:
        daemon.wait_for("sync", code=0)
        keeper.rig.simulator.revoke_key(keeper.rig.key)
        asked = len(keeper.rig.simulator.requests)
        for _ in range(3):
            daemon.send(signal.SIGHUP)
            assert "refused" in daemon.wait_for("sync", code=77)["error"].lower()
        assert daemon.wait_for("planned")["why"] == "the key was refused"
        assert [each.status for each in keeper.rig.simulator.requests[asked:]] == [401]
        keeper.rig.simulator.add_key(NEW_KEY)
        keeper.key(NEW_KEY)
        daemon.send(signal.SIGHUP)
        daemon.wait_for("sync", code=0)


@pytest.mark.parametrize("form", ["text", "json"])
def test_its_log_is_one_event_a_line(keeper: Keeper, form: str) -> None:
    """Expect each line to begin with a time and an event, or to be JSON with both; no key, and nobody's words.

    Through a run that works, looks skipped meanwhile, an outage, a broken configuration, and a key that is refused.
    """
    rig = keeper.rig
    keeper.configure("1s")
    rig.simulator.faults.add(Fault(kind="delay", endpoint="getTranscript", seconds=3, times=1))
    rig.simulator.faults.add(Fault(kind="bad_gateway", endpoint="listConversations", times=None, after=2))
    with keeper.daemon(form) as daemon:
        until(lambda: keeper.archived() == 9)
        until(lambda: rig.simulator.requests[-1].fault == "bad_gateway")
        rig.simulator.faults.clear()
        keeper.configure("soon")
        daemon.send(signal.SIGHUP)
        until(lambda: "corrected" in (daemon.next_line() or ""))
        rig.simulator.revoke_key(rig.key)
        keeper.configure("1s")
        daemon.send(signal.SIGHUP)
        until(lambda: "key was refused" in (daemon.next_line() or ""))
        daemon.send(signal.SIGTERM)
        daemon.wait(STOP_SECONDS)
        lines = daemon.rest()
    events = "started|planned|sync|configured|configuration|stopped"
    for line in lines:
        if form == "json":
            assert {"at", "event"} <= json.loads(line).keys()
            line = "{at} {event} ".format(**json.loads(line))
        assert re.match(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ ({events})( |$)", line), line
    text = "\n".join(lines)
    assert not re.search(r"convo_demo|turn \d|topic\d|point \d|Meeting \d", text)
    assert len(lines) > 10


def test_twenty_kills_change_nothing(tmp_path: Path) -> None:
    """Expect the archive to equal the account in the end, whichever process was killed at whichever instant."""
    chance = random.Random(7)
    with Rig.serving(tmp_path, start=None) as rig:
        commands, keeper = Commands(rig), Keeper(rig, tmp_path)
        with commands.sync():
            until(lambda: rig.path.exists() and rig.asked("getTranscript") > 3)
        killed = 0
        for kill in range(KILLS):
            goal, ends, before = rig.asked() + chance.randrange(12), time.monotonic() + 5, keeper.writer()
            with keeper.daemon() as daemon:  # killed at the end of the block with its child, save where one was before
                daemon.wait_for("started")
                while rig.asked() < goal and time.monotonic() < ends:
                    time.sleep(0.001)
                time.sleep(chance.random() * 0.02)
                writer = keeper.writer()
                if kill % 3 == 0:
                    daemon.send(signal.SIGKILL)
                elif kill % 3 == 1 and writer not in (0, before):
                    os.kill(writer, signal.SIGKILL)
                    daemon.wait_for("sync", code=-signal.SIGKILL)
                    killed += 1
        assert killed > 2
        assert 0 < keeper.archived() < 300
        keeper.grow_old()
        with keeper.daemon() as daemon:
            daemon.wait_for("sync", code=0)
        commands.equals_the_account()
