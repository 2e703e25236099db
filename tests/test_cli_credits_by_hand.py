"""One credit spent by hand: the price is said, it is asked for, limits hold, and what came of it is told as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .buyer import FIRST, SHORT, Buyer, flat, told
from .console import Console

TITLE = "“Meeting 0”"


@pytest.fixture
def buyer(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    """A professional account, 100 credits a month, and a complete archive."""
    with Buyer.serving(tmp_path, Console(capsys, monkeypatch)) as buyer:
        yield buyer


# -- the price, and whose word it takes


@pytest.mark.parametrize(
    ("arguments", "named", "kind"),
    [
        (("generate", "keypoints", FIRST), f"Key points of {TITLE}", "keypoints"),
        (("generate", "feedback", FIRST), f"Feedback of {TITLE}", "feedback"),
        (("ask", FIRST, "what", "was", "said"), f"An answer about {TITLE}", "query"),
        (("email", FIRST, "--to", "Leonie", "--tone", "casual"), f"An e-mail about {TITLE}", "email"),
    ],
)
def test_the_price_is_named_and_is_what_was_charged(
    buyer: Buyer, arguments: tuple[str, ...], named: str, kind: str
) -> None:
    """Expect one line with price and what is left, one charge, one line of the ledger, and the next one cheaper."""
    ran = buyer.credits(*arguments, "--yes")
    assert (ran.code, told(ran)) == (0, f"{named}: 1 AI credit. 100 left on the account.")
    assert buyer.charged == [(FIRST, kind)]
    assert [state for *_, state in buyer.ledger] == ["spent"]
    again = buyer.credits(*arguments, "--yes", "--refresh" if arguments[0] == "generate" else "--again")
    assert told(again).endswith("1 AI credit. 99 left on the account.")
    assert len(buyer.charged) == 2


@pytest.mark.parametrize(
    "arguments", [("generate", "keypoints", FIRST), ("ask", FIRST, "why"), ("email", FIRST)], ids=" ".join
)
def test_without_a_terminal_it_takes_yes(buyer: Buyer, arguments: tuple[str, ...]) -> None:
    """Expect exit code 2, how to go on, and that not even a free request was sent."""
    asked = len(buyer.sim.requests)
    ran = buyer.credits(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert told(ran).endswith("may cost 1 AI credit, and there is nobody to ask. Add --yes to spend it.")
    assert (len(buyer.sim.requests), buyer.ledger) == (asked, [])


def test_an_unlimited_account_is_called_so(buyer: Buyer) -> None:
    """Expect no number where there is none, at the beginning of a sentence."""
    buyer.sim.set_tier("enterprise")
    ran = buyer.credits("ask", FIRST, "why", "--yes")
    assert told(ran).endswith("1 AI credit. Unlimited on the account.")


# -- what it prints


def test_an_answer_is_printed_archived_and_found(buyer: Buyer) -> None:
    """Expect the answer on stdout, and search and show to have it at once."""
    ran = buyer.credits("ask", FIRST, "What about topic3?", "--yes")
    assert "What about topic3?" in ran.out
    assert "Speaker 0 said: turn 0 of meeting 0 about topic0" in flat(ran.out)
    assert flat(ran.out) in flat(buyer.console("show", FIRST).out)
    hits = buyer.console("search", "--kind", "answer", "topic3", "--json").json["hits"]
    assert [(hit["conversation_id"], hit["kind"]) for hit in hits] == [(FIRST, "answer")]


def test_an_email_is_for_whom_it_was_asked(buyer: Buyer) -> None:
    """Expect recipient and tone to reach Convo, and the text to be found."""
    ran = buyer.credits("email", FIRST, "--to", " Leonie ", "--tone", "casual", "--yes")
    assert "Hi Leonie," in ran.out
    assert buyer.console("search", "--kind", "email", "Leonie", "--json").json["total"] == 1


def test_as_json_it_is_one_document(buyer: Buyer) -> None:
    """Expect what came and what it cost, first bought and then from the archive."""
    for credits in (1, 0):
        ran = buyer.credits("ask", FIRST, "why", "--yes", "--json")
        assert (ran.json["conversation_id"], ran.json["credits"], ran.json["query"]) == (FIRST, credits, "why")
        assert ran.json["response"]
        assert ran.json["asked_at"]
    for state in ("spent", "archived"):
        ran = buyer.credits("generate", "keypoints", FIRST, "--yes", "--json")
        credits = int(state == "spent")
        assert ran.json == {"conversation_id": FIRST, "kind": "keypoints", "state": state, "credits": credits}
    assert buyer.credits("email", FIRST, "--yes", "--json").json["subject"] == "Follow-up: Meeting 0"


# -- for nothing


def test_the_same_question_is_answered_from_the_archive(buyer: Buyer) -> None:
    """Expect no request for it, however it is spaced and capitalised, without asking anybody; --again pays."""
    first = buyer.credits("ask", FIRST, "what was said", "--yes")
    asked = len(buyer.sim.requests)
    again = buyer.credits("ask", FIRST, " What  was", "SAID ")
    assert (again.code, again.out) == (0, first.out)
    assert told(again).startswith("Asked before about the same transcript: from the archive, nothing was spent.")
    assert len(buyer.sim.requests) == asked
    assert buyer.credits("ask", FIRST, "what was said", "--again").code == 2
    assert buyer.credits("ask", FIRST, "what was said", "--again", "--yes").code == 0
    assert len(buyer.charged) == 2


@pytest.mark.parametrize("name", ["ask", "email"])
def test_what_another_command_bought_meanwhile_is_told_as_free(
    buyer: Buyer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Expect a command that finds it only once it holds the archive to say that it spent nothing, and to print it."""
    arguments = (name, FIRST, *(["why"] if name == "ask" else []), "--yes")
    first = buyer.credits(*arguments)
    monkeypatch.setattr(f"convo_sync.cli.credits_{name}.before", lambda *_: None)
    again = buyer.credits(*arguments)
    assert (again.code, again.out) == (0, first.out)
    assert "nothing was spent. --again" in told(again)
    assert buyer.credits(*arguments, "--json").json["credits"] == 0
    assert len(buyer.charged) == 1


def test_another_meeting_tone_or_transcript_is_another_question(buyer: Buyer) -> None:
    """Expect each to be paid for, and the newest answer to be the one that is printed."""
    for arguments in (("ask", FIRST, "why"), ("ask", SHORT, "why"), ("email", FIRST), ("email", FIRST, "--to", "Jo")):
        assert buyer.credits(*arguments, "--yes").code == 0
    assert len(buyer.charged) == 4
    buyer.sim.world.grow(
        FIRST, [{"text": "one more thing", "speaker": "Speaker 0", "timestamp": "2026-03-20T12:00:00Z"}]
    )
    assert buyer.sync().code == 0
    assert buyer.credits("ask", FIRST, "why").code == 2
    assert buyer.credits("ask", SHORT, "why").code == 0


def test_what_convo_has_already_costs_nothing(buyer: Buyer) -> None:
    """Expect a free request to bring what was generated since the last sync, and no question."""
    buyer.sim.world.set_keypoints(FIRST, {"sections": [{"heading": "A", "points": ["made by the app"]}]})
    buyer.minutes_pass(10)  # the last sync has asked just now
    ran = buyer.credits("generate", "keypoints", FIRST, "--yes")
    assert ran.out.splitlines()[0] == "Key points archived. Convo had them already, so this spent nothing."
    assert (buyer.posts, buyer.ledger) == (0, [])
    assert "made by the app" in buyer.console("show", FIRST).out


def test_what_is_archived_is_not_bought_again(buyer: Buyer) -> None:
    """Expect nothing to be sent without --refresh, and another revision with it."""
    buyer.credits("generate", "keypoints", FIRST, "--yes")
    asked = len(buyer.sim.requests)
    ran = buyer.credits("generate", "keypoints", FIRST)
    assert ran.out.startswith("The key points are archived already: nothing was spent. --refresh has new ones made.")
    assert (ran.code, len(buyer.sim.requests)) == (0, asked)
    assert buyer.credits("generate", "keypoints", FIRST, "--refresh", "--yes").code == 0
    revisions = "select count(*) from revisions r join documents d on d.id = r.document_id where d.kind = 'keypoints'"
    assert buyer.sql(revisions) == [(2,)]


# -- what cannot be meant


@pytest.mark.parametrize("length", [500, 501])
def test_a_question_has_at_most_500_characters(buyer: Buyer, length: int) -> None:
    """Expect 500 to be asked, and 501 to be refused before anything is sent."""
    asked, question = len(buyer.sim.requests), "ü" * length
    ran = buyer.credits("ask", FIRST, question, "--yes")
    if length == 500:
        assert (ran.code, buyer.charged) == (0, [(FIRST, "query")])
        return
    assert (ran.code, len(buyer.sim.requests)) == (2, asked)
    assert told(ran).startswith("The question has 501 characters, and Convo takes 500 at most. Nothing was sent.")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ask", FIRST, " ", ""), 2, "There is no question. Write it after the meeting's id."),
        (("ask", FIRST), 2, "Missing argument"),
        (("email", FIRST, "--to", " "), 2, "--to is followed by no name."),
        (("email", FIRST, "--tone", "rude"), 2, "'rude' is not one of"),
        (("generate", "transcript", FIRST), 2, "'transcript' is not one of"),
        (("generate", "keypoints", "sess_nope"), 3, "There is no conversation sess_nope in this archive."),
        (("ask", "sess_nope", "why"), 3, "There is no conversation sess_nope in this archive."),
        (("email", "sess_0"), 3, "Several conversations begin with sess_0. Give more of the id."),
        (("generate", "feedback", SHORT), 1, "Nothing was spent: feedback needs at least 10 segments."),
    ],
)
def test_what_cannot_be_meant_is_told_and_sends_no_post(
    buyer: Buyer, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """Expect the exit code of the command line's contract, a plain sentence, and no credit at risk."""
    ran = buyer.credits(*arguments, "--yes")
    assert (ran.code, ran.out) == (code, "")
    assert said in told(ran)
    assert (buyer.posts, buyer.ledger) == (0, [])


def test_the_documents_that_tell_of_a_purchase_are_pure_json(buyer: Buyer) -> None:
    """Expect nothing but the document on stdout even where the price is said."""
    ran = buyer.credits("email", FIRST, "--yes", "--json")
    assert json.loads(ran.out)["credits"] == 1
    assert "1 AI credit" in told(ran)
