"""Commands in a process of their own whose stderr or stdout is closed, full or left: the work and its code stand."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from convo_sync.simulator import Simulator

from .simulator.asking import small_world

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and /dev")


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A simulated account in the environment; the archive's path."""
    sim = Simulator(small_world())
    with sim.serve() as url:
        monkeypatch.setenv("CONVO_SYNC_BASE_URL", url)
        monkeypatch.setenv("CONVO_API_KEY", sim.key)
        yield tmp_path / "archive.db"


@contextlib.contextmanager
def left_pipe() -> Iterator[int]:
    """The writing end of a pipe whose reader has left."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


def command(archive: Path, *arguments: str) -> list[str]:
    """How to start it."""
    return [sys.executable, "-m", "convo_sync", "--archive", str(archive), *arguments]


def endings(archive: Path) -> list[tuple[str, ...]]:
    """How each run was recorded."""
    with contextlib.closing(sqlite3.connect(archive)) as connection:
        return connection.execute("select outcome from runs").fetchall()


def test_a_reader_of_stderr_that_leaves_does_not_end_a_sync(account: Path) -> None:
    """Expect the run to be completed and recorded, and its words on stdout."""
    with left_pipe() as writing:
        done = subprocess.run(command(account, "sync"), stdout=subprocess.PIPE, stderr=writing, timeout=60, check=False)
    assert (done.returncode, endings(account)) == (0, [("complete",)])
    assert b"up to date" in done.stdout


def test_a_failure_keeps_its_code_without_a_reader(account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the run's own exit code where neither stream has a reader."""
    monkeypatch.setenv("CONVO_API_KEY", "convo_unknown")
    with left_pipe() as writing:
        done = subprocess.run(command(account, "sync"), stdout=writing, stderr=writing, timeout=60, check=False)
    assert (done.returncode, endings(account)) == (77, [("failed",)])


def test_a_stale_archive_keeps_its_code_without_a_reader(account: Path) -> None:
    """Expect 4, and no word of a broken pipe, where the reader of `status` has left."""
    subprocess.run(command(account, "-q", "sync"), timeout=60, check=True)
    with contextlib.closing(sqlite3.connect(account, isolation_level=None)) as connection:
        connection.execute("update runs set finished_at = '2020-01-01T00:00:00.000Z'")
    with left_pipe() as writing:
        done = subprocess.run(
            command(account, "status"), stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert done.returncode == 4
    assert b"Broken" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_stderr_does_not_end_a_sync(account: Path) -> None:
    """Expect the run to be completed and recorded."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command(account, "sync"), stdout=subprocess.PIPE, stderr=full, timeout=60, check=False)
    assert (done.returncode, endings(account)) == (0, [("complete",)])


@pytest.mark.parametrize("arguments", [("-v", "sync"), ("sync", "--json"), ("search", "lid"), ("show", "no such id")])
def test_a_closed_stderr_ends_nothing(account: Path, arguments: tuple[str, ...]) -> None:
    """Expect the same exit code as with one, and no file of ours where others print errors."""
    script = 'exec "$0" "$@" 2>&-'
    usual = subprocess.run(command(account, *arguments), capture_output=True, timeout=60, check=False)
    done = subprocess.run(
        ["/bin/sh", "-c", script, *command(account, *arguments)], stdout=subprocess.PIPE, timeout=60, check=False
    )
    assert done.returncode == usual.returncode
    assert bool(done.stdout) == bool(usual.stdout)
