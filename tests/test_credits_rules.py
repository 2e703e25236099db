"""The order in which rules buy, how far the money goes, and the rules themselves: names, and what can never match."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from convo_sync.credits.decision import decide
from convo_sync.credits.entries import Standing
from convo_sync.credits.fitness import wants
from convo_sync.credits.rules import Rule, Settings, When, covers
from convo_sync.records import Kind
from tests.holdings import LONG_AGO, NOON, ONE
from tests.purse import (
    AGED,
    CHANGED,
    FEEDBACK,
    MISSING,
    MONTH_ENDS,
    books,
    bought,
    entry,
    old,
    reading,
    settings,
    subject,
    why,
)

LIMITED = [MISSING, FEEDBACK, CHANGED, AGED, replace(MISSING, at_most=2), replace(FEEDBACK, at_most=1)]
NAMES = [None, MISSING.name, FEEDBACK.name]

# -- order, and how far the money goes


def test_rules_in_order_and_the_newest_first() -> None:
    """The first rule takes all it can; a document taken by one is no candidate of the next."""
    meetings = [subject(3), subject(1), subject(2, Kind.FEEDBACK), subject(2)]
    late = replace(MISSING, title="Meeting [23]")
    decision = decide(settings(late, FEEDBACK, MISSING), books(), meetings, NOON)
    got = [(each.wish.conversation_id, each.wish.kind, each.wish.rule) for each in decision.generations]
    assert got == [
        ("sess_2", Kind.KEYPOINTS, late.name), ("sess_3", Kind.KEYPOINTS, late.name),
        ("sess_2", Kind.FEEDBACK, FEEDBACK.name), ("sess_1", Kind.KEYPOINTS, MISSING.name),
    ]  # fmt: skip
    assert decision.left_out == ()


def test_what_one_rule_leaves_another_may_take() -> None:
    """Only what no rule takes is left out, with the reason of the first rule whose filters it passes."""
    strict = replace(MISSING, min_minutes=90.0)
    assert bought(decide(settings(strict, MISSING), books(), [subject()], NOON)) == [ONE]
    left = why(subject(), said=settings(strict, replace(MISSING, at_most=0)))
    assert left == ["at_most (0) of its rule is reached"]


@given(
    st.lists(st.sampled_from(LIMITED), max_size=5),
    st.none() | st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.none() | st.integers(0, 15),
    st.lists(st.tuples(st.sampled_from(list(Standing)), st.sampled_from(NAMES), st.booleans()), max_size=6),
)  # fmt: skip
def test_no_limit_is_ever_passed(
    rules: list[Rule], cap: int | None, keep: int, used: int, allowance: int | None,
    lines: list[tuple[Standing, str | None, bool]],
) -> None:  # fmt: skip
    """Whatever the books say: cap, keep, allowance and each rule's own limit hold for all that is bought together."""
    known = [
        entry(standing, id_=id_, of=f"other_{id_}", rule=rule, last_period=0 if is_old else None, reading=1 - is_old,
              period=1 - is_old)
        for id_, (standing, rule, is_old) in enumerate(lines)
    ]  # fmt: skip
    counted = [each for each in known if each.counts_in(1)]
    meetings = [make(number, kind, transcript_at=LONG_AGO, is_outdated=True)
                for number, make in enumerate((subject, old) * 4, start=1)
                for kind in (Kind.KEYPOINTS, Kind.FEEDBACK)]  # fmt: skip
    said = settings(*rules, cap=cap, keep=keep) if rules else Settings(monthly_cap=cap)
    decision = decide(said, books(*known, readings=(reading(used, allowance=allowance),)), meetings, NOON)
    count = len(decision.generations)
    told = {_key(each.wish.conversation_id, each.wish.kind) for each in decision.generations}
    told |= {_key(each.subject.conversation.id, each.subject.holding.kind) for each in decision.left_out}
    wanted = {
        _key(each.conversation.id, each.holding.kind)
        for each in meetings
        for rule in said.rules
        if each.holding.kind is rule.generate and wants(rule, each, (), NOON)
    }
    assert cap is None or told == wanted  # each candidate is bought, or left out for a reason
    if count == 0:
        return
    assert cap is not None
    assert len(counted) + count <= cap
    assert allowance is None or allowance - used - len(counted) - count >= keep
    assert not any(each.is_pending for each in known)
    by_rule = Counter(each.wish.rule for each in counted)
    by_rule.update(each.wish.rule for each in decision.generations)
    for rule in rules:
        twins = [each.at_most for each in rules if each.name == rule.name]
        bound = None if None in twins else max(limit for limit in twins if limit is not None)
        mine = [each for each in decision.generations if each.wish.rule == rule.name]
        assert bound is None or not mine or by_rule[rule.name] <= bound
    keys = [(each.wish.conversation_id, each.wish.kind) for each in decision.generations]
    assert len(set(keys)) == len(keys)
    for one, other in pairwise(decision.generations):
        if one.wish.rule == other.wish.rule:
            assert one.start_time >= other.start_time


def _key(conversation_id: str, kind: Kind) -> tuple[str, Kind]:
    return conversation_id, kind


# -- the rules themselves


def test_names_tell_rules_apart() -> None:
    """All that it says but `at_most`, so that another limit is the same rule."""
    assert MISSING.name == replace(MISSING, at_most=3).name == "keypoints missing"
    assert AGED.name == "keypoints older-than 30 days"
    assert replace(AGED, older_than=timedelta(hours=36)).name == "keypoints older-than 36 h"
    full = replace(FEEDBACK, min_minutes=30.0, min_segments=20, title="a", not_title="b", within_days=7.0)
    assert full.name == "feedback missing, min_minutes 30, min_segments 20, title a, not_title b, within_days 7"


_rules = st.builds(
    Rule, generate=st.sampled_from([Kind.KEYPOINTS, Kind.FEEDBACK]), when=st.sampled_from([When.MISSING]),
    min_minutes=st.none() | st.sampled_from([30.0, 90.0]), min_segments=st.none() | st.sampled_from([5, 20]),
    title=st.none() | st.sampled_from(["1", "2"]), within_days=st.none() | st.sampled_from([1.5, 9.0]),
    at_most=st.none() | st.just(1),
)  # fmt: skip


@given(_rules, _rules)
def test_a_covered_rule_never_buys(earlier: Rule, later: Rule) -> None:
    """A rule that another stands before which takes all that it could take is a mistake, and is known as one."""
    meetings = [subject(number, kind, minutes=minutes) for number, minutes in ((1, 10.0), (2, 60.0), (3, 100.0))
                for kind in (Kind.KEYPOINTS, Kind.FEEDBACK)]  # fmt: skip
    decision = decide(settings(earlier, later), books(readings=(reading(allowance=None),)), meetings, NOON)
    if covers(earlier, later) and earlier.name != later.name:
        assert later.name not in {each.wish.rule for each in decision.generations}
    assert covers(earlier, earlier) == (earlier.at_most is None)


def test_the_month_that_ends_is_not_the_month_that_counts() -> None:
    """What was bought in a month that is over takes nothing of the next one's cap."""
    spent = entry(last_period=1)
    assert bought(decide(settings(cap=1), books(spent), [subject(5)], MONTH_ENDS)) == ["sess_5"]
