"""Runs that buy by rule, over months: how much, what of, once, and what stops it. Each POST is checked by the till."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync.credits.rules import Rule, Settings, When
from convo_sync.errors import ConfigurationError
from convo_sync.records import Kind, Outcome
from convo_sync.simulator import Fault
from convo_sync.simulator.credits import month_start
from tests.rig import add, keypoints, turns
from tests.till import Till

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
MISSING = Rule(Kind.KEYPOINTS, When.MISSING)
FEEDBACK = Rule(Kind.FEEDBACK, When.MISSING)
CHANGED = Rule(Kind.KEYPOINTS, When.TRANSCRIPT_CHANGED)
AGED = Rule(Kind.KEYPOINTS, When.OLDER_THAN, older_than=30 * DAY)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    """A Starter account with twenty meetings of which nothing was ever generated."""
    with Till.serving(tmp_path, tier="starter") as rig:
        for number in range(1, 21):
            add(rig, number, number * DAY, notes=False)
        yield rig


def live(till: Till, time: timedelta, step: timedelta = DAY) -> None:
    """Run as the daemon does, every so often."""
    until = till.clock.now() + time
    while till.clock.now() < until:
        till.sync(retry_failed=False, full=False)
        till.clock.advance(step)


def by_month(till: Till) -> list[int]:
    """How many credits we were charged in each month that had any."""
    return list(Counter(month_start(each.time) for each in till.simulator.charges_of(till.key)).values())


def ledger(till: Till) -> list[tuple[str, ...]]:
    return till.rows("select state, evidence from ledger order by id")


def warnings(till: Till) -> list[str]:
    return [each.detail for each in till.events if each.event == "warning"]


# -- how much


def test_by_default_nothing_is_spent(till: Till) -> None:
    """No rule and no cap: not one POST in a month of daily runs. Nor with a cap and no rule, or a rule and no cap."""
    for said in (Settings(), Settings(monthly_cap=10), Settings(rules=(MISSING,))):
        till.credits = said
        live(till, 31 * DAY)
    assert not till.posts
    assert not till.simulator.charges
    assert not ledger(till)


def test_a_cap_of_three_spends_three_a_month(till: Till) -> None:
    """Exactly: as long as there is something to buy, no month leaves a credit of the cap, and none exceeds it."""
    till.credits = Settings(monthly_cap=3, rules=(MISSING,))
    live(till, 3 * 30 * DAY)
    assert by_month(till) == [3, 3, 3, 3]
    newest = [each.conversation_id for each in till.simulator.charges_of(till.key)]
    assert newest == [f"sess_{number:05d}" for number in range(1, 13)]
    assert till.rows("select count(distinct conversation_id) from keypoints") == [(12,)]


def test_answers_that_are_dropped_cost_no_more_than_the_cap(till: Till) -> None:
    """Each POST's answer is lost after the work: what was bought is found at once, archived, and never bought twice."""
    for operation in ("generateKeypoints", "generateFeedback"):
        till.simulator.faults.add(Fault(kind="drop_after", endpoint=operation, times=None))
    till.credits = Settings(monthly_cap=3, rules=(replace(MISSING, at_most=2), FEEDBACK))
    live(till, 3 * 30 * DAY)
    assert by_month(till) == [3, 3, 3, 3]
    assert set(ledger(till)) == {("spent", "a newer document came")}
    bought = {(each.conversation_id, each.kind) for each in till.simulator.charges_of(till.key)}
    held = set(till.rows("select conversation_id, kind from documents where kind in ('keypoints', 'feedback')"))
    assert bought == held
    assert len(bought) == 12
    claimed = till.rows("select count(*) from revisions where ledger_id is not null")
    assert claimed == [(12,)]


def test_the_rules_share_the_month(till: Till) -> None:
    """A rule's own limit leaves the rest of the cap to the next, and keep leaves credits for others."""
    till.credits = Settings(monthly_cap=8, keep=5, rules=(replace(MISSING, at_most=2), FEEDBACK))
    till.simulator.spend_elsewhere(1)
    till.complete()
    assert Counter(each.kind for each in till.posts) == {Kind.KEYPOINTS: 2, Kind.FEEDBACK: 2}


def test_the_configuration_is_read_before_each_generation(till: Till) -> None:
    """A cap that was lowered while a run buys holds at once."""
    till.credits = Settings(monthly_cap=5, rules=(MISSING,))
    happened = till.events.append

    def tell(event: object) -> None:
        happened(event)  # type: ignore[arg-type]
        if till.posts:
            till.credits = Settings(monthly_cap=1, rules=(MISSING,))

    till.events = type("Listening", (list,), {"append": staticmethod(tell)})()
    till.complete()
    assert len(till.posts) == 1


# -- of what, and once


def test_a_changed_transcript_is_paid_for_once_it_settled(till: Till) -> None:
    """Not while it still changes, once for what it became, and once more for the next change."""
    till.credits = Settings(monthly_cap=10, rules=(CHANGED,))
    till.world.set_keypoints("sess_00001", keypoints(1))
    till.complete()
    for count in (3, 4):
        till.clock.advance(5 * MINUTE)
        till.world.grow("sess_00001", turns(1, count, first=12 + count))
        till.complete()
    assert not till.posts
    live(till, 2 * HOUR, 10 * MINUTE)
    assert len(till.posts) == 1
    live(till, 9 * DAY)
    assert len(till.posts) == 1
    till.world.grow("sess_00001", turns(1, 5, first=40))
    live(till, 2 * HOUR, 10 * MINUTE)
    assert [each.conversation_id for each in till.posts] == ["sess_00001", "sess_00001"]
    assert till.rows("select count(*) from revisions r join documents d on d.id = r.document_id "
                     "where d.kind = 'keypoints'") == [(3,)]  # fmt: skip


def test_an_old_document_is_made_anew_every_thirty_days(till: Till) -> None:
    """And the others, of which there is none, are no concern of that rule."""
    till.credits = Settings(monthly_cap=10, rules=(AGED,))
    till.world.set_keypoints("sess_00001", keypoints(1))
    live(till, 29 * DAY)
    assert not till.posts
    live(till, 64 * DAY)
    assert [each.conversation_id for each in till.posts] == ["sess_00001"] * 2
    apart = [later.time - earlier.time for earlier, later in zip(till.posts, till.posts[1:], strict=False)]
    assert all(30 * DAY <= each <= 32 * DAY for each in apart)


def test_what_the_app_made_meanwhile_is_free(till: Till) -> None:
    """Between our last look and the request: the server has it already, and the next one is bought."""
    till.credits = Settings(monthly_cap=1, rules=(MISSING,))
    till.meanwhile = lambda id_, _: till.world.set_keypoints(id_, keypoints(1))
    till.complete()
    assert ledger(till) == [("free", "the server had it already"), ("spent", "it came")]


# -- what stops it


@pytest.mark.slow
def test_a_refused_request_is_tried_later_and_later(till: Till) -> None:
    """An hour, six, a day, then a week: a meeting that Convo refuses does not take a request of every run."""
    till.credits = Settings(monthly_cap=10, rules=(replace(MISSING, title="^Meeting 7$"),))
    till.simulator.faults.add(Fault(kind="not_found", endpoint="generateKeypoints", times=None))
    for time, step in ((8 * HOUR, 20 * MINUTE), (20 * DAY, 4 * HOUR)):
        live(till, time, step)
    apart = [later.time - earlier.time for earlier, later in zip(till.posts, till.posts[1:], strict=False)]
    assert all(
        pause <= each <= pause + 4 * HOUR
        for each, pause in zip(apart, (HOUR, 6 * HOUR, DAY, 7 * DAY, 7 * DAY), strict=True)
    )
    assert set(state for state, _ in ledger(till)) == {"refused"}


def test_a_used_up_month_is_left_alone_until_it_turns(till: Till) -> None:
    """Another tool took the last credits: one refusal, then no POST in this month, and ordinary reads go on."""
    till.credits = Settings(monthly_cap=5, rules=(MISSING,))
    till.meanwhile = lambda *_: till.simulator.spend_elsewhere(10)
    till.simulator.assume["credit_counter"] = "lagging"
    till.complete()
    assert ledger(till) == [("refused", "ai_limit_exceeded")]
    live(till, 11 * DAY)  # to the end of March
    assert len(till.posts) == 1
    live(till, 2 * DAY)
    assert len(till.posts) == 6


def test_an_unknown_outcome_stops_all_rules_and_no_reads(till: Till) -> None:
    """A POST whose work nobody saw the end of: nothing is bought until it is known, an hour later."""
    till.credits = Settings(monthly_cap=5, rules=(MISSING,))
    till.simulator.faults.add(Fault(kind="server_error", endpoint="generateKeypoints"))
    live(till, 59 * MINUTE, 10 * MINUTE)
    assert (len(till.posts), ledger(till)[0][0]) == (1, "unknown")
    till.clock.advance(20 * MINUTE)
    till.complete()
    assert ledger(till)[0] == ("refused", "nothing came and nothing was counted for an hour")
    assert len(till.posts) == 6


def test_warned_once_a_month(till: Till) -> None:
    """At 80 % of the cap, and where the allowance runs low; again in the next month."""
    till.credits = Settings(monthly_cap=9, rules=(MISSING,))
    live(till, 11 * DAY, DAY / 2)
    assert warnings(till) == [
        "9 of this month's 9 AI credits (monthly_cap) are spent.",
        "1 AI credits are left on the account this month.",
    ]
    live(till, 10 * DAY)
    assert len(warnings(till)) == 4


def test_the_key_of_another_account_spends_nothing(till: Till) -> None:
    """Neither by rule nor by hand, and nothing of that account is written down."""
    till.complete()
    till.simulator.add_key("convo_another", email="other@example.com", tier="enterprise")
    till.key, till.credits = "convo_another", Settings(monthly_cap=9, rules=(MISSING,))
    before = till.rows("select * from credit_readings")
    run, error = till.sync()
    assert (run.outcome, type(error)) == (Outcome.FAILED, ConfigurationError)
    with pytest.raises(ConfigurationError):
        till.by_hand("sess_00001", Kind.ANSWER, '{"query": "Who?"}')
    assert not till.simulator.charges
    assert till.rows("select * from credit_readings") == before
