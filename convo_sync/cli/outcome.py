"""How a run ended, as one JSON document and in a few plain lines. Prints nothing itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from convo_sync.errors import ConvoSyncError, RateLimited, TryLater
from convo_sync.records import Completeness, Outcome, Run
from convo_sync.render.text import Look, count, safe
from convo_sync.render.when import not_before
from convo_sync.times import write_time

AGAIN = "Run the same command again to go on."


def run_as_json(run: Run) -> dict[str, Any]:
    """The document of ``sync --json``; its names are a contract."""
    code, message, next_step = run.error or ("", "", "")
    return {
        "outcome": run.outcome.value,
        "listing": run.listing.value,
        "requests": run.requests,
        "credits": run.credits,
        "resume_at": write_time(run.resume_at),
        "conversations": {"listed": run.listed, "new": run.new, "changed": run.changed, "gone": run.gone},
        "documents": {
            "fetched": run.fetched,
            "unchanged": run.unchanged,
            "absent": run.absent,
            "pending": run.pending,
            "failed": run.failed,
        },
        "seconds": round(run.seconds, 3),
        "error": {"code": code, "message": message, "next": next_step} if run.error else None,
    }


def unrecorded(error: ConvoSyncError, requests: int = 0) -> Run:
    """The run that an error kept from beginning, or from being counted."""
    outcome = Outcome.PARKED if isinstance(error, TryLater) else Outcome.FAILED
    return Run(outcome, Completeness.NONE, requests, error=_said(error))


def _said(error: ConvoSyncError) -> tuple[str, str, str]:
    return error.code, error.message, error.next_step


def run_in_words(run: Run, error: ConvoSyncError | None, now: datetime) -> list[str]:
    """A few lines for a person, in local time. What made a run fail is told with the error, not here."""
    lines = [*_ending(run, error, now), *_counts(run)]
    if run.credits:
        lines.append(f"{count(run.credits, 'AI credit')} spent; `convo-sync credits` says on what.")
    if run.failed:
        words = "each is tried again by itself. `convo-sync status` says why."
        lines.append(f"{count(run.failed, 'document')} failed; {words}")
    if run.pending:
        lines.append(f"{count(run.pending, 'transcript')} not complete at Convo yet; asked for again later.")
    return lines


def _ending(run: Run, error: ConvoSyncError | None, now: datetime) -> list[str]:
    if run.outcome is Outcome.COMPLETE:
        return ["The archive is up to date."]
    if run.outcome is Outcome.FAILED:
        return []
    why = f"Paused. {_reason(error)}".rstrip()
    next_step = safe(error.next_step) if error and error.next_step else AGAIN
    if run.resume_at is None:
        return [why, next_step]
    return [why, f"It can go on at {not_before(run.resume_at, now, Look())}. {next_step}"]


def _reason(error: ConvoSyncError | None) -> str:
    if isinstance(error, RateLimited):  # the API's own words are terse
        return "This hour's requests to Convo are used up."
    return safe(error.message) if error else ""


def _counts(run: Run) -> list[str]:
    if run.outcome is not Outcome.COMPLETE and not (run.listed or run.fetched or run.unchanged or run.absent):
        return []
    meetings = [f"{run.new:,} new", *_some((run.changed, "changed"), (run.gone, "gone at Convo"))]
    documents = [f"{run.fetched:,} archived", *_some((run.unchanged, "unchanged"), (run.absent, "not there at Convo"))]
    asked = f"{count(run.requests, 'request')} in {run.seconds:.1f} s"
    return [f"Meetings: {', '.join(meetings)}. Documents: {', '.join(documents)}. {asked}."]


def _some(*counted: tuple[int, str]) -> list[str]:
    return [f"{number:,} {word}" for number, word in counted if number]
