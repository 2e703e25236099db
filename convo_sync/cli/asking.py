"""What the commands that ask the archive share: how words are taken, and why there may be no answer.

It opens no archive and prints nothing.
"""

from __future__ import annotations

from convo_sync.cli.output import typed
from convo_sync.errors import NothingFound, UsageError


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


def dated(nothing: NothingFound, as_of_sentence: str) -> NothingFound:
    """The same, with how old the archive is: what is missing may only not have been fetched."""
    nothing.next_step = " ".join(filter(None, (nothing.next_step, as_of_sentence)))
    return nothing


def no_meetings() -> NothingFound:
    """The archive is new."""
    return NothingFound("There are no meetings in this archive yet.", "Run `convo-sync sync`.")


def no_keypoints(what: str) -> NothingFound:
    """Nobody has made anything yet of what was said."""
    return NothingFound(
        f"No key points are archived yet, and {what} come with them.",
        "`convo-sync status` says how many are still to come.",
    )
