"""How long answers take: the middle one, and the one that only one in twenty is slower than. Knows no limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Latency(NamedTuple):
    """Milliseconds on the wall's clock."""

    p50: float
    p95: float


def latency(seconds: Sequence[float]) -> Latency:
    """The 50th and the 95th percentile, by nearest rank: times that were measured, not means of two."""
    return Latency(_percentile(seconds, 0.50) * 1e3, _percentile(seconds, 0.95) * 1e3)


def _percentile(seconds: Sequence[float], share: float) -> float:
    return sorted(seconds)[max(0, math.ceil(share * len(seconds)) - 1)]
