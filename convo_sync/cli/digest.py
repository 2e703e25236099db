"""``convo-sync digest``: the last days in brief."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import click

from convo_sync.archive.read import Reader
from convo_sync.briefs import Digest
from convo_sync.cli.asking import answer, dated, no_meetings, told
from convo_sync.cli.output import look, typed
from convo_sync.cli.root import Setup
from convo_sync.days import FORMS, beginning_of
from convo_sync.errors import NothingFound, UsageError
from convo_sync.render import digest as page
from convo_sync.render.when import as_of
from convo_sync.times import parse_time

DAYS = 7


@click.command("digest", epilog="Example: convo-sync digest --days 7")
@click.option("--days", type=click.IntRange(1, 3660), help=f"So many days, today among them. Default: {DAYS}.")
@click.option("--since", metavar="DAY", help=f"From the beginning of this day on, instead: {FORMS}.")
@told("Of each kind", default=5, most=10_000)
@click.pass_obj
def command(setup: Setup, days: int | None, since: str | None, limit: int, as_json: bool, utc: bool) -> None:
    """Sum up the last days: meetings and hours, with whom, what was decided, what is to do, what is still missing.

    Days are local ones, also with --utc and --json.
    """
    if days is not None and since is not None:
        raise UsageError("--days and --since exclude each other.", "Choose one of them.")
    now = _now()
    today = now.astimezone().date()
    first = (today - timedelta(days=(days or DAYS) - 1)).isoformat() if since is None else typed(since)
    begin, end = beginning_of(first, now), beginning_of((today + timedelta(days=1)).isoformat(), now)
    if begin >= end:
        raise UsageError(f"“{first}” is still to come.", "A digest is of days that were.")
    with Reader(setup.archive_file) as archive:
        found = archive.digest(begin, end, limit=limit)
    start, view = _local_day(begin), look(utc=utc)
    why = None if found.meetings else dated(_why_nothing(found, start, today), as_of(found.as_of, view))
    answer(page.as_json(found, start, today) if as_json else page.lines(found, start, today, view), why)


def _now() -> datetime:
    return datetime.now(UTC)


def _local_day(text: str) -> date:
    return parse_time(text).astimezone().date()


def _why_nothing(found: Digest, first: date, last: date) -> NothingFound:
    if found.newest is None:
        return no_meetings()
    newest = _local_day(found.newest)
    week = newest - timedelta(days=DAYS - 1)
    return NothingFound(
        f"No meeting began in these days: {page.period(first, last)}.",
        f"The last one was on {newest}: convo-sync digest --since {week} has the week up to it.",
    )
