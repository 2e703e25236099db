"""When the daemon runs the next sync. Pure: exit codes, times and chance in, the next time with its reason out.

A run is due every so often, counted from its beginning. Trouble on the way is tried again sooner, at growing pauses; a
parked run goes on when its hour frees, a minute later, so that a burst of requests is free at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

DONE, UNREACHABLE, LATER, KEY_REFUSED, CONFIGURATION = 0, 69, 75, 77, 78
# Of `every`, so that many laptops that were installed at the same hour do not ask at the same minute. A regular run
# comes sooner by it and never later: what Convo has is archived within `every`, the look at the clock included.
JITTER = 0.1
FIRST_PAUSE = timedelta(minutes=1)
LOCKED_PAUSE = timedelta(minutes=1)
# After Reset, so that more than one request of the old hour has left it.
MARGIN = timedelta(minutes=1)
# No hour is longer, with some slack: a time to go on that lies beyond it came from a clock that was set.
LONGEST_HOUR = timedelta(minutes=65)
EVERY = "every so often"
HINTED = "a webhook said that there is something new"
# From the beginning of one run to that of the next, where webhooks ask for it.
HINT_PAUSE = timedelta(minutes=1)
# What lies further ahead than any plan came from a clock that was set.
SLACK = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Plan:
    """The next run: when, and why then. `troubles`: runs in a row that the network or the server kept from working."""

    at: datetime
    why: str
    troubles: int = 0


def first(now: datetime, last_complete: datetime | None, resume_at: datetime | None, every: timedelta) -> Plan:
    """The plan of a daemon that has just begun: at once where a run is overdue.

    Args:
        last_complete: when the last complete run began; None where there was none.
        resume_at: when a parked run can go on; None where the last one was not parked.
    """
    if resume_at is not None:
        return _parked(max(resume_at, now - MARGIN), now)
    if last_complete is None or last_complete > now or last_complete + every <= now:
        return Plan(now, "overdue")
    return Plan(last_complete + every, EVERY)


def after(
    plan: Plan, code: int, began: datetime, now: datetime, resume_at: datetime | None, every: timedelta, chance: float
) -> Plan:
    """The plan after a run.

    Args:
        code: the run's exit code; negative for a signal.
        began, now: when it began, and when it ended.
        resume_at: when it can go on, where it was parked.
        chance: from 0 to 1, for the jitter.
    """
    regular = max(began + every * (1 - JITTER * (1 + chance) / 2), now)
    if code == DONE:
        return Plan(regular, EVERY)
    if code == LATER:
        if resume_at is None or resume_at <= now:
            return Plan(now + min(LOCKED_PAUSE, every), "another process had the archive")
        return _parked(resume_at, now)
    if code == UNREACHABLE:
        pause = min(FIRST_PAUSE * 2 ** min(plan.troubles, 16), max(every, FIRST_PAUSE))
        return Plan(now + pause * (1 + JITTER * chance), "Convo could not be reached", plan.troubles + 1)
    why = {KEY_REFUSED: "the key was refused", CONFIGURATION: "the configuration has to be corrected"}
    return Plan(max(regular, now + min(every, FIRST_PAUSE)), why.get(code, f"the last run ended with exit code {code}"))


def _parked(resume_at: datetime, now: datetime) -> Plan:
    return Plan(min(resume_at, now + LONGEST_HOUR) + MARGIN, "the hour's requests were used up")


def is_due(plan: Plan, now: datetime, every: timedelta) -> bool:
    """Whether to run now. A plan from beyond every pause came from a clock that was set back since."""
    return now >= plan.at or plan.at - now > every * (1 + JITTER) + SLACK


def hurried(plan: Plan, now: datetime) -> Plan:
    """The plan where something says that it is time: the machine woke, the configuration was read again.

    What went wrong before says nothing about now: where it still does, the pauses begin with the short ones.
    """
    return replace(plan, at=min(plan.at, now), troubles=0)


def hinted(plan: Plan, now: datetime, last_began: datetime | None) -> Plan:
    """The plan where a webhook was delivered: soon, if nothing stands in the way of a run; else as it was.

    Args:
        last_began: when the last run began; None where none did yet.
    """
    if plan.why != EVERY:
        return plan
    at = now if last_began is None or last_began > now else max(now, last_began + HINT_PAUSE)
    return replace(plan, at=at, why=HINTED) if at < plan.at else plan


def has_slept(wall: timedelta, monotonic: timedelta) -> bool:
    """Whether the machine slept, or its clock was set forward, while so much of each clock passed."""
    return wall - monotonic > timedelta(seconds=30)
