"""What the parts of one run share: the two sides, the hour, the counts, and whom to tell. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from convo_sync.credits.rules import Settings
from convo_sync.plan.exclusion import Exclusion
from convo_sync.records import Completeness, Progress
from convo_sync.sync.meter import Meter
from convo_sync.sync.ports import Agenda, Diary, Inbox, Paid, Remote, Store


@dataclass(frozen=True, slots=True)
class Identity:
    """Which server a run talks to, and which key it uses (a digest, never the key)."""

    base_url: str
    key_digest: str


@dataclass(frozen=True, slots=True)
class Options:
    """What a run was asked for. `retry_failed`: a person typed it, so pauses of failed items do not count."""

    command: str = "sync"
    full: bool = False
    audit: bool = False
    accept_deletions: bool = False
    retry_failed: bool = True


@dataclass(slots=True)
class Tally:
    """What a run has done so far. `cut`: the list's share of the hour ended it before the list did."""

    listing: Completeness = Completeness.NONE
    cut: bool = False
    swept: bool = False
    listed: set[str] = field(default_factory=set)
    new: int = 0
    changed: int = 0
    gone: set[str] = field(default_factory=set)
    unusable: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    fetched: int = 0
    unchanged: int = 0
    absent: int = 0
    pending: int = 0
    failed: int = 0
    credits: int = 0


@dataclass(slots=True)
class Session:
    """One run's surroundings. `run_id` is set once the run is recorded; `holds_archive` is False while others may.

    `paid` is what costs credits, without which nothing can be spent. `credits` tells, each time anew, how many and on
    what; `exclusion` tells, in the same way, what is never asked for. `reread` is called where others wrote to the
    archive: it takes over what they decided. `inbox` is what webhooks said; None where none can have said anything.
    `agenda` is the calendar at Convo, without which it is not asked for; `diary` is the archive's. `undisturbed` keeps
    a signal to stop waiting while something that was paid for is stored.
    """

    remote: Remote
    store: Store
    meter: Meter
    clock: Callable[[], datetime]
    options: Options
    tell: Callable[[Progress], None]
    pause: Callable[[], bool]
    run_id: int = 0
    paid: Paid | None = None
    credits: Callable[[], Settings] = Settings
    exclusion: Callable[[], Exclusion] = Exclusion
    agenda: Agenda | None = None
    diary: Diary | None = None
    reread: Callable[[], None] = lambda: None
    inbox: Inbox | None = None
    undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext
    holds_archive: bool = True
    tally: Tally = field(default_factory=Tally)

    def now(self) -> datetime:
        """The server's time, which holdings are kept in."""
        return self.meter.server_now()

    def yielded(self) -> bool:
        """Let others write to the archive if they wait; whether they did, so that all that was read may differ now."""
        self.holds_archive = False
        changed = self.pause()
        self.holds_archive = True
        if changed:
            self.meter.reload(self.store.budget())
            self.reread()
        return changed

    def report(self, event: str, conversation_id: str = "", detail: str = "", done: int = 0, planned: int = 0) -> None:
        """Tell one event of the run."""
        self.tell(Progress(event, conversation_id, detail, done, planned, self.meter.left))

    def count_gone(self, conversation_id: str, evidence: str) -> None:
        """Count and tell a conversation that was just marked as deleted at Convo."""
        self.tally.gone.add(conversation_id)
        self.report("gone", conversation_id, evidence)
