"""A file that is not what it should be: damaged, foreign, older, newer, missing. A plain sentence; its bytes stay."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convo_sync.archive import repair, sqlite
from convo_sync.archive.health import Examination
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.errors import ArchiveError, ArchiveMissing, ArchiveUnfit, ConvoSyncError

from ..console import Console
from .storage import ASKING, NOW, READING, WRITING, another_connection, is_plain, is_sound


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
    for call in (repair.examine, lambda path: repair.mend(path, NOW)):
        try:
            call(path)
        except ConvoSyncError as error:
            is_plain(error)


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
            if name == "explain":
                continue  # it reads the query alone
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
    ("actions",), ("actions", "done", "1"), ("decisions",), ("prep", "zebra"), ("digest",), ("list", "--with", "ann"),
    ("sync", "--dry-run"), ("archive", "verify"), ("archive", "repair", "--dry-run"),
)  # fmt: skip
WRITING_COMMANDS = (("sync",), ("archive", "repair"))


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
    for command in COMMANDS + WRITING_COMMANDS:
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


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_reading_command_on_an_older_file(
    path: Path, console: Console, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Expect every one to end with 78 and to name `convo-sync sync`, and not to touch the file."""
    monkeypatch.setattr(sqlite, "SCHEMA_VERSION", sqlite.SCHEMA_VERSION + 1)
    before = path.read_bytes()
    ran = console("--archive", path, *command)
    assert (ran.code, ran.out) == (78, "")
    assert "of an older version" in ran.err
    assert "`convo-sync sync`" in ran.err
    assert path.read_bytes() == before


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
