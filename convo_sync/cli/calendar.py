"""``convo-sync calendar``: what is coming, and what was scheduled but never recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from convo_sync.archive.read import Reader
from convo_sync.briefs import Agenda
from convo_sync.cli.asking import answer
from convo_sync.cli.output import look
from convo_sync.cli.root import Setup
from convo_sync.days import beginning_of
from convo_sync.errors import NothingFound
from convo_sync.render import agenda as page
from convo_sync.render.text import Look, count
from convo_sync.times import format_time

COMING_DAYS = 7
MISSED_DAYS = 30


@click.command("calendar", epilog="Example: convo-sync calendar --days 14")
@click.option(
    "--days",
    type=click.IntRange(1, 3660),
    help=f"So many days, today among them. Default: {COMING_DAYS}, and {MISSED_DAYS} with --missed.",
)
@click.option("--missed", is_flag=True, help="What was scheduled and is over, but was never recorded.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--utc", is_flag=True, help="Times in UTC, not in local time.")
@click.pass_obj
def command(setup: Setup, days: int | None, missed: bool, as_json: bool, utc: bool) -> None:
    """List what is coming, each event with who is invited and the command that prepares for it.

    With --missed, list what has passed and no meeting of the archive was; events of whole days, those that were
    withdrawn and those that you declined are left out. `convo-sync sync` reads the calendar where config.toml says

    \b
    [calendar]
    enabled = true
    """
    days = days or (MISSED_DAYS if missed else COMING_DAYS)
    now = datetime.now(UTC)
    with Reader(setup.archive_file) as archive:
        found = _missed(archive, now, days) if missed else _coming(archive, now, days)
    view = look(utc=utc)
    why = None if found.events else _why_nothing(found, days, view, missed=missed)
    answer(page.as_json(found, missed=missed) if as_json else page.lines(found, view, missed=missed), why)


def _coming(archive: Reader, now: datetime, days: int) -> Agenda:
    today = now.astimezone().date()
    last_day = (today + timedelta(days=days)).isoformat()
    return archive.coming(format_time(now), beginning_of(last_day, now), today.isoformat(), last_day)


def _missed(archive: Reader, now: datetime, days: int) -> Agenda:
    first = now.astimezone().date() - timedelta(days=days - 1)
    return archive.missed(beginning_of(first.isoformat(), now), format_time(now))


def _why_nothing(found: Agenda, days: int, view: Look, *, missed: bool) -> NothingFound:
    if found.read_at is None:
        step = "Put `enabled = true` under [calendar] in config.toml, then run `convo-sync sync`."
        return NothingFound("The calendar was never read.", step)
    span = count(days, "day")
    if missed:
        return NothingFound(f"Nothing that was scheduled in the last {span} is missing.", page.read(found, view))
    return NothingFound(f"Nothing is scheduled for the next {span}.", page.read(found, view))
