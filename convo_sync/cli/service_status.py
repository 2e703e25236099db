"""``convo-sync service status``: whether the service is installed, whether it runs, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from convo_sync.archive.read import Reader
from convo_sync.cli.background_state import State
from convo_sync.cli.output import look, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.service_work import service_for
from convo_sync.errors import ConvoSyncError
from convo_sync.render import daemon as daemon_page
from convo_sync.render.status import run_as_json, run_in_words
from convo_sync.render.text import Look, safe
from convo_sync.service import Seen, name_here
from convo_sync.views import RunRow

NOT_INSTALLED, NOT_RUNNING = 3, 4


@dataclass(frozen=True)
class Standing:
    """How the service stands. `told` is what the daemon says, whoever started it."""

    path: str
    is_there: bool
    is_current: bool
    seen: Seen
    told: dict[str, Any] | None
    last_run: RunRow | None

    @property
    def exit_code(self) -> int:
        """0 where it runs."""
        if not self.is_there:
            return NOT_INSTALLED
        return 0 if self.seen.is_running else NOT_RUNNING


@click.command("status", epilog="Example: convo-sync service status --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--utc", is_flag=True, help="Times in UTC, not in local time.")
@click.pass_obj
def command(setup: Setup, as_json: bool, utc: bool) -> None:
    """Say whether the service is installed, whether it runs, when it syncs next, and how the last sync ended.

    Exits with 0 where it runs, with 3 where none is installed, with 4 where one is installed and does not run.
    """
    standing = _standing(setup)
    now = datetime.now(UTC)
    if as_json:
        write_json(_as_json(standing))
    else:
        write_lines(f"{f'{name}:':<11}{safe(text)}" for name, text in _lines(standing, now, look(utc=utc)))
    if standing.exit_code:
        raise click.exceptions.Exit(standing.exit_code)


def _standing(setup: Setup) -> Standing:
    service, _ = service_for(setup)
    service.require_tool()
    # What is not there needs no answer from a system that may not give one, as in a container.
    seen = service.seen() if service.is_there else Seen(is_on=False, is_running=False)
    told = State(setup.archive).read()
    return Standing(service.path, service.is_there, service.is_current, seen, told, _last_run(setup))


def _last_run(setup: Setup) -> RunRow | None:
    try:
        with Reader(setup.archive_file) as archive:
            return archive.last_runs()[0]
    except ConvoSyncError:
        return None  # `convo-sync status` says what is wrong with the archive


def _lines(standing: Standing, now: datetime, look: Look) -> Iterator[tuple[str, str]]:
    yield "Installed", standing.path if standing.is_there else "no; convo-sync service install"
    if standing.is_there and not standing.is_current:
        yield "", "not as this command would install it; `convo-sync service install` replaces it"
    if standing.is_there and not standing.seen.is_on:
        yield "", "not started at login; `convo-sync service install` mends that"
    yield "Running", _running(standing, now, look)
    if standing.told is not None:
        yield "Plan", daemon_page.next_sync(standing.told, now, look)
    yield "Last run", run_in_words(standing.last_run, look, now) or "none yet"


def _running(standing: Standing, now: datetime, look: Look) -> str:
    by_hand = "" if standing.seen.is_running else ", not by the service"
    if standing.told is not None:
        return daemon_page.running(standing.told, now, look) + by_hand
    if standing.seen.is_running:
        return "it has just begun, or keeps another archive than this one"
    return f"no{f': {standing.seen.detail}' if standing.seen.detail else ''}"


def _as_json(standing: Standing) -> dict[str, Any]:
    return {
        "system": name_here(),
        "path": standing.path,
        "installed": standing.is_there,
        "current": standing.is_there and standing.is_current,
        "at_login": standing.seen.is_on,
        "running": bool(standing.seen.is_running),
        "detail": standing.seen.detail or None,
        "daemon": daemon_page.as_json(standing.told),
        "last_run": run_as_json(standing.last_run),
    }
