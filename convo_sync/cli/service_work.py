"""What the service commands share: the service of this computer for this archive, and the key as it will see it."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from convo_sync.cli.background_state import State
from convo_sync.cli.root import Setup
from convo_sync.config import BASE_URL_VARIABLE, Config, load
from convo_sync.credentials import VARIABLE, Key, find_key
from convo_sync.errors import ConfigurationError, ConvoSyncError
from convo_sync.places import data_folder, log_file, units_folder
from convo_sync.service import Service, System, Work, name_here, system_for

_PLATFORMS = {"launchd": "darwin", "windows": "win32", "systemd": "linux"}


def service_for(setup: Setup, name: str | None = None) -> tuple[Service, System]:
    """The service of this archive on that system; on this computer's where none is named."""
    name = name or name_here()
    system = system_for(name, work_for(setup, name))
    return Service(system, lambda: State(setup.archive).read() is not None), system


def work_for(setup: Setup, name: str) -> Work:
    """What the service runs, with every path made absolute."""
    platform = _PLATFORMS[name]
    return Work(
        python=_interpreter(name),
        archive=os.path.abspath(setup.archive_file),
        config=os.path.abspath(setup.config_file),
        log=log_file(platform=platform),
        folder=os.path.expanduser("~"),
        units=units_folder(),
        tasks=str(data_folder(platform=platform)),
        user=_user(),
        user_id=os.getuid() if sys.platform != "win32" else 0,
        search_path=os.environ.get("PATH", "") if _has_key_command(setup) else "",
    )


def _interpreter(name: str) -> str:
    """This very interpreter; on Windows the one beside it that opens no window."""
    windowless = Path(sys.executable).with_name("pythonw.exe")
    return str(windowless) if name == "windows" and windowless.exists() else os.path.abspath(sys.executable)


def _user() -> str:
    """The user as Windows names them."""
    domain = os.environ.get("USERDOMAIN")
    try:
        return f"{domain}\\{getpass.getuser()}" if domain else getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "user"


def _has_key_command(setup: Setup) -> bool:
    try:
        return load(setup.config).api_key_command is not None
    except ConvoSyncError:
        return False  # `key_of_service` says what is wrong with it


def key_of_service(setup: Setup) -> Key:
    """The key as the service finds it, which does not see what a shell exports.

    Raises:
        ConfigurationError: there is none, or only this shell has it.
    """
    seen = _environment_of_a_service()
    config = load(setup.config, seen)
    try:
        return find_key(config, seen)
    except ConfigurationError:
        if not os.environ.get(VARIABLE) or _is_kept(config):
            raise
        raise ConfigurationError(
            f"The key is only in {VARIABLE}, which a service does not see.",
            "Keep it first: convo-sync init --store file (or --store keyring); then install the service.",
        ) from None


def _is_kept(config: Config) -> bool:
    """Whether there is a place with a key in it, whatever is wrong with it."""
    file = config.api_key_file
    return config.api_key_command is not None or (file is not None and file.exists())


def unseen_address(setup: Setup) -> str:
    """A warning where this shell alone says where the API is; else empty."""
    named = os.environ.get(BASE_URL_VARIABLE)
    if not named or load(setup.config, _environment_of_a_service()).base_url == load(setup.config).base_url:
        return ""
    return (
        f"{BASE_URL_VARIABLE} is set to {named}, which a service does not see: "
        f"it is meant for trying out; base_url under [api] in {setup.config} holds for both."
    )


def _environment_of_a_service() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name not in (VARIABLE, BASE_URL_VARIABLE)}
