"""The daemon's door for webhooks: listens as config.toml says, keeps what comes, and tells what is refused.

A daemon without ``[webhooks] listen`` imports nothing of this.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from convo_sync.archive.inbox import Inbox
from convo_sync.config.webhooks import Settings
from convo_sync.credentials import read_secret
from convo_sync.errors import ConvoSyncError
from convo_sync.plan.hints import effect
from convo_sync.webhooks import Delivery, Receiver

# One line of the log per reason and hour: whoever floods the door does not fill the disk.
TOLD_SECONDS = 3600.0
TEST = "webhook.test"


class Tell(Protocol):
    """Logs one event."""

    def __call__(self, event: str, **details: object) -> None:
        """Log it."""


class Door:
    """One receiver, opened and closed as the configuration says.

    Args:
        hint: called after a delivery that leads to something was kept; must not raise.
    """

    def __init__(self, archive: Path, tell: Tell, hint: Callable[[], None]) -> None:
        self._archive, self._inbox, self._tell, self._hint = archive, Inbox(archive), tell, hint
        self._settings: Settings | None = None
        self._receiver: Receiver | None = None
        self._told: dict[str, float] = {}

    def open(self, settings: Settings | None) -> None:
        """Listen as these say, from now on; where that cannot be done, say so, and try again at the next call."""
        if self._receiver is not None and settings == self._settings:
            return
        self.close()
        self._settings = settings
        if settings is None or settings.listen is None:
            return
        host = settings.public_host
        try:
            self._receiver = Receiver(
                settings.listen, self._secret, self._keep, _now, hosts=(host,) if host else (), refused=self._refused
            )
        except (OSError, ValueError) as error:
            self._say(f"cannot listen on {_shown(settings.listen)}: {getattr(error, 'strerror', None) or error}")
            return
        self._told.clear()
        self._tell("listening", address=_shown(self._receiver.address))
        self._after_a_restart()

    def close(self) -> None:
        """Listen no more."""
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None
        self._inbox.close()

    def _after_a_restart(self) -> None:
        """What was kept and not acted upon before this daemon began counts as if it came now."""
        try:
            if self._inbox.waiting():
                self._hint()
        except ConvoSyncError as error:
            self._say(error.message)

    def _secret(self) -> bytes | None:
        """The secret as it is kept now: a new one holds at once."""
        settings = self._settings
        try:
            said = settings and (settings.secret or read_secret(settings.secret_file))
        except ConvoSyncError as error:
            self._say(error.message)
            return None
        return said.encode() if said else None

    def _keep(self, each: Delivery) -> bool:
        if not self._archive.exists():  # its disk is not mounted: nothing is begun in its place
            raise FileNotFoundError(f"{self._archive} is not there")
        is_new = self._inbox.keep(each.digest, each.event, each.conversation_id, each.sent_at, each.body, _now())
        if is_new and effect(each.event):
            self._hint()
        elif is_new and each.event == TEST:
            self._tell("delivery", why="the test came")
        elif is_new:
            self._say(f"{each.event[:80]} came, and leads to nothing", event="delivery")
        return is_new

    def _refused(self, why: str) -> None:
        self._say(why, event="delivery refused")

    def _say(self, why: str, event: str = "webhooks") -> None:
        """Log it, unless the same was logged within the hour."""
        now = time.monotonic()
        if now - self._told.get(why, -TOLD_SECONDS) < TOLD_SECONDS:
            return
        if len(self._told) < 100:
            self._told[why] = now
            self._tell(event, why=why)


def _shown(address: tuple[str, int]) -> str:
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{host}:{address[1]}"


def _now() -> datetime:
    return datetime.now(UTC)
