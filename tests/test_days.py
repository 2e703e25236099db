"""Days and periods as people type them: local ones, understood or refused in a sentence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convo_sync.days import beginning_of, period
from convo_sync.errors import UsageError

WEDNESDAY = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine stands in Berlin."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine's days are those of UTC."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2026-03-19", "2026-03-18T23:00:00.000Z"),
        ("2026-07", "2026-06-30T22:00:00.000Z"),
        ("2026", "2025-12-31T23:00:00.000Z"),
        ("today", "2026-03-31T22:00:00.000Z"),
        ("Yesterday", "2026-03-30T22:00:00.000Z"),
        ("30d", "2026-03-01T23:00:00.000Z"),
        ("2w", "2026-03-17T23:00:00.000Z"),
    ],
)
def test_days_begin_at_local_midnight(typed: str, expected: str, berlin: None) -> None:
    """In winter an hour before UTC's, in summer two; 30 days ago has the offset that was valid then."""
    assert beginning_of(typed, WEDNESDAY) == expected


@pytest.mark.parametrize(
    ("typed", "first", "end"),
    [
        ("2026-03-19", "2026-03-19", "2026-03-20"),
        ("2026-3-9", "2026-03-09", "2026-03-10"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2025-12", "2025-12-01", "2026-01-01"),
        ("2025", "2025-01-01", "2026-01-01"),
        ("today", "2026-04-01", "2026-04-02"),
        ("yesterday", "2026-03-31", "2026-04-01"),
        ("tomorrow", "2026-04-02", "2026-04-03"),
        ("monday", "2026-03-30", "2026-03-31"),
        ("wed", "2026-04-01", "2026-04-02"),
        ("last wednesday", "2026-03-25", "2026-03-26"),
        ("last monday", "2026-03-30", "2026-03-31"),
        ("Thursday", "2026-03-26", "2026-03-27"),
        ("this week", "2026-03-30", "2026-04-06"),
        (" last  WEEK ", "2026-03-23", "2026-03-30"),
        ("last-week", "2026-03-23", "2026-03-30"),
        ("this month", "2026-04-01", "2026-05-01"),
        ("last month", "2026-03-01", "2026-04-01"),
        ("last year", "2025-01-01", "2026-01-01"),
        ("0d", "2026-04-01", "2026-04-02"),
        ("30d", "2026-03-02", "2026-04-02"),
        ("4w", "2026-03-04", "2026-04-02"),
        ("6m", "2025-10-01", "2026-04-02"),
        ("1Y", "2025-04-01", "2026-04-02"),
    ],
)
def test_periods(typed: str, first: str, end: str, utc: None) -> None:
    """A day is itself, a week begins on Monday, and "30d" lasts until today is over."""
    assert period(typed, WEDNESDAY) == (f"{first}T00:00:00.000Z", f"{end}T00:00:00.000Z")
    assert beginning_of(typed, WEDNESDAY) == f"{first}T00:00:00.000Z"


@pytest.mark.parametrize(
    ("typed", "expected"), [("1m", "2026-02-28"), ("12m", "2025-03-31"), ("1y", "2025-03-31"), ("25m", "2024-02-29")]
)
def test_a_month_without_such_a_day_gives_its_last(typed: str, expected: str, utc: None) -> None:
    """A month before the end of March is the end of February."""
    assert beginning_of(typed, datetime(2026, 3, 31, 12, 0, tzinfo=UTC)) == f"{expected}T00:00:00.000Z"


def test_the_calendar_ends_in_no_error(utc: None) -> None:
    """What follows the year 9999 is its last instant."""
    assert period("9999", WEDNESDAY) == ("9999-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z")


@pytest.mark.parametrize("typed", ["2026-13", "2026-02-30", "soon", "", "week", "next week", "99999y", "٢٠٢٦", "30"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    """A sentence that names what was typed, and the forms that are understood."""
    with pytest.raises(UsageError, match="is not a day") as refused:
        beginning_of(typed, WEDNESDAY, typed=f"after:{typed}")
    assert refused.value.message == f"“after:{typed}” is not a day."
    assert "2026-03-19, 2026-03, 2026, today, yesterday, 30d" in refused.value.next_step


def test_without_a_clock_only_dates_are_known() -> None:
    """Expect a date to be understood, what depends on today to be refused as such, and nonsense as nonsense."""
    assert beginning_of("2026-03", None)[:8] in ("2026-02-", "2026-03-")
    with pytest.raises(UsageError, match="depends on what day it is"):
        beginning_of("yesterday", None)
    with pytest.raises(UsageError, match="is not a day"):
        beginning_of("someday", None)


@given(
    st.one_of(st.text(), st.from_regex(r"\A\d{1,5}[dwmy]\Z"), st.from_regex(r"\A\d{4}(-\d\d?){0,2}\Z")), st.datetimes()
)
@example("9999-12-31", datetime(9999, 12, 31))
@example("0001-01-01", datetime(1, 1, 1))
@example("last year", datetime(1, 1, 1))
@example("this week", datetime(9999, 12, 31))
def test_any_day_is_understood_or_refused_in_words(typed: str, moment: datetime) -> None:
    """No typed text raises anything but a sentence, at any time, and a period ends after it began."""
    try:
        first, end = period(typed, moment.replace(tzinfo=UTC))
    except UsageError:
        return
    assert first < end
    assert beginning_of(typed, moment.replace(tzinfo=UTC)) == first
