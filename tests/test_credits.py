"""What makes a document a candidate, and every reason for which it is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from convo_sync.credits.decision import PAUSES, Decision, decide
from convo_sync.credits.entries import NOT_SENT, UNPROVEN, USED_UP, Entry, Standing
from convo_sync.credits.fitness import Subject
from convo_sync.credits.rules import Settings
from convo_sync.records import Holding, Kind, State
from tests.holdings import DAY, HOUR, MINUTE, NOON, ONE
from tests.purse import AGED, CHANGED, FEEDBACK, MISSING, books, bought, entry, old, reading, settings, subject, why

LOST = entry(Standing.REFUSED, evidence="refused: no")


def test_a_missing_document_is_bought() -> None:
    """With all that its ledger line needs: the rule by name, why, and what was held before."""
    (generation,) = decide(settings(), books(), [subject()], NOON).generations
    wish = generation.wish
    assert (wish.conversation_id, wish.kind, wish.rule, wish.reason) == (
        ONE,
        Kind.KEYPOINTS,
        MISSING.name,
        "there is none",
    )
    assert (wish.force, wish.document_digest, wish.transcript_digest, generation.price) == (False, None, "t", 1)


# -- why not

UNFIT = [
    (subject(gone_at=NOON), "the meeting was deleted at Convo"),
    (subject(suspect=True), "the meeting may have been deleted at Convo"),
    (subject(missed_sweeps=1), "the meeting may have been deleted at Convo"),
    (subject(end_time=None, start_time=NOON - HOUR), "the meeting has not ended"),
    (subject(end_time=NOON - 14 * MINUTE), "the meeting ended less than 15 minutes ago"),
    (subject(end_time=None, start_time=NOON - DAY - MINUTE, minutes=2e3), "the meeting ended less than 15 minutes ago"),
    (subject(transcript=Holding(ONE, Kind.TRANSCRIPT, State.PENDING)), "the transcript is not complete"),
    (subject(segments=0), "nothing was said"),
    (subject(state=State.NOT_APPLICABLE, reason="no"), "Convo refuses key points of it: no"),
    (subject(state=State.EXCLUDED), "it is excluded"),
    (subject(state=State.PENDING), "Convo has not said yet whether there is one"),
    (subject(state=State.FAILED), "Convo has not said yet whether there is one"),
]  # fmt: skip


@pytest.mark.parametrize(("candidate", "reason"), UNFIT, ids=[reason for _, reason in UNFIT])
def test_an_unfit_meeting_is_left_out(candidate: Subject, reason: str) -> None:
    """Whatever of the meeting stands against it."""
    assert why(candidate) == [reason]


def test_feedback_needs_ten_segments() -> None:
    """As archived or as listed, whichever is more."""
    few = subject(kind=Kind.FEEDBACK, segments=9, segment_count=9)
    assert why(few, said=settings(FEEDBACK)) == ["feedback needs at least 10 segments"]
    assert bought(decide(settings(FEEDBACK), books(), [replace(few, segments=10)], NOON)) == [ONE]


FILTERS = [
    ({"min_minutes": 61.0}, "it took less than 61 minutes"),
    ({"min_segments": 13}, "it has fewer than 13 segments"),
    ({"title": "^Budget"}, "its title does not match '^Budget'"),
    ({"not_title": "MEETING"}, "its title matches 'MEETING'"),
    ({"within_days": 0.5}, "it began more than 0.5 days ago"),
]


@pytest.mark.parametrize(("named", "reason"), FILTERS, ids=[reason for _, reason in FILTERS])
def test_a_filter_leaves_out(named: dict[str, Any], reason: str) -> None:
    """Each filter of a rule, and the same filter a little wider lets the meeting pass."""
    wider: dict[str, Any] = {
        "min_minutes": 60.0,
        "min_segments": 12,
        "title": "meeting",
        "not_title": "x",
        "within_days": 1.0,
    }
    assert why(subject(), said=settings(replace(MISSING, **named))) == [reason]
    wide = replace(MISSING, **{name: wider[name] for name in named})
    assert bought(decide(settings(wide), books(), [subject()], NOON)) == [ONE]


PAST = [
    (entry(Standing.UNKNOWN), "the outcome of an earlier generation of it is not known yet"),
    (entry(Standing.RESERVED), "the outcome of an earlier generation of it is not known yet"),
    (entry(evidence=UNPROVEN, transcript="t"),
     "one was probably paid for and nothing came; rules do not pay twice, `credits generate` does"),
    (LOST, "it did not work the last time (refused: no); tried again later"),
    (entry(Standing.UNKNOWN, of="sess_2"), "the outcome of an earlier generation is not known yet"),
    (entry(Standing.REFUSED, of="sess_2", evidence=USED_UP), "Convo says that this month's credits are used up"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "reason"), PAST, ids=[reason for _, reason in PAST])
def test_the_ledger_stands_against_it(line: Entry, reason: str) -> None:
    """What became of earlier lines, of this document or of any."""
    assert why(subject(), known=books(line)) == [reason]


@pytest.mark.parametrize(
    "line",
    [
        entry(evidence=UNPROVEN, transcript="another"),
        replace(LOST, settled_at=NOON - HOUR),
        entry(Standing.REFUSED, evidence=NOT_SENT),
        entry(Standing.REFUSED, of="sess_2", evidence=USED_UP, resets_at=NOON),
        entry(Standing.REFUSED, of="sess_2"),
    ],
    ids=["another transcript", "an hour later", "it was not sent", "the month turned", "another's"],
)
def test_the_ledger_does_not_stand_against_it(line: Entry) -> None:
    """What is over, or was of something else."""
    assert bought(decide(settings(), books(line), [subject()], NOON)) == [ONE]


@pytest.mark.parametrize("failed", range(1, 7))
def test_refusals_in_a_row_make_the_pause_longer(failed: int) -> None:
    """An hour, six, a day, a week, and a week ever after; a success in between starts anew."""
    pause = PAUSES[min(failed, len(PAUSES)) - 1]
    lines = [replace(LOST, id=id_, settled_at=NOON - pause) for id_ in range(failed)]
    assert bought(decide(settings(), books(*lines), [subject()], NOON)) == [ONE]
    too_early = [replace(each, settled_at=NOON - pause + MINUTE) for each in lines]
    assert len(why(subject(), known=books(*too_early))) == 1
    came = [*lines[:-1], entry(Standing.FREE), replace(LOST, settled_at=NOON - PAUSES[0])]
    assert bought(decide(settings(), books(*came), [subject()], NOON)) == [ONE]


MONEY = [
    (settings(cap=1), books(entry()), "monthly_cap (1) is reached"),
    (settings(), books(readings=(reading(10),)), "no credit is left on the account"),
    (settings(keep=10), books(), "10 left on the account, and keep is 10"),
    (settings(replace(MISSING, at_most=1)), books(entry()), "at_most (1) of its rule is reached"),
    (settings(), books(readings=(reading(None),)), "Convo does not say how many credits are used, and until when"),
    (settings(), books(readings=(reading(ends=None),), ends=None),
     "Convo does not say how many credits are used, and until when"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "known", "reason"), MONEY, ids=[reason for *_, reason in MONEY])
def test_money_stands_against_it(said: Settings, known: Any, reason: str) -> None:
    """Cap, allowance, keep, the rule's own limit; and no word from the server is no leave."""
    assert why(subject(5), said=said, known=known) == [reason]
    assert bought(decide(said, known, [subject(5)], NOON, presume_money=True)) == ["sess_5"]


def test_without_a_rule_or_a_cap_nothing_is_decided() -> None:
    """And the reason is one, not one for each meeting."""
    assert decide(Settings(), books(), [subject()], NOON).blocked == "no rule in config.toml spends credits"
    none = decide(settings(cap=None), books(), [subject()], NOON)
    assert (none.generations, none.left_out, "monthly_cap is not set" in none.blocked) == ((), (), True)


def test_what_was_never_asked_for_can_be_presumed_missing() -> None:
    """As the forecast of the next run does."""
    decision = decide(settings(), books(), [subject(state=State.PENDING)], NOON, presume_missing=True)
    assert bought(decision) == [ONE]


# -- when


def test_a_changed_transcript_is_paid_for_once() -> None:
    """Where it settled after the document was made; not again once a line paid for this very transcript."""
    candidate = old(is_outdated=True, transcript_at=NOON - HOUR)
    decision = decide(settings(CHANGED), books(), [candidate], NOON)
    assert [(each.wish.force, each.wish.document_digest) for each in decision.generations] == [(True, "d")]
    assert why(replace(candidate, transcript_at=NOON - MINUTE), said=settings(CHANGED)) == [
        "the transcript may still be changing"
    ]
    for unchanged, known in ((old(), books()), (subject(), books()), (candidate, books(entry(transcript="t")))):
        assert decide(settings(CHANGED), known, [unchanged], NOON) == Decision()
    assert bought(decide(settings(CHANGED), books(entry(transcript="before")), [candidate], NOON)) == [ONE]


def test_an_old_document_is_made_anew() -> None:
    """Older than the rule says, by the server's word and by the ledger's."""
    assert decide(settings(AGED), books(), [old(age=30 * DAY), subject()], NOON) == Decision()
    assert bought(decide(settings(AGED), books(), [old(age=31 * DAY)], NOON)) == [ONE]
    assert decide(settings(AGED), books(entry()), [old(age=31 * DAY)], NOON) == Decision()
    assert bought(decide(settings(AGED), books(entry(at=NOON - 31 * DAY)), [old(age=31 * DAY)], NOON)) == [ONE]
