"""What the service's files say, for each system, and what is read from the systems' answers."""

from __future__ import annotations

import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from convo_sync.places import log_file, units_folder
from convo_sync.service import NAMES, Remove, Run, Seen, ServiceTrouble, Work, Write, in_words, machine, system_for
from convo_sync.service.systems import name_here

WORK = Work(
    python="/opt/convo/bin/python",
    archive="/srv/mara/meetings/archive.db",
    config="/srv/mara/.config/convo-sync/config.toml",
    log="/srv/mara/logs/daemon.log",
    folder="/srv/mara",
    units="/srv/mara/.config/systemd/user",
    tasks="/srv/mara/tasks",
    user="OFFICE\\mara",
    user_id=501,
)
# Whatever a person may call a folder.
ODD = replace(WORK, archive='/srv/mara/50% of "all" $HOME \\ <a&b>/ü.db')
DAEMON = ["-P", "-m", "convo_sync", "--archive", ODD.archive, "--config", ODD.config, "daemon"]
XML = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def lines(text: str) -> dict[str, str]:
    """A unit's settings."""
    return dict(line.partition("=")[::2] for line in text.splitlines() if "=" in line and not line.startswith("#"))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_names_whole_paths_and_no_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the interpreter, the archive and the configuration, and nothing of the environment."""
    monkeypatch.setenv("CONVO_API_KEY", "convo_secret")
    text = system_for(name, WORK).file().text
    for path in (WORK.python, WORK.archive, WORK.config):
        assert path in text
    assert "convo_secret" not in text
    assert "CONVO_API_KEY" not in text
    assert text.endswith("\n")


def test_a_unit_restarts_with_pauses_and_starts_at_login() -> None:
    """Expect systemd to keep it for ever, a minute after each end, and to begin it with the session."""
    unit = lines(system_for("systemd", WORK).file().text)
    assert (unit["Restart"], unit["RestartSec"], unit["StartLimitIntervalSec"]) == ("always", "60", "0")
    assert unit["WantedBy"] == "default.target"
    assert (unit["NoNewPrivileges"], unit["UMask"], unit["KillMode"]) == ("yes", "0077", "mixed")


def test_a_key_command_keeps_its_rights_and_finds_its_programs() -> None:
    """Expect nothing that implies no new privileges, and the PATH of who installs it."""
    unit = lines(system_for("systemd", replace(WORK, search_path="/srv/mara/my bin:/usr/bin")).file().text)
    assert unit["Environment"] == '"PATH=/srv/mara/my bin:/usr/bin"'
    assert not {"NoNewPrivileges", "SystemCallFilter", "RestrictNamespaces", "LockPersonality"} & set(unit)
    agent = plistlib.loads(system_for("launchd", replace(WORK, search_path="/bin:/x")).file().text.encode())
    assert agent["EnvironmentVariables"] == {"PATH": "/bin:/x"}


def test_systemd_reads_odd_paths_back() -> None:
    """Expect quotes, per cent, dollar and backslash to reach the daemon as they are."""
    words = shlex.split(lines(system_for("systemd", ODD).file().text)["ExecStart"].replace("%%", "%"))
    assert [word.replace("$$", "$") for word in words] == [ODD.python, *DAEMON]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
@pytest.mark.parametrize("work", [WORK, ODD, replace(ODD, search_path="/srv/mara/50%/$x:/usr/bin")])
def test_systemd_finds_nothing_wrong_with_the_unit(work: Work, tmp_path: Path) -> None:
    """Expect not one word of `systemd-analyze verify`, and one where a setting is misspelt."""
    unit = Path(system_for("systemd", replace(work, python=sys.executable, units=str(tmp_path))).file().path)
    text = system_for("systemd", replace(work, python=sys.executable)).file().text
    assert verified(unit, text) == (0, "")
    assert "Restrat" in verified(unit, text.replace("Restart=", "Restrat="))[1]


def verified(unit: Path, text: str) -> tuple[int, str]:
    """What systemd-analyze says of a unit for a user."""
    unit.write_text(text, encoding="utf-8")
    run = unit.parent / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(unit)], capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | {"XDG_RUNTIME_DIR": str(run)},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_launchds_agent_is_a_property_list() -> None:
    """Expect it to run at login, always again, with a log file of its own."""
    file = system_for("launchd", ODD).file()
    assert file.path == os.path.join("/srv/mara", "Library", "LaunchAgents", "convo-sync.plist")
    agent = plistlib.loads(file.text.encode())
    assert agent["ProgramArguments"] == [ODD.python, *DAEMON, "--log-file", ODD.log]
    assert (agent["Label"], agent["RunAtLoad"], agent["KeepAlive"]) == ("convo-sync", True, True)
    assert (agent["ThrottleInterval"], agent["Umask"]) == (60, 0o077)


def test_windows_task_is_xml() -> None:
    """Expect it to begin at its user's login, to be begun again, and never to end by itself or on battery."""
    file = system_for("windows", ODD).file()
    task = ElementTree.fromstring(file.text.encode("utf-16"))
    found = {element.tag.removeprefix(XML): element.text for element in task.iter()}
    assert (found["Command"], found["UserId"], found["RunLevel"]) == (ODD.python, "OFFICE\\mara", "LeastPrivilege")
    assert found["Arguments"] == subprocess.list2cmdline([*DAEMON, "--log-file", ODD.log])
    assert (found["ExecutionTimeLimit"], found["MultipleInstancesPolicy"]) == ("PT0S", "IgnoreNew")
    assert (found["StopIfGoingOnBatteries"], found["DisallowStartIfOnBatteries"]) == ("false", "false")
    assert file.encoding == "utf-16"


@pytest.mark.parametrize(("platform", "name"), [("linux", "systemd"), ("darwin", "launchd"), ("win32", "windows"),
                                                ("freebsd14", "systemd")])  # fmt: skip
def test_each_platform_has_its_system(platform: str, name: str) -> None:
    """Expect systemd wherever it is neither of the others: there its absence is told."""
    assert name_here(platform) == name


def test_a_log_lies_where_its_platform_expects_it() -> None:
    """Expect the three places, each below the user's own folder unless the environment names another."""
    home = os.path.expanduser("~")
    assert log_file({}, "darwin") == os.path.join(home, "Library", "Logs", "convo-sync", "daemon.log")
    assert log_file({"LOCALAPPDATA": "L"}, "win32") == os.path.join("L", "convo-sync", "Logs", "daemon.log")
    assert log_file({}, "linux") == os.path.join(home, ".local", "state", "convo-sync", "daemon.log")
    assert units_folder({}) == os.path.join(home, ".config", "systemd", "user")
    assert units_folder({"XDG_CONFIG_HOME": "/x"}) == os.path.join("/x", "systemd", "user")


# -- answers


@pytest.mark.parametrize(("out", "seen"), [
    ("ActiveState=active\nUnitFileState=enabled\n", Seen(True, True)),
    ("ActiveState=inactive\nUnitFileState=\n", Seen(False, False, "inactive")),
    ("ActiveState=activating\nSubState=auto-restart\nUnitFileState=enabled\nExecMainStatus=78\n",
     Seen(True, False, "ended with exit code 78, and is started again within a minute")),
    ("ActiveState=failed\nSubState=failed\nUnitFileState=disabled\nResult=signal\nExecMainStatus=9\n",
     Seen(False, False, "failed: signal, exit code 9")),
    ("", None),
])  # fmt: skip
def test_systemds_answer(out: str, seen: Seen | None) -> None:
    """Expect what it says, and None where it says nothing of the unit."""
    assert system_for("systemd", WORK).read(0, out, "") == seen
    assert system_for("systemd", WORK).read(1, out, "Failed to connect to bus") is None


def test_launchds_answer() -> None:
    """Expect its state, its last exit code where it does not run, and "not loaded" where it is not known."""
    read = system_for("launchd", WORK).read
    assert read(0, "x = {\n\tstate = running\n\tpid = 7\n}", "") == Seen(True, True)
    assert read(0, "x = {\n\tstate = spawn scheduled\n\tlast exit code = 78: EX_CONFIG\n}", "") == Seen(
        True, False, "spawn scheduled, exit code 78: EX_CONFIG"
    )
    assert read(113, "", "Could not find service") == Seen(False, False, "not loaded")
    assert read(125, "", "Domain does not support specified action") is None


def test_windows_answer_is_its_exit_code() -> None:
    """Expect no reading of words, which are in the system's language."""
    read = system_for("windows", WORK).read
    assert read(0, "Wird ausgeführt", "") == Seen(True, None)
    assert read(1, "", "FEHLER") == Seen(False, None, "no such task")


# -- steps


def test_a_file_is_written_whole_and_private(tmp_path: Path) -> None:
    """Expect its folder to be made, mode 0600, and no other file left behind."""
    file = Write(str(tmp_path / "a" / "unit"), "täxt\n", "utf-16")
    assert machine.text_at(file) is None
    machine.carry_out(file)
    machine.carry_out(replace(file, text="other\n"))
    assert machine.text_at(file) == "other\n"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["unit"]
    if sys.platform != "win32":
        assert (tmp_path / "a" / "unit").stat().st_mode & 0o777 == 0o600
    machine.carry_out(Remove(file.path))
    machine.carry_out(Remove(file.path))
    assert machine.text_at(file) is None


def test_a_command_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect its own words, none where it may fail, and as many tries as it has."""
    monkeypatch.setattr(machine, "_BETWEEN_TRIES_SECONDS", 0.0)
    fails = (sys.executable, "-c", "import sys; print('counted'); sys.exit('It is\\nnot there.')")
    with pytest.raises(ServiceTrouble, match=r"failed: It is not there\.$"):
        machine.carry_out(Run(fails))
    machine.carry_out(Run(fails, may_fail=True))
    calls: list[object] = []

    def fails_twice(argv: Sequence[str]) -> machine.Answer:
        calls.append(argv)
        return machine.Answer(1 if len(calls) < 3 else 0, "", "")

    with pytest.raises(ServiceTrouble, match="cannot be started"):
        machine.carry_out(Run(("/nowhere/at-all",)))
    monkeypatch.setattr(machine, "call", fails_twice)
    machine.carry_out(Run(("tool",), tries=5))
    assert len(calls) == 3


def test_steps_in_words() -> None:
    """Expect files whole and commands as one types them."""
    steps = (Write("/u", "one\ntwo\n"), Run(("a", "b c"), may_fail=True), Remove("/u"))
    assert list(in_words(steps)) == ["# write /u", "one", "two", "", '# run   a "b c"   (may fail)', "# remove /u"]
