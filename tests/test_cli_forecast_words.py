"""How `sync --dry-run` reads: rule by rule, reason by reason, and one line that says the most that it can cost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from convo_sync.simulator import Fault

from .buyer import FIRST, MEETINGS, NASTY, SHORT, Buyer, flat, told
from .console import Console

MISSING = '\n[[credits.rule]]\ngenerate = "{}"\nwhen = "missing"\n'
KEYPOINTS, FEEDBACK = MISSING.format("keypoints"), MISSING.format("feedback")
DAY = r"\(\d{4}-\d\d-\d\d\)"


@pytest.fixture
def buyer(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    """A Starter account and a complete archive of six meetings, of 60 to 10 minutes, without notes."""
    with Buyer.serving(tmp_path, Console(capsys, monkeypatch), tier="starter") as buyer:
        yield buyer


def plan(buyer: Buyer, credits: str) -> str:
    """What the dry run says with this under [credits]; days and times left out."""
    buyer.configure(f"[credits]\n{credits}")
    ran = buyer.sync("--dry-run")
    assert (ran.code, ran.err) == (0, "")
    return re.sub(rf" {DAY}", "", ran.out)


def most(text: str) -> str:
    """The last sentences: the most that the next run can spend, and how the month stands."""
    found = re.search(r"Whatever the list brings, .*", flat(text))
    assert found
    return re.sub(r" \(\w{3} [\d-]+ [\d:]+\)", " (…)", found.group())


# -- rules and reasons


def test_it_reads_rule_by_rule(buyer: Buyer) -> None:
    """Expect what each rule buys below it, with the price, in the order in which it is bought."""
    text = plan(buyer, f"monthly_cap = 4{KEYPOINTS}title = '[13]$'\n{FEEDBACK}min_minutes = 45\n")
    begin = text.index("4 AI credits")
    assert text[begin : text.index("Not bought:")].splitlines() == [
        "4 AI credits will be spent on what is archived:",
        "  2 credits by rule: keypoints missing, title [13]$ (there is none)",
        "    key points of Meeting 1",
        "    key points of Meeting 3",
        "  2 credits by rule: feedback missing, min_minutes 45 (there is none)",
        "    feedback of Meeting 0",
        "    feedback of Meeting 1",
        "Where Convo turns out to have one already, it is fetched, and costs nothing.",
    ]


def test_what_is_not_bought_stands_reason_by_reason(buyer: Buyer) -> None:
    """Expect three of each reason by name and the others counted, and every candidate to be somewhere."""
    text = plan(buyer, f"monthly_cap = 1{KEYPOINTS}{FEEDBACK}title = 'Meeting 5'\n")
    begin = text.index("Not bought:")
    assert text[begin : text.index("Whatever")].splitlines() == [
        "Not bought:",
        "  key points of Meeting 1; Meeting 2; Meeting 3; 2 others",
        "    because monthly_cap (1) is reached",
        "  feedback of Meeting 0; Meeting 1; Meeting 2; 2 others",
        "    because its title does not match 'Meeting 5'",
        "  feedback of Meeting 5",
        "    because feedback needs at least 10 segments",
    ]
    document = buyer.sync("--dry-run", "--json").json
    named = [(each["conversation_id"], each["kind"]) for key in ("generations", "left_out") for each in document[key]]
    assert len(set(named)) == len(named) == 2 * MEETINGS
    assert {"rule", "why", "title", "kind", "conversation_id"} == set(document["left_out"][0])


def test_of_two_rules_the_one_that_fits_says_why(buyer: Buyer) -> None:
    """Expect not the filter of the first rule where the second would buy it but for the money; both where none fits."""
    rules = f"{KEYPOINTS}title = 'Meeting 1'\nat_most = 1\n{KEYPOINTS}min_minutes = 35\n"
    text = flat(plan(buyer, f"monthly_cap = 2{rules}"))
    assert "key points of Meeting 2 because monthly_cap (2) is reached" in text
    both = "because its title does not match 'Meeting 1', and it took less than 35 minutes"
    assert f"key points of Meeting 3; Meeting 4; Meeting 5 {both}" in text


def test_a_limit_of_a_rule_is_named(buyer: Buyer) -> None:
    """Expect at_most as the reason, and the most that can be spent to heed it."""
    text = plan(buyer, f"monthly_cap = 9{KEYPOINTS}at_most = 2\n")
    assert "because at_most (2) of its rule is reached" in text
    assert most(text).startswith("Whatever the list brings, the next run spends at most 2 credits, if it comes before")


# -- the last line


def test_the_last_line_says_the_most_that_it_can_cost(buyer: Buyer) -> None:
    """Expect the cap or what is not kept, whatever is due now; until when that holds; and how the month stands."""
    most_of_it = "the next run spends at most 7 credits, if it comes before the month ends (…)."
    so_far = "So far: 0 of 9 (monthly_cap) spent by convo-sync; 10 of 10 left on the account; keep is 3."
    text = plan(buyer, f"monthly_cap = 9\nkeep = 3{KEYPOINTS}title = 'nobody'\n")
    assert most(text) == f"Whatever the list brings, {most_of_it} {so_far}"
    buyer.sim.spend_elsewhere(7)
    buyer.credits("ask", FIRST, "one", "--yes")  # is declined, having read the counter
    assert buyer.charged == []
    text = plan(buyer, f"monthly_cap = 9\nkeep = 3{KEYPOINTS}")
    assert "No AI credit will be spent on what is archived." in text
    assert "because 3 left on the account, and keep is 3" in text
    assert "the next run spends none, if it comes before the month ends (…)." in most(text)


@pytest.mark.parametrize(
    ("credits", "why"),
    [
        ("keep = 1\n", "no rule in config.toml spends credits"),
        (KEYPOINTS, "[credits] monthly_cap is not set, so rules spend nothing"),
    ],
)
def test_where_no_rule_may_spend_it_says_why(buyer: Buyer, credits: str, why: str) -> None:
    """Expect one sentence, and 0 in the document."""
    assert f"No AI credit will be spent: {why}.\n" in plan(buyer, credits)
    document = buyer.sync("--dry-run", "--json").json
    assert (document["credits"], document["most_credits"], document["blocked"]) == (0, 0, why)


def test_an_unknown_outcome_holds_rules_up_for_a_while(buyer: Buyer) -> None:
    """Expect when a sync finds out, and a most that counts it as not paid, since that may turn out."""
    buyer.sim.faults.add(Fault("drop_before", "queryConversation"))
    buyer.credits("ask", FIRST, "one", "--yes")
    text = plan(buyer, f"monthly_cap = 3{KEYPOINTS}")
    blocked = r"No AI credit will be spent as long as the outcome of an earlier generation is not known yet\. "
    assert re.search(rf"{blocked}A sync after \w{{3}} \d{{4}}-\d\d-\d\d \d\d:\d\d finds out\.", flat(text))
    assert "spends at most 3 credits" in most(text)
    assert "1 of 3 (monthly_cap) spent" in most(text)
    assert buyer.sync("--json").json["credits"] == 0
    buyer.minutes_pass(61)
    assert buyer.sync("--json").json["credits"] == 3
    assert (len(buyer.charged), buyer.ledger[0]) == (3, (FIRST, "answer", "refused"))


def test_credits_that_are_used_up_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expect Convo's refusal, where its counter lags, to be the reason, and nothing to be promised this month."""
    lagging = {"credit_counter": "lagging"}
    with Buyer.serving(tmp_path, Console(capsys, monkeypatch), tier="starter", assume=lagging) as buyer:
        buyer.configure(f"[credits]\nmonthly_cap = 9{KEYPOINTS}")
        buyer.sim.spend_elsewhere(10)
        assert "spends at most 9 credits" in flat(buyer.sync("--dry-run").out)
        assert buyer.sync("--json").json["credits"] == 0
        text = flat(buyer.sync("--dry-run").out)
        assert "No AI credit will be spent: Convo says that this month's credits are used up." in text
        assert "the next run spends none, if it comes before the month ends" in text
        posts = buyer.posts
        assert (buyer.sync("--json").json["credits"], buyer.posts, posts) == (0, 1, 1)


# -- what a person meets


def test_a_rule_that_is_wrong_is_named_with_its_line(buyer: Buyer) -> None:
    """Expect exit code 78 from the dry run and from the sync, the same words, and no request."""
    buyer.configure(f"[credits]\nmonthly_cap = 3\n{KEYPOINTS}titel = 'x'\n")
    asked = len(buyer.sim.requests)
    for options in (("--dry-run",), ("--dry-run", "--json"), ()):
        ran = buyer.sync(*options)
        assert (ran.code, ran.out) == (78, "")
        assert f"{buyer.config}, line 7: " in told(ran)
        assert "titel" in told(ran)
    assert len(buyer.sim.requests) == asked


def test_a_title_cannot_drive_a_terminal(buyer: Buyer) -> None:
    """Expect titles and patterns to be harmless as text and as JSON, bought or not, and whole in JSON."""
    buyer.sql("update conversations set title = ? where id in (?, ?)", NASTY, FIRST, SHORT)
    text = plan(buyer, f'monthly_cap = 1{KEYPOINTS}not_title = "\\u001b"\n{KEYPOINTS}')
    assert "Kick]0;owned[2Joff" in text
    for said in (text, buyer.sync("--dry-run", "--json").out):
        assert not [each for each in said if (ord(each) < 32 and each != "\n") or each == "\u202e"]
    titles = {each["title"] for each in buyer.sync("--dry-run", "--json").json["left_out"]}
    assert NASTY in titles


@pytest.mark.parametrize("columns", [60, 100])
def test_no_line_is_wider_than_the_terminal(buyer: Buyer, columns: int) -> None:
    """Expect long titles and rules to be wrapped."""
    buyer.sql("update conversations set title = title || ' with a title that goes on and on, as they tend to do'")
    buyer.console.monkeypatch.setenv("COLUMNS", str(columns))
    rules = f"{KEYPOINTS}min_minutes = 20\nmin_segments = 3\nnot_title = 'stand-?up|daily|weekly'\nwithin_days = 14\n"
    text = plan(buyer, f"monthly_cap = 2\nkeep = 2{rules}{FEEDBACK}")
    assert max(map(len, text.splitlines())) <= columns
    assert max(map(len, text.splitlines())) > columns - 20
