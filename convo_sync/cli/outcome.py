"""How a run ended, as one JSON document and in a few plain lines. Prints nothing itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from convo_sync.records import Completeness, Outcome, Run
from convo_sync.times import write_time


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


def run_in_words(run: Run) -> str:
    """A few lines for a person; local time."""
    lines = [_ending(run), _counts(run)]
    if run.failed:
        lines.append(
            f"{_many(run.failed, 'document')} failed; each is tried again by itself. `convo-sync status` says why."
        )
    if run.pending:
        lines.append(f"{_many(run.pending, 'transcript')} not complete at Convo yet; asked for again later.")
    return "\n".join(line for line in lines if line)


def _ending(run: Run) -> str:
    if run.outcome is Outcome.COMPLETE:
        return "The archive is up to date."
    if run.outcome is Outcome.FAILED:
        return "The run failed. Everything archived before is kept."
    if run.resume_at is None:
        return "Paused. Run the same command again to go on."
    when = local(run.resume_at)
    if run.listing is Completeness.COMPLETE:
        return f"Paused: this hour's requests are used up. Run the same command after {when} to go on."
    return f"Paused: the list of meetings is not complete yet. Run the same command after {when} to go on."


def _counts(run: Run) -> str:
    parts = [f"{run.new} new"]
    parts += [f"{count} {word}" for count, word in ((run.changed, "changed"), (run.gone, "gone at Convo")) if count]
    documents = [f"{run.fetched} archived"]
    documents += [
        f"{count} {word}" for count, word in ((run.unchanged, "unchanged"), (run.absent, "not there at Convo")) if count
    ]
    return (
        f"Meetings: {', '.join(parts)}. Documents: {', '.join(documents)}. "
        f"{_many(run.requests, 'request')} in {run.seconds:.1f} s."
    )


def local(moment: datetime) -> str:
    """The local time of day, with the date where it is another day than today's."""
    here = moment.astimezone()
    same_day = here.date() == datetime.now(here.tzinfo).date()
    return here.strftime("%H:%M") if same_day else here.strftime("%Y-%m-%d %H:%M")


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
