"""The examination of an archive's file: what it finds, and how far it goes."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from convo_sync.archive import health
from convo_sync.simulator import Simulator

from .console import fill
from .simulator.asking import small_world


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of the small world."""
    simulator = Simulator(small_world())
    with simulator.serve() as url:
        fill(tmp_path / "archive.db", url, simulator.key)
    return tmp_path / "archive.db"


def tamper(archive: Path, *statements: str) -> None:
    """Change the file behind the program's back."""
    with contextlib.closing(sqlite3.connect(archive, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def indexes(archive: Path, **options: int) -> health.IndexState:
    """What is found about the search indexes."""
    with health.Examination(archive) as examination:
        return examination.indexes(**options)


THIRD = "id = (select min(id) + 2 from segments)"
CHANGED_TEXT = f"update segments set text = 'something else altogether' where {THIRD}"


def test_a_sound_archive_has_no_fault(archive: Path) -> None:
    """Expect the facts that the sync recorded, no damage, and indexes compared in depth."""
    with health.Examination(archive) as examination:
        facts = examination.facts()
        assert (facts.conversations, facts.account) == (3, "mara@haldenloop.example")
        assert examination.is_current
        assert examination.damage() == ()
        assert examination.indexes() == health.IndexState((), in_depth=True)


def test_a_large_archive_is_not_copied_to_memory(archive: Path) -> None:
    """Expect the entries to be counted where the whole comparison would take too much memory."""
    assert indexes(archive, largest_copy=0) == health.IndexState((), in_depth=False)
    tamper(archive, CHANGED_TEXT)
    assert not indexes(archive, largest_copy=0).faults
    tamper(archive, f"delete from segments_fts_docsize where {THIRD}")
    assert indexes(archive, largest_copy=0).faults == ("segments_fts: 1 rows are not indexed",)


def test_entries_without_their_rows_are_found(archive: Path) -> None:
    """Expect a row that left without its entry to be counted."""
    tamper(archive, f"delete from segments where {THIRD}")
    assert indexes(archive).faults == ("segments_fts: 1 entries are of rows that are gone",)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (CHANGED_TEXT, ["segments_fts does not match the text", "transcripts_fts does not match the text"]),
        ("delete from segments_fts_docsize", ["segments_fts: 36 rows are not indexed"]),
        ("delete from transcripts_fts_docsize", ["transcripts_fts: 3 rows are not indexed"]),
        ("delete from _outlines where number = 1", ["transcripts_fts: 1 entries are of rows that are gone"]),
        ("update segments_fts_data set block = x'00' where id > 10", ["segments_fts cannot be read"]),
        ("update transcripts_fts_data set block = x'00' where id > 10", ["transcripts_fts cannot be read"]),
        ("drop table notes_fts_config", ["notes_fts cannot be read (vtable constructor failed"]),
        ("drop table notes_fts", ["notes_fts cannot be read (no such table"]),
        (
            "insert into notes_fts_config values ('rank', 'bogus()')",
            ["notes_fts cannot be read (no such function: bogus"],
        ),
    ],
)
def test_an_index_that_is_broken_is_found(archive: Path, damage: str, told: list[str]) -> None:
    """Expect a fault of each broken index, and of no other: a turn is in its own and in its transcript's."""
    tamper(archive, damage)
    faults = indexes(archive).faults
    assert [fault[: len(words)] for fault, words in zip(faults, told, strict=True)] == told


def test_the_examination_writes_nothing(archive: Path) -> None:
    """Expect the file's bytes as before, though the comparison writes to its copy."""
    before = archive.read_bytes()
    assert indexes(archive).in_depth
    assert archive.read_bytes() == before
