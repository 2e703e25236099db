"""How the archive stands, on one screen or as JSON, and whether that is good enough. "Now" is an argument."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from convo_sync.budget import SMALLEST_LIMIT, reserve
from convo_sync.render.text import Look, count, pad, safe, wrap
from convo_sync.render.when import age, at, day_and_minute, iso, not_before, span, until
from convo_sync.times import parse_time
from convo_sync.views import RunRow, Status

KINDS = {"transcript": "transcripts", "keypoints": "key points", "feedback": "feedback"}
_STATES = {
    "pending": "still to come",
    "absent": "that Convo does not have",
    "failed": "failed",
    "excluded": "excluded",
    "not-applicable": "not applicable",
}
_MARGIN = 10


class Verdict(NamedTuple):
    """`state` is fresh, stale or incomplete; `sentence` says why it is not fresh, `next_step` what to do."""

    state: str
    sentence: str = ""
    next_step: str = ""


def judge(status: Status, now: datetime, stale_after: timedelta, look: Look | None = None) -> Verdict:
    """Whether the archive can be taken for the account; `look` says in which times the next step is told."""
    step = f"Run `convo-sync sync`{_after(status.last_run, now, look or Look())}."
    complete = status.last_complete
    if complete is None:
        return Verdict("incomplete", "No sync has completed yet: this archive is not the whole account.", step)
    finished = parse_time(complete.finished_at or complete.started_at)
    if now - finished > stale_after:
        ago = span(now - finished)
        return Verdict(
            "stale", f"The last complete sync was {ago} ago; more than {span(stale_after)} counts as stale.", step
        )
    if status.sweep_unfinished:
        return Verdict("incomplete", "A listing of the whole account has begun and is not finished yet.", step)
    return Verdict("fresh")


def _after(run: RunRow | None, now: datetime, look: Look) -> str:
    """When a parked run can go on, where that is still to come."""
    if run is None or run.outcome != "parked" or run.resume_at is None or parse_time(run.resume_at) <= now:
        return ""
    return f" after {not_before(parse_time(run.resume_at), now, look)}"


def hourly_rate(status: Status) -> int:
    """Requests an hour that a sync may use: the limit less the reserve; the smallest plan's until one is known."""
    limit = status.hourly_limit or SMALLEST_LIMIT
    return max(1, limit - reserve(limit))


def backlog_time(status: Status) -> timedelta:
    """How long the documents that are due now take at this plan's rate."""
    return timedelta(hours=status.backlog / hourly_rate(status))


def left(status: Status, now: datetime) -> int | None:
    """Requests left in this hour, the reserve included; all of them once it has passed. None: the server never said."""
    if status.reset_at is not None and parse_time(status.reset_at) <= now:
        return status.hourly_limit
    return status.remaining


def as_json(status: Status, verdict: Verdict, now: datetime) -> dict[str, Any]:
    """The document that ``status --json`` prints."""
    failure = status.oldest_failure
    return {
        "state": verdict.state,
        "reason": verdict.sentence or None,
        "account": status.account,
        "tier": status.tier,
        "base_url": status.base_url,
        "archive": {"path": status.path, "bytes": status.bytes},
        "conversations": status.conversations,
        "gone": status.gone,
        "segments": status.segments,
        "first_start": status.first_start,
        "last_start": status.last_start,
        "coverage": {kind: dict(status.states.get(kind, {})) for kind in KINDS},
        "last_complete": run_as_json(status.last_complete),
        "last_run": run_as_json(status.last_run),
        "sweep_unfinished": status.sweep_unfinished,
        "backlog": {
            "due": status.backlog,
            "later": status.waiting,
            "next_try_at": status.next_try_at,
            "requests_per_hour": hourly_rate(status),
            "ends_at": iso(now + backlog_time(status)) if status.backlog else None,
        },
        "hour": {"limit": status.hourly_limit, "left": left(status, now), "reset_at": status.reset_at},
        "oldest_failure": failure and dict(zip(("conversation_id", "kind", "reason"), failure, strict=True)),
    }


def run_as_json(run: RunRow | None) -> dict[str, Any] | None:
    """A sync for JSON; null where there was none."""
    if run is None:
        return None
    error = run.error and dict(zip(("code", "message", "next"), run.error, strict=True))
    return run._asdict() | {"error": error}


def lines(status: Status, look: Look, now: datetime, credits: str = "", daemon: str = "") -> Iterator[str]:
    """One screen; `credits` is its line about AI credits, `daemon` the one about the daemon."""
    for name, text in (*_facts(status, look, now), ("Credits", credits), ("Daemon", daemon)):
        if text:
            yield from wrap(safe(text), look.prose, pad(f"{name}:" if name else "", _MARGIN))


def _facts(status: Status, look: Look, now: datetime) -> Iterator[tuple[str, str]]:
    yield "Account", f"{status.account}, {status.tier} plan, at {status.base_url}" if status.account else "none yet"
    yield "Archive", f"{status.path}, {_size(status.bytes)}"
    yield "Meetings", _meetings(status, look)
    for kind, name in KINDS.items():
        yield "", _coverage(name, status.states.get(kind, {}))
    yield "Complete", run_in_words(status.last_complete, look, now) or "never"
    if status.last_run and status.last_run != status.last_complete:
        yield "Last run", run_in_words(status.last_run, look, now)
    yield "Backlog", _backlog(status, look, now)
    yield "Rate", _rate(status, look, now)
    if status.oldest_failure:
        id_, kind, reason = status.oldest_failure
        yield "Failing", f"{KINDS.get(kind, kind)} of {id_}: {reason or 'no reason recorded'}"


def _meetings(status: Status, look: Look) -> str:
    if not status.conversations:
        return "none yet"
    period = ""
    if status.first_start and status.last_start:
        first, last = (at(each, look).date().isoformat() for each in (status.first_start, status.last_start))
        period = f", {first} to {last}"
    gone = f", {status.gone:,} of them deleted at Convo and kept here" if status.gone else ""
    return f"{status.conversations:,}{period}, {count(status.segments, 'turn')}{gone}"


def _coverage(name: str, states: Any) -> str:
    """“160 of 162 transcripts; 2 still to come”."""
    total = sum(states.values())
    if not total:
        return ""
    rest = [f"{states[state]:,} {words}" for state, words in _STATES.items() if states.get(state)]
    return "; ".join(
        [f"{states.get('present', 0):,} of {total:,} {name}", ", ".join(rest)] if rest else [f"all {total:,} {name}"]
    )


def run_in_words(run: RunRow | None, look: Look, now: datetime) -> str:
    """How a sync ended, and when; empty where there was none."""
    if run is None:
        return ""
    finished = run.finished_at or run.started_at
    head = f"{age(finished, now)} ({day_and_minute(finished, look)}, {count(run.requests, 'request')})"
    if run.outcome == "parked":
        end = f" until {until(run.resume_at, look)}" if run.resume_at else ""
        # A list that stopped halfway may have kept changing, or have had its share of the hour.
        halfway = run.listing == "partial"
        why = "the list of meetings was not complete yet" if halfway else "the hour's requests were used up"
        return f"{head}, parked{end}: {why}"
    if run.outcome == "failed":
        return f"{head}, failed: {' '.join(run.error[1:]) if run.error else 'no reason recorded'}"
    return head


def _backlog(status: Status, look: Look, now: datetime) -> str:
    later = ""
    if status.waiting and status.next_try_at:
        later = f"; {status.waiting:,} later, the next {day_and_minute(status.next_try_at, look)}"
    if not status.backlog:
        return f"nothing is due{later}"
    takes = span(backlog_time(status))
    rate = f"at {hourly_rate(status):,} requests an hour"
    if hourly_rate(status) >= status.backlog:
        return f"{count(status.backlog, 'document')} due, within one hour's requests{later}"
    ends = until(iso(now + backlog_time(status)), look)
    return f"{count(status.backlog, 'document')} due, about {takes} {rate}, until {ends}{later}"


def _rate(status: Status, look: Look, now: datetime) -> str:
    if status.hourly_limit is None:
        return "unknown until the first sync"
    remaining = left(status, now)
    frees = ""
    if status.reset_at and parse_time(status.reset_at) > now:
        frees = f" until {until(status.reset_at, look)}"
    return f"{remaining if remaining is not None else '?':,} of {status.hourly_limit:,} requests left{frees}"


def _size(size: int) -> str:
    if size < 1_000_000:
        return f"{max(1, round(size / 1000)):,} kB"
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.2f} GB"
