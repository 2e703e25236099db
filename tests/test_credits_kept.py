"""What was paid for is kept: crashes, replies nobody can read, full disks. Nothing is sent where there is no room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convo_sync.archive.accounting import Accounting
from convo_sync.credits.rules import Rule, Settings, When
from convo_sync.errors import ArchiveError, ConvoSyncError, StorageFull
from convo_sync.records import Kind
from convo_sync.simulator import Fault
from tests.rig import Crash, add
from tests.test_credits_runs import DAY, HOUR, ledger, live
from tests.till import MoneyPoint, Till

QUESTION = '{"query": "What of topic1?"}'


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    """A Starter account with one meeting, key points of which a rule wants."""
    with Till.serving(tmp_path, tier="starter") as rig:
        add(rig, 1, 2 * DAY, notes=False)
        rig.credits = Settings(monthly_cap=5, rules=(Rule(Kind.KEYPOINTS, When.MISSING),))
        yield rig


def dies(till: Till, where: str) -> None:
    with pytest.raises(Crash):
        till.sync(MoneyPoint(where, 1))


def rescued(till: Till) -> list[Path]:
    return list(till.path.parent.glob("*.reply-*"))


def bought_once(till: Till) -> None:
    """One charge, one line that says so, and the key points are there and found."""
    till.complete()
    assert len(till.simulator.charges) == len(till.posts) == 1
    assert ledger(till) == [("spent", "it came")]
    assert till.rows("select ledger_id from revisions r join documents d on d.id = r.document_id "
                     "where d.kind = 'keypoints'") == [(1,)]  # fmt: skip
    assert not till.rows("select * from _replies")
    assert not rescued(till)


def test_a_reply_that_was_kept_outlives_the_process(till: Till) -> None:
    """It died between the reply and the settlement: the next run stores it without a request, even without network."""
    dies(till, "reply kept")
    assert (ledger(till), len(till.rows("select * from _replies"))) == ([("reserved", "")], 1)
    till.simulator.faults.add(Fault(kind="drop_before", times=None))
    till.sync()
    assert ledger(till) == [("spent", "it came")]
    till.simulator.faults.clear()
    bought_once(till)


def test_an_answer_that_was_kept_outlives_the_process(till: Till) -> None:
    """Which could not be fetched again."""
    till.credits = Settings()
    till.complete()
    with pytest.raises(Crash):
        till.by_hand("sess_00001", Kind.ANSWER, QUESTION, MoneyPoint("reply kept", 1))
    till.complete()
    assert ledger(till) == [("spent", "it came")]
    assert till.rows("select count(*) from documents where kind = 'answer'") == [(1,)]


def test_an_answer_that_was_lost_is_listed_as_lost_and_not_repeated(till: Till) -> None:
    """The counter moved: it is spent, and no run asks again."""
    till.credits = Settings()
    till.complete()
    till.simulator.faults.add(Fault(kind="drop_after", endpoint="queryConversation"))
    till.by_hand("sess_00001", Kind.ANSWER, QUESTION)
    live(till, 3 * HOUR, HOUR / 4)
    assert ledger(till) == [("spent", "not proven unpaid")]
    assert len(till.posts) == 1


@pytest.mark.parametrize("where", ["before post", "after post", "reply lost"])
def test_a_crash_on_either_side_of_the_post(till: Till, where: str) -> None:
    """Paid or not, it ends with the key points archived and the books right."""
    dies(till, where)
    live(till, 3 * HOUR, HOUR / 4)
    till.complete()
    assert len(till.simulator.charges) == 1
    assert till.rows("select count(*) from documents where kind = 'keypoints'") == [(1,)]
    assert [state for state, _ in ledger(till)][-1:] == ["spent"]


def test_a_paid_reply_that_nobody_can_read_is_kept(till: Till) -> None:
    """Raw, with its line; what it was is fetched for nothing."""
    till.simulator.faults.add(Fault(kind="wrong_shape", endpoint="generateKeypoints"))
    till.complete()
    assert ledger(till) == [("spent", "a newer document came")]
    till.simulator.faults.add(Fault(kind="wrong_shape", endpoint="queryConversation"))
    till.by_hand("sess_00001", Kind.ANSWER, QUESTION)
    live(till, 3 * HOUR, HOUR / 2)
    assert ledger(till)[-1] == ("spent", "not proven unpaid")
    ((body,),) = till.rows("select body from _replies")
    assert b"unexpected" in body


# -- a full disk


def test_nothing_is_sent_with_too_little_room(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under 20 MB a run buys nothing, and goes on with all else; a hand command refuses."""
    monkeypatch.setattr(Accounting, "free_bytes", lambda _: 20 * 10**6 - 1)
    till.complete()
    assert any("disk" in each.detail for each in till.events if each.event == "credits")
    with pytest.raises(StorageFull):
        till.by_hand("sess_00001", Kind.ANSWER, QUESTION)
    assert (till.posts, ledger(till)) == ([], [])
    monkeypatch.setattr(Accounting, "free_bytes", lambda _: 20 * 10**6)
    bought_once(till)


def fills_up_at_the_reply(till: Till) -> ConvoSyncError:
    """A run whose disk is full from the commit of the paid reply on."""
    for number in range(1, 40):
        try:
            till.sync(MoneyPoint("disk full", number))
        except ArchiveError as error:
            if till.posts:
                return error
            till.path.unlink()
            for file in till.path.parent.glob("archive.db-*"):
                file.unlink()
    raise AssertionError("no commit of a reply")


def test_a_reply_is_written_beside_the_archive_that_cannot_take_it(till: Till) -> None:
    """To a file for its owner alone, which is named; the next run takes it from there, and buys nothing twice."""
    error = fills_up_at_the_reply(till)
    assert isinstance(error, StorageFull)
    (file,) = rescued(till)
    assert file.stat().st_mode & 0o077 == 0
    assert [each.detail for each in till.events if each.event == "rescued"] == [str(file)]
    bought_once(till)


def test_a_reply_that_no_file_takes_is_printed(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is the last place for it."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("convo_sync.archive.rescue.os.fsync", full)
    error = fills_up_at_the_reply(till)
    assert "Reading 1 of 12 turns" in error.message
    assert not rescued(till)  # a part of it would only look like one
    live(till, 3 * HOUR, HOUR / 4)
    assert ledger(till) == [("spent", "a newer document came")]
