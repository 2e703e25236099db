"""The report of `credits`, and its line in `status`: who spent what on what this month, what is left, what is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from convo_sync.archive.write import Archive
from convo_sync.simulator import Fault

from .buyer import FIRST, NASTY, Buyer, flat, told
from .console import Console, Ran

RULE = '[[credits.rule]]\ngenerate = "keypoints"\nwhen = "missing"\n'
NOW = datetime(2026, 3, 11, tzinfo=UTC)


@pytest.fixture
def buyer(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    """A Starter account, 10 credits a month, and a complete archive."""
    with Buyer.serving(tmp_path, Console(capsys, monkeypatch), tier="starter") as buyer:
        yield buyer


def report(ran: Ran) -> list[str]:
    """Its lines, times left out, each wrapped one as one."""
    assert (ran.code, ran.err) == (0, "")
    return [re.sub(r"( until)?( \w{3})? \d{4}-\d\d-\d\d \d\d:\d\d( UTC)?", "", line) for line in ran.out.splitlines()]


# -- how the month stands


def test_a_month_reads_from_what_was_spent_to_what_is_left(buyer: Buyer) -> None:
    """Expect the sum, by whom, the account, other tools, a forecast, and the lines, the newest first."""
    buyer.configure(f"[credits]\nmonthly_cap = 5\nkeep = 1\n{RULE}at_most = 2\n")
    buyer.sim.spend_elsewhere(3)
    buyer.credits("ask", FIRST, "what", "now", "--yes")
    buyer.sync()
    lines = report(buyer.credits())
    assert lines[:3] == [
        "AI credits this month",
        "  convo-sync  3 of 5 (monthly_cap) spent",
        " " * 16 + "2 by rule: keypoints missing",
    ]
    assert lines[3:6] == [
        " " * 16 + "1 by hand",
        "  account     6 used, 4 of 10 left on the account (1 is kept)",
        "  elsewhere   3 spent by other tools",
    ]
    assert re.fullmatch(r"  forecast    about [3-5] by the end of the month, at the pace so far", lines[6])
    assert lines[7] == "  as of      , when Convo's counter was last read"
    assert lines[8:] == [
        "",
        "Last entries",
        "   spent     key points  Meeting 1",
        " " * 20 + "keypoints missing; it came",
        "   spent     key points  Meeting 0",
        " " * 20 + "keypoints missing; it came",
        "   spent     answer      Meeting 0",
        " " * 20 + "by hand: “what now”; it came",
    ]


def test_the_document_has_all_that_the_report_has(buyer: Buyer) -> None:
    """Expect each number of the text, and each line of the ledger with its meeting's title."""
    buyer.configure(f"[credits]\nmonthly_cap = 2\nkeep = 1\n{RULE}")
    buyer.sim.spend_elsewhere(3)
    buyer.sync()
    document = buyer.credits("--json").json
    account = document.pop("account")
    assert account.pop("resets_at") > account.pop("read_at")
    assert account == {"used": 5, "allowance": 10, "left": 5, "elsewhere": 3}
    first, second = document.pop("entries")
    assert document == {
        "monthly_cap": 2,
        "keep": 1,
        "spent": 2,
        "unknown": 0,
        "forecast": 2,
        "by": [{"rule": "keypoints missing", "credits": 2}],
        "pending": [],
        "lost": [],
    }
    assert (first["title"], second["title"]) == ("Meeting 1", "Meeting 0")
    assert (first["state"], first["credits"], first["lost"], first["kind"]) == ("spent", 1, False, "keypoints")
    assert first["settled_at"] >= first["reserved_at"]
    status = buyer.console("status", "--json").json["credits"]
    assert status == {key: document[key] for key in ("monthly_cap", "keep", "spent", "unknown")} | {
        "account": account | {key: status["account"][key] for key in ("resets_at", "read_at")}
    }


def test_status_has_one_line_of_it(buyer: Buyer) -> None:
    """Expect what was spent of the cap, what is left, and until when; and what is not known yet."""
    buyer.configure("[credits]\nmonthly_cap = 5\n")
    buyer.sim.faults.add(Fault("drop_before", "queryConversation"))
    buyer.credits("ask", FIRST, "one", "--yes")
    text = flat(buyer.console("status").out)
    words = "Credits: 1 of 5 (monthly_cap) spent by convo-sync; 9 of 10 left on the account, 1 outcome unknown, until "
    assert words in text


def test_before_anything_is_known(buyer: Buyer) -> None:
    """Expect no number where there is none: neither of an empty archive nor of one that never read the counter."""
    buyer.archive.unlink()
    ran = buyer.credits()
    assert (ran.code, "convo-sync init" in told(ran)) == (78, True)
    Archive(buyer.archive, NOW).close()
    assert report(buyer.credits()) == [
        "AI credits this month",
        "  convo-sync  0 credits spent",
        "  account     what is left is not known yet",
        "",
        "No rule spends credits; docs/credits.md says how to write one.",
    ]
    document = buyer.credits("--json").json
    assert (document["spent"], document["entries"], document["forecast"]) == (0, [], None)
    assert set(document["account"].values()) == {None, 0}
    assert "Credits: nothing known yet" in flat(buyer.console("status").out)


def test_a_month_that_is_over_is_not_told_as_the_current_one(buyer: Buyer) -> None:
    """Expect its numbers to be left out until the next has been read."""
    buyer.credits("ask", FIRST, "one", "--yes")
    past = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 hour')"
    buyer.sql(f"update credit_periods set resets_at = {past}")
    buyer.sql(
        f"update credit_readings set resets_at = {past}, read_at = strftime('%Y-%m-%dT%H:%M:%fZ', read_at, '-2 hours')"
    )
    buyer.sql("update ledger set last_period = period")
    lines = report(buyer.credits())
    assert lines[:3] == [
        "AI credits this month",
        "  convo-sync  0 credits spent",
        "  account     the month turned since the last look",
    ]
    assert not [line for line in lines if "forecast" in line]


# -- lines


def test_what_is_unknown_is_listed_and_nobody_else_is_blamed(buyer: Buyer) -> None:
    """Expect it to be counted once, and not as spent by another tool once Convo's counter has it."""
    buyer.sim.faults.add(Fault("drop_after", "queryConversation"))
    buyer.credits("ask", FIRST, "one", "--yes")
    buyer.credits("ask", FIRST, "two", "--yes")
    lines = report(buyer.credits())
    assert lines[1:3] == ["  convo-sync  2 credits spent", " " * 16 + "2 by hand"]
    begin = lines.index("Not known yet")
    assert lines[begin + 1 : begin + 3] == [
        "   unknown   answer      Meeting 0",
        " " * 20 + "by hand: “one”; no usable answer: the connection was dropped without an answer",
    ]
    assert not [line for line in lines if "elsewhere" in line]
    document = buyer.credits("--json").json
    assert (document["unknown"], document["account"]["elsewhere"], len(document["pending"])) == (1, 0, 1)


def test_what_is_lost_is_listed_for_good(buyer: Buyer) -> None:
    """Expect it with the question, so that its owner may ask again."""
    buyer.sim.faults.add(Fault("drop_after", "queryConversation"))
    buyer.credits("ask", FIRST, "one", "--yes")
    buyer.minutes_pass(61)
    buyer.sync()
    lines = report(buyer.credits())
    begin = lines.index("Lost")
    assert lines[begin + 1 : begin + 3] == [
        "   spent     answer      Meeting 0",
        " " * 20 + "by hand: “one”; not proven unpaid",
    ]
    assert "Not known yet" not in lines


@pytest.mark.slow
def test_only_the_last_twenty_are_listed(buyer: Buyer) -> None:
    """Expect the newest of more."""
    buyer.sim.set_tier("enterprise")
    for number in range(21):
        assert buyer.credits("ask", FIRST, f"question {number}", "--yes").code == 0
    entries = buyer.credits("--json").json["entries"]
    assert [each["request"] for each in entries] == [f'{{"query": "question {n}"}}' for n in range(20, 0, -1)]
    out = buyer.credits().out
    assert "“question 1”" in out
    assert "“question 0”" not in out
    assert "unlimited on the account" in out


def test_a_meeting_without_a_title_has_its_id(buyer: Buyer) -> None:
    """Expect something to copy."""
    buyer.credits("ask", FIRST, "one", "--yes")
    buyer.sql("update conversations set title = ''")
    assert any(line.endswith(FIRST) for line in report(buyer.credits()))


# -- how it prints


def test_a_title_or_question_cannot_drive_a_terminal(buyer: Buyer) -> None:
    """Expect both to be harmless wherever they are printed, and whole in JSON."""
    buyer.sql("update conversations set title = ?", NASTY)
    bought = buyer.credits("ask", FIRST, NASTY, "--yes")
    for ran in (bought, buyer.credits(), buyer.credits("--json"), buyer.credits("ask", FIRST, NASTY, "--json")):
        assert ran.code == 0
        assert not [each for each in ran.said if (ord(each) < 32 and each != "\n") or each == "\u202e"]
    assert buyer.credits("--json").json["entries"][0]["title"] == NASTY


@pytest.mark.parametrize("columns", [60, 100])
def test_no_line_is_wider_than_the_terminal(buyer: Buyer, columns: int) -> None:
    """Expect long titles to be cut, and long rules and questions to be wrapped."""
    buyer.configure(
        f"[credits]\nmonthly_cap = 2\nkeep = 1\n{RULE}min_minutes = 20\nnot_title = 'stand-?up|daily|weekly'\n"
    )
    buyer.sql("update conversations set title = title || ' with a title that goes on and on, as they tend to do'")
    buyer.sync()
    buyer.credits("ask", FIRST, "word " * 99, "--yes", "--over-cap")
    buyer.console.monkeypatch.setenv("COLUMNS", str(columns))
    widths = [len(line) for line in buyer.credits().out.splitlines()]
    assert columns - 20 < max(widths) <= columns


def test_it_reads_the_archive_alone(buyer: Buyer) -> None:
    """Expect no key, no request and no write."""
    buyer.console.monkeypatch.setenv("CONVO_API_KEY", "")
    asked, before = len(buyer.sim.requests), buyer.archive.read_bytes()
    for arguments in ((), ("--json",), ("--utc",)):
        assert buyer.credits(*arguments).code == 0
    assert (len(buyer.sim.requests), buyer.archive.read_bytes()) == (asked, before)
