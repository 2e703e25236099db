"""What the API sends, read tolerantly into records: unknown keys, missing optionals and nulls are fine.

One bad part is dropped and counted, never the whole document. Knows no network, no archive and no clock.
Source: the API contract, ``convo_sync/simulator/openapi.yaml``.
"""

from convo_sync.models.account import read_profile, read_webhook, read_webhooks
from convo_sync.models.body import NotJson, NotTheApi, clean, read_envelope, read_error
from convo_sync.models.calendar import event_document, read_events
from convo_sync.models.documents import read_document, read_generated
from convo_sync.models.listing import listing_document, read_conversation, read_page
from convo_sync.models.stored import read_stored, read_stored_row

__all__ = [
    "NotJson",
    "NotTheApi",
    "clean",
    "event_document",
    "listing_document",
    "read_conversation",
    "read_document",
    "read_envelope",
    "read_error",
    "read_events",
    "read_generated",
    "read_page",
    "read_profile",
    "read_stored",
    "read_stored_row",
    "read_webhook",
    "read_webhooks",
]
