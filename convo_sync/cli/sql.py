"""``convo-sync sql``: any reading SQL on the archive. It knows no table by name."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator

import click

from convo_sync.archive.read import Reader
from convo_sync.cli.output import dump, is_terminal, look, typed, write, write_lines
from convo_sync.cli.root import Setup
from convo_sync.errors import UsageError
from convo_sync.render import table

_EXAMPLE = "Example: convo-sync sql 'select speaker, sum(words) from speaking_time group by 1' --csv"


@click.command("sql", epilog=_EXAMPLE)
@click.argument("query")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV that no spreadsheet takes for formulas.")
@click.option("--json", "as_json", is_flag=True, help='Print a JSON array of objects; blobs as {"bytes": n}.')
@click.option(
    "--header/--no-header", default=None, help="With or without the columns' names. Default: in a table and CSV."
)
@click.pass_obj
def command(setup: Setup, query: str, as_csv: bool, as_json: bool, header: bool | None) -> None:
    """Ask the archive in SQL. It can read, and nothing else.

    Prints a table on a terminal, and tab-separated lines elsewhere; --json alone keeps every character as it is. The
    archive describes its tables itself: convo-sync sql 'select sql from sqlite_schema'
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json exclude each other.", "Choose one of them.")
    with Reader(setup.archive_file) as archive, _stoppable():
        names, rows = archive.execute(typed(query))
        if not names:
            raise UsageError(
                "There is no query in that.", "For example: convo-sync sql 'select * from meetings limit 5'"
            )
        if as_json:
            for piece in table.json_pieces(names, rows, dump):
                write(piece)
        elif as_csv:
            table.csv(names, rows, write, header=header is not False)
        elif is_terminal():
            write_lines(table.lines(names, rows, look(), header=header is not False))
        else:
            write_lines(table.tab_separated(names, rows, header=bool(header)))


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Let Ctrl-C end a query that yields no row: SQLite would not come back to Python to be told."""
    if threading.current_thread() is not threading.main_thread() or sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
