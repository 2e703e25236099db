"""What holds for the root of the command line: where files lie, which archive is meant, and what its help says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from convo_sync import open_archive
from convo_sync.cli.root import root
from convo_sync.errors import ArchiveMissing, ConfigurationError
from convo_sync.places import under_home
from tests.console import Console
from tests.reading import build
from tests.rig import Rig


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Console:
    """The command line, in this process."""
    return Console(capsys, monkeypatch)


def test_help_names_the_variables_and_the_files(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect all four variables, and both paths as they are on this machine, the home folder as ~."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    shown = console("--help").out
    for name in ("CONVO_API_KEY", "CONVO_SYNC_ARCHIVE", "CONVO_SYNC_CONFIG", "CONVO_SYNC_BASE_URL"):
        assert f"\n  {name}  " in shown
    assert f"archive        ~{os.sep}" in shown
    assert f"configuration  ~{os.sep}" in shown
    assert shown.rstrip().splitlines()[-1].startswith("  Example: ")


def test_help_names_the_archive_that_is_meant(console: Console, config: Path) -> None:
    """Expect the one of config.toml, and help all the same where that file is broken."""
    console.monkeypatch.setenv("COLUMNS", "200")
    config.write_text('[archive]\npath = "mine.db"\n', encoding="utf-8")
    shown = "".join(console("--help").out.split())  # a long path is broken over lines
    assert str(config.with_name("mine.db")) in shown
    config.write_text("[archive]\npath = 5\n", encoding="utf-8")
    assert console("--help").code == 0


def test_help_on_a_page_names_no_machine() -> None:
    """Expect help of a fixed width, which documents are made from, to leave the files out."""
    import click

    with click.Context(root, terminal_width=100, **root.context_settings) as page:
        assert "Files on this computer" not in root.get_help(page)


def test_a_path_below_home_is_shortened() -> None:
    """Expect ~ for the user's own folder alone, not for one that begins alike."""
    home = os.path.expanduser("~")
    assert under_home(os.path.join(home, "notes", "a.db")) == os.path.join("~", "notes", "a.db")
    assert under_home(f"{home}-of-others/a.db") == f"{home}-of-others/a.db"


# -- which archive


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where config.toml would be."""
    path = tmp_path / "settings" / "config.toml"
    path.parent.mkdir()
    monkeypatch.setenv("CONVO_SYNC_CONFIG", str(path))
    return path


def test_python_opens_the_archive_that_the_command_line_uses(config: Path, tmp_path: Path, console: Console) -> None:
    """Expect config.toml's archive from both; the environment's comes before it."""
    build(config.parent)
    config.write_text('[archive]\npath = "archive.db"\n', encoding="utf-8")
    with open_archive() as archive:
        found = {row.id for row in archive.meetings()}
    assert found == {row["id"] for row in console("list", "--json").json["conversations"]} != set()
    console.monkeypatch.setenv("CONVO_SYNC_ARCHIVE", str(tmp_path / "other.db"))
    with pytest.raises(ArchiveMissing, match=r"other\.db"):
        open_archive()
    assert "other.db" in console("list").err


def test_python_refuses_a_broken_configuration(config: Path) -> None:
    """Expect the same error as on the command line, rather than another archive."""
    config.write_text("[archive]\npath = 5\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="line 2"):
        open_archive()


@pytest.mark.parametrize("command", [("sync",), ("list",), ("search", "lid"), ("sync", "--dry-run")], ids=" ".join)
def test_a_folder_is_no_archive(console: Console, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Expect exit code 78, what is wrong, and nothing made beside it."""
    console.monkeypatch.setenv("CONVO_API_KEY", "convo_x")
    folder = tmp_path / "folder"
    folder.mkdir()
    ran = console("--archive", folder, *command)
    assert (ran.code, ran.out) == (78, "")
    assert ran.err == f"{folder} is a folder, and an archive is a file.\nName a file with --archive.\n"
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


# -- an archive without meetings


def test_a_search_of_nothing_says_that_there_is_nothing(console: Console, tmp_path: Path) -> None:
    """Expect exit code 3 and the command that fetches meetings, not advice on words."""
    with Rig.serving(tmp_path) as rig:
        rig.complete()
    ran = console("--archive", rig.path, "search", "anything")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "There are no meetings in this archive yet.\nRun `convo-sync sync`.\n"
    assert console("--archive", rig.path, "search", "--json", "anything").json["total"] == 0
