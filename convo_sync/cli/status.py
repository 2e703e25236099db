"""``convo-sync status``: how the archive stands, and whether it can be relied on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from convo_sync.archive.read import Reader
from convo_sync.cli.background_state import State
from convo_sync.cli.output import look, say, without_reader, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.config import load
from convo_sync.credits.balance import balance
from convo_sync.render import daemon as daemon_page
from convo_sync.render import status as page
from convo_sync.render.credits import balance_as_json, status_line

STALE_OR_INCOMPLETE = 4


@click.command("status", epilog="Example: convo-sync status --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--utc", is_flag=True, help="Times in UTC, not in local time.")
@click.pass_obj
def command(setup: Setup, as_json: bool, utc: bool) -> None:
    """Say how the archive stands: coverage, last sync, backlog, the hour's requests, the daemon.

    Exits with 4 where the last complete sync is too old ([sync] stale_after in config.toml), or there is none yet.
    """
    now = datetime.now(UTC)
    config = load(setup.config)
    stale_after, settings = config.stale_after, config.credits
    with Reader(setup.archive_file) as archive:
        status = archive.status(now)
        sight = archive.credits()
        books, server_now = sight.books(), now + timedelta(seconds=sight.server_ahead_seconds())
    state = balance(books, server_now)
    daemon = State(setup.archive).read()
    verdict = page.judge(status, now, stale_after, look(utc=utc))
    with without_reader():
        if as_json:
            credits_and_daemon = {
                "credits": balance_as_json(state, books, settings),
                "daemon": daemon_page.as_json(daemon),
            }
            write_json(page.as_json(status, verdict, now) | credits_and_daemon)
        else:
            credits = status_line(state, books, settings, look(utc=utc))
            told = daemon_page.line(daemon, now, look(utc=utc))
            write_lines(page.lines(status, look(utc=utc), now, credits, told))
    if verdict.sentence:
        say(f"{verdict.sentence} {verdict.next_step}")
        raise click.exceptions.Exit(STALE_OR_INCOMPLETE)
