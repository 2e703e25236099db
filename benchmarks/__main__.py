"""``python -m benchmarks [NAME…]``: runs all benchmarks or some, prints one table, and fails where a limit is missed.

Must not know how anything is measured.
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks import idle, memory, requests, size, speed, startup
from benchmarks.figures import Figure, table
from benchmarks.meetings import CORPUS, gather
from benchmarks.setting import Setting
from convo_sync.errors import ConvoSyncError

BENCHMARKS: Mapping[str, Callable[[Setting], Iterable[Figure]]] = {
    "requests": requests.measure,
    "speed": speed.measure,
    "memory": memory.measure,
    "size": size.measure,
    "startup": startup.measure,
    "daemon": idle.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where a limit is missed, 2 where a benchmark could not be run."""
    asked = _parse(arguments)
    with tempfile.TemporaryDirectory(prefix="convo-sync-benchmarks-") as folder:
        try:
            meetings = gather(Path(folder), _corpus(asked), asked.meetings)
        except (OSError, ValueError) as error:
            print(f"The meetings cannot be read: {error}", file=sys.stderr)
            return 2
        figures: list[Figure] = []
        ran = _run(Setting(meetings, Path(folder), asked.rounds), asked.names or list(BENCHMARKS), figures)
    print(f"{meetings.count} meetings, {meetings.turns:,} turns: {meetings.name}.")
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}.\n")
    print("\n".join(table(figures)))
    if not ran:
        return 2
    return 0 if all(figure.holds for figure in figures) else 1


def _run(setting: Setting, names: Iterable[str], figures: list[Figure]) -> bool:
    """Add the figures of these benchmarks; False where one could not be run, which leaves what was measured before."""
    try:
        for name in names:
            for figure in BENCHMARKS[name](setting):
                setting.tell(f"  {'  '.join(figure.cells)}")
                figures.append(figure)
    except (RuntimeError, subprocess.CalledProcessError, ConvoSyncError) as error:
        print(f"A benchmark could not be run: {error}", file=sys.stderr)
        return False
    return True


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what convo-sync promises.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--corpus", type=Path, metavar="PATH", help="meetings, one JSON object a line, .gz or not")
    parser.add_argument("--scenes", action="store_true", help="the built-in scenes, even where the corpus is at hand")
    parser.add_argument("--meetings", type=int, metavar="N", help="only the first N: quick, but no fair figures")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="how often rivals are run by turns")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; there are: {', '.join(BENCHMARKS)}")
    return asked


def _corpus(asked: argparse.Namespace) -> Path | None:
    if asked.scenes:
        return None
    return asked.corpus or (CORPUS if CORPUS.exists() else None)


if __name__ == "__main__":
    sys.exit(main())
