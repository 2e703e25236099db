"""``python -m benchmarks.search [PART…]``: measures search, prints its tables, and fails where a limit is missed.

Must not know how anything is measured.
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import figures as limits
from benchmarks.figures import Figure
from benchmarks.meetings import CORPUS
from benchmarks.search import lines, questions, report
from benchmarks.search.parts import PARTS
from benchmarks.search.setting import Setting
from convo_sync.errors import ConvoSyncError


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where a limit is missed, 2 where a part could not be run."""
    asked = _parse(arguments)
    meetings = asked.corpus.resolve()
    with _folder(asked.keep) as folder:
        try:
            items = lines.read(meetings)
            about = questions.some(questions.read(questions.beside(meetings)), asked.questions)
        except (OSError, ValueError) as error:
            print(f"The meetings or their questions cannot be read: {error}", file=sys.stderr)
            return 2
        parts = asked.parts or list(PARTS)
        rounds = asked.rounds if "latency" in parts else 1
        setting = Setting(folder, meetings, items, about, asked.copies, rounds, asked.turns, asked.strings)
        figures: list[Figure] = []
        ran = _run(setting, parts, figures)
        print("\n".join(_told(setting, figures)))
    if not ran:
        return 2
    return 0 if all(figure.holds for figure in figures) else 1


def _run(setting: Setting, parts: Iterable[str], figures: list[Figure]) -> bool:
    """Add the figures of these parts; False where one could not be run, which leaves what was measured before."""
    try:
        for part in parts:
            for figure in PARTS[part](setting):
                setting.tell(f"  {'  '.join(figure.cells)}")
                figures.append(figure)
    except (RuntimeError, subprocess.CalledProcessError, ConvoSyncError, sqlite3.Error) as error:
        print(f"A part could not be run: {error}", file=sys.stderr)
        return False
    return True


def _told(setting: Setting, figures: Sequence[Figure]) -> Iterator[str]:
    yield f"{len(setting.items)} meetings and {len(setting.questions):,} questions; one copy and {setting.copies}."
    yield f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}."
    rows = setting.rows()
    if rows:
        yield f"\nThe held-out half, and in brackets the half for tuning. Times: the least of {setting.rounds}.\n"
        yield from report.table(rows)
    if figures:
        yield "\nLimits.\n"
        yield from limits.table(figures)


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="convo-sync-search-") as folder:
            yield Path(folder)
    else:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description="Measure how well search works.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of: {', '.join(PARTS)}")
    parser.add_argument(
        "--corpus", type=Path, metavar="PATH", default=CORPUS,
        help="meetings, one JSON object a line, .gz or not; queries.jsonl lies beside them, compressed alike",
    )  # fmt: skip
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the archives there, and use them again")
    parser.add_argument("--copies", type=_positive, default=14, metavar="N", help="how many make the large archive")
    parser.add_argument("--rounds", type=_positive, default=3, metavar="N", help="how often a question is timed")
    parser.add_argument("--questions", type=_positive, metavar="N", help="only so many: quick, but no fair figures")
    parser.add_argument("--turns", type=_positive, default=500, metavar="N", help="how many known items are asked for")
    parser.add_argument("--strings", type=_positive, default=5_000, metavar="N", help="how many random strings")
    asked = parser.parse_args(arguments)
    unknown = [part for part in asked.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]}; there are: {', '.join(PARTS)}")
    return asked


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
