"""Every storage method against all that a file, a disk and other programs can do: a plain sentence, and nothing lost."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from convo_sync.archive import sqlite
from convo_sync.archive.health import Examination
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.errors import (
    ArchiveError,
    ArchiveLocked,
    ArchiveMissing,
    ArchiveUnfit,
    ConvoSyncError,
    StorageFull,
)

from ..console import Console
from .storage import ASKING, CLOSING, NOW, READING, WRITING, asked, content, is_sound, names

ROOT = Path(__file__).parent.parent.parent
OTHER_UID = 65534


def test_every_storage_method_stands_in_the_tables() -> None:
    """A new method of the archive or the reader needs a call in storage.py, so that these tests try it."""
    assert names(Archive) == {*WRITING, *ASKING, *CLOSING}
    assert names(Reader) == {*READING, *CLOSING}


def is_plain(error: ConvoSyncError) -> None:
    """A sentence, and another that says what to do."""
    assert error.message[0].isupper() or error.message.startswith("/")
    assert error.message.endswith((".", ")"))
    assert error.next_step.endswith(".")


@contextlib.contextmanager
def another_connection(path: Path, *statements: str) -> Iterator[sqlite3.Connection]:
    """Another program with the file open, after these statements."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
        yield connection


# -- another program holds the file


@pytest.mark.parametrize("name", WRITING)
def test_writing_to_a_locked_file(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect "another program is writing", exit 75, nothing changed; and success once the lock is gone."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    before = content(path)
    with Archive(path, NOW) as archive:
        with another_connection(path, "begin immediate"), pytest.raises(ArchiveLocked) as caught:
            WRITING[name](archive)
        assert (caught.value.exit_code, content(path)) == (75, before)
        is_plain(caught.value)
        WRITING[name](archive)
    assert content(path) != before


def test_reading_a_locked_file_never_waits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect every reading method to answer as before while another connection is writing."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.0)
    before = asked(path)
    with Archive(path, NOW) as archive:
        answers = {name: call(archive) for name, call in ASKING.items()}
        with another_connection(path, "begin exclusive", "delete from segments"):
            assert asked(path) == before
            assert {name: call(archive) for name, call in ASKING.items()} == answers


def test_a_file_that_is_held_exclusively(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the same sentence from a reader and a writer where a program locks out everybody."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    hold = ("pragma locking_mode = exclusive", "begin immediate", "update meta set value = value")
    with another_connection(path, *hold):
        for opening in (lambda: Reader(path), lambda: Archive(path, NOW)):
            with pytest.raises(ArchiveLocked) as caught:
                opening()
            is_plain(caught.value)


# -- the disk


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.parametrize("free_pages", [0, 1, 7, 45])
def test_a_full_disk(path: Path, name: str, free_pages: int) -> None:
    """Expect "no room", exit 1, nothing of the transaction kept, and success once there is room, without reopening."""
    before = content(path)
    with Archive(path, NOW) as archive:
        connection = archive._connection
        pages = connection.execute("pragma page_count").fetchone()[0]
        connection.execute(f"pragma max_page_count = {pages + free_pages}")
        with pytest.raises(StorageFull, match="no room left") as caught:
            WRITING[name](archive)
        is_plain(caught.value)
        assert (caught.value.exit_code, content(path), connection.in_transaction) == (1, before, False)
        connection.execute("pragma max_page_count = 1000000")
        WRITING[name](archive)
    assert content(path) != before
    is_sound(path)


def run_child(*arguments: str | Path) -> Any:
    """What a process of its own tells."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.archive.child", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a file's size")
def test_an_io_error(path: Path) -> None:
    """Expect "the disk refused" from every writing method where the system takes no more, and the file as it was."""
    before = content(path)
    copies = {name: Path(shutil.copy(path, path.with_name(f"{name}.db"))) for name in WRITING}
    for name, (kind, message, next_step, code) in run_child(
        "file-limit", *(f"{name}={copy}" for name, copy in copies.items())
    ).items():
        assert (kind, code) == ("StorageFull", "1"), name
        assert message.startswith("The disk refused to write")
        assert next_step
        assert content(copies[name]) == before
        is_sound(copies[name])


@pytest.fixture
def shared(path: Path) -> Iterator[Path]:
    """A copy of the archive in a folder that another user can enter, and not write to."""
    folder = Path(tempfile.mkdtemp())
    archive = Path(shutil.copy(path, folder / "archive.db"))
    if os.getuid() == 0:
        os.chown(archive, OTHER_UID, OTHER_UID)
    folder.chmod(0o555)
    yield archive
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
@pytest.mark.parametrize("beside", [[], ["-wal"]], ids=["alone", "with an empty -wal"])
@pytest.mark.parametrize("mode", [0o444, 0o644])
def test_a_folder_that_cannot_be_written(path: Path, shared: Path, mode: int, beside: list[str]) -> None:
    """Expect every reader's answers as ever, without a file made there; and a plain refusal for a writer."""
    before = shared.read_bytes()
    shared.chmod(mode)
    for suffix in beside:
        shared.parent.chmod(0o755)
        shared.with_name(shared.name + suffix).touch()
        shared.parent.chmod(0o555)
    found = run_child("other-user", OTHER_UID if os.getuid() == 0 else 0, shared, path)
    assert found["same"]
    kind, message, next_step, code = found["writing"]
    assert (kind, code) == ("ArchiveError", "1")
    assert str(shared) in message
    assert "permissions" in next_step
    assert found["files"] == sorted(["archive.db", *(f"archive.db{suffix}" for suffix in beside)])
    assert shared.read_bytes() == before


# -- the file is not what it should be


def damage(path: Path, seed: int) -> None:
    """Flip bytes all over the file, its header spared."""
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((3, 30, 300))):
        content[chance.randrange(100, len(content))] ^= chance.randrange(1, 256)
    path.write_bytes(content)


@pytest.mark.parametrize("seed", range(25))
def test_a_damaged_file(path: Path, seed: int) -> None:
    """Expect an answer, or an error of ours, from every method; never an exception that is not ours."""
    damage(path, seed)
    for calls, opening in ((READING, lambda: Reader(path)), ({**ASKING, **WRITING}, lambda: Archive(path, NOW))):
        with contextlib.ExitStack() as stack:
            opened: Any = None
            for call in (lambda _: stack.enter_context(opening()), *calls.values()):  # noqa: B023 - called at once
                try:
                    opened = call(opened) if opened is None else (call(opened), opened)[1]
                except ConvoSyncError as error:
                    is_plain(error)
                if opened is None:
                    break
    with contextlib.suppress(ConvoSyncError), Examination(path) as examination:
        examination.facts()
        examination.damage()
        examination.indexes()


def test_damage_is_told_as_damage(path: Path) -> None:
    """Expect exit 78 and doctor or a backup as the next step where the first page of every table is noise."""
    with another_connection(path) as connection:
        roots = [root for (root,) in connection.execute("select rootpage from sqlite_master where rootpage > 0")]
    damaged = bytearray(path.read_bytes())
    for root in roots:
        damaged[(root - 1) * 4096 : root * 4096] = random.Random(root).randbytes(4096)
    path.write_bytes(damaged)
    with Reader(path) as reader:
        for name, call in READING.items():
            with pytest.raises(ArchiveUnfit, match="damaged") as caught:
                call(reader)
            assert (caught.value.exit_code, "doctor" in caught.value.next_step) == (78, True), name


def no_sqlite(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 1000)


def a_few_bytes(path: Path) -> None:
    path.write_bytes(b"hello")


def another_programs(path: Path) -> None:
    path.unlink()
    with another_connection(path, "create table recipes (name text)", "insert into recipes values ('soup')"):
        pass


def a_newer_one(path: Path) -> None:
    with another_connection(path, "pragma user_version = 99"):
        pass


def a_version_that_never_was(path: Path) -> None:
    with another_connection(path, "pragma user_version = -3"):
        pass


def a_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


UNFIT: list[tuple[Callable[[Path], None], str]] = [
    (no_sqlite, "not an SQLite file"),
    (a_few_bytes, "not an SQLite file"),
    (another_programs, "not an archive of convo-sync"),
    (a_newer_one, "newer convo-sync"),
    (a_version_that_never_was, "damaged"),
    (a_half, "damaged"),
]
COMMANDS = (
    ("status",), ("list",), ("search", "zebra"), ("show", "sess_one"), ("sql", "select * from segments"),
    ("sync", "--dry-run"), ("sync",),
)  # fmt: skip


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Console:
    """Runs commands, with a key and a server where nobody listens."""
    monkeypatch.setenv("CONVO_API_KEY", "convo_0123456789abcdef0123456789abcdef")
    monkeypatch.setenv("CONVO_SYNC_BASE_URL", "http://127.0.0.1:9")
    return Console(capsys, monkeypatch)


@pytest.mark.parametrize(("make", "words"), UNFIT, ids=lambda value: getattr(value, "__name__", ""))
def test_a_file_that_is_no_archive_of_ours(
    path: Path, console: Console, make: Callable[[Path], None], words: str
) -> None:
    """Expect every command to refuse it in plain words with exit 78, and to leave every byte of it alone."""
    make(path)
    before = path.read_bytes()
    for command in COMMANDS:
        ran = console("--archive", path, *command)
        assert (ran.code, ran.out) == (78, ""), (command, ran)
        assert words in ran.err
        assert len(ran.err.splitlines()) >= 2, "no next step"
        assert "Traceback" not in ran.err
        assert "convo-sync itself" not in ran.err
    assert path.read_bytes() == before
    if make is another_programs:
        assert not list(path.parent.glob("archive.db-*"))


def test_an_older_file_names_the_command_that_upgrades_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect exit 78 and `convo-sync sync` as the next step."""
    monkeypatch.setattr(sqlite, "SCHEMA_VERSION", sqlite.SCHEMA_VERSION + 1)
    with pytest.raises(ArchiveUnfit, match="older version") as caught:
        Reader(path)
    assert (caught.value.exit_code, "convo-sync sync" in caught.value.next_step) == (78, True)


def test_a_file_that_is_missing_or_empty(tmp_path: Path) -> None:
    """Expect exit 78 and the command that makes or fills it."""
    for make in (lambda path: None, Path.touch):
        path = tmp_path / "archive.db"
        make(path)
        with pytest.raises(ArchiveMissing) as caught:
            Reader(path)
        assert (caught.value.exit_code, "convo-sync sync" in caught.value.next_step) == (78, True)
    Archive(path, NOW).close()
    is_sound(path)


def test_a_folder_in_place_of_the_file_or_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    """Expect a plain refusal that names the path."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", tmp_path / "file" / "archive.db"):
        for opening in (lambda: Archive(path, NOW), lambda: Reader(path)):  # noqa: B023 - called at once
            with pytest.raises(ArchiveError, match=path.name) as caught:
                opening()
            is_plain(caught.value)
