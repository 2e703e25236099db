"""Repair: whatever was done to the derived tables and the indexes, they end as they were; all else is not touched."""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convo_sync.archive import health, marks, rebuild, repair, sqlite, tables
from convo_sync.archive.derived import Difference
from convo_sync.archive.entries import TURNS
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.errors import ArchiveLocked, ArchiveMissing, ArchiveUnfit, StorageFull
from convo_sync.records import ConversationId, Kind

from ..asking import Made
from ..rig import Crash, CrashPoint, crashing_connect
from . import damages
from .damages import BROKEN_INDEXES, DAMAGES, TABLES, damage, damage_as_far_as_possible, derived_rows, rows
from .storage import LONG, NOW, ONE, TWO, another_connection, content, is_plain, is_sound, listed, store, transcript

WORDS = ("zebra", "leonie", "scribbled")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with rows in every table, which nobody damages."""
    return damages.fill_whole(tmp_path_factory.mktemp("whole") / "archive.db")


@pytest.fixture
def damaged(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copy(whole, tmp_path / "damaged.db"))


def mend(path: Path, **options: Any) -> repair.Condition:
    """Mend an archive."""
    return repair.mend(path, NOW, **options)


def found(path: Path) -> list[Any]:
    """What searches find."""
    with Reader(path) as reader:
        hits = [hit for word in WORDS for hit in reader.search(word, limit=100).hits]
    return sorted((hit.conversation_id, hit.kind, hit.position or 0, hit.text, round(hit.score, 6)) for hit in hits)


def is_as_before(path: Path, whole: Path) -> None:
    """Every derived row is what a fresh archive of the same documents has, and nothing else was touched."""
    assert derived_rows(path) == derived_rows(whole)
    assert damages.ids(path) == damages.ids(whole)
    assert damages.others(path) == damages.others(whole)
    assert found(path) == found(whole)
    is_sound(path)
    assert repair.examine(path).is_sound


def test_a_fresh_archive_has_rows_in_every_table(whole: Path) -> None:
    """Expect no derived table to be empty, or its damage would be none; and nothing to be wrong."""
    assert [name for name, held in derived_rows(whole).items() if not held] == []
    assert repair.examine(whole) == repair.Condition((), documents=9)


# The three search indexes are broken in the same ways: by default the largest one is.
FEWER = [
    pytest.param(what, marks=[pytest.mark.slow] if what.startswith(("transcripts_fts", "notes_fts")) else [])
    for what in DAMAGES
]


@pytest.mark.parametrize("what", FEWER)
def test_each_damage_is_mended(whole: Path, damaged: Path, what: str) -> None:
    """Expect it to be found, told apart and mended; `changed` to move for what was mended; a second time, nothing."""
    damage(damaged, DAMAGES[what])
    before = derived_rows(damaged), damages.changed(damaged)
    condition = repair.examine(damaged)
    of_index = what in BROKEN_INDEXES
    assert condition.needs_repair
    assert bool(condition.tables) != of_index
    assert condition.search_indexes or not of_index
    assert mend(damaged) == condition
    is_as_before(damaged, whole)
    only_what_was_mended_is_new(damaged, whole, *before)
    bytes_before = content(damaged)
    assert mend(damaged).is_sound
    assert content(damaged) == bytes_before


def only_what_was_mended_is_new(path: Path, whole: Path, contents: Any, numbers: Any) -> None:
    """`changed` moves for a row whose content was mended, no other; what had no document is in `deletions`."""
    mended, now = derived_rows(path), damages.changed(path)
    newest = int(rows(whole, "select value from meta where key = 'changed'")[0][0])
    for name, table in now.items():
        for key, (row_id, changed) in table.items():
            if key in contents[name] and contents[name][key] == mended[name][key]:
                assert changed == numbers[name][key][1], (name, key)
                assert name == "segments" or row_id == numbers[name][key][0], (name, key)
            else:
                assert changed > newest, (name, key)
    gone = [(name, key) for name in now for key in numbers[name].keys() - now[name].keys()]
    assert damages.left(path) == sorted(gone)


@settings(max_examples=25)
@given(some=st.lists(st.sampled_from(sorted(DAMAGES)), min_size=2, max_size=6))
def test_any_damages_together_are_mended(
    whole: Path, some: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Expect several at once, one upon the other, to be mended as each by itself."""
    path = Path(shutil.copy(whole, tmp_path_factory.mktemp("together") / "archive.db"))
    damage_as_far_as_possible(path, *(DAMAGES[each] for each in some))
    assert mend(path).needs_repair
    is_as_before(path, whole)
    shutil.rmtree(path.parent)


def test_a_dry_run_counts_by_table(damaged: Path) -> None:
    """Expect rows that are missing, that differ and that are left over to be told apart, and the file as it was."""
    damage(damaged, TABLES["decisions: one row is gone"], TABLES["segments: a value differs"])
    damage(damaged, TABLES["attendees: too many rows"], DAMAGES["conversations: another title"])
    before = damaged.read_bytes()
    assert repair.examine(damaged).tables == {
        "conversations": Difference(differing=1),
        "segments": Difference(differing=1),
        "decisions": Difference(missing=1),
        "attendees": Difference(left_over=2),
    }
    assert damaged.read_bytes() == before


# -- documents that cannot be read


def _cut(path: Path, kind: str) -> None:
    where = f"document_id = (select id from documents where kind = '{kind}' and conversation_id = '{ONE}')"
    damage(path, f"update revisions set body = substr(body, 1, 20) where {where}")


def _other_body(path: Path, kind: str) -> None:
    body = zlib.compress(b'{"data": {"segments": [{"text": "scribbled"}], "keypoints": {"decisions": ["scribbled"]}}}')
    with another_connection(path) as connection:
        connection.execute(
            "update revisions set body = ? where document_id = "
            "(select id from documents where kind = ? and conversation_id = ?)",
            (body, kind, ONE),
        )


def _no_version(path: Path, kind: str) -> None:
    damage(path, f"update documents set revision = 7 where kind = '{kind}' and conversation_id = '{ONE}'")


def _no_document(path: Path, kind: str) -> None:
    damage(
        path,
        f"delete from revisions where document_id in (select id from documents where kind = '{kind}')",
        f"delete from documents where kind = '{kind}' and conversation_id = '{ONE}'",
    )


UNREADABLE: list[tuple[Callable[[Path, str], None], str]] = [
    (_cut, "incomplete"),
    (_other_body, "not the one that was received"),
    (_no_version, "current version is missing"),
    (_no_document, "missing"),
]


@pytest.mark.parametrize("kind", ["transcript", "keypoints"])
@pytest.mark.parametrize(("break_it", "words"), UNREADABLE, ids=lambda value: getattr(value, "__name__", ""))
def test_a_document_that_cannot_be_read(
    whole: Path, damaged: Path, break_it: Callable[[Path, str], None], words: str, kind: str
) -> None:
    """Expect it to be named with the reason, its rows left as they are, and the other documents' mended."""
    break_it(damaged, kind)
    damage(damaged, "delete from action_plan", "delete from email_points", "delete from notes_fts_data")
    condition = mend(damaged)
    named = {(each.conversation_id, each.kind) for each in condition.unreadable}
    assert (ONE, kind) in named
    assert all(words in each.why for each in condition.unreadable if each[:2] == (ONE, kind))
    assert list(condition.tables) == ["action_plan", "email_points"]
    assert derived_rows(damaged) == derived_rows(whole)
    assert repair.examine(damaged).unreadable == condition.unreadable
    assert not repair.examine(damaged).needs_repair
    is_sound(damaged)


@pytest.mark.parametrize("column", ["item = 'other'", "kind = 'email'"])
def test_a_document_under_another_name(whole: Path, damaged: Path, column: str) -> None:
    """Expect one whose key was damaged to be named, and nothing that was derived from it to go."""
    damage(damaged, f"update documents set {column} where kind = 'answer'")
    assert len(mend(damaged).unreadable) == 1
    assert derived_rows(damaged) == derived_rows(whole)


def test_versions_without_their_document_keep_every_row(whole: Path, damaged: Path) -> None:
    """Expect rows that may be derived from a lost document to stay: they may be all that is left of it."""
    damage(damaged, "delete from documents where kind in ('answer', 'email')")
    condition = mend(damaged)
    assert [each.item for each in condition.unreadable] == ["number 6", "number 7"]
    assert not condition.tables
    assert derived_rows(damaged) == derived_rows(whole)


def test_a_meeting_that_is_missing_is_named(damaged: Path) -> None:
    """Expect its documents to be named, and nothing of them to be lost."""
    before = derived_rows(damaged)
    damage(damaged, f"delete from conversations where id = '{ONE}'")
    condition = mend(damaged)
    assert {each.kind for each in condition.unreadable} == {*Kind} - {Kind.EVENT}
    assert not condition.tables
    after = derived_rows(damaged)
    assert {name: after[name] for name in tables.TABLES} == {name: before[name] for name in tables.TABLES}


@pytest.mark.parametrize("misplaced", [f"{TURNS} + 9", f"{2 * TURNS} + 9", "position + 1"])
def test_turns_that_are_all_that_is_left_go_out_of_the_way(whole: Path, damaged: Path, misplaced: str) -> None:
    """Expect turns of a transcript that cannot be read to be kept wherever they are, and others' ids to be right."""
    with Archive(damaged, NOW) as archive:
        store(archive, transcript(TWO, ["of the lid", "予算"]))
    before = derived_rows(damaged)
    _cut(damaged, "transcript")
    damage(damaged, f"update segments set id = {misplaced} where conversation_id = '{ONE}' and position = 1")
    mend(damaged)
    after = derived_rows(damaged)
    assert [name for name in after if after[name] != before[name]] == []
    assert {(TURNS, ONE, 0), (2 * TURNS, TWO, 0), (2 * TURNS + 1, TWO, 1)} <= set(damages.ids(damaged))
    assert not repair.examine(damaged).needs_repair
    is_sound(damaged)


def test_what_was_nobodys_leaves_the_words_of_an_unreadable_transcript(damaged: Path) -> None:
    """Expect a turn of nobody among those of a transcript that cannot be read to go, and the transcript to be found."""
    _cut(damaged, "transcript")
    damage(damaged, damages.IDS["segments: a stranger"])
    assert mend(damaged).tables == {"segments": Difference(left_over=1)}
    in_the_index = "select rowid from transcripts_fts where text match "
    assert rows(damaged, f"{in_the_index} 'zebra'") == [(1,)]
    assert rows(damaged, f"{in_the_index} 'way'") == []
    is_sound(damaged)


def test_a_meeting_gets_the_number_of_one_that_is_missing(damaged: Path) -> None:
    """Expect a sync to store its transcript though the ids are taken, and the others' turns to be kept."""
    with Archive(damaged, NOW) as archive:
        store(archive, transcript(TWO, ["of the lid", "予算"]))
    damage(damaged, f"delete from conversations where id = '{TWO}'")
    new = ConversationId("sess_new")
    with Archive(damaged, NOW) as archive:
        archive.store_page([listed(new)], None, 1, NOW, Budget())
        store(archive, transcript(new, ["an okapi", "予算"]))
        archive.store_page([listed(TWO)], None, 1, NOW, Budget())
    mend(damaged)
    texts = "select id, text from segments where conversation_id <> 'sess_one' order by id"
    kept = [(TURNS * 2, "an okapi"), (TURNS * 2 + 1, "予算"), (TURNS * 3, "of the lid"), (TURNS * 3 + 1, "予算")]
    assert rows(damaged, texts) == kept
    assert repair.examine(damaged).is_sound
    with Reader(damaged) as reader:
        assert {hit.conversation_id for hit in reader.search("予算").hits} == {new, TWO}
        assert {hit.conversation_id for hit in reader.search("of the lid").hits} >= {TWO}


# -- action items without their number


PROMISES = "select number, text, nth, done_at from promises where conversation_id = 'sess_a' order by number"


@pytest.fixture
def promised(tmp_path: Path) -> Path:
    """A meeting with four action items, two of them alike; the second, the third and the last are done."""
    with Made(tmp_path / "promised.db") as archive:
        archive.meeting("sess_a")
        archive.keypoints("sess_a", items=("call the foundry", "order lids", "order lids", "write to Uwe"))
    marks.mark(tmp_path / "promised.db", [2, 3, 4], NOW)
    return tmp_path / "promised.db"


def test_an_action_item_without_a_number_gets_a_new_one(promised: Path) -> None:
    """Expect it to be told before and mended once, a new number, and every other number and mark as it was."""
    before = rows(promised, PROMISES)
    damage(promised, "delete from promises where number in (1, 2)")
    condition = repair.examine(promised)
    assert condition.tables == {"promises": Difference(missing=2)}
    newest = int(rows(promised, "select value from meta where key = 'changed'")[0][0])
    assert mend(promised) == condition
    after = rows(promised, PROMISES)
    assert after == [*before[2:], (5, "call the foundry", 0, None), (6, "order lids", 0, None)]
    assert rows(promised, f"select number from promises where changed > {newest}") == [(5,), (6,)]
    with Reader(promised) as reader:
        assert [item.number for item in reader.action_items(done=True).items] == [5, 6, 3, 4]
    in_the_file = content(promised)
    assert mend(promised).is_sound
    assert content(promised) == in_the_file


def test_items_that_are_gone_as_well_are_numbered(promised: Path) -> None:
    """Expect the rows and their numbers to be counted before as they are mended, and a number without a row to stay."""
    damage(promised, "delete from action_items", "delete from promises where number < 3")
    expected = {"action_items": Difference(missing=4), "promises": Difference(missing=2)}
    assert repair.examine(promised).tables == mend(promised).tables == expected
    assert [number for number, *_ in rows(promised, PROMISES)] == [3, 4, 5, 6]
    assert repair.examine(promised).is_sound


@pytest.mark.parametrize("break_it", [_cut, _no_document])
def test_items_of_key_points_that_cannot_be_read_are_numbered(
    damaged: Path, break_it: Callable[[Path, str], None]
) -> None:
    """Expect the items that are all that is left to get their numbers too."""
    break_it(damaged, "keypoints")
    damage(damaged, f"delete from promises where conversation_id = '{ONE}'")
    assert repair.examine(damaged).tables == mend(damaged).tables == {"promises": Difference(missing=1)}
    sql = f"select number, text, nth from promises where conversation_id = '{ONE}'"
    assert rows(damaged, sql) == [(3, "tell Leonie", 0)]
    assert not repair.examine(damaged).needs_repair


def test_items_of_a_meeting_that_is_missing_get_no_number(damaged: Path) -> None:
    """Expect them to stay as they are: nothing can refer to a meeting that is not there."""
    for table, key in (("conversations", "id"), ("promises", "conversation_id")):
        damage(damaged, f"delete from {table} where {key} = '{ONE}'")
    assert not repair.examine(damaged).tables
    assert not mend(damaged).tables
    assert rows(damaged, "select conversation_id from promises") == [(TWO,)]


# -- kills, disks and others


def _everything(path: Path) -> None:
    damage(path, *(sql for what, sql in TABLES.items() if "all rows" in what or "nobody" in what))
    damage(path, "drop table segments_fts_config", "delete from notes_fts_data")


@pytest.mark.parametrize("where", ["before commit", "after commit"])
def test_killed_at_each_commit(whole: Path, tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect documents untouched, an index that agrees with the text once it was made, and a second repair to end."""
    monkeypatch.setattr(rebuild, "_BATCH", 2)
    number, died = 0, True
    while died:
        number += 1
        path = Path(shutil.copy(whole, tmp_path / f"{number}.db"))
        _everything(path)
        died = _dies(path, CrashPoint(where, number))
        assert damages.others(path) == damages.others(whole)
        if number > 1:
            is_sound(path)
        mend(path)
        is_as_before(path, whole)
    assert number > 7


def _dies(path: Path, point: CrashPoint) -> bool:
    try:
        mend(path, connect=crashing_connect(point))
    except Crash:
        return True
    return False


@pytest.mark.parametrize("free_pages", [0, 1, 7, 45])
def test_a_full_disk(damaged: Path, tmp_path: Path, free_pages: int) -> None:
    """Expect "no room", exit 1, nothing half done, and success once there is room."""
    with Archive(damaged, NOW) as archive:
        store(archive, transcript(TWO, ["the lid", LONG, LONG]))
    whole = Path(shutil.copy(damaged, tmp_path / "whole.db"))
    damage(damaged, TABLES["segments: all rows are gone"], DAMAGES["notes_fts: no config"], "vacuum")
    before, pages = derived_rows(damaged), rows(damaged, "pragma page_count")[0][0]

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite3.connect(*arguments, **named)
        connection.execute(f"pragma max_page_count = {pages + free_pages}")
        return connection

    with pytest.raises(StorageFull, match="no room left") as caught:
        mend(damaged, connect=connect)
    is_plain(caught.value)
    assert (caught.value.exit_code, derived_rows(damaged)) == (1, before)
    mend(damaged)
    is_as_before(damaged, whole)


def test_a_locked_file(whole: Path, damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect "another program is writing", exit 75, nothing changed; and success once the lock is gone."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    _everything(damaged)
    before = content(damaged)
    with another_connection(damaged, "begin immediate"), pytest.raises(ArchiveLocked) as caught:
        mend(damaged)
    is_plain(caught.value)
    assert (caught.value.exit_code, content(damaged)) == (75, before)
    mend(damaged)
    is_as_before(damaged, whole)


def test_others_may_write_between_two_transactions(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the lock to be free at each pause, and each pause to come between two batches."""
    monkeypatch.setattr(rebuild, "_BATCH", 3)
    _everything(damaged)
    pauses = []

    def pause() -> None:
        with another_connection(damaged, "begin immediate", "rollback"):
            pauses.append(1)

    mend(damaged, pause=pause)
    assert len(pauses) == 3


def test_readers_go_on_while_the_indexes_are_made_anew(whole: Path, damaged: Path) -> None:
    """Expect a reader that was there before to search before, during and after."""
    with Reader(damaged) as reader:
        before = reader.search("zebra").total
        damage(damaged, TABLES["segments: a value differs"], BROKEN_INDEXES["notes_fts: no config"])
        mend(damaged, pause=lambda: reader.meetings())
        assert reader.search("zebra").total == before
    is_as_before(damaged, whole)


# -- what is beyond repair


def _a_plain_index_without_its_rows(path: Path) -> None:
    with another_connection(path) as connection:
        connection.execute("drop index documents_changed")
        connection.execute("create index documents_changed on documents (changed) where id = 0")
        connection.execute("pragma writable_schema = on")
        connection.execute(
            "update sqlite_master set sql = replace(sql, ' where id = 0', '') where name = 'documents_changed'"
        )


def test_an_index_of_a_table_is_made_anew(whole: Path, damaged: Path) -> None:
    """Expect what SQLite says of it to be told, and mended before all else."""
    _a_plain_index_without_its_rows(damaged)
    condition = repair.examine(damaged)
    assert (condition.damage, bool(condition.plain_indexes)) == ((), True)
    assert mend(damaged).plain_indexes == condition.plain_indexes
    is_as_before(damaged, whole)


def _a_page_of_rubbish(path: Path) -> None:
    page = rows(path, "select rootpage from sqlite_master where name = 'holdings'")[0][0]
    size = rows(path, "pragma page_size")[0][0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def test_a_damaged_file_is_not_touched(damaged: Path) -> None:
    """Expect exit 78, what a repair mends and what to do instead, and every byte as it was."""
    _a_page_of_rubbish(damaged)
    damage(damaged, "delete from segments")
    before = damaged.read_bytes()
    with pytest.raises(ArchiveUnfit, match="mends search indexes and derived tables") as caught:
        mend(damaged)
    assert (caught.value.exit_code, "backup" in caught.value.next_step) == (78, True)
    assert damaged.read_bytes() == before
    assert repair.examine(damaged).damage


def test_nothing_is_made_where_there_is_no_archive(tmp_path: Path) -> None:
    """Expect exit 78 for a missing and an empty file, and neither to become an archive."""
    for make in (lambda path: None, Path.touch):
        make(tmp_path / "archive.db")
        for call in (repair.examine, mend):
            with pytest.raises(ArchiveMissing) as caught:
                call(tmp_path / "archive.db")
            is_plain(caught.value)
    assert (tmp_path / "archive.db").read_bytes() == b""


def test_an_older_archive_is_upgraded_first(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect a repair to do what every writer does, and the examination to name the command that does."""
    from convo_sync.archive import migrate

    monkeypatch.setattr(migrate, "MIGRATIONS", (*migrate.MIGRATIONS, lambda database: None))
    monkeypatch.setattr(sqlite, "SCHEMA_VERSION", sqlite.SCHEMA_VERSION + 1)
    damage(damaged, "delete from segments")
    with pytest.raises(ArchiveUnfit, match="older version"):
        repair.examine(damaged)
    assert list(mend(damaged).tables) == ["segments"]
    assert repair.examine(damaged).is_sound


def test_the_whole_comparison_needs_no_memory_for_a_copy(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the examination in depth to use a temporary file, whatever doctor's limit is."""
    monkeypatch.setattr(sqlite, "open_in_memory", lambda: pytest.fail("a copy in memory"))
    damage(damaged, "update segments set text = 'something else altogether' where position = 2")
    with health.Examination(damaged) as examination:
        assert examination.indexes(largest_copy=0).faults == ()
        faults = tuple(f"{index} does not match the text" for index in ("segments_fts", "transcripts_fts"))
        assert examination.indexes_in_depth() == health.IndexState(faults, True)


def test_words_that_cannot_be_looked_up_are_found(damaged: Path) -> None:
    """Expect the loss of the index's own index, which FTS5's check passes over, to be found and mended."""
    with Archive(damaged, NOW) as archive:
        store(archive, transcript(TWO, [f"word{number:x}" for number in range(4000)]))
    assert repair.examine(damaged).is_sound
    damage(damaged, "delete from segments_fts_idx")
    is_sound(damaged)
    with Reader(damaged) as reader:
        assert not reader.search("wordf9f").hits
    assert repair.examine(damaged).search_indexes == ("segments_fts does not match the text",)
    mend(damaged)
    with Reader(damaged) as reader:
        assert reader.search("wordf9f").hits
