"""One measured figure with its limit, and the table of them. Must not know how anything is measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

_HEADS = ("what", "measured", "against", "ratio", "limit", "verdict")


@dataclass(frozen=True)
class Figure:
    """What was measured, what it is held against, and the largest ratio of the two that is allowed."""

    what: str
    measured: str
    against: str
    ratio: float
    limit: float

    @classmethod
    def of(cls, what: str, measured: float, against: float, *, limit: float, unit: str, digits: int = 0) -> Self:
        """A figure from two numbers of one unit."""
        shown = [f"{number:,.{digits}f} {unit}" for number in (measured, against)]
        return cls(what, shown[0], shown[1], measured / against, limit)

    @classmethod
    def at_least(cls, what: str, measured: float, least: float, *, digits: int) -> Self:
        """A figure that should be large: the ratio is that of the least that it may be to what it is."""
        shown = [f"{number:.{digits}f}" for number in (measured, least)]
        return cls(what, shown[0], shown[1], least / measured if measured else math.inf, 1.0)

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.ratio <= self.limit

    @property
    def cells(self) -> tuple[str, ...]:
        """The table's row."""
        verdict = "holds" if self.holds else "MISSED"
        return self.what, self.measured, self.against, f"{self.ratio:.3f}", f"{self.limit:.3f}", verdict


def table(figures: Iterable[Figure]) -> Sequence[str]:
    """The figures as lines of text, one a figure, below the heads."""
    rows = [_HEADS, *(figure.cells for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [_line(row, widths) for row in rows]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    # Words to the left, numbers to the right.
    aligned = [
        cell.rjust(width) if 0 < at < 5 else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()
