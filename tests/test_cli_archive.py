"""`archive verify` and `archive repair` as they are typed: what they print, how they end, what they leave alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from convo_sync.archive import repair
from convo_sync.lock import WriterLock

from .archive.damages import TABLES, damage, derived_rows, fill_whole
from .console import Console, Ran

WRONG = (
    TABLES["decisions: one row is gone"],
    TABLES["attendees: too many rows"],
    "update conversations set title = 'scribbled' where id = 'sess_one'",
    "drop table notes_fts_config",
)
TOLD = [
    "The search index: notes_fts cannot be read (vtable constructor failed: notes_fts).",
    "The table conversations: 1 row not as the document says.",
    "The table decisions: 1 row missing.",
    "The table attendees: 2 rows in no document.",
]
REPAIR = "Run `convo-sync archive repair`: it mends this from the archived documents, without a network."


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with rows in every table."""
    return fill_whole(tmp_path_factory.mktemp("whole") / "archive.db")


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(whole, tmp_path / "archive.db"))


class Keeper:
    """Runs the group's commands on one archive, without a key, where nobody answers."""

    def __init__(self, console: Console, path: Path) -> None:
        self.console, self.path = console, path
        console.monkeypatch.delenv("CONVO_API_KEY", raising=False)
        console.monkeypatch.setenv("CONVO_SYNC_BASE_URL", "http://127.0.0.1:9")

    def __call__(self, *arguments: str) -> Ran:
        return self.console("--archive", self.path, "archive", *arguments)


@pytest.fixture
def keep(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Keeper:
    """The commands."""
    return Keeper(Console(capsys, monkeypatch), path)


def test_a_sound_archive(keep: Keeper) -> None:
    """Expect exit 0 from both, a sentence each, and the file's bytes as they were."""
    before = keep.path.read_bytes()
    assert keep("verify") == Ran(0, "Sound: 9 documents, their tables and the search index agree.\n", "")
    assert keep("repair") == Ran(0, "Nothing is wrong, and nothing was changed.\n", "")
    assert keep("repair", "--dry-run") == Ran(0, "Nothing is wrong, and nothing was changed.\n", "")
    assert keep.path.read_bytes() == before


def test_verify_says_what_is_wrong_and_what_to_do(keep: Keeper) -> None:
    """Expect a line for each thing, exit 1, the command that mends it, and the file's bytes as they were."""
    damage(keep.path, *WRONG)
    before = keep.path.read_bytes()
    ran = keep("verify")
    assert (ran.code, ran.out.splitlines(), ran.err) == (1, TOLD, f"{REPAIR}\n")
    assert keep.path.read_bytes() == before


def test_repair_says_what_it_mended(whole: Path, keep: Keeper) -> None:
    """Expect the same lines, then that it was mended; after it verify finds nothing."""
    damage(keep.path, *WRONG)
    dry = keep("repair", "--dry-run")
    assert (dry.code, dry.out.splitlines(), dry.err) == (0, [*TOLD, "This would be mended."], "")
    ran = keep("repair")
    assert (ran.code, ran.out.splitlines(), ran.err) == (0, [*TOLD, "This was mended."], "")
    assert keep("verify").code == 0
    assert derived_rows(keep.path) == derived_rows(whole)


def test_the_json_is_one_document_whose_names_are_a_contract(keep: Keeper) -> None:
    """Expect one document from each, the counts by table."""
    damage(keep.path, *WRONG)
    found = {
        "documents": 9,
        "damage": [],
        "indexes": ["notes_fts cannot be read (vtable constructor failed: notes_fts)"],
        "tables": {
            "conversations": {"missing": 0, "differing": 1, "left_over": 0},
            "decisions": {"missing": 1, "differing": 0, "left_over": 0},
            "attendees": {"missing": 0, "differing": 0, "left_over": 2},
        },
        "unreadable": [],
    }
    verified = keep("verify", "--json")
    assert (verified.code, verified.json) == (1, {"sound": False, **found})
    assert keep("repair", "--dry-run", "--json").json == {"dry_run": True, **found}
    assert keep("repair", "--json").json == {"dry_run": False, **found}
    assert keep("verify", "--json").json["sound"]


def test_quiet_says_only_what_is_wrong(keep: Keeper) -> None:
    """Expect nothing from a sound archive, nor from a repair that went well."""

    def quiet(word: str) -> Ran:
        return keep.console("-q", "--archive", keep.path, "archive", word)

    assert quiet("verify") == quiet("repair") == Ran(0, "", "")
    damage(keep.path, *WRONG)
    assert quiet("verify").out.splitlines() == TOLD
    assert quiet("repair") == Ran(0, "", "")


def test_a_document_that_cannot_be_read(keep: Keeper) -> None:
    """Expect it to be named by both, exit 1, what it means, and the rest to be mended."""
    damage(keep.path, "update revisions set body = x'00' where document_id = 6", "delete from decisions")
    named = "The answer a1 of sess_one cannot be read: "
    ran = keep("repair")
    assert ran.code == 1
    assert ran.out.splitlines()[:2] == ["The table decisions: 3 rows missing.", "This was mended."]
    assert ran.out.splitlines()[2].startswith(named)
    assert "a backup may have it whole" in ran.err
    after = keep("verify")
    assert (after.code, after.out.startswith(named), after.err) == (1, True, ran.err)
    assert keep("repair", "--json").json["unreadable"][0]["kind"] == "answer"


def test_a_file_that_is_damaged_itself(keep: Keeper) -> None:
    """Expect what a repair is for and what to do instead, exit 78, and no byte changed; verify ends with 1."""
    damage(keep.path, "delete from decisions")
    with keep.path.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"\xff" * 4096)
    before = keep.path.read_bytes()
    for options in ((), ("--dry-run",)):
        ran = keep("repair", *options)
        assert (ran.code, ran.out) == (78, "")
        assert "is damaged (" in ran.err
        assert "mends search indexes and derived tables, and not the file" in ran.err
        assert ran.err.splitlines()[-1] == repair.RESTORE
    ran = keep("verify")
    assert (ran.code, ran.err) == (1, f"{repair.RESTORE}\n")
    assert ran.out.startswith("The file is damaged: ")
    assert keep.path.read_bytes() == before


def test_a_search_in_a_broken_index_names_the_command_that_mends_it(keep: Keeper) -> None:
    """Expect exit 78 and `archive repair`, after which the same search finds."""
    search = ("--archive", keep.path, "search", "zebra")
    damage(keep.path, "drop table segments_fts_config")
    ran = keep.console(*search)
    assert (ran.code, ran.out) == (78, "")
    assert "The search index of" in ran.err
    assert "`convo-sync archive repair`" in ran.err
    assert keep("repair").code == 0
    assert keep.console(*search).code == 0


@pytest.mark.parametrize("command", ["verify", "repair"])
def test_no_archive(keep: Keeper, command: str) -> None:
    """Expect exit 78, what makes one, and none to be made."""
    keep.path.unlink()
    ran = keep(command)
    assert (ran.code, ran.out) == (78, "")
    assert "There is no archive at" in ran.err
    assert not keep.path.exists()


def test_somebody_else_is_writing(keep: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect repair to wait for the lock as sync does, to name its holder and end with 75; verify needs no lock."""
    monkeypatch.setattr("convo_sync.cli.archive_repair.WAIT_SECONDS", 0.0)
    damage(keep.path, "delete from decisions")
    before = keep.path.read_bytes()
    with WriterLock(keep.path, "convo-sync sync").acquire():
        ran = keep("repair")
        assert (ran.code, "convo-sync sync (pid" in ran.err) == (75, True)
        assert keep.path.read_bytes() == before
        assert keep("verify").code == 1
        assert keep("repair", "--dry-run").code == 0
    assert keep("repair").code == 0


def test_stopped(keep: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect exit 130 and two sentences at Ctrl-C, and the lock to be free again."""

    def stop(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(repair, "mend", stop)
    ran = keep("repair")
    assert (ran.code, ran.out) == (130, "")
    assert ran.err == "Stopped. What was mended so far stays.\nRun the same command again to go on.\n"
    WriterLock(keep.path, "test").acquire().release()


def test_what_came_from_a_file_cannot_drive_the_terminal(keep: Keeper) -> None:
    """Expect no escape character in what is printed of a document's key."""
    damage(keep.path, "update documents set item = char(27) || '[31m' where kind = 'answer'")
    for command in ("verify", "repair"):
        assert "\x1b" not in keep(command).said


def test_a_process_of_its_own(path: Path) -> None:
    """Expect the same from the real command, and the file in WAL mode as before."""
    damage(path, *WRONG)
    command = [sys.executable, "-m", "convo_sync", "--archive", str(path), "archive"]
    for word, code in (("verify", 1), ("repair", 0), ("verify", 0)):
        ran = subprocess.run([*command, word], capture_output=True, text=True, check=False)
        assert ran.returncode == code, ran.stderr
        assert "Traceback" not in ran.stderr
