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
    refused for the month. `is_turned`: the month is over by its own word, and nothing of the next has been read yet.
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
        return Balance(own=len(pending), used=len(pending), pending=pending, is_turned=True)
    is_over = _is_over(books.period, books.reading, now)
    # The number after the current one: what may lie in a month that is not known to have begun.
    number = books.period.number + is_over
    readings = [each for each in books.readings if not is_over or _is_after(each, books.period)]
    ours = [each for each in books.entries if each.counts_in(number)]
    used = _used(readings, books.entries, len(pending)) if readings else len(ours)
    if used is not None and is_over:
        used = max(used, len(ours))
    return Balance(
        own=len(ours),
        by_rule=Counter(each.wish.rule for each in ours),
        used=used,
        allowance=books.reading.allowance,
        left=_left(books.reading, books.entries, used, is_read=bool(readings)),
        elsewhere=_elsewhere(readings[-1], ours) if readings else 0,
        resets_at=(readings[-1] if is_over else books.period).resets_at if readings else None,
        pending=pending,
        used_up_until=_used_up_until(books.entries, books.period.number, now),
        is_turned=not readings,
    )


def _is_over(period: Period, last: Reading, now: datetime) -> bool:
    """Whether the month's own end has passed. A reading after it that still tells the same end knows better."""
    end = period.resets_at
    if end is None or end > now:
        return False
    return last.read_at < end or last.resets_at is None or last.resets_at - end >= SHORTEST_MOVE


def _is_after(reading: Reading, period: Period) -> bool:
    """Whether a reading is of a later month than the one that it was counted to, for want of a proof."""
    assert period.resets_at is not None  # noqa: S101 - it has passed
    if reading.resets_at is None:
        return reading.read_at >= period.resets_at
    return reading.resets_at - period.resets_at >= SHORTEST_MOVE


def _used(readings: Sequence[Reading], entries: Sequence[Entry], pending: int) -> int | None:
    """At least what must be used; what may still be charged counts beside what the server has counted."""
    least, last = _least(readings, entries), readings[-1].used
    return least if least is None or last is None else max(least, last + pending)


def _least(readings: Iterable[Reading], entries: Sequence[Entry]) -> int | None:
    """The least that the account has used by these readings; None where none said."""
    sums = [reading.used + _reserved_after(reading, entries) for reading in readings if reading.used is not None]
    return max(sums, default=None)


def _reserved_after(reading: Reading, entries: Iterable[Entry]) -> int:
    # An entry names the reading right before it: that one, and all earlier ones, cannot have seen it.
    return sum(each.standing in COUNTED and each.reading >= reading.id for each in entries)


def _elsewhere(reading: Reading, ours: Iterable[Entry]) -> int:
    known = sum(each.standing is Standing.SPENT and each.reading < reading.id for each in ours)
    return 0 if reading.used is None else reading.used - known


def _left(reading: Reading, entries: Sequence[Entry], used: int | None, *, is_read: bool) -> int | None:
    """The least that both ways of telling leave; None where neither tells, which is unlimited."""
    told = []
    if reading.allowance is not None and used is not None:
        told.append(reading.allowance - used)
    if reading.remaining is not None and is_read:
        pending = sum(each.is_pending and each.reading < reading.id for each in entries)
        told.append(reading.remaining - _reserved_after(reading, entries) - pending)
    return max(0, min(told)) if told else None


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
    known = _least(books.readings, books.entries)
    if used is not None and highest is not None and used < highest:
        return Turn.BEGINS
    if used is not None and known is not None and period.resets_at <= now and used < known:
        return Turn.BEGINS
    # With nothing of ours in it, it is the same whether it is the old month or a new one.
    return Turn.UNCLEAR if any(each.counts_in(period.number) for each in books.entries) else Turn.MOVES
