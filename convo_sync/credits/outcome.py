"""What became of a POST whose answer never came. Pure: the entry, what is known now, a verdict out.

Confirmed at once by a newer document; denied only after an hour in which nothing came and nothing was counted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from convo_sync.credits.entries import Entry, Reading
from convo_sync.records import Holding

PROOF = timedelta(minutes=60)
# What cannot be asked for, for so long, proves nothing any more, and must not hold up all others.
PATIENCE = timedelta(days=1)


class Verdict(StrEnum):
    """What is known, or has to be asked first."""

    WAIT = "wait"
    LOOK = "look"
    READ = "read"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    ASSUMED = "assumed"


def judge(
    entry: Entry, holding: Holding | None, reading: Reading | None, now: datetime, *, can_ask: bool = True
) -> Verdict:
    """Judge an unknown outcome at `now`, a server's time.

    Args:
        holding: of the document that was to be made; None for answers and e-mails, of what is forgotten or excluded.
        reading: the last one of the server's counter.
        can_ask: whether looking and reading may still bring something now.
    """
    if holding is not None and holding.digest is not None and holding.digest != entry.wish.document_digest:
        return Verdict.CONFIRMED
    # A clock that was set back in between would have it unknown before it was sent.
    since = max(entry.reserved_at, entry.unknown_at or entry.reserved_at)
    age = now - since
    # From ahead of the clock, which was wrong then or is now: waiting might take years, and a credit is the safe side.
    if age < -PROOF:
        return Verdict.ASSUMED
    if age < PROOF:
        return Verdict.WAIT
    needed = _missing(holding, reading, since + PROOF)
    if needed is not None:
        return needed if can_ask else Verdict.ASSUMED if age > PATIENCE else Verdict.WAIT
    return Verdict.DENIED if reading is not None and _is_unchanged(entry, reading) else Verdict.ASSUMED


def _missing(holding: Holding | None, reading: Reading | None, proven_from: datetime) -> Verdict | None:
    if holding is not None and not _since(holding.checked_at, proven_from):
        return Verdict.LOOK
    return None if reading is not None and _since(reading.read_at, proven_from) else Verdict.READ


def _is_unchanged(entry: Entry, reading: Reading) -> bool:
    # What the server does not say proves nothing.
    before, now = (entry.used_before, entry.resets_at), (reading.used, reading.resets_at)
    return None not in before and before == now


def _since(moment: datetime | None, start: datetime) -> bool:
    return moment is not None and moment >= start
