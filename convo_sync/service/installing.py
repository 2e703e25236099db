"""The service as a person thinks of it: there or not, running or not, as this version would write it or not."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum

from convo_sync.service import machine
from convo_sync.service.machine import ServiceTrouble
from convo_sync.service.steps import Seen, Step, System

# Seconds that a service is given to end: a sync ends at its next commit.
_STOP_TRIES = 10


class Installed(StrEnum):
    """What an installation changed."""

    NEW = "new"
    REPLACED = "replaced"
    STARTED = "started"
    UNCHANGED = "unchanged"


class Service:
    """The daemon's service on one system.

    Args:
        system: the system's way.
        is_kept: whether a daemon holds the archive now; asked where the system does not tell.
    """

    def __init__(self, system: System, is_kept: Callable[[], bool]) -> None:
        self._system = system
        self._is_kept = is_kept
        self.path = system.file().path

    @property
    def is_there(self) -> bool:
        """Whether its file is there."""
        return machine.text_at(self._system.file()) is not None

    @property
    def is_current(self) -> bool:
        """Whether its file is what would be written now."""
        file = self._system.file()
        return machine.text_at(file) == file.text

    def seen(self) -> Seen:
        """What the system says of it.

        Raises:
            ServiceTrouble: this computer has not that system, or it does not answer.
        """
        self.require_tool()
        answer = machine.call(self._system.question())
        seen = self._system.read(answer.code, answer.out, answer.err)
        if seen is None:
            raise ServiceTrouble(
                f"{self._system.name} does not answer for this user: {answer.words}.",
                "It does where you are logged in; else run `convo-sync daemon` by whatever starts programs here.",
            )
        running = self._is_kept() if seen.is_running is None else seen.is_running
        return Seen(seen.is_on, running, seen.detail)

    def require_tool(self) -> None:
        """Refuse a computer without the system's own command.

        Raises:
            ServiceTrouble: it is not there.
        """
        if not machine.has(self._system.tool):
            raise ServiceTrouble(
                f"There is no {self._system.tool} on this computer, so {self._system.name} keeps no service here.",
                "Run `convo-sync daemon` by whatever starts programs here.",
            )

    def plan_install(self) -> tuple[Step, ...]:
        """All steps of an installation where nothing is installed."""
        return self._system.file(), *self._system.begin(is_new=True)

    def plan_uninstall(self) -> tuple[Step, ...]:
        """All steps that take it away."""
        return self._system.end()

    def install(self) -> Installed:
        """Bring it to where it should be; do nothing where it is there already.

        Raises:
            ServiceTrouble: the system does not answer, or refused a step; the file may be written by then.
        """
        seen = self.seen()
        was_there, is_current = self.is_there, self.is_current
        if is_current and seen.is_on and seen.is_running:
            return Installed.UNCHANGED
        steps = self._system.begin(is_new=not was_there and not seen.is_on)
        for step in steps if is_current else (self._system.file(), *steps):
            machine.carry_out(step)
        if is_current:
            return Installed.STARTED
        return Installed.REPLACED if was_there else Installed.NEW

    def uninstall(self) -> bool:
        """Stop it and take it away; whether there was anything.

        Raises:
            ServiceTrouble: the system does not answer, or refused a step, or the service runs on.
        """
        if not self.is_there and not self._is_known():
            return False
        self.seen()  # raises where nothing could be stopped: better not to remove the file then
        for step in self._system.end():
            machine.carry_out(step)
        self._require_stopped()
        return True

    def _is_known(self) -> bool:
        """Whether the system still has a service whose file somebody removed."""
        seen = self._asked() if machine.has(self._system.tool) else None
        return seen is not None and bool(seen.is_on or seen.is_running)

    def _asked(self) -> Seen | None:
        answer = machine.call(self._system.question())
        return self._system.read(answer.code, answer.out, answer.err)

    def _require_stopped(self) -> None:
        """Wait for what ends a moment after it was told to."""
        for _ in range(_STOP_TRIES):
            seen = self._asked()
            if seen is None or not seen.is_running:
                return
            time.sleep(1.0)
        raise ServiceTrouble("The service was removed, but the daemon that it had started runs on.", "End it by hand.")
