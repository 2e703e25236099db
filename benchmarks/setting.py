"""What the benchmarks of one run share: the meetings, a folder, and one archive that the command line filled.

Must not know what is measured, nor any limit.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.children import Spent, command_line, for_sync, simulator, timed
from benchmarks.meetings import Meetings


@dataclass(frozen=True)
class Setting:
    """`rounds`: how often two rivals are run by turns where seconds are compared."""

    meetings: Meetings
    folder: Path
    rounds: int

    def archive(self) -> Path:
        """An archive of all the meetings, made at the first call."""
        path = self.folder / "archive.db"
        if not path.exists():
            self.sync(path)
        return path

    def sync(self, archive: Path, meetings: Meetings | None = None, program: Sequence[str] | None = None) -> Spent:
        """Fill `archive` by `convo-sync sync` from a simulator, each in a process of its own; what `sync` took.

        Args:
            meetings: what the simulator serves; all, where it is not given.
            program: what stands for `convo-sync`.

        Raises:
            RuntimeError: not every turn is in the archive afterwards.
        """
        meetings = meetings or self.meetings
        with simulator(meetings.file, self.folder) as url:
            spent = timed([*(program or command_line()), "--quiet", "sync"], for_sync(self.folder, url, archive))
        archived = turns_in(archive)
        if archived != meetings.turns:
            raise RuntimeError(f"{archived:,} of {meetings.turns:,} turns were archived")
        return spent

    @staticmethod
    def tell(text: str) -> None:
        """Say on stderr what goes on; the table alone goes to stdout."""
        print(text, file=sys.stderr, flush=True)


def turns_in(archive: Path) -> int:
    """The turns that are archived."""
    connection = sqlite3.connect(archive)
    count = int(connection.execute("select count(*) from segments").fetchone()[0])
    connection.close()
    return count
