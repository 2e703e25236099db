"""Answers and e-mails as `show` and `search` print them, on an archive that has some."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync import models
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.records import Kind

from .archive.storage import NOW, ONE, TWO, fill
from .reading import NASTY, Call, runner

WHY, LATER = "Why was the zebra budget cut?", "And what is left of it? " * 8
RESPONSE = "Two reasons:\r\n\n- it cost too much\n  - " + "far too much " * 20 + f"\n- {NASTY}\n\n"
BODY = "\nDear Leonie,\n\nthank you for the talk.\n1. The pelican stays.\n\nBest regards\nMara\n"


def keep(archive: Archive, kind: Kind, hours: int, **data: Any) -> None:
    """Store a reply as it came so many hours after NOW."""
    document, _ = models.read_generated(ONE, kind, json.dumps({"data": data}).encode())
    now = NOW + timedelta(hours=hours)
    archive.store_document(document, None, current=True, cause="test", run_id=None, now=now, budget=Budget())


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two answers and two e-mails about one of its meetings, the older ones stored last and named last."""
    path = fill(tmp_path_factory.mktemp("replies") / "archive.db")
    with Archive(path, NOW) as filled:
        keep(filled, Kind.ANSWER, 5, id="a", query=LATER, response="Nothing at all.")
        keep(filled, Kind.ANSWER, 2, id="b", query=WHY, response=RESPONSE, suggestedQueries=["Who did it?", "When?"])
        keep(filled, Kind.EMAIL, 4, id="a", body="Hello")
        keep(filled, Kind.EMAIL, 6, id="b", subject="Follow-up", body=BODY, generatedAt="2026-03-20T13:00:00Z")
    return path


@pytest.fixture
def call(archive: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process, on the archive."""
    return runner(archive, capsys)


def section(page: str, title: str) -> str:
    """What stands under a title, up to the next line that is not further in."""
    lines = page.partition(f"\n{title}\n")[2].splitlines()
    end = next((number for number, line in enumerate(lines) if line and not line.startswith("  ")), len(lines))
    return "\n".join(lines[:end]).rstrip()


def test_answers_for_a_person(call: Call) -> None:
    """Expect each question, when it was asked, the answer in its own lines, what to ask next; the newest last."""
    shown = section(call("show", ONE, "--utc").out, "Answers")
    assert shown.startswith(f"  {WHY}\n  Asked Fri 2026-03-20 14:00 UTC\n    Two reasons:\n\n    - it cost too much\n")
    assert "\n      - far too much far too much" in shown
    assert " ".join(shown.split()).count("far too much") == 20
    assert "\n    - red [31malert[0m and turned 2J end\n\n    To ask next:\n" in shown
    assert "      • Who did it?\n      • When?\n\n  And what is left of it? And" in shown
    assert shown.endswith("\n  Asked Fri 2026-03-20 17:00 UTC\n    Nothing at all.")
    assert max(map(len, shown.splitlines())) <= 80


def test_emails_for_a_person(call: Call) -> None:
    """Expect subject, date and the text in its own lines, the newest last whatever the order they came in."""
    assert section(call("show", ONE, "--utc").out, "E-mails") == (
        "  Follow-up\n  Drafted Fri 2026-03-20 13:00 UTC\n"
        "    Dear Leonie,\n\n    thank you for the talk.\n    1. The pelican stays.\n\n    Best regards\n    Mara\n"
        "\n  (no subject)\n  Drafted Fri 2026-03-20 16:00 UTC\n    Hello"
    )


def test_a_meeting_without_any_has_no_such_section(call: Call) -> None:
    """Expect neither title nor words about what is lacking: nobody asked."""
    shown = call("show", TWO)
    assert "Answers" not in shown.out
    assert "E-mails" not in shown.out
    assert "## Answers" not in call("show", TWO, "--markdown").out
    found = call("show", TWO, "--json").json
    assert (found["answers"], found["emails"]) == ([], [])


def test_only_the_moment_that_was_asked_for(call: Call) -> None:
    """Expect `--at` to leave the replies out as it does the key points."""
    assert "Answers" not in call("show", ONE, "--at", "0").out


def test_the_json_keeps_its_contract(call: Call) -> None:
    """Expect the names and their order, and the texts as they were received."""
    found = call("show", ONE, "--json").json
    assert found["answers"] == [
        {
            "item": "b", "query": WHY, "response": RESPONSE, "suggested": ["Who did it?", "When?"],
            "asked_at": "2026-03-20T14:00:00.000Z",
        },
        {
            "item": "a", "query": LATER, "response": "Nothing at all.", "suggested": [],
            "asked_at": "2026-03-20T17:00:00.000Z",
        },
    ]  # fmt: skip
    assert list(found["answers"][0]) == ["item", "query", "response", "suggested", "asked_at"]
    assert found["emails"] == [
        {"item": "b", "subject": "Follow-up", "body": BODY, "created_at": "2026-03-20T13:00:00.000Z"},
        {"item": "a", "subject": "", "body": "Hello", "created_at": "2026-03-20T16:00:00.000Z"},
    ]
    assert list(found["emails"][0]) == ["item", "subject", "body", "created_at"]


def test_markdown(call: Call) -> None:
    """Expect a heading each, lines that stay lines, and nothing of the AI's text to become markup."""
    out = call("show", ONE, "--markdown", "--utc").out
    assert f"\n## Answers\n\n### {WHY}\n\nAsked Fri 2026-03-20 14:00 UTC\n\nTwo reasons:\n\n\\- it cost" in out
    assert "\n\nTo ask next:\n\n- Who did it?\n- When?\n\n### And what is left" in out
    assert (
        "\n## E-mails\n\n### Follow-up\n\nDrafted Fri 2026-03-20 13:00 UTC\n\n"
        "Dear Leonie,\n\nthank you for the talk.  \n1\\. The pelican stays.\n\nBest regards  \nMara\n"
        "\n### (no subject)\n\nDrafted Fri 2026-03-20 16:00 UTC\n\nHello\n"
    ) in out


@pytest.mark.parametrize(
    ("kind", "words", "lines"),
    [
        ("answer", "zebra", ["  1. answer", "     Why was the «zebra» budget cut?", "     Two reasons: - it cost too"]),
        ("email", "pelican", ["  1. e-mail", "     Follow-up", "     Dear Leonie, thank you for the talk."]),
    ],
)  # fmt: skip
def test_a_hit_in_a_reply(call: Call, kind: str, words: str, lines: list[str]) -> None:
    """Expect its kind, the question or subject on a line of its own, what tells below it, and how to open it."""
    found = call("search", "--kind", kind, words).out.splitlines()
    assert all(line.startswith(expected) for line, expected in zip(found[2:], lines, strict=False)), found
    assert found[-1] == f"Open one: convo-sync show {ONE}"
    hits = call("search", "--kind", kind, "--json", words).json["hits"]
    assert [(hit["conversation_id"], hit["kind"], hit["position"]) for hit in hits] == [(ONE, kind, None)]


def test_a_hit_far_into_an_answer_has_its_question(call: Call) -> None:
    """Expect the question above a snippet that begins after it, and not twice above one that begins with it."""
    out = call("search", "--kind", "answer", "turned").out
    assert f"  1. answer\n     {WHY}\n     …" in out
    assert "«turned»" in out
    assert out.count("Why was") == 1
