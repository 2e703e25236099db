"""Any text to the text that goes into the full-text index, and back. Pure; it knows no index, no table and no query.

Beside it `folded`, for names and titles, which are compared without an index.

FTS5's tokenizer takes a run of Chinese for one word, a sign for a part of the word beside it, and the vowel of a Hindi
or Thai syllable for a space. Python cannot bring a tokenizer of its own, so the text is changed before: what stands for
itself is parted from its neighbours, and such vowels become characters for private use, which a word may have. Index
and query are written by the same function, for the tokenizer ``porter unicode61 remove_diacritics 2 categories
'L* N* Co So'``.

Which characters are meant is listed here and not asked of Python, whose tables grow with its versions: what
leaves an index must be the very text that entered it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re

# Invisible, in no alphabet, and no part of a word to any tokenizer.
SEPARATOR = "\u2063"
# What stands for the vowel signs and other marks of the scripts of India and its neighbours; for use in a pattern.
KEPT_MARKS = "\U000f8900-\U000fabff"
_KEPT = 0xF8000
_LOST = "\ufffd"
_MOST_MARKS = 30  # on one letter, as Unicode's stream-safe format has it; ordering them takes the square of the number

# Letters that Unicode does not take apart into a letter and its accent, and what people type for them.
_UNACCENTED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})

# Scripts that are written without spaces or with particles attached, and signs of category So, in generous blocks: what
# is no part of a word anyway does not mind.
_ALONE = (
    (0xA6, 0xA6), (0xA9, 0xA9), (0xAE, 0xAE), (0xB0, 0xB0), (0x482, 0x482), (0x58D, 0x58E), (0x60E, 0x60F),
    (0x6DE, 0x6DE), (0x6E9, 0x6E9), (0x6FD, 0x6FE), (0x7F6, 0x7F6), (0x9FA, 0x9FA), (0xB70, 0xB70), (0xBF3, 0xBFA),
    (0xC7F, 0xC7F), (0xD4F, 0xD4F), (0xD79, 0xD79),
    (0xE00, 0x109F),  # Thai, Lao, Tibetan, Myanmar
    (0x1100, 0x11FF),  # Hangul letters
    (0x1390, 0x1399), (0x166D, 0x166D),
    (0x1780, 0x17FF),  # Khmer
    (0x1940, 0x1AAF),  # Tai Le, New Tai Lue, Tai Tham
    (0x1B00, 0x1B7F),  # Balinese
    (0x2100, 0x214F), (0x218A, 0x2BFF), (0x2CE5, 0x2CEA), (0x2E50, 0x2E51),
    (0x2E80, 0x2FFF), (0x3004, 0xA4CF),  # radicals, kana, bopomofo, Hangul letters, Han, Yi; not the ideographic space
    (0xA828, 0xA839), (0xA960, 0xA97F), (0xA980, 0xA9FF), (0xAA00, 0xAADF),  # Javanese, Cham, Tai Viet
    (0xAC00, 0xD7FF),  # Hangul syllables
    (0xF900, 0xFAFF), (0xFD40, 0xFD4F), (0xFDCF, 0xFDCF), (0xFDFD, 0xFDFF), (0xFE30, 0xFE4F),
    (0xFF01, 0xFFFF),  # what is left of the half and full widths, and the characters for what was lost
    (0x10137, 0x101FC), (0x10877, 0x10878), (0x10AC8, 0x10AC8), (0x1173F, 0x1173F), (0x11FD5, 0x11FF1),
    (0x16B3C, 0x16B45),
    (0x16FE0, 0x1BC9C),  # Tangut, more kana
    (0x1CF00, 0x1D3FF), (0x1D800, 0x1DAAF), (0x1E14F, 0x1E14F), (0x1ECAC, 0x1ECAC), (0x1ED2E, 0x1ED2E),
    (0x1F000, 0x1FBFF),  # emoji
    (0x20000, 0x3FFFF),  # more Han
)  # fmt: skip
# Marks without which a syllable would be another. First and last of each run.
_MARKS = """
    900-903 93a-93c 93e-94f 951-957 962-963 981-983 9bc 9be-9cd 9d7 9e2-9e3 9fe-a03 a3c-a51 a70-a71 a75 a81-a83 abc
    abe-acd ae2-ae3 afa-b03 b3c b3e-b4d b55-b57 b62-b63 b82 bbe-bcd bd7 c00-c04 c3c c3e-c4d c55-c56 c62-c63 c81-c83 cbc
    cbe-ccd cd5-cd6 ce2-ce3 d00-d03 d3b-d3c d3e-d4d d57 d62-d63 d81-d83 dca-ddf df2-df3 e31 e34-e3a e47-e4e eb1 eb4-ebc
    ec8-ecd f18-f19 f35 f37 f39 f3e-f3f f71-f84 f86-f87 f8d-fbc fc6 102b-103e 1056-1059 105e-1060 1062-1064 1067-106d
    1071-1074 1082-108d 108f 109a-109d 1712-1715 1732-1734 1752-1753 1772-1773 17b4-17d3 17dd 1920-193b 1a17-1a1b
    1a55-1a7f 1ab0-1ace 1b00-1b04 1b34-1b44 1b6b-1b73 1b80-1b82 1ba1-1bad 1be6-1bf3 1c24-1c37 1cd0-1cd2 1cd4-1ce8 1ced
    1cf4 1cf7-1cf9 a802 a806 a80b a823-a827 a82c a880-a881 a8b4-a8c5 a8e0-a8f1 a8ff a926-a92d a947-a953 a980-a983
    a9b3-a9c0 a9e5 aa29-aa36 aa43 aa4c-aa4d aa7b-aa7d aab0 aab2-aab4 aab7-aab8 aabe-aabf aac1 aaeb-aaef aaf5-aaf6
    abe3-abea abec-abed
"""


def indexed(text: str) -> str:
    """The text as the full-text index and a query for it have it; the same object where nothing is to be done.

    Characters are composed, half and full widths made ordinary, NUL and lone surrogates replaced by U+FFFD; each
    character that stands for itself has `SEPARATOR` on both sides, and the marks on it stay with it. A text that was
    changed so already stays as it is.
    """
    if (text.isascii() and "\x00" not in text) or not _odd().search(text):
        return text
    from unicodedata import normalize

    composed = _fewer_marks(normalize("NFC", _fewer_marks(narrow(text))))
    apart = composed.translate(_APART)
    while SEPARATOR * 2 in apart:
        apart = apart.replace(SEPARATOR * 2, SEPARATOR)
    apart = _before_a_mark().sub("", apart).strip(SEPARATOR)
    return text if apart == text else apart


def shown(text: str) -> str:
    """The text, or a part of it, as a person reads it: without what was put between its characters."""
    return text if text.isascii() else text.replace(SEPARATOR, "").translate(_SHOWN)


def narrow(text: str) -> str:
    """The text with ordinary characters for those of half and full width, which Asian keyboards have."""
    if text.isascii() or not _wide().search(text):
        return text
    return text.translate(_NARROW)


def folded(text: str) -> str:
    """The text for comparisons in which neither case nor accents count; vowel signs do, and spaces stay."""
    if text.isascii():
        return text.lower()
    from unicodedata import combining, normalize

    parts = normalize("NFKD", text.casefold()).translate(_UNACCENTED)
    return "".join(each for each in parts if not combining(each)).casefold()


def has_word(text: str) -> bool:
    """Whether the index could hold anything of the text: a letter, a number, or a sign such as an emoji."""
    if any(map(str.isalnum, text)):
        return True
    if text.isascii():
        return False
    from unicodedata import category

    return any(category(character) in ("So", "Co") and character != _LOST for character in text)


def stands_alone(character: str) -> bool:
    """Whether the index has this character by itself, apart from its neighbours."""
    from bisect import bisect

    return bisect(_edges(), ord(character)) % 2 == 1


class _PerCharacter(dict[int, str]):
    """A table for `str.translate` that is made as its characters are met, and begun anew before it grows large."""

    most = 20_000

    def __init__(self, become: Callable[[str], str]) -> None:
        super().__init__()
        self._become = become

    def __missing__(self, code: int) -> str:
        if len(self) >= self.most:
            self.clear()
        self[code] = result = self._become(chr(code))
        return result


def _apart(character: str) -> str:
    if character == "\x00" or "\ud800" <= character <= "\udfff":
        character = _LOST
    alone = stands_alone(character)
    if _is_mark(character):
        return chr(_KEPT | (ord(character) & 0x7FFF)) + SEPARATOR * alone
    return f"{SEPARATOR}{character}{SEPARATOR}" if alone else character


def _is_mark(character: str) -> bool:
    from bisect import bisect

    return bisect(_mark_edges(), ord(character)) % 2 == 1


def _narrow(character: str) -> str:
    from unicodedata import normalize

    return normalize("NFKC", character) if "\uff01" <= character <= "\uffee" else character


def _shown(character: str) -> str:
    code = ord(character) - _KEPT
    mark = chr(code if code < 0x2800 else code | 0x8000) if 0x900 <= code < 0x2C00 else character
    return mark if _is_mark(mark) else character


_APART = _PerCharacter(_apart)
_NARROW = _PerCharacter(_narrow)
_SHOWN = _PerCharacter(_shown)


def _fewer_marks(text: str) -> str:
    return _heap_of_marks().sub(lambda heap: SEPARATOR.join(_cut(heap[0], _MOST_MARKS)), text)


def _cut(text: str, length: int) -> Iterator[str]:
    return (text[start : start + length] for start in range(0, len(text), length))


# Patterns are made when a text first needs them: one in plain ASCII needs none.


@cache
def _odd() -> re.Pattern[str]:
    """What is not known to stay as it is: anything but composed Latin, Cyrillic and ordinary punctuation."""
    import re

    latin = "\x01-\xa5\xa7\xa8\xaa-\xad\xaf\xb1-\u02ff\u1e00-\u1eff"
    return re.compile(f"[^{latin}\u0400-\u0481\u048a-\u052f\u2010-\u2027\u2030-\u205e\u20a0-\u20bf]")


@cache
def _wide() -> re.Pattern[str]:
    import re

    return re.compile("[\uff01-\uffee]")


@cache
def _heap_of_marks() -> re.Pattern[str]:
    """More marks than a letter can carry. The ranges left out have no mark that is ordered."""
    import re

    none = "\x00-\u02ff\u2000-\u20cf\u2100-\u2cee\u2e00-\u3029\u3030-\u3098\u309b-\ua66e\ud7ff-\ufb1d"
    mark = rf"[^\w\s{none}\U0001f000-\U0010ffff]"
    return re.compile(f"(?<!{mark}){mark}{{{_MOST_MARKS + 1},}}")


@cache
def _before_a_mark() -> re.Pattern[str]:
    import re

    return re.compile(f"{SEPARATOR}(?=[{KEPT_MARKS}])")


@cache
def _mark_edges() -> tuple[int, ...]:
    runs = (run.partition("-") for run in _MARKS.split())
    return tuple(edge for first, _, last in runs for edge in (int(first, 16), int(last or first, 16) + 1))


@cache
def _edges() -> tuple[int, ...]:
    return tuple(edge for first, last in _ALONE for edge in (first, last + 1))
