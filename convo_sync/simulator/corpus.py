"""Reads meetings from a JSONL file: one object a line with conversation, transcript, keypoints, feedback.

Must not know who takes them in, nor what the texts mean.
"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from convo_sync.simulator.meeting import Recorded


def read_corpus(path: Path, *, limit: int | None = None) -> Iterator[Recorded]:
    """The file's first `limit` meetings, or all. ValueError names the line that is not usable."""
    with _opened(path) as lines:
        yield from itertools.islice(_meetings(path, lines), limit)


def _opened(path: Path) -> IO[str]:
    # Some editors put a byte order mark first.
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")


def _meetings(path: Path, lines: IO[str]) -> Iterator[Recorded]:
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            meeting = _meeting(json.loads(line))
            meeting_id = meeting.conversation["id"]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"{path}, line {number}: {error!r}") from error
        trouble = _trouble(meeting_id, seen)
        if trouble:
            raise ValueError(f"{path}, line {number}: {trouble}")
        seen[meeting_id] = number
        yield meeting


def _meeting(item: Any) -> Recorded:
    return Recorded(item["conversation"], item["transcript"], item.get("keypoints"), item.get("feedback"))


def _trouble(meeting_id: object, seen: dict[str, int]) -> str | None:
    if not isinstance(meeting_id, str) or not meeting_id:
        return "the conversation's id must be a string, and not empty"
    return f"the conversation's id is that of line {seen[meeting_id]}" if meeting_id in seen else None
