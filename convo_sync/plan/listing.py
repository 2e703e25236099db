"""What a listing proves: paging that offset drift cannot fool, which list to ask for, and who has vanished.

Pure: pages and sets in, verdicts out. It knows no network and no archive, and never marks anything itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from convo_sync.records import NO_ID, Page

PAGE_SIZE = 100
PASSES = 3
OVERLAP = timedelta(days=7)
SWEEP_EVERY = timedelta(days=1)
# A sweep that rested longer than this says too little about now: it starts again, unless it is the first.
SWEEP_STALE = timedelta(days=30)
# Pages in a row without an id that is new to the pass: the server does not page, or the order is beyond help.
BARREN_PAGES = 2
# With fewer requests than these to a sweep, going back a page could eat what it gains.
FEW_PAGES = 8
BRAKE_SHARE = 0.20
BRAKE_COUNT = 5


class Verdict(StrEnum):
    """What a page means for the sweep it belongs to.

    `PROVED`: everything was seen, so what is missing is missing. `REPEATED`: two passes saw the very same, yet another
    number than `total` says: all there is to see was seen, but it proves nothing about what is missing.
    """

    CONTINUE = "continue"
    PROVED = "proved"
    REPEATED = "repeated"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep under way. `seen` holds the ids of this pass, `seen_before` those of earlier passes.

    `least` is the total that the pass began with; `steady` says that it never fell since: a conversation added while
    paging repeats a row, only one that is deleted hides one.
    """

    started_at: datetime
    next_offset: int = 0
    pass_number: int = 1
    least: int | None = None
    total: int | None = None
    steady: bool = True
    seen: frozenset[str] = frozenset()
    seen_before: frozenset[str] = frozenset()
    barren: int = 0


def sweep_is_due(*, known: int, last_sweep_at: datetime | None, now: datetime) -> bool:
    """Whether to list everything: always where one page holds it all, else once a day."""
    if known <= PAGE_SIZE or last_sweep_at is None:
        return True
    return not timedelta(0) <= now - last_sweep_at < SWEEP_EVERY


def since(*, newest_start: datetime, last_complete_listing_at: datetime) -> datetime:
    """From when an incremental listing asks, with the overlap that covers meetings listed late."""
    return min(newest_start, last_complete_listing_at) - OVERLAP


def resume(place: Sweep | None, now: datetime, *, is_first: bool, share: int) -> Sweep | None:
    """The unfinished sweep, a page back; None where there is none, or it rested too long.

    Args:
        share: the requests that it may take. Where they are few, going back would eat what it gains.
    """
    if place is None or not (is_first or timedelta(0) <= now - place.started_at < SWEEP_STALE):
        return None
    return replace(place, next_offset=max(0, place.next_offset - PAGE_SIZE)) if share >= FEW_PAGES else place


def advance(sweep: Sweep, page: Page) -> tuple[Sweep, Verdict]:
    """Take one page in. A pass that ends without proof is followed by another, three in all."""
    ids = {row.id for row in page.rows} | set(page.unusable_ids)
    fell = None not in (sweep.total, page.total) and (page.total or 0) < (sweep.total or 0)
    reached = sweep.next_offset + page.received
    # Rows that a resumed sweep reads again show nothing new, however small the server's pages are.
    read_again = reached <= len(sweep.seen)
    taken = replace(
        sweep,
        next_offset=reached,
        least=page.total if sweep.least is None else sweep.least,
        total=page.total,
        steady=sweep.steady and not fell,
        seen=sweep.seen | ids,
        barren=0 if ids - sweep.seen else sweep.barren + (not read_again),
    )
    if not _pass_ended(taken, page):
        return taken, Verdict.CONTINUE
    return _judge(taken)


def _pass_ended(sweep: Sweep, page: Page) -> bool:
    if page.received == 0 or sweep.barren >= BARREN_PAGES:
        return True
    if page.total is None:
        return ends_here(page)
    # More rows than `total` says: it is wrong, and the pages' length tells.
    return sweep.next_offset >= page.total and (len(sweep.seen) <= page.total or ends_here(page))


def ends_here(page: Page, asked: int = PAGE_SIZE) -> bool:
    """Whether an incremental listing ends with this page: it has fewer rows than the server gives at most."""
    return page.received < min(asked, page.limit or asked)


def _judge(sweep: Sweep) -> tuple[Sweep, Verdict]:
    """What a pass that has ended proves."""
    if _proved(sweep, sweep.seen) or _proved(sweep, sweep.seen | sweep.seen_before):
        return sweep, Verdict.PROVED
    if sweep.steady and sweep.pass_number > 1 and sweep.seen == sweep.seen_before:
        return sweep, Verdict.REPEATED
    if sweep.pass_number >= PASSES:
        return sweep, Verdict.PARTIAL
    # Ids seen while the total fell may be of conversations deleted since: they prove nothing about the next pass.
    kept = sweep.seen | sweep.seen_before if sweep.steady else frozenset[str]()
    again = Sweep(sweep.started_at, pass_number=sweep.pass_number + 1, total=sweep.total, seen_before=kept)
    return replace(again, least=sweep.total), Verdict.CONTINUE


def _proved(sweep: Sweep, seen: frozenset[str]) -> bool:
    """Whether as many ids were seen as the list had when the pass began, and no more than it has now.

    A pass that was given up before the list's end has to have seen them all: those added may outnumber those unseen.
    """
    if sweep.total is None or sweep.least is None or not sweep.steady:
        return False
    fewest = sweep.least if sweep.next_offset >= sweep.total else sweep.total
    return fewest <= len(seen) <= sweep.total


def seen_ids(sweep: Sweep) -> frozenset[str]:
    """Every id that a proved sweep has seen."""
    return sweep.seen if _proved(sweep, sweep.seen) else sweep.seen | sweep.seen_before


def names_everybody(seen: Collection[str]) -> bool:
    """Whether every row that was seen had an id; one without could be any of those that seem to be missing."""
    return not any(each.startswith(NO_ID) for each in seen)


@dataclass(frozen=True, slots=True)
class Missing:
    """One conversation that a complete sweep did not show. `missed` counts the complete sweeps before this one."""

    id: str
    missed: int
    holds_transcript: bool
    suspect: bool = False


@dataclass(frozen=True, slots=True)
class Vanished:
    """What a complete sweep means for those it lacks. `braked`: so many at once that nothing is believed."""

    gone: tuple[tuple[str, str], ...] = ()
    missed: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    braked: bool = False


def vanished(missing: Collection[Missing], *, seen: int, known: int, accept: bool) -> Vanished:
    """Decide about the conversations that a complete sweep of `seen` rows lacks, of `known` that it should show.

    Args:
        accept: the owner says that they did delete them: the brake is off, and one sweep is enough.
    """
    if accept:
        return Vanished(gone=tuple((each.id, "missing from a sweep, accepted by the owner") for each in missing))
    if missing and (seen == 0 or (len(missing) > BRAKE_COUNT and len(missing) > BRAKE_SHARE * known)):
        return Vanished(braked=True)
    return Vanished(
        gone=tuple(_marks(missing)),
        missed=tuple(each.id for each in missing if not _enough(each)),
        ask=tuple(each.id for each in missing if not _enough(each) and each.holds_transcript),
    )


def _enough(each: Missing) -> bool:
    return each.missed >= 1 or (each.suspect and not each.holds_transcript)


def _marks(missing: Iterable[Missing]) -> Iterable[tuple[str, str]]:
    for each in missing:
        if each.missed >= 1:
            yield each.id, "missing from two complete sweeps in a row"
        elif _enough(each):
            yield each.id, "reported as deleted, and missing from a complete sweep"
