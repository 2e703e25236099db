"""Creating and upgrading: all of it or nothing, a copy first, one at a time, and for the owner's eyes only."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from convo_sync.archive import migrate, sqlite
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.errors import ArchiveError, ArchiveLocked, ArchiveUnfit, StorageFull
from convo_sync.lock import WriterLock

from ..rig import Crash, CrashPoint, crashing_connect
from .storage import NOW, ONE, asked, content, is_sound, store, transcript

ROOT = Path(__file__).parent.parent.parent
Database = sqlite_utils.Database
CURRENT = sqlite.SCHEMA_VERSION


def add_a_column(database: Database) -> None:
    database.execute("alter table conversations add column mood text")


def add_a_table(database: Database) -> None:
    database.execute("create table moods (mood text not null) strict")
    database.execute("insert into moods values ('fine')")


def rebuild_a_table_that_others_refer_to(database: Database) -> None:
    database.table("conversations").transform(rename={"minutes": "length"})


def fail(database: Database) -> None:
    raise RuntimeError("the step does not work")


def fail_in_sql(database: Database) -> None:
    database.execute("insert into nowhere values (1)")


def leave_orphans(database: Database) -> None:
    database.execute("delete from conversations")


@contextlib.contextmanager
def knowing(monkeypatch: pytest.MonkeyPatch, *steps: migrate.Migration) -> Iterator[None]:
    """A newer program, that has these steps too."""
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "MIGRATIONS", (*migrate.MIGRATIONS, *steps))
        patch.setattr(sqlite, "SCHEMA_VERSION", CURRENT + len(steps))
        yield


def copy_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.v{CURRENT}")


def test_every_version_has_its_step() -> None:
    """A schema version without the migration that leads to it would upgrade nothing, silently."""
    assert len(migrate.MIGRATIONS) == sqlite.SCHEMA_VERSION - 1


def test_an_upgrade_does_every_step_and_keeps_a_copy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect both steps, the version in both places, everything else as it was, and a copy of the older file."""
    before = content(path)
    with knowing(monkeypatch, add_a_column, add_a_table), Archive(path, NOW):
        pass
    after = content(path)
    assert after["moods"] == [("fine",)]
    newest = CURRENT + 2
    assert (after["user_version"], ("schema_version", str(newest)) in after["meta"]) == ([(newest,)], True)
    assert [row[:-1] for row in after["conversations"]] == before["conversations"]
    for table in before.keys() - {"meta", "conversations", "user_version", "sqlite_sequence"}:
        assert after[table] == before[table], table
    assert content(copy_of(path)) == before
    assert sorted(each.name for each in path.parent.iterdir() if "archive" in each.name) == [
        "archive.db",
        copy_of(path).name,
    ]
    is_sound(path)


def test_the_copy_is_the_way_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the older program to read the copy as it read the file."""
    before = asked(path)
    with knowing(monkeypatch, add_a_column), Archive(path, NOW):
        pass
    with pytest.raises(ArchiveUnfit, match="newer convo-sync"):
        Reader(path)
    assert asked(copy_of(path)) == before


@pytest.mark.parametrize(
    ("step", "error"), [(fail, RuntimeError), (fail_in_sql, ArchiveError), (leave_orphans, ArchiveUnfit)]
)
def test_a_step_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: migrate.Migration, error: type[Exception]
) -> None:
    """Expect no step done, the older version still at work, and success with a step that works."""
    before = content(path)
    with knowing(monkeypatch, add_a_column, step), pytest.raises(error):
        Archive(path, NOW)
    assert content(path) == before
    with Archive(path, NOW) as archive:
        store(archive, transcript(ONE, ["still at work"]))
    with knowing(monkeypatch, add_a_column, add_a_table), Archive(path, NOW):
        pass
    assert content(path)["moods"] == [("fine",)]


def test_a_table_can_be_rebuilt_under_its_references(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the transform of a table that others refer to: same rows, references whole and enforced after."""
    before = content(path)
    with (
        knowing(monkeypatch, rebuild_a_table_that_others_refer_to),
        Archive(path, NOW) as archive,
        pytest.raises(ArchiveError, match="FOREIGN KEY"),
    ):
        store(archive, transcript("sess_unheard_of", ["of nobody"]))
    assert content(path)["conversations"] == before["conversations"]
    is_sound(path)


def test_no_room_for_the_copy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect "no room", the file as it was, and no half a copy left behind."""
    before = content(path)
    plain = sqlite.open_plain

    def tight(name: Path) -> sqlite.Connection:
        connection = plain(name)
        if name.suffix == ".partial":
            connection.execute("pragma max_page_count = 20")
        return connection

    monkeypatch.setattr(sqlite, "open_plain", tight)
    with knowing(monkeypatch, add_a_column), pytest.raises(StorageFull, match="no room left"):
        Archive(path, NOW)
    assert content(path) == before
    assert not list(path.parent.glob("*.partial"))
    assert not copy_of(path).exists()


def test_an_upgrade_waits_for_no_other_writer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect "another program is writing", and no copy of a file that is about to change."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other, knowing(monkeypatch, add_a_column):
        other.execute("begin immediate")
        with pytest.raises(ArchiveLocked):
            Archive(path, NOW)
    assert not copy_of(path).exists()


# -- killed on the way


@pytest.mark.parametrize("where", ["before commit", "after commit"])
def test_a_crash_while_creating(tmp_path: Path, where: str) -> None:
    """Expect the next one to open it to find nothing or everything, and to end with a whole archive."""
    path = tmp_path / "archive.db"
    with pytest.raises(Crash):
        Archive(path, NOW, crashing_connect(CrashPoint(where, 1)))
    assert ("meta" in content(path)) == (where == "after commit")
    with Archive(path, NOW) as archive:
        assert archive.archive_id()
    is_sound(path)


@pytest.mark.parametrize("where", ["before commit", "after commit"])
def test_a_crash_while_upgrading(path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Expect the older file or the newer, never something between, and the upgrade done by the next one to open it."""
    before = content(path)
    with knowing(monkeypatch, add_a_column, add_a_table):
        with pytest.raises(Crash):
            Archive(path, NOW, crashing_connect(CrashPoint(where, 1)))
        assert (content(path) == before) == (where == "before commit")
        Archive(path, NOW).close()
    assert content(path)["moods"] == [("fine",)]
    assert content(copy_of(path)) == before


def test_half_a_copy_of_a_dead_process_is_no_obstacle(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect it to be made anew."""
    before = content(path)
    path.with_name(f"{copy_of(path).name}.partial").write_bytes(b"half of a copy")
    with knowing(monkeypatch, add_a_column), Archive(path, NOW):
        pass
    assert content(copy_of(path)) == before


# -- several at once


@contextlib.contextmanager
def racers(what: str, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that wait for the name of a file."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.archive.racer", what],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(count)
    ]  # fmt: skip
    try:
        assert [_line(each) for each in started] == ["ready"] * count
        yield started
    finally:
        for each in started:
            each.communicate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _start(processes: list[subprocess.Popen[str]], path: Path) -> set[str]:
    for each in processes:
        assert each.stdin is not None
        each.stdin.write(f"{path}\n")
        each.stdin.flush()
    return {_line(each) for each in processes}


@pytest.mark.slow
def test_several_processes_create_the_same_file(tmp_path: Path) -> None:
    """Expect one archive, with one id that all of them see."""
    with racers("create", 3) as processes:
        for turn in range(10):
            path = tmp_path / f"{turn}.db"
            answers = _start(processes, path)
            assert len(answers) == 1, answers
            (answer,) = answers
            assert len(answer) == 36, answer
            is_sound(path)


@pytest.mark.slow
def test_several_processes_upgrade_the_same_file(path: Path, tmp_path: Path) -> None:
    """Expect the step to be done once, nobody to fail, and the copy to be of the older version."""
    model = path.read_bytes()
    before = content(path)
    with racers("upgrade", 3) as processes:
        for turn in range(6):
            raced = tmp_path / f"{turn}.db"
            raced.write_bytes(model)
            (answer,) = _start(processes, raced)
            assert len(answer) == 36, answer
            assert [key for key, _ in content(raced)["meta"]].count("upgraded_by") == 1
            assert content(copy_of(raced)) == before
            is_sound(raced)


# -- for the owner only


@pytest.fixture
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
@pytest.mark.usefixtures("_no_umask")
def test_nobody_else_can_read_a_file_or_enter_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect 0600 for the archive and all that lies beside it, 0700 for its folder, whatever the umask."""
    path = tmp_path / "folder" / "archive.db"
    Archive(path, NOW).close()
    lock = WriterLock(path, "test").acquire()
    lock._leave_note()
    with knowing(monkeypatch, add_a_column), Archive(path, NOW) as archive:
        archive.begin_run("sync", NOW, archive.budget())
        found: dict[str, Any] = {each.name: oct(each.stat().st_mode & 0o777) for each in path.parent.iterdir()}
    lock.release()
    assert found == dict.fromkeys(
        [
            "archive.db", "archive.db-wal", "archive.db-shm", copy_of(path).name, "archive.db.lock",
            "archive.db.lock.note",
        ],
        "0o600",
    )  # fmt: skip
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
@pytest.mark.usefixtures("_no_umask")
def test_a_link_that_leads_nowhere_yet(tmp_path: Path) -> None:
    """Expect the file at its end to be made, for the owner only."""
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
    Archive(tmp_path / "link.db", NOW).close()
    assert (tmp_path / "real.db").stat().st_mode & 0o777 == 0o600
    with Reader(tmp_path / "link.db") as reader:
        assert reader.meetings() == []
