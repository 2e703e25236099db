"""``convo-sync archive history``: every version of one meeting's documents, and what changed between them."""

from __future__ import annotations

import click

from convo_sync.archive.history import KINDS, history
from convo_sync.cli.output import look, typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.errors import NothingFound
from convo_sync.render import history as page


@click.command("history", epilog="Example: convo-sync archive history sess_v2_kickoff --kind keypoints --diff")
@click.argument("id")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="This kind only; may be repeated.")
@click.option("--diff", "with_diff", is_flag=True, help="Also what changed, word by word.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--utc", is_flag=True, help="Times in UTC, not in local time.")
@click.pass_obj
def command(setup: Setup, id: str, kinds: tuple[str, ...], with_diff: bool, as_json: bool, utc: bool) -> None:
    """Show every version of a meeting's documents: when it came, why, and how many words it changed.

    A version was made by a rule that spends credits, by hand, or found at Convo. Versions that are not current are kept
    too. Of a transcript, the names of who speaks count as words.

    ID is a meeting's id, or the beginning of one; `convo-sync list` and `convo-sync search` name them.
    """
    found = history(setup.archive_file, typed(id), kinds or KINDS)
    if as_json:
        write_json(page.as_json(found, with_diff=with_diff))
    elif found.revisions:
        write_lines(page.lines(found, look(utc=utc), with_diff=with_diff))
    if not found.revisions:
        raise NothingFound(
            f"The archive has no {' or '.join(kinds) or 'document'} of {found.meeting.id}.",
            "Without --kind, this shows all that it has.",
        )
