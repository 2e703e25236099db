"""``convo-sync archive repair``: wires lock, archive and mending, and says what was mended."""

from __future__ import annotations

import click

from convo_sync.archive import repair
from convo_sync.archive.repair import Condition
from convo_sync.cli.account import utc_now
from convo_sync.cli.condition import as_json, as_lines, next_step, unreadable
from convo_sync.cli.output import say, without_reader, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.stopping import Stopped, stoppable
from convo_sync.lock import WriterLock

WAIT_SECONDS = 5.0
_INCOMPLETE = 1


@click.command("repair", epilog="Example: convo-sync archive repair --dry-run")
@click.option("--dry-run", is_flag=True, help="Say what would be mended, and mend nothing.")
@click.option("--json", "as_document", is_flag=True, help="Print what was mended as one JSON document.")
@click.pass_obj
def command(setup: Setup, dry_run: bool, as_document: bool) -> None:
    """Mend the search index and the tables from the archived documents.

    What is right is not touched, and no document is changed. Stop it when you like: what was mended stays, and the next
    one goes on. A file that SQLite finds damaged needs a backup instead.
    """
    condition = _would_mend(setup) if dry_run else _mend(setup)
    with without_reader():
        if as_document:
            write_json({"dry_run": dry_run, **as_json(condition)})
        elif not setup.quiet:
            write_lines(_lines(condition, dry_run=dry_run))
    if condition.unreadable:
        say(next_step(condition._replace(plain_indexes=(), search_indexes=(), tables={})))
        raise click.exceptions.Exit(_INCOMPLETE)


def _would_mend(setup: Setup) -> Condition:
    condition = repair.examine(setup.archive)
    if condition.damage:
        raise repair.beyond_repair(setup.archive, condition.damage)
    return condition


def _mend(setup: Setup) -> Condition:
    try:
        with WriterLock(setup.archive, "convo-sync archive repair").acquire(WAIT_SECONDS) as lock, stoppable():
            return repair.mend(setup.archive, utc_now(), pause=lock.yield_to_waiting)
    except KeyboardInterrupt:
        raise Stopped("Stopped. What was mended so far stays.", "Run the same command again to go on.") from None


def _lines(condition: Condition, *, dry_run: bool) -> list[str]:
    if condition.is_sound:
        return ["Nothing is wrong, and nothing was changed."]
    ending = ["This would be mended." if dry_run else "This was mended."] if condition.needs_repair else []
    return [*as_lines(condition), *ending, *unreadable(condition)]
