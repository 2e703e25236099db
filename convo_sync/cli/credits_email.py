"""``convo-sync credits email``: a follow-up e-mail about one meeting, drafted by Convo's AI and archived."""

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

TONES = ("professional", "casual", "concise")


@click.command("email", epilog="Example: convo-sync credits email sess_v2_kickoff --to Leonie --tone casual")
@click.argument("id")
@click.option("--to", "recipient", metavar="NAME", help="Whom it is for; it is sent to nobody.")
@click.option("--tone", type=click.Choice(TONES), default=TONES[0], show_default=True, help="How it sounds.")
@click.option("--again", is_flag=True, help="Have another one drafted even if the archive has such a one.")
@click.option("--yes", is_flag=True, help="Spend the credit without asking.")
@click.option("--over-cap", is_flag=True, help="Also where monthly_cap is reached. keep holds all the same.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(
    setup: Setup, id: str, recipient: str | None, tone: str, again: bool, yes: bool, over_cap: bool, as_json: bool
) -> None:
    """Have a follow-up e-mail about one meeting drafted, for 1 AI credit. It is archived, and sent to nobody.

    `convo-sync search` finds it, `convo-sync show` shows it. The same e-mail about an unchanged transcript comes from
    the archive, for nothing.
    """
    row = meeting(setup, id)
    to = typed(recipient or "").strip()
    if recipient is not None and not to:
        raise UsageError("--to is followed by no name.", "Name somebody, or leave --to out.")
    request = json.dumps({"to": to, "tone": tone}, ensure_ascii=False)
    wish = wish_for(row, Kind.EMAIL, request=request)
    item, credits = None if again else before(setup, wish), 0
    if item is None:
        item, credits = buy(setup, wish, f"An e-mail about {named(row)}", yes=yes, over_cap=over_cap, again=again)
    with Reader(setup.archive_file) as archive:
        email = next(each for each in archive.meeting(row.id).emails if each.item == item)
    if as_json:
        write_json({"conversation_id": row.id, "credits": credits, **email._asdict()})
        return
    if not credits:
        say("Drafted before from the same transcript: nothing was spent. --again has another one drafted.")
    write_lines(replies.emails([email], look()))
