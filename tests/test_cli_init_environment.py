"""init under variables of one trial: what they say is used, told, and not written into config.toml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from convo_sync import credentials
from convo_sync.config import DEFAULT_BASE_URL, load
from convo_sync.simulator import Simulator

from .console import Console, Newcomer
from .simulator.asking import small_world


@pytest.fixture
def newcomer(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Newcomer]:
    """A newcomer on a Starter plan, on a machine without a keyring."""
    monkeypatch.setattr(credentials, "_keyring", lambda: None)
    sim = Simulator(small_world(), tier="starter")
    with sim.serve() as url:
        yield Newcomer(tmp_path, Console(capsys, monkeypatch), sim, url)


def test_what_only_the_environment_says_is_not_written_down(newcomer: Newcomer, tmp_path: Path) -> None:
    """Expect a trial's address and archive to stay out of config.toml, and both told, with the key that was kept."""
    newcomer.console.monkeypatch.setenv("CONVO_SYNC_ARCHIVE", str(tmp_path / "trial.db"))
    ran = newcomer.init("--key-stdin", typed=newcomer.sim.key)
    config = load(newcomer.config, {})
    assert (config.base_url, config.archive) == (DEFAULT_BASE_URL, None)
    told = f"CONVO_SYNC_BASE_URL is set to {newcomer.url}, and is not written into config.toml; the key that was just"
    assert told in ran.err
    usual = tmp_path / "data" / "convo-sync" / "archive.db"
    assert f"CONVO_SYNC_ARCHIVE is set, and is not written into config.toml: without it, the archive is {usual}.\n" in (
        ran.err
    )


def test_an_archive_that_is_named_by_an_option_is_written_down(newcomer: Newcomer, tmp_path: Path) -> None:
    """Expect the option's archive in config.toml, also where the environment names another."""
    newcomer.console.monkeypatch.setenv("CONVO_SYNC_ARCHIVE", str(tmp_path / "trial.db"))
    newcomer.set_key()
    ran = newcomer.console("--archive", tmp_path / "mine.db", "init")
    assert load(newcomer.config, {}).archive == tmp_path / "mine.db"
    assert "CONVO_SYNC_ARCHIVE" not in ran.err


def test_an_empty_command_for_the_key_is_refused(newcomer: Newcomer) -> None:
    """Expect exit 2 and a sentence where a variable that is not set stood for the command."""
    ran = newcomer.init("--key-command", "")
    assert (ran.code, newcomer.wrote_nothing) == (2, True)
    assert "--key-command is followed by no command." in ran.err
