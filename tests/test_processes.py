"""The real command, killed or stopped at any instant: the next one goes on, and asks for nothing that is archived."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync.simulator import Fault

from .archive.storage import is_sound
from .rig import Rig, add

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")]
MEETINGS, KILLS, ACCOUNTS = 100, 5, 4
DOCUMENTS = 3 * MEETINGS
PATHS = {"getTranscript": "transcript", "getKeypoints": "keypoints", "getFeedback": "feedback"}
POLL_SECONDS = 0.001
STOPPED = ["Stopped. Everything archived so far is kept.", "Run the same command again to go on."]


class Commands:
    """One account, one archive, and real `convo-sync sync` processes."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        for number in range(MEETINGS):
            add(rig, number, timedelta(days=30 + number))

    @contextmanager
    def sync(self) -> Iterator[subprocess.Popen[str]]:
        """A process that has begun, or is about to."""
        environment = os.environ | {"CONVO_SYNC_BASE_URL": self.rig.url, "CONVO_API_KEY": self.rig.key}
        process = subprocess.Popen(
            [sys.executable, "-m", "convo_sync", "--archive", str(self.rig.path), "sync"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_interruptible,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def finish(self) -> str:
        """A whole run; what it said."""
        with self.sync() as process:
            out, err = process.communicate()
        assert process.returncode == 0, err
        return out

    def asked(self) -> list[tuple[str | None, str]]:
        """Each document asked for so far, in order."""
        return [
            (record.conversation_id, PATHS[record.operation])
            for record in list(self.rig.simulator.requests)
            if record.operation in PATHS
        ]

    def committed(self) -> set[tuple[str, str]]:
        """The documents that a process which is gone now has archived."""
        if not self.rig.path.exists():
            return set()
        with closing(sqlite3.connect(self.rig.path)) as connection:
            if not connection.execute("select count(*) from sqlite_master").fetchone()[0]:
                return set()
            return set(connection.execute("select conversation_id, kind from documents where kind != 'listing'"))

    def equals_the_account(self) -> None:
        """Every row, document and index entry is what the account has, and the file is sound."""
        rows, world = self.rig.rows, self.rig.world.conversations
        assert dict(rows("select id, title from conversations where gone_at is null")) == {
            id_: meeting.title for id_, meeting in world.items()
        }
        said = [(id_, n, turn["text"]) for id_, meeting in world.items() for n, turn in enumerate(meeting.segments)]
        assert rows("select conversation_id, position, text from segments order by 1, 2") == sorted(said)
        decided = [(id_, *_inner(meeting.keypoints, "keypoints")["decisions"]) for id_, meeting in world.items()]
        assert rows("select conversation_id, text from decisions order by 1") == sorted(decided)
        scored = [(id_, _inner(meeting.feedback, "feedback")["overallScore"]) for id_, meeting in world.items()]
        assert rows("select conversation_id, overall_score from feedback order by 1") == sorted(scored)
        assert rows("select distinct state from holdings") == [("present",)]
        assert rows("select count(*) from revisions") == [(MEETINGS + DOCUMENTS,)]
        is_sound(self.rig.path)
        assert self.rig.simulator.rate_limited_answers == 0


def _inner(answer: Any, key: str) -> Any:
    return answer[key]


def _interruptible() -> None:
    # A shell that runs the tests in the background has them ignore Ctrl-C, and what they start as well.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    """An account that is served on the machine's own clock, as the real command needs."""
    with Rig.serving(tmp_path, start=None) as rig:
        yield Commands(rig)


def wait_until(process: subprocess.Popen[str], reached: Callable[[], bool]) -> bool:
    """Whether it came to that before the process ended."""
    while not reached():
        try:
            process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return reached()
    return True


@pytest.mark.parametrize("seed", range(ACCOUNTS))
def test_killed_at_random_instants(commands: Commands, seed: int) -> None:
    """Expect the archive to equal the account after the last run, and no committed document to be asked for again."""
    chance, killed = random.Random(seed), 0
    for _ in range(KILLS):
        done, already = commands.committed(), len(commands.asked())
        goal = already + chance.randrange(DOCUMENTS // KILLS // 2)
        with commands.sync() as process:
            wait_until(process, lambda goal=goal: len(commands.asked()) >= goal)  # type: ignore[misc]
            _spin(chance.random() * 0.02)
            process.kill()
            killed += process.wait() == -signal.SIGKILL
        assert not done & set(commands.asked()[already:])
    assert killed == KILLS
    done, already = commands.committed(), len(commands.asked())
    assert 0 < len(done) < DOCUMENTS
    commands.finish()
    assert not done & set(commands.asked()[already:])
    assert len(commands.asked()) <= DOCUMENTS + killed
    commands.equals_the_account()
    asked = len(commands.asked())
    commands.finish()
    assert len(commands.asked()) == asked


def _spin(seconds: float) -> None:
    """Let a little time pass, so that the kill does not always strike while an answer is on its way."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    while datetime.now(UTC) < until:
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("documents", [0, 1, 40])
def test_stopped_by_a_signal(commands: Commands, number: signal.Signals, documents: int) -> None:
    """Expect exit 130, a plain sentence, a next step and a record, and the next run to go on without asking twice."""
    with commands.sync() as process:
        assert wait_until(process, lambda: len(commands.asked()) > documents)
        process.send_signal(number)
        out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-2:] == STOPPED
    assert "Traceback" not in err
    done, already = commands.committed(), len(commands.asked())
    ((*recorded, fetched),) = commands.rig.rows(
        "select outcome, error_code, error_message, fetched from runs where finished_at is not null"
    )
    assert recorded == ["failed", "stopped", "The run was stopped before its end."]
    assert len(done) - fetched in (0, 1)  # it may strike between a commit and its count
    assert documents <= len(done) < DOCUMENTS
    commands.finish()
    assert not done & set(commands.asked()[already:])
    commands.equals_the_account()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_the_server_does_not_answer(commands: Commands, number: signal.Signals) -> None:
    """Expect it not to wait for the answer: the process is gone long before the server would have spoken."""
    commands.rig.simulator.faults.add(Fault(kind="delay", endpoint="getKeypoints", seconds=3600, times=1))
    with commands.sync() as process:
        assert wait_until(process, lambda: commands.rig.asked("getTranscript") > 0)
        process.send_signal(number)
        _, err = process.communicate()
    assert process.returncode == 130
    assert err.splitlines()[-2:] == STOPPED
    assert commands.rig.rows("select error_code from runs") == [("stopped",)]


def test_two_at_once(commands: Commands) -> None:
    """Expect both to end well or to be told to come later, one document never to be asked for twice."""
    with commands.sync() as first, commands.sync() as second:
        ended = [(each.communicate(), each.returncode) for each in (first, second)]
    assert {code for _, code in ended} <= {0, 75}, ended
    assert 0 in {code for _, code in ended}
    commands.finish()
    assert len(commands.asked()) == DOCUMENTS == len(set(commands.asked()))
    commands.equals_the_account()
