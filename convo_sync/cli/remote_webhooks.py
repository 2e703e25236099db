"""``convo-sync remote webhooks``: the group of commands about webhooks at Convo. It knows their homes alone."""

from __future__ import annotations

import click

from convo_sync.cli.lazy import LazyGroup

HOMES = {
    "list": ("convo_sync.cli.webhooks_list", "List the webhooks of your account."),
    "create": ("convo_sync.cli.webhooks_create", "Register a webhook, and keep its secret."),
    "delete": ("convo_sync.cli.webhooks_delete", "Remove a webhook."),
    "test": ("convo_sync.cli.webhooks_test", "Have Convo deliver a test event."),
}


@click.group("webhooks", cls=LazyGroup, homes=HOMES, epilog="Example: convo-sync remote webhooks list")
def command() -> None:
    """Have Convo tell the daemon at once what is new. Professional plans and up; docs/webhooks.md shows the way.

    Without webhooks nothing is lost: each sync finds the same, a little later.
    """
