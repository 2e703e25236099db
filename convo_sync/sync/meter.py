"""Stands before every request: lets it pass or parks the run, and keeps the hour's count ahead of what is sent.

The count of a request is durable before it is sent. To spare a transaction a request, each commit of the run already
counts the request that follows it; only a retry, or a request that follows no commit, is written by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from convo_sync import budget as hour
from convo_sync.budget import Budget
from convo_sync.errors import TryLater
from convo_sync.records import RateReading


class Meter:
    """The budget of one run.

    Args:
        start: the budget as the archive has it.
        clock: this machine's time, aware and UTC.
        save: writes a budget durably, by itself.
        typed: a person typed the command and waits for it, so that the hour's reserve is for it.
    """

    def __init__(
        self,
        start: Budget,
        clock: Callable[[], datetime],
        save: Callable[[Budget], None],
        *,
        typed: bool = False,
    ) -> None:
        self._typed = typed
        self._budget = start
        self._clock = clock
        self._save = save
        self._counted_ahead = False
        self.requests = 0

    @property
    def limit(self) -> int:
        """Requests an hour, as far as known."""
        return self._budget.limit or hour.SMALLEST_LIMIT

    @property
    def known_limit(self) -> int | None:
        """Requests an hour, as the server said; None before it did."""
        return self._budget.limit

    @property
    def left(self) -> int | None:
        """Requests left, as the server last said; None before it did."""
        remaining = self._budget.remaining
        return None if remaining is None else max(0, remaining - self._budget.sent_since)

    def _available(self) -> int:
        return hour.available(self._budget, self._clock(), typed=self._typed)

    def server_now(self) -> datetime:
        """The server's time, as far as its answers tell how it differs from this machine's."""
        return hour.server_now(self._budget, self._clock())

    def reload(self, budget: Budget) -> None:
        """Take over what others wrote while they had the archive."""
        self._budget, self._counted_ahead = budget, False

    def ahead(self) -> Budget:
        """The budget to commit when another request will follow: that one is counted already."""
        if not self._counted_ahead and self._available() > 0:
            self._budget = hour.sending(self._budget, self._clock())
            self._counted_ahead = True
        return self._budget

    def settled(self) -> Budget:
        """The budget to commit when no request follows."""
        if self._counted_ahead:
            self._budget = hour.take_back(self._budget)
            self._counted_ahead = False
        return self._budget

    def sending(self) -> None:
        """Called before every attempt.

        Raises:
            TryLater: the hour is used up, up to the reserve.
        """
        if not self._counted_ahead:
            if self._available() <= 0:
                raise self.parked()
            self._budget = hour.sending(self._budget, self._clock())
            self._save(self._budget)
        self._counted_ahead = False
        self.requests += 1

    def unsent(self) -> None:
        """Called where a request could not be sent: it does not count."""
        self._budget = hour.take_back(self._budget)
        self.requests -= 1

    def answered(self, reading: RateReading) -> None:
        """Called after every answer, with what its headers say."""
        self._budget = hour.answered(self._budget, reading, self._clock())

    def refused(self, retry_after_seconds: float | None) -> None:
        """Called after a 429 rate_limited."""
        self._budget = hour.refused(self._budget, retry_after_seconds, self._clock())
        self._counted_ahead = False

    def parked(self) -> TryLater:
        """The reason to stop now, with the time to go on."""
        now = self._clock()
        at = hour.resume_at(self._budget, now)
        return TryLater(
            f"This hour's requests to Convo are used up ({self.limit} an hour on this plan, a few are kept back).",
            "Nothing is lost: run the same command again after that time.",
            resume_at=at,
        )
