"""``convo-sync decisions``: what was decided, when and where."""

from __future__ import annotations

import click

from convo_sync.archive.read import Reader
from convo_sync.briefs import Decisions
from convo_sync.cli.asking import answer, asked, beginnings, dated, none_can_be, none_named, of_meetings_since, told
from convo_sync.cli.output import look
from convo_sync.cli.root import Setup
from convo_sync.errors import NothingFound
from convo_sync.render import agreed
from convo_sync.render.command import line
from convo_sync.render.when import as_of


@click.command("decisions", epilog="Example: convo-sync decisions price per trip")
@click.argument("words", nargs=-1)
@of_meetings_since
@click.option("--before", metavar="DAY", help="Of meetings before the beginning of this day; the same forms.")
@told("Decisions", default=20)
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
    about = asked(words)
    first, end = beginnings(since, before)
    with Reader(setup.archive_file) as archive:
        found = archive.decisions(about, since=first, before=end, limit=limit)
    view, in_days = look(utc=utc), bool(since or before)
    why = None if found.decisions else dated(_why_none(found, about, in_days=in_days), as_of(found.as_of, view))
    answer(agreed.decisions_as_json(found) if as_json else agreed.decision_lines(found, view), why)


def _why_none(found: Decisions, about: str, *, in_days: bool) -> NothingFound:
    if why := none_can_be(found.coverage, "decisions"):
        return why
    if about:
        then = " in those days" if in_days else ""
        step = f"`{line('search', *about.split())}` finds where it was spoken of."
        return NothingFound(f"No decision{then} is about: {about}", step)
    if in_days:
        return NothingFound("The archive has no decision of those days.", "`convo-sync decisions` alone shows all.")
    return none_named("decisions")
