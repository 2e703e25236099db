"""Which function does an operation's work.

Must not know what any of them does.
"""

from __future__ import annotations

from collections.abc import Callable

from convo_sync.simulator import reading, registering, spending, writing
from convo_sync.simulator.call import Call
from convo_sync.simulator.listing import Listing
from convo_sync.simulator.wire import Response


def work_table(listing: Listing) -> dict[str, Callable[[Call], Response]]:
    """Operation id -> its work."""
    return {
        "listConversations": listing.answer,
        "updateTitle": writing.update_title,
        "deleteConversation": writing.delete_conversation,
        "getTranscript": reading.get_transcript,
        "getKeypoints": reading.get_keypoints,
        "generateKeypoints": spending.generate_keypoints,
        "getFeedback": reading.get_feedback,
        "generateFeedback": spending.generate_feedback,
        "generateEmail": spending.generate_email,
        "queryConversation": spending.query_conversation,
        "shareConversation": writing.share_conversation,
        "listCalendarEvents": reading.list_calendar_events,
        "getProfile": reading.get_profile,
        "listWebhooks": registering.list_webhooks,
        "registerWebhook": registering.register_webhook,
        "deleteWebhook": registering.delete_webhook,
        "testWebhook": registering.test_webhook,
    }
