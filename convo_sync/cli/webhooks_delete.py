"""``convo-sync remote webhooks delete``: one webhook removed at Convo."""

from __future__ import annotations

import click

from convo_sync.cli.output import typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.webhooks_asking import asking
from convo_sync.render.text import safe


@click.command("delete", epilog="Example: convo-sync remote webhooks delete wh_1234")
@click.argument("id")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(setup: Setup, id: str, json_wanted: bool) -> None:
    """Remove a webhook: Convo delivers nothing to it any more. Its secret's file stays, and is of no use.

    Syncs go on as before. Take listen out of config.toml if nothing else delivers to it.
    """
    name = typed(id)
    with asking(setup, "delete") as (held, _):
        held.client.delete_webhook(name)
    if json_wanted:
        write_json({"id": name, "state": "deleted"})
    else:
        write_lines([f"Removed at Convo: {safe(name)}."])
