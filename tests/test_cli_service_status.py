"""`convo-sync service status` and `logs`: what they say, their exit codes, and the log file that never grows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from convo_sync.cli.log_file import OLDER, LogFile, follow, last_lines
from convo_sync.service import NAMES

from .console import Console
from .reading import build
from .systems import Owner

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are scripts with a #! line")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a complete sync."""
    return build(tmp_path_factory.mktemp("kept"))


@pytest.fixture(params=NAMES)
def owner(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    built: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Owner:
    """An owner on each of the systems."""
    return Owner(tmp_path, built, Console(capsys, monkeypatch), request.param)


on_systemd = pytest.mark.parametrize("owner", ["systemd"], indirect=True)
on_launchd = pytest.mark.parametrize("owner", ["launchd"], indirect=True)


# -- status


def test_status(owner: Owner) -> None:
    """Expect 3 where nothing is installed, 0 where it runs, with the next sync and the last result."""
    none = owner.service("status")
    assert (none.code, none.out.splitlines()[0]) == (3, "Installed: no; convo-sync service install")
    owner.service("install")
    with owner.daemon():
        ran = owner.service("status", "--utc")
        told = owner.service("status", "--json").json
    assert ran.code == 0, ran.said
    assert f"Installed: {owner.file}\n" in ran.out
    assert "\nRunning:   since " in ran.out
    assert "(every so often)\n" in ran.out
    assert "\nLast run:  " in ran.out
    assert ran.out.endswith(" UTC, 1 request)\n")
    assert (told["installed"], told["current"], told["running"], told["system"]) == (True, True, True, owner.tools.name)
    assert told["daemon"]["why"] == "every so often"
    assert told["last_run"]["outcome"] == "complete"


def test_status_of_a_service_that_stands_still(owner: Owner) -> None:
    """Expect 4, and why, as far as the system says."""
    owner.service("install")
    owner.tools.become(runs=False)
    ran = owner.service("status")
    assert (ran.code, "\nRunning:   no" in ran.out) == (4, True)
    owner.file.write_text("# older\n", encoding="utf-16" if owner.tools.name == "windows" else "utf-8")
    assert "not as this command would install it" in owner.service("status").out


@pytest.mark.parametrize("owner", ["systemd", "launchd"], indirect=True)
def test_a_daemon_started_by_hand_is_not_the_service(owner: Owner) -> None:
    """Expect it to be told as what it is, and the exit code to be the service's."""
    with owner.daemon():
        ran = owner.service("status")
        assert (ran.code, ", not by the service\n" in ran.out) == (3, True)


# -- logs


@on_systemd
def test_logs_are_the_journal(owner: Owner) -> None:
    """Expect journalctl to be asked for this service, as many lines as wanted; it prints by itself."""
    assert owner.service("logs", "-n", "7").code == 0
    assert owner.calls() == ["journalctl --user -u convo-sync -n 7 -o cat --no-pager"]
    owner.service("logs", "--follow")
    assert owner.calls() == ["journalctl --user -u convo-sync -n 50 -o cat --no-pager -f"]


@on_launchd
def test_logs_of_a_file(owner: Owner) -> None:
    """Expect the last lines, older files included, and exit 3 where there is no log yet."""
    ran = owner.service("logs")
    assert (ran.code, ran.err.startswith("There is no log yet")) == (3, True)
    log = LogFile(owner.folder / "home" / "Library" / "Logs" / "convo-sync" / "daemon.log", limit=100)
    for number in range(30):
        log.write_line(f"event {number} 100% \x1b[31m")
    shown = owner.service("logs", "-n", "12").out.splitlines()
    assert shown == [f"event {number} 100% [31m" for number in range(18, 30)]


# -- the log file


def test_a_log_never_grows_beyond_its_size(tmp_path: Path) -> None:
    """Expect it and three older ones, none too large, all private, and the newest lines in them."""
    path = tmp_path / "logs" / "daemon.log"
    log = LogFile(path, limit=1000)
    for number in range(1000):
        log.write_line(f"{number:04} an event with some words")
    log.close()
    files = sorted(path.parent.iterdir())
    assert len(files) == OLDER + 1
    assert all(file.stat().st_size <= 1000 and file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert last_lines(path, 40) == [f"{number:04} an event with some words" for number in range(960, 1000)]
    assert last_lines(path, 0) == []


def test_following_goes_on_in_the_new_file(tmp_path: Path) -> None:
    """Expect each line once and in order, over a change of files, and none that was there before."""
    path = tmp_path / "daemon.log"
    log = LogFile(path, limit=100)
    log.write_line("before")
    added = follow(path)
    for number in range(5):
        log.write_line(f"line {number} {'x' * 50}")
        assert next(added).startswith(f"line {number} ")
    added.close()
    log.close()


def test_the_daemon_logs_to_its_file(owner: Owner, tmp_path: Path) -> None:
    """Expect what it is refused for at its start to be in the file, where nobody reads its stderr."""
    log = tmp_path / "daemon.log"
    with owner.daemon():
        ran = owner.console("--archive", owner.archive, "daemon", "--log", "json", "--log-file", log)
    assert (ran.code, "A daemon keeps this archive already" in ran.err) == (75, True)
    (line,) = log.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["event"] == "refused"
    unwritable = owner.console("--archive", owner.archive, "daemon", "--log-file", owner.archive / "daemon.log")
    assert (unwritable.code, "cannot be written" in unwritable.err) == (1, True)


@on_systemd
def test_a_daemon_tells_its_file_of_its_life(owner: Owner, tmp_path: Path) -> None:
    """Expect the real process to write its events there and nothing on stderr, to the last one."""
    log = tmp_path / "daemon.log"
    command = [sys.executable, "-m", "convo_sync", "--archive", str(owner.archive), "--config", str(owner.config)]
    environment = os.environ | {"CONVO_SYNC_BASE_URL": "http://127.0.0.1:9"}  # nobody listens there
    with subprocess.Popen(
        [*command, "daemon", "--log-file", str(log)], env=environment, stderr=subprocess.PIPE
    ) as daemon:
        deadline = time.monotonic() + 60
        while not any(" sync " in line for line in last_lines(log, 9)) and time.monotonic() < deadline:
            time.sleep(0.05)
        daemon.terminate()
        _, said = daemon.communicate(timeout=60)
    events = [line.split()[1] for line in last_lines(log, 99)]
    assert (events[0], events[-1], "sync" in events) == ("started", "stopped", True)
    assert (daemon.returncode, said) == (0, b"")


@on_launchd
def test_following_ends_with_ctrl_c(owner: Owner) -> None:
    """Expect the exit code of a Ctrl-C, and not a word."""

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    owner.monkeypatch.setattr("convo_sync.cli.log_file.time.sleep", interrupted)
    ran = owner.service("logs", "--follow")
    assert (ran.code, ran.said) == (130, "")
