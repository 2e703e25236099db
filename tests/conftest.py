"""What every test shares: no network but loopback, and reproducible Hypothesis profiles."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus" / "meetings.jsonl.gz"

settings.register_profile("quick", deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
settings.load_profile("quick")

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0]
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise OSError(f"a test tried to reach {host}: tests know no network but loopback")
    _connect(self, address)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)


@pytest.fixture(autouse=True)
def _no_user_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test never meets the archive, configuration or key of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("CONVO_")]:
        monkeypatch.delenv(name)
    for name, folder in (("HOME", "home"), ("XDG_DATA_HOME", "data"), ("XDG_CONFIG_HOME", "config")):
        monkeypatch.setenv(name, str(tmp_path / folder))


@pytest.fixture
def corpus() -> Path:
    """The file of real meetings, where this machine has it."""
    if not CORPUS.exists():
        pytest.skip(f"the corpus of real meetings is not at {CORPUS.name} beside this checkout")
    return CORPUS
