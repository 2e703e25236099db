"""``convo-sync remote webhooks test``: has Convo deliver a test event."""

from __future__ import annotations

import click

from convo_sync.cli.output import typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.webhooks_asking import asking
from convo_sync.render.text import safe


@click.command("test", epilog="Example: convo-sync remote webhooks test wh_1234")
@click.argument("id")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(setup: Setup, id: str, json_wanted: bool) -> None:
    """Have Convo deliver a webhook.test event. The daemon's log says when it comes, or why it was refused."""
    name = typed(id)
    with asking(setup, "test") as (held, _):
        held.client.test_webhook(name)
    if json_wanted:
        write_json({"id": name, "state": "sent"})
    else:
        write_lines([f"Convo was asked to deliver a test to {safe(name)}. If it came: convo-sync service logs"])
