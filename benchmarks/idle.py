"""What an idle daemon takes, after a sync of all the meetings: memory, processor and wake-ups, as Linux counts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.children import ROOT, environment, for_sync, module, simulator
from benchmarks.figures import Figure
from benchmarks.setting import Setting, turns_in
from convo_sync.archive.write import Archive

LIMIT_MB = 40
# In the time measured: a minute.
SECONDS, LIMIT_WAKE_UPS, LIMIT_CPU_SECONDS = 60, 2, 0.1
RIVAL = "import apscheduler, sqlite3, time"


def measure(setting: Setting) -> Iterator[Figure]:
    """Megabytes, then wake-ups and seconds of a processor in a minute."""
    if not Path("/proc/self/task").is_dir():
        setting.tell("daemon: only Linux counts what it takes; left out")
        return
    with _synced(setting) as pid:
        setting.tell(f"daemon: idle for {SECONDS} s")
        before = _taken(pid)
        time.sleep(SECONDS)
        after = _taken(pid)
    bare = _bare(setting)
    setting.tell(f"daemon: all its threads left the processor {after.switches - before.switches} times")
    what = f'memory of the idle daemon, against `python -c "{RIVAL}"`'
    yield Figure.of(what, after.megabytes, bare, limit=LIMIT_MB / bare, unit="MB", digits=1)
    woken = after.wake_ups - before.wake_ups
    yield Figure.of("wake-ups of the idle daemon in a minute", woken, LIMIT_WAKE_UPS, limit=1.0, unit="times")
    spent = after.cpu_seconds - before.cpu_seconds
    what = "processor that the idle daemon takes in a minute"
    yield Figure.of(what, spent, LIMIT_CPU_SECONDS, limit=1.0, unit="s", digits=2)


@dataclass(frozen=True)
class _Taken:
    """So far. `wake_ups`: how often the thread that waits for the timer gave the processor up of itself, which is once
    a wait; `switches`: all threads, which also wait for each other."""

    megabytes: float
    wake_ups: int
    switches: int
    cpu_seconds: float


def _taken(pid: int) -> _Taken:
    process = Path(f"/proc/{pid}")
    threads = {task.name: _status(task)["voluntary_ctxt_switches"] for task in (process / "task").iterdir()}
    # The command's name, in brackets, may hold spaces: what follows it is counted from there.
    user, system = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
    spent = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return _Taken(_megabytes(pid), threads[str(pid)], sum(threads.values()), spent)


def _megabytes(pid: int) -> float:
    return _status(Path(f"/proc/{pid}"))["VmRSS"] * 1024 / 1e6


def _status(place: Path) -> dict[str, int]:
    """The numbers of a process's or a thread's status."""
    fields = (line.split() for line in (place / "status").read_text().splitlines())
    return {field[0].rstrip(":"): int(field[1]) for field in fields if len(field) > 1 and field[1].isdigit()}


@contextmanager
def _synced(setting: Setting) -> Iterator[int]:
    """A daemon whose child has just archived all the meetings; its pid.

    Raises:
        RuntimeError: not every turn is in the archive.
    """
    path = setting.folder / "daemon.db"
    with Archive(path, datetime.now(UTC)):
        pass  # a daemon waits until there is one
    with simulator(setting.meetings.file, setting.folder) as url:
        command = [*module("convo_sync"), "daemon", "--log", "json"]
        with _running(command, for_sync(setting.folder, url, path)) as daemon:
            _await_sync(daemon)
            if (archived := turns_in(path)) != setting.meetings.turns:
                raise RuntimeError(f"{archived:,} of {setting.meetings.turns:,} turns were archived")
            yield daemon.pid


def _await_sync(daemon: subprocess.Popen[str]) -> None:
    has_synced = False
    for line in daemon.stderr or ():
        event = json.loads(line)
        if has_synced and event["event"] == "planned":
            return
        has_synced |= event["event"] == "sync" and event["code"] == 0
    raise RuntimeError("the daemon ended")


def _bare(setting: Setting) -> float:
    """The memory of a Python that has done no more than import what the daemon has to."""
    code = f"{RIVAL}; print(flush=True); time.sleep({SECONDS})"
    with _running([sys.executable, "-c", code], environment(setting.folder)) as rival:
        assert rival.stdout is not None
        rival.stdout.readline()
        return _megabytes(rival.pid)


@contextmanager
def _running(command: Sequence[str], env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()
