"""Archiving all meetings by `convo-sync sync`, beside a rival that only writes the same rows.

Both are run by turns, and medians are compared. The command's time is that of the whole process, from its start to its
end; the rival's is its transaction alone, in rival.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.children import Spent, environment, middle
from benchmarks.figures import Figure
from benchmarks.setting import Setting

LIMIT = 4.0


def measure(setting: Setting) -> Iterator[Figure]:
    """Seconds on the wall's clock and of a processor."""
    syncs, rivals = [], []
    for number in range(1, setting.rounds + 1):
        archive = setting.folder / f"speed-{number}.db"
        syncs.append(setting.sync(archive))
        rivals.append(_rival(setting, archive))
        setting.tell(f"speed: round {number} of {setting.rounds}: sync {_words(syncs[-1])}; rows {_words(rivals[-1])}")
        archive.unlink()
    ours, theirs = middle(syncs), middle(rivals)
    what = f"archiving {setting.meetings.turns:,} turns, against their rows in one transaction"
    yield Figure.of(f"{what}: elapsed", ours.wall, theirs.wall, limit=LIMIT, unit="s", digits=2)
    yield Figure.of(f"{what}: processor", ours.cpu, theirs.cpu, limit=LIMIT, unit="s", digits=2)


def _rival(setting: Setting, archive: Path) -> Spent:
    copy = setting.folder / "rival.db"
    arguments = [sys.executable, "-m", "benchmarks.rival", str(archive), str(copy)]
    done = subprocess.run(arguments, env=environment(setting.folder), stdout=subprocess.PIPE, check=True)
    for file in setting.folder.glob("rival.db*"):
        file.unlink()
    return Spent(**json.loads(done.stdout))


def _words(spent: Spent) -> str:
    return f"{spent.wall:.2f} s ({spent.cpu:.2f} s of a processor)"
