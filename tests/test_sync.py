"""One run after another against the strict simulator: what is asked, what is kept, how a run ends."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync.errors import ConfigurationError, KeyRefused
from convo_sync.records import Completeness, Outcome
from convo_sync.simulator import Fault
from tests.rig import HELD, Rig, add, feedback, iso, keypoints, row, turns

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_first_sync_asks_for_each_document_once(tmp_path: Path) -> None:
    """N conversations cost the list pages, the profile, and one request per document that can exist."""
    with Rig.serving(tmp_path) as rig:
        for number in range(120):
            add(rig, number, (number + 1) * DAY, segments=12 if number % 4 else 5)
        run = rig.complete()
        assert rig.asked("listConversations") == 2
        assert rig.asked(*HELD) == 120 * 3 - 30
        assert rig.asked() == run.requests == 2 + 1 + 330


def test_nothing_new_asks_for_the_list_alone(tmp_path: Path) -> None:
    """A second run sends one request and writes nothing but its record and the budget."""
    with Rig.serving(tmp_path) as rig:
        add(rig, 1, 30 * DAY)
        rig.complete()
        before = rig.rows("select value from meta where key = 'changed'")
        asked = rig.asked()
        rig.clock.advance(HOUR)
        run = rig.complete()
        assert (rig.asked() - asked, run.requests) == (1, 1)
        assert rig.rows("select value from meta where key = 'changed'") == before


def test_what_came_is_in_the_tables_as_it_came(tmp_path: Path) -> None:
    """Rows, segments, key points and feedback equal what the server has."""
    with Rig.serving(tmp_path) as rig:
        conversation = add(rig, 7, 30 * DAY)
        rig.complete()
        segments = rig.rows("select position, speaker, text from segments where conversation_id = ?", conversation)
        assert segments == [(n, turn["speaker"], turn["text"]) for n, turn in enumerate(turns(7, 12))]
        assert rig.rows("select text from decisions") == [("decision 7.1",)]
        assert rig.rows("select overall_score, clarity from feedback") == [(5.1, 7.5)]


def test_a_changed_title_is_a_revision_and_asks_for_nothing_else(tmp_path: Path) -> None:
    """A renamed meeting changes its row, keeps the old row as a revision, and fetches no document."""
    with Rig.serving(tmp_path) as rig:
        conversation = add(rig, 1, 30 * DAY)
        rig.complete()
        asked = rig.asked(*HELD)
        rig.world.rename(conversation, "A better title")
        rig.complete()
        assert rig.asked(*HELD) == asked
        assert rig.rows("select title from conversations") == [("A better title",)]
        assert rig.rows("select count(*) from revisions r join documents d on d.id = r.document_id "
                        "where d.kind = 'listing'") == [(2,)]  # fmt: skip


def test_a_running_meeting_is_fetched_after_its_end(tmp_path: Path) -> None:
    """While it runs nothing is asked for; once ended, transcript, key points and feedback are."""
    with Rig.serving(tmp_path) as rig:
        listed = row(1, rig.clock.now() - timedelta(minutes=5), minutes=None, segments=4)
        rig.world.add(listed, {"id": listed["id"], "segments": turns(1, 4)})
        rig.complete()
        assert rig.asked(*HELD) == 0
        rig.clock.advance(timedelta(minutes=10))
        rig.world.grow(listed["id"], turns(1, 20, first=4))
        rig.complete()
        assert rig.asked(*HELD) == 0
        rig.world.end(listed["id"], rig.clock.now())
        rig.complete()
        assert rig.rows("select count(*) from segments") == [(24,)]


def test_a_meeting_that_stands_still_is_fetched_without_an_end(tmp_path: Path) -> None:
    """After a quarter of an hour without growth a meeting that never ends is fetched as it is."""
    with Rig.serving(tmp_path, assume={"end_time": "never", "transcript_of_running": "partial"}) as rig:
        listed = row(1, rig.clock.now() - timedelta(minutes=5), minutes=None)
        rig.world.add(listed, {"id": listed["id"], "segments": turns(1, 12)})
        rig.complete()
        rig.clock.advance(timedelta(minutes=16))
        rig.complete()
        assert rig.rows("select count(*) from segments") == [(12,)]


def test_late_key_points_are_found_on_the_schedule(tmp_path: Path) -> None:
    """Key points made two hours after the end arrive with the next step of the schedule, and then rest."""
    with Rig.serving(tmp_path) as rig:
        conversation = add(rig, 1, timedelta(minutes=31), notes=False)
        rig.complete()
        assert rig.rows("select state from holdings where kind = 'keypoints'") == [("absent",)]
        rig.clock.advance(2 * HOUR)
        rig.world.set_keypoints(conversation, keypoints(1))
        rig.complete()
        assert rig.rows("select state, next_try_at from holdings where kind = 'keypoints'") == [("present", None)]


def test_absent_notes_of_an_old_meeting_are_asked_for_once(tmp_path: Path) -> None:
    """An older meeting without key points costs one question each, then only the audit asks."""
    with Rig.serving(tmp_path) as rig:
        conversation = add(rig, 1, 60 * DAY, notes=False)
        rig.complete()
        asked = rig.asked("getKeypoints", "getFeedback")
        for _ in range(3):
            rig.clock.advance(DAY)
            rig.complete()
        assert asked == rig.asked("getKeypoints", "getFeedback") == 2
        rig.world.set_feedback(conversation, feedback(1))
        rig.complete(audit=True)
        assert rig.rows("select state from holdings where kind = 'feedback'") == [("present",)]


def test_a_short_transcript_is_searchable_and_stays_pending(tmp_path: Path) -> None:
    """Fewer segments than listed are stored at once; the rest is asked for until it is there."""
    with Rig.serving(tmp_path) as rig:
        conversation = add(rig, 1, HOUR)
        rig.world.visible_segments(conversation, 5)
        run = rig.complete()
        assert run.pending == 1
        assert rig.rows("select count(*) from segments") == [(5,)]
        rig.world.visible_segments(conversation, None)
        rig.clock.advance(timedelta(minutes=6))
        rig.complete()
        assert rig.rows("select count(*) from segments") == [(12,)]
        assert rig.rows("select state from holdings where kind = 'transcript'") == [("present",)]


def test_a_transcript_that_stays_short_is_believed_after_a_week(tmp_path: Path) -> None:
    """Five tries over seven days with the same content: what came is what there is."""
    with Rig.serving(tmp_path) as rig:
        conversation = add(rig, 1, HOUR)
        rig.world.visible_segments(conversation, 5)
        for pause in (timedelta(0), timedelta(minutes=6), HOUR, 6 * HOUR, DAY, 7 * DAY):
            rig.clock.advance(pause)
            rig.complete()
        assert rig.rows("select state, next_try_at from holdings where kind = 'transcript'") == [("present", None)]
        asked = rig.asked("getTranscript")
        rig.clock.advance(30 * DAY)
        rig.complete()
        assert rig.asked("getTranscript") == asked == 6


@pytest.mark.parametrize("deleted", ["404", "410", "200"])
def test_a_deletion_is_marked_and_keeps_everything(tmp_path: Path, deleted: str) -> None:
    """Missing from two sweeps, or from one and 404: the mark says why, and no document is lost."""
    with Rig.serving(tmp_path, assume={"deleted": deleted}) as rig:
        for number in range(4):
            add(rig, number, (number + 30) * DAY)
        rig.complete()
        rig.world.delete("sess_00002")
        rig.complete()
        if deleted == "200":
            assert rig.rows("select count(gone_at) from conversations") == [(0,)]
            rig.complete()
        assert rig.rows("select id from conversations where gone_at is not null") == [("sess_00002",)]
        assert rig.rows("select count(*) from segments where conversation_id = 'sess_00002'") == [(12,)]


def test_a_conversation_that_comes_back_loses_its_mark(tmp_path: Path) -> None:
    """Restored at Convo means restored here."""
    with Rig.serving(tmp_path) as rig:
        add(rig, 1, 30 * DAY)
        add(rig, 2, 31 * DAY)
        rig.complete()
        rig.world.delete("sess_00002")
        rig.complete()
        rig.complete()
        rig.world.restore("sess_00002")
        rig.complete()
        assert rig.rows("select count(*), count(gone_at) from conversations") == [(2, 0)]


@pytest.mark.parametrize("runs", [1, 3])
def test_many_deletions_at_once_are_not_believed(tmp_path: Path, runs: int) -> None:
    """More than a fifth and more than five: none is marked, until the owner says that they did it."""
    with Rig.serving(tmp_path) as rig:
        for number in range(20):
            add(rig, number, (number + 30) * DAY)
        rig.complete()
        for number in range(8):
            rig.world.delete(f"sess_{number:05d}")
        for _ in range(runs):
            rig.complete()
        assert rig.rows("select count(gone_at) from conversations") == [(0,)]
        assert rig.events[-1].event != "gone"
        rig.complete(accept_deletions=True)
        assert rig.rows("select count(gone_at) from conversations") == [(8,)]


def test_an_empty_answer_never_replaces_a_good_one(tmp_path: Path) -> None:
    """A transcript and a list that are suddenly empty change nothing."""
    with Rig.serving(tmp_path) as rig:
        conversation = add(rig, 1, 30 * DAY)
        rig.complete()
        rig.simulator.faults.add(Fault(kind="empty_list", endpoint="listConversations", times=1))
        rig.sync()
        rig.simulator.faults.add(Fault(kind="empty_segments", endpoint="getTranscript", times=1))
        rig.world.edit_row(conversation, segmentCount=13)
        rig.sync()
        assert rig.rows("select count(*), count(gone_at) from conversations") == [(1, 0)]
        assert rig.rows("select count(*) from segments") == [(12,)]


def test_starter_parks_before_the_hour_is_used_up(tmp_path: Path) -> None:
    """On 100 requests an hour the first sync parks without a 429, the newest meetings complete; later runs finish."""
    with Rig.serving(tmp_path, tier="starter") as rig:
        for number in range(60):
            add(rig, number, (number + 1) * DAY)
        run, error = rig.sync()
        assert (run.outcome, run.requests) == (Outcome.PARKED, 95)
        assert error is not None
        assert error.exit_code == 75
        newest = [f"sess_{number:05d}" for number in range(10)]
        done = rig.rows("select conversation_id from holdings where state = 'present' group by 1 having count(*) = 3")
        assert set(newest) <= {id_ for (id_,) in done}
        hours = 0
        while run.outcome is not Outcome.COMPLETE:
            assert run.resume_at is not None
            rig.clock.set(run.resume_at)
            run, _ = rig.sync()
            hours += 1
        assert hours <= 4
        assert rig.simulator.rate_limited_answers == 0
        assert rig.rows("select distinct state from holdings") == [("present",)]


def test_five_failures_alike_are_the_servers(tmp_path: Path) -> None:
    """Five items in a row with the same trouble end the run as failed, and charge no item."""
    with Rig.serving(tmp_path) as rig:
        for number in range(6):
            add(rig, number, (number + 30) * DAY)
        for operation in HELD:
            rig.simulator.faults.add(Fault(kind="server_error", endpoint=operation, times=None))
        run, error = rig.sync()
        assert run.outcome is Outcome.FAILED
        assert error is not None
        assert error.exit_code == 69
        assert rig.rows("select count(*) from holdings where state = 'failed' and next_try_at > ?", iso(rig.now())) == [
            (0,)
        ]
        rig.simulator.faults.clear()
        rig.complete()
        assert rig.rows("select distinct state from holdings") == [("present",)]


def test_one_broken_item_stops_only_itself(tmp_path: Path) -> None:
    """A document that always fails is marked and retried; everything else arrives."""
    with Rig.serving(tmp_path) as rig:
        for number in range(6):
            add(rig, number, (number + 30) * DAY)
        rig.simulator.faults.add(
            Fault(kind="invalid_json", endpoint="getTranscript", conversation_id="sess_00003", times=None)
        )
        run = rig.complete()
        assert run.failed == 1
        assert rig.rows("select conversation_id, kind from holdings where state != 'present'") == [
            ("sess_00003", "transcript")
        ]


def test_a_refused_key_stops_the_run(tmp_path: Path) -> None:
    """401 in the API's own words ends the run with 77; a proxy's 401 says nothing about the key."""
    with Rig.serving(tmp_path) as rig:
        add(rig, 1, 30 * DAY)
        rig.complete()
        rig.simulator.faults.add(Fault(kind="proxy_unauthorized", endpoint="listConversations", times=3))
        _, error = rig.sync()
        assert error is not None
        assert error.exit_code == 69
        rig.simulator.revoke_key(rig.key)
        _, error = rig.sync()
        assert isinstance(error, KeyRefused)


def test_another_account_is_refused(tmp_path: Path) -> None:
    """One archive, one account: a key of somebody else changes nothing and ends with 78."""
    with Rig.serving(tmp_path) as rig:
        add(rig, 1, 30 * DAY)
        rig.complete()
        rig.simulator.add_key("convo_other", email="somebody@else.example")
        rig.key = "convo_other"
        run, error = rig.sync()
        assert isinstance(error, ConfigurationError)
        assert (run.outcome, run.listing) == (Outcome.FAILED, Completeness.NONE)


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_wrong_clock_changes_nothing(tmp_path: Path, hours: int) -> None:
    """Two hours ahead or behind, the schedule keeps to the server's time."""
    with Rig.serving(tmp_path) as rig:
        rig.clock_error = hours * HOUR
        conversation = add(rig, 1, timedelta(minutes=31), notes=False)
        rig.complete()
        asked = rig.asked("getKeypoints")
        rig.clock.advance(timedelta(minutes=2))
        rig.complete()
        assert rig.asked("getKeypoints") == asked
        rig.world.set_keypoints(conversation, keypoints(1))
        rig.clock.advance(timedelta(minutes=5))
        rig.complete()
        assert rig.rows("select state from holdings where kind = 'keypoints'") == [("present",)]
