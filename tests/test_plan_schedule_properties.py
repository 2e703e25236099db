"""What never happens to a holding, whatever comes in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from convo_sync.plan.schedule import (
    LONGEST_STEP,
    STEPS,
    after_absence,
    after_change,
    after_document,
    after_refusal,
    after_trouble,
    first_holdings,
)
from convo_sync.records import HELD_KINDS, Holding, Kind, Listing
from tests.holdings import (
    ABSENT,
    DAY,
    FAILED,
    MINUTE,
    NOON,
    NOT_APPLICABLE,
    ONE,
    PENDING,
    PRESENT,
    holding,
    known,
    notes,
    row,
    transcript,
)

instants = st.integers(-60 * 24 * 60, 60 * 24 * 60).map(lambda minutes: NOON + minutes * MINUTE)
holdings = st.builds(
    Holding,
    st.just(ONE),
    st.sampled_from(HELD_KINDS),
    st.sampled_from([PENDING, PRESENT, ABSENT, FAILED, NOT_APPLICABLE]),
    st.one_of(st.none(), instants),
    st.one_of(st.none(), instants, st.just(datetime(2036, 1, 1, tzinfo=UTC))),
    st.integers(0, 9),
    st.sampled_from(["", "new", "timeout"]),
    st.sampled_from([None, "d", "t", "k"]),
    st.one_of(st.none(), instants),
    st.integers(0, 9),
)
rows = st.builds(
    lambda start, minutes, segments: row(start, None if minutes is None else start + minutes * MINUTE, segments),
    instants,
    st.one_of(st.none(), st.integers(0, 300)),
    st.one_of(st.none(), st.integers(0, 20)),
)
answers = st.sampled_from(["short", "whole", "same", "absence", "forbidden", "invalid", "trouble", "change"])


def after(what: str, held: Holding, listed: Listing, now: datetime, number: int) -> Holding:
    """The holding after one answer."""
    count = listed.segment_count
    if what in ("short", "whole", "same"):
        turns = {"short": (count or 1) - 1, "whole": count or 5, "same": count or 5}[what]
        digest = held.digest or "d" if what == "same" else f"{what}{number}"
        came = transcript(turns, digest) if held.kind is Kind.TRANSCRIPT else notes(held.kind, digest)
        return after_document(held, known(listed), came, now, held=3 if held.digest else None)
    if what == "change":
        before = replace(known(listed), segment_count=99)
        return after_change(before, listed, [held], now)[0]
    return {
        "absence": lambda: after_absence(held, now),
        "forbidden": lambda: after_refusal(held, "forbidden: no", now, segment_count=count),
        "invalid": lambda: after_refusal(held, "validation_error: no", now, segment_count=count),
        "trouble": lambda: after_trouble(held, "timeout", now),
    }[what]()


@given(holdings, rows, answers)
@example(holding(state=ABSENT, anchor_at=datetime(2036, 1, 1, tzinfo=UTC)), row(), "absence")
@example(holding(state=PRESENT, digest="k", next_try_at=NOON, anchor_at=NOON + 30 * DAY), row(), "same")
@example(holding(Kind.TRANSCRIPT, digest="t", tries=2, anchor_at=NOON + 30 * DAY), row(), "short")
def test_the_next_try_is_never_beyond_the_longest_step(held: Holding, listed: Listing, what: str) -> None:
    """Whatever is held, and whatever a wrong clock left in it, the next try lies within a week, and not in the past."""
    after_it = after(what, held, listed, NOON, 0)
    if after_it.next_try_at != held.next_try_at and after_it.next_try_at is not None:
        assert NOON <= after_it.next_try_at <= NOON + LONGEST_STEP


@given(holdings, rows, answers)
def test_a_digest_once_held_is_never_lost(held: Holding, listed: Listing, what: str) -> None:
    """Only a document that came changes the digest, and to its own."""
    after_it = after(what, held, listed, NOON, 0)
    if what in ("short", "whole", "same"):
        assert after_it.digest in (held.digest, "short0", "whole0", "d")
        assert after_it.digest is not None
    else:
        assert after_it.digest == held.digest
    assert (after_it.conversation_id, after_it.kind) == (held.conversation_id, held.kind)


@given(rows, st.lists(answers, max_size=12), st.sampled_from(HELD_KINDS), instants)
def test_what_is_owed_is_never_forgotten(listed: Listing, happens: list[str], kind: Kind, begun: datetime) -> None:
    """From the first listing on, whatever comes: a transcript that is not held has a next try, unless the API refuses.

    Each next try is kept at its time, as a daemon does; a document that is not held is never called present.
    """
    held, now = first_holdings(listed, begun)[HELD_KINDS.index(kind)], begun
    for number, what in enumerate(happens):
        now = max(now, held.next_try_at or now)
        held = after(what, held, listed, now, number)
        assert held.next_try_at is None or now <= held.next_try_at <= now + LONGEST_STEP
        assert (held.state in (PENDING, FAILED)) <= (held.next_try_at is not None)
        assert (held.state is PRESENT) <= (held.digest is not None)
        assert (held.state is ABSENT) <= (held.digest is None and kind is not Kind.TRANSCRIPT)


AT_REST = (
    *((kind, "same") for kind in HELD_KINDS),
    (Kind.KEYPOINTS, "absence"),
    (Kind.FEEDBACK, "absence"),
    (Kind.FEEDBACK, "invalid"),
)


@given(rows, st.sampled_from(AT_REST), st.one_of(instants, st.just(datetime(2036, 1, 1, tzinfo=UTC))))
@example(row(), (Kind.KEYPOINTS, "absence"), datetime(2036, 1, 1, tzinfo=UTC))
@example(row(), (Kind.KEYPOINTS, "same"), datetime(2036, 1, 1, tzinfo=UTC))
@example(row(segments=None), (Kind.FEEDBACK, "invalid"), datetime(2036, 1, 1, tzinfo=UTC))
def test_a_server_at_rest_is_left_in_peace(listed: Listing, rest: tuple[Kind, str], anchor: datetime) -> None:
    """Where every answer is the same, six requests are the most, even counted from an anchor of a wrong clock."""
    (kind, what), now, asked = rest, NOON, 0
    state, digest = (PRESENT, "d") if what == "same" else (ABSENT, None)
    held = holding(kind, state, next_try_at=NOON, anchor_at=anchor, digest=digest)
    while held.next_try_at is not None:
        now, asked = max(now, held.next_try_at), asked + 1
        held = after(what, held, listed, now, 0)
        assert asked <= len(STEPS) + 1
