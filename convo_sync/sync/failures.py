"""Tells items' failures from the server's. It keeps failures back until an answer shows that they are the items' own.

Knows no store and no clock: what to do about a failure is for the caller.
"""

from __future__ import annotations

from collections.abc import Callable

from convo_sync.errors import ServerTrouble
from convo_sync.plan.steps import ALIKE_FAILURES, MIXED_FAILURES
from convo_sync.records import Holding, Kind

Failed = tuple[Holding, ServerTrouble]


class Failures:
    """The failures of one run.

    Five alike in a row look like the server's failure. One document more, which has come before, tells: if it comes,
    the five are broken themselves, else the run ends, or goes on without their kind if they are all of one.
    """

    def __init__(self) -> None:
        self._held_back: list[Failed] = []
        self._alike = 0
        self.down: dict[Kind, ServerTrouble] = {}

    def add(self, holding: Holding, trouble: ServerTrouble) -> None:
        """Hold a failure back."""
        same = bool(self._held_back) and self._held_back[-1][1].symptom == trouble.symptom
        self._alike = self._alike + 1 if same else 1
        self._held_back.append((holding, trouble))

    def keep(self, still: Callable[[Holding], bool]) -> None:
        """Drop the failures of holdings that others have changed since."""
        self._held_back = [each for each in self._held_back if still(each[0])]
        self._alike = min(self._alike, len(self._held_back))

    def release(self) -> list[Failed]:
        """What is held back, now that the server has answered (or the run ends): the items' own failures."""
        charged, self._held_back, self._alike = self._held_back, [], 0
        return charged

    @property
    def held_back(self) -> bool:
        """Whether failures wait for an answer."""
        return bool(self._held_back)

    @property
    def look_like_an_outage(self) -> bool:
        """Whether so many came in a row that they may be the server's."""
        return self._alike >= ALIKE_FAILURES or len(self._held_back) >= MIXED_FAILURES

    @property
    def kind(self) -> Kind | None:
        """The kind of all that is held back; None where there are several."""
        kinds = {holding.kind for holding, _ in self._held_back}
        return kinds.pop() if len(kinds) == 1 else None

    def outage(self) -> ServerTrouble | None:
        """Take what is held back for the server's failure, which charges no item; the trouble, if it ends the run."""
        kind, others_down = self.kind, bool(self.down)
        trouble = self.release()[-1][1]
        if kind is None or others_down:
            return trouble
        self.down[kind] = trouble
        return None
