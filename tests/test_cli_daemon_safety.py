"""What a sync that nobody typed must not do: fill an empty place, run what lies about, take a plan for a key."""

from __future__ import annotations

import shutil
import socket
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from convo_sync.archive.write import Archive
from convo_sync.cli import background, child, daemon, webhook_checks
from convo_sync.cli.events import Log
from convo_sync.cli.finding import State
from convo_sync.cli.root import Setup
from convo_sync.config import Config
from convo_sync.config.webhooks import Settings
from convo_sync.errors import ArchiveMissing, KeyRefused, PlanLacks
from convo_sync.lock import WriterLock

KEY = "convo_some_key"


def test_a_plan_that_lacks_the_api_is_no_refused_key(tmp_path: Path) -> None:
    """Only the API's 401 keeps a key from being tried again: another plan needs no other key."""
    archive = tmp_path / "archive.db"
    archive.write_bytes(b"there")
    background.remember(archive, KEY, PlanLacks("The plan has no API."))
    background.require(archive, KEY)
    background.remember(archive, KEY, KeyRefused("Unknown key."))
    with pytest.raises(KeyRefused, match="not asked again"):
        background.require(archive, KEY)
    background.require(archive, KEY + "2")
    background.remember(archive, KEY, None)
    background.require(archive, KEY)


def test_nothing_that_lies_about_is_run() -> None:
    """Python must not look for modules in the folder in which the daemon was started."""
    assert child.myself() == [sys.executable, "-P", "-m", "convo_sync"]


@pytest.mark.parametrize("is_empty", [False, True])
def test_no_archive_is_made_in_the_place_of_one_that_is_gone(tmp_path: Path, is_empty: bool) -> None:
    """Missing, or empty: told, and left as it is."""
    path = tmp_path / "archive.db"
    if is_empty:
        path.touch()
    with pytest.raises(ArchiveMissing):
        Archive(path, datetime.now(UTC), create=False)
    assert [each.stat().st_size for each in tmp_path.iterdir()] == [0] * is_empty


def test_a_daemon_follows_its_archives_folder(tmp_path: Path) -> None:
    """A disk that was unplugged and came back: the lock is taken there anew, or left to who took it first."""
    setup, left = Setup(str(tmp_path / "disk" / "a.db"), str(tmp_path / "config.toml"), False, 0, False), list[str]()
    for is_taken in (False, True):
        shutil.rmtree(tmp_path / "disk", ignore_errors=True)
        with WriterLock(setup.archive, "convo-sync daemon", suffix=".daemon").acquire() as lock:
            world = daemon._World(setup, Log(as_json=False), lock)
            ended = threading.Event()
            world.leave = ended.set
            assert lock.is_in_place()
            (tmp_path / "disk").rename(tmp_path / f"away {is_taken}")
            assert not lock.is_in_place()
            if is_taken:
                other = WriterLock(setup.archive, "another", suffix=".daemon").acquire()
                left.append(other.holder())
            assert world._keeps_lock() is not is_taken
            assert world.is_ousted is is_taken
            assert not is_taken or ended.wait(5.0)
            if is_taken:
                other.release()
            else:
                assert lock.is_in_place()
    assert left


def test_doctor_looks_where_deliveries_come_in(tmp_path: Path) -> None:
    """No receiver: no line. No secret, no daemon, a port that nobody listens on: each told by itself."""
    assert webhook_checks.examine(None, is_kept=True) == []
    assert webhook_checks.examine(Config(tmp_path / "config.toml"), is_kept=True) == []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        settings = Settings(tmp_path / "secret", address, "https://hooks.example.com/")
        config = Config(tmp_path / "config.toml", webhooks=settings)
        (found,) = webhook_checks.examine(config, is_kept=True)
        assert (found.state, found.exit_code) == (State.PROBLEM, 78)
        config = replace(config, webhooks=replace(settings, secret="whsec_0123456789abcdef"))
        (found,) = webhook_checks.examine(config, is_kept=False)
        assert found.state is State.SKIPPED
        (found,) = webhook_checks.examine(config, is_kept=True)
        assert (found.state, "hooks.example.com" in found.message) == (State.OK, True)
    (found,) = webhook_checks.examine(config, is_kept=True)
    assert (found.state, found.exit_code) == (State.PROBLEM, 1)
