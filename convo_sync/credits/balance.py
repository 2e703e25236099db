"""What a month has used and left, from the server's counter and our own ledger. Pure.

The counter may lag, so it can only be too low: credits of ours reserved after a reading are not in it. The highest of
all that the month's readings and the entries after them add up to is the least that is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from convo_sync.credits.entries import COUNTED, USED_UP, Entry, Period, Reading, Standing

# A reset that moved by less is the same one.
SHORTEST_MOVE = timedelta(days=1)


class Turn(Enum):
    """What a reading says of the month: the same; the same, ending at another time; another; or not to be told."""

    STAYS = auto()
    MOVES = auto()
    BEGINS = auto()
    UNCLEAR = auto()


@dataclass(frozen=True, slots=True)
class Books:
    """All that the archive has written down: the current month, its readings (oldest first), every entry."""

    period: Period | None
    readings: Sequence[Reading]
    entries: Sequence[Entry]

    @property
    def reading(self) -> Reading | None:
        """The last one."""
        return self.readings[-1] if self.readings else None


@dataclass(frozen=True, slots=True)
class Balance:
    """The current month. `own`: credits that we spent, or may have; `by_rule` the same by rule (None: by hand).

    `used`: the least that the account has used, None where the server never said; `left`: None where unlimited or not
    known. `elsewhere`: what the server counts beyond ours; negative where it counts less. `used_up_until`: the server
    refused for the month. `is_turned`: the month is over by its own word, and the next has not been read yet.
    """

    own: int = 0
    by_rule: Mapping[str | None, int] = field(default_factory=dict)
    used: int | None = None
    allowance: int | None = None
    left: int | None = None
    elsewhere: int = 0
    resets_at: datetime | None = None
    pending: tuple[Entry, ...] = ()
    used_up_until: datetime | None = None
    is_turned: bool = False


def balance(books: Books, now: datetime) -> Balance:
    """How the month stands at `now`, a server's time."""
    pending = tuple(each for each in books.entries if each.is_pending)
    if books.period is None or books.reading is None:
        return Balance(own=len(pending), pending=pending, is_turned=True)
    is_turned = books.period.resets_at is not None and books.period.resets_at <= now
    # The number after the current one: what may lie in a month that has not been read yet.
    number = books.period.number + is_turned
    ours = [each for each in books.entries if each.counts_in(number)]
    counted = Counter(each.wish.rule for each in ours)
    reading = books.reading
    used = len(ours) if is_turned else _used(books, reading, len(pending))
    return Balance(
        own=len(ours),
        by_rule=counted,
        used=used,
        allowance=reading.allowance,
        left=_left(reading, books.entries, used, is_turned=is_turned),
        elsewhere=0 if is_turned or reading.used is None else reading.used - _spent_before(reading, ours),
        resets_at=None if is_turned else books.period.resets_at,
        pending=pending,
        used_up_until=None if is_turned else _used_up_until(books.entries, books.period.number, now),
        is_turned=is_turned,
    )


def _used(books: Books, reading: Reading, pending: int) -> int | None:
    """At least what must be used; what may still be charged counts beside what the server has counted."""
    least = least_used(books)
    return least if least is None or reading.used is None else max(least, reading.used + pending)


def least_used(books: Books) -> int | None:
    """The least that the account has used this month; None where no reading said."""
    sums = [
        reading.used + _reserved_after(reading, books.entries) for reading in books.readings if reading.used is not None
    ]
    return max(sums, default=None)


def _reserved_after(reading: Reading, entries: Iterable[Entry]) -> int:
    # An entry names the reading right before it: that one, and all earlier ones, cannot have seen it.
    return sum(each.standing in COUNTED and each.reading >= reading.id for each in entries)


def _spent_before(reading: Reading, ours: Iterable[Entry]) -> int:
    return sum(each.standing is Standing.SPENT and each.reading < reading.id for each in ours)


def _left(reading: Reading, entries: Iterable[Entry], used: int | None, *, is_turned: bool) -> int | None:
    if reading.allowance is not None and used is not None:
        return max(0, reading.allowance - used)
    if reading.remaining is not None and not is_turned:
        return max(0, reading.remaining - _reserved_after(reading, entries))
    return None


def _used_up_until(entries: Iterable[Entry], period: int, now: datetime) -> datetime | None:
    told = [
        each.resets_at
        for each in entries
        if each.evidence == USED_UP and each.period == period and each.resets_at is not None and each.resets_at > now
    ]
    return max(told, default=None)


def follow(books: Books, used: int | None, resets_at: datetime | None, now: datetime) -> Turn:
    """What a new reading says of the month: it begins another one when `resetsAt` moved forward and `used` fell.

    It fell below an earlier reading or, where the old month is over by its own word, below what we know was used: a
    month's last charges may be in no reading. Where only `resetsAt` moved, either other tools have used the new month
    as much, or `used` will fall later: the month goes on, and nothing is taken for proven.
    """
    period = books.period
    if period is None:
        return Turn.BEGINS
    if resets_at is None or period.resets_at is None:
        return Turn.MOVES if resets_at is not None else Turn.STAYS
    if resets_at - period.resets_at < SHORTEST_MOVE:
        return Turn.STAYS
    highest = max((each.used for each in books.readings if each.used is not None), default=None)
    known = least_used(books)
    if used is not None and highest is not None and used < highest:
        return Turn.BEGINS
    if used is not None and known is not None and period.resets_at <= now and used < known:
        return Turn.BEGINS
    # With nothing of ours in it, it is the same whether it is the old month or a new one.
    return Turn.UNCLEAR if any(each.counts_in(period.number) for each in books.entries) else Turn.MOVES
