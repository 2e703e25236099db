"""Processes that are measured from outside: the simulator, the command line and rivals. Must not know any limit."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from convo_sync.simulator import DEMO_KEY

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Spent:
    """Seconds that a process took: on the wall's clock, and of a processor (its own and the system's)."""

    wall: float
    cpu: float

    @property
    def words(self) -> str:
        """For a line about what goes on."""
        return f"{self.wall:.3f} s ({self.cpu:.3f} s of a processor)"


def least(runs: Sequence[Spent]) -> Spent:
    """The smallest of each by itself: whatever else the machine does can only add to them."""
    return Spent(min(run.wall for run in runs), min(run.cpu for run in runs))


def module(name: str) -> list[str]:
    """A Python of its own that runs this module."""
    return [sys.executable, "-m", name]


def command_line() -> list[str]:
    """What a person starts: the installed script, or the module where there is none."""
    script = Path(sysconfig.get_path("scripts")) / "convo-sync"
    return [str(script)] if script.exists() else module("convo_sync")


def environment(folder: Path, **named: str) -> dict[str, str]:
    """Nothing of the user's: no key, configuration or archive; `folder` stands for the home.

    Nor what a developer may have set for Python, such as never to keep compiled modules.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONVO_", "XDG_", "PYTHON"))}
    return kept | dict.fromkeys(("HOME", "LOCALAPPDATA", "APPDATA"), str(folder)) | named


def for_sync(folder: Path, url: str, archive: Path) -> dict[str, str]:
    """The environment in which `convo-sync sync` fills `archive` from `url`."""
    return environment(folder, CONVO_SYNC_BASE_URL=url, CONVO_API_KEY=DEMO_KEY, CONVO_SYNC_ARCHIVE=str(archive))


@contextmanager
def simulator(file: Path, folder: Path, tier: str = "enterprise") -> Iterator[str]:
    """A simulator that serves the meetings in `file`, in a process of its own; its address."""
    arguments = [*command_line(), "simulator", "--port", "0", "--tier", tier, "--corpus", str(file)]
    with subprocess.Popen(arguments, cwd=ROOT, env=environment(folder), stdout=subprocess.PIPE, text=True) as child:
        try:
            yield _address(child)
        finally:
            child.kill()


def _address(child: subprocess.Popen[str]) -> str:
    for line in child.stdout or ():
        found = re.search(r"http://\S+", line)
        if found:
            return found.group()
    raise RuntimeError("the simulator did not start")


def timed(arguments: Sequence[str], env: Mapping[str, str]) -> Spent:
    """Run a process to its end, without its output, and say what it took.

    Raises:
        RuntimeError: it failed.
    """
    began, before = time.perf_counter(), _children_cpu()
    done = subprocess.run(
        arguments, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    spent = Spent(time.perf_counter() - began, _children_cpu() - before)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return spent


def _children_cpu() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime
