"""Where `init` takes a key from, and where it keeps it. Must not know how a key is tested."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from convo_sync.cli.first_config import already_there
from convo_sync.config import Config
from convo_sync.credentials import (
    VARIABLE,
    Key,
    KeyringTrouble,
    NoKey,
    checked,
    find_key,
    read_file,
    run_command,
    write_file,
    write_keyring,
)
from convo_sync.errors import ConfigurationError, UsageError

KEYRING, FILE, NONE = STORES = ("keyring", "file", "none")
KEY_FILE = "convo-api-key"
_LONGEST = 8192


@dataclass(frozen=True)
class Wish:
    """What the options say about the key. At most one of the first three is set."""

    key_file: Path | None = None
    key_command: str | None = None
    key_stdin: bool = False
    new_key: bool = False
    store: str | None = None


@dataclass(frozen=True)
class Kept:
    """Where the key is from now on, in words, and what config.toml has to say for it."""

    words: str
    api_key_file: Path | None = None
    api_key_command: str | None = None


def require_fitting(wish: Wish, config: Config) -> None:
    """Refuse, before anything is asked, what would need another config.toml than the one that is there.

    Raises:
        ConfigurationError: it would have to be overwritten.
    """
    if not config.exists:
        return
    neither = config.api_key_file is None and config.api_key_command is None
    stored = {None: True, NONE: True, FILE: config.api_key_file is not None, KEYRING: neither}[wish.store]
    same_file = wish.key_file is None or wish.key_file == config.api_key_file
    if not (stored and same_file and wish.key_command in (None, config.api_key_command)):
        raise already_there(config.path)
    if config.api_key_command is not None and (wish.new_key or wish.key_stdin) and wish.store != NONE:
        raise ConfigurationError(
            f"{config.path} takes the key from a command, so a new key cannot be kept.",
            "Put the new key where that command finds it, then run `convo-sync init`.",
        )


def obtain(wish: Wish, config: Config) -> tuple[Key, bool]:
    """The key, and whether it is new: typed or piped, and so in no place where later commands look.

    Raises:
        UsageError: there is no key, and nobody to ask.
        ConfigurationError: the place that is named does not give a proper one.
    """
    if wish.key_stdin:
        return _piped(), True
    if wish.key_file is not None:
        return read_file(wish.key_file), False
    if wish.key_command is not None:
        return run_command(wish.key_command), False
    if not wish.new_key:
        try:
            return find_key(config), False
        except NoKey:
            pass
    return _asked(), True


def _piped() -> Key:
    if sys.stdin.isatty():
        raise UsageError("--key-stdin reads the key from a pipe.", "Leave it out: then the key is asked for, unseen.")
    return checked(sys.stdin.buffer.read(_LONGEST).decode("utf-8", "replace"), "standard input")


def _asked() -> Key:
    if not sys.stdin.isatty():
        raise UsageError(
            "There is no API key, and no terminal to ask for it.",
            f"Set {VARIABLE}, or use --key-stdin, --key-file PATH or --key-command COMMAND.",
        )
    click.echo("Create an API key in Convo's settings, and paste it here. It is not shown.", err=True)
    return checked(click.prompt("API key", hide_input=True, err=True), "this terminal")


def keep(key: Key, wish: Wish, config: Config, *, is_new: bool) -> Kept:
    """Keep the key where the options, the configuration or this system say.

    Raises:
        ConfigurationError: it cannot be kept there.
    """
    if wish.store is None and wish.key_file is not None:
        return Kept(f"stays in {wish.key_file}", api_key_file=wish.key_file)
    if wish.store is None and wish.key_command is not None:
        return Kept("stays where its command finds it", api_key_command=wish.key_command)
    if wish.store == NONE:
        return Kept(f"{_from(key)}, and kept nowhere: set {VARIABLE} for every command")
    if config.exists and not is_new and wish.store is None:
        return Kept(f"{_from(key)}, and stays there")
    if wish.store is None and key.source == VARIABLE:
        # config.toml names the file all the same: it is never written again, and --store file has to work later.
        words = f"{_from(key)}, and kept nowhere; to keep it: convo-sync init --store file"
        return Kept(words, api_key_file=config.path.parent / KEY_FILE)
    if config.api_key_file is not None:
        return _in_file(key, config.api_key_file)
    return _stored(key, wish, config)


def _stored(key: Key, wish: Wish, config: Config) -> Kept:
    """In the keyring where there is one that works, else in a file beside config.toml."""
    if wish.store != FILE:
        try:
            write_keyring(config.base_url, key)
            return Kept("kept in the keyring")
        except KeyringTrouble as trouble:
            if wish.store == KEYRING or config.exists:
                raise _no_keyring(trouble, config) from None
    return _in_file(key, config.path.parent / KEY_FILE)


def _no_keyring(trouble: KeyringTrouble, config: Config) -> ConfigurationError:
    if config.exists:
        step = f'Add api_key_file = "{KEY_FILE}" under [api] in {config.path}, and try again.'
    else:
        step = "Use --store file."
    return ConfigurationError(f"The key cannot be kept in the keyring: {trouble}.", step)


def _in_file(key: Key, path: Path) -> Kept:
    write_file(path, key)
    return Kept(f"kept in {path}, which only you can read", api_key_file=path)


def _from(key: Key) -> str:
    return f"from {key.source}"


def another(key: Key) -> str:
    """What to do where this key was refused."""
    if key.source == VARIABLE:
        return f"Create a key in Convo's settings, and set {VARIABLE} to it."
    return "Create a key in Convo's settings, then type: convo-sync init --new-key"
