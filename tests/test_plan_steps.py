"""The order of a run, and what a listed row means for what is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.plan.schedule import first_holdings
from convo_sync.plan.steps import AUDIT, VANISHED, control, key, plan, take_row
from convo_sync.records import (
    HELD_KINDS,
    Action,
    Conversation,
    ConversationId,
    Holding,
    Kind,
    Known,
    Listing,
    Owed,
    State,
    Step,
)

NOON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
T, K, F = HELD_KINDS


def conversation(number: int) -> Conversation:
    """A conversation that began so many days ago."""
    start = NOON - number * DAY
    return Conversation(ConversationId(f"s{number}"), f"Meeting {number}", start, start, None, 12, "digest")


def owed(number: int, kind: Kind = T, state: State = State.PENDING, **others: object) -> Owed:
    """A holding of that conversation that is due."""
    listed = conversation(number)
    held = replace(Holding(listed.id, kind, state, NOON), **others)  # type: ignore[arg-type]  # its fields' names
    return Owed(listed, held)


def order(due: list[Owed], newest: int = 0, **others: object) -> list[str]:
    """The steps of a run in short, as s1:transcript; the conversations up to `newest` are the newest."""
    ids = frozenset(ConversationId(f"s{number}") for number in range(newest + 1))
    steps = plan(due, newest=ids, **others)  # type: ignore[arg-type]  # vanished and audit, as plan takes them
    return [f"{step.conversation_id}:{step.kind}" for step in steps]


# -- the order


def test_the_newest_whole_then_kind_by_kind() -> None:
    """All documents of the newest, then transcripts newest first, then key points, then feedback."""
    due = [owed(number, kind) for kind in (F, K, T) for number in (3, 1, 4, 2)]
    assert order(due, newest=2) == [
        "s1:transcript", "s1:keypoints", "s1:feedback", "s2:transcript", "s2:keypoints", "s2:feedback",
        "s3:transcript", "s4:transcript", "s3:keypoints", "s4:keypoints", "s3:feedback", "s4:feedback",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(owed(9, T), owed(1, K), id="an old transcript before new key points"),
        pytest.param(owed(9, T, digest="short"), owed(1, K), id="a short transcript before key points"),
        pytest.param(owed(9, K), owed(1, F), id="key points before feedback"),
        pytest.param(owed(9, F), owed(1, K, State.PRESENT, digest="k"), id="what is missing before rechecks"),
        pytest.param(owed(9, F), owed(1, K, State.ABSENT), id="what was never asked for before what was absent"),
        pytest.param(owed(1, F, State.ABSENT), owed(2, K, State.ABSENT), id="rechecks newest first, whatever the kind"),
        pytest.param(owed(9, K, State.ABSENT), owed(1, T, State.FAILED, failures=2), id="failures behind rechecks"),
        pytest.param(
            owed(9, T, State.FAILED, failures=2),
            owed(1, T, State.FAILED, failures=3),
            id="rare failures before frequent",
        ),
        pytest.param(owed(9, T, State.FAILED, failures=1), owed(1, K), id="a single failure is none"),
    ],
)
def test_what_comes_first(first: Owed, then: Owed) -> None:
    """Each rule of the order, against the newest-first rule where both apply."""
    expected = [f"{each.conversation.id}:{each.holding.kind}" for each in (first, then)]
    assert order([first, then]) == order([then, first]) == expected


def test_a_failure_of_the_newest_waits_too() -> None:
    """A document that fails again and again loses its place, however new its conversation is."""
    assert order([owed(1, T, State.FAILED, failures=2), owed(9, F)], newest=1) == ["s9:feedback", "s1:transcript"]


def test_the_gone_are_left_alone() -> None:
    """Of a conversation that is gone nothing is asked for."""
    gone = owed(1)
    gone = replace(gone, conversation=replace(gone.conversation, gone_at=NOON))
    assert order([gone, owed(2)]) == ["s2:transcript"]


def test_proofs_of_a_deletion_come_after_the_newest() -> None:
    """A vanished conversation's transcript is asked for once, after the newest, before the rest; ten at most."""
    due = [owed(1), owed(5), owed(6)]
    vanished = [owed(number) for number in range(5, 5 + VANISHED + 3)]
    asked = order(due, newest=1, vanished=vanished)
    assert asked == ["s1:transcript", *(f"s{number}:transcript" for number in range(5, 5 + VANISHED))]
    (step,) = plan([], newest=frozenset(), vanished=[owed(5)])
    assert (step.action, step.reason) == (Action.MARK_GONE, "missing from a complete sweep")


def test_the_audit_comes_last() -> None:
    """The audit asks, after all that is due, for ten documents that are not due anyway, in the order it was given."""
    audit = [owed(number, state=State.PRESENT, digest="t") for number in range(2 * AUDIT, 0, -1)]
    assert order([owed(20), owed(30)], audit=audit) == [
        "s20:transcript", "s30:transcript", *(f"s{number}:transcript" for number in range(19, 19 - AUDIT, -1))
    ]  # fmt: skip
    assert order([], audit=audit, audits=3) == ["s20:transcript", "s19:transcript", "s18:transcript"]
    assert order([], audit=audit, audits=0) == []


@pytest.mark.parametrize(
    ("each", "action"),
    [
        (owed(1), Action.FETCH),
        (owed(1, state=State.FAILED), Action.FETCH),
        (owed(1, digest="short"), Action.RECHECK),
        (owed(1, K, State.ABSENT), Action.RECHECK),
        (owed(1, K, State.PRESENT, digest="k"), Action.RECHECK),
        (owed(1, K, State.NOT_APPLICABLE), Action.RECHECK),
    ],
)
def test_actions_and_reasons(each: Owed, action: Action) -> None:
    """What is not held yet is fetched, all else rechecked; the holding's reason is told, or that it is due."""
    start = each.conversation.start_time
    expected = Step(action, each.conversation.id, each.holding.kind, "due", start)
    assert plan([each], newest=frozenset()) == (expected,)
    told = replace(each, holding=replace(each.holding, reason="the meeting runs"))
    assert plan([told], newest=frozenset()) == (replace(expected, reason="the meeting runs"),)


def test_a_control_is_a_recheck_that_says_why() -> None:
    """The request that tells an item's failure from the server's carries that reason."""
    assert control(owed(1)) == Step(
        Action.RECHECK, ConversationId("s1"), T, "whether the server answers", conversation(1).start_time
    )


anything = st.lists(
    st.builds(
        lambda number, kind, state, failures, digest: owed(number, kind, state, failures=failures, digest=digest),
        st.integers(0, 15),
        st.sampled_from(HELD_KINDS),
        st.sampled_from([State.PENDING, State.PRESENT, State.ABSENT, State.FAILED]),
        st.integers(0, 4),
        st.sampled_from([None, "d"]),
    ),
    max_size=25,
    unique_by=lambda each: key(each),
)


@given(anything, anything, anything, st.integers(0, 10))
def test_every_step_once(due: list[Owed], vanished: list[Owed], audit: list[Owed], newest: int) -> None:
    """All that is due is asked for, and nothing twice, in an order that does not depend on how it was found."""
    doubtful = [each for each in vanished if each.holding.kind is T]
    asked = order(due, newest, vanished=doubtful, audit=audit)
    assert len(asked) == len(set(asked))
    names = [f"{each.conversation.id}:{each.holding.kind}" for each in due]
    assert set(names) <= set(asked)
    assert len(asked) <= len(due) + VANISHED + AUDIT
    assert order(due[::-1], newest, vanished=doubtful, audit=audit) == asked


@given(anything)
def test_newest_first_within_a_kind(due: list[Owed]) -> None:
    """Of documents that are fetched for the first time, a newer one of a kind never waits for an older one."""
    fresh = [replace(each, holding=replace(each.holding, state=State.PENDING, failures=0, digest=None)) for each in due]
    steps = plan(fresh, newest=frozenset())
    for one, other in pairwise(steps):
        assert (HELD_KINDS.index(one.kind), other.start_time) <= (HELD_KINDS.index(other.kind), one.start_time)


# -- a listed row


def listing(segments: int | None = 12, digest: str = "digest", title: str = "Meeting 1") -> Listing:
    """A row of the list, of the conversation that began a day ago."""
    known = conversation(1)
    return Listing(known.id, title, known.start_time, known.end_time, None, segments, None, digest, data={})


def known(state: State = State.PRESENT, digest: str | None = "d", was: Conversation | None = None) -> Known:
    """The conversation with all its holdings in one state."""
    was = was or conversation(1)
    return Known(was, tuple(Holding(was.id, kind, state, digest=digest) for kind in HELD_KINDS))


def test_a_new_row_owes_everything() -> None:
    """A conversation that is not known comes with its holdings."""
    change = take_row(None, listing(), NOON)
    assert change is not None
    assert (change.is_new, change.differs, change.holdings) == (True, False, first_holdings(listing(), NOON))
    assert change.conversation == conversation(1)


def test_a_row_that_says_nothing_new() -> None:
    """The same row of a conversation that is not missed changes nothing, whatever is still owed of it."""
    for state in State:
        assert take_row(known(state), listing(), NOON) is None


def test_a_renamed_conversation_owes_nothing() -> None:
    """A new title is stored, and no document is asked for."""
    change = take_row(known(), listing(digest="new", title="Renamed"), NOON)
    assert change is not None
    assert (change.is_new, change.differs, change.holdings) == (False, True, ())
    assert change.conversation.title == "Renamed"


def test_a_changed_count_makes_documents_due() -> None:
    """A new segment count is stored along with what it makes due."""
    change = take_row(known(), listing(segments=20, digest="new"), NOON)
    assert change is not None
    assert [(each.kind, each.next_try_at, each.digest) for each in change.holdings] == [
        (kind, NOON, "d") for kind in HELD_KINDS
    ]


@pytest.mark.parametrize(
    "missed",
    [
        replace(conversation(1), gone_at=NOON - DAY),
        replace(conversation(1), missed_sweeps=1),
        replace(conversation(1), suspect=True),
    ],
    ids=["gone", "missed", "suspect"],
)
@pytest.mark.parametrize("digest", ["digest", "new"])
def test_one_that_comes_back(missed: Conversation, digest: str) -> None:
    """It loses its mark; what is held stays as it is, and what is not is owed again: a 404 meant nothing meanwhile."""
    change = take_row(known(was=missed), listing(digest=digest), NOON)
    assert change is not None
    back = change.conversation
    assert (back.gone_at, back.missed_sweeps, back.suspect) == (None, 0, False)
    assert (change.differs, change.holdings) == (digest == "new", ())
    for state in (State.PENDING, State.ABSENT, State.FAILED, State.NOT_APPLICABLE):
        change = take_row(known(state, None, missed), listing(digest=digest), NOON)
        assert change is not None
        assert change.holdings == first_holdings(listing(), NOON)
    change = take_row(known(State.EXCLUDED, None, missed), listing(digest=digest), NOON, "a rule")
    assert change is not None
    assert change.holdings == ()
