"""What the commands share that change or remove a meeting for good: its name, the question, and the way to Convo."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import click

from convo_sync.cli.hand import Held, asks, held, when_parked
from convo_sync.cli.output import say
from convo_sync.cli.root import Setup
from convo_sync.cli.stopping import Stopped
from convo_sync.config import load
from convo_sync.errors import UsageError
from convo_sync.render.text import Look, safe
from convo_sync.render.when import day_and_minute, length
from convo_sync.views import MeetingRow

IN_DOUBT = "Stopped. If the request was out already, it may have been done."
_TELLS = "The next `convo-sync sync` tells whether it was done."


def described(row: MeetingRow, look: Look) -> str:
    """A meeting's title, date and length, so that nobody takes it for another."""
    parts = (day_and_minute(row.start_time, look), length(row.minutes), row.id)
    return f"“{safe(row.title)}” ({', '.join(filter(None, parts))})"


def require_whole(row: MeetingRow, name: str, *, yes: bool) -> None:
    """Where nobody is asked, the beginning of an id is not enough: it may mean another meeting tomorrow.

    Raises:
        UsageError: it is one, and `yes` was said.
    """
    if yes and row.id != name:
        raise UsageError(f"With --yes the whole id is needed; {name} is the beginning of {row.id}.", "Give all of it.")


def agree(what: str, question: str, act: str, *, yes: bool) -> None:
    """Say what will be done, and go on only where a person says so; `yes`: they did.

    Raises:
        UsageError: there is nobody to ask.
        Stopped: they say no, or leave.
    """
    if yes:
        return
    if not asks():
        raise UsageError(f"{what} There is nobody to ask.", f"Add --yes to {act}.")
    say(what)
    try:
        agreed = click.confirm(question, err=True)
    except (click.Abort, KeyboardInterrupt):
        say("")  # the cursor stands behind the question
        agreed = False
    if not agreed:
        raise Stopped("Nothing was changed.")


@contextlib.contextmanager
def at_convo(setup: Setup, verb: str) -> Iterator[Held]:
    """Hold the archive for one request that changes something at Convo. `verb`: rename, delete."""
    try:
        with when_parked("Nothing was sent."), held(setup, load(setup.config), f"convo-sync remote {verb}") as each:
            yield each
    except KeyboardInterrupt:
        raise Stopped(IN_DOUBT, _TELLS) from None
