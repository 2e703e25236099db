"""What a delivery leads to: what it names is asked for at the next sync, once, and it never decides what is so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from convo_sync.plan import hints
from convo_sync.plan.hints import Hint
from convo_sync.records import Holding, Kind, Known, State
from tests.deliveries import Post
from tests.holdings import ABSENT, EXCLUDED, FAILED, HOUR, MINUTE, NOON, NOT_APPLICABLE, ONE, PENDING, PRESENT, holding
from tests.holdings import known as conversation
from tests.holdings import row as listed
from tests.rig import HELD, Rig, add, feedback, keypoints, row, turns
from tests.simulator.asking import ask

READY = "conversation.keypoints.ready"


def hint(event: str = READY, sent_at: datetime = NOON, number: int = 1) -> Hint:
    return Hint(number, event, ONE, sent_at)


def asked(each: Holding, *said: Hint, now: datetime = NOON + MINUTE, suspect: bool = False) -> Holding | None:
    """The holding that these hints make of this one; None where they leave it."""
    known = Known(replace(conversation(listed()), suspect=suspect), (each,))
    changed = hints.owed(known, said, now)
    assert len(changed) <= 1
    return changed[0] if changed else None


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (READY, Kind.KEYPOINTS),
        ("conversation.summary.ready", Kind.KEYPOINTS),
        ("conversation.action_items.ready", Kind.KEYPOINTS),
        ("conversation.feedback.ready", Kind.FEEDBACK),
        ("transcript.ready", Kind.TRANSCRIPT),
    ],
)
def test_what_is_ready_is_due(event: str, kind: Kind) -> None:
    """Expect that kind due now, its schedule counted from the event, and no other kind touched."""
    for each in (Kind.KEYPOINTS, Kind.FEEDBACK, Kind.TRANSCRIPT):
        found = asked(holding(each, ABSENT, failures=2, tries=1), hint(event))
        assert (found is not None) == (each is kind)
        if found is not None:
            assert (found.next_try_at, found.anchor_at, found.state) == (NOON + MINUTE, NOON, ABSENT)
            assert (found.failures, found.tries, found.reason) == (0, 0, hints.REASON)


@pytest.mark.parametrize(("state", "after"), [(PENDING, PENDING), (FAILED, PENDING), (NOT_APPLICABLE, PENDING)])
def test_what_was_given_up_is_asked_for_again(state: State, after: State) -> None:
    """Expect the server's word that it is there to count more than ours that it cannot be."""
    found = asked(holding(state=state), hint())
    assert found is not None
    assert found.state is after


@pytest.mark.parametrize(("checked", "again"), [(-MINUTE, True), (timedelta(0), False), (MINUTE, False)])
def test_what_came_since_is_not_asked_for_again(checked: timedelta, again: bool) -> None:
    """Expect a document that was read after the event, by our own generation say, to be what it was about."""
    held = holding(state=PRESENT, digest="k", checked_at=NOON + checked)
    assert (asked(held, hint()) is not None) == again


def test_an_absence_since_proves_nothing() -> None:
    """Expect a 404 that came after the event to leave the hint in force."""
    assert asked(holding(state=ABSENT, checked_at=NOON + MINUTE), hint()) is not None


@pytest.mark.parametrize("event", [*hints.EVENTS, "webhook.test"])
def test_what_is_excluded_stays_private(event: str) -> None:
    """Expect no hint to have it asked for."""
    assert asked(holding(Kind.TRANSCRIPT, EXCLUDED, digest="t"), hint(event), suspect=True) is None


@pytest.mark.parametrize("event", ["conversation.created", "conversation.updated", "transcript.failed", "odd"])
def test_an_event_that_only_lists(event: str) -> None:
    """Expect no holding changed."""
    assert asked(holding(), hint(event)) is None


def test_the_latest_of_several_counts() -> None:
    """Expect the schedule to count from the last event, which is never in the future."""
    found = asked(holding(), hint(sent_at=NOON + HOUR), hint(sent_at=NOON))
    assert found is not None
    assert found.anchor_at == NOON + MINUTE


@pytest.mark.parametrize(("suspect", "digest", "due"), [(True, "t", True), (False, "t", False), (True, None, False)])
def test_a_deletion_asks_for_the_transcript(suspect: bool, digest: str | None, due: bool) -> None:
    """Expect the transcript that is held to be asked for where the list did not show the meeting; nothing else."""
    said = hint("conversation.deleted")
    assert (asked(holding(Kind.TRANSCRIPT, PRESENT, digest=digest), said, suspect=suspect) is not None) == due
    assert asked(holding(Kind.KEYPOINTS, PRESENT, digest="k"), said, suspect=suspect) is None


def test_who_is_suspected() -> None:
    """Expect those of deletions alone, and none where no conversation is named."""
    nameless = Hint(2, "conversation.deleted", None, NOON)
    assert hints.suspects([hint(), nameless]) == frozenset()
    assert hints.suspects([hint("conversation.deleted"), nameless]) == {ONE}


# -- with an account


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Three meetings of weeks ago, archived; the first without key points, so that only the audit would ask again."""
    with Rig.serving(tmp_path) as serving:
        for number in (1, 2, 3):
            add(serving, number, timedelta(days=30 + number), notes=number > 1)
        serving.complete()
        serving.clock.advance(timedelta(minutes=10))
        yield serving


FIRST = "sess_00001"


def deliver(rig: Rig, event: str, conversation_id: str | None = FIRST, sent_at: datetime | None = None) -> None:
    """Have a delivery in the inbox."""
    sent_at = sent_at or rig.clock.now()
    digest = hashlib.sha256(f"{event} {conversation_id} {sent_at}".encode()).hexdigest()
    assert rig.inbox.keep(digest, event, conversation_id, sent_at, b"{}", sent_at)
    rig.inbox.close()


def requests(rig: Rig, **options: object) -> int:
    """How many documents a sync asks for."""
    before = rig.asked(*HELD)
    rig.complete(retry_failed=False, **options)
    return rig.asked(*HELD) - before


def test_a_hint_brings_the_document(rig: Rig) -> None:
    """Expect one request, the document, the delivery done; and no request for it by the next sync."""
    rig.world.set_keypoints(FIRST, keypoints(1))
    assert requests(rig) == 0
    deliver(rig, READY)
    assert requests(rig) == 1
    assert rig.rows("select count(*) from documents where conversation_id = ? and kind = 'keypoints'", FIRST) == [(1,)]
    assert (rig.inbox.waiting(), requests(rig)) == ([], 0)


def test_a_hint_that_came_too_early(rig: Rig) -> None:
    """Expect the schedule to count from the hint: asked again after five minutes, where nothing was there before."""
    deliver(rig, READY)
    assert requests(rig) == 1
    rig.world.set_keypoints(FIRST, keypoints(1))
    assert requests(rig) == 0
    rig.clock.advance(timedelta(minutes=6))
    assert requests(rig) == 1


def test_three_events_of_one_document(rig: Rig) -> None:
    """Expect one request."""
    rig.world.set_keypoints(FIRST, keypoints(1))
    for event in (READY, "conversation.summary.ready", "conversation.action_items.ready"):
        deliver(rig, event)
    assert requests(rig) == 1


@pytest.mark.parametrize("named", ["sess_nope", None])
def test_a_conversation_that_nobody_knows(rig: Rig, named: str | None) -> None:
    """Expect the list to be read, nothing else, and the delivery done."""
    deliver(rig, READY, named)
    assert (requests(rig), rig.inbox.waiting()) == (0, [])


def test_a_deletion_that_is_none(rig: Rig) -> None:
    """Expect a meeting that is listed to lose its mark, at the cost of the list alone."""
    deliver(rig, "conversation.deleted", "sess_00002")
    assert requests(rig) == 0
    assert rig.rows("select count(*) from conversations where gone_at is not null") == [(0,)]
    assert rig.rows("select sum(suspect) from sightings") == [(0,)]


def test_a_deletion_is_proved_by_its_transcript(rig: Rig) -> None:
    """Expect one GET to decide at once, without a second sweep."""
    rig.world.delete(FIRST)
    deliver(rig, "conversation.deleted")
    assert requests(rig) == 1
    assert rig.rows("select id from conversations where gone_at is not null") == [(FIRST,)]


def test_a_deletion_where_the_list_is_long(tmp_path: Path) -> None:
    """Expect it proved though an incremental listing shows nothing of it; a false one costs a GET and marks none."""
    with Rig.serving(tmp_path) as rig:
        for number in range(1, 106):
            add(rig, number, timedelta(days=20 + number), notes=False)
        rig.complete()
        rig.clock.advance(timedelta(minutes=10))
        rig.world.delete("sess_00100")
        deliver(rig, "conversation.deleted", "sess_00100")
        deliver(rig, "conversation.deleted", "sess_00099")
        listings = rig.asked("listConversations")
        assert requests(rig) == 2
        assert rig.asked("listConversations") == listings + 1
        gone = rig.rows("select id, gone_evidence from conversations where gone_at is not null")
        assert gone == [("sess_00100", "reported as deleted by a webhook, and its transcript is not found any more")]
        assert requests(rig) == 0


def test_a_run_that_never_got_to_it(rig: Rig) -> None:
    """Expect the delivery to wait where the list could not be read, and to be acted upon by the run that could."""
    rig.world.set_keypoints(FIRST, keypoints(1))
    deliver(rig, READY)
    key, rig.key = rig.key, "convo_wrong"
    assert rig.sync()[1] is not None
    rig.key = key
    assert len(rig.inbox.waiting()) == 1
    assert requests(rig) == 1


def test_an_inbox_that_cannot_be_read(rig: Rig) -> None:
    """Expect the run to go on without, and to say so."""
    rig.inbox.path.write_bytes(b"no database" * 1000)
    assert requests(rig) == 0
    assert [each.event for each in rig.events if each.event == "inbox"] == ["inbox"]


def test_nothing_new_makes_no_file(rig: Rig) -> None:
    """Expect no inbox where nothing was ever delivered."""
    assert not rig.inbox.path.exists()


def test_from_convo_to_the_archive(rig: Rig, tmp_path: Path) -> None:
    """Expect what the simulator delivers to be in the archive after the next sync, and a lost delivery to lose nothing.

    The first is a meeting that is recorded, ends, and gets its key points and feedback, each told by a webhook.
    """
    with Post.serving(tmp_path) as post:
        made = ask(rig.simulator, "POST", "/webhooks", {"url": "https://hooks.example/", "events": [*hints.EVENTS]})
        post.secret, post.now = made.data["secret"].encode(), rig.clock.now()
        rig.simulator.deliver_to["*"] = f"http://127.0.0.1:{post.receiver.address[1]}/"
        rig.world.set_keypoints(FIRST, keypoints(1))
        fresh = row(4, rig.clock.now() - HOUR)
        rig.world.add(fresh, turns(4, 12))
        rig.world.set_keypoints(fresh["id"], keypoints(4))
        rig.world.set_feedback(fresh["id"], feedback(4))
        assert rig.simulator.wait_for_deliveries()
        assert {each.status for each in rig.simulator.deliveries} == {200}
        assert len(post.events) >= 6
        post.inbox.close()
        assert requests(rig) == 4
        rig.simulator.deliver_to["*"] = "http://127.0.0.1:9/"
        rig.world.add(row(5, rig.clock.now() - HOUR), turns(5, 12))
        assert rig.simulator.wait_for_deliveries()
        assert requests(rig) == 3
    assert rig.rows("select count(*) from documents where kind = 'transcript'") == [(5,)]
