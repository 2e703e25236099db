"""Fills a world from a JSONL file: one object a line with conversation, transcript, keypoints, feedback.

Must not know the simulator, nor what the texts mean.
"""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from convo_sync.simulator.world import World


def load_corpus(world: World, path: Path, *, limit: int | None = None) -> World:
    """Add the file's first `limit` conversations, or all. ValueError names the line that is not usable."""
    with _opened(path) as lines:
        for number, line in enumerate(itertools.islice(lines, limit), start=1):
            try:
                item = json.loads(line)
                world.add(item["conversation"], item["transcript"], item.get("keypoints"), item.get("feedback"))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise ValueError(f"{path}, line {number}: {error!r}") from error
    return world


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")
