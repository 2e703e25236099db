"""doctor: the service, the key as it finds it, and the daemon's last look; each cause by itself turns its line red."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from convo_sync.cli.background_state import State
from convo_sync.config import DEFAULT_BASE_URL

from .console import Console, Ran
from .reading import build
from .systems import Owner

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are scripts with a #! line")
NAMES = ("service", "key for the service", "wake")
Break = Callable[[Owner], object]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a complete sync, of the account at Convo's own address."""
    path = build(tmp_path_factory.mktemp("kept"))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update meta set value = ? where key = 'base_url'", (DEFAULT_BASE_URL,))
    return path


@pytest.fixture(params=["systemd", "launchd"])
def owner(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    built: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Owner:
    """An owner on each of the systems that tell whether it runs."""
    return Owner(tmp_path, built, Console(capsys, monkeypatch), request.param)


@pytest.fixture
def kept(owner: Owner) -> Iterator[Owner]:
    """The service is installed, and its daemon runs."""
    assert owner.service("install").code == 0
    with owner.daemon():
        yield owner


def doctor(owner: Owner, *options: str) -> Ran:
    """Run it, and see to it that no key is shown."""
    ran = owner.console("--archive", owner.archive, "--config", owner.config, "doctor", "--offline", *options)
    assert "convo_kept" not in ran.said
    assert "convo_other" not in ran.said
    return ran


def checks(owner: Owner) -> dict[str, Any]:
    """The three checks."""
    found = {each["name"]: each for each in doctor(owner, "--json").json["checks"]}
    assert tuple(found)[-3:] == NAMES
    return {name: found[name] for name in NAMES}


def states(owner: Owner) -> list[str]:
    """How the three end."""
    return [each["state"] for each in checks(owner).values()]


def grow_silent(owner: Owner) -> None:
    """The daemon has not looked for so long."""
    path = State(owner.archive).path
    told = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(told | {"awake": told["awake"] - 301}), encoding="utf-8")


def test_where_all_is_well(kept: Owner) -> None:
    """Expect the service's file, the key's place and the next sync, and exit code 0."""
    found = checks(kept)
    assert states(kept) == ["ok"] * 3
    assert found["service"]["message"] == f"{kept.file}, running"
    assert found["key for the service"]["message"].startswith("the same, from the file ")
    assert found["wake"]["message"].startswith("next sync at ")
    assert doctor(kept).code == 0


def test_where_no_service_is_installed(owner: Owner) -> None:
    """Expect no question to the system, nothing wrong, and how to have one; though a daemon hangs that somebody began.

    Neither is a key wrong that is in the environment alone.
    """
    owner.monkeypatch.setenv("CONVO_API_KEY", "convo_other")
    (owner.folder / "key").unlink()
    with owner.daemon():
        grow_silent(owner)
        found = checks(owner)
        assert {each["message"] for each in found.values()} == {"no service is installed; convo-sync service install"}
        assert doctor(owner).code == 0
    assert not (owner.folder / "bin" / "calls").exists()


CAUSES: list[tuple[str, int, str, Break]] = [
    ("service", 1, "was edited", lambda owner: owner.file.write_text("# older\n")),
    ("service", 1, "another daemon keeps this archive", lambda owner: owner.tools.become(runs=False)),
    ("key for the service", 78, "only in CONVO_API_KEY", lambda owner: only_in_the_environment(owner)),
    ("key for the service", 78, "another key (from the file ", lambda owner: another_in_the_environment(owner)),
    ("key for the service", 78, "can be read or changed by others", lambda owner: open_to_all(owner)),
    ("wake", 1, "The daemon hangs: no sign of life since ", grow_silent),
]


def only_in_the_environment(owner: Owner) -> None:
    """The key's file is gone."""
    (owner.folder / "key").unlink()
    owner.monkeypatch.setenv("CONVO_API_KEY", "convo_other")


def another_in_the_environment(owner: Owner) -> None:
    """The shell has a key that the file has not."""
    owner.monkeypatch.setenv("CONVO_API_KEY", "convo_other")


def open_to_all(owner: Owner) -> None:
    """The shell's key is well; the file's may be read by others."""
    owner.monkeypatch.setenv("CONVO_API_KEY", "convo_kept")
    (owner.folder / "key").chmod(0o644)


@pytest.mark.parametrize(("name", "code", "words", "break_it"), CAUSES, ids=[each[2] for each in CAUSES])
def test_a_cause_turns_its_own_line_red_and_no_other(
    kept: Owner, name: str, code: int, words: str, break_it: Break
) -> None:
    """Expect one problem in all of doctor, with words that tell it apart, a next step and its exit code."""
    break_it(kept)
    ran = doctor(kept, "--json")
    red = [each for each in ran.json["checks"] if each["state"] == "problem"]
    assert [each["name"] for each in red] == [name], red
    assert words in red[0]["message"]
    assert red[0]["next"]
    assert ran.code == code


def test_every_check_has_a_cause_that_breaks_it() -> None:
    """Expect the causes above to cover the three lines."""
    assert {each[0] for each in CAUSES} == set(NAMES)


@pytest.mark.parametrize("owner", ["systemd"], indirect=True)
def test_a_service_that_is_not_begun_at_login(kept: Owner) -> None:
    """Expect a problem, and the command that mends it to mend it."""
    kept.tools.become(on=False)
    found = checks(kept)["service"]
    assert (found["state"], "not started at login" in found["message"]) == ("problem", True)
    assert kept.service(*found["next"].partition("convo-sync service ")[2].split()).code == 0
    assert states(kept) == ["ok"] * 3


def test_a_service_that_stands_still(owner: Owner) -> None:
    """Expect the service's line red, and what hangs on it skipped."""
    owner.service("install")
    owner.tools.become(runs=False)
    found = checks(owner)
    assert states(owner) == ["problem", "ok", "skipped"]
    assert "does not run" in found["service"]["message"]
    assert "convo-sync service logs" in found["service"]["next"]
    assert found["wake"]["message"] == "no daemon keeps this archive: the service has to run first"


def test_a_service_that_has_just_begun(owner: Owner) -> None:
    """Expect no problem where the system says that it runs, and its daemon has not come to the archive yet."""
    owner.service("install")
    assert states(owner) == ["ok", "ok", "skipped"]


@pytest.mark.parametrize("owner", ["systemd"], indirect=True)
def test_a_system_that_does_not_answer(kept: Owner) -> None:
    """Expect no problem while a daemon runs, as in a shell of su; one where none does."""
    kept.tools.become(broken=True)
    assert states(kept) == ["skipped", "ok", "ok"]
    State(kept.archive).path.with_name("archive.db.daemon").unlink()
    found = checks(kept)["service"]
    assert (found["state"], "does not answer for this user" in found["message"]) == ("problem", True)


def test_a_configuration_that_is_broken(kept: Owner) -> None:
    """Expect it to be the one red line, since the service reads it too."""
    kept.config.write_text("every: 30 min", encoding="utf-8")
    ran = doctor(kept, "--json")
    assert [each["name"] for each in ran.json["checks"] if each["state"] == "problem"] == ["config"]
    assert states(kept) == ["skipped"] * 3


def test_the_address_that_the_shell_alone_has(kept: Owner) -> None:
    """Expect it to be said where the service would ask another server than this shell."""
    kept.monkeypatch.setenv("CONVO_SYNC_BASE_URL", "http://127.0.0.1:9")
    found = checks(kept)["service"]
    assert (found["state"], "which a service does not see" in found["message"]) == ("ok", True)


def test_a_command_that_gives_the_key_is_not_run_twice(owner: Owner) -> None:
    """Expect one run: it may ask its owner for a password."""
    counted = owner.folder / "counted"
    script = owner.folder / "give"
    script.write_text(f"#!{sys.executable}\nopen({str(counted)!r}, 'a').write('x')\nprint('convo_kept')\n")
    script.chmod(0o755)
    owner.config.write_text(f'[api]\napi_key_command = "{script}"\n', encoding="utf-8")
    owner.service("install")
    counted.unlink()
    with owner.daemon():
        assert states(owner) == ["ok"] * 3
    assert counted.read_text() == "x"
