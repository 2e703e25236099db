"""The receiver of webhook deliveries: one loopback address that takes what Convo signed, and nothing else.

Must not know what a delivery leads to, the archive's tables, or the API. The daemon serves it, so it imports neither
httpx nor pydantic, nor what of the standard library would cost an idle process megabytes.
"""

from convo_sync.webhooks.checking import Delivery
from convo_sync.webhooks.receiver import Receiver

__all__ = ["Delivery", "Receiver"]
