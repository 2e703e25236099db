"""What pays: lines of a dead process, replies that were paid for, and a disk that takes nothing more."""

from __future__ import annotations

import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync.archive import ledger, rescue
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.credits.entries import Entry, Standing, Wish
from convo_sync.errors import ArchiveError, StorageFull
from convo_sync.records import Account, Kind

from .damages import rows
from .storage import BUDGET, NOW, ONE, TWO, keypoints

LATER = NOW + timedelta(minutes=3)


def test_what_a_dead_process_left_is_unknown_from_now_on(path: Path) -> None:
    """The line counts, and its hour begins when it was found, not when it was reserved."""
    with Archive(path, NOW) as archive:
        assert archive.accounting.adopt(LATER) == 1
        assert archive.accounting.adopt(LATER + timedelta(hours=1)) == 0
        (entry,) = archive.accounting.books().entries
    assert (entry.standing, entry.evidence, entry.unknown_at) == (Standing.UNKNOWN, ledger.DIED, LATER)
    assert entry.counts_in(entry.period + 7)


def test_a_reply_is_kept_until_its_document_is_stored(path: Path) -> None:
    """Raw first; once the document stands in the archive, the raw reply is gone."""
    with Archive(path, NOW) as archive:
        (entry,) = archive.accounting.books().entries
        assert archive.accounting.keep_reply(entry, b"a reply", NOW) == ""
        assert archive.accounting.replies() == [(entry, b"a reply")]
        archive.accounting.receive(
            entry,
            keypoints(TWO, "bought"),
            Standing.SPENT,
            "it came",
            NOW,
            BUDGET,
            current=True,
            holding=None,
            run_id=1,
        )
        assert archive.accounting.replies() == []
    assert rows(path, "select ledger_id, cause from revisions order by id desc limit 1") == [
        (entry.id, "asked for by hand")
    ]
    assert rows(path, "select count(*) from _replies") == [(0,)]


def test_a_reply_that_the_archive_cannot_take_lies_beside_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For its owner alone; it is read from there, and removed once its document is stored."""
    with Archive(path, NOW) as archive:
        (entry,) = archive.accounting.books().entries

        def full(*_: object) -> None:
            raise StorageFull("The disk is full.")

        with monkeypatch.context() as patch:
            patch.setattr(ledger, "keep_reply", full)
            named = Path(archive.accounting.keep_reply(entry, b"a reply", NOW))
        assert named.parent == path.parent
        assert stat.S_IMODE(named.stat().st_mode) == 0o600
        assert archive.accounting.replies() == [(entry, b"a reply")]
        archive.accounting.receive(
            entry,
            keypoints(TWO, "bought"),
            Standing.SPENT,
            "it came",
            NOW,
            BUDGET,
            current=True,
            holding=None,
            run_id=1,
        )
        assert not named.exists()


def test_a_reply_that_fits_nowhere_is_told_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither archive nor folder takes it: its words are in the message, so that a person can copy them."""
    with Archive(path, NOW) as archive:
        (entry,) = archive.accounting.books().entries
    monkeypatch.setattr("os.open", _no_room)
    with pytest.raises(ArchiveError, match="the very words"):
        rescue.write(path, entry, b"the very words")


def _receive(archive: Archive, entry: Entry) -> None:
    document = keypoints(TWO, "bought")
    archive.accounting.receive(
        entry, document, Standing.SPENT, "it came", NOW, BUDGET, current=True, holding=None, run_id=1
    )


def _no_room(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_the_file_of_another_line_is_not_taken(path: Path) -> None:
    """A restored archive may give the same number to another line; when it was reserved tells them apart."""
    with Archive(path, NOW) as archive:
        (entry,) = archive.accounting.books().entries
        rescue.write(path, entry, b"of then")
        archive.accounting.settle(entry.id, Standing.REFUSED, "no", NOW, BUDGET)
        assert archive.accounting.replies() == []
    with sqlite3.connect(path) as connection:
        connection.execute("update ledger set state = 'reserved', reserved_at = '2026-01-01T00:00:00.000Z'")
    with Archive(path, NOW) as archive:
        assert archive.accounting.replies() == []


def test_another_month_closes_the_lines_of_the_last(path: Path) -> None:
    """A line that was settled counts in the month of the next reading, and in none after it."""
    with Archive(path, NOW) as archive:
        accounting = archive.accounting
        accounting.settle(1, Standing.SPENT, "it came", NOW, BUDGET)
        wish = Wish(ONE, Kind.FEEDBACK, "a rule", "missing")
        entry = accounting.reserve(wish, NOW, BUDGET)
        accounting.read_counter(_account(used=2, month=1), NOW, Budget())
        accounting.settle(entry.id, Standing.SPENT, "it came", NOW, BUDGET)
        accounting.read_counter(_account(used=0, month=2), NOW + timedelta(days=31), Budget())
        first, second = accounting.books().entries
    assert (first.period, first.last_period, second.period, second.last_period) == (1, 1, 1, 2)


def _account(*, used: int, month: int) -> Account:
    return Account("mara@example.com", "Mara", "starter", "UTC", used, 100, NOW + timedelta(days=30 * (month - 1)))
