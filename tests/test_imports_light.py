"""Reading starts fast: no reading command loads what only syncing needs."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from tests.rig import Rig, add

HEAVY = {
    "httpx", "pydantic", "pydantic_core", "apscheduler", "sqlite_utils", "email", "http", "ssl", "urllib.request",
    "asyncio",
}  # fmt: skip
# What a search, which is typed most and measured, leaves out besides.
SLOW = {
    "dataclasses",
    "pathlib",
    "logging",
    "json",
    "hashlib",
    "urllib.parse",
    "shutil",
    "textwrap",
    "tomllib",
    "locale",
    "unicodedata",
    "convo_sync.records",
}
COMMANDS = [
    ["search", "topic3"], ["search", "--json", "topic3"], ["show", "sess_00001"], ["show", "sess_00001", "--markdown"],
    ["show", "sess_00001", "--json", "--transcript"], ["list"], ["list", "--json", "--since", "2026"], ["status"],
    ["status", "--json"], ["sql", "select 1"], ["sql", "select 1", "--csv"], ["completion", "zsh"], ["--help"],
    ["list", "--with", "speaker", "--about", "topic3"], ["actions"], ["actions", "do", "--owner", "me", "--json"],
    ["actions", "done", "1"], ["decisions"], ["decisions", "decision"], ["prep", "speaker"], ["prep", "topic3"],
    ["digest", "--since", "2026"], ["digest", "--since", "2026", "--json"],
    ["archive", "--help"], ["service", "--help"],
]  # fmt: skip


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One meeting with everything."""
    with Rig.serving(tmp_path_factory.mktemp("light")) as rig:
        add(rig, 1, timedelta(days=1))
        rig.complete()
        return rig.path


def imported(archive: Path, *arguments: str) -> set[str]:
    """The modules that a command loads, in a process of its own."""
    command = [sys.executable, "-X", "importtime", "-m", "convo_sync", "--archive", str(archive), *arguments]
    config = {"CONVO_SYNC_CONFIG": str(archive.with_name("none.toml"))}
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | config, timeout=60, check=False)
    assert done.returncode in (0, 3, 4), done.stderr
    return {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_reading_loads_nothing_heavy(archive: Path, arguments: list[str]) -> None:
    """None of the libraries of syncing, and nothing of the network."""
    modules = imported(archive, *arguments)
    assert "convo_sync.cli.root" in modules
    assert not {name for name in modules if {name, name.partition(".")[0]} & HEAVY}


def test_a_search_defines_no_named_tuple_of_typing() -> None:
    """Two dozen of them took 2 ms of its 66; `convo_sync.tuples` has the same, quicker to define."""
    program = """
        import sys, typing
        def refuse(*_, **__): raise AssertionError("typing.NamedTuple")
        typing.NamedTupleMeta.__new__ = refuse
        import convo_sync.cli.root, convo_sync.cli.search, convo_sync.archive.noted
    """
    done = subprocess.run([sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_search_loads_even_less(archive: Path) -> None:
    """Measured with benchmarks, kept by this: each of these costs a search a twentieth of its time or so."""
    modules = imported(archive, "search", "topic3")
    assert "convo_sync.archive.searching" in modules
    assert not modules & SLOW
