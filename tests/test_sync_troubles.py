"""Runs in which several things go wrong at once: whose failure it is, what is asked for again, and what is believed."""

from __future__ import annotations

import hashlib
import socket
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync.client import Client
from convo_sync.errors import CreditsUsedUp, Forbidden
from convo_sync.plan.steps import AUDIT, FORBIDDEN, NEWEST
from convo_sync.records import Completeness, ConversationId, Document, Kind, Outcome, Page
from convo_sync.simulator import Fault
from convo_sync.sync import Identity, Options, Sync
from convo_sync.sync.meter import Meter
from convo_sync.sync.ports import Remote
from tests.rig import HELD, Rig, add, iso, keypoints, row, turns

BROKEN = "wrong_shape"


@contextmanager
def one_process(
    rig: Rig, pause: Callable[[], bool] = lambda: False, wrap: Callable[[Client], Remote] | None = None, **options: Any
) -> Iterator[Callable[[], Any]]:
    """A process of its own that holds the archive, so that others can run while it pauses."""
    with rig.archive() as archive:
        meter = Meter(archive.budget(), rig.now, archive.save_budget)
        with Client(rig.url, rig.key, meter=meter, now=rig.now) as client:
            remote = wrap(client) if wrap else client
            identity = Identity(rig.url, hashlib.sha256(rig.key.encode()).hexdigest())
            yield lambda: Sync(remote, archive, meter, rig.now, Options(**options), pause=pause).run(identity)


def broken(
    rig: Rig, number: int, times: int | None = None, kind: str = BROKEN, endpoint: str = "getTranscript"
) -> None:
    """Let one conversation's documents fail."""
    rig.simulator.faults.add(Fault(kind, endpoint, times=times, conversation_id=f"sess_{number:05d}"))


def five_in_a_row(rig: Rig) -> None:
    """Fifteen new conversations, of which the five transcripts that are asked for in a row are broken."""
    for number in range(15):
        add(rig, number, timedelta(days=number + 1), notes=False)
        if number >= NEWEST:
            broken(rig, number)


def held(rig: Rig, conversation_id: str, kind: str = "transcript") -> Any:
    """What the archive says of one holding: state, whether something is held, reason."""
    sql = "select state, digest is not null, reason from holdings where conversation_id = ? and kind = ?"
    return rig.rows(sql, conversation_id, kind)[0]


def listed_only(rig: Rig, count: int) -> None:
    """Conversations that a list shows and that have nothing else."""
    for number in range(count):
        rig.world.add(row(number, rig.clock.now() - timedelta(hours=number + 200), segments=5), None)


def known(rig: Rig) -> int:
    """How many conversations the archive knows."""
    return int(rig.rows("select count(*) from conversations")[0][0])


# -- whose failure it is


def test_a_dead_document_server_never_ends_complete(tmp_path: Path) -> None:
    """Where every document fails, run after run, each run fails, no item is charged, and little is asked."""
    with Rig.serving(tmp_path) as rig:
        for number in range(3):
            add(rig, number, timedelta(days=number + 1))
        for operation in HELD:
            rig.simulator.faults.add(Fault("server_error", operation, times=None))
        for _ in range(5):
            run, error = rig.sync()
            assert (run.outcome, run.failed, error and error.code) == (Outcome.FAILED, 0, "unreachable")
            assert run.requests <= 20
            rig.clock.advance(timedelta(minutes=20))
        assert rig.rows("select count(*) from holdings where state = 'failed' or failures > 0") == [(0,)]
        rig.simulator.faults.clear()
        assert rig.complete().fetched == 9


def test_broken_documents_never_hide_those_that_healed(tmp_path: Path) -> None:
    """Five that stay broken fail alike in every run; three that failed once are asked again all the same."""
    with Rig.serving(tmp_path) as rig:
        for number in range(8):
            add(rig, number, timedelta(days=number + 1))
            broken(rig, number, times=None if number < 5 else 1)
        rig.sync()
        run, _ = rig.sync()
        assert (run.outcome, run.failed) == (Outcome.COMPLETE, 5)
        assert rig.rows("select count(*) from documents where kind = 'transcript'") == [(3,)]


def test_one_more_document_tells_broken_ones_from_a_dead_server(tmp_path: Path) -> None:
    """Later on five broken ones in a row cost one request more, of a document that came before: the run completes."""
    with Rig.serving(tmp_path) as rig:
        add(rig, 90, timedelta(days=60))
        rig.complete()
        five_in_a_row(rig)
        before = rig.asked("getTranscript")
        run, _ = rig.sync()
        assert (run.outcome, run.failed) == (Outcome.COMPLETE, 5)
        assert rig.asked("getTranscript") - before == 15 + 1


def test_a_control_that_is_broken_itself_is_another_one_next_time(tmp_path: Path) -> None:
    """The document asked for to test the server may be broken too: the next run asks for another, and completes."""
    with Rig.serving(tmp_path) as rig:
        for number in (90, 91):
            add(rig, number, timedelta(days=number), notes=False)
        rig.complete()
        broken(rig, 90)
        five_in_a_row(rig)
        outcomes = [rig.sync()[0].outcome for _ in range(2)]
        assert outcomes == [Outcome.FAILED, Outcome.COMPLETE]
        assert held(rig, "sess_00090")[:2] == ("present", 1)


@pytest.mark.parametrize("times", [3, 15])
def test_a_hiccup_does_not_send_the_newest_behind_the_backlog(tmp_path: Path, times: int) -> None:
    """On Starter with a long backlog the newest meetings are whole an hour after the server failed for a moment."""
    with Rig.serving(tmp_path, tier="starter") as rig:
        for number in range(150):
            add(rig, number, timedelta(days=number + 1))
        rig.simulator.faults.add(Fault("server_error", "getTranscript", times=times))
        rig.sync()
        rig.clock.advance(timedelta(hours=1, minutes=1))
        rig.sync()
        states = rig.rows("select distinct state from holdings where conversation_id in ('sess_00000', 'sess_00001')")
        assert states == [("present",)]


def test_a_kind_that_the_plan_lacks_is_given_up_after_three(tmp_path: Path) -> None:
    """A 403 for the kind three times in a row, and once more for a test, puts the rest off without a request."""
    asked: Counter[Kind] = Counter()

    class Lacking:
        def __init__(self, client: Client) -> None:
            self._client = client

        def __getattr__(self, name: str) -> Any:
            return getattr(self._client, name)

        def list_conversations(self, *, limit: int = 100, offset: int = 0, since: datetime | None = None) -> Page:
            return self._client.list_conversations(limit=limit, offset=offset, since=since)

        def get_profile(self) -> Any:
            return self._client.get_profile()

        def get_document(self, conversation_id: ConversationId, kind: Kind) -> Document | None:
            asked[kind] += 1
            if kind is Kind.FEEDBACK:
                raise Forbidden("not in your plan", status=403, api_code="forbidden")
            return self._client.get_document(conversation_id, kind)

    with Rig.serving(tmp_path) as rig:
        for number in range(12):
            add(rig, number, timedelta(days=number + 1))
        with one_process(rig, wrap=Lacking) as sync:
            run, _ = sync()
        assert run.outcome is Outcome.COMPLETE
        assert asked == {Kind.TRANSCRIPT: 12, Kind.KEYPOINTS: 12, Kind.FEEDBACK: FORBIDDEN + 1}


def test_a_429_on_a_retry_parks(tmp_path: Path) -> None:
    """A first attempt fails, the second is told to wait: the run waits, and the item is not charged."""
    with Rig.serving(tmp_path, assume={"rate_headers": "no"}) as rig:
        add(rig, 1, timedelta(days=1))
        rig.simulator.faults.add(Fault("server_error", "getTranscript", times=1))
        rig.simulator.faults.add(Fault("rate_limited", "getTranscript", times=1, seconds=3000.0))
        run, _ = rig.sync()
        assert (run.outcome, run.failed) == (Outcome.PARKED, 0)
        assert run.resume_at == rig.now() + timedelta(seconds=3000)
        assert [each.status for each in rig.simulator.requests[-2:]] == [500, 429]


def test_attempts_without_a_network_use_up_no_hour(tmp_path: Path) -> None:
    """Forty runs with nobody at the other end are offline, not parked; the first with a network goes on at once."""
    with Rig.serving(tmp_path, tier="starter") as rig:
        add(rig, 1, timedelta(days=1))
        rig.complete()
        url = rig.url
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            dead = f"http://127.0.0.1:{free.getsockname()[1]}"
        _bind(rig, dead)
        for _ in range(40):
            run, error = rig.sync()
            assert (run.outcome, run.requests, error and error.exit_code) == (Outcome.FAILED, 0, 69)
        _bind(rig, url)
        assert rig.complete().requests == 1


def _bind(rig: Rig, url: str) -> None:
    """Move the account to another address."""
    rig.url = url
    with closing(sqlite3.connect(rig.path)) as connection, connection:
        connection.execute("update meta set value = ? where key = 'base_url'", (url,))


@pytest.mark.parametrize("meetings", [1, 2])
def test_the_last_failures_of_a_run_are_tested_too(tmp_path: Path, meetings: int) -> None:
    """Few documents due, and the server dead for hours: no run is complete, and all come as soon as it is back."""
    with Rig.serving(tmp_path) as rig:
        add(rig, 90, timedelta(days=60))
        rig.complete()
        for number in range(meetings):
            add(rig, number, timedelta(days=1))
        for operation in HELD:
            rig.simulator.faults.add(Fault("server_error", operation, times=None))
        for _ in range(24):
            run, _ = rig.sync(retry_failed=False)
            assert (run.outcome, run.failed) == (Outcome.FAILED, 0)
            rig.clock.advance(timedelta(minutes=30))
        rig.simulator.faults.clear()
        rig.sync(retry_failed=False)
        assert held(rig, "sess_00000")[:2] == ("present", 1)


def test_a_control_that_fails_otherwise_is_no_answer(tmp_path: Path) -> None:
    """Five fail with 500 and the control is dropped: the server is down, and no item is charged."""
    with Rig.serving(tmp_path) as rig:
        add(rig, 90, timedelta(days=60), notes=False)
        rig.complete()
        for number in range(12):
            add(rig, number, timedelta(days=number + 1))
        rig.simulator.faults.add(Fault("server_error", "getTranscript", times=3))
        for operation in HELD:
            rig.simulator.faults.add(Fault("server_error", operation, times=6))
            rig.simulator.faults.add(Fault("drop_before", operation, times=None))
        run, _ = rig.sync()
        assert (run.outcome, run.failed) == (Outcome.FAILED, 0)


def test_yields_do_not_hide_a_dead_server(tmp_path: Path) -> None:
    """Others come between every few documents: the failures of before still count."""
    with Rig.serving(tmp_path) as rig:
        for number in range(15):
            add(rig, number, timedelta(days=number + 1))
        for operation in HELD:
            rig.simulator.faults.add(Fault(BROKEN, operation, times=None))
        calls = iter(range(10_000))
        with one_process(rig, lambda: next(calls) % 4 == 3) as sync:
            run, _ = sync()
        assert (run.outcome, run.failed) == (Outcome.FAILED, 0)
        assert run.requests <= 10


def test_an_hour_that_ends_among_failures_charges_none(tmp_path: Path) -> None:
    """Two fail alike, then a 429: what they were is not known yet, and nothing pauses."""
    with Rig.serving(tmp_path) as rig:
        for number in range(4):
            add(rig, number, timedelta(days=number + 1))
        rig.simulator.faults.add(Fault(BROKEN, "getTranscript", times=1))
        rig.simulator.faults.add(Fault(BROKEN, "getKeypoints", times=1))
        rig.simulator.faults.add(Fault("rate_limited", "getFeedback", times=1, seconds=600.0))
        run, _ = rig.sync()
        assert (run.outcome, run.failed) == (Outcome.PARKED, 0)


def test_three_that_are_forbidden_do_not_stop_the_others(tmp_path: Path) -> None:
    """The three newest transcripts answer 403 and the rest do not: the kind is in the plan, and the rest is fetched."""
    with Rig.serving(tmp_path) as rig, one_process(rig, wrap=Forbidding) as sync:
        for number in range(20):
            add(rig, number, timedelta(days=number + 1), notes=False)
        run, _ = sync()
        assert (run.outcome, run.fetched) == (Outcome.COMPLETE, 17)


class Forbidding:
    """The client, save that three transcripts are refused, and one set of key points for want of credits."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list_conversations(self, *, limit: int = 100, offset: int = 0, since: datetime | None = None) -> Page:
        return self._client.list_conversations(limit=limit, offset=offset, since=since)

    def get_profile(self) -> Any:
        return self._client.get_profile()

    def get_document(self, conversation_id: ConversationId, kind: Kind) -> Document | None:
        if kind is Kind.TRANSCRIPT and conversation_id in ("sess_00000", "sess_00001", "sess_00002"):
            raise Forbidden("not yours", status=403, api_code="forbidden")
        if kind is Kind.KEYPOINTS and conversation_id == "sess_00005":
            raise CreditsUsedUp("used up", status=429, api_code="ai_limit_exceeded")
        return self._client.get_document(conversation_id, kind)


# -- what is believed


def test_the_same_bad_answer_twice_replaces_nothing(tmp_path: Path) -> None:
    """Audits a second apart see the same unreadable transcript and key points: what is held stays for days."""
    with Rig.serving(tmp_path) as rig:
        id_ = add(rig, 1, timedelta(days=2), segments=20)
        rig.complete()
        before = rig.rows("select text from decisions")
        bad = [turns(1, 1)[0], *({"speaker": "x", "text": None} for _ in range(19))]
        unreadable = {"sections": [{"heading": "A", "points": "text"}], "decisions": [{"text": "x"}]}
        rig.world.set_raw(id_, "transcript", {"id": id_, "segments": bad})
        rig.world.set_raw(id_, "keypoints", {"id": id_, "keypoints": unreadable})
        for _ in range(3):
            rig.clock.advance(timedelta(seconds=1))
            rig.complete(audit=True)
            assert rig.rows("select count(*) from segments") == [(20,)]
            assert rig.rows("select text from decisions") == before


def test_after_a_poor_answer_the_good_one_is_asked_for(tmp_path: Path) -> None:
    """A transcript grows, comes blank once, and is fine from then on: it is archived without another sign."""
    with Rig.serving(tmp_path) as rig:
        id_ = add(rig, 1, timedelta(days=2))
        rig.complete()
        rig.world.grow(id_, turns(1, 3, 12))
        rig.world.set_raw(id_, "transcript", {"id": id_, "segments": [{"text": " ", "speaker": "x"}] * 15})
        rig.complete()
        assert rig.rows("select count(*) from segments") == [(12,)]
        rig.world.set_raw(id_, "transcript", {"id": id_, "segments": turns(1, 15)})
        rig.clock.advance(timedelta(hours=6))
        rig.complete()
        assert rig.rows("select count(*) from segments") == [(15,)]


def test_a_403_does_not_end_a_doubt(tmp_path: Path) -> None:
    """Key points that a change made doubtful are refused once: they are asked for again."""
    with Rig.serving(tmp_path) as rig:
        id_ = add(rig, 5, timedelta(days=2))
        rig.complete()
        rig.world.grow(id_, turns(5, 3, 12))
        with one_process(rig, wrap=Forbidding) as sync:
            sync()
        rig.world.set_keypoints(id_, keypoints(5, 2))
        rig.clock.advance(timedelta(days=8))
        rig.complete()
        assert rig.rows("select text from decisions") == [(text,) for text in keypoints(5, 2)["decisions"]]


@pytest.mark.parametrize("total", [0, 10, 150])
def test_a_total_that_is_too_low_hides_nobody(tmp_path: Path, total: int) -> None:
    """More rows than `total` says: the pages themselves say when the list ends."""

    class Understating(Forbidding):
        def list_conversations(self, *, limit: int = 100, offset: int = 0, since: datetime | None = None) -> Page:
            return replace(super().list_conversations(limit=limit, offset=offset, since=since), total=total)

    with Rig.serving(tmp_path) as rig:
        listed_only(rig, 300)
        with one_process(rig, wrap=Understating) as sync:
            sync()
        assert known(rig) == 300


def test_a_failure_before_an_empty_transcript_shortens_nothing(tmp_path: Path) -> None:
    """An empty transcript of an old meeting is waited for over days, though the request before it failed."""
    with Rig.serving(tmp_path) as rig:
        add(rig, 1, timedelta(days=30))
        add(rig, 2, timedelta(days=1))
        broken(rig, 1, times=1)
        rig.sync()
        rig.world.visible_segments("sess_00001", 0)
        for _ in range(8):
            rig.sync()
            assert held(rig, "sess_00001")[0] == "pending"
            rig.clock.advance(timedelta(minutes=6))
        rig.world.visible_segments("sess_00001", None)
        rig.clock.advance(timedelta(days=30))
        rig.complete()
        assert rig.rows("select count(*) from segments where conversation_id = 'sess_00001'") == [(12,)]


def test_a_transcript_that_cannot_be_read_replaces_none(tmp_path: Path) -> None:
    """Nineteen bad turns of twenty are kept as a revision; the transcript that was held stays."""
    with Rig.serving(tmp_path) as rig:
        id_ = add(rig, 1, timedelta(days=2), segments=20)
        rig.complete()
        bad = [turns(1, 1)[0], *({"speaker": "x", "text": None} for _ in range(19))]
        rig.world.set_raw(id_, "transcript", {"id": id_, "segments": bad})
        rig.world.edit_row(id_, endTime=iso(rig.clock.now() - timedelta(days=1)))
        rig.complete()
        assert rig.rows("select count(*) from segments") == [(20,)]
        versions = (
            "select count(*) from revisions r join documents d on d.id = r.document_id where d.kind = 'transcript'"
        )
        assert rig.rows(versions) == [(2,)]


@pytest.mark.parametrize(
    "feedback",
    [
        {"overallScore": None, "strengths": []},
        {"overallScore": "bad", "strengths": "x", "growthAreas": [{"description": 5}]},
        {},
    ],
)
def test_feedback_that_says_nothing_replaces_none(tmp_path: Path, feedback: dict[str, Any]) -> None:
    """An answer with the owner's name alone, or with nothing that can be read: what is held stays."""
    with Rig.serving(tmp_path) as rig:
        id_ = add(rig, 1, timedelta(days=2))
        rig.complete()
        before = rig.rows("select overall_score, focus from feedback")
        rig.world.set_raw(id_, "feedback", {"id": id_, "feedback": feedback, "userSpeakerName": "Mara"})
        rig.complete(audit=True)
        assert rig.rows("select overall_score, focus from feedback") == before
        assert held(rig, id_, "feedback")[:2] == ("present", 1)


@pytest.mark.parametrize(
    "points",
    [
        {"participants": ["Mara"]},
        {"sections": [{"heading": "A", "points": "text"}], "decisions": [{"text": "x"}], "participants": ["Mara"]},
    ],
)
def test_key_points_that_cannot_be_read_replace_none(tmp_path: Path, points: dict[str, Any]) -> None:
    """Fewer because some were invalid, or names alone: the decisions that are held stay."""
    with Rig.serving(tmp_path) as rig:
        id_ = add(rig, 1, timedelta(days=2))
        rig.complete()
        before = rig.rows("select text from decisions"), rig.rows("select text from keypoints")
        assert all(before)
        rig.world.set_raw(id_, "keypoints", {"id": id_, "keypoints": points})
        rig.complete(audit=True)
        assert (rig.rows("select text from decisions"), rig.rows("select text from keypoints")) == before


def test_another_plan_is_read_at_once(tmp_path: Path) -> None:
    """When the limit changes the profile is read again, once."""
    with Rig.serving(tmp_path, tier="starter") as rig:
        add(rig, 1, timedelta(days=2))
        rig.complete()
        rig.simulator.set_tier("enterprise")
        rig.complete()
        assert rig.rows("select tier from account") == [("enterprise",)]
        assert rig.complete().requests == 1


def test_a_schedule_set_by_a_wrong_clock_ends(tmp_path: Path) -> None:
    """A change seen while the clock was a year ahead is rechecked a while, not for a year."""
    with Rig.serving(tmp_path, assume={"date_header": "no"}) as rig:
        id_ = add(rig, 1, timedelta(days=3), notes=False)
        rig.complete()
        rig.clock_error = timedelta(days=365)
        rig.world.grow(id_, turns(1, 3, 12))
        rig.complete()
        rig.clock_error = timedelta(0)
        for _ in range(3):
            rig.clock.advance(timedelta(days=10))
            rig.complete()
        before = rig.asked(*HELD)
        rig.clock.advance(timedelta(days=10))
        rig.complete()
        assert rig.asked(*HELD) == before


def test_a_typed_sync_tries_a_failed_recheck_again(tmp_path: Path) -> None:
    """What is held and could not be read again counts as failed: a person need not wait for its pause."""
    with Rig.serving(tmp_path) as rig:
        id_ = add(rig, 1, timedelta(days=3))
        rig.complete()
        rig.world.edit_row(id_, endTime=iso(rig.clock.now() - timedelta(days=2)))
        broken(rig, 1, times=1, endpoint="getKeypoints")
        assert rig.sync()[0].failed == 1
        before = rig.asked("getKeypoints")
        rig.sync(retry_failed=False)
        assert rig.asked("getKeypoints") == before
        rig.sync()
        assert rig.asked("getKeypoints") == before + 1


# -- lists


def test_small_pages_and_small_hours_get_to_the_end_of_the_list(tmp_path: Path) -> None:
    """Where a page has fewer rows than a resumed sweep goes back, the sweep goes on nevertheless."""
    with Rig.serving(tmp_path, tier="starter", assume={"page_limit": "50"}) as rig:
        listed_only(rig, 2700)
        for _ in range(2):
            rig.sync()
            rig.clock.advance(timedelta(hours=1, minutes=1))
        assert known(rig) == 2700


@pytest.mark.slow
def test_a_server_that_ignores_since_is_swept(tmp_path: Path) -> None:
    """An increment longer than its share of the hour becomes a sweep, which keeps its place and ends."""
    with Rig.serving(tmp_path, tier="starter", assume={"since_compares": "ignored", "page_limit": "50"}) as rig:
        listed_only(rig, 2600)
        listings = []
        for _ in range(6):
            listings.append(rig.sync()[0].listing)
            rig.clock.advance(timedelta(hours=1, minutes=1))
        assert known(rig) == 2600
        assert listings.count(Completeness.COMPLETE) >= 2


@pytest.mark.slow
def test_a_partial_sweep_is_repeated_until_all_are_known(tmp_path: Path) -> None:
    """A list that never holds still: no run calls itself complete before as many are known as the list has."""
    with Rig.serving(tmp_path, assume={"list_order": "unstable"}) as rig:
        listed_only(rig, 350)
        for _ in range(12):
            run, _ = rig.sync()
            rig.clock.advance(timedelta(minutes=30))
            if run.outcome is Outcome.COMPLETE:
                break
        assert (run.outcome, known(rig)) == (Outcome.COMPLETE, 350)


@pytest.mark.slow
@pytest.mark.parametrize("hours", [2, -2])
def test_a_clock_that_is_off_marks_nobody_missing(tmp_path: Path, hours: int) -> None:
    """A sweep over two hours, and a meeting that comes in between: present throughout, it is never missed."""
    with Rig.serving(tmp_path, tier="starter") as rig:
        rig.clock_error = timedelta(hours=hours)
        listed_only(rig, 5100)
        rig.sync()
        rig.clock.advance(timedelta(minutes=61))
        add(rig, 90001, timedelta(hours=2))
        rig.sync()
        assert rig.rows("select count(*) from sightings where missed_sweeps > 0") == [(0,)]


def test_rows_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A row without a start is not archived, and the run says so once."""
    with Rig.serving(tmp_path) as rig:
        add(rig, 1, timedelta(days=1))
        rig.world.add(row(2, rig.now()) | {"startTime": None}, None)
        rig.sync()
        assert [each.detail[-1] for each in rig.events if each.event == "unusable"] == ["1"]


# -- others at the archive


def test_failures_held_back_do_not_undo_what_another_wrote(tmp_path: Path) -> None:
    """While one run pauses, another fetches what failed for the first: it stays present."""
    with Rig.serving(tmp_path) as rig:
        for number in range(3):
            add(rig, number, timedelta(days=number + 1))
        broken(rig, 0, times=1)
        pauses = iter([False, True])

        def pause() -> bool:
            yielded = next(pauses, False)
            if yielded:
                rig.complete()
            return yielded

        with one_process(rig, pause) as sync:
            sync()
        assert held(rig, "sess_00000") == ("present", 1, "")


def test_an_audit_is_ten_documents_however_often_others_come_between(tmp_path: Path) -> None:
    """Each pause plans anew, and the audit goes on where it was."""
    with Rig.serving(tmp_path) as rig:
        for number in range(20):
            add(rig, number, timedelta(days=number + 1))
        rig.complete()
        rig.clock.advance(timedelta(days=2))
        before, calls = rig.asked(*HELD), iter(range(1000))
        with one_process(rig, lambda: next(calls) % 3 == 2, audit=True) as sync:
            sync()
        assert rig.asked(*HELD) - before == AUDIT


def test_stopped_while_others_write_it_writes_nothing(tmp_path: Path) -> None:
    """Ctrl-C while it waits for the archive: what the other wrote of the hour stays, and no hour is exceeded."""
    with Rig.serving(tmp_path, tier="starter", assume={"rate_headers": "no"}) as rig:
        for number in range(60):
            add(rig, number, timedelta(days=number + 1))
        pauses, hour = iter([False, False, True]), "select * from budget"
        written: list[Any] = []

        def pause() -> bool:
            if next(pauses, False):
                rig.sync()
                written.extend(rig.rows(hour))
                raise KeyboardInterrupt
            return False

        with one_process(rig, pause) as sync, pytest.raises(KeyboardInterrupt):
            sync()
        assert rig.rows("select outcome from runs where id = 1") == [(None,)]
        assert rig.rows(hour) == written
        rig.sync()
        assert rig.simulator.rate_limited_answers == 0
