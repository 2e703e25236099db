"""config.toml: reads what its owner wrote, completely or not at all; a missing file means the defaults.

Must not know the key itself (credentials.py), the network or the archive. Reading commands import it: it stays cheap,
and what they do not need (`credits.py`) is imported only where the file says something of it.
"""

from convo_sync.config.file import (
    BASE_URL_VARIABLE,
    DEFAULT_BASE_URL,
    DEFAULT_EVERY,
    DEFAULT_STALE_AFTER,
    Config,
    archive_named,
    load,
    parse,
)
from convo_sync.config.values import DURATIONS, LONGEST, SHORTEST, parse_duration

__all__ = [
    "BASE_URL_VARIABLE",
    "DEFAULT_BASE_URL",
    "DEFAULT_EVERY",
    "DEFAULT_STALE_AFTER",
    "DURATIONS",
    "LONGEST",
    "SHORTEST",
    "Config",
    "archive_named",
    "load",
    "parse",
    "parse_duration",
]
