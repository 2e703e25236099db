"""``convo-sync decisions``: what was decided, when and where."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from convo_sync.archive.read import Reader
from convo_sync.briefs import Decisions
from convo_sync.cli.asking import asked, dated, no_keypoints, no_meetings
from convo_sync.cli.output import look, typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.days import FORMS, beginning_of
from convo_sync.errors import NothingFound
from convo_sync.render import agreed
from convo_sync.render.command import line
from convo_sync.render.when import as_of


@click.command("decisions", epilog="Example: convo-sync decisions price per trip")
@click.argument("words", nargs=-1)
@click.option("--since", metavar="DAY", help=f"Of meetings from the beginning of this day on: {FORMS}.")
@click.option("--before", metavar="DAY", help="Of meetings before the beginning of this day; the same forms.")
@click.option(
    "-n", "--limit", type=click.IntRange(1, 1_000_000), default=20, show_default=True, help="Decisions at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--utc", is_flag=True, help="Times in UTC, not in local time.")
@click.pass_obj
def command(
    setup: Setup,
    words: tuple[str, ...],
    since: str | None,
    before: str | None,
    limit: int,
    as_json: bool,
    utc: bool,
) -> None:
    """List decisions, the newest meeting's first; with WORDS those about them, the best first.

    They are those that the key points name. Days are local ones, also with --utc and --json.
    """
    about, now = asked(words), datetime.now(UTC)
    first, end = (day if day is None else beginning_of(typed(day), now) for day in (since, before))
    with Reader(setup.archive_file) as archive:
        found = archive.decisions(about, since=first, before=end, limit=limit)
    if as_json:
        write_json(agreed.decisions_as_json(found))
    elif found.decisions:
        write_lines(agreed.decision_lines(found, look(utc=utc)))
    if not found.decisions:
        why = _why_none(found, about, in_days=bool(since or before))
        raise dated(why, as_of(found.as_of, look(utc=utc)))


def _why_none(found: Decisions, about: str, *, in_days: bool) -> NothingFound:
    if not found.coverage.conversations:
        return no_meetings()
    if found.coverage.conversations == found.coverage.without_keypoints:
        return no_keypoints("decisions")
    if about:
        then = " in those days" if in_days else ""
        step = f"`{line('search', *about.split())}` finds where it was spoken of."
        return NothingFound(f"No decision{then} is about: {about}", step)
    if in_days:
        return NothingFound("The archive has no decision of those days.", "`convo-sync decisions` alone shows all.")
    return NothingFound("There are no decisions in this archive.", "The key points that it has name none.")
