"""The config.toml that `init` writes: complete, commented, for its owner alone, and never over another one.

Must not know the key, only where it is kept.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from convo_sync.config import DEFAULT_BASE_URL, parse
from convo_sync.errors import ConfigurationError

_TEMPLATE = """\
# The configuration of convo-sync. A line that begins with # shows the default; remove the # to change it.
# Durations are written as "45s", "30 min", "2h" or "1 day".

[api]
# Where Convo's API is. The key is sent there over https only, or over http to this machine.
# The variable CONVO_SYNC_BASE_URL comes before this.
# base_url = {default_base_url}

# Where the API key is. CONVO_API_KEY comes first, then a file that only you can read, then a command that prints the
# key, such as "op read op://Private/Convo/key" or "pass convo"; with neither of them, the system's keyring is asked.
{api_key_file}
{api_key_command}

[archive]
# The file that everything is archived in. --archive and CONVO_SYNC_ARCHIVE come before this; without any of them it
# lies where this system keeps a program's data. A relative path begins at this file's folder.
{path}

[sync]
# How often the daemon looks for something new, from 1 second (`convo-sync service install` starts it).
{every}
# After how long without a complete sync `convo-sync status` calls the archive stale.
# stale_after = "1 day"

[notify]
# Whether the daemon shows a notification on the desktop, once a day for each cause: the key is refused, the archive is
# stale, or most of the month's AI credits are spent.
# desktop = false

[calendar]
# Whether a sync reads upcoming calendar events too, keeps them when they are over, and links them with their meetings.
# enabled = false

# Where Convo delivers what has happened, by way of a tunnel to this computer; docs/webhooks.md explains it.
# [webhooks]
# listen = "127.0.0.1:8766"
# public_url = "https://hooks.example.com/"
# secret_file = "convo-webhook-secret"

[credits]
# A credit is one AI generation at Convo. How many may be spent a month, all together; as long as it is not set, nothing
# is spent by itself.
# monthly_cap = 5
# How many convo-sync leaves on the account.
# keep = 0
# How long a meeting has to be over, in minutes: by then Convo's app has often generated what it wants by itself.
# settle_minutes = 15

# What is bought, for which meetings; docs/credits.md explains every key. This is an example, not a default: key points
# where there are none, of meetings of 20 minutes and more, 3 a month at most. Remove each # to have it.
# [[credits.rule]]
# generate = "keypoints"
# when = "missing"
# min_minutes = 20
# at_most = 3
"""


@dataclass(frozen=True)
class Answers:
    """What is said in the file; None leaves the default, commented out."""

    api_key_file: Path | None = None
    api_key_command: str | None = None
    archive: Path | None = None
    every: str | None = None


def compose(answers: Answers, path: Path) -> str:
    """The file's text.

    Raises:
        ConfigurationError: an answer cannot be written in it, or is not allowed.
    """
    text = _TEMPLATE.format(
        default_base_url=_quoted(DEFAULT_BASE_URL),
        api_key_file=_line("api_key_file", answers.api_key_file, "convo-api-key"),
        api_key_command=_line("api_key_command", answers.api_key_command, "pass convo"),
        path=_line("path", answers.archive, "archive.db"),
        every=_line("every", answers.every, "30 min"),
    )
    parse(text, path)  # what is written is read back by the same rules, before it is written
    return text


def _line(key: str, value: object | None, otherwise: str) -> str:
    return f"# {key} = {_quoted(otherwise)}" if value is None else f"{key} = {_quoted(str(value))}"


def _quoted(text: str) -> str:
    """A basic string of TOML, which is one of JSON but for DEL."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ConfigurationError("A path that is no proper text cannot be written into config.toml.") from None
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write(text: str, path: Path) -> None:
    """Write the file, readable by its owner only, in a folder that is made so if it is missing.

    Raises:
        ConfigurationError: there is such a file, or it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise already_there(path) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> ConfigurationError:
    message = f"{path} cannot be written: {error.strerror or error}."
    return ConfigurationError(message, "Correct the folder's permissions, or name another file with --config.")


def already_there(path: Path) -> ConfigurationError:
    """What to say where a configuration would have to be overwritten."""
    return ConfigurationError(
        f"{path} is there already, and is never overwritten.",
        "Edit it; or move it away, and run `convo-sync init` again.",
    )
