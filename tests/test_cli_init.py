"""init: the key is tested before anything is written, asked for unseen, kept privately, and nothing is overwritten."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync import credentials
from convo_sync.cli.first_sync import foresee
from convo_sync.config import DEFAULT_BASE_URL, load
from convo_sync.credentials import KeyringTrouble, find_key
from convo_sync.records import RateReading
from convo_sync.simulator import Fault, Simulator

from .console import Console, Newcomer, fill, on_a_terminal
from .simulator.asking import small_world


@pytest.fixture
def newcomer(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Newcomer]:
    """A newcomer on a Starter plan, on a machine without a keyring."""
    monkeypatch.setattr(credentials, "_keyring", lambda: None)
    sim = Simulator(small_world(), tier="starter")
    with sim.serve() as url:
        yield Newcomer(tmp_path, Console(capsys, monkeypatch), sim, url)


def mode(path: Path) -> int:
    """The permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def test_the_key_is_tested_with_one_get_of_the_profile_and_one_row_of_the_list(newcomer: Newcomer) -> None:
    """Expect two requests, both told, and the account, plan, limit, meetings and time on stdout."""
    newcomer.set_key()
    ran = newcomer.init()
    assert ran.code == 0
    assert [(each.operation, each.query) for each in newcomer.sim.requests] == [
        ("getProfile", ""),
        ("listConversations", "limit=1&offset=0"),
    ]
    for words in (
        "Mara Voss <mara@haldenloop.example>",
        "starter: 100 requests an hour",
        "Meetings    3",
        "at most 11 requests: within this hour's limit",
        "The test took 2 requests. Next: convo-sync sync",
    ):
        assert words in ran.out


def test_the_configuration_is_private_commented_and_complete(newcomer: Newcomer) -> None:
    """Expect 0600 in 0700, a key file beside it, and the rest as commented defaults."""
    newcomer.init("--key-stdin", typed=newcomer.sim.key)
    assert (mode(newcomer.config), mode(newcomer.config.parent), mode(newcomer.key_file)) == (0o600, 0o700, 0o600)
    config = load(newcomer.config, {})
    assert (config.exists, config.api_key_file) == (True, newcomer.key_file)
    assert (config.base_url, config.archive) == (DEFAULT_BASE_URL, None)
    assert find_key(config, {}).value == newcomer.sim.key
    assert newcomer.sim.key not in newcomer.config.read_text(encoding="utf-8")


def test_what_is_written_can_be_used_at_once(newcomer: Newcomer) -> None:
    """Expect doctor to find nothing wrong where nothing but the simulator's address is set."""
    newcomer.init("--key-stdin", typed=newcomer.sim.key)
    ran = newcomer.console("doctor")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Nothing is wrong.")


# -- where the key comes from


def test_a_piped_key_is_taken(newcomer: Newcomer) -> None:
    """Expect --key-stdin to read the key and its line break."""
    assert newcomer.init("--key-stdin", typed=f"{newcomer.sim.key}\n").code == 0
    assert find_key(load(newcomer.config), {}).value == newcomer.sim.key


def test_a_key_file_stays_where_it_is(newcomer: Newcomer, tmp_path: Path) -> None:
    """Expect config.toml to name the file, and no copy of it."""
    mine = tmp_path / "mine"
    mine.write_text(newcomer.sim.key, encoding="utf-8")
    mine.chmod(0o600)
    assert newcomer.init("--key-file", mine).code == 0
    assert load(newcomer.config).api_key_file == mine
    assert not newcomer.key_file.exists()


def test_a_key_file_for_everybody_is_refused_before_anything_is_sent(newcomer: Newcomer, tmp_path: Path) -> None:
    """Expect exit code 78 and the chmod to type."""
    mine = tmp_path / "mine"
    mine.write_text(newcomer.sim.key, encoding="utf-8")
    mine.chmod(0o644)
    ran = newcomer.init("--key-file", mine)
    assert ran.code == 78
    assert f"chmod 600 {mine}" in ran.err
    assert (newcomer.sim.requests, newcomer.wrote_nothing) == ([], True)


def test_a_key_command_is_remembered(newcomer: Newcomer) -> None:
    """Expect config.toml to name the command, which later gives the key again."""
    command = f"{sys.executable} -c \"print('{newcomer.sim.key}')\""
    ran = newcomer.console("init", "--key-command", command)
    assert ran.code == 0
    assert load(newcomer.config).api_key_command == command
    assert find_key(load(newcomer.config), {}).value == newcomer.sim.key


def test_without_a_key_and_a_terminal_it_says_so(newcomer: Newcomer) -> None:
    """Expect exit code 2, the ways to give a key, and no request."""
    ran = newcomer.init()
    assert ran.code == 2
    assert "--key-stdin" in ran.err
    assert (newcomer.sim.requests, newcomer.wrote_nothing) == ([], True)


def test_two_places_for_one_key_are_refused(newcomer: Newcomer) -> None:
    """Expect exit code 2."""
    assert newcomer.init("--key-stdin", "--key-command", "pass convo", typed="convo_x").code == 2


def test_there_is_no_option_that_takes_the_key_itself(newcomer: Newcomer) -> None:
    """Expect --key and --api-key not to exist: arguments are seen by every user of the machine."""
    for option in ("--key", "--api-key"):
        assert newcomer.console("init", option, "convo_x").code == 2


def test_a_key_of_another_form_is_tried_with_a_remark(newcomer: Newcomer) -> None:
    """Expect a warning on stderr, then the server's verdict."""
    newcomer.set_key("sk-1234567")
    ran = newcomer.init()
    assert ran.code == 77
    assert "does not begin with convo_" in ran.err
    assert "sk-1234567" not in ran.said


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_on_a_terminal_the_key_is_asked_for_and_not_shown(newcomer: Newcomer) -> None:
    """Expect a prompt, no echo of the key, and a configuration at the end."""
    code, shown = on_a_terminal(f"{newcomer.sim.key}\n", "init", "--store", "file")
    assert code == 0, shown
    assert "It is not shown" in shown
    assert newcomer.sim.key not in shown
    assert newcomer.sim.key[:12] not in shown
    assert newcomer.key_file.read_text(encoding="utf-8").strip() == newcomer.sim.key


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
def test_ctrl_c_at_the_prompt_writes_nothing(newcomer: Newcomer) -> None:
    """Expect exit code 130, and nothing sent or written."""
    code, shown = on_a_terminal("\x03", "init")
    assert code == 130, shown
    assert "Traceback" not in shown
    assert (newcomer.sim.requests, newcomer.wrote_nothing) == ([], True)


# -- what stops it, with nothing written


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        ("server_error", 69, "could not be asked"),
        ("drop_before", 69, "convo-sync doctor"),
        ("proxy_ok", 69, "could not be asked"),
        ("proxy_unauthorized", 69, "could not be asked"),
        ("rate_limited", 75, "Try again in 1 minute"),
    ],
)
def test_trouble_on_the_way_writes_nothing(newcomer: Newcomer, kind: str, code: int, words: str) -> None:
    """Expect the exit code of the trouble, a plain sentence, one request and no file."""
    newcomer.set_key()
    newcomer.sim.faults.add(Fault(kind, "getProfile", times=None))
    ran = newcomer.init()
    assert ran.code == code
    assert words in ran.err
    assert "Nothing was written" in ran.err
    assert newcomer.wrote_nothing
    assert len(newcomer.sim.requests) == 1


def test_a_refused_key_writes_nothing(newcomer: Newcomer) -> None:
    """Expect exit code 77, and where to get another key."""
    newcomer.set_key("convo_unknown")
    ran = newcomer.init()
    assert (ran.code, newcomer.wrote_nothing) == (77, True)
    assert "Create a key in Convo's settings" in ran.err


def test_a_free_plan_is_told_apart_from_a_wrong_key(newcomer: Newcomer) -> None:
    """Expect exit code 1, and the plan named as the reason."""
    newcomer.set_key()
    newcomer.sim.set_tier("free")
    ran = newcomer.init()
    assert (ran.code, newcomer.wrote_nothing) == (1, True)
    assert "The key is right, but this plan does not include the API" in ran.err


def test_without_a_network_nothing_is_written(newcomer: Newcomer) -> None:
    """Expect exit code 69 where nobody listens."""
    newcomer.set_key()
    newcomer.console.monkeypatch.setenv("CONVO_SYNC_BASE_URL", "http://127.0.0.1:1")
    ran = newcomer.init()
    assert (ran.code, newcomer.wrote_nothing) == (69, True)


def test_an_archive_of_another_account_is_noticed(newcomer: Newcomer, tmp_path: Path) -> None:
    """Expect exit code 78 before anything is written."""
    archive = tmp_path / "a" / "archive.db"
    newcomer.set_key()
    newcomer.sim.add_key("convo_of_jonas", email="jonas@haldenloop.example")
    fill(archive, newcomer.url, "convo_of_jonas")
    ran = newcomer.console("--archive", archive, "init")
    assert (ran.code, newcomer.wrote_nothing) == (78, True)
    assert "belongs to jonas@haldenloop.example" in ran.err


def test_a_list_that_does_not_come_is_no_reason_to_stop(newcomer: Newcomer) -> None:
    """Expect a configuration all the same, since the key was tested; the number of meetings is not known."""
    newcomer.set_key()
    newcomer.sim.faults.add(Fault("server_error", "listConversations", times=None))
    ran = newcomer.init()
    assert ran.code == 0
    assert "Meetings    not known" in ran.out
    assert "the list of meetings did not come" in ran.err
    assert newcomer.config.exists()


def test_a_folder_that_cannot_be_made_is_told(newcomer: Newcomer, tmp_path: Path) -> None:
    """Expect exit code 78 and a sentence."""
    (tmp_path / "settings").write_text("a file where the folder should be", encoding="utf-8")
    newcomer.set_key()
    ran = newcomer.init("--store", "none")
    assert ran.code == 78
    assert "cannot be" in ran.err


# -- where the key is kept


def test_a_key_of_the_environment_is_not_copied_unasked(newcomer: Newcomer) -> None:
    """Expect no key on the disk or in the keyring, a word of how to keep it, and that word to be true."""
    newcomer.console.monkeypatch.setattr("convo_sync.cli.keeping.write_keyring", lambda *_: pytest.fail("kept"))
    newcomer.set_key()
    ran = newcomer.init()
    assert ran.code == 0
    assert "from CONVO_API_KEY, and kept nowhere; to keep it: convo-sync init --store file" in ran.out
    assert [each.name for each in newcomer.config.parent.iterdir()] == ["config.toml"]
    before = newcomer.config.read_bytes()
    assert newcomer.init("--store", "file").code == 0
    assert newcomer.config.read_bytes() == before
    assert find_key(load(newcomer.config), {}).value == newcomer.sim.key


def test_without_the_variable_a_key_that_was_never_kept_is_asked_for(newcomer: Newcomer) -> None:
    """Expect exit code 78, and the command that keeps one."""
    newcomer.set_key()
    newcomer.init()
    newcomer.console.monkeypatch.delenv("CONVO_API_KEY")
    ran = newcomer.console("sync")
    assert ran.code == 78
    assert "convo-sync init --new-key" in ran.err
    assert newcomer.init("--new-key", "--key-stdin", typed=newcomer.sim.key).code == 0
    assert newcomer.console("sync").code == 0


def test_how_often_the_daemon_looks_is_written_down(newcomer: Newcomer) -> None:
    """Expect config.toml to have what --every says, and to say what it is, and which command has it take effect."""
    newcomer.init("--key-stdin", "--every", "2h", typed=newcomer.sim.key)
    text = newcomer.config.read_text(encoding="utf-8")
    assert 'every = "2h"' in text
    assert "How often the daemon looks" in text
    assert "convo-sync service install" in text


def test_store_none_keeps_no_key(newcomer: Newcomer) -> None:
    """Expect a configuration, no key anywhere, and what follows from it."""
    newcomer.set_key()
    ran = newcomer.init("--store", "none")
    assert ran.code == 0
    assert "set CONVO_API_KEY for every command" in ran.out
    assert [each.name for each in newcomer.config.parent.iterdir()] == ["config.toml"]


def test_a_keyring_that_works_is_preferred_to_a_file(newcomer: Newcomer) -> None:
    """Expect the key in the keyring, and no file."""
    kept: dict[str, str] = {}
    newcomer.console.monkeypatch.setattr(
        "convo_sync.cli.keeping.write_keyring", lambda base_url, key: kept.update({base_url: key.value})
    )
    ran = newcomer.init("--key-stdin", typed=newcomer.sim.key)
    assert "kept in the keyring" in ran.out
    assert kept == {newcomer.url: newcomer.sim.key}
    assert load(newcomer.config).api_key_file is None
    assert not newcomer.key_file.exists()


def test_a_keyring_that_fails_is_replaced_by_a_file_unless_it_was_asked_for(newcomer: Newcomer) -> None:
    """Expect a file by default, and exit code 78 with nothing written under --store keyring."""

    def fail(*_: object) -> None:
        raise KeyringTrouble("the keyring did not answer within 10 seconds: is it locked?")

    newcomer.console.monkeypatch.setattr("convo_sync.cli.keeping.write_keyring", fail)
    newcomer.set_key()
    ran = newcomer.init("--store", "keyring")
    assert (ran.code, newcomer.wrote_nothing) == (78, True)
    assert "is it locked" in ran.err
    assert newcomer.init("--key-stdin", typed=newcomer.sim.key).code == 0
    assert newcomer.key_file.exists()


# -- a configuration that is there already


def test_an_existing_configuration_is_tested_and_left_alone(newcomer: Newcomer) -> None:
    """Expect exit code 0, the same two requests, and the same bytes as before."""
    newcomer.set_key()
    newcomer.init()
    before = newcomer.config.read_bytes()
    newcomer.sim.requests.clear()
    ran = newcomer.init()
    assert ran.code == 0
    assert "is there already and in order" in ran.out
    assert len(newcomer.sim.requests) == 2
    assert newcomer.config.read_bytes() == before


def test_the_same_command_twice_ends_the_same_way(newcomer: Newcomer) -> None:
    """Expect a script that provisions machines to be able to run again, options and all."""
    for _ in range(2):
        ran = newcomer.init("--key-stdin", "--store", "file", "--every", "2h", typed=newcomer.sim.key)
        assert ran.code == 0
    assert load(newcomer.config).every == timedelta(hours=2)


def test_a_broken_configuration_is_not_overwritten(newcomer: Newcomer) -> None:
    """Expect exit code 78, the line, and no request."""
    newcomer.set_key()
    newcomer.config.parent.mkdir()
    newcomer.config.write_text("[sync]\nevery = 5\n", encoding="utf-8")
    ran = newcomer.init()
    assert ran.code == 78
    assert "line 2" in ran.err
    assert newcomer.sim.requests == []
    assert newcomer.config.read_text(encoding="utf-8") == "[sync]\nevery = 5\n"


@pytest.mark.parametrize("options", [("--every", "2h"), ("--store", "keyring"), ("--key-command", "pass convo")])
def test_answers_that_would_change_an_existing_configuration_are_refused(
    newcomer: Newcomer, options: tuple[str, ...]
) -> None:
    """Expect exit code 78 and what to do, before any request."""
    newcomer.set_key()
    newcomer.init()
    newcomer.sim.requests.clear()
    ran = newcomer.init(*options)
    assert ran.code == 78
    assert "never overwritten" in ran.err
    assert "move it away" in ran.err
    assert newcomer.sim.requests == []


def test_a_new_key_goes_where_the_configuration_looks_for_it(newcomer: Newcomer) -> None:
    """Expect the key file to have the new key, and config.toml the same bytes."""
    newcomer.set_key()
    newcomer.init("--store", "file")
    newcomer.console.monkeypatch.delenv("CONVO_API_KEY")
    newcomer.sim.add_key("convo_another")
    newcomer.sim.revoke_key(newcomer.sim.key)
    assert newcomer.init().code == 77
    before = newcomer.config.read_bytes()
    assert newcomer.init("--key-stdin", typed="convo_another").code == 0
    assert find_key(load(newcomer.config), {}).value == "convo_another"
    assert newcomer.config.read_bytes() == before


def test_a_refused_new_key_leaves_the_old_one(newcomer: Newcomer) -> None:
    """Expect exit code 77, and the key file as it was."""
    newcomer.set_key()
    newcomer.init("--store", "file")
    newcomer.console.monkeypatch.delenv("CONVO_API_KEY")
    assert newcomer.init("--key-stdin", typed="convo_wrong").code == 77
    assert find_key(load(newcomer.config), {}).value == newcomer.sim.key


def test_a_new_key_behind_a_command_cannot_be_kept(newcomer: Newcomer) -> None:
    """Expect exit code 78 before the key is even read."""
    newcomer.config.parent.mkdir()
    newcomer.config.write_text('[api]\napi_key_command = "pass convo"\n', encoding="utf-8")
    ran = newcomer.init("--key-stdin", typed=newcomer.sim.key)
    assert ran.code == 78
    assert "from a command" in ran.err


def test_an_impossible_interval_is_a_mistake_in_usage(newcomer: Newcomer) -> None:
    """Expect exit code 2 and an example."""
    ran = newcomer.init("--every", "often")
    assert ran.code == 2
    assert "30 min" in ran.err


def test_the_archive_and_the_next_command_follow_the_options(newcomer: Newcomer, tmp_path: Path) -> None:
    """Expect --archive to be written down, and --config to be repeated in what to type next."""
    newcomer.set_key()
    newcomer.console.monkeypatch.delenv("CONVO_SYNC_CONFIG")
    other = tmp_path / "my settings" / "c.toml"
    ran = newcomer.console("--config", other, "--archive", tmp_path / "a.db", "init")
    assert load(other).archive == tmp_path / "a.db"
    assert f"Next: convo-sync --config '{other}' sync" in ran.out


# -- how long the first sync takes


def test_no_more_requests_are_foreseen_than_a_sync_sends(newcomer: Newcomer, tmp_path: Path) -> None:
    """Expect the real first sync to stay within the forecast."""
    fill(tmp_path / "archive.db", newcomer.url, newcomer.sim.key)
    assert len(newcomer.sim.requests) <= foresee(3, 100, RateReading()).requests
