"""``convo-sync init``: a key that is tested before anything is written, and a config.toml that says where it is."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import click

from convo_sync.archive.health import Examination
from convo_sync.cli import first_config, keeping
from convo_sync.cli.account import Tally, hourly_limit, plainer, plan_in_words
from convo_sync.cli.archive_checks import foreign
from convo_sync.cli.first_config import Answers
from convo_sync.cli.first_sync import foresee
from convo_sync.cli.keeping import Kept, Wish
from convo_sync.cli.output import say
from convo_sync.cli.root import Setup
from convo_sync.client import Client
from convo_sync.config import BASE_URL_VARIABLE, Config, load, parse_duration
from convo_sync.credentials import VARIABLE, Key
from convo_sync.errors import ArchiveError, ConvoSyncError, KeyRefused, ServerTrouble, UsageError
from convo_sync.places import archive_file, config_path
from convo_sync.records import Account, RateReading
from convo_sync.render.text import count, safe

_ABSOLUTE = click.Path(path_type=Path, resolve_path=True)


@dataclass(frozen=True)
class Tested:
    """What the key opened. `meetings` is None where the list's answer did not say."""

    account: Account
    meetings: int | None
    reading: RateReading
    requests: int


def _duration(_ctx: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    try:
        return value if value is None or parse_duration(value) else None
    except ValueError as error:
        raise UsageError(f"--every {error}.") from None


@click.command("init", epilog="Example: pass convo | convo-sync init --key-stdin --store file")
@click.option("--key-file", type=_ABSOLUTE, metavar="PATH", help="The key is in this file, and stays there.")
@click.option("--key-command", metavar="COMMAND", help="This command prints the key, each time it is needed.")
@click.option("--key-stdin", is_flag=True, help="Read the key from standard input.")
@click.option("--new-key", is_flag=True, help="Ask for a key, even if one is found.")
@click.option(
    "--store",
    type=click.Choice(keeping.STORES),
    help="Where to keep the key. Default: nowhere if it is in CONVO_API_KEY, else the keyring or a file.",
)
# Written down for a later version; help shows only what has an effect.
@click.option("--every", metavar="DURATION", callback=_duration, hidden=True)
@click.pass_obj
def command(
    setup: Setup,
    key_file: Path | None,
    key_command: str | None,
    key_stdin: bool,
    new_key: bool,
    store: str | None,
    every: str | None,
) -> None:
    """Set up: test your API key, say what the first sync will take, write config.toml.

    The key is taken from the options, from CONVO_API_KEY or from where it is kept already; else it is asked for,
    unseen. It is tested with two requests: the profile, and the list's length. Only then is anything written; a
    config.toml that is there is never overwritten.
    """
    wish = Wish(key_file, key_command, key_stdin, new_key, store)
    if key_command is not None and not key_command.strip():
        raise UsageError("--key-command is followed by no command.", "Name the command that prints the key.")
    if sum(map(bool, (key_file, key_command, key_stdin))) > 1:
        raise UsageError("A key comes from one place.", "Give one of --key-file, --key-command and --key-stdin.")
    config = _configuration(setup, wish, every)
    key, is_new = keeping.obtain(wish, config)
    if key.remark:
        say(f"{key.remark} Trying it all the same.")
    tested = _test(config, key)
    archive = setup.archive if setup.archive_given else config.archive or setup.archive
    _require_own(archive, tested.account, config)
    kept = keeping.keep(key, wish, config, is_new=is_new)
    written = _write(setup, config, kept, every)
    _report(setup, tested, {"Key": kept.words, "Config": written, "Archive": str(archive)})
    _say_what_was_not_written(setup, config, is_new=is_new and store != keeping.NONE)
    if is_new and os.environ.get(VARIABLE):
        say(f"{VARIABLE} is set, and comes before the key that was just kept: unset it.")


def _configuration(setup: Setup, wish: Wish, every: str | None) -> Config:
    """The configuration that is there, or the defaults. What it could not hold is refused before anything is asked."""
    config = load(setup.config)
    keeping.require_fitting(wish, config)
    if config.exists and every is not None and parse_duration(every) != config.every:
        raise first_config.already_there(config.path)
    return config


def _test(config: Config, key: Key) -> Tested:
    """One GET of the profile, and one of the list for its length.

    Raises:
        ConvoSyncError: the key does not open the account; nothing was written.
    """
    tally = Tally()
    try:
        with Client(config.base_url, key.value, meter=tally, attempts=1) as client:
            account = client.get_profile()
            meetings = _meetings(client)
    except ConvoSyncError as error:
        raise _untested(plainer(error), config, key) from None
    return Tested(account, meetings, tally.reading, tally.requests)


def _meetings(client: Client) -> int | None:
    try:
        return client.list_conversations(limit=1).total
    except ConvoSyncError as error:
        say(f"The key is right, but the list of meetings did not come: {error.message}")
        return None


def _untested(error: ConvoSyncError, config: Config, key: Key) -> ConvoSyncError:
    if isinstance(error, ServerTrouble):
        message = f"{config.base_url} could not be asked: {error.detail}. Nothing was written."
        step = "`convo-sync doctor` finds out what is wrong."
        return ServerTrouble(error.detail, symptom=error.symptom, message=message, next_step=step)
    error.message = f"{error.message.rstrip('.')}. Nothing was written."
    if isinstance(error, KeyRefused):
        error.next_step = keeping.another(key)
    return error


def _require_own(archive: Path, account: Account, config: Config) -> None:
    """Refuse an account whose meetings the archive at that path could not take in.

    Raises:
        ConfigurationError: it has another account's, or another server's.
    """
    try:
        with Examination(archive) as examination:
            error = foreign(examination.facts(), account.email, config.base_url)
    except ArchiveError:
        return  # none yet, or one that `sync` and `doctor` have more to say about
    if error is not None:
        error.message += " Nothing was written."
        raise error


def _write(setup: Setup, config: Config, kept: Kept, every: str | None) -> str:
    """Write config.toml where there is none; what became of it, in words."""
    if config.exists:
        return f"{config.path} is there already and in order; it stays as it is"
    archive = None if _from_environment(setup) else Path(os.path.abspath(setup.archive))
    answers = Answers(kept.api_key_file, kept.api_key_command, archive if setup.archive_given else None, every)
    first_config.write(first_config.compose(answers, config.path), config.path)
    return f"written to {config.path}"


def _from_environment(setup: Setup) -> bool:
    """Whether only the environment names the archive; what stands there is often for one trial."""
    return bool(os.environ.get("CONVO_SYNC_ARCHIVE")) and setup.archive_file == archive_file()


def _say_what_was_not_written(setup: Setup, config: Config, *, is_new: bool) -> None:
    """Tell of what was tried with, and is not in config.toml: a simulator's address would be wrong tomorrow."""
    if config.exists:
        return
    if os.environ.get(BASE_URL_VARIABLE):
        kept = "; the key that was just kept is the one for there" if is_new else ""
        say(f"{BASE_URL_VARIABLE} is set to {config.base_url}, and is not written into config.toml{kept}.")
    if _from_environment(setup):
        usual = archive_file({name: value for name, value in os.environ.items() if name != "CONVO_SYNC_ARCHIVE"})
        say(f"CONVO_SYNC_ARCHIVE is set, and is not written into config.toml: without it, the archive is {usual}.")


def _report(setup: Setup, tested: Tested, places: dict[str, str]) -> None:
    account, limit = tested.account, hourly_limit(tested.account, tested.reading)
    lines = {
        "Account": " ".join(filter(None, (account.name, f"<{account.email}>"))),
        "Plan": plan_in_words(account, tested.reading),
        "Meetings": "not known" if tested.meetings is None else f"{tested.meetings:,}",
    }
    if tested.meetings is not None:
        lines["First sync"] = foresee(tested.meetings, limit, tested.reading).in_words()
    for label, text in (lines | places).items():
        click.echo(f"{label:<12}{safe(text)}")
    click.echo(f"\nThe test took {count(tested.requests, 'request')}. Next: {_next(setup)}")


def _next(setup: Setup) -> str:
    """The next command, with what of this one it needs."""
    options = [] if setup.config == config_path() else ["--config", str(setup.config)]
    return shlex.join(["convo-sync", *options, "sync"])
