"""What is still under way at the server: work whose effects come only later, by the simulator's clock.

Must not know what the work is, who asked for it, or how its connection ended.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from convo_sync.simulator.wire import Response

# What an operation returns when its work was put off.
NO_ANSWER: Final = Response(0)


@dataclass(frozen=True, order=True)
class _Effect:
    due: datetime
    number: int
    happen: Callable[[], None] = field(compare=False)


class UnderWay:
    """Effects that wait for their time. Used under the simulator's lock."""

    def __init__(self) -> None:
        self._effects: list[_Effect] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        """How many effects still wait."""
        return len(self._effects)

    def add(self, due: datetime, happen: Callable[[], None]) -> None:
        """Have this happen once the clock has reached `due`."""
        heapq.heappush(self._effects, _Effect(due, next(self._numbers), happen))

    def due(self, now: datetime) -> Iterator[Callable[[], None]]:
        """What has to happen by now, in the order of its times; each is handed out once."""
        while self._effects and self._effects[0].due <= now:
            yield heapq.heappop(self._effects).happen


@dataclass(frozen=True)
class Lateness:
    """How late one generation is: done at `due`, its credit charged then or, `charged_at_once`, when it was asked for.

    `under_way` takes what is left to do.
    """

    due: datetime
    charged_at_once: bool
    under_way: UnderWay
