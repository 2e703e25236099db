"""The endpoints of the contract, each a method that returns a record. Must not know how a request is sent or repeated.

``POST …/share`` is left out for good: it publishes a meeting.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from convo_sync.client.address import Address, escaped
from convo_sync.models import (
    read_conversation,
    read_document,
    read_events,
    read_generated,
    read_page,
    read_profile,
    read_webhook,
    read_webhooks,
)
from convo_sync.records import (
    HELD_KINDS,
    Account,
    ConversationId,
    Document,
    EventPage,
    Kind,
    Listing,
    Page,
    Webhook,
)
from convo_sync.times import format_time

T = TypeVar("T")
Received = Callable[[bytes], None]


class Endpoints(ABC):
    """The API, as methods. Each raises the errors of `convo_sync.errors`; source: the API contract, "Endpoints".

    The four that spend a credit are sent once and never again. They hand the reply of a 2xx to `received`, raw, before
    it is read: what was paid for can be kept even if it cannot be understood.
    """

    _address: Address

    @abstractmethod
    def _read(self, operation: str, url: str, read: Callable[[bytes], T]) -> T:
        """GET the URL, again where that may help, and read what came."""

    @abstractmethod
    def _send(self, operation: str, method: str, url: str, payload: object, read: Callable[[bytes], T]) -> T:
        """Send the payload as JSON, once, and read what came."""

    @abstractmethod
    def _tell(self, operation: str, method: str, url: str) -> None:
        """Send a request without a body, once; an answer without a body is fine."""

    def list_conversations(
        self, *, limit: int = 100, offset: int = 0, since: datetime | None = None, search: str | None = None
    ) -> Page:
        """One page of the list. `search` looks at titles alone."""
        query = {"limit": str(limit), "offset": str(offset)} | _times(since=since)
        if search is not None:
            query["search"] = search
        return self._read("listConversations", self._address.endpoint("conversations", query=query), read_page)

    def get_document(self, conversation_id: ConversationId, kind: Kind) -> Document | None:
        """A transcript, key points or feedback; None where the answer says that there is none.

        Raises:
            NotFound: no such conversation, or none generated yet.
            ValueError: the kind is one that the server does not keep.
        """
        if kind not in HELD_KINDS:
            raise ValueError(f"{kind} cannot be fetched")
        return self._read(
            f"get{kind.capitalize()}",
            self._conversation(conversation_id, kind),
            lambda body: read_document(conversation_id, kind, body),
        )

    def get_profile(self) -> Account:
        """The account behind the key, with its use of AI credits."""
        return self._read("getProfile", self._address.endpoint("user", "profile"), read_profile)

    def list_events(
        self, max_results: int = 50, time_min: datetime | None = None, time_max: datetime | None = None
    ) -> EventPage:
        """Upcoming calendar events, 50 at most."""
        query = {"maxResults": str(max_results)} | _times(timeMin=time_min, timeMax=time_max)
        return self._read("listCalendarEvents", self._address.endpoint("calendar", "events", query=query), read_events)

    def generate_keypoints(
        self, conversation_id: ConversationId, *, force_refresh: bool = False, received: Received | None = None
    ) -> tuple[Document, bool]:
        """Key points, with whether the server had them already (then no credit is spent)."""
        return self._generate(conversation_id, Kind.KEYPOINTS, force_refresh=force_refresh, received=received)

    def generate_feedback(
        self, conversation_id: ConversationId, *, force_refresh: bool = False, received: Received | None = None
    ) -> tuple[Document, bool]:
        """Feedback, with whether the server had it already (then no credit is spent)."""
        return self._generate(conversation_id, Kind.FEEDBACK, force_refresh=force_refresh, received=received)

    def ask(self, conversation_id: ConversationId, query: str, *, received: Received | None = None) -> Document:
        """The AI's answer to a question of at most 500 characters. Always one credit; it cannot be fetched again."""
        url = self._conversation(conversation_id, "query")
        reader = _paid(conversation_id, Kind.ANSWER, received)
        return self._send("queryConversation", "POST", url, {"query": query}, reader)[0]

    def write_email(
        self,
        conversation_id: ConversationId,
        recipient_name: str | None = None,
        tone: str = "professional",
        *,
        received: Received | None = None,
    ) -> Document:
        """A drafted follow-up e-mail. Always one credit; it cannot be fetched again."""
        payload = {"tone": tone} | ({"recipientName": recipient_name} if recipient_name else {})
        url = self._conversation(conversation_id, "email")
        return self._send("generateEmail", "POST", url, payload, _paid(conversation_id, Kind.EMAIL, received))[0]

    def rename(self, conversation_id: ConversationId, title: str) -> Listing:
        """Give the conversation another title at Convo; its row of the list as it is now."""
        url = self._conversation(conversation_id)
        return self._send("updateTitle", "PATCH", url, {"title": title}, read_conversation)

    def delete(self, conversation_id: ConversationId) -> None:
        """Delete the conversation at Convo."""
        self._tell("deleteConversation", "DELETE", self._conversation(conversation_id))

    def list_webhooks(self) -> tuple[Webhook, ...]:
        """The webhooks registered for the account."""
        return self._read("listWebhooks", self._address.endpoint("webhooks"), read_webhooks)

    def create_webhook(self, url: str, events: Sequence[str]) -> Webhook:
        """Register a webhook. The answer carries its secret, this once."""
        payload = {"url": url, "events": list(events)}
        return self._send("registerWebhook", "POST", self._address.endpoint("webhooks"), payload, read_webhook)

    def delete_webhook(self, webhook_id: str) -> None:
        """Remove a webhook."""
        self._tell("deleteWebhook", "DELETE", self._address.endpoint("webhooks", escaped(webhook_id)))

    def test_webhook(self, webhook_id: str) -> None:
        """Have a ``webhook.test`` event delivered."""
        self._tell("testWebhook", "POST", self._address.endpoint("webhooks", escaped(webhook_id), "test"))

    def _conversation(self, conversation_id: ConversationId, *parts: str) -> str:
        return self._address.endpoint("conversations", escaped(conversation_id), *parts)

    def _generate(
        self, conversation_id: ConversationId, kind: Kind, *, force_refresh: bool, received: Received | None
    ) -> tuple[Document, bool]:
        operation, url = f"generate{kind.capitalize()}", self._conversation(conversation_id, kind)
        payload = {"forceRefresh": force_refresh}
        return self._send(operation, "POST", url, payload, _paid(conversation_id, kind, received))


def _paid(
    conversation_id: ConversationId, kind: Kind, received: Received | None
) -> Callable[[bytes], tuple[Document, bool]]:
    def read(body: bytes) -> tuple[Document, bool]:
        if received is not None:
            received(body)
        return read_generated(conversation_id, kind, body)

    return read


def _times(**moments: datetime | None) -> dict[str, str]:
    return {name: format_time(moment) for name, moment in moments.items() if moment is not None}
