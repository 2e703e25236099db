"""``convo-sync service``: the group of commands that have the system run the daemon. It knows their homes alone."""

from __future__ import annotations

import click

from convo_sync.cli.lazy import LazyGroup

HOMES = {
    "install": ("convo_sync.cli.service_install", "Have the system start the daemon, now and at each login."),
    "uninstall": ("convo_sync.cli.service_uninstall", "Stop the service and remove it; the archive stays."),
    "status": ("convo_sync.cli.service_status", "Say whether it is installed, whether it runs, and what comes next."),
    "logs": ("convo_sync.cli.service_logs", "Show what the daemon logged."),
}


@click.group("service", cls=LazyGroup, homes=HOMES, epilog="Example: convo-sync service install")
def command() -> None:
    """Have the system run the daemon: from login on, and again after a crash.

    By systemd on Linux, launchd on macOS, the Task Scheduler on Windows; as you, without further rights.
    """
