"""Tells an item's failure from the server's. It keeps failures back until a success shows that they are the item's own.

Knows no store and no clock: what to do about a failure is for the caller.
"""

from __future__ import annotations

from convo_sync.errors import ServerTrouble
from convo_sync.plan.schedule import has_failed
from convo_sync.plan.steps import ALIKE_FAILURES, MIXED_FAILURES
from convo_sync.records import Holding, Kind

Failed = tuple[Holding, ServerTrouble]


class Failures:
    """The failures of one run.

    Five alike in a row are the server's, or, where all five are of one kind of document, that kind's at the server. An
    item that failed before says nothing about the server, or the same few would end every run for ever.
    """

    def __init__(self) -> None:
        self._held_back: list[Failed] = []
        self._in_a_row = 0
        self._stubborn = 0
        self.down: dict[Kind, ServerTrouble] = {}

    def skips(self, holding: Holding) -> bool:
        """Whether to leave this one for a later run: its kind is down, or those that failed before fail still."""
        return holding.kind in self.down or (self._stubborn >= ALIKE_FAILURES and has_failed(holding))

    def add(self, holding: Holding, trouble: ServerTrouble) -> list[Failed]:
        """Take a failure; the failures that are now known to be their items' own."""
        if has_failed(holding):
            self._stubborn += 1
            return [(holding, trouble)]
        self._in_a_row += 1
        differs = bool(self._held_back) and self._held_back[-1][1].symptom != trouble.symptom
        charged = self.release() if differs else []
        self._held_back.append((holding, trouble))
        return charged

    def release(self) -> list[Failed]:
        """What is held back, now that the server has answered (or the run ends): the items' own failures."""
        charged, self._held_back = self._held_back, []
        return charged

    def succeeded(self) -> list[Failed]:
        """The server answered: what is held back was the items' own."""
        self._in_a_row = 0
        return self.release()

    def outage(self) -> tuple[list[Failed], ServerTrouble | None]:
        """Those that failed with the server, if it did, and the trouble that ends the run, if the whole server did."""
        alike = len(self._held_back) >= ALIKE_FAILURES
        if not alike and self._in_a_row < MIXED_FAILURES:
            return [], None
        failed, trouble = self.release(), None
        kinds = {holding.kind for holding, _ in failed}
        if len(kinds) > 1 or self.down or not alike:
            trouble = failed[-1][1]
        self.down |= {kind: failed[-1][1] for kind in kinds}
        return failed, trouble
