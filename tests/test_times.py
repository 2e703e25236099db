"""Times as the archive writes them: they round-trip, text order is time order, what is no time is null."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convo_sync.times import (
    format_time,
    no_later_than,
    normalise_time,
    parse_time,
    read_time,
    write_time,
)

NOON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
WIDTH = len("2026-03-19T10:00:00.000Z")

offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# A day away from either end, so that every offset leads to an instant that Python can express.
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.one_of(st.just(UTC), offsets))
whole = moments.map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))


@given(whole)
def test_round_trip(moment: datetime) -> None:
    """What was written is read back as the same instant, aware and in UTC, and written again the same."""
    text = format_time(moment)
    assert len(text) == WIDTH
    assert parse_time(text) == moment
    assert parse_time(text).tzinfo is UTC
    assert format_time(parse_time(text)) == normalise_time(text) == text


@given(whole, whole)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    """Texts compare as their instants do, so that SQL may compare them."""
    assert (format_time(one) < format_time(other)) == (one < other)
    assert (format_time(one) == format_time(other)) == (one == other)


@given(moments, moments)
def test_parts_of_a_millisecond_never_turn_the_order(one: datetime, other: datetime) -> None:
    """What is finer than the archive's width is cut, never rounded past another."""
    if one <= other:
        assert format_time(one) <= format_time(other)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-03-19T10:00:00Z", "2026-03-19T10:00:00.000Z"),
        ("2026-03-19T10:00:00.000Z", "2026-03-19T10:00:00.000Z"),
        ("2026-03-19T10:00:00.9999Z", "2026-03-19T10:00:00.999Z"),
        ("2026-03-19T10:00:00.123456789Z", "2026-03-19T10:00:00.123Z"),
        ("2026-03-19T10:00:00", "2026-03-19T10:00:00.000Z"),
        ("2026-03-19 10:00:00", "2026-03-19T10:00:00.000Z"),
        ("2026-03-19", "2026-03-19T00:00:00.000Z"),
        ("2026-03-19T10:00:00+02:00", "2026-03-19T08:00:00.000Z"),
        ("2026-01-01T00:30:00.5+01:00", "2025-12-31T23:30:00.500Z"),
        (" 2026-03-19T10:00:00Z\n", "2026-03-19T10:00:00.000Z"),
        ("2024-02-29T00:00:00.000Z", "2024-02-29T00:00:00.000Z"),
        ("0999-12-31T00:00:00.000Z", "0999-12-31T00:00:00.000Z"),
    ],
)
def test_received_times(text: str, written: str) -> None:
    """Every form in which a time arrives is brought to the one width; none says UTC."""
    assert normalise_time(text) == format_time(parse_time(text)) == written


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot change the process's zone")
def test_a_time_without_offset_is_utc_anywhere() -> None:
    """The zone that this machine stands in says nothing about what the API sends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        written = normalise_time("2026-03-19T10:00:00")
    time.tzset()
    assert written == "2026-03-19T10:00:00.000Z"


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "1700000000", "2026-02-29T00:00:00.000Z", "2026-02-30T00:00:00.000Z", "2026-04-31T00:00:00.000Z",
        "2026-13-01T00:00:00.000Z", "2026-00-01T00:00:00.000Z", "2026-01-00T00:00:00.000Z", "2026-01-01T24:00:01.000Z",
        "2026-01-01T00:60:00.000Z", "2026-01-01T00:00:60.000Z", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-01:00", "٢٠٢٦-03-19T10:00:00.000Z", "2026-03-19T10:00:00.000ZZ", "\ud800", "2026\x0003",
    ],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    """A text that is no instant is a ValueError to parse, and null to the archive."""
    with pytest.raises(ValueError, match=r".*"):
        parse_time(text)
    assert normalise_time(text) is None


@given(
    st.one_of(
        st.text(max_size=30),
        st.from_regex(r"\A[12]\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d\.\d{3}Z\Z"),
    )
)
@example("2000-02-29T00:00:00.000Z")
@example("2100-02-29T00:00:00.000Z")
def test_the_short_cut_takes_no_other_way(text: str) -> None:
    """A text is taken as it stands only if parsing and writing it gives that very text."""
    try:
        expected = format_time(parse_time(text))
    except ValueError:
        expected = None
    assert normalise_time(text) == expected


def test_null_stays_null() -> None:
    """A column without a time is None, both ways."""
    assert (read_time(None), write_time(None), normalise_time(None)) == (None, None, None)
    assert (read_time("2026-03-20T12:00:00.000Z"), write_time(NOON)) == (NOON, "2026-03-20T12:00:00.000Z")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(None, NOON), (NOON, NOON), (NOON - WEEK, NOON - WEEK), (NOON + timedelta(seconds=1), NOON),
     (datetime(2036, 1, 1, tzinfo=UTC), NOON)],
)  # fmt: skip
def test_no_later_than(moment: datetime | None, expected: datetime) -> None:
    """A time that is missing or lies ahead is now."""
    assert no_later_than(moment, NOON) == expected
