"""What the API sends, read into records: the shapes of the contract, and what a server may do to them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from convo_sync.models import (
    NotJson,
    NotTheApi,
    listing_document,
    read_conversation,
    read_document,
    read_envelope,
    read_error,
    read_events,
    read_generated,
    read_page,
    read_profile,
    read_stored,
    read_webhook,
    read_webhooks,
)
from convo_sync.records import ConversationId, Document, Kind, digest

CONVERSATION = ConversationId("sess_a1")
ROW = {
    "id": "sess_a1",
    "title": "Kick-off",
    "startTime": "2026-03-19T10:00:00Z",
    "endTime": "2026-03-19T10:41:00.000Z",
    "duration": 41,
    "segmentCount": 2,
    "linkedCalendarEventId": "ev1",
}
TURN = {"text": "Hello", "speaker": "Mara", "timestamp": "2026-03-19T10:00:00Z"}
KEYPOINTS = {
    "id": "kp1",
    "title": "Kick-off",
    "createdAt": "2026-03-19T10:44:00Z",
    "keypoints": {
        "title": "inner",
        "sections": [{"heading": "Plan", "points": ["one", "two"]}, {"points": ["three"]}],
        "decisions": ["Go"],
        "actionItems": [{"item": "Call Sam", "owner": "Mara", "confidence": 0.9, "priority": "high"}],
        "participants": ["Mara", "Sam"],
        "importantDates": [{"date": "Friday", "context": "launch"}],
    },
}
FEEDBACK = {
    "id": "fb1",
    "overallScore": 7,
    "userSpeakerName": "Mara",
    "feedback": {
        "topPriority": {"focus": "pause", "quote": "and and", "reason": "haste", "alternative": "breathe"},
        "strengths": [{"category": "clarity", "description": "short", "timestamp": "00:10", "quote": "Go"}],
        "growthAreas": [{"category": "listening", "description": "cuts in", "suggestion": "wait"}],
        "categoryScores": {"clarity": 8, "timeManagement": 6.5},
        "talkListenRatio": 0.6,
        "actionPlan": ["wait two seconds"],
    },
}
ANSWER = {
    "id": "ans1",
    "query": "why?",
    "response": "Because.",
    "metadata": {"segmentsAnalyzed": 2, "conversationDuration": 41},
    "suggestedQueries": ["who?", "when?"],
}
EMAIL = {
    "id": "mail1",
    "subject": "Follow-up",
    "body": "Dear Sam",
    "keyPoints": ["Go"],
    "actionItems": ["Call Sam"],
    "generatedAt": "2026-03-19T11:00:00Z",
}
EVENT = {
    "id": "ev1",
    "summary": "Kick-off",
    "start": {"dateTime": "2026-03-19T11:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-03-19T12:00:00+01:00"},
    "attendees": [{"email": "sam@example.com", "displayName": "Sam", "responseStatus": "accepted"}],
}


def envelope(data: Any, **more: Any) -> bytes:
    """A body that carries `data`."""
    return json.dumps({"data": data, **more}).encode()


def read(kind: Kind, data: Any) -> Document:
    """The document that a body with `data` becomes."""
    document = read_document(CONVERSATION, kind, envelope(data))
    assert document is not None
    return document


def test_page_keeps_rows_counts_and_the_ids_of_unusable_rows() -> None:
    """A row without a start is no listing, but counts as received and is known to exist; one without id has its own."""
    page = read_page(envelope([ROW, {"id": "sess_b2"}, 5], pagination={"total": 3, "limit": 100, "offset": 0}))
    assert (page.received, page.total, page.limit) == (3, 3, 100)
    known, unknown = page.unusable_ids
    assert known == "sess_b2"
    assert unknown.startswith("(no id) ")
    (row,) = page.rows
    assert (row.id, row.title, row.minutes, row.segment_count, row.calendar_event_id) == (
        "sess_a1", "Kick-off", 41, 2, "ev1",
    )  # fmt: skip
    assert row.end_time == datetime(2026, 3, 19, 10, 41, tzinfo=UTC)
    assert row.digest == digest(ROW)


def test_page_survives_the_opposite_of_every_optional() -> None:
    """Nulls, wrong types and missing pagination leave None."""
    odd = {"id": "x", "startTime": "2026-03-19", "endTime": 5, "duration": "long", "segmentCount": -1, "title": None}
    page = read_page(envelope([odd], pagination=[1]))
    (row,) = page.rows
    assert (row.title, row.end_time, row.minutes, row.segment_count, page.total) == ("", None, None, None, None)


@pytest.mark.parametrize("end", ["0000-01-01T00:00:00.000Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_page_survives_times_outside_the_calendar(end: str) -> None:
    """A year that Python cannot express reads as no time."""
    assert read_page(envelope([ROW | {"endTime": end}])).rows[0].end_time is None


def test_listing_document_can_be_read_again() -> None:
    """The stored row has the digest of the row that was listed."""
    document = listing_document(read_page(envelope([ROW | {"new": {"deep": [1.5, "ü"]}}])).rows[0])
    assert read_stored(CONVERSATION, Kind.LISTING, document.body) == document


def test_rename_answers_with_the_row() -> None:
    """The row is a listing; anything else is not the API."""
    assert read_conversation(envelope(ROW)).title == "Kick-off"
    with pytest.raises(NotTheApi):
        read_conversation(envelope({"id": "sess_a1"}))


def test_transcript_becomes_segments_in_order() -> None:
    """Positions are 0-based; times come in the archive's width."""
    document = read(Kind.TRANSCRIPT, {"id": "sess_a1", "segments": [TURN, {"text": "Yes"}]})
    assert document.rows["segments"] == (
        ("sess_a1", 0, "Mara", "2026-03-19T10:00:00.000Z", "Hello"),
        ("sess_a1", 1, None, None, "Yes"),
    )
    assert (document.segments, document.quarantined) == (2, 0)


@pytest.mark.parametrize("bad", [5, None, {"text": None}, {}, {"text": ["a"]}, []])
def test_one_bad_segment_is_quarantined_and_the_others_keep_their_places(bad: Any) -> None:
    """The bad turn leaves a gap; what follows keeps its position."""
    document = read(Kind.TRANSCRIPT, {"segments": [TURN, bad, TURN | {"speaker": 7}]})
    assert [row[1:3] for row in document.rows["segments"]] == [(0, "Mara"), (2, None)]
    assert (document.segments, document.quarantined) == (3, 1)


def test_keypoints_become_rows() -> None:
    """Each list has its table; points are numbered over all sections."""
    document = read(Kind.KEYPOINTS, KEYPOINTS)
    assert document.rows["keypoints"] == (
        ("sess_a1", 0, 0, "Plan", "one"),
        ("sess_a1", 1, 0, "Plan", "two"),
        ("sess_a1", 2, 1, None, "three"),
    )
    assert document.rows["decisions"] == (("sess_a1", 0, "Go"),)
    assert document.rows["action_items"] == (("sess_a1", 0, "Call Sam", "Mara", 0.9, "high"),)
    assert document.rows["participants"] == (("sess_a1", 0, "Mara"), ("sess_a1", 1, "Sam"))
    assert document.rows["important_dates"] == (("sess_a1", 0, "Friday", "launch"),)
    assert (document.title, document.created_at) == ("Kick-off", "2026-03-19T10:44:00.000Z")


def test_unusable_parts_of_keypoints_are_counted() -> None:
    """A bad item is dropped and counted; its neighbours stay."""
    content = {"decisions": ["Go", 5], "actionItems": [{"owner": "Mara"}, {"item": "x"}], "participants": "Mara"}
    document = read(Kind.KEYPOINTS, {"keypoints": content})
    assert document.rows["decisions"] == (("sess_a1", 0, "Go"),)
    assert document.rows["action_items"] == (("sess_a1", 0, "x", None, None, None),)
    assert (document.rows["participants"], document.quarantined) == ((), 3)


def test_feedback_becomes_rows() -> None:
    """Scores on one row, strengths before growth areas; the outer score stands in for the inner."""
    document = read(Kind.FEEDBACK, FEEDBACK)
    assert document.rows["feedback"] == (
        ("sess_a1", 7, "pause", "and and", "haste", "breathe", 8, None, 6.5, None, None, 0.6, "Mara"),
    )
    assert document.rows["feedback_points"] == (
        ("sess_a1", 0, "strength", "clarity", "short", None, "Go", "00:10"),
        ("sess_a1", 1, "growth", "listening", "cuts in", "wait", None, None),
    )
    assert document.rows["action_plan"] == (("sess_a1", 0, "wait two seconds"),)


def test_answer_becomes_rows() -> None:
    """The item is the answer's id."""
    document = read(Kind.ANSWER, ANSWER)
    assert document.rows == {
        "answers": (("sess_a1", "ans1", "why?", "Because.", 2, 41),),
        "suggested_queries": (("sess_a1", "ans1", 0, "who?"), ("sess_a1", "ans1", 1, "when?")),
    }
    assert (document.item, document.title) == ("ans1", "why?")


@pytest.mark.parametrize("own", [None, "", 5, "sess_a1"])
def test_replies_without_an_id_of_their_own_do_not_overwrite_each_other(own: Any) -> None:
    """A missing id, or the conversation's, is replaced by the start of the digest."""
    first, second = (read(Kind.ANSWER, ANSWER | {"id": own, "response": text}) for text in ("a", "b"))
    assert first.item != second.item
    assert first.digest.startswith(first.item)


def test_email_becomes_rows() -> None:
    """Key points before action items."""
    document = read(Kind.EMAIL, EMAIL)
    assert document.rows == {
        "emails": (("sess_a1", "mail1", "Follow-up", "Dear Sam", "2026-03-19T11:00:00.000Z"),),
        "email_points": (
            ("sess_a1", "mail1", 0, "key_point", "Go"),
            ("sess_a1", "mail1", 1, "action_item", "Call Sam"),
        ),
    }
    assert (document.item, document.title, document.created_at) == ("mail1", "Follow-up", "2026-03-19T11:00:00.000Z")


def test_events_are_documents_by_id_and_start() -> None:
    """Each event is a document of no conversation; unusable ones are counted."""
    page = read_events(envelope([EVENT, {"summary": "no id"}, 5]))
    (event,) = page.documents
    item = "ev1 2026-03-19T10:00:00.000Z"
    assert (page.received, event.conversation_id, event.item, event.title) == (3, "", item, "Kick-off")
    assert event.rows == {
        "events": (
            (
                item,
                "ev1",
                "2026-03-19T10:00:00.000Z",
                None,
                "2026-03-19T11:00:00.000Z",
                None,
                "Europe/Berlin",
                None,
                "Kick-off",
            ),
        ),
        "attendees": ((item, 0, "sam@example.com", "Sam", "accepted"),),
    }
    assert read_stored(event.conversation_id, Kind.EVENT, event.body) == event


def test_whole_day_events_have_a_date_and_no_time() -> None:
    """The item carries the date; what is no date is none."""
    page = read_events(envelope([{"id": "e", "start": {"date": "2026-03-19"}, "end": {"date": "soon"}}, {"id": "f"}]))
    first, second = page.documents
    assert first.rows["events"] == (("e 2026-03-19", "e", None, "2026-03-19", None, None, None, None, None),)
    assert second.item == "f"


@pytest.mark.parametrize(
    ("kind", "data"),
    [(Kind.KEYPOINTS, None), (Kind.KEYPOINTS, {"keypoints": None}), (Kind.FEEDBACK, {"id": "x", "feedback": None})],
)
def test_an_answer_that_says_none_is_none(kind: Kind, data: Any) -> None:
    """A 200 with null means that the server has none; a generation may not answer so."""
    assert read_document(CONVERSATION, kind, envelope(data)) is None
    with pytest.raises(NotTheApi):
        read_generated(CONVERSATION, kind, envelope(data))


@pytest.mark.parametrize(("cached", "expected"), [(True, True), (False, False), ("true", False), (None, False)])
def test_only_true_means_cached(cached: Any, expected: bool) -> None:
    """Anything but ``true`` is spent; the digest is that of the document without the word."""
    document, was_cached = read_generated(CONVERSATION, Kind.KEYPOINTS, envelope(KEYPOINTS | {"cached": cached}))
    assert was_cached is expected
    assert document.digest == read(Kind.KEYPOINTS, KEYPOINTS).digest


@pytest.mark.parametrize("kind", [Kind.TRANSCRIPT, Kind.KEYPOINTS, Kind.FEEDBACK, Kind.ANSWER, Kind.EMAIL])
@pytest.mark.parametrize("body", [b"[]", b'{"data": 5}', b'{"data": {}}', b"{}", b'{"error": {"code": "x"}}'])
def test_another_shape_is_not_the_api(kind: Kind, body: bytes) -> None:
    """JSON without the kind's content is refused, so that it replaces nothing."""
    with pytest.raises(NotTheApi):
        read_document(CONVERSATION, kind, body)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"data": {', b"{\x00", b"\xff\xfe{\x00", b"[" * 100_000])
def test_what_is_no_json_is_told_apart(body: bytes) -> None:
    """Cut, empty, HTML, UTF-16 and bottomless bodies are `NotJson`."""
    with pytest.raises(NotJson):
        read_envelope(body)


def test_numbers_that_json_cannot_carry_read_as_null() -> None:
    """NaN and numbers beyond a float would make a stored body unreadable for other tools."""
    assert read_envelope(b'{"a": NaN, "b": 1e999, "c": -Infinity, "d": 1.5}') == {
        "a": None,
        "b": None,
        "c": None,
        "d": 1.5,
    }


def test_broken_text_is_replaced_not_refused() -> None:
    """NUL, lone surrogates and broken UTF-8 become U+FFFD; pairs stay the character that they are."""
    body = b'{"a": "x\\u0000y", "b": "\\ud800", "c": "\\ud83d\\ude00", "d": "\xff", "\\udfff": "\xed\xa0\x80"}'
    read = read_envelope(body)
    assert (read["a"], read["b"], read["c"], read["d"]) == ("x\ufffdy", "\ufffd", "\U0001f600", "\ufffd")
    assert "\ufffd" in read


def test_a_row_nested_without_end_is_unusable() -> None:
    """What could not be written again is not kept; the other rows are."""
    deep = b'{"data": [%s, {"id": "d", "startTime": "2026-03-19", "x": %s}]}'
    page = read_page(deep % (json.dumps(ROW).encode(), b"[" * 300 + b"]" * 300))
    assert ([row.id for row in page.rows], page.unusable_ids) == (["sess_a1"], ("d",))


def test_only_the_contract_form_is_an_error_of_the_api() -> None:
    """Code and message have to be texts."""
    assert read_error(b'{"error": {"code": "not_found", "message": "gone"}}') == ("not_found", "gone")
    for body in (
        b"<html>",
        b'{"error": "x"}',
        b'{"error": {"code": 401, "message": "no"}}',
        b'{"error": {"code": "x"}}',
    ):
        assert read_error(body) is None


def test_profile_names_the_account() -> None:
    """Credits may be unlimited; an account without e-mail is not the API."""
    usage = {"aiGenerations": {"used": 3, "limit": None, "resetsAt": "2026-04-01T00:00:00Z"}}
    body = envelope({"profile": {"email": "m@example.com", "name": "Mara"}, "subscription": {}, "apiUsage": usage})
    account = read_profile(body)
    assert (account.email, account.name, account.tier, account.credits_used, account.credits_limit) == (
        "m@example.com", "Mara", "unknown", 3, None,
    )  # fmt: skip
    assert account.credits_reset_at == datetime(2026, 4, 1, tzinfo=UTC)
    with pytest.raises(NotTheApi):
        read_profile(envelope({"profile": {"email": 5}}))


def test_webhooks_carry_their_secret_once() -> None:
    """The secret is read on creation and never shown."""
    made = read_webhook(
        envelope({"id": "w", "url": "https://x.example", "events": ["webhook.test"], "secret": "whsec_1"})
    )
    assert (made.id, made.events, made.secret) == ("w", ("webhook.test",), "whsec_1")
    assert "whsec_1" not in repr(made)
    assert [each.id for each in read_webhooks(envelope([{"id": "w"}, {}, 5]))] == ["w"]
    wrongs: tuple[Any, ...] = ({}, {"id": ""}, [])
    for wrong in wrongs:
        with pytest.raises(NotTheApi):
            read_webhook(envelope(wrong))
