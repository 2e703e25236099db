"""``convo-sync remote webhooks list``: what is registered at Convo for this account."""

from __future__ import annotations

from collections.abc import Sequence

import click

from convo_sync.cli.output import write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.webhooks_asking import as_json, asking
from convo_sync.records import Webhook
from convo_sync.render.text import safe


@click.command("list", epilog="Example: convo-sync remote webhooks list --json")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(setup: Setup, json_wanted: bool) -> None:
    """List the webhooks that are registered for your account, other programs' included. It takes one request."""
    with asking(setup, "list") as (held, _):
        found = held.client.list_webhooks()
    if json_wanted:
        write_json({"webhooks": [as_json(each) for each in found]})
    else:
        write_lines(_lines(found))


def _lines(found: Sequence[Webhook]) -> list[str]:
    if not found:
        return ["There are no webhooks. To register one: convo-sync remote webhooks create"]
    return [line for each in found for line in (f"{safe(each.id)}  {safe(each.url)}", f"  {_events(each)}")]


def _events(each: Webhook) -> str:
    return safe(", ".join(each.events)) or "no events"
