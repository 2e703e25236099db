"""What changed between two texts, in words. Pure; it must not know what the lines are lines of."""

from convo_sync.comparing.lines import compare
from convo_sync.comparing.words import count_words

__all__ = ["compare", "count_words"]
