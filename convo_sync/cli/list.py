"""``convo-sync list``: the meetings of the archive, newest first."""

from __future__ import annotations

import click

from convo_sync.archive.read import Reader
from convo_sync.cli.asking import beginnings, dated, filled, no_meetings
from convo_sync.cli.output import is_terminal, look, typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.days import FORMS
from convo_sync.errors import NothingFound
from convo_sync.render import meetings
from convo_sync.render.when import as_of


@click.command("list", epilog="Example: convo-sync list --with leonie --about pricing")
@click.option("--since", metavar="DAY", help=f"From the beginning of this day on: {FORMS}.")
@click.option("--before", metavar="DAY", help="Before the beginning of this day; the same forms.")
@click.option("--title", metavar="WORDS", default="", help="With this in the title, in any case.")
@click.option("--with", "person", metavar="PERSON", help="With this in a participant's or speaker's name.")
@click.option("--about", metavar="WORDS", help="In which a search finds these words; the best first, not the newest.")
@click.option("-n", "--limit", type=click.IntRange(1, 1_000_000), help="So many at most. Default: all.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--utc", is_flag=True, help="Times in UTC, not in local time.")
@click.pass_obj
def command(
    setup: Setup,
    since: str | None,
    before: str | None,
    title: str,
    person: str | None,
    about: str | None,
    limit: int | None,
    as_json: bool,
    utc: bool,
) -> None:
    """List the meetings, newest first. Days are local ones, also with --utc and --json.

    In names and titles upper and lower case are the same, in names letters with and without accents too.
    """
    who, words = filled("--with", person), filled("--about", about)
    first, end = beginnings(since, before)
    with Reader(setup.archive_file) as archive:
        rows = archive.meetings(since=first, before=end, title=typed(title), person=who, about=words, limit=limit or -1)
        moment = archive.as_of()
    if as_json:
        write_json(meetings.as_json(rows, moment))
    elif rows:
        write_lines(meetings.lines(rows, look(utc=utc), whole=not is_terminal()))
        if who or words:
            write_lines(["", *meetings.age_lines(moment, look(utc=utc))])
    if not rows:
        why = _why_empty(who, words, narrowed=bool(since or before or title))
        raise dated(why, as_of(moment, look(utc=utc))) if who or words else why


def _why_empty(person: str, about: str, *, narrowed: bool) -> NothingFound:
    if not (person or about or narrowed):
        return no_meetings()
    said = "No meeting in the archive is like that."
    if person and not (about or narrowed):
        said = f"Nobody called {person} took part in any meeting of the archive."
    elif about and not (person or narrowed):
        said = f"No meeting in the archive is about: {about}"
    return NothingFound(said, "`convo-sync list` alone shows all.")
