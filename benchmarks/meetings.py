"""The meetings that are archived: real ones where the corpus is at hand, else the built-in scenes at the same size.

Must not know what is measured with them.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from convo_sync.simulator import World

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus" / "meetings.jsonl.gz"
COUNT = 162  # of the corpus, and its turns: what the scenes are dealt out to
TURNS = 84_028
PAGE = 100  # rows that a page of the list holds
FEWEST_TURNS_FOR_FEEDBACK = 10

Item = dict[str, Any]


@dataclass(frozen=True)
class Meetings:
    """A file of meetings in the simulator's form, one a line, with the counts that limits are made of."""

    name: str
    file: Path
    count: int
    turns: int
    transcript_bytes: int
    newest: datetime

    @property
    def pages(self) -> int:
        """List requests that show them all."""
        return -(-self.count // PAGE)


def gather(folder: Path, corpus: Path | None, count: int | None) -> Meetings:
    """The first `count` meetings of the corpus, or all; without a corpus, of the scenes.

    Raises:
        OSError: there is no file at `corpus`.
    """
    name = "the built-in scenes, dealt out to as many meetings and turns as the corpus has"
    items = list(islice(dealt_scenes() if corpus is None else _corpus(corpus), count))
    if corpus is not None:
        name = "the corpus of real meetings"
    return _described(name, folder / "meetings.jsonl", items)


def long_meeting(folder: Path, meetings: Meetings, turns: int) -> Meetings:
    """One meeting of so many turns, which are those of `meetings` over and over."""
    items = list(_lines(meetings.file))
    said = [turn for item in items for turn in item["transcript"]["segments"]]
    row = items[0]["conversation"] | {"id": "sess_long", "segmentCount": turns}
    item = {"conversation": row, "transcript": {"id": row["id"], "segments": list(islice(cycle(said), turns))}}
    return _described(f"one meeting of {turns:,} turns", folder / "long.jsonl", [item])


def _described(name: str, file: Path, items: Sequence[Item]) -> Meetings:
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(item) + "\n" for item in items)
    return Meetings(
        name,
        file,
        len(items),
        sum(len(item["transcript"]["segments"]) for item in items),
        sum(len(compact(item["transcript"])) for item in items),
        max(datetime.fromisoformat(item["conversation"]["startTime"]) for item in items),
    )


def compact(value: Any) -> bytes:
    """JSON without spaces, in UTF-8: the smallest form in which a server would send it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _corpus(path: Path) -> Iterator[Item]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _lines(file: Path) -> Iterator[Item]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def dealt_scenes() -> Iterator[Item]:
    """The scenes' turns in order, dealt out over and over to as many meetings as the corpus has, alike in length."""
    scenes = list(World.from_scenes().conversations.values())
    said = cycle([turn for scene in scenes for turn in scene.spoken])
    for number in range(COUNT):
        scene = scenes[number % len(scenes)]
        id_, begins = f"sess_{number:05d}", scene.start_at
        if begins is None:
            raise ValueError(f"scene {scene.id} has no start")
        begins -= timedelta(days=190) * (number // len(scenes))
        ends = begins + timedelta(hours=1)
        turns = [turn | {"timestamp": _iso(begins)} for turn in islice(said, TURNS // COUNT)]
        row = scene.row | {"id": id_, "startTime": _iso(begins), "endTime": _iso(ends), "segmentCount": len(turns)}
        yield {
            "conversation": row | {"duration": 60},
            "transcript": {"id": id_, "segments": turns},
            "keypoints": _renamed(scene.keypoints, id_),
            "feedback": _renamed(scene.feedback, id_),
        }


def _renamed(document: Any, id_: str) -> Any:
    return document | {"id": id_} if isinstance(document, dict) else None


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
