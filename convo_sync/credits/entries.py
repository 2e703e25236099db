"""The words of the ledger: entries, readings of the server's counter, periods. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from convo_sync.records import ConversationId, Kind

# Evidence that later decisions go by; all other evidence is for people.
USED_UP = "ai_limit_exceeded"
UNPROVEN = "not proven unpaid"
NOT_SENT = "it was not sent"


class Standing(StrEnum):
    """How far an entry has come. RESERVED is committed before its POST; UNKNOWN: no answer told whether it was paid."""

    RESERVED = "reserved"
    SPENT = "spent"
    FREE = "free"
    REFUSED = "refused"
    UNKNOWN = "unknown"


PENDING = (Standing.RESERVED, Standing.UNKNOWN)
COUNTED = (Standing.RESERVED, Standing.SPENT, Standing.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Wish:
    """One generation that somebody wants: a rule of the configuration (`rule` is its name), or a person (None).

    `request`: the question, or whom an e-mail is for, as JSON; None for key points and feedback. `force`: make a new
    one even where the server has one. `document_digest` and `transcript_digest`: what is held before.
    """

    conversation_id: ConversationId
    kind: Kind
    rule: str | None
    reason: str
    force: bool = False
    request: str | None = None
    document_digest: str | None = None
    transcript_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The server's counter as one profile gave it. `allowance` is None where unlimited, or not told."""

    id: int
    read_at: datetime
    used: int | None
    allowance: int | None
    remaining: int | None
    resets_at: datetime | None
    period: int


@dataclass(frozen=True, slots=True)
class Period:
    """A month of the account, numbered as this archive saw them begin. `resets_at`: when it ends, as its start said."""

    number: int
    resets_at: datetime | None
    cap_warned: bool = False
    low_warned: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `period` to `last_period` are the months in which its charge may lie (None: open).

    `reading` is the id of the reading before its POST, whose `used` and `resets_at` it repeats. Times are the server's.
    `unknown_at`: when nobody waited for its answer any more. `item` and `digest` name what was received, if anything.
    """

    id: int
    wish: Wish
    standing: Standing
    evidence: str
    reserved_at: datetime
    unknown_at: datetime | None
    settled_at: datetime | None
    period: int
    last_period: int | None
    reading: int
    used_before: int | None
    resets_at: datetime | None
    item: str | None = None
    digest: str | None = None

    @property
    def is_pending(self) -> bool:
        """Whether it is not known yet what it cost."""
        return self.standing in PENDING

    @property
    def is_lost(self) -> bool:
        """Whether a credit is gone for an answer or e-mail that never came: it cannot be fetched again."""
        spent = self.standing is Standing.SPENT
        return spent and self.digest is None and self.wish.kind in (Kind.ANSWER, Kind.EMAIL)

    def counts_in(self, period: int) -> bool:
        """Whether it takes a credit of that month."""
        may_lie = self.period <= period and (self.last_period is None or period <= self.last_period)
        return self.standing in COUNTED and may_lie
