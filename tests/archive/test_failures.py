"""Every storage method against what a file, a disk and other programs can do: a plain sentence, and nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convo_sync.archive import sqlite
from convo_sync.archive.accounting import Accounting
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.errors import ArchiveLocked, StorageFull

from .storage import (
    ASKING,
    CLOSING,
    NOW,
    READING,
    THINKING,
    WRITING,
    another_connection,
    asked,
    content,
    is_plain,
    is_sound,
    names,
)

ROOT = Path(__file__).parent.parent.parent
OTHER_UID = 65534


def test_every_storage_method_stands_in_the_tables() -> None:
    """A new method of the archive or the reader needs a call in storage.py, so that these tests try it."""
    of_credits = {f"accounting.{name}" for name in names(Accounting)}
    elsewhere = {"accounting.keep_reply", "accounting.adopt", "accounting.free_bytes"}  # test_accounting.py
    assert names(Archive) | of_credits == {*WRITING, *ASKING, *CLOSING, *elsewhere}
    assert names(Reader) == {*READING, *THINKING, *CLOSING}


@pytest.mark.parametrize("name", THINKING)
def test_what_looks_at_no_table_needs_none(path: Path, name: str) -> None:
    """Expect the same answer from a file without a sound table."""
    with Reader(path) as reader:
        before = THINKING[name](reader)
        with another_connection(path, "drop table segments", "drop table segments_fts"):
            assert THINKING[name](reader) == before


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


def run_child(*arguments: str | int | Path) -> Any:
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
