"""Rules that could never buy anything: by themselves, or because of an earlier one; each is refused by its line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.credits.rules import Rule, When, covers
from convo_sync.records import Kind

from .test_config_credits import WHERE, refusal, rule, said

# By themselves


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ("at_most = 0", 4, "at_most is 0, so the rule buys nothing"),
        ("within_days = 0", 4, "within_days is 0, so no meeting passes"),
        ("within_days = 1e-300", 4, "within_days is 0, so no meeting passes"),
        ("title = 'a'\nwithin_days = 0.01", 5, "within_days is shorter than settle_minutes of [credits]"),
        ("title = 'a'\nnot_title = 'a'", 5, "not_title is the same as title, so no meeting passes both"),
        ("not_title = '.*'", 4, "not_title is '.*', which every title matches"),
        ("not_title = 'a|'", 4, "which every title matches"),
    ],
)
def test_a_rule_that_can_never_match_is_refused(lines: str, line: int, words: str) -> None:
    """Expect the key that stands against every meeting."""
    told = refusal(rule(lines))
    assert told.startswith(f"{WHERE}, line {line}: [[credits.rule]] ")
    assert words in told


def test_days_are_compared_with_the_settling_of_this_file() -> None:
    """Expect `settle_minutes` to decide, wherever the bound lies exactly."""
    assert said(rule("within_days = 1", "[credits]\nsettle_minutes = 1440\n")).rules
    assert said(rule("within_days = 0.0001", "[credits]\nsettle_minutes = 0\n")).rules
    assert "line 6: [[credits.rule]] within_days is shorter" in refusal(
        rule("within_days = 1", "[credits]\nsettle_minutes = 1441\n")
    )


def test_a_document_cannot_be_older_than_its_meeting() -> None:
    """Expect `older-than` with as many days, or fewer, in `within_days` to be refused."""
    toml = '[[credits.rule]]\ngenerate = "feedback"\nwhen = "older-than 90 days"\nwithin_days = '
    assert f"{WHERE}, line 4: [[credits.rule]] within_days is no longer than older-than" in refusal(f"{toml}90\n")
    assert said(f"{toml}90.5\n").rules


# Rules beside each other


def several(*rules: str) -> str:
    """A configuration with these rules, each begun by a header; the n-th stands on line 5 n - 4 or later."""
    return "".join(rule(each) for each in rules)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (("", ""), "line 5: rule 2 never has its turn: rule 1 takes every meeting that it could"),
        (("", "at_most = 3"), "line 5: rule 2 never has its turn: rule 1 takes"),
        (("at_most = 3", "min_minutes = 5", "min_minutes = 9"), "line 9: rule 3 never has its turn: rule 2 takes"),
        (("title = 'a'", "title = 'b'", "title = 'a'\nwithin_days = 3"), "line 9: rule 3 never has its turn: rule 1"),
        (("within_days = 9", "within_days = 3"), "rule 2 never has its turn"),
        (("at_most = 3", "at_most = 4"), "rule 2 is called 'keypoints missing' in the ledger, and so is rule 1; two"),
        (("at_most = 3", "at_most = 3"), "two rules have to differ in more than at_most"),
        (("min_minutes = 0\nat_most = 3", "min_minutes = -0.0\nat_most = 2"), "'keypoints missing, min_minutes 0'"),
        (("at_most = 3", ""), "line 5: rule 2 is called 'keypoints missing' in the ledger"),
        (("title = 'a, not_title b'", "title = 'a'\nnot_title = 'b'"), "rule 2 is called"),
    ],
)  # fmt: skip
def test_a_rule_without_a_turn_or_a_name_of_its_own_is_refused(rules: tuple[str, ...], words: str) -> None:
    """Expect the header of the later one, and the number of the earlier."""
    assert words in refusal(several(*(each or "# nothing more" for each in rules)))


@pytest.mark.parametrize(
    "rules",
    [
        ("title = 'a'", "title = 'b'"),
        ("min_minutes = 9", "min_minutes = 5"),
        ("min_minutes = 0", "# of unknown length, too"),
        ("title = 'a'\nat_most = 3", "title = 'a'\nmin_minutes = 9\nat_most = 1"),
        ("within_days = 3", "within_days = 9"),
        ("within_days = 3", "# of any age"),
        ("not_title = 'a'", "title = 'b'"),
        ("min_segments = 20", "min_minutes = 20"),
    ],
)
def test_rules_that_may_each_have_a_turn_stand_together(rules: tuple[str, str]) -> None:
    """Expect two rules."""
    assert len(said(several(*rules)).rules) == 2


def test_a_longer_age_after_a_shorter_one_has_no_turn() -> None:
    """Expect "older-than 30 days" to cover 90 days, and not the other way round."""
    month, quarter = (Rule(Kind.FEEDBACK, When.OLDER_THAN, timedelta(days=days)) for days in (30, 90))
    assert covers(month, quarter)
    assert not covers(quarter, month)
    assert not covers(Rule(Kind.FEEDBACK, When.MISSING), month)
    assert not covers(Rule(Kind.KEYPOINTS, When.MISSING), Rule(Kind.FEEDBACK, When.MISSING))
    assert covers(Rule(Kind.FEEDBACK, When.MISSING, min_segments=0), Rule(Kind.FEEDBACK, When.MISSING))


BOUND = st.none() | st.sampled_from((0.0, 1.0, 2.0))
WORDS = st.none() | st.sampled_from(("a", "b"))
RULES = st.builds(
    Rule,
    st.just(Kind.KEYPOINTS),
    st.just(When.OLDER_THAN),
    st.sampled_from([timedelta(days=each) for each in (1, 2, 3)]),
    BOUND,
    st.none() | st.sampled_from((0, 1, 2)),
    WORDS,
    WORDS,
    BOUND,
)
MEETINGS = [
    (age, minutes, segments, title, days)
    for age in (0.5, 1.5, 2.5, 3.5)
    for minutes in (None, 0.0, 1.0, 2.0)
    for segments in (0, 1, 2)
    for title in ("", "a", "b", "ab")
    for days in (0.0, 0.5, 1.5, 3.5)
]


def _passes(rule: Rule, meeting: tuple[float, float | None, int, str, float]) -> bool:
    """The filters, said once more and in another way than the product does."""
    age, minutes, segments, title, days = meeting
    assert rule.older_than is not None
    return (
        timedelta(days=age) > rule.older_than
        and (rule.min_minutes is None or (minutes is not None and minutes >= rule.min_minutes))
        and (rule.min_segments is None or segments >= rule.min_segments)
        and (rule.title is None or rule.title in title)
        and (rule.not_title is None or rule.not_title not in title)
        and (rule.within_days is None or days <= rule.within_days)
    )


@given(RULES, RULES)
def test_what_is_called_covered_is_covered(earlier: Rule, later: Rule) -> None:
    """Expect no meeting that passes the later rule and not the earlier, whenever the one is said to cover the other."""
    if covers(earlier, later):
        assert [each for each in MEETINGS if _passes(later, each) and not _passes(earlier, each)] == []
    elif earlier.title == later.title and earlier.not_title == later.not_title and earlier.title != earlier.not_title:
        assert [each for each in MEETINGS if _passes(later, each) and not _passes(earlier, each)]
