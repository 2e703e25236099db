"""Words as the benchmark itself sees them. Must not know how convo-sync reads words, which is what is measured."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

WORD = re.compile(r"[^\W_]+")

# English function words, and what an apostrophe leaves of them ("don't" is read as "don" and "t").
STOP_WORDS = frozenset(
    """
    a about above after again against ain all am an and any are aren as at be because been before being below between
    both but by can cannot could couldn d did didn do does doesn doing don down during each few for from further had
    hadn has hasn have haven having he her here hers herself him himself his how i if in into is isn it its itself just
    let ll m me might mightn more most must mustn my myself needn no nor not now o of off on once only or other ought
    our ours ourselves out over own re s same shan she should shouldn so some such t than that the their theirs them
    themselves then there these they this those through to too under until up upon us ve very was wasn we were weren
    what when where which while who whom whose why will with won would wouldn you your yours yourself yourselves
    """.split()  # noqa: SIM905 - one word a line would be a hundred lines
)

# What a question is asked with, rather than about: common words that mislead, and no stop words.
ASKING_WORDS = frozenset(
    """
    describe described discuss discussed discusses discussing discussion discussions explain explained mention mentioned
    mentioning opinion opinions said say saying says summaries summarise summarised summarize summarized summary talk
    talked talking talks tell think thinking thinks thought thoughts
    """.split()  # noqa: SIM905 - as above
)


def folded(text: str) -> str:
    """The text without case and accents."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFD", text.casefold())
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))


def words(text: str) -> Sequence[str]:
    """The folded words of a text, in order."""
    return WORD.findall(folded(text))


def without_stop_words(text: str) -> Sequence[str]:
    """The different words of a text without stop words, or with them where nothing else is left."""
    every = list(dict.fromkeys(words(text)))
    return [word for word in every if word not in STOP_WORDS] or every


def telling(text: str) -> Sequence[str]:
    """Those that do not only ask, either, where any are left."""
    every = without_stop_words(text)
    return [word for word in every if word not in ASKING_WORDS] or every
