"""The engine: runs a plan against the API and the archive, through two Protocols. Knows no HTTP, SQL or terminal."""

from convo_sync.sync.meter import Meter
from convo_sync.sync.run import Sync
from convo_sync.sync.session import Identity, Options

__all__ = ["Identity", "Meter", "Options", "Sync"]
