"""The upgrade from version 2: an archive that version 2 wrote ends as this version fills a new one."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from convo_sync.archive import repair, sqlite, tables
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.credits.balance import balance
from convo_sync.errors import ArchiveUnfit
from convo_sync.records import Account
from convo_sync.times import parse_time

from ..rig import Crash, CrashPoint, crashing_connect
from .damages import BESIDE, INDEXES, derived_rows, ids, rows
from .storage import NOW, content, is_sound
from .versions import OPERATIONAL, empty, facts, received_again, shape, words, written

CREDITS = ("credit_periods", "credit_readings", "ledger", "_replies")
NEW = (*CREDITS, "forgotten", "event_links")
# Columns of older tables, which nothing fills yet.
ADDED = {"revisions": (None,), "events": (None,)}
RESETS_AT = "2026-04-01T12:00:00.000Z"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An archive of version 2."""
    return written(tmp_path / "archive.db", 2)


@pytest.fixture
def upgraded(old: Path) -> Path:
    """The same after the upgrade."""
    Archive(old, NOW).close()
    return old


@pytest.fixture
def fresh(old: Path, tmp_path: Path) -> Path:
    """A new archive, of this version, that was given the same documents in the same order."""
    return received_again(old, tmp_path / "fresh.db")


def change(path: Path, statement: str) -> None:
    """Do this to the file."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def test_the_old_archive_is_whole(old: Path) -> None:
    """Expect rows in every table of version 2 but the ids of a sweep, and none of what version 3 adds."""
    held = content(old)
    assert [name for name in (*tables.TABLES, *OPERATIONAL, "promises", *BESIDE) if not held[name]] == ["sweep_seen"]
    assert not set(NEW) & held.keys()
    is_sound(old)


def test_an_upgraded_archive_has_the_shape_of_a_new_one(upgraded: Path, fresh: Path) -> None:
    """Expect the same tables, columns, rules, keys, indexes and views, but for the comments in them."""
    assert shape(upgraded) == shape(fresh)
    assert rows(upgraded, "pragma user_version") == [(sqlite.SCHEMA_VERSION,)]
    assert facts(upgraded)["schema_version"] == str(sqlite.SCHEMA_VERSION)


def test_an_upgraded_archive_has_the_rows_of_a_new_one(upgraded: Path, fresh: Path) -> None:
    """Expect all that documents give, and the words of every index, as if this version had received them."""
    assert derived_rows(upgraded) == derived_rows(fresh)
    assert ids(upgraded) == ids(fresh)
    for index in INDEXES:
        assert words(upgraded, index) == words(fresh, index) != []
    is_sound(upgraded)


def test_all_else_is_as_it_was(old: Path) -> None:
    """Expect every row of every table to stay, with its `changed`; no revision to be paid for, no event withdrawn."""
    before, told = content(old), facts(old, "schema_version", "changed")
    Archive(old, NOW).close()
    after = content(old)
    assert after.keys() - before.keys() == set(NEW)
    for name in before.keys() - {"meta", "user_version"}:
        assert after[name] == [row + ADDED.get(name, ()) for row in before[name]], name
    assert rows(old, "select distinct ledger_id from revisions") == [(None,)]
    assert facts(old, "schema_version", "changed") == told


def test_the_counter_as_last_read_is_the_first_reading(old: Path) -> None:
    """Expect the account's counter as a reading of the time it was read, in a first month, as news in the feed."""
    last = int(facts(old)["changed"])
    Archive(old, NOW).close()
    (read_at,) = rows(old, "select read_at from account")[0]
    assert rows(old, "select * from credit_periods") == [(1, read_at, RESETS_AT, None, None, last + 1)]
    assert rows(old, "select * from credit_readings") == [(1, 1, read_at, 3, 10, 7, RESETS_AT, last + 1)]
    assert (rows(old, "select * from ledger"), facts(old)["changed"]) == ([], str(last + 1))
    with Archive(old, NOW) as archive:
        stands = balance(archive.accounting.books(), NOW)
    assert (stands.own, stands.used, stands.allowance, stands.left, stands.elsewhere) == (0, 3, 10, 7, 3)


def test_the_next_reading_goes_on_with_the_month(upgraded: Path) -> None:
    """Expect a second reading in the first month, and no month to begin with the upgrade."""
    account = Account("mara@example.com", "Mara", "starter", "UTC", 4, 10, parse_time(RESETS_AT), 6)
    with Archive(upgraded, NOW) as archive:
        archive.bind(account, "http://127.0.0.1:9", "digest", NOW, Budget())
    assert rows(upgraded, "select id, period, used from credit_readings") == [(1, 1, 3), (2, 1, 4)]
    assert rows(upgraded, "select number from credit_periods") == [(1,)]


@pytest.mark.parametrize("column", ["credits_used", "credits_limit", "credits_remaining", "credits_reset_at"])
def test_an_account_that_does_not_say_all(old: Path, column: str) -> None:
    """Expect what is not known to be null, and the rest to be kept."""
    change(old, f"update account set {column} = null")
    Archive(old, NOW).close()
    said = dict(credits_used=3, credits_limit=10, credits_remaining=7, credits_reset_at=RESETS_AT)
    told = "select used, allowance, remaining, resets_at from credit_readings"
    assert rows(old, told) == [tuple((said | {column: None}).values())]
    assert rows(old, "select resets_at from credit_periods") == [((said | {column: None})["credits_reset_at"],)]


def test_an_archive_that_never_saw_a_profile(old: Path) -> None:
    """Expect the upgrade, no reading, no month, and no number of a transaction to be used up."""
    change(old, "delete from account")
    last = facts(old)["changed"]
    Archive(old, NOW).close()
    held = content(old)
    assert [held[name] for name in NEW] == [[]] * len(NEW)
    assert facts(old)["changed"] == last
    assert repair.examine(old).is_sound
    with Archive(old, NOW) as archive:
        assert archive.accounting.books().period is None


def test_an_archive_before_its_first_sync(tmp_path: Path, fresh: Path) -> None:
    """Expect the shape of a new one."""
    path = empty(tmp_path / "empty.db", 2)
    Archive(path, NOW).close()
    assert facts(path) == {"changed": "0", "schema_version": str(sqlite.SCHEMA_VERSION)}
    assert shape(path) == shape(fresh)


def test_an_upgraded_archive_is_verified_and_searched(upgraded: Path, fresh: Path) -> None:
    """Expect nothing wrong, and every kind of word to be found, as in a new archive."""
    assert repair.examine(upgraded).is_sound
    with Reader(upgraded) as reader, Reader(fresh) as new:
        for word in ("zebra", "予算", "👍", "cafe", "ไทย", "lid budget"):
            assert reader.search(word).hits, word
            assert reader.search(word) == new.search(word), word


@pytest.mark.parametrize("where", ["before commit", "after commit"])
def test_a_crash_while_upgrading(old: Path, fresh: Path, where: str) -> None:
    """Expect version 2 as it was, or this version in full; the copy to be of version 2; the next to open it to end."""
    before = content(old)
    with pytest.raises(Crash):
        Archive(old, NOW, crashing_connect(CrashPoint(where, 1)))
    assert (content(old) == before) == (where == "before commit")
    assert rows(old, "pragma user_version") == [(2 if where == "before commit" else sqlite.SCHEMA_VERSION,)]
    Archive(old, NOW).close()
    assert shape(old) == shape(fresh)
    assert len(rows(old, "select * from credit_readings")) == 1
    assert repair.examine(old).is_sound
    copy = old.with_name("archive.db.v2")
    assert content(copy) == before
    assert not list(old.parent.glob("*.v1"))


def test_readers_of_an_old_archive_are_told_what_to_do(old: Path) -> None:
    """Expect reading to refuse it in plain words, and a writer to upgrade it for them."""
    with pytest.raises(ArchiveUnfit, match="older version"), Reader(old) as reader:
        reader.meetings()
    Archive(old, NOW).close()
    with Reader(old) as reader:
        assert len(reader.meetings()) == 3
