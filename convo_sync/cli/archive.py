"""``convo-sync archive``: the group of commands that look after the archive's file. It knows their homes alone."""

from __future__ import annotations

import click

from convo_sync.cli.lazy import LazyGroup

HOMES = {
    "verify": ("convo_sync.cli.archive_verify", "Check in depth whether the archive is sound; change nothing."),
    "repair": ("convo_sync.cli.archive_repair", "Mend the search index and the tables from the archived documents."),
    "history": ("convo_sync.cli.archive_history", "Show every version of a meeting's documents, and what changed."),
    "forget": ("convo_sync.cli.archive_forget", "Remove one meeting from the archive, for good."),
}


@click.group("archive", cls=LazyGroup, homes=HOMES, epilog="Example: convo-sync archive verify")
def command() -> None:
    """Look after the archive's file. None of this needs a key or a network."""
