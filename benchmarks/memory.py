"""The peak memory of `convo-sync sync` alone: for all meetings, and for one very long transcript."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.children import module
from benchmarks.figures import Figure
from benchmarks.meetings import Meetings, long_meeting
from benchmarks.setting import Setting

LIMIT_MB = 130
LONG_TURNS = 100_000
LONG_LIMIT_MB = 300


def measure(setting: Setting) -> Iterator[Figure]:
    """Megabytes, beside the megabytes allowed."""
    long = long_meeting(setting.folder, setting.meetings, LONG_TURNS)
    everything = f"{setting.meetings.count} meetings"
    for words, meetings, limit in ((everything, setting.meetings, LIMIT_MB), (long.name, long, LONG_LIMIT_MB)):
        setting.tell(f"memory: {words}")
        yield Figure.of(f"peak memory of sync, {words}", _peak(setting, meetings), limit, limit=1.0, unit="MB")


def _peak(setting: Setting, meetings: Meetings) -> float:
    archive, report = setting.folder / f"memory-{meetings.count}.db", setting.folder / "peak"
    setting.sync(archive, meetings, program=[*module("benchmarks.peak"), str(report)])
    return int(report.read_text(encoding="ascii")) / 1e6
