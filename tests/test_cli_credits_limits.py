"""What stands against a credit by hand (cap, keep, account, key), and what is told where Convo refuses or is silent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from convo_sync.simulator import Fault

from .buyer import FIRST, Buyer, told
from .console import Console, Ran

FINDS_OUT = "The next `convo-sync sync`, an hour from now or later, finds out; `convo-sync credits` tells."
NOT_KNOWN = "Whether the credit was spent is not known yet."
CAPPED = "[credits]\nmonthly_cap = 1\nkeep = {keep}\n"


@pytest.fixture
def buyer(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    """A Starter account, 10 credits a month, and a complete archive."""
    with Buyer.serving(tmp_path, Console(capsys, monkeypatch), tier="starter") as buyer:
        yield buyer


def declined(ran: Ran, why: str) -> str:
    """The next step of a purchase that was not made, for a reason of our own."""
    assert (ran.code, ran.out) == (1, "")
    begins = f"Nothing was spent: {why}. "
    assert told(ran).startswith(begins), ran.err
    return told(ran).removeprefix(begins)


# -- cap and keep


def test_the_cap_holds_for_a_hand_too(buyer: Buyer) -> None:
    """Expect the second of one to be declined without a POST, by a message that names the way past it."""
    buyer.configure(CAPPED.format(keep=0))
    ran = buyer.credits("ask", FIRST, "one", "--yes")
    assert told(ran).endswith("1 AI credit. 1 of monthly_cap 1 left, 10 left on the account.")
    next_step = declined(buyer.credits("ask", FIRST, "two", "--yes"), "monthly_cap (1) is reached")
    assert next_step == "--over-cap spends it all the same; monthly_cap stands in config.toml under [credits]."
    assert len(buyer.charged) == buyer.posts == 1


def test_over_cap_leaves_the_cap_aside(buyer: Buyer) -> None:
    """Expect it to be spent, the price to say that none of the cap is left, and the report to tell both."""
    buyer.configure(CAPPED.format(keep=1))
    for question in ("one", "two"):
        ran = buyer.credits("ask", FIRST, question, "--yes", "--over-cap")
        assert ran.code == 0
    assert told(ran).endswith("1 AI credit. 0 of monthly_cap 1 left, 9 left on the account, of which 1 is kept.")
    assert "2 of 1 (monthly_cap) spent" in buyer.credits().out


def test_keep_holds_over_the_cap_too(buyer: Buyer) -> None:
    """Expect no option to touch what is kept."""
    buyer.configure(CAPPED.format(keep=10))
    for options in ((), ("--over-cap",)):
        ran = buyer.credits("generate", "keypoints", FIRST, "--yes", *options)
        assert declined(ran, "10 left on the account, and keep is 10") == "keep stands in config.toml under [credits]."
    assert buyer.posts == 0


def test_an_empty_account_is_told_before_anything_is_sent(buyer: Buyer) -> None:
    """Expect what other tools spent to be seen in the counter, though neither cap nor keep is set."""
    buyer.sim.spend_elsewhere(10)
    ran = buyer.credits("ask", FIRST, "one", "--yes")
    assert declined(ran, "no credit is left on the account") == "`convo-sync credits` says how the month stands."
    assert (buyer.posts, buyer.ledger) == (0, [])
    assert "10 spent by other tools" in buyer.credits().out


def test_used_up_behind_the_counters_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expect Convo's own refusal, where the counter lags, to be told as one that cost nothing."""
    lagging = {"credit_counter": "lagging"}
    with Buyer.serving(tmp_path, Console(capsys, monkeypatch), tier="starter", assume=lagging) as buyer:
        buyer.sim.spend_elsewhere(10)
        ran = buyer.credits("ask", FIRST, "one", "--yes")
    assert (ran.code, ran.out) == (1, "")
    assert "Nothing was spent. Convo refused it: The AI generations of this month are used up." in told(ran)
    assert "`convo-sync credits`" in ran.err.splitlines()[-1]
    assert [state for *_, state in buyer.ledger] == ["refused"]


# -- no usable answer


def test_key_points_whose_answer_was_dropped_are_confirmed_at_once(buyer: Buyer) -> None:
    """Expect a free request to find what was paid for, and the purchase to be told as made."""
    buyer.sim.faults.add(Fault("drop_after", "generateKeypoints"))
    ran = buyer.credits("generate", "keypoints", FIRST, "--yes")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "Key points archived, for 1 AI credit.")
    assert buyer.ledger == [(FIRST, "keypoints", "spent")]
    assert buyer.charged == [(FIRST, "keypoints")]


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "server_error", "proxy_ok", "wrong_shape", "cut_body"])
def test_an_answer_that_did_not_come_is_told_as_unknown(buyer: Buyer, fault: str) -> None:
    """Expect exit code 69, that nobody knows, that it cannot be fetched again, and one line that counts."""
    buyer.sim.faults.add(Fault(fault, "queryConversation"))
    ran = buyer.credits("ask", FIRST, "one", "--yes")
    assert (ran.code, ran.out) == (69, "")
    said, next_step = ran.err.splitlines()[-2:]
    assert re.fullmatch(rf"No usable answer came: [^.]+\. {re.escape(NOT_KNOWN)} If it was, .* fetched again\.", said)
    assert next_step == FINDS_OUT
    assert (buyer.posts, buyer.ledger) == (1, [(FIRST, "answer", "unknown")])
    report = buyer.credits().out
    assert "1 credit spent" in report
    assert "Not known yet" in report
    assert "by hand: “one”" in report


def test_what_is_unknown_is_not_asked_for_again(buyer: Buyer) -> None:
    """Expect the same question to be declined until it is settled, and another one to be free to ask."""
    buyer.sim.faults.add(Fault("drop_after", "queryConversation"))
    buyer.credits("ask", FIRST, "one", "--yes")
    ran = buyer.credits("ask", FIRST, "one", "--yes")
    declined(ran, "the same was asked for before, and whether that was paid is not known yet")
    assert buyer.posts == 1
    assert buyer.credits("ask", FIRST, "two", "--yes").code == 0


def test_a_lost_answer_is_listed_as_lost_and_may_be_asked_again(buyer: Buyer) -> None:
    """Expect it to be spent after an hour in which the counter moved, and the next attempt to be a new purchase."""
    buyer.sim.faults.add(Fault("drop_after", "queryConversation"))
    buyer.credits("ask", FIRST, "one", "--yes")
    buyer.minutes_pass(61)
    assert "1 AI credit spent" in buyer.sync().out
    report = buyer.credits("--json").json
    assert [(each["kind"], each["request"], each["state"]) for each in report["lost"]] == [
        ("answer", '{"query": "one"}', "spent")
    ]
    assert "Lost" in buyer.credits().out.splitlines()
    assert buyer.credits("ask", FIRST, "one", "--yes").code == 0
    assert len(buyer.charged) == 2


def test_late_key_points_are_found_by_the_next_attempt(buyer: Buyer) -> None:
    """Expect the second command to fetch what the first paid for, to spend nothing, and to settle the line."""
    buyer.sim.faults.add(Fault("late_result", "generateKeypoints", seconds=120))
    ran = buyer.credits("generate", "keypoints", FIRST, "--yes")
    assert ran.code == 69
    assert NOT_KNOWN in told(ran)
    assert "fetched again" not in told(ran)  # key points can be
    buyer.minutes_pass(3)
    ran = buyer.credits("generate", "keypoints", FIRST, "--yes")
    assert (ran.code, "Convo had them already, so this spent nothing." in ran.out) == (0, True)
    assert buyer.ledger == [(FIRST, "keypoints", "spent")]
    assert buyer.charged == [(FIRST, "keypoints")]


# -- refused


@pytest.mark.parametrize("arguments", [("ask", FIRST, "one"), ("generate", "feedback", FIRST)], ids=" ".join)
def test_a_refusal_costs_nothing_and_says_so(buyer: Buyer, arguments: tuple[str, ...]) -> None:
    """Expect Convo's own words, a next step, and a line that does not count."""
    operation = "queryConversation" if arguments[0] == "ask" else "generateFeedback"
    buyer.sim.faults.add(Fault("not_found", operation))
    ran = buyer.credits(*arguments, "--yes")
    assert (ran.code, ran.out) == (1, "")
    said, next_step = ran.err.splitlines()[-2:]
    assert said.startswith("Nothing was spent. Convo refused it: ")
    assert next_step == f"`convo-sync show {FIRST}` says what the archive has of this meeting."
    assert [state for *_, state in buyer.ledger] == ["refused"]
    assert buyer.credits("--json").json["spent"] == 0


@pytest.mark.parametrize("operation", ["queryConversation", "getProfile"])
def test_a_used_up_hour_says_when_to_come_back(buyer: Buyer, operation: str) -> None:
    """Expect exit code 75 and a time of day, whichever request was refused."""
    buyer.sim.faults.add(Fault("rate_limited", operation))
    ran = buyer.credits("ask", FIRST, "one", "--yes")
    assert (ran.code, ran.out) == (75, "")
    assert "This hour's requests to Convo are used up" in ran.err
    assert re.fullmatch(
        r"Nothing was spent. Run the same command again at (\w{3} \S+ )?\d\d:\d\d or later.", ran.err.splitlines()[-1]
    )
    assert buyer.charged == []


# -- whose key, and where


def test_without_a_key_nothing_is_sent(buyer: Buyer) -> None:
    """Expect exit code 78 and how to get one."""
    buyer.console.monkeypatch.setenv("CONVO_API_KEY", "")
    ran = buyer.credits("ask", FIRST, "one", "--yes")
    assert (ran.code, "convo-sync init" in told(ran), buyer.posts) == (78, True, 0)


def test_a_refused_key_is_told_as_such(buyer: Buyer) -> None:
    """Expect exit code 77, before anything is written to the ledger."""
    buyer.console.monkeypatch.setenv("CONVO_API_KEY", "convo_unknown")
    assert (buyer.credits("ask", FIRST, "one", "--yes").code, buyer.ledger) == (77, [])


def test_another_accounts_key_buys_nothing(buyer: Buyer) -> None:
    """Expect exit code 78, both accounts named, and no charge to either."""
    buyer.sim.add_key("convo_other_0123456789", email="other@example.com")
    buyer.console.monkeypatch.setenv("CONVO_API_KEY", "convo_other_0123456789")
    ran = buyer.credits("ask", FIRST, "one", "--yes")
    assert ran.code == 78
    assert "the key belongs to other@example.com" in told(ran)
    assert (buyer.sim.charges, buyer.ledger) == ([], [])


def test_another_server_is_asked_nothing(buyer: Buyer) -> None:
    """Expect exit code 78 where the archive was filled from elsewhere."""
    buyer.console.monkeypatch.setenv("CONVO_SYNC_BASE_URL", "http://127.0.0.1:1")
    assert buyer.credits("ask", FIRST, "one", "--yes").code == 78


def test_offline_is_a_sentence_with_a_next_step(buyer: Buyer) -> None:
    """Expect exit code 69, and no line: the counter could not be read."""
    buyer.sql("update meta set value = 'http://127.0.0.1:1' where key = 'base_url'")
    buyer.console.monkeypatch.setenv("CONVO_SYNC_BASE_URL", "http://127.0.0.1:1")
    ran = buyer.credits("ask", FIRST, "one", "--yes")
    assert (ran.code, "convo-sync doctor" in told(ran), buyer.ledger) == (69, True, [])
