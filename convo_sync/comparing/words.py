"""A line as words, and two versions of a line as what stayed, what was removed and what was added.

Words are what stands between spaces; where a script has none, characters, of which two count as one word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from convo_sync.briefs import Line, Piece
from convo_sync.comparing.matching import matches
from convo_sync.texts import stands_alone

_WITHOUT_SPACES = "\u0e00"  # what stands alone before this is signs, and sticks to its neighbours here
_JOINER = "\u200d"
_MARKS = ("Mn", "Mc", "Me", "Cf", "Sk")


class Words(NamedTuple):
    """The words of a text in order, and whether a space stands before each."""

    words: Sequence[str]
    spaced: Sequence[bool]


def words_of(text: str) -> Words:
    """The words of a text."""
    words = text.split()
    if max(text, default="") < _WITHOUT_SPACES:
        return Words(words, [True] * len(words))
    parts = [list(_parts(word)) for word in words]
    return Words(
        [part for some in parts for part in some],
        [number == 0 for some in parts for number in range(len(some))],
    )


def _parts(word: str) -> Iterator[str]:
    part = ""
    for character in word:
        if part and not _goes_on(part, character):
            yield part
            part = ""
        part += character
    yield part


def _goes_on(part: str, character: str) -> bool:
    """Whether the character is a word's next letter, or a mark on the last one."""
    from unicodedata import category

    if part[-1] == _JOINER or category(character) in _MARKS:
        return True
    return not (_is_alone(character) or _is_alone(part))


def _is_alone(part: str) -> bool:
    return part >= _WITHOUT_SPACES and stands_alone(part[0])


def count_words(lines: Iterable[Line]) -> int:
    """How many words these lines have, labels not counted."""
    return _rounded(halves(line.text) for line in lines)


def halves(text: str) -> int:
    """Twice the number of words, before it is rounded up."""
    return sum(1 if _is_alone(word) else 2 for word in words_of(text).words)


def _rounded(halves_of_each: Iterable[int]) -> int:
    return (sum(halves_of_each) + 1) // 2


def total(pieces: Iterable[Piece], op: str) -> int:
    """How many words the pieces of this kind have."""
    return _rounded(halves(piece.text) for piece in pieces if piece.op == op)


def pieces(old: Words, new: Words) -> Iterator[Piece]:
    """What of the old line was removed, what of the new one was added, and the rest, in order.

    A piece begins with a space where one stands between it and what is before it.
    """
    same = matches(old.words, new.words)
    i = j = 0
    run: list[str] = []
    for at, to in (*same, (len(old.words), len(new.words))):
        if (at, to) != (i, j) and run:
            yield Piece("same", "".join(run))
            run = []
        yield from _piece("removed", old, range(i, at))
        yield from _piece("added", new, range(j, to))
        if at < len(old.words):
            run.append(_spaced(new.words[to], (at and old.spaced[at]) or (to and new.spaced[to])))
        i, j = at + 1, to + 1
    if run:
        yield Piece("same", "".join(run))


def _piece(op: str, words: Words, span: range) -> Iterator[Piece]:
    if span:
        yield Piece(op, "".join(_spaced(words.words[n], n and words.spaced[n]) for n in span))


def _spaced(word: str, is_spaced: bool | int) -> str:
    return f" {word}" if is_spaced else word
