"""``convo-sync credits ask``: a question to Convo's AI about one meeting. The answer is archived in the same step."""

from __future__ import annotations

import json

import click

from convo_sync.archive.read import Reader
from convo_sync.cli.output import look, say, typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.spending import before, buy, meeting, named, wish_for
from convo_sync.errors import UsageError
from convo_sync.records import Kind
from convo_sync.render import replies

LONGEST = 500


@click.command("ask", epilog="Example: convo-sync credits ask sess_v2_kickoff what was decided about the hinge")
@click.argument("id")
@click.argument("question", nargs=-1, required=True)
@click.option("--again", is_flag=True, help="Ask Convo even if the archive has the answer.")
@click.option("--yes", is_flag=True, help="Spend the credit without asking.")
@click.option("--over-cap", is_flag=True, help="Also where monthly_cap is reached. keep holds all the same.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(
    setup: Setup, id: str, question: tuple[str, ...], again: bool, yes: bool, over_cap: bool, as_json: bool
) -> None:
    """Ask Convo's AI a question of up to 500 characters about one meeting, for 1 AI credit.

    The answer is archived: `convo-sync search` finds it, `convo-sync show` shows it. The same question about an
    unchanged transcript is answered from the archive, for nothing.
    """
    text = " ".join(typed(" ".join(question)).split())
    if not text:
        raise UsageError("There is no question.", "Write it after the meeting's id.")
    if len(text) > LONGEST:
        raise UsageError(
            f"The question has {len(text)} characters, and Convo takes {LONGEST} at most. Nothing was sent.",
            "Ask a shorter one.",
        )
    row = meeting(setup, id)
    wish = wish_for(row, Kind.ANSWER, request=json.dumps({"query": text}, ensure_ascii=False))
    item, credits = None if again else before(setup, wish), 0
    if item is None:
        item, credits = buy(setup, wish, f"An answer about {named(row)}", yes=yes, over_cap=over_cap, again=again)
    with Reader(setup.archive_file) as archive:
        answer = next(each for each in archive.meeting(row.id).answers if each.item == item)
    if as_json:
        write_json({"conversation_id": row.id, "credits": credits, **answer._asdict()})
        return
    if not credits:
        say("Asked before about the same transcript: from the archive, nothing was spent. --again asks Convo anew.")
    write_lines(replies.answers([answer], look()))
