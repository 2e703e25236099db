"""``convo-sync archive verify``: everything in the archive against everything else in it. It mends nothing."""

from __future__ import annotations

import click

from convo_sync.archive import repair
from convo_sync.cli.condition import as_json, as_lines, next_step, unreadable
from convo_sync.cli.output import say, without_reader, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.render.text import count

_UNSOUND = 1


@click.command("verify", epilog="Example: convo-sync archive verify --json")
@click.option("--json", "as_document", is_flag=True, help="Print what was found as one JSON document.")
@click.pass_obj
def command(setup: Setup, as_document: bool) -> None:
    """Check in depth whether the archive is sound, and change nothing.

    SQLite checks the whole file; every document is read again and compared with the tables that are made from it; the
    search index is compared with the text. Ends with 0 if all is well, else with 1 and what to do about it.
    """
    condition = repair.examine(setup.archive)
    with without_reader():
        if as_document:
            write_json({"sound": condition.is_sound, **as_json(condition)})
        elif condition.is_sound:
            if not setup.quiet:
                write_lines(
                    [f"Sound: {count(condition.documents, 'document')}, their tables and the search index agree."]
                )
        else:
            write_lines((*as_lines(condition), *unreadable(condition)))
    if not condition.is_sound:
        say(next_step(condition))
        raise click.exceptions.Exit(_UNSOUND)
