"""``convo-sync show``: one meeting, whole or at one moment."""

from __future__ import annotations

import click

from convo_sync.archive.read import Reader
from convo_sync.cli.output import look, typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.errors import UsageError
from convo_sync.render import meeting as page
from convo_sync.render.text import Look
from convo_sync.views import Meeting, Segment

CONTEXT = 5


@click.command("show", epilog="Example: convo-sync show sess_v2_kickoff --transcript")
@click.argument("id")
@click.option("--transcript", is_flag=True, help="Also what was said.")
@click.option("--at", type=click.IntRange(min=0), metavar="POSITION", help="Only the transcript around this turn.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--utc", is_flag=True, help="Times in UTC, not in local time.")
@click.pass_obj
def command(setup: Setup, id: str, transcript: bool, at: int | None, markdown: bool, as_json: bool, utc: bool) -> None:
    """Show one meeting: key points, decisions, action items, who spoke how much.

    Also the AI's answers to questions about it, and the e-mails that it drafted.

    ID is a meeting's id, or the beginning of one; `convo-sync list` and `convo-sync search` name them.
    """
    if as_json and markdown:
        raise UsageError("--json and --markdown exclude each other.", "Choose one of them.")
    with Reader(setup.archive_file) as archive:
        meeting = archive.meeting(typed(id))
    segments = meeting.segments if transcript and at is None else None
    if at is not None:
        segments = _around(meeting, at)
    _write(meeting, segments, at, look(utc=utc), markdown=markdown, as_json=as_json)


def _around(meeting: Meeting, at: int) -> tuple[Segment, ...]:
    found = page.around(meeting, at, CONTEXT)
    if found:
        return found
    if not meeting.segments:
        raise UsageError(f"{meeting.row.id} has no transcript in this archive.", " ".join(page.lacks(meeting)))
    first, last = meeting.segments[0].position, meeting.segments[-1].position
    raise UsageError(f"{meeting.row.id} has no turn {at}.", f"Its turns are {first} to {last}.")


def _write(
    meeting: Meeting, segments: tuple[Segment, ...] | None, at: int | None, look: Look, *, markdown: bool, as_json: bool
) -> None:
    if as_json:
        write_json(page.as_json(meeting, segments))
    elif markdown:
        from convo_sync.render.markdown import lines

        write_lines(lines(meeting, look, segments))
    elif at is not None:
        write_lines(page.heading(meeting, look))
        write_lines(["", *page.turns(meeting, segments or (), look, at=at)])
    else:
        write_lines(page.lines(meeting, look, transcript=segments is not None))
