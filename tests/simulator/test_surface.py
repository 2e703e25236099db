"""The package as others see it: its names, run(), and its speed."""

from __future__ import annotations

import ast
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from graphlib import TopologicalSorter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import convo_sync.simulator as package
from convo_sync.simulator import Fault, World, run

from .asking import NOON, ask, row, small_sim, small_world, turns

ROOT = Path(package.__file__).parent


def test_every_exported_name_is_there() -> None:
    """Lazy names load; an unknown one is an AttributeError."""
    assert all(getattr(package, name) is not None for name in package.__all__)
    assert set(package._HOMES) == set(package.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = package.nothing


def test_importing_the_package_loads_none_of_it() -> None:
    """The command line imports the package before it knows whether a server is wanted."""
    code = "import sys, convo_sync.simulator; print(any(m.startswith('convo_sync.simulator.') for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parents[1])
    assert done.stdout.strip() == "False"


def test_it_imports_only_itself_and_the_standard_library() -> None:
    """The simulator stands beside the package."""
    for path in ROOT.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                own = name == "convo_sync.simulator" or name.startswith("convo_sync.simulator.")
                assert own or name.partition(".")[0] in sys.stdlib_module_names, (path.name, name)


def test_its_imports_go_round_in_no_circle() -> None:
    """Each file can be read after those it needs; imports in functions and for types count."""
    files = {path.stem: path for path in ROOT.glob("*.py") if path.stem != "__init__"}
    needs: dict[str, set[str]] = {name: set() for name in files}
    for name, path in files.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == package.__name__:
                needs[name] |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{package.__name__}."):
                needs[name].add(str(node.module).rpartition(".")[2])
    order = list(TopologicalSorter(needs).static_order())
    assert set(order) == set(files)
    assert order.index("wire") < order.index("simulator")


def test_run_serves_until_interrupted() -> None:
    """run() tells its address, serves with the faults ordered, and ends at Ctrl-C."""
    seen: list[int] = []

    def visit(base_url: str) -> None:
        connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=5)
        for _ in range(2):
            connection.request("GET", "/api/v1/user/profile", headers={"Authorization": "Bearer convo_mine"})
            response = connection.getresponse()
            response.read()
            seen.append(response.status)
        connection.close()
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

    run(
        port=0,
        world=small_world(),
        tier="starter",
        key="convo_mine",
        assume={"date_header": "no"},
        faults=[Fault("bad_gateway")],
        on_ready=visit,
    )
    assert seen == [502, 200]


def test_a_large_transcript_is_encoded_once() -> None:
    """A hundred thousand segments: the second answer costs no encoding."""
    world = World()
    world.add(row("sess_big", NOON), turns(100_000))
    sim = small_sim(world=world)
    ask(sim, "GET", "/conversations/sess_big/transcript")
    start = time.perf_counter()
    for _ in range(20):
        ask(sim, "GET", "/conversations/sess_big/transcript")
    assert (time.perf_counter() - start) / 20 < 0.005


def test_a_large_list_is_paged_quickly() -> None:
    """Ten thousand conversations: a page takes little more than one of ten."""
    world = World()
    for number in range(10_000):
        world.add(row(f"sess_{number}", NOON), turns(1))
    sim = small_sim(world=world, tier="enterprise")
    ask(sim, "GET", "/conversations?limit=100")
    start = time.perf_counter()
    for page in range(100):
        assert len(ask(sim, "GET", f"/conversations?limit=100&offset={page * 100}").body) > 1000
    assert time.perf_counter() - start < 2
