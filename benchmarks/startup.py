"""`convo-sync search` from a cold process, beside a Python that imports what it cannot do without."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.children import command_line, environment, least, timed
from benchmarks.figures import Figure
from benchmarks.setting import Setting

LIMIT = 1.5
PAIRS_A_ROUND = 12
QUERY = ("remote", "control")
RIVAL = "import sqlite3, click"


def measure(setting: Setting) -> Iterator[Figure]:
    """Milliseconds on the wall's clock, each the least of many runs by turns."""
    env = environment(setting.folder, CONVO_SYNC_ARCHIVE=str(setting.archive()))
    search, rival = [*command_line(), "search", *QUERY], [sys.executable, "-c", RIVAL]
    for arguments in (search, rival):  # the first run of each writes the compiled modules
        timed(arguments, env)
    pairs = [(timed(search, env), timed(rival, env)) for _ in range(PAIRS_A_ROUND * setting.rounds)]
    ours, theirs = (least(runs) for runs in zip(*pairs, strict=True))
    setting.tell(f"startup: the least of {len(pairs)}: search {ours.words}; rival {theirs.words}")
    what = f'`search {" ".join(QUERY)}`, against `python -c "{RIVAL}"`'
    yield Figure.of(what, ours.wall * 1e3, theirs.wall * 1e3, limit=LIMIT, unit="ms", digits=1)
