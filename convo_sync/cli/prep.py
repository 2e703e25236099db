"""``convo-sync prep``: what to know before meeting somebody, or before talking about something."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from convo_sync.archive.read import Reader
from convo_sync.briefs import Briefing
from convo_sync.cli.asking import answer, asked, dated, no_meetings, told
from convo_sync.cli.output import look
from convo_sync.cli.root import Setup
from convo_sync.errors import NothingFound, UsageError
from convo_sync.render import briefing as page
from convo_sync.render.text import count
from convo_sync.render.when import as_of


@click.command("prep", epilog="Example: convo-sync prep Leonie")
@click.argument("words", nargs=-1, metavar="WORDS|PERSON|EVENT")
@told("Of each kind", default=2, most=10_000)
@click.pass_obj
def command(setup: Setup, words: tuple[str, ...], limit: int, as_json: bool, utc: bool) -> None:
    """Prepare for a meeting: what was discussed, decided and promised, each line with where it is from.

    Give the id or the title of a calendar event, for its guests and its title; or one or more words of a person's name,
    for the last meetings with them, what they and you have to do, and what was decided; or any words, for a topic.
    """
    text = asked(words)
    if not text:
        raise UsageError(
            "Prepare for what?", "Name a person, a topic or a calendar event, as in: convo-sync prep Leonie"
        )
    with Reader(setup.archive_file) as archive:
        found = archive.briefing(text, datetime.now(UTC), limit=limit)
    view = look(utc=utc)
    why = dated(_why_nothing(found), as_of(found.as_of, view)) if found.is_empty else None
    answer(page.as_json(found) if as_json else page.lines(found, view, limit), why)


def _why_nothing(found: Briefing) -> NothingFound:
    if not found.coverage.conversations:
        return no_meetings()
    lacking = found.coverage.without_transcript
    unseen = f"{count(lacking, 'meeting has', 'meetings have')} no transcript yet." if lacking else ""
    step = unseen or "`convo-sync list` shows the meetings. Fewer or other words may find something."
    return NothingFound(f"No person, no calendar event and nothing that was said fits: {found.query}", step)
