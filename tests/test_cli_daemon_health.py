"""`convo-sync daemon` as a process: its log names runs and no one's words, and a notification comes once a day."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync.cli.background_state import State
from convo_sync.simulator.wire import Refusal, Response
from tests.keeper import PATIENCE_SECONDS, Keeper
from tests.rig import Rig, add
from tests.test_notifying import stand_in

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")]
TOOL = "osascript" if sys.platform == "darwin" else "notify-send"
TITLE = "Layoffs at Acme"


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    """An account of two meetings, archived long ago."""
    with Rig.serving(tmp_path, start=None) as rig:
        kept = Keeper(rig, tmp_path)
        for number in (1, 2):
            add(rig, number, timedelta(days=30 + number))
        done = kept.run("sync")
        assert done.returncode == 0, done.stderr
        kept.grow_old()
        yield kept


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What a desktop showed so far, one string for each notification."""
    folder = tmp_path / "bin"
    folder.mkdir()
    stand_in(folder, TOOL)
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def read() -> list[str]:
        path = folder / "shown"
        return [" ".join(json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []

    return read


def notify(keeper: Keeper) -> None:
    """Have it configured."""
    with keeper.config.open("a", encoding="utf-8") as file:
        file.write("\n[notify]\ndesktop = true\n")


def until(reached: Callable[[], object]) -> None:
    """Wait for what another process does."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.002)


def revoke(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is refused, in words that repeat it as JSON may write it, and name a meeting."""
    spelled = "".join(f"\\u{ord(each):04x}" for each in keeper.rig.key)

    def response(refusal: Refusal) -> Response:
        body = f'{{"error": {{"code": "{refusal.code}", "message": "{TITLE}: {spelled} is unknown"}}}}'
        return Response(refusal.status, (("Content-Type", "application/json"),), body.encode())

    monkeypatch.setattr(Refusal, "response", response)
    keeper.rig.simulator.revoke_key(keeper.rig.key)


def test_a_sync_is_logged_with_its_run(keeper: Keeper) -> None:
    """Expect the number that the archive has for it; none where the run never began."""
    with keeper.daemon() as daemon:
        first = daemon.wait_for("sync", code=0)
        daemon.wait_for("planned")
        keeper.configure("soon")
        daemon.send(signal.SIGHUP)
        assert daemon.wait_for("sync", code=78)["run"] is None
        keeper.configure("30 min")
        daemon.send(signal.SIGHUP)
        second = daemon.wait_for("sync", code=0)
    numbers = [id_ for (id_,) in keeper.rig.rows("select id from runs where command = 'daemon' order by id")]
    assert [first["run"], second["run"]] == numbers


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_words_of_others_in_the_log(keeper: Keeper, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect neither a title nor a key in any line, though Convo's refusal repeats both."""
    revoke(keeper, monkeypatch)
    with keeper.daemon(form) as daemon:
        until(lambda: "key was refused" in (daemon.next_line() or ""))
        daemon.send(signal.SIGTERM)
        text = "\n".join(daemon.rest())
    ((recorded,),) = keeper.rig.rows("select error_message from runs order by id desc limit 1")
    assert TITLE in recorded  # it came, and the archive is where it may stand
    assert "Convo refused the key" in text
    assert TITLE not in text
    assert keeper.rig.key not in text


def test_a_notification_comes_once_a_day_whichever_daemon_runs(
    keeper: Keeper, shown: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expect one for the key and one for the age of the archive, none again for a later run or daemon, without words.

    Nothing is shown where it is not configured.
    """
    revoke(keeper, monkeypatch)
    long_ago(keeper)
    with keeper.daemon() as daemon:
        daemon.wait_for("sync", code=77)
        daemon.wait_for("planned")
    assert shown() == []
    notify(keeper)
    with keeper.daemon() as daemon:
        told = [daemon.wait_for("notified") for _ in range(2)]
        daemon.send(signal.SIGHUP)
        daemon.wait_for("sync", code=77)
    assert sorted((each["cause"], each["by"]) for each in told) == [("key", TOOL), ("stale", TOOL)]
    with keeper.daemon() as daemon:
        daemon.wait_for("sync", code=77)
        daemon.wait_for("planned")
        daemon.send(signal.SIGTERM)
        assert not any('"notified"' in line for line in daemon.rest())
    until(lambda: len(shown()) >= 2)
    assert len(shown()) == 2
    assert not any(TITLE in each or keeper.rig.key in each for each in shown())
    yesterday(keeper)
    with keeper.daemon() as daemon:
        daemon.wait_for("notified", cause="key")


def test_credits_that_run_out_are_notified_of(keeper: Keeper, shown: Callable[[], list[str]]) -> None:
    """Expect the run's own warning, in the log and on the desktop."""
    with keeper.config.open("a", encoding="utf-8") as file:
        file.write('\n[credits]\nmonthly_cap = 1\n[[credits.rule]]\ngenerate = "keypoints"\nwhen = "missing"\n')
    notify(keeper)
    add(keeper.rig, 3, timedelta(days=2), notes=False)
    with keeper.daemon() as daemon:
        assert daemon.wait_for("sync", code=0)["credits"] == 1
        assert "AI credits" in daemon.wait_for("warning")["text"]
        daemon.wait_for("notified", cause="credits")
    assert any("(monthly_cap) are spent" in each for each in shown())


def test_a_desktop_that_hangs_holds_nothing_up(keeper: Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the daemon to plan the next run, and to end within its five seconds, while the command does not."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / TOOL).write_text("#!/bin/sh\nsleep 60\n")
    (folder / TOOL).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    notify(keeper)
    keeper.rig.simulator.revoke_key(keeper.rig.key)
    with keeper.daemon() as daemon:
        daemon.wait_for("planned", why="the key was refused")
        assert not any('"notified"' in line for line in daemon.lines)
        daemon.send(signal.SIGTERM)
        assert daemon.wait(5.0) == 0


def test_the_state_shows_life(keeper: Keeper) -> None:
    """Expect a state of a daemon that looks not to be a stuck one's, and to keep what was notified at its end."""
    notify(keeper)
    keeper.rig.simulator.revoke_key(keeper.rig.key)
    with keeper.daemon() as daemon:
        daemon.wait_for("planned", why="the key was refused")
        told = State(keeper.rig.path).read()
        assert told is not None
        assert (told["pid"], told["stuck"]) == (daemon.process.pid, False)
        daemon.send(signal.SIGTERM)
        daemon.rest()
        daemon.wait(PATIENCE_SECONDS)
    assert list(State(keeper.rig.path).notified()) == ["key"]


def long_ago(keeper: Keeper) -> None:
    """The last complete run ended long ago, too."""
    change(keeper, "update runs set finished_at = '2026-01-01T00:00:01.000Z'")


def yesterday(keeper: Keeper) -> None:
    """What was notified of, was on another day; and the key is asked with again."""
    state = State(keeper.rig.path)
    told: dict[str, Any] = json.loads(state.path.read_text())
    told["notified"] = dict.fromkeys(told["notified"], "2026-01-01")
    state.path.write_text(json.dumps(told))


def change(keeper: Keeper, statement: str) -> None:
    """Tamper with the archive."""
    with contextlib.closing(sqlite3.connect(keeper.rig.path)) as connection, connection:
        connection.execute(statement)
