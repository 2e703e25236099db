"""What `status` says of the daemon: from what it keeps beside the archive, believed only while it runs."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync.cli.background_state import State
from convo_sync.lock import WriterLock
from convo_sync.pacing import Plan
from convo_sync.render import daemon as page
from convo_sync.render.text import Look

from .reading import Call, build, runner

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
UTC_LOOK = Look(utc=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a complete sync."""
    return build(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def archive(built: Path, tmp_path: Path) -> Path:
    """A copy of its own."""
    return Path(shutil.copy(built, tmp_path / "archive.db"))


@pytest.fixture
def call(archive: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process, on the archive."""
    return runner(archive, capsys)


@pytest.fixture
def daemon(archive: Path) -> Iterator[WriterLock]:
    """As if one ran."""
    with WriterLock(archive, "convo-sync daemon", suffix=".daemon").acquire() as lock:
        yield lock


def told(**changed: Any) -> dict[str, Any]:
    """What a daemon says of itself."""
    return {
        "pid": 312,
        "since": "2026-05-04T10:00:00.000Z",
        "running": False,
        "next_at": "2026-05-04T12:20:30.000Z",
        "why": "every so often",
        "audited": "2026-05-04",
        "looked_at": "2026-05-04T11:59:40.000Z",
        "stuck": False,
    } | changed


def test_status_without_a_daemon(call: Call, archive: Path) -> None:
    """Expect "not running", whatever one that is gone has left there."""
    with WriterLock(archive, "convo-sync daemon", suffix=".daemon").acquire():
        State(archive).keep(Plan(datetime.now(UTC), "overdue"), running=True, audited=None)
    assert call("status").out.splitlines()[-1] == "Daemon:   not running"
    assert call("status", "--json").json["daemon"] is None


@pytest.mark.usefixtures("daemon")
def test_all_of_it_on_one_screen(call: Call, archive: Path) -> None:
    """Expect size, last complete run, backlog with its end, rate, credits, oldest failure and daemon; exit 4: stale."""
    State(archive).keep(Plan(datetime.now(UTC), "overdue"), running=False, audited=None)
    with contextlib.closing(sqlite3.connect(archive)) as connection, connection:
        connection.execute("update budget set hourly_limit = 4, remaining = 3")
        connection.execute(
            "update holdings set failures = 1, state = 'failed', reason = 'not_found: gone', next_try_at = ?",
            ("2026-01-01T00:00:00.000Z",),
        )
    ran = call("status", "--utc")
    lines = ran.out.splitlines()
    names = [line.partition(":")[0] for line in lines if line[0] != " "]
    expected = ["Account", "Archive", "Meetings", "Complete", "Backlog", "Rate", "Failing", "Credits", "Daemon"]
    assert [name for name in names if name != "Last run"] == expected
    said = " ".join(ran.out.split())
    assert re.search(r"Archive: .*, [\d,.]+ [kM]B ", said)
    assert re.search(
        r"Backlog: \d+ documents due, about \d+ \w+ at 2 requests an hour, until \w{3} [\d-]+ [\d:]+ UTC", said
    )
    assert "not_found: gone" in said
    assert ran.code == 4
    assert len(lines) < 24


@pytest.mark.usefixtures("daemon")
def test_status_with_a_daemon(call: Call, archive: Path) -> None:
    """Expect since when, the next sync and why then; and the same for programs."""
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    State(archive).keep(Plan(at, "the key was refused"), running=False, audited=None)
    line = " ".join(call("status").out.partition("Daemon:")[2].split())
    assert line.startswith("running since ")
    assert f"(pid {os.getpid()}), next sync at " in line
    assert line.endswith("(the key was refused)")
    found = call("status", "--json").json["daemon"]
    assert list(found) == ["pid", "since", "running", "next_at", "why", "looked_at", "stuck"]
    assert abs(datetime.fromisoformat(found["looked_at"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert found["stuck"] is False
    assert (found["pid"], found["running"], found["why"]) == (os.getpid(), False, "the key was refused")
    assert found["next_at"] == f"{at:%Y-%m-%dT%H:%M:%S}.000Z"
    assert abs(datetime.fromisoformat(found["since"]) - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize("left", ["", "[]", "{", json.dumps({"next_at": 5, "pid": "x", "why": None, "running": 0})])
def test_status_with_a_daemon_that_says_nothing(call: Call, archive: Path, left: str) -> None:
    """Expect that it runs, and no failure over a file that is empty or damaged."""
    State(archive).path.write_text(left, encoding="utf-8")
    assert "no sync planned: it has just begun" in " ".join(call("status").out.split())


def late(archive: Path, seconds: float, **changed: Any) -> dict[str, Any]:
    """What is read where the last look was so many seconds of being awake ago."""
    state = State(archive)
    state.keep(None, running=False, audited=None)
    told = json.loads(state.path.read_text(encoding="utf-8"))
    state.path.write_text(json.dumps(told | {"awake": told["awake"] - seconds} | changed), encoding="utf-8")
    found = state.read()
    assert found is not None
    return found


@pytest.mark.usefixtures("daemon")
def test_a_daemon_that_does_not_look_any_more(archive: Path) -> None:
    """Expect it to be told from five minutes on, by the clock that stands still while the machine sleeps."""
    assert not late(archive, 290)["stuck"]
    assert late(archive, 310)["stuck"]
    assert not late(archive, 290, looked_at="2020-01-01T00:00:00.000Z")["stuck"]  # a year of sleep


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize("changed", [{"awake": None}, {"awake": "x"}, {"pid": 1}, {"pid": None}])
def test_what_proves_nothing(archive: Path, changed: dict[str, Any]) -> None:
    """Expect no alarm over the state of an earlier version, a damaged one, or one that an earlier daemon left."""
    assert not late(archive, 10_000, **changed)["stuck"]


@pytest.mark.parametrize(("changed", "line"), [
    ({}, "running since 10:00 UTC (pid 312), next sync at 12:21 UTC (every so often)"),
    ({"running": True}, "running since 10:00 UTC (pid 312), a sync runs now"),
    ({"running": True, "stuck": True}, "running since 10:00 UTC (pid 312), no sign of life since 11:59 UTC"),
    ({"looked_at": None, "stuck": True}, "running since 10:00 UTC (pid 312), no sign of life"),
    ({"since": "2026-05-01T10:00:00.000Z"},
     "running since Fri 2026-05-01 10:00 UTC (pid 312), next sync at 12:21 UTC (every so often)"),
    ({"next_at": None, "why": "the archive is not there"},
     "running since 10:00 UTC (pid 312), no sync planned: the archive is not there"),
    ({"since": "x", "pid": None, "next_at": "9999"}, "running now, no sync planned: every so often"),
])  # fmt: skip
def test_the_line(changed: dict[str, Any], line: str) -> None:
    """Expect a line for each thing that a daemon can be at."""
    assert page.line(told(**changed), NOW, UTC_LOOK) == line
