"""``convo-sync credits``: what this month's AI credits were spent on; and the commands that spend one by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from convo_sync.archive.read import Reader
from convo_sync.cli.lazy import LazyGroup
from convo_sync.cli.output import look, write_json, write_lines
from convo_sync.config import load
from convo_sync.credits.balance import balance
from convo_sync.render import credits as page
from convo_sync.times import read_time

HOMES = {
    "generate": ("convo_sync.cli.credits_generate", "Have key points or feedback of one meeting made."),
    "ask": ("convo_sync.cli.credits_ask", "Ask Convo's AI a question about one meeting; the answer is archived."),
    "email": ("convo_sync.cli.credits_email", "Have a follow-up e-mail about one meeting drafted, and archive it."),
}


@click.group(
    "credits", cls=LazyGroup, homes=HOMES, invoke_without_command=True, epilog="Example: convo-sync credits --json"
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--utc", is_flag=True, help="Times in UTC, not in local time.")
@click.pass_context
def command(ctx: click.Context, as_json: bool, utc: bool) -> None:
    """Say what this month's AI credits were spent on, by which rule, and what is left.

    Reads the archive alone, and costs nothing. A credit is spent by a rule of config.toml during `convo-sync sync`, or
    by one of the commands below, which name the price and ask first.
    """
    if ctx.invoked_subcommand is not None:
        return
    settings = load(ctx.obj.config).credits
    with Reader(ctx.obj.archive_file) as archive:
        sight = archive.credits()
        books, titles, began = sight.books(), sight.titles(), read_time(sight.began())
        now = datetime.now(UTC) + timedelta(seconds=sight.server_ahead_seconds())
    state = balance(books, now)
    expected = page.forecast(state, settings, began, now)
    if as_json:
        write_json(page.as_json(state, books, settings, titles, expected))
    else:
        write_lines(page.lines(state, books, settings, titles, expected, look(utc=utc)))
