"""Where the command line meets a shell: empty variables, missing values, completion, and commands to copy."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from convo_sync.places import archive_file, config_file
from convo_sync.render import command
from tests.reading import BUDGET, LID, Call, build, runner


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four meetings: a whole one, one without notes, one without a transcript yet, one deleted at Convo."""
    return build(tmp_path_factory.mktemp("shell"))


@pytest.fixture
def call(archive: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process, on the archive."""
    return runner(archive, capsys)


# -- empty variables


@pytest.mark.parametrize("option", ["--archive", "--config"])
@pytest.mark.parametrize("command_line", [["status"], ["list", "--json"], ["doctor", "--offline"], ["sync"], ["init"]])
def test_an_empty_name_is_refused(call: Call, option: str, command_line: list[str]) -> None:
    """Expect exit 2 and a sentence, not the default file: a shell variable was not set."""
    ran = call(option, "", *command_line)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (f"{option} is followed by an empty name.\nName a file, or leave {option} out for the default.\n")


def test_empty_variables_count_as_unset() -> None:
    """Expect the platform's places where CONVO_SYNC_ARCHIVE and CONVO_SYNC_CONFIG are empty."""
    home = {"XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/config"}
    assert archive_file(home | {"CONVO_SYNC_ARCHIVE": ""}) == archive_file(home)
    assert config_file(home | {"CONVO_SYNC_CONFIG": ""}) == config_file(home)


# -- missing values


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["zebra", "-n"], "-n"),
        (["zebra", "--limit"], "--limit"),
        (["zebra", "--kind"], "--kind"),
        (["-n", "--json", "zebra"], "-n"),
        (["--kind", "--", "zebra"], "--kind"),
        (["zebra", "--kind", "-n", "5"], "--kind"),
    ],
)
def test_an_option_without_its_value_is_told_so(call: Call, arguments: list[str], option: str) -> None:
    """Expect exit 2, the option's name and what it takes, and no word of the marks behind it."""
    ran = call("search", *arguments)
    assert (ran.code, ran.out) == (2, "")
    said, takes = ran.err.splitlines()
    assert said == f"{option} needs a value."
    assert takes.startswith("It takes one of title, " if option == "--kind" else "It takes a number")


def test_after_two_dashes_there_are_words_only(call: Call) -> None:
    """Expect `-n` behind `--` to be searched for, and not to lack a value."""
    assert call("search", "--", "zebra", "-n").code in (0, 3)


def test_titles_are_found_in_any_case_of_any_language(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect Ü and ü, ß and SS, and an accent of its own character to be no difference; a limit counts what fits."""
    import shutil
    import sqlite3

    copy = archive.with_name("titles.db")
    shutil.copy(archive, copy)
    with sqlite3.connect(copy) as connection:
        connection.execute("update conversations set title = 'ÜBER die Straße' where id = ?", (BUDGET,))
    connection.close()
    call = runner(copy, capsys)
    for typed in ("über", "u\u0308ber", "STRASSE", "Die str"):
        assert [row["id"] for row in call("list", "--json", "--title", typed, "-n", "1").json["conversations"]] == [
            BUDGET
        ]
    assert call("list", "--title", "uber").code == 3
    assert len(call("list", "--json", "--title", "t", "-n", "2").json["conversations"]) == 2


# -- completion


@pytest.mark.parametrize(("begun", "expected"), [("", {"bash", "zsh", "fish"}), ("z", {"zsh"})])
def test_completion_offers_the_shells(begun: str, expected: set[str]) -> None:
    """Expect the three shells after `completion`, those that begin so where something is typed."""
    words = {"COMP_WORDS": f"convo-sync completion {begun}", "COMP_CWORD": "2", "_CONVO_SYNC_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv = ['convo-sync']; from convo_sync.cli import main; main()"],
        capture_output=True, text=True, env=os.environ | words, timeout=60, check=False,
    )  # fmt: skip
    assert {line.removeprefix("plain,") for line in done.stdout.split()} == expected


# -- commands to copy


@pytest.mark.parametrize(
    ("id_", "shown"),
    [
        ("sess_a-1", "convo-sync show sess_a-1 --at 3"),
        ("two words", "convo-sync show 'two words' --at 3"),
        ("--help", "convo-sync show --at 3 -- --help"),
        ("-x; rm", "convo-sync show --at 3 -- '-x; rm'"),
        ("$(id)", "convo-sync show '$(id)' --at 3"),
        ("größe", "convo-sync show 'größe' --at 3"),
        ("\x1b[1m", "convo-sync show '[1m' --at 3"),
    ],
)
def test_a_command_to_copy_is_quoted(id_: str, shown: str) -> None:
    """Expect an id to be one word of a shell, and never an option."""
    assert command.show(id_, "--at 3") == shown
    assert len(shlex.split(command.show(id_))) in (3, 4)


def test_commands_for_odd_ids_open_their_meeting(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect what search and show print below a meeting to show that meeting, an id like an option included."""
    import shutil
    import sqlite3

    copy = archive.with_name("odd.db")
    shutil.copy(archive, copy)
    with sqlite3.connect(copy) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_schema where type = 'table'")]
        for table in tables:
            for column in connection.execute(f"pragma table_info({table})").fetchall():
                if column[1] == "conversation_id" or (table, column[1]) == ("conversations", "id"):
                    connection.execute(f"update {table} set {column[1]} = '--help' where {column[1]} = ?", (LID,))
    connection.close()
    call = runner(copy, capsys)
    opening = call("search", "flip", "top", "cracks").out.splitlines()[-1].removeprefix("Open one: convo-sync ")
    assert opening == "show --at 1 -- --help"
    assert "flip top cracks" in call(*shlex.split(opening)).out
    whole = call("show", "--", "--help").out.splitlines()[-1].partition("convo-sync ")[2]
    assert call(*shlex.split(whole)).out.count("Filler number") == 6
