"""`convo-sync service install` and `uninstall`, with stand-ins for each system's tools: what is written, run, said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from convo_sync.service import NAMES

from .console import Console
from .reading import build
from .systems import FILES, Owner

INSTALLS = {
    "systemd": ["systemctl --user daemon-reload", "systemctl --user enable convo-sync.service",
                "systemctl --user restart convo-sync.service"],
    "launchd": ["launchctl enable gui/501/convo-sync", "launchctl bootstrap gui/501 FILE"],
    "windows": ["schtasks /Create /TN convo-sync /XML FILE /F", "schtasks /Run /TN convo-sync"],
}  # fmt: skip
ENDS = {
    "systemd": ["systemctl --user stop convo-sync.service", "systemctl --user disable convo-sync.service",
                "systemctl --user daemon-reload", "systemctl --user reset-failed convo-sync.service"],
    "launchd": ["launchctl bootout gui/501/convo-sync"],
    "windows": ["schtasks /End /TN convo-sync", "schtasks /Delete /TN convo-sync /F"],
}  # fmt: skip
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


# -- install


def test_installing_twice_changes_nothing(owner: Owner) -> None:
    """Expect the file and the system's commands once; then nothing, and that it says so."""
    name = owner.tools.name
    first = owner.service("install")
    assert (first.code, first.err) == (0, "")
    assert "is installed" in first.out
    assert owner.calls() == INSTALLS[name]
    written = owner.file.read_bytes()
    with owner.daemon():
        again = owner.service("install")
    assert (again.code, again.out.splitlines()[0].endswith("Nothing was changed.")) == (0, True)
    assert (owner.calls(), owner.file.read_bytes()) == ([], written)


def test_another_form_is_replaced(owner: Owner) -> None:
    """Expect an edited file to be written anew, its daemon started anew, and that it says so."""
    owner.service("install")
    written = owner.file.read_bytes()
    owner.file.write_bytes(written + "\n".encode("utf-16-le" if owner.tools.name == "windows" else "utf-8"))
    owner.calls()
    with owner.daemon():
        ran = owner.service("install")
    assert (ran.code, "is replaced" in ran.out, owner.file.read_bytes() == written) == (0, True, True)
    assert [each for each in owner.calls() if each in INSTALLS[owner.tools.name]] == INSTALLS[owner.tools.name]


@pytest.mark.parametrize("owner", ["systemd", "launchd"], indirect=True)
def test_an_installed_service_that_stands_still_is_started(owner: Owner) -> None:
    """Expect it to be started, without a word of a new installation."""
    owner.service("install")
    owner.tools.become(runs=False)
    ran = owner.service("install")
    assert (ran.code, "did not run. It is started." in ran.out, owner.tools.state["runs"]) == (0, True, True)


@pytest.mark.parametrize("name", NAMES)
@on_systemd
def test_a_dry_run_shows_every_system_and_touches_none(owner: Owner, name: str) -> None:
    """Expect the file's path and whole text and the commands, nothing written, nothing run."""
    owner.monkeypatch.setattr("convo_sync.cli.service_work.os.getuid", lambda: 501)
    ran = owner.service("install", "--dry-run", "--system", name)
    assert (ran.code, ran.err) == (0, "")
    path = owner.folder / FILES[name]
    shown = ran.out.splitlines()
    assert shown[0] == f"# write {path}"
    assert [line.removeprefix("# run   ").replace(str(path), "FILE") for line in shown if line[:5] == "# run"] == (
        INSTALLS[name]
    )
    assert str(owner.archive) in ran.out
    assert sys.executable in ran.out
    assert (owner.calls(), path.exists(), owner.file.exists()) == ([], False, False)
    gone = owner.service("uninstall", "--dry-run", "--system", name)
    assert f"# remove {path}" in gone.out.splitlines()


def test_what_a_dry_run_shows_is_what_is_written(owner: Owner) -> None:
    """Expect the very text, line by line."""
    shown = owner.service("install", "--dry-run").out.splitlines()
    owner.service("install")
    text = owner.file.read_text(encoding="utf-16" if owner.tools.name == "windows" else "utf-8")
    assert shown[1 : shown.index("", shown.index("# write " + str(owner.file)) + text.count("\n"))] == text.splitlines()


@on_systemd
def test_another_system_is_for_a_dry_run_alone(owner: Owner) -> None:
    """Expect a usage error, and nothing run."""
    for command in ("install", "uninstall"):
        assert owner.service(command, "--system", "launchd").code == 2
    assert owner.calls() == []


@pytest.mark.parametrize("config", ["", '[api]\napi_key_file = "later"\n'])
def test_a_key_of_this_shell_alone_is_refused(owner: Owner, config: str) -> None:
    """Expect a sentence, the step to take, nothing written; a dry run shows its plan all the same."""
    owner.config.write_text(config, encoding="utf-8")
    owner.monkeypatch.setenv("CONVO_API_KEY", "convo_secret")
    ran = owner.service("install")
    assert (ran.code, ran.out) == (78, "")
    assert ran.err.splitlines() == [
        "The key is only in CONVO_API_KEY, which a service does not see.",
        "Keep it first: convo-sync init --store file (or --store keyring); then install the service.",
    ]
    assert (owner.calls(), owner.file.exists()) == ([], False)
    dry = owner.service("install", "--dry-run")
    assert (dry.code, "this would be refused. The key is only in CONVO_API_KEY" in dry.err) == (0, True)
    assert "convo_secret" not in ran.said + dry.said


@on_systemd
def test_no_key_at_all_is_refused(owner: Owner) -> None:
    """Expect what every command says of it, and of a key file that others can read."""
    owner.config.write_text("", encoding="utf-8")
    assert owner.service("install").err.startswith("There is no API key")
    owner.config.write_text('[api]\napi_key_file = "key"\n', encoding="utf-8")
    (owner.folder / "key").chmod(0o644)
    owner.monkeypatch.setenv("CONVO_API_KEY", "convo_secret")
    ran = owner.service("install")
    assert (ran.code, "CONVO_API_KEY" in ran.err, owner.file.exists()) == (78, False, False)


@on_systemd
def test_a_key_in_the_shell_too_is_no_obstacle(owner: Owner) -> None:
    """Expect the kept key to count, and neither to be written or shown."""
    owner.monkeypatch.setenv("CONVO_API_KEY", "convo_secret")
    ran = owner.service("install")
    assert (ran.code, "convo_" in owner.file.read_text().replace("convo_sync", "")) == (0, False)
    assert "convo_secret" not in ran.said


@on_systemd
def test_what_the_service_will_miss_is_told(owner: Owner) -> None:
    """Expect an address of this shell, an archive that is not there, and a daemon started by hand to be named."""
    owner.monkeypatch.setenv("CONVO_SYNC_BASE_URL", "http://127.0.0.1:9")
    with owner.daemon():
        said = owner.service("install").err
    assert "CONVO_SYNC_BASE_URL is set to http://127.0.0.1:9, which a service does not see" in said
    assert "Another daemon keeps this archive already" in said
    owner.archive.unlink()
    assert f"{owner.archive} is not there yet, and the service waits for it." in owner.service("install").err


@on_systemd
def test_a_refused_step_is_told(owner: Owner) -> None:
    """Expect the command and its own words, exit 1; the next installation mends it."""
    owner.tools.become(refused="enable")
    ran = owner.service("install")
    assert (ran.code, ran.err) == (1, "`systemctl --user enable convo-sync.service` failed: Access denied.\n")
    owner.tools.become(refused="")
    assert (owner.service("install").code, owner.tools.state["on"]) == (0, True)


@on_systemd
def test_the_path_goes_along_with_a_key_command(owner: Owner) -> None:
    """Expect a key command to be run once for a test, and to be found by the service."""
    owner.config.write_text(f"[api]\napi_key_command = '{sys.executable} -c \"print(5)\"'\n", encoding="utf-8")
    assert owner.service("install").code == 0
    assert f"Environment=PATH={owner.folder / 'bin'}\n" in owner.file.read_text()


# -- a computer without the system


@pytest.mark.parametrize("command", ["install", "status", "logs"])
def test_without_the_systems_tool(owner: Owner, command: str) -> None:
    """Expect a plain sentence and exit 1, and nothing written."""
    owner.tools.vanish()
    ran = owner.service(command)
    assert (ran.code, ran.out, owner.file.exists()) == (1, "", False)
    assert ran.err.startswith(
        f"There is no {ran.err.split()[3]} on this computer, so {owner.tools.name} keeps no service"
    )
    assert "convo-sync daemon" in ran.err
    assert owner.service("uninstall").code == 0


@on_systemd
def test_without_a_session(owner: Owner) -> None:
    """Expect what systemd says, and neither a file written nor an installed one removed."""
    owner.tools.become(broken=True)
    ran = owner.service("install")
    assert (ran.code, owner.file.exists()) == (1, False)
    assert "does not answer for this user: Failed to connect to bus: No medium found.\n" in ran.err
    assert owner.service("status").code == 3
    assert owner.service("uninstall").code == 0
    owner.tools.become(broken=False)
    owner.service("install")
    owner.tools.become(broken=True)
    assert (owner.service("uninstall").code, owner.service("status").code, owner.file.exists()) == (1, 1, True)


# -- uninstall


def test_uninstall_leaves_the_archive(owner: Owner) -> None:
    """Expect the service to be stopped and forgotten, its file gone, archive, key and configuration as they were."""
    owner.service("install")
    owner.calls()
    kept = {path: path.read_bytes() for path in (owner.archive, owner.config, owner.folder / "key")}
    ran = owner.service("uninstall")
    assert (ran.code, ran.out.startswith("The service is stopped and removed.")) == (0, True)
    assert owner.calls() == ENDS[owner.tools.name]
    assert (owner.file.exists(), owner.tools.state["on"]) == (False, False)
    assert {path: path.read_bytes() for path in kept} == kept
    again = owner.service("uninstall")
    assert (again.code, again.out) == (0, "No service is installed. Nothing was changed.\n")
    assert owner.calls() == []


@on_systemd
def test_uninstall_of_a_service_whose_file_is_gone(owner: Owner) -> None:
    """Expect what still runs to be stopped."""
    owner.service("install")
    owner.file.unlink()
    assert (owner.service("uninstall").code, owner.tools.state["runs"]) == (0, False)


@on_systemd
def test_a_daemon_that_does_not_end_is_told(owner: Owner) -> None:
    """Expect no claim that it was stopped."""
    owner.service("install")
    owner.tools.become(refused="stop")
    owner.monkeypatch.setattr("convo_sync.service.installing.time.sleep", lambda _: None)
    ran = owner.service("uninstall")
    assert (ran.code, "runs on" in ran.err) == (1, True)
