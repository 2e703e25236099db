"""Where files lie: where the platform expects them, unless the environment says otherwise. Reads no file.

A search waits for this module, so it works on plain strings and imports `pathlib` only for those who want a `Path`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

APP = "convo-sync"


def archive_path(environment: Mapping[str, str] = os.environ) -> Path:
    """The archive: ``CONVO_SYNC_ARCHIVE``, else ``archive.db`` in the platform's data folder."""
    return _path(archive_file(environment))


def archive_file(environment: Mapping[str, str] = os.environ) -> str:
    """`archive_path` as a string."""
    named = environment.get("CONVO_SYNC_ARCHIVE")
    return os.path.expanduser(named) if named else os.path.join(_data(environment, sys.platform), "archive.db")


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """The configuration: ``CONVO_SYNC_CONFIG``, else ``config.toml`` in the platform's configuration folder."""
    return _path(config_file(environment))


def config_file(environment: Mapping[str, str] = os.environ) -> str:
    """`config_path` as a string."""
    named = environment.get("CONVO_SYNC_CONFIG")
    return os.path.expanduser(named) if named else os.path.join(_config(environment, sys.platform), "config.toml")


def data_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The folder for what the program keeps."""
    return _path(_data(environment, platform))


def config_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """The folder for what its owner writes."""
    return _path(_config(environment, platform))


def log_file(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """The daemon's log, where the system keeps none for it."""
    if platform == "win32":
        return os.path.join(_data(environment, platform), "Logs", "daemon.log")
    if platform == "darwin":
        return _home("Library", "Logs", APP, "daemon.log")
    return os.path.join(_xdg(environment, "XDG_STATE_HOME", _home(".local", "state")), "daemon.log")


def units_folder(environment: Mapping[str, str] = os.environ) -> str:
    """Where systemd looks for units of the user's own."""
    named = environment.get("XDG_CONFIG_HOME", "")
    return os.path.join(named if os.path.isabs(named) else _home(".config"), "systemd", "user")


def under_home(path: str) -> str:
    """The path as a shell takes it, shorter where it lies in the user's own folder: ``~/notes``."""
    home = os.path.join(os.path.expanduser("~"), "")
    return os.path.join("~", path.removeprefix(home)) if len(home) > 1 and path.startswith(home) else path


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)


def _data(environment: Mapping[str, str], platform: str) -> str:
    if platform == "win32":
        return os.path.join(environment.get("LOCALAPPDATA") or _home("AppData", "Local"), APP)
    if platform == "darwin":
        return _home("Library", "Application Support", APP)
    return _xdg(environment, "XDG_DATA_HOME", _home(".local", "share"))


def _config(environment: Mapping[str, str], platform: str) -> str:
    if platform == "win32":
        return os.path.join(environment.get("APPDATA") or _home("AppData", "Roaming"), APP)
    if platform == "darwin":
        return _home("Library", "Application Support", APP)
    return _xdg(environment, "XDG_CONFIG_HOME", _home(".config"))


def _home(*parts: str) -> str:
    return os.path.join(os.path.expanduser("~"), *parts)


def _xdg(environment: Mapping[str, str], name: str, otherwise: str) -> str:
    # The specification says that a relative path is to be ignored.
    named = environment.get(name, "")
    return os.path.join(named if os.path.isabs(named) else otherwise, APP)
