"""Which list a run asks for, and who counts as vanished from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.plan.listing import OVERLAP, PAGE_SIZE, PASSES, Missing, Vanished, since, sweep_is_due, vanished

NOON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)

# -- which list


@pytest.mark.parametrize(
    ("known", "last", "due"),
    [
        pytest.param(0, None, True, id="nothing known"),
        pytest.param(100, timedelta(minutes=1), True, id="one page holds it all"),
        pytest.param(101, None, True, id="never swept"),
        pytest.param(101, timedelta(hours=23, minutes=59), False, id="swept within the day"),
        pytest.param(101, DAY, True, id="swept a day ago"),
        pytest.param(101, timedelta(hours=-2), True, id="swept in the future, by a wrong clock"),
    ],
)
def test_when_to_sweep(known: int, last: timedelta | None, due: bool) -> None:
    """Always where a page holds everything, else once a day."""
    assert sweep_is_due(known=known, last_sweep_at=None if last is None else NOON - last, now=NOON) is due


@pytest.mark.parametrize(
    ("newest", "listed"), [(NOON, NOON - DAY), (NOON - DAY, NOON), (NOON + 3650 * DAY, NOON - DAY)]
)
def test_since(newest: datetime, listed: datetime) -> None:
    """An incremental listing goes back a week before the older of the newest start and the last complete listing."""
    assert since(newest_start=newest, last_complete_listing_at=listed) == min(newest, listed) - 7 * DAY


# -- who vanished

PLAIN, HELD, REPORTED = Missing("p", 0, False), Missing("h", 0, True), Missing("r", 0, False, suspect=True)
HELD_REPORTED, TWICE, TWICE_HELD = Missing("hr", 0, True, True), Missing("t", 1, False), Missing("th", 1, True)
TWO_SWEEPS = "missing from two complete sweeps in a row"
REPORT = "reported as deleted, and missing from a complete sweep"


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        pytest.param([], Vanished(), id="nobody"),
        pytest.param([PLAIN], Vanished(missed=("p",)), id="once: it is noted"),
        pytest.param([HELD], Vanished(missed=("h",), ask=("h",)), id="once, transcript held: a GET may prove it"),
        pytest.param([TWICE], Vanished(gone=(("t", TWO_SWEEPS),)), id="twice: gone"),
        pytest.param([TWICE_HELD], Vanished(gone=(("th", TWO_SWEEPS),)), id="twice, transcript held: gone, unasked"),
        pytest.param([REPORTED], Vanished(gone=(("r", REPORT),)), id="reported, no transcript: gone"),
        pytest.param([HELD_REPORTED], Vanished(missed=("hr",), ask=("hr",)), id="reported, transcript held: ask"),
    ],
)
def test_what_a_sweep_means_for_the_missing(missing: list[Missing], expected: Vanished) -> None:
    """One complete sweep only raises the question; a second, a report or a GET answers it."""
    assert vanished(missing, seen=50, known=51, accept=False) == expected


def several(count: int, missed: int = 1) -> list[Missing]:
    """So many conversations that two sweeps lack."""
    return [Missing(f"m{number}", missed, holds_transcript=True) for number in range(count)]


@pytest.mark.parametrize(
    ("count", "known", "braked"),
    [(5, 6, False), (6, 29, True), (6, 30, False), (7, 30, True), (20, 100, False), (21, 100, True), (300, 300, True)],
)
def test_the_brake(count: int, known: int, braked: bool) -> None:
    """More than a fifth, and more than five, vanishing at once are not believed, nor counted as missing once."""
    verdict = vanished(several(count), seen=max(1, known - count), known=known, accept=False)
    assert verdict.braked is braked
    assert len(verdict.gone) == (0 if braked else count)
    if braked:
        assert verdict == Vanished(braked=True)


def test_an_empty_list_marks_nobody() -> None:
    """A list that is suddenly empty is refused, even if it would mark one conversation alone."""
    assert vanished(several(1), seen=0, known=1, accept=False) == Vanished(braked=True)
    assert vanished([], seen=0, known=0, accept=False) == Vanished()


@given(st.integers(0, 40), st.integers(0, 2), st.integers(0, 40))
def test_the_owner_overrides_the_brake(count: int, missed: int, seen: int) -> None:
    """`--accept-deletions` marks all that one complete sweep lacks, however many."""
    verdict = vanished(several(count, missed), seen=seen, known=seen + count, accept=True)
    assert {id_ for id_, _ in verdict.gone} == {each.id for each in several(count)}
    assert (verdict.braked, verdict.missed, verdict.ask) == (False, (), ())


@given(
    st.lists(
        st.builds(Missing, st.uuids().map(str), st.integers(0, 3), st.booleans(), st.booleans()),
        max_size=12,
        unique_by=lambda each: each.id,
    ),
    st.integers(0, 100),
)
def test_every_missing_one_has_one_fate(missing: list[Missing], seen: int) -> None:
    """Unless the brake holds, each is marked or noted, never both, and only those noted are asked about."""
    verdict = vanished(missing, seen=seen, known=seen + len(missing), accept=False)
    gone = [id_ for id_, _ in verdict.gone]
    if verdict.braked:
        assert verdict == Vanished(braked=True)
    else:
        assert sorted([*gone, *verdict.missed]) == sorted(each.id for each in missing)
        assert set(verdict.ask) <= set(verdict.missed)
    assert not {each.id for each in missing if each.missed == 0 and not each.suspect} & set(gone)


def test_a_page_is_what_the_api_gives_at_most() -> None:
    """The overlap of a week and the page of a hundred are the API's limits, not ours to tune."""
    assert (PAGE_SIZE, OVERLAP, PASSES) == (100, 7 * DAY, 3)
