"""Where the API key is found and kept: environment, a file, a command, the keyring, in this order.

Must not know the API, or what a key is used for. A key is in no repr, message or log line, and never in an argument.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from convo_sync.config import Config
from convo_sync.errors import ConfigurationError

T = TypeVar("T")

VARIABLE = "CONVO_API_KEY"
PREFIX = "convo_"
SERVICE = "convo-sync"
COMMAND_SECONDS = 60.0
# A locked desktop asks its owner; a headless one may never answer.
KEYRING_SECONDS = 10.0
_LONGEST_KEY_FILE = 4096
_KEY = re.compile(r"[\x21-\x7e]{1,4000}")


@dataclass(frozen=True)
class Key:
    """An API key, and where it comes from, in words."""

    value: str = field(repr=False)
    source: str

    @property
    def remark(self) -> str:
        """What is odd about it, in words; it may still be right."""
        return "" if self.value.startswith(PREFIX) else f"The key does not begin with {PREFIX}, as Convo's keys do."


class NoKey(ConfigurationError):
    """No place that is looked at has a key."""


class KeyringTrouble(Exception):
    """The keyring cannot be used; the message says why, in half a sentence."""


def find_key(config: Config, environment: Mapping[str, str] = os.environ) -> Key:
    """The first key there is: CONVO_API_KEY, api_key_file, api_key_command, the keyring.

    Raises:
        NoKey: there is none.
        ConfigurationError: the first place that is named does not give one that can be sent.
    """
    if environment.get(VARIABLE):
        return checked(environment[VARIABLE], VARIABLE)
    if config.api_key_file is not None:
        return read_file(config.api_key_file)
    if config.api_key_command is not None:
        return run_command(config.api_key_command, environment)
    remark = ""
    try:
        found = read_keyring(config.base_url)
    except KeyringTrouble as trouble:
        found, remark = None, f" ({trouble})"
    if found is not None:
        return found
    message = f"There is no API key: not in {VARIABLE}, not in {config.path}, not in the keyring{remark}."
    raise NoKey(message, "Run `convo-sync init`: it asks for the key and keeps it.")


def checked(text: str, source: str) -> Key:
    """A key without the white space around it.

    Raises:
        ConfigurationError: what is left cannot be a key. The message never shows it.
    """
    value = text.strip()
    if _KEY.fullmatch(value):
        return Key(value, source)
    wrong = "is empty" if not value else "has a space, a line break or a character in it that no key has"
    raise ConfigurationError(
        f"The API key from {source} {wrong}.", "Copy the key once more, without anything before or after it."
    )


def read_file(path: Path) -> Key:
    """The key in a file that nobody but its owner can read.

    Raises:
        ConfigurationError: others can read it, or it cannot be read, or holds no key.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ConfigurationError(f"The key file {path} is not a file.", "Name the file that has the key in it.")
        if sys.platform != "win32" and found.st_mode & 0o077:
            raise ConfigurationError(
                f"The key file {path} can be read or changed by others, so it is not used.",
                f"Type: chmod 600 {shlex.quote(str(path))}",
            )
        with path.open("rb") as file:
            return checked(file.read(_LONGEST_KEY_FILE + 1).decode("utf-8", "replace"), f"the file {path}")
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> ConfigurationError:
    if path.name.startswith(PREFIX):  # it is never shown, even where it does not belong
        return ConfigurationError("api_key_file names a key; it takes the name of the file that the key is in.")
    message = f"The key file {path} cannot be read: {error.strerror or error}."
    return ConfigurationError(
        message, "Correct api_key_file in config.toml, or put the key there: convo-sync init --new-key"
    )


def run_command(command: str, environment: Mapping[str, str] = os.environ, seconds: float = COMMAND_SECONDS) -> Key:
    """The key that a command prints; it is started without a shell, and given `seconds` to answer.

    Raises:
        ConfigurationError: it fails, takes too long, or prints no key. The message has what it said on stderr only.
    """
    try:
        argv = shlex.split(command)
        ran = subprocess.run(  # noqa: S603 - the owner of config.toml names the command
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, env=dict(environment), check=False
        )
    except subprocess.TimeoutExpired:
        raise _command_failed(f"gave no answer within {seconds:g} seconds") from None
    except (OSError, ValueError, IndexError) as error:
        raise _command_failed(f"cannot be started: {getattr(error, 'strerror', None) or error}") from None
    if ran.returncode != 0:
        raise _command_failed(f"failed with exit code {ran.returncode}{_said(ran.stderr, ran.stdout)}")
    return checked(ran.stdout.decode("utf-8", "replace"), f"the api_key_command ({Path(argv[0]).name})")


def _command_failed(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The api_key_command {what}.", "Try the command by itself in a terminal, and correct it in config.toml."
    )


def _said(stderr: bytes, stdout: bytes) -> str:
    """What a command wrote on stderr, on one line, without anything that it also printed as its result."""
    text = stderr.decode("utf-8", "replace")
    for secret in stdout.decode("utf-8", "replace").split():
        text = text.replace(secret, "[key]")
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return f", saying: {words[:400]}" if words else ", saying nothing"


# -- the keyring


def read_keyring(base_url: str, seconds: float | None = None) -> Key | None:
    """The key that the system's keyring holds for this address; None where it has none, or is not installed.

    Raises:
        KeyringTrouble: it failed, or did not answer in time.
    """
    keyring = _keyring()
    if keyring is None:
        return None
    value = _within(seconds, lambda: keyring().get_password(SERVICE, base_url))
    return checked(value, "the keyring") if isinstance(value, str) and value else None


def write_keyring(base_url: str, key: Key, seconds: float | None = None) -> None:
    """Keep the key in the system's keyring, and read it back: some keyrings take a key and forget it.

    Raises:
        KeyringTrouble: it is not installed, failed, did not answer in time, or did not keep the key.
    """
    keyring = _keyring()
    if keyring is None:
        raise KeyringTrouble("keyring is not installed: pipx inject convo-sync keyring")

    def store() -> bool:
        keyring().set_password(SERVICE, base_url, key.value)
        return bool(keyring().get_password(SERVICE, base_url) == key.value)

    if not _within(seconds, store):
        raise KeyringTrouble("the keyring does not keep what it is given")


def _keyring() -> Callable[[], Any] | None:
    """What imports keyring; None where it is not installed. Importing it asks the desktop, and so may hang, too."""
    from importlib.util import find_spec

    with contextlib.suppress(ImportError, ValueError):
        if find_spec("keyring") is not None:
            return lambda: import_module("keyring")
    return None


def _within(seconds: float | None, work: Callable[[], T]) -> T:
    """The result of `work`, done in a thread that is left behind if it takes too long."""
    results: list[T] = []
    failures: list[BaseException] = []

    def attempt() -> None:
        try:
            results.append(work())
        except BaseException as error:  # a keyring's back end may raise anything; nothing of it may reach a person
            failures.append(error)

    limit = KEYRING_SECONDS if seconds is None else seconds
    thread = threading.Thread(target=attempt, name="keyring", daemon=True)
    thread.start()
    thread.join(limit)
    if results:
        return results[0]
    if failures:
        raise KeyringTrouble(f"the keyring failed: {type(failures[0]).__name__}")
    raise KeyringTrouble(f"the keyring did not answer within {limit:g} seconds: is it locked?")


# -- keeping a key in a file


def write_file(path: Path, key: Key) -> None:
    """Write the key to a file of its own that nobody else can read, replacing the one that is there in one step.

    Raises:
        ConfigurationError: it cannot be written.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(f"{key.value}\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        message = f"The key cannot be written to {path}: {error.strerror or error}."
        raise ConfigurationError(message, "Check the folder's permissions and the disk's free space.") from None


def read_secret(path: Path) -> str | None:
    """The webhook's secret in a file that nobody but its owner can read; None where there is no file.

    Raises:
        ConfigurationError: others can read it, or it cannot be read, or is empty.
    """
    if not path.exists():
        return None
    try:
        return read_file(path).value
    except ConfigurationError as error:
        message = error.message.replace("API key", "webhook secret", 1).replace("key file", "secret file", 1)
        mends = error.next_step.startswith("Type: ")
        step = "Correct secret_file in config.toml, or make another webhook: convo-sync remote webhooks create"
        raise ConfigurationError(message, error.next_step if mends else step) from None


def digest(key: str, archive_id: str) -> str:
    """Tells whether a key is the one that was checked for this archive, and tells nobody the key."""
    return hashlib.sha256(f"{archive_id}:{key}".encode()).hexdigest()
