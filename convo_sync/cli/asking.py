"""What the commands that ask the archive share: options, words and days as typed, how an answer is told or why not.

It opens no archive, and knows nothing of what is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from convo_sync.briefs import Known
from convo_sync.cli.output import typed, write_json, write_lines
from convo_sync.days import FORMS, beginning_of
from convo_sync.errors import NothingFound, UsageError

_Command = TypeVar("_Command", bound=Callable[..., Any])

of_meetings_since = click.option(
    "--since", metavar="DAY", help=f"Of meetings from the beginning of this day on: {FORMS}."
)


def told(what: str, *, default: int, most: int = 1_000_000) -> Callable[[_Command], _Command]:
    """The options that say how much of an answer is told and how: -n, --json, --utc.

    Args:
        what: what -n counts, as its help says.
    """
    options = (
        click.option(
            "-n", "--limit", type=click.IntRange(1, most), default=default, show_default=True, help=f"{what} at most."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
        click.option("--utc", is_flag=True, help="Times in UTC, not in local time."),
    )

    def with_options(command: _Command) -> _Command:
        for option in reversed(options):
            command = option(command)
        return command

    return with_options


def asked(words: tuple[str, ...]) -> str:
    """The words on the command line as one text; empty where there are none.

    Raises:
        UsageError: there is nothing in them, as in a shell's variable that is not set.
    """
    text = typed(" ".join(words)).strip()
    if words and not text:
        raise UsageError("There is nothing to look for.", "Leave the empty words out, or say what to look for.")
    return text


def filled(option: str, value: str | None) -> str:
    """What an option was given; empty where it was not.

    Raises:
        UsageError: it was given nothing.
    """
    text = "" if value is None else typed(value).strip()
    if value is not None and not text:
        raise UsageError(f"{option} is followed by nothing.", f"Say what to look for, or leave {option} out.")
    return text


def beginnings(*days: str | None) -> list[str | None]:
    """When these days began, as UTC text; None for one that was not given.

    Raises:
        UsageError: one is no day.
    """
    now = datetime.now(UTC)
    return [None if day is None else beginning_of(typed(day), now) for day in days]


def answer(said: Mapping[str, Any] | Iterable[str], nothing: NothingFound | None) -> None:
    """Print a JSON document in any case, lines where there is something to tell.

    Args:
        said: the document, or the lines, which may be impossible to make where there is nothing.
        nothing: why that is so; None where something was found.

    Raises:
        NothingFound: the one that was given.
    """
    if isinstance(said, Mapping):
        write_json(said)
    elif nothing is None:
        write_lines(said)
    if nothing is not None:
        raise nothing


def dated(nothing: NothingFound, as_of_sentence: str) -> NothingFound:
    """The same, with how old the archive is: what is missing may only not have been fetched."""
    nothing.next_step = " ".join(filter(None, (nothing.next_step, as_of_sentence)))
    return nothing


def no_meetings() -> NothingFound:
    """The archive is new."""
    return NothingFound("There are no meetings in this archive yet.", "Run `convo-sync sync`.")


def none_can_be(coverage: Known, what: str) -> NothingFound | None:
    """Why nothing that key points name can be found: there are none; None where there are some."""
    if not coverage.conversations:
        return no_meetings()
    if coverage.conversations > coverage.without_keypoints:
        return None
    return NothingFound(
        f"No key points are archived yet, and {what} come with them.",
        "`convo-sync status` says how many are still to come.",
    )


def none_named(what: str) -> NothingFound:
    """There are key points, and none of them has any."""
    return NothingFound(f"There are no {what} in this archive.", "The key points that it has name none.")
