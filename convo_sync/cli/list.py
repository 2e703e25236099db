"""``convo-sync list``: the meetings of the archive, newest first."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from convo_sync.archive.read import Reader
from convo_sync.cli.output import is_terminal, look, typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.days import FORMS, beginning_of
from convo_sync.errors import NothingFound
from convo_sync.render import meetings


@click.command("list", epilog="Example: convo-sync list --since 30d --title weekly")
@click.option("--since", metavar="DAY", help=f"From the beginning of this day on: {FORMS}.")
@click.option("--before", metavar="DAY", help="Before the beginning of this day; the same forms.")
@click.option("--title", metavar="WORDS", default="", help="With this in the title, in any case.")
@click.option("-n", "--limit", type=click.IntRange(1, 1_000_000), help="So many at most. Default: all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--utc", is_flag=True, help="Times in UTC, not in local time.")
@click.pass_obj
def command(
    setup: Setup, since: str | None, before: str | None, title: str, limit: int | None, as_json: bool, utc: bool
) -> None:
    """List the meetings, newest first. Days are local ones, also with --utc and --json."""
    now = datetime.now(UTC)
    first, end = (day if day is None else beginning_of(typed(day), now) for day in (since, before))
    with Reader(setup.archive_file) as archive:
        rows = archive.meetings(since=first, before=end, title=typed(title), limit=limit or -1)
    if as_json:
        write_json(meetings.as_json(rows))
    elif rows:
        write_lines(meetings.lines(rows, look(utc=utc), whole=not is_terminal()))
    if not rows:
        raise NothingFound(*_why_empty(narrowed=bool(since or before or title)))


def _why_empty(*, narrowed: bool) -> tuple[str, str]:
    if narrowed:
        return "No meeting in the archive is like that.", "`convo-sync list` alone shows all."
    return "There are no meetings in this archive yet.", "Run `convo-sync sync`."
