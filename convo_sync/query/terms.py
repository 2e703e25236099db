"""One thing to look for, a word, a phrase or the beginning of a word, as FTS5 takes it. Knows no operator.

Without postponed annotations, which would make a named tuple slower to define: a search in a cold process waits for it.
"""

import re
from itertools import pairwise

from convo_sync.query.stop_words import is_stop_word
from convo_sync.texts import KEPT_MARKS, SEPARATOR, has_word, indexed, shown, stands_alone
from convo_sync.tuples import NamedTuple

# Patterns are made when a text first needs them, which most do not.
MOST_WORDS = 64  # in one term: a page that is pasted as one phrase would keep FTS5 busy for minutes
# What the index has by itself: a run of letters and digits, or maybe a sign.
_WORD = rf"(?:[^\W_]|[{KEPT_MARKS}])+|[^\w\s\x00-\xa5{SEPARATOR}]"
_WORD_OR_SIGN = rf"{_WORD}|[\W_]"
_HYPHEN = "[-\u2010\u2011]"
_HYPHENATED = rf"[^\W_]+(?:{_HYPHEN}[^\W_]+){{1,3}}"


class Term(NamedTuple):
    """One thing to look for.

    `text` is as typed, `kind` is word, phrase or prefix, `match` is a safe FTS5 query, brackets around it where needed.
    `is_stop` marks a word too common to tell anything, `required` what was quoted and so is not to be relaxed. `parts`
    are FTS5 queries for less, where the word as a whole may be more than anybody said: each two neighbours in a run of
    characters without spaces, and Anna in Anna's; empty for other words.
    """

    text: str
    kind: str
    match: str
    is_stop: bool = False
    required: bool = False
    parts: tuple[str, ...] = ()


def word(text: str) -> Term:
    """A word as typed: what lies between two spaces, without the sentence's punctuation around it."""
    short, text = _shortened(_bare(text))
    is_stop = is_stop_word(text)
    return Term(text, "word", _match(short), is_stop, parts=() if is_stop else _parts(short))


def prefix(text: str, *, quoted: bool = False) -> Term:
    """The beginning of a word, or a phrase whose last word goes on."""
    short, text = _shortened(text if quoted else _bare(text))
    match = _quoted(short) + " *" if quoted else _match(short, " *")
    return Term(text, "prefix", match, required=quoted)


def phrase(text: str) -> Term:
    """Words that stand together as quoted."""
    short, text = _shortened(text)
    return Term(text, "phrase", _quoted(short), required=True)


def same_as(text: str) -> str:
    """What two texts have in common that ask for the same: their words, without case and punctuation."""
    text = text.casefold()
    return text if text.isalnum() else " ".join(re.findall(_WORD, text))


def _without_owner(text: str) -> str:
    """The word without the ending of a possessive: who asks for Anna's opinion asks for Anna."""
    for ending in ("'s", "’s", "s'", "s’"):
        if text.endswith(ending) and len(text) > 3:
            return text[: -len(ending)] + ("s" if ending[0] == "s" else "")
    return text


def _bare(text: str) -> str:
    closing = "" if any(bracket in text[1:] for bracket in "([{") else ")]}"
    return text.lstrip("([{<'‘¿¡…-–—、。").rstrip(f"?!.,;:>'’…-–—、。{closing}")


def _shortened(text: str) -> tuple[str, str]:
    """The text's first words, as the index has them and as shown."""
    whole = indexed(text)
    if len(whole) <= MOST_WORDS:
        return whole, text
    for number, found in enumerate(re.finditer(_WORD, whole)):
        if number == MOST_WORDS:
            short = whole[: found.start()].rstrip().rstrip(SEPARATOR)
            return short, shown(short)
    return whole, text


def _match(text: str, ending: str = "") -> str:
    """The text as typed or, where it has a hyphen, with its parts written as one word."""
    plain = _quoted(text) + ending
    if text.isalnum() or not re.fullmatch(_HYPHENATED, text) or text[0].isdigit():
        return plain
    joined = _quoted(re.sub(_HYPHEN, "", text)) + ending
    return f"({plain} OR {joined})"


def _parts(text: str) -> tuple[str, ...]:
    """Whose it is, or what a run is made of: neighbours two by two, and whole words of other scripts among them."""
    if SEPARATOR not in text:
        owner = text.removesuffix("'s").removesuffix("’s")
        return (_quoted(owner),) if owner != text and has_word(owner) else ()
    runs = _runs(text)
    if sum(map(len, runs)) <= 2 or not any(stands_alone(run[0][0]) and run[0].isalpha() for run in runs):
        return ()
    pairs = (pair for run in runs for pair in (pairwise(run) if len(run) > 1 else [run]))
    return tuple(dict.fromkeys(_quoted(SEPARATOR.join(pair)) for pair in pairs))


def _runs(text: str) -> list[list[str]]:
    """The words of a text; those that stand alone and follow each other are one run."""
    from unicodedata import category

    runs: list[list[str]] = []
    joined = False
    for one in re.findall(_WORD_OR_SIGN, text):
        if category(one[0]) in ("Mn", "Mc", "Me", "Cf", "Sk"):
            continue
        alone, telling = stands_alone(one[0]), has_word(one)
        if telling and alone and joined:
            runs[-1].append(one)
        elif telling:
            runs.append([one])
        joined = telling and alone
    return runs


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
