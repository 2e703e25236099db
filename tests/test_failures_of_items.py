"""Whose failure it is: an item's, one kind's at the server, or the whole server's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.errors import ServerTrouble
from convo_sync.plan.steps import ALIKE_FAILURES, MIXED_FAILURES
from convo_sync.records import HELD_KINDS, ConversationId, Holding, Kind, State
from convo_sync.sync.failures import Failed, Failures

T, K, F = HELD_KINDS
SYMPTOMS = ("timeout", "dropped", "server_error", "not_json")


def failed(number: int, symptom: str = "timeout", kind: Kind = T) -> Failed:
    """One item's failure."""
    holding = Holding(ConversationId(f"s{number}"), kind, State.PENDING)
    return holding, ServerTrouble(f"{symptom} {number}", symptom=symptom)


def failing(*these: Failed) -> Failures:
    """A run in which these failed in a row."""
    failures = Failures()
    for each in these:
        failures.add(*each)
    return failures


def alike(count: int, kind: Kind = T, first: int = 0) -> list[Failed]:
    """So many failures in a row, with the same symptom."""
    return [failed(number, kind=kind) for number in range(first, first + count)]


def test_a_run_without_failures() -> None:
    """Nothing is charged, nothing is down."""
    failures = Failures()
    assert (failures.release(), failures.down, failures.look_like_an_outage) == ([], {}, False)


@pytest.mark.parametrize("count", range(1, ALIKE_FAILURES))
def test_fewer_than_five_are_the_items_own(count: int) -> None:
    """They are held back, and charged once, in their order, when the server answers for another or the run ends."""
    these = alike(count)
    failures = failing(*these)
    assert not failures.look_like_an_outage
    assert failures.release() == these
    assert failures.release() == []


def test_five_alike_look_like_the_servers() -> None:
    """Five in a row with the same symptom, of whatever kind, call for a test of the server."""
    assert failing(*alike(ALIKE_FAILURES)).look_like_an_outage
    assert failing(*alike(3), *alike(2, K)).look_like_an_outage


def test_an_answer_between_starts_the_count_anew() -> None:
    """Four, an answer, four more: each time the items' own."""
    failures = failing(*alike(ALIKE_FAILURES - 1))
    for _ in range(3):
        assert len(failures.release()) == ALIKE_FAILURES - 1
        for each in alike(ALIKE_FAILURES - 1):
            failures.add(*each)
        assert not failures.look_like_an_outage


def test_ten_however_unlike_look_like_the_servers() -> None:
    """Another symptom starts the row of those alike anew, yet ten without an answer between call for a test as well."""
    unlike = [failed(number, SYMPTOMS[number % 2]) for number in range(MIXED_FAILURES)]
    failures = Failures()
    for number, each in enumerate(unlike, 1):
        failures.add(*each)
        assert failures.look_like_an_outage == (number == MIXED_FAILURES)
    assert failures.release() == unlike
    assert failing(failed(0, "dropped"), *alike(ALIKE_FAILURES, first=1)).look_like_an_outage
    assert not failing(*alike(4), failed(4, "dropped"), *alike(4, first=5)).look_like_an_outage


def test_five_of_one_kind_take_that_kind_down() -> None:
    """The run goes on without the kind; none of its items is charged."""
    these = alike(ALIKE_FAILURES)
    failures = failing(*these)
    assert failures.kind is T
    assert failures.outage() is None
    assert failures.down == {T: these[-1][1]}
    assert not failures.look_like_an_outage
    assert failures.release() == []


def test_five_of_several_kinds_end_the_run() -> None:
    """Where more than one kind fails it is the whole server: the last trouble ends the run."""
    these = [*alike(3), *alike(2, K)]
    failures = failing(*these)
    assert failures.kind is None
    assert failures.outage() is these[-1][1]
    assert (failures.release(), failures.down) == ([], {})


def test_a_second_kind_that_goes_down_ends_the_run() -> None:
    """With one kind down already, five of another show that it was not that kind's alone."""
    failures = failing(*alike(ALIKE_FAILURES))
    failures.outage()
    these = alike(ALIKE_FAILURES, F)
    for each in these:
        failures.add(*each)
    assert failures.outage() is these[-1][1]
    assert list(failures.down) == [T]


def test_failures_after_a_kind_went_down_are_counted_anew() -> None:
    """What failed before a kind went down says nothing about the next few failures of another."""
    failures = failing(*[failed(number, SYMPTOMS[number % 2]) for number in range(4)], *alike(ALIKE_FAILURES, first=4))
    assert failures.outage() is None
    for each in alike(ALIKE_FAILURES - 1, K):
        failures.add(*each)
        assert not failures.look_like_an_outage


attempts = st.lists(
    st.one_of(st.just(None), st.tuples(st.sampled_from(SYMPTOMS[:2]), st.sampled_from(HELD_KINDS))), max_size=40
)


@given(attempts)
def test_every_failure_has_one_fate(attempts: list[tuple[str, Kind] | None]) -> None:
    """Each failure is charged to its item once, or laid to the server once; only rows of five or ten are the server's.

    None is an answer. The run is driven as the fetcher drives it, with a server that fails its test.
    """
    failures, charged, servers = Failures(), list[Failed](), list[Failed]()
    held: list[Failed] = []
    for number, attempt in enumerate(attempts):
        if attempt is None:
            charged += failures.release()
            held = []
            continue
        symptom, kind = attempt
        if kind in failures.down:
            continue
        held.append(failed(number, symptom, kind))
        failures.add(*held[-1])
        symptoms = [each[1].symptom for each in held]
        row_of_five = len(held) >= ALIKE_FAILURES and len(set(symptoms[-ALIKE_FAILURES:])) == 1
        assert failures.look_like_an_outage == (row_of_five or len(held) >= MIXED_FAILURES)
        if failures.look_like_an_outage:
            servers, before, held = servers + held, bool(failures.down), []
            if failures.outage() is not None:
                break
            assert not before
    charged += failures.release()
    fates = [each[0].conversation_id for each in (*charged, *servers)]
    tried = [f"s{number}" for number, attempt in enumerate(attempts) if attempt is not None]
    assert len(fates) == len(set(fates))
    assert set(fates) <= set(tried)
    assert len(failures.down) <= 1
