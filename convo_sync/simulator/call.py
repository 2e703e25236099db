"""One admitted call: who asks for what, with everything an operation may touch.

Must not know how the call arrived or how its answer is sent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from convo_sync.simulator.accounts import Account
from convo_sync.simulator.credits import Credits
from convo_sync.simulator.late import Lateness
from convo_sync.simulator.meeting import Meeting
from convo_sync.simulator.webhooks import Webhooks
from convo_sync.simulator.wire import NOT_FOUND, JsonObject, Refusal
from convo_sync.simulator.world import World

_CACHE_BYTES: Final = 256 * 1024 * 1024


class EncodedBodies:
    """Encoded JSON by name and version, so that a large transcript is encoded once and then only sent."""

    def __init__(self, capacity: int = _CACHE_BYTES) -> None:
        self._kept: OrderedDict[Hashable, tuple[int, bytes]] = OrderedDict()
        self._capacity = capacity
        self._size = 0

    def get(self, name: Hashable, version: int, make: Callable[[], bytes]) -> bytes:
        """The bytes of this version, made if they are not kept."""
        kept = self._kept.get(name)
        if kept is not None and kept[0] == version:
            self._kept.move_to_end(name)
            return kept[1]
        body = make()
        self._forget(name)
        self._kept[name] = (version, body)
        self._size += len(body)
        while self._size > self._capacity:
            self._forget(next(iter(self._kept)))
        return body

    def _forget(self, name: Hashable) -> None:
        if name in self._kept:
            self._size -= len(self._kept.pop(name)[1])


@dataclass(frozen=True)
class Service:
    """What all calls share."""

    assume: Mapping[str, str]
    credits: Credits
    webhooks: Webhooks
    bodies: EncodedBodies
    seed: int


@dataclass(frozen=True)
class Call:
    """One call past key, limit and checks. `query` and `body` hold checked values only.

    `late`: how late a generation is to be, None for one that is answered at once.
    """

    service: Service
    account: Account
    key: str
    now: datetime
    resource_id: str
    query: Mapping[str, Any]
    body: JsonObject
    number: int
    late: Lateness | None = None

    @property
    def world(self) -> World:
        """The account's content."""
        return self.account.world

    def assumes(self, name: str, value: str) -> bool:
        """Whether that assumption is in force."""
        return self.service.assume[name] == value

    def living(self) -> Meeting:
        """The conversation the path names. Refuses with 404, or 410 if deleted ones answer so."""
        meeting = self.world.find(self.resource_id)
        if meeting is not None and not meeting.deleted:
            return meeting
        status = 410 if meeting is not None and self.assumes("deleted", "410") else 404
        raise Refusal(status, NOT_FOUND, "There is no such conversation.")

    def readable(self) -> Meeting:
        """As `living`, but deleted ones still answer where that is assumed."""
        meeting = self.world.find(self.resource_id)
        if meeting is not None and meeting.deleted and self.assumes("deleted", "200"):
            return meeting
        return self.living()

    def has_transcript(self, meeting: Meeting) -> bool:
        """Whether its transcript is there: neither late nor, unless partial ones are assumed, still being spoken."""
        waiting = meeting.running and self.assumes("transcript_of_running", "404")
        return meeting.transcript is not None and not meeting.hidden and not waiting

    def encoded(self, meeting: Meeting, kind: str, make: Callable[[], bytes]) -> bytes:
        """A document's encoded bytes, made at most once per version."""
        return self.service.bodies.get((self.world.serial, meeting.id, kind), meeting.version, make)
