"""`archive forget`: one meeting leaves for good, down to the bytes of the file; all else stays as it was."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync.archive import forgetting, indexes, repair, sqlite, tables
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.credits.entries import Standing, Wish
from convo_sync.errors import ArchiveMissing, NothingFound, StorageFull
from convo_sync.records import ConversationId, Document, Holding, Kind, State
from convo_sync.sync import Identity, Options, Sync

from ..rig import Crash, CrashPoint, RecordingMeter, Rig, add, crashing_connect
from .damages import fill_whole, rows
from .paid import receive
from .storage import (
    BUDGET,
    NOW,
    ONE,
    TWO,
    another_connection,
    content,
    is_sound,
    keypoints,
    listed,
    read,
    store,
    transcript,
)
from .versions import written

# In the title, said, by whom, asked, answered, and as spoken in an earlier version.
WORDS = ("aardvark", "bumblebee", "Chrysanthemum", "dromedary", "earwig", "flamingo", "gnu-question", "hippopotamus")
PUBLIC = ("conversations", "documents", "revisions", "promises", *tables.TABLES)


def secret(texts: list[str]) -> Document:
    """A transcript of these words by somebody whose name is in no other."""
    segments = [{"text": text, "speaker": "Chrysanthemum", "timestamp": "2026-03-20T12:00:00Z"} for text in texts]
    return read(ONE, Kind.TRANSCRIPT, {"id": ONE, "segments": segments})


def careless(*arguments: Any, **named: Any) -> sqlite3.Connection:
    """A connection that leaves what it deletes in the file, as SQLite does unless it was built otherwise."""
    connection: sqlite3.Connection = sqlite3.connect(*arguments, **named)
    connection.execute("pragma secure_delete = off")
    return connection


def careful(*arguments: Any, **named: Any) -> sqlite3.Connection:
    """A connection that overwrites what it deletes."""
    connection = careless(*arguments, **named)
    connection.execute("pragma secure_delete = on")
    return connection


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """An archive in which one of two meetings has words in every place that words can be in."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW, careless) as archive:
        archive.begin_run("sync", NOW, BUDGET)
        archive.store_page([listed(ONE, "The aardvark"), listed(TWO, "Lids")], None, 1, NOW, Budget())
        for number in range(40):  # so that the indexes have pages of several ages
            store(archive, transcript(TWO, [f"about lids {number}", f"word{number} and more " * 50]))
            store(archive, secret([f"bumblebee {number}", "and the hippopotamus " * (50 - number)]))
        store(archive, secret(["bumblebee", "earwig", "犬の秘密"]))
        answer = {"id": "a1", "query": "gnu-question", "response": "dromedary", "suggestedQueries": ["flamingo?"]}
        receive(archive, read(ONE, Kind.ANSWER, answer), None, "asked: flamingo")
        inner = {"decisions": ["dromedary"], "actionItems": [{"item": "earwig"}], "sections": []}
        receive(archive, read(ONE, Kind.KEYPOINTS, {"id": ONE, "keypoints": inner}), "rule", "why: flamingo")
        receive(archive, keypoints(TWO, "lid", "order lids"), "rule", "why not")
        wish = Wish(ONE, Kind.ANSWER, None, "by hand", request=json.dumps({"query": "gnu-question"}))
        entry = archive.accounting.reserve(wish, NOW, BUDGET)
        archive.accounting.keep_reply(entry, b"no JSON: hippopotamus", NOW)
        archive.accounting.doubt(entry.id, "no usable answer: flamingo", NOW, BUDGET, holding=None)
    return path


def bytes_beside(path: Path) -> bytes:
    """The file's bytes and those of all that SQLite may lay beside it."""
    return b"".join(each.read_bytes() for each in path.parent.iterdir() if each.name.startswith(path.name))


def forget(path: Path, conversation_id: str = ONE, **named: Any) -> forgetting.Forgotten:
    return forgetting.forget(path, ConversationId(conversation_id), NOW + timedelta(days=1), **named)


def test_no_word_of_it_is_left_in_any_byte(held: Path) -> None:
    """Expect each word in the bytes of the file or its WAL before, and none in file, -wal, -shm or journal after.

    Capitals and stems do not hide it: six letters are looked for, whatever their case.
    """
    before = bytes_beside(held).lower()
    wanted = [word[:6].lower().encode() for word in WORDS] + ["犬の秘密".encode()]
    assert [word for word in wanted if word not in before] == []
    assert forget(held) == forgetting.Forgotten(is_new=True, is_wiped=True, copies=(), unread=())
    after = bytes_beside(held).lower()
    assert [word for word in wanted if word in after] == []
    assert b"lids" in after
    for index in ("segments_fts", "transcripts_fts", "notes_fts"):
        with contextlib.closing(sqlite3.connect(held)) as connection:
            connection.execute(f"create virtual table temp.words using fts5vocab(main, {index}, row)")
            terms = {term for (term,) in connection.execute("select term from temp.words")}
        assert not [
            term for term in terms if term.startswith(("aard", "bumb", "chrys", "drom", "earw", "flam", "hippo"))
        ]


@pytest.mark.parametrize(("room", "step"), [(forgetting, "_wipe"), (indexes, "condense")])
def test_without_each_step_words_would_be_left(
    held: Path, monkeypatch: pytest.MonkeyPatch, room: Any, step: str
) -> None:
    """Expect the search of bytes to find something where a step is left out: it can fail."""
    monkeypatch.setattr(room, step, lambda *_: True)
    forget(held)
    assert [word for word in WORDS if word[:6].lower().encode() in bytes_beside(held).lower()]


def test_what_is_deleted_is_overwritten_before_the_file_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expect no word of a meeting that never had another version, even where the last step does not come to pass."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW, careful) as archive:
        archive.begin_run("sync", NOW, BUDGET)
        archive.store_page([listed(ONE, "The aardvark"), listed(TWO, "Lids")], None, 1, NOW, Budget())
        store(archive, secret(["bumblebee", "earwig " * 2000]))
    monkeypatch.setattr(forgetting, "_wipe", lambda *_: False)
    assert b"bumblebee" in bytes_beside(path)
    assert not forget(path, connect=careless).is_wiped
    assert [word for word in (b"aardvark", b"bumblebee", b"earwig") if word in bytes_beside(path).lower()] == []


def test_only_the_id_and_the_money_stay(held: Path) -> None:
    """Expect the id in its table, in the feed's deletions and in the ledger, whose lines keep what they cost."""
    money = "select id, conversation_id, kind, rule, state, credits, period, item, reserved_at from ledger order by id"
    before, last = rows(held, money), rows(held, "select value from meta where key = 'changed'")
    forget(held)
    assert rows(held, money) == before
    mine = "select request, reason, document_digest, transcript_digest, digest, evidence from ledger where id <> 3"
    assert rows(held, mine) == [
        (None, "forgotten", None, None, "", "it came"),
        (None, "forgotten", None, None, "", "it came"),
        (None, "forgotten", None, None, None, "no usable answer"),
    ]
    number = int(last[0][0]) + 1
    assert rows(held, "select * from forgotten") == [(ONE, "2026-03-21T12:00:00.000Z", number)]
    assert rows(held, "select * from _replies") == []
    for name, found in content(held).items():
        if name not in ("forgotten", "deletions", "ledger"):
            assert ONE not in json.dumps(found, default=str), name


def test_all_else_is_as_it_was(tmp_path: Path) -> None:
    """Expect a meeting with rows in every table to leave each, the feed to be told of every row by its key alone,
    and the other meeting, events and runs to be the same rows, their `changed` included."""
    path = fill_whole(tmp_path / "archive.db")
    before = content(path)
    forget(path)
    after = content(path)
    own = [name for name in before if any(ONE in map(str, row) for row in before[name])]
    assert {*PUBLIC} - {*own} == {"revisions", "events", "attendees"}
    for name in (*own, "events", "attendees", "runs", "budget"):
        if name != "deletions":
            assert after[name] == [row for row in before[name] if ONE not in map(str, row)], name
    gone = {row[0] for row in before["documents"] if ONE in row}
    assert after["revisions"] == [row for row in before["revisions"] if row[1] not in gone] != before["revisions"]
    told = rows(path, "select table_name, key from deletions")
    for name in PUBLIC:
        left = len(before[name]) - len(after[name])
        assert len([1 for table, _ in told if table == name]) == (0 if name.startswith("_") else left), name
    assert ("documents", json.dumps([ONE, "answer", "a1"])) in told
    assert ("revisions", json.dumps([ONE, "transcript", "", 1])) in told
    assert ("segments", json.dumps([ONE, 0])) in told
    assert all(len(key) < 60 for _, key in told)
    assert repair.examine(path).is_sound
    is_sound(path)


def test_readers_see_nothing_of_it(held: Path) -> None:
    """Expect neither list, search nor show to have it, and a plain sentence where it is named."""
    forget(held)
    with Reader(held) as reader:
        assert [row.id for row in reader.meetings()] == [TWO]
        for word in WORDS:
            assert not reader.search(word).hits
        assert reader.is_forgotten(ONE)
        with pytest.raises(NothingFound, match="was forgotten"):
            reader.meeting(ONE)


def test_what_is_not_there_is_not_forgotten(held: Path) -> None:
    """Expect a plain sentence, and nothing changed."""
    before = content(held)
    with pytest.raises(NothingFound, match="There is no conversation nobody"):
        forget(held, "nobody")
    assert content(held) == before


@pytest.mark.parametrize(("where", "is_new"), [("before commit", True), ("after commit", False)])
def test_killed_on_the_way_it_goes_on(held: Path, where: str, is_new: bool) -> None:
    """Expect all or nothing of the rows, and the same command to end it, bytes included."""
    before = content(held)
    with pytest.raises(Crash):
        forget(held, connect=crashing_connect(CrashPoint(where, 1)))
    assert (content(held) == before) == is_new
    assert forget(held).is_new == is_new
    assert b"bumblebee" not in bytes_beside(held)
    assert forget(held) == forgetting.Forgotten(is_new=False, is_wiped=True, copies=(), unread=())


def test_a_reader_that_stays_is_told_of(held: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect that it says so where another program still needs old pages, and wipes once that has left."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    with another_connection(held, "begin") as connection:
        connection.execute("select count(*) from segments").fetchone()
        assert not forget(held).is_wiped
    assert forget(held).is_wiped
    assert b"bumblebee" not in bytes_beside(held)


def test_without_room_it_is_forgotten_and_says_what_is_left_to_do(held: Path) -> None:
    """Expect the rows to be gone, a sentence, and the same command to wipe once there is room."""

    class Full(sqlite3.Connection):
        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            if sql == "vacuum":
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            return super().execute(sql, *arguments)

    with pytest.raises(StorageFull, match="is forgotten, but there is no room"):
        forget(held, connect=lambda *a, **n: sqlite3.connect(*a, factory=Full, **n))
    assert rows(held, "select id from conversations") == [(TWO,)]
    assert forget(held).is_wiped


def test_replies_beside_the_archive_are_removed(held: Path) -> None:
    """Expect the files of its lines to go, and those of other lines to stay."""
    mine, others = (held.with_name(f"archive.db.reply-{line}-20260320T120000000000") for line in (1, 3))
    for path in (mine, others):
        path.write_bytes(b"hippopotamus")
    forget(held)
    assert (mine.exists(), others.exists()) == (False, True)


def test_copies_that_have_it_are_named(tmp_path: Path) -> None:
    """Expect the copies of upgrades that contain it, not those that do not, and what cannot be read apart."""
    path = written(tmp_path / "archive.db", 2)
    (id_,) = rows(path, "select id from conversations order by id limit 1")[0]
    Archive(path, NOW).close()
    written(tmp_path / "archive.db.v1", 1)
    with contextlib.closing(sqlite3.connect(tmp_path / "archive.db.v1", isolation_level=None)) as connection:
        connection.execute("update conversations set id = 'other' where id = ?", (id_,))
        connection.execute("pragma journal_mode = delete")
    (tmp_path / "archive.db.v0").write_bytes(b"no archive")
    (tmp_path / "archive.db.vx").write_bytes(b"none of ours")
    found = forget(path, id_)
    assert (found.copies, found.unread) == ((tmp_path / "archive.db.v2",), (tmp_path / "archive.db.v0",))
    assert not (tmp_path / "archive.db.v2-shm").exists()


def test_a_number_that_is_forgotten_is_nobody_elses(tmp_path: Path) -> None:
    """Expect items that come later to get higher numbers than any that was ever shown, whichever meeting leaves."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        archive.store_page([listed(id_) for id_ in (TWO, ONE)], None, 1, NOW, Budget())
        store(archive, keypoints(TWO, "a point", "order lids"))
        store(archive, keypoints(ONE, "a point", "tell Leonie", "call Uwe"))
    forget(path)
    for later, number in (("write to Ann", 4), ("write to Bo", 5)):
        with Archive(path, NOW) as archive:
            store(archive, keypoints(TWO, "a point", "order lids", later))
        assert rows(path, f"select number from promises where text = '{later}'") == [(number,)]
    assert rows(path, "select key from deletions where table_name = 'promises'") == [("[2]",), ("[3]",)]


# -- no sync brings it back


def test_a_document_that_arrives_later_is_not_stored(held: Path) -> None:
    """Expect neither a fetched document, nor one that was paid for, to be kept; what it cost is."""
    forget(held)
    with Archive(held, NOW) as archive:
        holding = Holding(ONE, Kind.TRANSCRIPT, State.PRESENT)
        assert not store(archive, secret(["bumblebee"]), holding=holding)
        entry = next(each for each in archive.accounting.books().entries if each.is_pending)
        late = read(ONE, Kind.ANSWER, {"id": "a2", "query": "why?", "response": "bumblebee"})
        archive.accounting.receive(
            entry, late, Standing.SPENT, "it came", NOW, BUDGET, current=True, holding=None, run_id=None
        )
    assert rows(held, f"select state from ledger where id = {entry.id}") == [("spent",)]
    assert rows(held, f"select count(*) from documents where conversation_id = '{ONE}'") == [(0,)]
    assert b"bumblebee" not in bytes_beside(held)


def test_no_listing_brings_it_back(tmp_path: Path) -> None:
    """Expect it listed, counted as seen, and neither stored nor asked for, in sweeps, audits and by hand; nothing to
    be taken for deleted because of it."""
    with Rig.serving(tmp_path) as rig:
        for number in range(3):
            add(rig, number, timedelta(days=number + 1))
        rig.complete()
        forget(rig.path, "sess_00001")
        asked = len(rig.simulator.requests)
        rig.world.rename("sess_00001", "changed since")
        for _ in range(3):
            rig.clock.advance(timedelta(days=2))
            run = rig.complete(full=True, audit=True)
            assert (run.listed, run.new, run.gone) == (2, 0, 0)
        about = [each.conversation_id for each in rig.simulator.requests[asked:]]
        assert "sess_00001" not in about
        assert rig.rows("select id from conversations order by id") == [("sess_00000",), ("sess_00002",)]


def test_a_running_sync_rereads_what_was_forgotten(tmp_path: Path) -> None:
    """Expect a sync that let the command in between two documents to ask for none of the forgotten meeting's."""
    with Rig.serving(tmp_path) as rig:
        for number in range(12):
            add(rig, number, timedelta(days=number + 1))
        done: list[str] = []

        def pause() -> bool:
            if done or rig.asked("getTranscript") < 1:
                return False
            done.append("sess_00009")
            forget(rig.path, "sess_00009")
            return True

        with rig.archive() as archive:
            meter = RecordingMeter(archive.budget(), rig.now, archive.save_budget)
            with rig.client(meter) as client:
                sync = Sync(client, archive, meter, rig.now, Options(), pause=pause)
                run, error = sync.run(Identity(rig.url, "digest"))
        assert (error, run.new, done) == (None, 12, ["sess_00009"])
        assert not [each for each in rig.simulator.requests if each.conversation_id == "sess_00009"]
        assert rig.rows("select count(*) from conversations") == [(11,)]
        assert repair.examine(rig.path).is_sound


def test_what_was_not_wiped_is_wiped_by_the_next_writer(held: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between removal and wiping: the next sync that opens the archive ends it, and nothing is left to do."""
    with monkeypatch.context() as patch:
        patch.setattr(forgetting, "_wipe", lambda *_: False)
        forget(held)
    assert rows(held, "select value from meta where key = 'unwiped'") == [("1",)]
    Archive(held, NOW).close()
    assert rows(held, "select value from meta where key = 'unwiped'") == []


def test_none_is_made_to_forget_in(tmp_path: Path) -> None:
    """An archive that is gone is told, and no empty one takes its place."""
    with pytest.raises(ArchiveMissing):
        forget(tmp_path / "gone.db")
    assert list(tmp_path.iterdir()) == []
