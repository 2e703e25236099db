"""Webhooks: who registered which address for which events, and what is sent there.

Must not know how a delivery travels, nor which requests register one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from convo_sync.simulator.accounts import Account
from convo_sync.simulator.clock import with_milliseconds, without_milliseconds
from convo_sync.simulator.deliveries import Deliveries, Envelope
from convo_sync.simulator.wire import NOT_FOUND, JsonObject, Refusal, encoded
from convo_sync.simulator.world import World


@dataclass(frozen=True)
class Webhook:
    """A registered address. The secret leaves the server once, in the answer that creates it."""

    id: str
    account: Account
    url: str
    events: tuple[str, ...]
    secret: str
    created_at: datetime

    def shown(self) -> JsonObject:
        """As listed, without the secret."""
        created = without_milliseconds(self.created_at)
        return {"id": self.id, "url": self.url, "events": list(self.events), "createdAt": created}


class Webhooks:
    """All webhooks of all accounts."""

    def __init__(self, deliveries: Deliveries, now: Callable[[], datetime], seed: int) -> None:
        self._hooks: dict[str, Webhook] = {}
        self._deliveries = deliveries
        self._now = now
        self._seed = seed
        self._made = 0
        self._lock = threading.Lock()

    def of(self, account: Account) -> list[Webhook]:
        """The account's webhooks, oldest first."""
        with self._lock:
            return [hook for hook in self._hooks.values() if hook.account is account]

    def register(self, account: Account, url: str, events: list[str]) -> Webhook:
        """A new webhook with a new secret."""
        with self._lock:
            self._made += 1
            digest = hashlib.sha256(f"{self._seed}-{self._made}-{url}".encode()).hexdigest()
            hook = Webhook(f"wh_{digest[:12]}", account, url, tuple(events), f"whsec_{digest[12:60]}", self._now())
            self._hooks[hook.id] = hook
            return hook

    def find(self, account: Account, webhook_id: str) -> Webhook:
        """The account's webhook. Refuses with 404, also for another account's."""
        hook = self._hooks.get(webhook_id)
        if hook is None or hook.account is not account:
            raise Refusal(404, NOT_FOUND, "There is no such webhook.")
        return hook

    def remove(self, webhook_id: str) -> None:
        """Nothing is delivered to it any more."""
        with self._lock:
            del self._hooks[webhook_id]

    def emit(self, world: World, event: str, content: JsonObject) -> None:
        """Hand an event of a world to every webhook that asked for it."""
        with self._lock:
            hooks = [h for h in self._hooks.values() if h.account.world is world and event in h.events]
        for hook in hooks:
            # A plan that no longer includes webhooks no longer delivers.
            if hook.account.plan.webhooks != 0:
                self.send(hook, event, content)

    def send(self, hook: Webhook, event: str, content: JsonObject) -> None:
        """Queue one delivery."""
        body = encoded({"event": event, "data": content, "timestamp": with_milliseconds(self._now())})
        self._deliveries.queue(Envelope(hook.id, hook.url, event, body, hook.secret))
