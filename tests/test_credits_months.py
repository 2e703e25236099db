"""What a month has used and left, when another one begins, and what became of an unknown outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.credits.balance import Books, Turn, balance, follow
from convo_sync.credits.decision import held_up, objection
from convo_sync.credits.entries import COUNTED, UNPROVEN, USED_UP, Standing
from convo_sync.credits.outcome import PATIENCE, PROOF, Verdict, judge
from convo_sync.credits.rules import Settings
from convo_sync.records import Holding, Kind
from tests.holdings import DAY, HOUR, MINUTE, NOON, holding
from tests.purse import MISSING, MONTH_ENDS, NEXT_ENDS, books, entry, reading

LATER = MONTH_ENDS + HOUR
FREELY = Settings(monthly_cap=100)

# -- how the month stands


def test_nothing_was_read_yet() -> None:
    """What was never read stands in no one's way: it is read before anything is bought."""
    state = balance(Books(None, (), ()), NOON)
    assert (state.own, state.left, state.is_turned, objection(FREELY, state)) == (0, None, True, "")


def test_the_counter_may_lag() -> None:
    """What we reserved after a reading is not in it, and later readings may be too low for a while."""
    spent = entry(reading=1)
    lagging = books(spent, readings=(reading(4), reading(4, id_=2)))
    assert (balance(lagging, NOON).used, balance(lagging, NOON).left) == (5, 5)
    caught_up = books(spent, readings=(reading(4), reading(5, id_=2)))
    assert balance(caught_up, NOON).used == 5
    assert balance(caught_up, NOON).elsewhere == 4


def test_what_may_still_be_charged_counts_beside_what_was() -> None:
    """An unknown outcome is not in the counter, whatever others have added to that."""
    state = balance(books(entry(Standing.UNKNOWN), readings=(reading(4), reading(7, id_=2))), NOON)
    assert (state.used, state.left, state.own, len(state.pending)) == (8, 2, 1, 1)
    assert held_up(state)


@pytest.mark.parametrize("standing", list(Standing))
def test_what_counts(standing: Standing) -> None:
    """Reserved, spent and unknown take a credit of cap, rule and allowance; free and refused take none."""
    state = balance(books(entry(standing)), NOON)
    taken = int(standing in COUNTED)
    assert (state.own, state.by_rule[MISSING.name], state.left) == (taken, taken, 10 - taken)


def test_unlimited() -> None:
    """No allowance: nothing is left to know, and keep is no matter; the cap is."""
    state = balance(books(entry(), readings=(reading(4, allowance=None),)), NOON)
    assert (state.used, state.allowance, state.left) == (5, None, None)
    assert objection(Settings(monthly_cap=2, keep=50), state) == ""
    assert objection(Settings(monthly_cap=1), state) == "monthly_cap (1) is reached"
    assert objection(Settings(monthly_cap=1), state, over_cap=True) == ""


def test_only_what_remains_is_said() -> None:
    """Where the server tells what is left and not out of how many."""
    told = reading(None, allowance=None, remaining=3)
    state = balance(books(entry(), readings=(told,)), NOON)
    assert (state.used, state.left) == (None, 2)


def test_less_is_left_than_was_used() -> None:
    """A plan was lowered."""
    assert balance(books(readings=(reading(40),)), NOON).left == 0


def test_a_month_that_is_over_by_its_own_word() -> None:
    """Closed entries no longer count, open ones still do; what the old month had used is no matter."""
    known = books(entry(last_period=1), entry(id_=2), readings=(reading(9),))
    before, after = balance(known, MONTH_ENDS - MINUTE), balance(known, LATER)
    assert (before.own, before.used, before.is_turned) == (2, 11, False)
    assert (after.own, after.used, after.left, after.is_turned, after.elsewhere) == (1, 1, 9, True, 0)


def test_a_new_month_that_others_used_as_much() -> None:
    """It is not proven to be another one, but what was read of it counts at once."""
    known = books(entry(last_period=1), readings=(reading(8), reading(8, id_=2, at=LATER, ends=NEXT_ENDS)))
    state = balance(known, LATER)
    assert (state.own, state.used, state.left, state.resets_at, state.is_turned) == (0, 8, 2, NEXT_ENDS, False)
    assert objection(Settings(monthly_cap=9, keep=2), state) == "2 left on the account, and keep is 2"


def test_a_new_month_of_which_nothing_is_said() -> None:
    """A profile without numbers is no leave to spend, whatever the last month had left."""
    known = books(readings=(reading(0), reading(None, id_=2, at=LATER, ends=None)))
    assert objection(FREELY, balance(known, LATER)) == "Convo does not say how many credits are used, and until when"


def test_a_clock_that_is_ahead_ends_no_month() -> None:
    """A reading made after the end, by our clock, still tells that end: the month goes on, with all its entries."""
    known = books(entry(last_period=1), readings=(reading(1, at=LATER),))
    assert (balance(known, LATER).own, balance(known, LATER).is_turned) == (1, False)
    assert balance(books(entry(last_period=1), readings=(reading(1),)), LATER).is_turned


def test_the_server_said_that_the_month_is_used_up() -> None:
    """Until the reset it told then, also where the month that is over has not been proven to be."""
    refused = entry(Standing.REFUSED, evidence=USED_UP)
    assert balance(books(refused), NOON).used_up_until == MONTH_ENDS
    assert balance(books(refused), LATER).used_up_until is None
    again = entry(Standing.REFUSED, evidence=USED_UP, resets_at=NEXT_ENDS)
    known = books(again, readings=(reading(8), reading(9, id_=2, at=LATER, ends=NEXT_ENDS)))
    assert held_up(balance(known, LATER))


@given(
    st.lists(st.tuples(st.sampled_from(list(Standing)), st.integers(0, 3)), max_size=6),
    st.lists(st.integers(0, 12), min_size=1, max_size=4),
)
def test_used_is_never_too_low(lines: list[tuple[Standing, int]], shown: list[int]) -> None:
    """At least each reading with what we reserved after it, and the last one with all that is unknown."""
    readings = tuple(reading(used, id_=id_ + 1) for id_, used in enumerate(shown))
    known = [
        entry(standing, id_=id_, reading=min(after + 1, len(shown))) for id_, (standing, after) in enumerate(lines)
    ]
    state = balance(books(*known, readings=readings), NOON)
    assert state.used is not None
    for each in readings:
        later = sum(line.standing in COUNTED and line.reading >= each.id for line in known)
        assert state.used >= (each.used or 0) + later
    assert state.used >= shown[-1] + len(state.pending)
    assert state.left == max(0, 10 - state.used)


# -- whether another month began

OLD = entry(last_period=1, reading=0)
TURNS = [
    ("the first reading", Books(None, (), ()), 3, MONTH_ENDS, NOON, Turn.BEGINS),
    ("nothing moved", books(OLD), 0, MONTH_ENDS, NOON, Turn.STAYS),
    ("used alone fell", books(OLD, readings=(reading(5),)), 0, MONTH_ENDS, LATER, Turn.STAYS),
    ("the end moved back", books(OLD, readings=(reading(5),)), 0, MONTH_ENDS - 31 * DAY, NOON, Turn.STAYS),
    ("the end moved by hours", books(OLD, readings=(reading(5),)), 0, MONTH_ENDS + 23 * HOUR, NOON, Turn.STAYS),
    ("the end alone moved", books(OLD, readings=(reading(5),)), 5, NEXT_ENDS, LATER, Turn.UNCLEAR),
    ("the end alone moved, nothing is ours", books(readings=(reading(5),)), 5, NEXT_ENDS, LATER, Turn.MOVES),
    ("the end moved and used rose", books(OLD, readings=(reading(5),)), 7, NEXT_ENDS, LATER, Turn.UNCLEAR),
    ("both", books(OLD, readings=(reading(5),)), 4, NEXT_ENDS, LATER, Turn.BEGINS),
    ("both, before its own end", books(OLD, readings=(reading(5),)), 4, NEXT_ENDS, NOON, Turn.BEGINS),
    ("below an earlier reading", books(OLD, readings=(reading(5), reading(2, id_=2))), 3, NEXT_ENDS, NOON, Turn.BEGINS),
    ("below what we spent, over", books(entry(), readings=(reading(0),)), 0, NEXT_ENDS, LATER, Turn.BEGINS),
    ("below what we spent, not over", books(entry(), readings=(reading(0),)), 0, NEXT_ENDS, NOON, Turn.UNCLEAR),
    ("nothing is said", books(OLD), None, None, NOON, Turn.STAYS),
    ("no use is said", books(OLD, readings=(reading(5),)), None, NEXT_ENDS, LATER, Turn.UNCLEAR),
    ("an end is said at last", books(OLD, ends=None), 0, MONTH_ENDS, NOON, Turn.MOVES),
]  # fmt: skip


@pytest.mark.parametrize(("known", "used", "ends", "now", "turn"), [each[1:] for each in TURNS],
                         ids=[each[0] for each in TURNS])  # fmt: skip
def test_when_another_month_begins(known: Books, used: int | None, ends: object, now: object, turn: Turn) -> None:
    """Only where `resetsAt` moved forward and `used` fell; where one of them did alone nothing is proven."""
    assert follow(known, used, ends, now) is turn  # type: ignore[arg-type]  # the table holds times


# -- what became of a request whose answer never came

SENT = NOON
UNKNOWN = entry(Standing.UNKNOWN, at=SENT, document="old", unknown_at=SENT + MINUTE)
PROVEN = SENT + MINUTE + PROOF
AFTER = PROVEN + MINUTE
SILENT = holding(digest="old", checked_at=AFTER)
STILL = reading(0, id_=2, at=AFTER)


def verdict(
    held: Holding | None = SILENT, shown: object = STILL, now: object = AFTER, *, can_ask: bool = True, **told: object
) -> Verdict:
    return judge(replace(UNKNOWN, **told), held, shown, now, can_ask=can_ask)  # type: ignore[arg-type]


def test_confirmed_at_once_by_a_newer_document() -> None:
    """Whatever the counter says, and however soon."""
    for now in (SENT + MINUTE, AFTER, SENT - DAY):
        assert verdict(holding(digest="new"), None, now) is Verdict.CONFIRMED
    first = replace(UNKNOWN, wish=replace(UNKNOWN.wish, document_digest=None))
    assert judge(first, holding(digest="new"), None, SENT + MINUTE) is Verdict.CONFIRMED
    assert judge(first, holding(digest=None), None, SENT + MINUTE) is Verdict.WAIT


def test_denied_only_after_an_hour_with_every_sign_unchanged() -> None:
    """The document is still old, and was looked for; `used` and `resetsAt` are as before, and were read."""
    assert verdict() is Verdict.DENIED
    assert verdict(holding(digest=None, checked_at=AFTER)) is Verdict.DENIED
    assert verdict(None) is Verdict.DENIED  # an answer, of which nothing can be seen
    assert verdict(now=PROVEN - timedelta(seconds=1)) is Verdict.WAIT
    assert verdict(now=SENT - 59 * MINUTE) is Verdict.WAIT
    assert verdict(holding(digest="old", checked_at=PROVEN - MINUTE)) is Verdict.LOOK
    assert verdict(holding(digest="old")) is Verdict.LOOK
    assert verdict(shown=replace(STILL, read_at=PROVEN - MINUTE)) is Verdict.READ
    assert verdict(shown=None) is Verdict.READ


def test_assumed_where_any_sign_moved() -> None:
    """Other tools spend too, and a month turns: then nothing is proven, and it is spent."""
    assert verdict(shown=replace(STILL, used=1)) is Verdict.ASSUMED
    assert verdict(shown=replace(STILL, resets_at=NEXT_ENDS)) is Verdict.ASSUMED
    assert verdict(shown=replace(STILL, used=None)) is Verdict.ASSUMED
    assert verdict(used_before=None) is Verdict.ASSUMED
    assert verdict(used_before=None, shown=replace(STILL, used=None)) is Verdict.ASSUMED
    assert verdict(resets_at=None, shown=replace(STILL, resets_at=None)) is Verdict.ASSUMED


def test_what_cannot_be_asked_waits_a_day() -> None:
    """Then it proves nothing any more."""
    for held, shown in ((holding(digest="old"), STILL), (SILENT, None)):
        assert verdict(held, shown, can_ask=False) is Verdict.WAIT
        assert verdict(held, shown, SENT + MINUTE + PATIENCE + MINUTE, can_ask=False) is Verdict.ASSUMED


def test_a_clock_that_was_set_back_proves_nothing() -> None:
    """Noted as unknown seven hours before it was sent: the hour counts from when it was sent."""
    early = SENT - 7 * HOUR
    seen = holding(digest="old", checked_at=SENT)
    assert verdict(seen, reading(0), SENT + 5 * MINUTE, unknown_at=early) is Verdict.WAIT
    assert verdict(now=SENT + PROOF + 2 * MINUTE, unknown_at=early) is Verdict.DENIED


def test_a_clock_that_was_ahead_costs_a_credit_at_most() -> None:
    """Unknown since seven hours from now: nobody waits for that."""
    assert verdict(now=SENT - 61 * MINUTE) is Verdict.ASSUMED
    assert verdict(unknown_at=SENT + 7 * HOUR, now=SENT + 2 * HOUR) is Verdict.ASSUMED


def test_lost() -> None:
    """A spent answer or e-mail that never came; key points may still come."""
    for kind, lost in ((Kind.ANSWER, True), (Kind.EMAIL, True), (Kind.KEYPOINTS, False)):
        assert entry(kind=kind, evidence=UNPROVEN).is_lost is lost
        assert not entry(kind=kind, digest="d").is_lost
        assert not entry(Standing.UNKNOWN, kind=kind).is_lost
