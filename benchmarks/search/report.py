"""The table that stands all searchers side by side. Must not know how anything is measured, nor any limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from benchmarks.search.latency import Latency
from benchmarks.search.quality import Scores

_HEADS = ("search", "turns", "answer@1", "answer@10", "MRR@10", "meeting@10", "p50 ms", "p95 ms")


class Row(NamedTuple):
    """One searcher over one archive. `held_out`, `tuning`: None where the searcher is not installed."""

    name: str
    turns: int
    held_out: Scores | None
    tuning: Scores | None
    latency: Latency | None

    @property
    def cells(self) -> tuple[str, ...]:
        """The table's row."""
        if self.held_out is None or self.tuning is None or self.latency is None:
            return (f"{self.name} (not installed)", f"{self.turns:,}", *["-"] * (len(_HEADS) - 2))
        pairs = zip(self.held_out, self.tuning, strict=True)
        return (
            self.name,
            f"{self.turns:,}",
            *(f"{held_out:.3f} ({tuning:.3f})" for held_out, tuning in pairs),
            *(f"{milliseconds:.1f}" for milliseconds in self.latency),
        )


def table(rows: Iterable[Row]) -> Sequence[str]:
    """The rows as lines of text below the heads."""
    cells = [_HEADS, *(row.cells for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(_aligned(row, widths)).rstrip() for row in cells]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    return (
        cell.rjust(width) if at else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
