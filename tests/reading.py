"""A small archive that the reading commands are tested on, made by a sync with the simulator, and ways to run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync.cli.root import run
from tests.rig import Rig, feedback, iso, keypoints

NOON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
LID, BUDGET, GROWING, GONE = "sess_lid", "sess_budget", "sess_growing", "sess_gone"
NASTY = "red \x1b[31malert\x1b[0m and \u202eturned\u202c \x9b2J end"
LID_TEXTS = (
    "Welcome, let us talk about the lid of the box.",
    "The flip top cracks in the cold, at eighteen below zero.",
    "So we drop the flip top and build the sliding lid.",
    NASTY,
    "Zażółć gęślą jaźń, said Zieliński.",
    "We also need C++ people for version 20.04 of the tool.",
    *(f"Filler number {n} about shipping." for n in range(6)),
)


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


Call = Callable[..., Ran]


def listed(id_: str, title: str, start: datetime, segments: int, minutes: int = 52) -> dict[str, Any]:
    """A row of the list."""
    return {
        "id": id_, "title": title, "startTime": iso(start), "endTime": iso(start + timedelta(minutes=minutes)),
        "duration": minutes, "segmentCount": segments, "linkedCalendarEventId": None,
    }  # fmt: skip


def said(start: datetime, texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """Turns half a minute apart, two people taking turns."""
    names = ("Mara Voss", "Tomasz Zieliński")
    return [
        {"text": text, "speaker": names[n % 2], "timestamp": iso(start + timedelta(seconds=30 * n))}
        for n, text in enumerate(texts)
    ]


def build(folder: Path) -> Path:
    """Four meetings: a whole one, one without notes, one without a transcript yet, one deleted at Convo."""
    with Rig.serving(folder, start=NOON) as rig:
        lid, budget = NOON - timedelta(days=1, hours=2), NOON - timedelta(days=18)
        row = listed(LID, "Lid: flip top or slide?", lid, len(LID_TEXTS))
        notes = {"id": LID, "keypoints": keypoints(7), "createdAt": row["endTime"]}
        scores = {"id": LID, "feedback": feedback(7), "createdAt": row["endTime"]}
        rig.world.add(row, {"id": LID, "segments": said(lid, LID_TEXTS)}, notes, scores)
        texts = ("The zebra budget is forty-eight thousand.", "Nobody drops the zebra budget draft.")
        rig.world.add(listed(BUDGET, "Budget", budget, 2), {"id": BUDGET, "segments": said(budget, texts)})
        rig.world.add(listed(GROWING, "Just over", NOON - timedelta(hours=1), 5, minutes=30))
        gone = budget - timedelta(days=20)
        rig.world.add(listed(GONE, "Gone at Convo", gone, 1), {"id": GONE, "segments": said(gone, ("A pelican.",))})
        rig.complete()
        rig.world.delete(GONE)
        for _ in range(2):
            rig.clock.advance(timedelta(hours=2))
            rig.complete(full=True)
        return rig.path


def runner(archive: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs commands in this process, on the archive unless another `file` is named."""

    def runs(*arguments: str, file: Path = archive) -> Ran:
        with pytest.raises(SystemExit) as leaving:
            run(["--archive", str(file), *arguments])
        out, err = capsys.readouterr()
        code = leaving.value.code
        return Ran(code if isinstance(code, int) else 0, out, err)

    return runs


def process(archive: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "convo_sync", "--archive", str(archive), *arguments]
    return subprocess.run(command, capture_output=True, env=os.environ | environment, timeout=60, check=False)
