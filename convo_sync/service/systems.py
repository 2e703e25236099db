"""Which systems there are, and which one this is."""

from __future__ import annotations

import sys

from convo_sync.service.launchd import Launchd
from convo_sync.service.steps import System, Work
from convo_sync.service.systemd import Systemd
from convo_sync.service.windows import Windows

NAMES = ("systemd", "launchd", "windows")


def name_here(platform: str = sys.platform) -> str:
    """The system of this computer; systemd wherever it is neither macOS nor Windows."""
    return {"darwin": "launchd", "win32": "windows"}.get(platform, "systemd")


def system_for(name: str, work: Work) -> System:
    """The system of that name, for that work."""
    if name == "systemd":
        return Systemd(work)
    return Launchd(work) if name == "launchd" else Windows(work)
