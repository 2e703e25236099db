"""``convo-sync remote delete``: one meeting deleted at Convo; the archive's copy stays, and says so."""

from __future__ import annotations

import click

from convo_sync.cli.changing import agree, at_convo, described, require_whole
from convo_sync.cli.output import look, typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.spending import meeting
from convo_sync.records import ConversationId
from convo_sync.render.when import day
from convo_sync.sync import changing
from convo_sync.views import MeetingRow

STAYS = "The copy in this archive stays."


@click.command("delete", epilog="Example: convo-sync remote delete sess_v2_kickoff")
@click.argument("id")
@click.option("--yes", is_flag=True, help="Delete it without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(setup: Setup, id: str, yes: bool, as_json: bool) -> None:
    """Delete a meeting at Convo, for good. The copy in this archive stays, and is marked as deleted at Convo.

    To remove it here, use `convo-sync archive forget`.
    """
    row = meeting(setup, id)
    if row.gone_at is not None:
        _tell(row, row.gone_at, "gone", f"It was deleted at Convo already, as of {day(row.gone_at, look())}.", as_json)
        return
    require_whole(row, typed(id), yes=yes)
    what = f"{described(row, look())} will be deleted at Convo. {STAYS}"
    agree(what, "Delete it at Convo?", "delete it", yes=yes)
    with at_convo(setup, "delete") as held:
        changing.delete(held.session, held.client, ConversationId(row.id), held.identity)
    gone_at = meeting(setup, row.id).gone_at
    _tell(row, gone_at, "deleted", f"Deleted at Convo: {described(row, look())}. {STAYS}", as_json)


def _tell(row: MeetingRow, gone_at: str | None, state: str, said: str, as_json: bool) -> None:
    if as_json:
        write_json({"conversation_id": row.id, "state": state, "gone_at": gone_at})
    else:
        write_lines([said])
