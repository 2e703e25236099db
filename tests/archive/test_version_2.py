"""The upgrade from version 1: an archive that version 1 wrote ends as this version fills a new one."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convo_sync import models
from convo_sync.archive import repair, schema, sqlite, tables
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.errors import ArchiveUnfit
from convo_sync.records import Conversation, ConversationId, Document, Kind, Listing, ListingChange

from ..reading import runner
from ..rig import Crash, CrashPoint, crashing_connect
from .damages import BESIDE, INDEXES, derived_rows, ids, rows
from .storage import NOW, content, is_sound, store

HERE = Path(__file__).parent
# What version 1 had, and what the upgrade takes from it as it is.
OPERATIONAL = (
    "conversations", "documents", "revisions", "deletions", "holdings", "sightings", "sweep", "sweep_seen", "budget",
    "runs", "account",
)  # fmt: skip
IN_ORDER = """
    select r.body, coalesce(d.conversation_id, ''), d.kind
    from revisions r
    join documents d on d.id = r.document_id
    order by r.id
"""


def version_1(path: Path) -> Path:
    """The archive that version 1 wrote."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode = wal")
        for name in ("schema_1.sql", "rows_1.sql"):
            for statement in schema.statements((HERE / name).read_text(encoding="utf-8")):
                connection.execute(statement)
        for index, table in (("segments_fts", "segments"), ("notes_fts", "_notes")):
            connection.execute(f"insert into {index} (rowid, text) select id, text from {table}")
        connection.execute(f"pragma application_id = {sqlite.APPLICATION_ID}")
        connection.execute("pragma user_version = 1")
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An archive of version 1."""
    return version_1(tmp_path / "archive.db")


@pytest.fixture
def upgraded(old: Path) -> Path:
    """The same after the upgrade."""
    Archive(old, NOW).close()
    return old


@pytest.fixture
def fresh(old: Path, tmp_path: Path) -> Path:
    """A new archive, of this version, that was given the same documents in the same order."""
    path = tmp_path / "fresh.db"
    received = rows(old, IN_ORDER)
    with Archive(path, NOW) as archive:
        page = [_as_listed(body) for body, _, kind in received if kind == Kind.LISTING]
        archive.store_page(page, None, 1, NOW, Budget())
        for document in _documents(received):
            store(archive, document)
    return path


def _as_listed(body: bytes) -> ListingChange:
    row = models.read_stored_row(zlib.decompress(body))
    assert isinstance(row, Listing)
    conversation = Conversation(row.id, row.title, row.start_time, None, None, 3, row.digest)
    return ListingChange(row, conversation, (), is_new=True, differs=True)


def _documents(received: list[tuple[Any, ...]]) -> Iterator[Document]:
    for body, conversation_id, kind in received:
        if kind != Kind.LISTING:
            found = models.read_stored(ConversationId(conversation_id), Kind(kind), zlib.decompress(body))
            assert found is not None
            yield found


def test_the_old_archive_is_whole(old: Path) -> None:
    """Expect rows in what the upgrade touches, or these tests would show nothing."""
    held = content(old)
    assert [name for name in (*tables.TABLES, *OPERATIONAL) if not held[name]] == ["sweep", "sweep_seen"]
    assert rows(old, "pragma integrity_check") == [("ok",)]
    assert not {"promises", *BESIDE} & held.keys()


def test_an_upgraded_archive_has_the_shape_of_a_new_one(upgraded: Path, fresh: Path) -> None:
    """Expect the same tables, columns, keys, indexes and views, but for the comments in them."""
    assert _shape(upgraded) == _shape(fresh)
    assert rows(upgraded, "pragma user_version") == [(2,)]


def _shape(path: Path) -> dict[str, Any]:
    objects = rows(path, "select type, name, tbl_name, sql from sqlite_master order by type, name")
    shape: dict[str, Any] = {}
    for kind, name, table, sql in objects:
        asked = ("table_xinfo", "index_list", "foreign_key_list") if kind == "table" else ("index_xinfo",)
        found = [rows(path, f"pragma {each}('{name}')") for each in asked]
        # A column that was added later stands elsewhere in the words of its table.
        words = re.sub(r"--.*", "", sql or "").split() if kind != "table" or "virtual" in (sql or "").lower() else []
        shape[f"{kind} {name}"] = table, words, found
    strict = "select name, type, wr, strict from pragma_table_list where schema = 'main' and name not like 'sqlite%'"
    return shape | {"strict": sorted(rows(path, strict))}


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
        words = _words(upgraded, index)
        assert words
        assert words == _words(fresh, index)
    is_sound(upgraded)


def _words(path: Path, index: str) -> list[tuple[Any, ...]]:
    """Word, text and place. Notes have ids of SQLite's choice, and are told apart by their key."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"create virtual table temp.words using fts5vocab(main, {index}, instance)")
        found = connection.execute("select term, doc, offset from temp.words").fetchall()
        keys = dict(
            connection.execute("select id, json_array(conversation_id, source, item, kind, position) from _notes")
        )
    return sorted((term, keys[doc] if index == "notes_fts" else doc, offset) for term, doc, offset in found)


def test_all_else_is_as_it_was(old: Path) -> None:
    """Expect the rows that no document gives, and every row's `changed`, to stay; nothing to be in the change feed."""
    before = content(old)
    Archive(old, NOW).close()
    after = content(old)
    for name in OPERATIONAL:
        assert after[name] == before[name], name
    for name, table in tables.TABLES.items():
        if table.is_public and name != "segments":
            assert after[name] == before[name], name
    assert sorted(row[1:] for row in after["segments"]) == sorted(row[1:] for row in before["segments"])
    changing = {"schema_version", "changed"}
    assert _facts(after, changing) == _facts(before, changing)


def _facts(held: Any, without: set[str]) -> dict[str, str]:
    return {key: value for key, value in held["meta"] if key not in without}


def test_promises_are_numbered(upgraded: Path, fresh: Path) -> None:
    """Expect a number for each action item, in the order they came, all open, as news in the change feed."""
    told = "select number, conversation_id, text, nth, done_at from promises order by number"
    assert rows(upgraded, told) == [
        (1, "sess_one", "tell Leonie", 0, None),
        (2, "sess_one", "send the lid", 0, None),
        (3, "sess_one", "tell Leonie", 1, None),
        (4, "sess_two", "予算を送る", 0, None),
    ]
    shown = "select conversation_id, position, text, owner, done_at from meeting_action_items order by 1, 2"
    assert rows(upgraded, shown) == rows(fresh, shown)
    newest = rows(upgraded, "select value from meta where key = 'changed'")[0][0]
    assert rows(upgraded, "select distinct changed from promises") == [(int(newest),)]


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
    """Expect version 1 as it was, or version 2 in full; the copy to be of version 1; the next one to open it to end."""
    before = content(old)
    with pytest.raises(Crash):
        Archive(old, NOW, crashing_connect(CrashPoint(where, 1)))
    assert (content(old) == before) == (where == "before commit")
    assert rows(old, "pragma user_version") == [(1 if where == "before commit" else 2,)]
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
    path = tmp_path / "empty.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in schema.statements((HERE / "schema_1.sql").read_text(encoding="utf-8")):
            connection.execute(statement)
        connection.execute("insert into meta values ('changed', '0'), ('schema_version', '1')")
        connection.execute(f"pragma application_id = {sqlite.APPLICATION_ID}")
        connection.execute("pragma user_version = 1")
    Archive(path, NOW).close()
    assert _facts(content(path), set()) == {"changed": "0", "schema_version": "2"}
    assert repair.examine(path).is_sound


def test_turns_of_no_meeting_stop_the_upgrade(old: Path) -> None:
    """Expect the sentence about references, and the file as it was."""
    with contextlib.closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute("update segments set conversation_id = 'nobody' where id = 1")
    before = content(old)
    with pytest.raises(ArchiveUnfit, match="refer to rows that do not exist"):
        Archive(old, NOW)
    assert content(old) == before
