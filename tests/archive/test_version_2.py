"""The upgrade from version 1: an archive that version 1 wrote ends as this version fills a new one."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from convo_sync.archive import repair, sqlite, tables
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.errors import ArchiveUnfit

from ..reading import runner
from ..rig import Crash, CrashPoint, crashing_connect
from .damages import BESIDE, INDEXES, derived_rows, ids, rows
from .storage import NOW, content, is_sound
from .versions import OPERATIONAL, empty, facts, received_again, shape, words, written


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An archive of version 1."""
    return written(tmp_path / "archive.db", 1)


@pytest.fixture
def upgraded(old: Path) -> Path:
    """The same after the upgrade."""
    Archive(old, NOW).close()
    return old


@pytest.fixture
def fresh(old: Path, tmp_path: Path) -> Path:
    """A new archive, of this version, that was given the same documents in the same order."""
    return received_again(old, tmp_path / "fresh.db")


def test_the_old_archive_is_whole(old: Path) -> None:
    """Expect rows in what the upgrade touches, or these tests would show nothing."""
    held = content(old)
    assert [name for name in (*tables.TABLES, *OPERATIONAL) if not held[name]] == ["sweep", "sweep_seen"]
    assert rows(old, "pragma integrity_check") == [("ok",)]
    assert not {"promises", *BESIDE} & held.keys()


def test_an_upgraded_archive_has_the_shape_of_a_new_one(upgraded: Path, fresh: Path) -> None:
    """Expect the same tables, columns, keys, indexes and views, but for the comments in them."""
    assert shape(upgraded) == shape(fresh)
    assert rows(upgraded, "pragma user_version") == [(sqlite.SCHEMA_VERSION,)]


def test_an_upgraded_archive_has_the_rows_of_a_new_one(upgraded: Path, fresh: Path) -> None:
    """Expect derived tables, ids of turns, forms and outlines as if this version had received the documents."""
    assert derived_rows(upgraded) == derived_rows(fresh)
    assert ids(upgraded) == ids(fresh)
    held = derived_rows(upgraded)
    assert len(held["_outlines"]) == 2
    assert len(held["_segment_forms"]) == 5
    assert any(form for *_, form in held["_notes"].values())


def test_an_upgraded_archive_has_the_index_of_a_new_one(upgraded: Path, fresh: Path) -> None:
    """Expect every word of every index at the same place of the same text."""
    for index in INDEXES:
        found = words(upgraded, index)
        assert found
        assert found == words(fresh, index)
    is_sound(upgraded)


def test_all_else_is_as_it_was(old: Path) -> None:
    """Expect the rows that no document gives, and every row's `changed`, to stay; nothing to be in the change feed."""
    before, told = content(old), facts(old, "schema_version", "changed")
    Archive(old, NOW).close()
    after = content(old)
    for name in OPERATIONAL:
        # Version 3 asks each revision what paid for it.
        unpaid = (None,) if name == "revisions" else ()
        assert after[name] == [row + unpaid for row in before[name]], name
    for name, table in tables.TABLES.items():
        if table.is_public and name != "segments":
            # Version 3 asks each event when it was withdrawn.
            standing = (None,) if name == "events" else ()
            assert after[name] == [row + standing for row in before[name]], name
    assert sorted(row[1:] for row in after["segments"]) == sorted(row[1:] for row in before["segments"])
    assert facts(old, "schema_version", "changed") == told


def test_promises_are_numbered(old: Path, fresh: Path) -> None:
    """Expect a number for each action item, in the order they came, all open, as news in the change feed."""
    last = int(facts(old)["changed"])
    Archive(old, NOW).close()
    told = "select number, conversation_id, text, nth, done_at from promises order by number"
    assert rows(old, told) == [
        (1, "sess_one", "tell Leonie", 0, None),
        (2, "sess_one", "send the lid", 0, None),
        (3, "sess_one", "tell Leonie", 1, None),
        (4, "sess_two", "予算を送る", 0, None),
    ]
    shown = "select conversation_id, position, text, owner, done_at from meeting_action_items order by 1, 2"
    assert rows(old, shown) == rows(fresh, shown)
    assert rows(old, "select distinct changed from promises") == [(last + 1,)]
    assert int(facts(old)["changed"]) > last


def test_an_upgraded_archive_is_verified_and_searched(
    upgraded: Path, fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expect `archive verify` to find nothing, and every kind of word to be found, as in a new archive."""
    assert repair.examine(upgraded).is_sound
    assert runner(upgraded, capsys)("archive", "verify").code == 0
    with Reader(upgraded) as reader, Reader(fresh) as new:
        for word in ("zebra", "予算", "三万", "👍", "🦓", "हिन्दी", "cafe", "ไทย", "蓋", "聞く", "lid budget"):
            found = reader.search(word)
            assert found.hits, word
            assert found == new.search(word), word
        assert not reader.search("left").hits  # of an earlier version


@pytest.mark.parametrize("where", ["before commit", "after commit"])
def test_a_crash_while_upgrading(old: Path, fresh: Path, where: str) -> None:
    """Expect version 1 as it was, or this version in full; the copy to be of version 1; the next to open it to end."""
    before = content(old)
    with pytest.raises(Crash):
        Archive(old, NOW, crashing_connect(CrashPoint(where, 1)))
    assert (content(old) == before) == (where == "before commit")
    assert rows(old, "pragma user_version") == [(1 if where == "before commit" else sqlite.SCHEMA_VERSION,)]
    Archive(old, NOW).close()
    assert derived_rows(old) == derived_rows(fresh)
    assert repair.examine(old).is_sound
    assert content(old.with_name("archive.db.v1")) == before


def test_readers_of_an_old_archive_are_told_what_to_do(old: Path) -> None:
    """Expect reading to refuse it in plain words, and a writer to upgrade it for them."""
    with pytest.raises(ArchiveUnfit, match="older version"), Reader(old) as reader:
        reader.meetings()
    Archive(old, NOW).close()
    with Reader(old) as reader:
        assert len(reader.meetings()) == 3


def test_an_archive_without_a_document_is_upgraded(tmp_path: Path) -> None:
    """Expect no number of a transaction to be used up where nothing was numbered."""
    path = empty(tmp_path / "empty.db", 1)
    Archive(path, NOW).close()
    assert facts(path) == {"changed": "0", "schema_version": str(sqlite.SCHEMA_VERSION)}
    assert repair.examine(path).is_sound


def test_turns_of_no_meeting_stop_the_upgrade(old: Path) -> None:
    """Expect the sentence about references, and the file as it was."""
    with contextlib.closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("update segments set conversation_id = 'nobody' where id = 1")
    before = content(old)
    with pytest.raises(ArchiveUnfit, match="refer to rows that do not exist"):
        Archive(old, NOW)
    assert content(old) == before
