"""``convo-sync service logs``: what the daemon logged, from the system's journal or from its file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import click

from convo_sync.cli.log_file import follow, last_lines
from convo_sync.cli.output import flush, write
from convo_sync.cli.root import Setup
from convo_sync.cli.service_work import service_for, work_for
from convo_sync.errors import NothingFound
from convo_sync.render.text import safe
from convo_sync.service import ServiceTrouble, System, name_here


@click.command("logs", epilog="Example: convo-sync service logs -n 20 --follow")
@click.option("-n", "--lines", type=click.IntRange(0, 100_000), default=50, show_default=True, metavar="N",
              help="The last N lines.")  # fmt: skip
@click.option("-f", "--follow", "go_on", is_flag=True, help="Go on with each new line, until Ctrl-C.")
@click.pass_obj
def command(setup: Setup, lines: int, go_on: bool) -> None:
    """Show what the daemon logged: one event a line, no key and no word of a meeting among it.

    On Linux from the journal; on macOS and Windows from the log file, of which four megabytes are kept.
    """
    service, system = service_for(setup)
    service.require_tool()
    try:
        if system.keeps_log:
            _show_journal(system, lines, go_on)
        else:
            _show_file(Path(work_for(setup, name_here()).log), lines, go_on)
    except KeyboardInterrupt:  # how following ends, and no reason for a word
        raise click.exceptions.Exit(130) from None


def _show_journal(system: System, lines: int, go_on: bool) -> None:
    flush()
    argv = system.read_log(lines, follow=go_on)
    try:
        code = subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode  # noqa: S603 - the system's tool
    except OSError as error:
        raise ServiceTrouble(f"{argv[0]} cannot be started: {os.strerror(error.errno or 0)}.") from None
    if code:
        raise click.exceptions.Exit(1)


def _show_file(path: Path, lines: int, go_on: bool) -> None:
    if not go_on and not path.exists():
        raise NothingFound(f"There is no log yet; it will be {path}.", "The daemon writes it once the service runs.")
    added = follow(path) if go_on else iter(())
    for line in last_lines(path, lines):
        write(f"{safe(line)}\n")
    flush()
    for line in added:
        write(f"{safe(line)}\n")
        flush()
