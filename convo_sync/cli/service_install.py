"""``convo-sync service install``: the system starts the daemon, now and at each login."""

from __future__ import annotations

import shlex

import click

from convo_sync.cli.background_state import State
from convo_sync.cli.output import say, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.service_work import key_of_service, service_for, unseen_address
from convo_sync.errors import ConvoSyncError, UsageError
from convo_sync.places import config_path
from convo_sync.service import NAMES, Installed, in_words, name_here

_SAID = {
    Installed.NEW: "The service is installed ({path}) and started. It starts at each login from now on.",
    Installed.REPLACED: "The service was installed in another form; {path} is replaced, and the daemon started anew.",
    Installed.STARTED: "The service was installed already ({path}), but did not run. It is started.",
    Installed.UNCHANGED: "The service is installed already ({path}) and runs. Nothing was changed.",
}


@click.command("install", epilog="Example: convo-sync service install --dry-run")
@click.option("--dry-run", is_flag=True, help="Print what would be written and run; change nothing.")
@click.option("--system", type=click.Choice(NAMES), help="With --dry-run, for another system than this one.")
@click.pass_obj
def command(setup: Setup, dry_run: bool, system: str | None) -> None:
    """Have the system start the daemon, now and at each login.

    It runs as you, for this archive and this config.toml, and is started again a minute after it ended. No key is
    written: the daemon looks for it where `convo-sync init` keeps it. What is installed already in the same form is
    left alone; an older or edited form is replaced.
    """
    if system not in (None, name_here()) and not dry_run:
        raise UsageError(f"This computer has no {system}.", "Add --dry-run to see what would be done there.")
    if dry_run:
        _show(setup, system)
        return
    key_of_service(setup)
    service, _ = service_for(setup)
    was_running = State(setup.archive).read() is not None and not service.is_there
    done = service.install()
    click.echo(_SAID[done].format(path=service.path))
    click.echo(f"Next: {_again(setup, 'service', 'status')}")
    _warn(setup)
    if was_running:
        say("Another daemon keeps this archive already; the service takes over a minute after that one ends.")


def _show(setup: Setup, system: str | None) -> None:
    """The plan on stdout, and on stderr what would be refused."""
    service, _ = service_for(setup, system)
    write_lines(in_words(service.plan_install()))
    try:
        key_of_service(setup)
    except ConvoSyncError as error:
        say(f"As things are, this would be refused. {error.message} {error.next_step}")
        return
    _warn(setup)


def _warn(setup: Setup) -> None:
    """Say what the service will miss."""
    if address := unseen_address(setup):
        say(address)
    if not setup.archive.exists():
        say(f"{setup.archive} is not there yet, and the service waits for it. Make it: {_again(setup, 'sync')}")


def _again(setup: Setup, *words: str) -> str:
    """A command for this archive and configuration, as one types it."""
    archive = ["--archive", setup.archive_file] if setup.archive_given else []
    config = [] if setup.config == config_path() else ["--config", setup.config_file]
    return shlex.join(["convo-sync", *archive, *config, *words])
