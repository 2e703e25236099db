"""``convo-sync service uninstall``: the service is stopped and removed; nothing else is."""

from __future__ import annotations

import click

from convo_sync.cli.output import write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.service_work import service_for
from convo_sync.errors import UsageError
from convo_sync.service import NAMES, in_words, name_here


@click.command("uninstall", epilog="Example: convo-sync service uninstall")
@click.option("--dry-run", is_flag=True, help="Print what would be run and removed; change nothing.")
@click.option("--system", type=click.Choice(NAMES), help="With --dry-run, for another system than this one.")
@click.pass_obj
def command(setup: Setup, dry_run: bool, system: str | None) -> None:
    """Stop the service and remove it. The archive, config.toml, the key and the log stay."""
    if system not in (None, name_here()) and not dry_run:
        raise UsageError(f"There is no {system} on this computer.", "With --dry-run, it says what would be done there.")
    service, _ = service_for(setup, system)
    if dry_run:
        write_lines(in_words(service.plan_uninstall()))
    elif service.uninstall():
        click.echo(f"The service is stopped and removed. The archive stays: {setup.archive_file}")
    else:
        click.echo("No service is installed. Nothing was changed.")
