"""How a holding goes from state to state: the schedule, changes, short transcripts, refusals and failures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from convo_sync.plan.schedule import (
    FAILURE_PAUSES,
    LONGEST_STEP,
    STANDSTILL,
    STEPS,
    after_absence,
    after_change,
    after_document,
    after_refusal,
    after_trouble,
    first_holdings,
    is_running,
    next_recheck,
    replaces,
)
from convo_sync.records import HELD_KINDS, Document, Holding, Kind, Listing, State
from tests.holdings import (
    ABSENT,
    DAY,
    EXCLUDED,
    FAILED,
    HOUR,
    LONG_AGO,
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

# -- the schedule


@pytest.mark.parametrize(
    ("age", "step"),
    [
        (timedelta(0), 0), (5 * MINUTE - timedelta(seconds=1), 0), (5 * MINUTE, 1), (59 * MINUTE, 1), (HOUR, 2),
        (6 * HOUR, 3), (23 * HOUR, 3), (DAY, 4), (7 * DAY - MINUTE, 4), (7 * DAY, None), (400 * DAY, None),
    ],
    ids=str,
)  # fmt: skip
def test_next_recheck(age: timedelta, step: int | None) -> None:
    """Five minutes, an hour, six hours, a day, a week after the anchor; the first that lies ahead, then none."""
    anchor = NOON - age
    assert next_recheck(anchor, NOON) == (None if step is None else anchor + STEPS[step])


@pytest.mark.parametrize("kind", [Kind.KEYPOINTS, Kind.FEEDBACK])
def test_absent_notes_are_asked_for_six_times(kind: Kind) -> None:
    """At once, then on the schedule after the meeting's end, then never again."""
    end = NOON - MINUTE
    (held,) = (each for each in first_holdings(row(NOON - HOUR, end), NOON) if each.kind is kind)
    asked = []
    while held.next_try_at is not None:
        asked.append(held.next_try_at)
        held = after_absence(held, held.next_try_at)
        assert held.state is ABSENT
    assert asked == [NOON, *(end + step for step in STEPS)]


def test_absent_notes_of_an_old_meeting_are_asked_for_once() -> None:
    """A meeting that ended over a week ago is asked once and then left to the audit."""
    for held in first_holdings(row(), NOON):
        if held.kind is not Kind.TRANSCRIPT:
            assert after_absence(held, NOON) == replace(
                held, state=ABSENT, next_try_at=None, reason="not generated yet", checked_at=NOON
            )


def test_an_absent_transcript_stays_pending() -> None:
    """A transcript that is not there yet is asked for on the schedule, then once a week, without end."""
    held, asked = holding(Kind.TRANSCRIPT, next_try_at=NOON, anchor_at=NOON), []
    for _ in range(9):
        assert held.next_try_at is not None
        asked.append(held.next_try_at - NOON)
        held = after_absence(held, held.next_try_at)
        assert held.state is PENDING
    assert asked == [timedelta(0), *STEPS, *(week * 7 * DAY for week in (2, 3, 4))]


def test_a_recheck_that_finds_nothing_newer_stays_on_the_schedule() -> None:
    """After a change the notes held are asked for again until they differ, on the schedule, and then no more."""
    held = holding(state=PRESENT, digest="k", next_try_at=NOON, anchor_at=NOON, reason="segment count changed")
    rechecked, asked = held, []
    while rechecked.next_try_at is not None:
        asked.append(rechecked.next_try_at)
        rechecked = after_document(rechecked, known(row()), notes(), rechecked.next_try_at)
    assert asked == [NOON, *(NOON + step for step in STEPS)]
    assert after_document(held, known(row()), notes(digest="new"), NOON).next_try_at is None


# -- seen for the first time


@pytest.mark.parametrize(
    ("start", "end", "running"),
    [
        (NOON - HOUR, None, True),
        (NOON - 23 * HOUR, None, True),
        (NOON - DAY, None, False),
        (NOON - HOUR, NOON - MINUTE, False),
        (NOON - HOUR, NOON + HOUR, False),
        (datetime(2036, 1, 1, tzinfo=UTC), None, True),
    ],
)
def test_is_running(start: datetime, end: datetime | None, running: bool) -> None:
    """A meeting without an end may be running for a day; one with an end is not."""
    assert is_running(start, end, NOON) is running


@pytest.mark.parametrize(
    ("listed", "due", "anchor"),
    [
        pytest.param(row(NOON - HOUR, NOON - MINUTE), NOON, NOON - MINUTE, id="ended: now, counted from its end"),
        pytest.param(row(NOON - HOUR, None), NOON + STANDSTILL, NOON, id="running: once it stood still"),
        pytest.param(row(LONG_AGO, None, minutes=30), NOON, LONG_AGO + 30 * MINUTE, id="old, no end: its duration"),
        pytest.param(row(LONG_AGO, None, minutes=None), NOON, LONG_AGO, id="old, neither end nor duration: its start"),
        pytest.param(row(LONG_AGO, None, minutes=-5), NOON, LONG_AGO, id="a duration below none"),
        pytest.param(row(LONG_AGO, None, minutes=1e300), NOON, LONG_AGO + DAY, id="a duration beyond a day"),
        pytest.param(row(NOON + 3650 * DAY, NOON + 3651 * DAY), NOON, NOON, id="dated ten years ahead"),
    ],
)
def test_first_holdings(listed: Listing, due: datetime, anchor: datetime) -> None:
    """Every kind of a new conversation is owed, from when, and counted from which moment."""
    held = first_holdings(listed, NOON)
    assert [each.kind for each in held] == list(HELD_KINDS)
    assert {(each.state, each.next_try_at, each.anchor_at, each.tries) for each in held} == {(PENDING, due, anchor, 0)}


@pytest.mark.parametrize(
    ("segments", "state"), [(0, NOT_APPLICABLE), (9, NOT_APPLICABLE), (10, PENDING), (None, PENDING)]
)
def test_feedback_needs_ten_segments(segments: int | None, state: State) -> None:
    """Below ten listed segments feedback is never asked for; where the list does not count, it is."""
    feedback = first_holdings(row(segments=segments), NOON)[2]
    assert (feedback.kind, feedback.state) == (Kind.FEEDBACK, state)
    assert (feedback.next_try_at is None) == (state is NOT_APPLICABLE)


# -- a row that changed


@pytest.mark.parametrize(
    ("before", "after", "doubtful"),
    [
        pytest.param(row(), row(), False, id="neither count nor end"),
        pytest.param(row(), replace(row(), title="Renamed", digest="r"), False, id="the title"),
        pytest.param(row(), replace(row(), minutes=61.0, digest="m"), False, id="the duration"),
        pytest.param(row(segments=12), row(segments=13), True, id="more segments"),
        pytest.param(row(segments=12), row(segments=11), True, id="fewer segments"),
        pytest.param(row(segments=None), row(segments=12), True, id="counted at last"),
        pytest.param(row(end=None), row(), True, id="ended"),
    ],
)
def test_which_changes_make_documents_doubtful(before: Listing, after: Listing, doubtful: bool) -> None:
    """A changed count or end makes every document doubtful; any other change none."""
    held = tuple(holding(kind, PRESENT, digest="d") for kind in HELD_KINDS)
    changed = after_change(known(before), after, held, NOON)
    assert len(changed) == (3 if doubtful else 0)
    assert all((each.next_try_at, each.anchor_at, each.digest) == (NOON, NOON, "d") for each in changed)


@pytest.mark.parametrize(
    ("kind", "state", "expected"),
    [
        *((Kind.TRANSCRIPT, state, PENDING) for state in (PENDING, PRESENT, FAILED, NOT_APPLICABLE)),
        (Kind.KEYPOINTS, PRESENT, PRESENT),
        (Kind.KEYPOINTS, ABSENT, ABSENT),
        (Kind.KEYPOINTS, FAILED, PENDING),
        (Kind.FEEDBACK, NOT_APPLICABLE, PENDING),
        *((kind, EXCLUDED, EXCLUDED) for kind in HELD_KINDS),
    ],
)
def test_the_states_after_a_change(kind: Kind, state: State, expected: State) -> None:
    """The transcript is owed again; notes keep their state and are due; what the owner excluded stays excluded."""
    held = holding(kind, state, tries=3, failures=2, reason="before")
    (changed,) = after_change(known(row(segments=5)), row(segments=15), [held], NOON)
    assert changed.state is expected
    if state is EXCLUDED:
        assert changed == held
    else:
        assert (changed.next_try_at, changed.tries, changed.failures) == (NOON, 0, 0)
        assert changed.reason == "segment count changed from 5 to 15"


def test_a_running_meeting_that_grew_is_fetched_once_it_stands_still() -> None:
    """Each change of a running meeting's count puts its documents off by the standstill."""
    start = NOON - HOUR
    held = first_holdings(row(start, None), start)
    changed = after_change(known(row(start, None)), row(start, None, 20), held, NOON)
    assert {each.next_try_at for each in changed} == {NOON + STANDSTILL}
    ended = after_change(known(row(start, None)), row(start, NOON), held, NOON)
    assert {each.next_try_at for each in ended} == {NOON}


@pytest.mark.parametrize(("digest", "state"), [(None, NOT_APPLICABLE), ("f", PRESENT)])
def test_feedback_of_a_meeting_that_shrank(digest: str | None, state: State) -> None:
    """Under ten segments none is asked for, but what is held stays held, and is asked for again."""
    held = holding(Kind.FEEDBACK, PRESENT if digest else ABSENT, digest=digest)
    (changed,) = after_change(known(row(segments=12)), row(segments=9), [held], NOON)
    assert (changed.state, changed.digest) == (state, digest)


# -- a document came


@pytest.mark.parametrize("state", [PENDING, FAILED, ABSENT, PRESENT, NOT_APPLICABLE])
@pytest.mark.parametrize("kind", HELD_KINDS)
def test_a_document_is_present(kind: Kind, state: State) -> None:
    """Whatever was held before, a whole document ends it: present, nothing more to try, no failure left."""
    document = transcript(12) if kind is Kind.TRANSCRIPT else notes(kind)
    before = holding(kind, state, next_try_at=NOON, anchor_at=LONG_AGO, tries=2, failures=4, reason="timeout")
    assert after_document(before, known(row()), document, NOON) == Holding(
        ONE, kind, PRESENT, anchor_at=LONG_AGO, digest=document.digest, checked_at=NOON
    )


@pytest.mark.parametrize(
    ("document", "listed", "state"),
    [
        pytest.param(transcript(12), 12, PRESENT, id="as many as listed"),
        pytest.param(transcript(13), 12, PRESENT, id="more than listed"),
        pytest.param(transcript(11), 12, PENDING, id="fewer than listed"),
        pytest.param(transcript(10, quarantined=2), 12, PRESENT, id="unusable segments count as come"),
        pytest.param(transcript(3), None, PRESENT, id="not counted: what came is what there is"),
        pytest.param(transcript(0), None, PENDING, id="not counted, and empty"),
        pytest.param(transcript(0), 0, PRESENT, id="listed without segments"),
    ],
)
def test_short_transcripts_stay_pending(document: Document, listed: int | None, state: State) -> None:
    """A transcript with fewer segments than listed stays pending."""
    after = after_document(holding(Kind.TRANSCRIPT), known(row(segments=listed)), document, NOON)
    assert (after.state, after.digest, after.checked_at) == (state, "t", NOON)


def test_a_running_meeting_whose_row_tells_nothing_is_looked_at_again() -> None:
    """Without count and end no change of the row will show its growth: it is rechecked on the schedule."""
    running = known(row(NOON - HOUR, None, None))
    held = holding(Kind.TRANSCRIPT, anchor_at=NOON)
    assert after_document(held, running, transcript(3), NOON).next_try_at == NOON + STEPS[0]
    assert after_document(held, known(row(segments=None)), transcript(3), NOON).next_try_at is None


def short_answers(held: Holding, *documents: Document, segments: int = 12) -> list[tuple[Holding, timedelta]]:
    """The holding after each short answer, asked for when it was due, and how long after the first that was."""
    seen, now, longest = [], NOON, 0
    for document in documents:
        held = after_document(held, known(row(segments=segments)), document, now, held=longest or None)
        longest = max(longest, document.segments)
        seen.append((held, now - NOON))
        now = held.next_try_at or now
    return seen


def test_a_transcript_that_stays_short_is_accepted_after_a_week() -> None:
    """Five tries and seven days with the same digest; before, it is asked for on the schedule."""
    seen = short_answers(holding(Kind.TRANSCRIPT), *[transcript(5)] * (len(STEPS) + 1))
    assert [after for _, after in seen] == [timedelta(0), *STEPS]
    assert [held.state for held, _ in seen] == [PENDING] * len(STEPS) + [PRESENT]
    assert seen[-1][0].next_try_at is None


def test_a_week_alone_does_not_accept_a_short_transcript() -> None:
    """A laptop that slept for a week has asked twice: the transcript stays pending, and is asked for again soon."""
    (first, _), *_ = short_answers(holding(Kind.TRANSCRIPT), transcript(5))
    later = NOON + 30 * DAY
    after = after_document(first, known(row()), transcript(5), later, held=5)
    assert (after.state, after.tries, after.next_try_at) == (PENDING, 2, later + STEPS[0])


def test_a_transcript_that_grows_starts_the_week_anew() -> None:
    """Each answer that brings more than what is held shows that more may come."""
    documents = [transcript(turns, f"t{turns}") for turns in range(1, 9)]
    for held, _ in short_answers(holding(Kind.TRANSCRIPT), *documents):
        assert (held.state, held.tries) == (PENDING, 1)


def test_an_accepted_short_transcript_stays_accepted() -> None:
    """The audit finds the same short transcript: it is not owed again."""
    accepted = short_answers(holding(Kind.TRANSCRIPT), *[transcript(5)] * 6)[-1][0]
    audited = after_document(accepted, known(row()), transcript(5), NOON + 90 * DAY, held=5)
    assert (audited.state, audited.next_try_at) == (PRESENT, None)


@pytest.mark.parametrize("failures", range(8))
def test_failures_do_not_count_as_short_answers(failures: int) -> None:
    """However often it failed before, and however old the meeting is, one short answer is not yet accepted."""
    held = holding(Kind.TRANSCRIPT, next_try_at=NOON, anchor_at=LONG_AGO)
    for _ in range(failures):
        held = after_trouble(held, "timeout", NOON)
    after = after_document(held, known(row()), transcript(5), NOON)
    assert (after.state, after.tries, after.next_try_at) == (PENDING, 1, NOON + STEPS[0])


# -- none came


@pytest.mark.parametrize(
    ("kind", "state", "digest", "expected", "due"),
    [
        (Kind.TRANSCRIPT, PENDING, None, PENDING, 7 * DAY),
        (Kind.TRANSCRIPT, PENDING, "t", PENDING, 7 * DAY),
        (Kind.TRANSCRIPT, FAILED, None, PENDING, 7 * DAY),
        (Kind.TRANSCRIPT, PRESENT, "t", PRESENT, None),
        (Kind.KEYPOINTS, PENDING, None, ABSENT, None),
        (Kind.KEYPOINTS, FAILED, None, ABSENT, None),
        (Kind.KEYPOINTS, PRESENT, "k", PRESENT, None),
        (Kind.FEEDBACK, NOT_APPLICABLE, None, ABSENT, None),
    ],
)
def test_absence(kind: Kind, state: State, digest: str | None, expected: State, due: timedelta | None) -> None:
    """What is held stays held, a transcript stays owed, notes are absent; long after the meeting none is due soon."""
    after = after_absence(holding(kind, state, digest=digest, anchor_at=LONG_AGO, tries=3, failures=2), NOON)
    assert (after.state, after.digest, after.tries, after.failures) == (expected, digest, 0, 0)
    assert after.next_try_at == (None if due is None else NOON + due)


@pytest.mark.parametrize(
    ("held", "reason", "count", "state", "due"),
    [
        pytest.param(holding(state=PRESENT, digest="k"), "forbidden: no", 12, PRESENT, None, id="held: it stays"),
        pytest.param(
            holding(Kind.TRANSCRIPT, digest="t"), "forbidden: no", 12, PENDING, LONGEST_STEP, id="short: it may grow"
        ),
        pytest.param(holding(), "forbidden: no", 12, NOT_APPLICABLE, LONGEST_STEP, id="the plan lacks it"),
        pytest.param(holding(), "validation_error: no", 12, NOT_APPLICABLE, LONGEST_STEP, id="called invalid"),
        pytest.param(
            holding(Kind.FEEDBACK), "validation_error: too short", 12, NOT_APPLICABLE, None, id="too short for feedback"
        ),
        pytest.param(
            holding(Kind.FEEDBACK, anchor_at=NOON), "validation_error: too short", None, NOT_APPLICABLE, STEPS[0],
            id="too short, not counted: it may grow",
        ),
        pytest.param(
            holding(Kind.FEEDBACK), "forbidden: no", None, NOT_APPLICABLE, LONGEST_STEP, id="feedback not in the plan"
        ),
    ],
)  # fmt: skip
def test_refusal(held: Holding, reason: str, count: int | None, state: State, due: timedelta | None) -> None:
    """What the plan lacks is asked for again after a week at the earliest, and never replaces what is held."""
    after = after_refusal(held, reason, NOON, segment_count=count)
    assert (after.state, after.digest, after.tries, after.checked_at) == (state, held.digest, 0, NOON)
    assert after.next_try_at == (None if due is None else NOON + due)


def test_the_pauses_of_failures_grow_to_a_day() -> None:
    """Five minutes, a quarter, an hour, six hours, a day, and each day from then on."""
    held, pauses = holding(next_try_at=NOON), []
    for _ in range(8):
        held = after_trouble(held, "timeout", NOON)
        assert held.next_try_at is not None
        pauses.append(held.next_try_at - NOON)
        assert (held.state, held.reason, held.tries) == (FAILED, "timeout", 0)
    assert pauses == [*FAILURE_PAUSES, DAY, DAY, DAY]


def test_a_recheck_that_fails_keeps_its_state() -> None:
    """Notes that are held or absent stay so; only the next try moves. An audit that fails is dropped."""
    for state in (PRESENT, ABSENT, NOT_APPLICABLE):
        due = holding(state=state, digest="k", next_try_at=NOON)
        assert after_trouble(due, "timeout", NOON) == replace(
            due, next_try_at=NOON + FAILURE_PAUSES[0], failures=1, reason="timeout"
        )
        audited = replace(due, next_try_at=None)
        assert after_trouble(audited, "timeout", NOON) == replace(audited, checked_at=NOON)


# -- what may become current


@pytest.mark.parametrize(
    ("document", "held", "listed", "current"),
    [
        pytest.param(transcript(5), None, 12, True, id="nothing held: whatever came"),
        pytest.param(transcript(0), None, 12, True, id="nothing held: an empty one, too"),
        pytest.param(transcript(0), 5, 12, False, id="an empty one never replaces"),
        pytest.param(transcript(0), 5, 0, False, id="an empty one never replaces, whatever is listed"),
        pytest.param(transcript(4), 5, 12, False, id="a cut one does not replace"),
        pytest.param(transcript(5), 5, 12, True, id="as long as what is held"),
        pytest.param(transcript(6), 5, 12, True, id="longer"),
        pytest.param(transcript(4), 5, 4, True, id="shorter, as listed"),
        pytest.param(transcript(4), 5, None, True, id="shorter, the list does not count"),
        pytest.param(notes(), 0, 12, True, id="notes replace notes"),
        pytest.param(replace(notes(), substance=0), 1, 12, False, id="empty notes do not"),
        pytest.param(replace(notes(), quarantined=2), 3, 12, False, id="invalid notes do not replace more"),
        pytest.param(notes(), 3, 12, True, id="fewer notes, all valid"),
    ],
)
def test_replaces(document: Document, held: int | None, listed: int | None, current: bool) -> None:
    """An empty or cut answer never replaces a better one."""
    assert replaces(document, held=held, listed=listed) is current
