"""What will have been spent when the month ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from convo_sync.credits.balance import Balance
from convo_sync.credits.rules import Settings
from convo_sync.render.credits import forecast

NOW = datetime(2026, 3, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("balance", "settings", "days", "expected"),
    [
        (Balance(own=2, left=8), Settings(), 10, 6),
        (Balance(own=2, left=8), Settings(monthly_cap=5), 10, 5),
        (Balance(own=2, left=1), Settings(), 10, 3),
        (Balance(own=2), Settings(), 10, 6),
        (Balance(own=7, left=8), Settings(monthly_cap=5), 10, 7),
        (Balance(own=0, left=8), Settings(), 10, 0),
        (Balance(own=1, left=99), Settings(), 0, 20),
        (Balance(own=2, left=0), Settings(), 10, 2),
        (Balance(own=2, left=3), Settings(keep=2), 10, 3),
        (Balance(own=2, left=1), Settings(keep=2), 10, 2),
        (Balance(own=1, left=9), Settings(monthly_cap=0), 10, 1),
    ],
)
def test_the_forecast_goes_on_at_the_pace_so_far(
    balance: Balance, settings: Settings, days: int, expected: int
) -> None:
    """Expect the credits of a day so far for each day to come, within cap, keep and account."""
    resets_at = NOW + timedelta(days=20)
    began = NOW - timedelta(days=days)
    state = Balance(own=balance.own, left=balance.left, resets_at=resets_at)
    assert forecast(state, settings, began, NOW) == expected


def test_where_nothing_is_known_there_is_no_forecast() -> None:
    """Expect none without a month's end, a beginning, or a month that is known to go on."""
    end = NOW + timedelta(days=31)
    assert forecast(Balance(own=1), Settings(), NOW, NOW) is None
    assert forecast(Balance(own=1, resets_at=end), Settings(), None, NOW) is None
    assert forecast(Balance(own=1, resets_at=end, is_turned=True), Settings(), NOW, NOW) is None
