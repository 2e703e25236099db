"""Filters as people type them: where to look, and the only values that are refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from convo_sync.errors import UsageError
from convo_sync.query import Filters, understand

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)  # a Wednesday


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine stands in Berlin."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("speaker:anna", Filters(speakers=("anna",))),
        ('speaker:"Anna B"', Filters(speakers=("Anna B",))),
        ("speaker:“Anna B”", Filters(speakers=("Anna B",))),
        ("Speaker:Anna speaker:bob Speaker:Anna", Filters(speakers=("Anna", "bob"))),
        ("speaker:Anna OR speaker:bob", Filters(speakers=("Anna", "bob"))),
        ("speaker：田中", Filters(speakers=("田中",))),
        ("(speaker:anna)", Filters(speakers=("anna",))),
        ("speaker:ann*, title:budget?", Filters(speakers=("ann*",), titles=("budget",))),
        ('speaker:"Anna B*" -speaker:"Bob R"*', Filters(speakers=("Anna B*",), not_speakers=("Bob R*",))),
        ("(title:bud*) -title:(draft*).", Filters(titles=("bud*",), not_titles=("draft*",))),
        ('speaker:*ann title:"* x"', Filters(speakers=("ann",), titles=("* x",))),
        ("id:sess_0* in:decisions* min:30*", Filters(ids=("sess_0",), kinds=("decision",), min_minutes=30.0)),
        ("-speaker:bob NOT speaker:eve", Filters(not_speakers=("bob", "eve"))),
        ("-(speaker:bob title:x)", Filters(not_speakers=("bob",), not_titles=("x",))),
        ("-(speaker:bob -title:x)", Filters(not_speakers=("bob",), titles=("x",))),
        ("title:q3-plan", Filters(titles=("q3-plan",))),
        ("title:C++", Filters(titles=("C++",))),
        ("-title:daily", Filters(not_titles=("daily",))),
        ("id:sess_0a -id:sess_0b", Filters(ids=("sess_0a",), not_ids=("sess_0b",))),
        ("in:decisions", Filters(kinds=("decision",))),
        ("in:decision,Actions,title,", Filters(kinds=("decision", "action_item", "title"))),
        ('in:"key points" in:action-items', Filters(kinds=("keypoints", "action_item"))),
        ("in:turns in:e-mails -in:answers", Filters(kinds=("transcript", "email"), not_kinds=("answer",))),
        ("in:transcripts in:todo in:feedback", Filters(kinds=("transcript", "action_item", "feedback"))),
        ("min:30", Filters(min_minutes=30.0)),
        ("min:1h min:90m min:5", Filters(min_minutes=90.0)),
        ("min:1h30 min:1.5h min:0", Filters(min_minutes=90.0)),
        ("min:2hours", Filters(min_minutes=120.0)),
        ('min:"1 h 15 min"', Filters(min_minutes=75.0)),
    ],
)
def test_where_to_look(text: str, filters: Filters) -> None:
    """Names in any case, values with or without quotes, exclusions; and nothing of it is a word to look for."""
    query = understand(text)
    assert query.filters == filters
    assert (query.is_empty, query.has_filters, query.unwanted()) == (True, True, "")


@pytest.mark.parametrize(
    ("text", "after", "before"),
    [
        ("after:2026-03", "2026-02-28T23:00:00.000Z", None),
        ("before:2026-03-19", None, "2026-03-18T23:00:00.000Z"),
        ("after:２０２６", "2025-12-31T23:00:00.000Z", None),
        ("on:2026-03-29", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"),
        ('during:"last week"', "2026-03-22T23:00:00.000Z", "2026-03-29T22:00:00.000Z"),
        ("during:last week", "2026-03-22T23:00:00.000Z", "2026-03-29T22:00:00.000Z"),
        ("after:last monday", "2026-03-29T22:00:00.000Z", None),
        ("after:yesterday.", "2026-03-30T22:00:00.000Z", None),
        ("after:30d before:today", "2026-03-01T23:00:00.000Z", "2026-03-31T22:00:00.000Z"),
        ("after:2024 after:2025 after:2023", "2024-12-31T23:00:00.000Z", None),
        ("before:2024 before:2025 before:2026", None, "2023-12-31T23:00:00.000Z"),
        ("-after:2025", None, "2024-12-31T23:00:00.000Z"),
        ("-before:2025", "2024-12-31T23:00:00.000Z", None),
    ],
)
def test_when_to_look(text: str, after: str | None, before: str | None) -> None:
    """From the beginning of the local day or period on, and before its beginning; the narrowest of several."""
    query = understand(text, now=NOW)
    assert (query.filters.after, query.filters.before) == (after, before)
    assert query.is_empty


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title:", ["title"]),
        ("title: budget", ["title", "budget"]),
        ('title:""', ["title"]),
        ("speaker:?", ["speaker"]),
        ("after:- lid", ["after", "lid"]),
        ("12:30 https://x note:this", ["12:30", "https://x", "note:this"]),
        ('"title:budget"', ["title:budget"]),
        ("text:lid column:x", ["text:lid", "column:x"]),
        ("x:title:budget", ["x:title:budget"]),
        (":title", [":title"]),
    ],
)
def test_a_colon_in_anything_else(text: str, words: list[str]) -> None:
    """Expect words where there is no filter, or one without a value."""
    query = understand(text)
    assert [term.text for term in query.terms] == words
    assert not query.has_filters


def test_filters_stand_anywhere() -> None:
    """Expect the same words and the same place wherever the filter stands, in a group or beside an OR."""
    for text in ("speaker:anna flip OR top", "flip speaker:anna OR top", "(flip OR top) speaker:anna",
                 "flip OR speaker:anna OR top", "(flip OR (top speaker:anna))"):  # fmt: skip
        query = understand(text)
        assert query.every() == '("flip" OR "top")'
        assert query.filters == Filters(speakers=("anna",))


@pytest.mark.parametrize(
    ("text", "message", "next_step"),
    [
        ("after:2026-13", "“after:2026-13” is not a day.", "2026-03-19, 2026-03"),
        ("lid -before:someday", "“-before:someday” is not a day.", "2026-03-19, 2026-03"),
        ('on:"last lid"', "“on:\"last lid\"” is not a day.", "2026-03-19, 2026-03"),
        ("after:yesterday", "“after:yesterday” depends on what day it is.", "2026-03-19"),
        ("in:minutes", "“in:minutes” is no kind of text.", "title, transcript, keypoints, decision"),
        ("in:title,foo", "“in:title,foo” is no kind of text.", "action_item"),
        ("min:long", "“min:long” is not a length of time.", "min:30"),
        ("min:-5", "“min:-5” is not a length of time.", "min:30"),
        ("min:9999999999", "“min:9999999999” is not a length of time.", "min:30"),
        ("-on:2026", "“-on:2026” cannot be excluded.", "on: without a minus"),
        ("-(min:30)", "“min:30” cannot be excluded.", "min: without a minus"),
    ],
)  # fmt: skip
def test_impossible_values(text: str, message: str, next_step: str) -> None:
    """A sentence that names what was typed, and one that says what could be."""
    with pytest.raises(UsageError) as refused:
        understand(text)
    assert refused.value.message == message
    assert next_step in refused.value.next_step
    assert refused.value.exit_code == 2
