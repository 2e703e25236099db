"""What became of a POST whose answer never came. Pure: the entry, what is known now, a verdict out.

Confirmed at once by a newer document; denied only after an hour in which nothing came and nothing was counted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from convo_sync.credits.entries import Entry, Reading
from convo_sync.records import HELD_KINDS, Holding

PROOF = timedelta(minutes=60)
# A document that cannot be asked for, for so long, proves nothing any more, and must not hold up all others.
PATIENCE = timedelta(days=7)


class Verdict(StrEnum):
    """What is known, or has to be asked first."""

    WAIT = "wait"
    LOOK = "look"
    READ = "read"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    ASSUMED = "assumed"


def judge(entry: Entry, holding: Holding | None, reading: Reading | None, now: datetime) -> Verdict:
    """Judge an unknown outcome at `now`, a server's time.

    Args:
        holding: of the document that was to be made; None for answers and e-mails.
        reading: the last one of the server's counter.
    """
    if holding is not None and holding.digest is not None and holding.digest != entry.wish.document_digest:
        return Verdict.CONFIRMED
    age = now - entry.reserved_at
    # From ahead of the clock, which was wrong then or is now: waiting might take years, and a credit is the safe side.
    if age > PATIENCE or age < -PROOF:
        return Verdict.ASSUMED
    if age < PROOF:
        return Verdict.WAIT
    proven_from = entry.reserved_at + PROOF
    if entry.wish.kind in HELD_KINDS and (holding is None or not _since(holding.checked_at, proven_from)):
        return Verdict.LOOK
    if reading is None or not _since(reading.read_at, proven_from):
        return Verdict.READ
    same = (reading.used, reading.resets_at) == (entry.used_before, entry.resets_at)
    return Verdict.DENIED if same and entry.used_before is not None else Verdict.ASSUMED


def _since(moment: datetime | None, start: datetime) -> bool:
    return moment is not None and moment >= start
