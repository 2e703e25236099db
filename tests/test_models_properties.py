"""Whatever a server sends, reading it never fails in a way that a run would not expect."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convo_sync.models import (
    NotTheApi,
    clean,
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
from convo_sync.records import ConversationId, Kind, Page, digest

ID = ConversationId("sess_a1")
ROW = {
    "id": "sess_a1",
    "title": "t",
    "startTime": "2026-03-19T10:00:00Z",
    "endTime": None,
    "duration": 4,
    "segmentCount": 2,
}
TURN = {"text": "Hello", "speaker": "Mara", "timestamp": "2026-03-19T10:00:00Z"}
KEYPOINTS = {
    "id": "k",
    "title": "t",
    "createdAt": "2026-03-19T10:44:00Z",
    "keypoints": {
        "sections": [{"heading": "h", "points": ["p"]}],
        "decisions": ["d"],
        "actionItems": [{"item": "i", "owner": "o", "confidence": 0.9, "priority": "high"}],
        "participants": ["Mara"],
        "importantDates": [{"date": "Friday", "context": "c"}],
    },
}
FEEDBACK = {
    "id": "f",
    "overallScore": 7,
    "userSpeakerName": "Mara",
    "feedback": {
        "topPriority": {"focus": "f", "quote": "q"},
        "strengths": [{"category": "c", "timestamp": "t"}],
        "growthAreas": [{"category": "c", "suggestion": "s"}],
        "categoryScores": {"clarity": 8},
        "talkListenRatio": 0.6,
        "actionPlan": ["a"],
    },
}
ANSWER = {
    "id": "a",
    "query": "q",
    "response": "r",
    "metadata": {"segmentsAnalyzed": 2, "conversationDuration": 4},
    "suggestedQueries": ["s"],
}
EMAIL = {"id": "m", "subject": "s", "body": "b", "keyPoints": ["k"], "actionItems": ["a"], "generatedAt": "2026-03-19"}
EVENT = {
    "id": "e",
    "summary": "s",
    "start": {"dateTime": "2026-03-19T11:00:00+01:00", "timeZone": "Europe/Berlin"},
    "end": {"date": "2026-03-20"},
    "attendees": [{"email": "sam@example.com", "displayName": "Sam", "responseStatus": "accepted"}],
}
PROFILE = {
    "profile": {"email": "m@example.com", "name": "Mara", "timezone": "Europe/Berlin"},
    "subscription": {"tier": "starter"},
    "apiUsage": {"aiGenerations": {"used": 1, "limit": 10, "resetsAt": "2026-04-01T00:00:00Z"}},
}
WEBHOOK = {"id": "w", "url": "https://x.example", "events": ["webhook.test"], "createdAt": "2026-04-01T00:00:00Z"}

texts = st.text(st.characters(codec=None), max_size=12) | st.sampled_from(
    [
        "\ud800",
        "a\x00b",
        "\ud83d\ude00",
        "0000-01-01T00:00:00.000Z",
        "0001-01-01T00:00:00+23:00",
        "2026-02-31",
        "9" * 30,
    ]
)
numbers = st.integers() | st.just(10**400) | st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | numbers | texts
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))

READERS: dict[str, tuple[Any, Callable[[bytes], Any]]] = {
    "page": ({"data": [ROW, ROW], "pagination": {"total": 2, "limit": 100}}, read_page),
    "conversation": ({"data": ROW}, read_conversation),
    "events": ({"data": [EVENT]}, read_events),
    "profile": ({"data": PROFILE}, read_profile),
    "webhooks": ({"data": [WEBHOOK]}, read_webhooks),
    "webhook": ({"data": WEBHOOK}, read_webhook),
    "error": ({"error": {"code": "x", "message": "y"}}, read_error),
    "stored listing": (ROW, lambda body: read_stored(ID, Kind.LISTING, body)),
    "stored event": (EVENT, lambda body: read_stored(ID, Kind.EVENT, body)),
}
for _kind, _data in (
    (Kind.TRANSCRIPT, {"id": "t", "segments": [TURN, TURN]}),
    (Kind.KEYPOINTS, KEYPOINTS),
    (Kind.FEEDBACK, FEEDBACK),
    (Kind.ANSWER, ANSWER),
    (Kind.EMAIL, EMAIL),
):
    READERS[_kind] = ({"data": _data}, partial(read_document, ID, _kind))


def envelope(data: Any) -> bytes:
    """A body that carries `data`."""
    return json.dumps({"data": data}).encode()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to every value inside a JSON value, itself included."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """A copy of a JSON value with another value in one place."""
    if not path:
        return other
    result = copy.deepcopy(value)
    inner = result
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = other
    return result


def texts_in(value: Any) -> Iterator[str]:
    """Every text inside nested tuples, lists and dictionaries."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts_in([*value.keys(), *value.values()])
    elif isinstance(value, tuple | list):
        for item in value:
            yield from texts_in(item)


def is_storable(text: str) -> bool:
    """Whether SQLite and a terminal can take the text."""
    return "\x00" not in text and text == text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=25, deadline=None)
@given(draw=st.data())
def test_any_value_in_any_place_is_read_or_not_the_api(name: str, draw: st.DataObject) -> None:
    """No reader raises anything but `NotTheApi`, and whatever it derives can be stored."""
    valid, read = READERS[name]
    path = draw.draw(st.sampled_from(list(places(valid))))
    body = json.dumps(replaced(valid, path, draw.draw(values))).encode()
    try:
        result = read(body)
    except NotTheApi:
        return
    documents = result.documents if hasattr(result, "documents") else (result,)
    for document in documents:
        assert all(is_storable(text) for text in texts_in(getattr(document, "rows", ())))
    if isinstance(result, Page):
        assert result.received == len(json.loads(body)["data"])


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=60)
    | st.text(max_size=30).map(lambda text: ('{"data": "' + text + '"}').encode("utf-8", "replace"))
)
def test_any_bytes_are_an_object_or_not_the_api(body: bytes) -> None:
    """Reading bytes ends in an object or in `NotTheApi`."""
    with contextlib.suppress(NotTheApi):
        assert isinstance(read_envelope(body), dict)


@settings(max_examples=60, deadline=None)
@given(values, st.booleans())
def test_text_is_cleaned_and_otherwise_unaltered(value: Any, ascii_only: bool) -> None:
    """However it was escaped, unstorable text is replaced; what is storable comes back as it was."""
    text = json.dumps({"data": value}, ensure_ascii=ascii_only)
    if not ascii_only and any(not is_storable(each.replace("\x00", "")) for each in texts_in(value)):
        return
    read = read_envelope(text.encode())["data"]
    assert all(is_storable(each) for each in texts_in(read))
    assert read == clean(json.loads(json.dumps(value)))


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(texts, values, max_size=5), st.randoms(use_true_random=False), values)
def test_digest_ignores_order_and_cached(data: dict[str, Any], random: Any, cached: Any) -> None:
    """The order of keys and the word `cached` do not make a revision; anything else does."""
    keys = [key for key in data if key != "cached"]
    random.shuffle(keys)
    shuffled = {key: data[key] for key in keys}
    assert digest(shuffled) == digest(data) == digest({"cached": cached} | shuffled)
    assert digest(shuffled | {"other \x01": 1}) != digest(shuffled)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.just(TURN) | values, max_size=8))
def test_bad_segments_leave_the_places_of_the_others(segments: list[Any]) -> None:
    """Every usable turn stands at its place, every other one is counted."""
    document = read_document(ID, Kind.TRANSCRIPT, envelope({"segments": segments}))
    assert document is not None
    usable = [i for i, each in enumerate(segments) if isinstance(each, dict) and isinstance(each.get("text"), str)]
    assert [row[1] for row in document.rows["segments"]] == usable
    assert document.quarantined == len(segments) - len(usable)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(texts, values, max_size=4))
def test_a_row_is_the_same_when_it_is_read_again(more: dict[str, Any]) -> None:
    """The stored row has the digest of the received one, so that a rebuild changes nothing."""
    for row in read_page(envelope([{**more, **ROW}])).rows:
        document = listing_document(row)
        assert document == read_stored(row.id, Kind.LISTING, document.body)


@settings(max_examples=40, deadline=None)
@given(values)
def test_generation_reads_what_a_get_reads(cached: Any) -> None:
    """`cached` never changes the document."""
    posted, _ = read_generated(ID, Kind.FEEDBACK, envelope(FEEDBACK | {"cached": cached}))
    fetched = read_document(ID, Kind.FEEDBACK, envelope(FEEDBACK))
    assert fetched is not None
    assert (posted.digest, posted.rows) == (fetched.digest, fetched.rows)
