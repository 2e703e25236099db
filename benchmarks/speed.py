"""Archiving all meetings by `convo-sync sync`, beside a rival that only writes the same rows.

Both are run by turns, and the least of each is compared. The command's time is that of the whole process, from its
start to its end; the rival's is its transaction alone, in rival.py.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.children import ROOT, Spent, environment, least, module
from benchmarks.figures import Figure
from benchmarks.setting import Setting

LIMIT = 4.0


def measure(setting: Setting) -> Iterator[Figure]:
    """Seconds on the wall's clock. Those of a processor are only told: waiting for the server costs a user as much."""
    syncs, rivals = [], []
    for number in range(1, setting.rounds + 1):
        archive = setting.folder / f"speed-{number}.db"
        syncs.append(setting.sync(archive))
        rivals.append(_rival(setting, archive))
        setting.tell(f"speed: round {number} of {setting.rounds}: sync {syncs[-1].words}; rows {rivals[-1].words}")
        archive.unlink()
    what = f"archiving {setting.meetings.turns:,} turns, against their rows in one transaction"
    yield Figure.of(what, least(syncs).wall, least(rivals).wall, limit=LIMIT, unit="s", digits=2)


def _rival(setting: Setting, archive: Path) -> Spent:
    copy = setting.folder / "rival.db"
    arguments = [*module("benchmarks.rival"), str(archive), str(copy)]
    env = environment(setting.folder)
    done = subprocess.run(arguments, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True)
    for file in setting.folder.glob("rival.db*"):
        file.unlink()
    return Spent(**json.loads(done.stdout))
