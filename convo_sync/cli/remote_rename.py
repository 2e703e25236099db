"""``convo-sync remote rename``: another title for one meeting, at Convo and here."""

from __future__ import annotations

import click

from convo_sync.cli.changing import at_convo
from convo_sync.cli.output import typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.spending import meeting
from convo_sync.errors import NothingFound, UsageError
from convo_sync.records import ConversationId
from convo_sync.render import command as typing
from convo_sync.render.text import safe
from convo_sync.sync import changing


@click.command("rename", epilog='Example: convo-sync remote rename sess_v2_kickoff "Kickoff, again"')
@click.argument("id")
@click.argument("title", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(setup: Setup, id: str, title: tuple[str, ...], as_json: bool) -> None:
    """Give a meeting another title at Convo; the archive has it at once.

    Titles that it had before stay in `convo-sync archive history`. It takes one request, two where the key is new.
    """
    wanted = " ".join(typed(" ".join(title)).split())
    if not wanted:
        raise UsageError("There is no title. Write it after the meeting's id.")
    row = meeting(setup, id)
    if row.gone_at is not None:
        raise NothingFound("The meeting was deleted at Convo: there is nothing to rename.", typing.show(row.id))
    with at_convo(setup, "rename") as held:
        listed = changing.rename(held.session, held.client, ConversationId(row.id), wanted, held.identity)
    if as_json:
        write_json({"conversation_id": row.id, "title": listed.title, "previous_title": row.title})
    else:
        write_lines([f"“{safe(row.title)}” is “{safe(listed.title)}” now, at Convo and here."])
