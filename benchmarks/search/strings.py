"""Strings that nobody would think of: all of Unicode, words with operators, quotes left open. None may fail or hang.

Must not know how the search reads them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from convo_sync.errors import UsageError

MOST_SECONDS = 2.0
_SEED = "convo-sync strings 1"
_SYNTAX = (
    '"', '""', "'", "(", ")", "((", "))", "-", "--", "+", "*", "^", ":", "{", "}", "[", "]", "\\", "/", "%", "_", "?",
    "!", "~", "|", "&", ",", ";", ".", "…", "“", "”", "«", "»", "\x00", "\n", "\t", "\u200b", "\u2068", "\ufeff",
    "\u0301", " AND ", " OR ", " NOT ", " NEAR ", "NEAR(", " or ", "NEAR/3",
)  # fmt: skip
_FILTERS = ("speaker:", "title:", "in:", "after:", "before:", "min:", "id:", "text:", "rowid:")
_VALUES = (
    "2026-03", "2026-03-19", "yesterday", '"last week"', "30d", "0", "-1", "C++", "20.04", "a@example.com", "q3-plan",
    "zażółć", "日本語", "会議", "회의", "ประชุม", "ß", "İ", "ﬁ", "😀", "👩\u200d🔧", "x" * 300,
)  # fmt: skip
# Ranges that are drawn from as often as all of Unicode: what people write in, and what is not a character at all.
_RANGES = ((0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x52F), (0x600, 0x6FF), (0x3040, 0x9FFF), (0xAC00, 0xD7A3))
_ALL, _SURROGATES, _EMOJI = (0, 0x10FFFF), (0xD800, 0xDFFF), (0x1F300, 0x1FAFF)


def drawn(words: Sequence[str], count: int) -> Iterator[str]:
    """So many strings, always the same; `words` are some of the meetings'."""
    draw = random.Random(_SEED)
    for _ in range(count):
        pieces = draw.choice((1, 2, 3, 5, 8, 13, draw.randrange(200)))
        make = draw.choice((_characters, _mixed))
        yield make(draw, words, pieces)


def _characters(draw: random.Random, _: Sequence[str], count: int) -> str:
    ranges = draw.choices((*_RANGES, _ALL, _SURROGATES, _EMOJI), k=2)
    return "".join(chr(draw.randint(*draw.choice(ranges))) for _ in range(count))


def _mixed(draw: random.Random, words: Sequence[str], count: int) -> str:
    """Words with syntax between them, with blanks or without."""
    kinds: Sequence[Sequence[str]] = (words, words, _SYNTAX, _FILTERS, _VALUES)
    return draw.choice(("", " ")).join(draw.choice(draw.choice(kinds)) for _ in range(count))


class Ordeal(NamedTuple):
    """What came of the strings. `slowest`: seconds and string; `failures`: error and string; `refused`: how many."""

    asked: int
    slowest: tuple[float, str]
    failures: Sequence[tuple[str, str]]
    refused: int


def ordeal(archive: Any, strings: Iterator[str], tell: Callable[[str], None]) -> Ordeal:
    """Search for each. A filter whose value is impossible may be refused in a sentence; nothing else may be."""
    slowest, refused, number = (0.0, ""), 0, 0
    failures: list[tuple[str, str]] = []
    for number, text in enumerate(strings, 1):
        began = time.perf_counter()
        try:
            archive.search(text)
        except Exception as error:
            if _is_refusal(error, text):
                refused += 1
            else:
                failures.append((repr(error), text))
        slowest = max(slowest, (time.perf_counter() - began, text))
        if number % 1000 == 0:
            tell(f"{number:,} strings")
    return Ordeal(number, slowest, failures, refused)


def _is_refusal(error: Exception, text: str) -> bool:
    return isinstance(error, UsageError) and any(name in text.casefold() for name in _FILTERS)
