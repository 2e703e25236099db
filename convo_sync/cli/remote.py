"""``convo-sync remote``: the group of commands that change something at Convo. It knows their homes alone."""

from __future__ import annotations

import click

from convo_sync.cli.lazy import LazyGroup

HOMES = {
    "rename": ("convo_sync.cli.remote_rename", "Give a meeting another title at Convo."),
    "delete": ("convo_sync.cli.remote_delete", "Delete a meeting at Convo; the local copy stays."),
    "webhooks": ("convo_sync.cli.remote_webhooks", "Have Convo tell the daemon at once what is new."),
}


@click.group(
    "remote", cls=LazyGroup, homes=HOMES, epilog='Example: convo-sync remote rename sess_v2_kickoff "Kickoff, again"'
)
def command() -> None:
    """Change something at Convo. Each of these asks Convo at once, and shows in the archive at once."""
