"""Two versions of a text: first the lines that stayed, then those that are versions of one another, word by word.

It knows nothing of what the lines are, but that those of different labels are different.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from convo_sync.briefs import ChangedLine, Comparison, Hunk, Line, Piece
from convo_sync.comparing.matching import Pairs, matches
from convo_sync.comparing.words import Words, pieces, total, words_of

_CONTEXT = 1  # unchanged lines that are shown around a change
# Two lines are versions of one another where so much of their words is the same; 0 to 1.
_ALIKE = 0.5


def compare(old: Sequence[Line], new: Sequence[Line]) -> Comparison:
    """How many words were added and removed, and where. Lines of different labels are different lines."""
    merged = _merged(old, new)
    changed = [piece for line in merged if isinstance(line, ChangedLine) for piece in line.pieces]
    return Comparison(total(changed, "added"), total(changed, "removed"), tuple(_hunks(merged)))


def _merged(old: Sequence[Line], new: Sequence[Line]) -> list[Line | ChangedLine]:
    """All lines of both in one order; those that stayed as they are in the new version."""
    merged: list[Line | ChangedLine] = []
    same = matches([(line.label, line.text) for line in old], [(line.label, line.text) for line in new])
    for (i, j), (next_i, next_j) in pairwise([(-1, -1), *same, (len(old), len(new))]):
        if j >= 0:
            merged.append(new[j])
        merged += _changed(old[i + 1 : next_i], new[j + 1 : next_j])
    return merged


def _hunks(merged: Sequence[Line | ChangedLine]) -> Iterator[Hunk]:
    """The changed lines with those around them; the others are only counted."""
    changed = (n for n, line in enumerate(merged) if isinstance(line, ChangedLine))
    near = {place for n in changed for place in range(n - _CONTEXT, n + _CONTEXT + 1)}
    shown: list[ChangedLine] = []
    skipped = 0
    for n, line in enumerate(merged):
        if n in near:
            shown.append(line if isinstance(line, ChangedLine) else _whole(line, "same"))
            continue
        if shown:
            yield Hunk(skipped, tuple(shown))
            shown, skipped = [], 0
        skipped += 1
    if shown:
        yield Hunk(skipped, tuple(shown))


def _whole(line: Line, op: str) -> ChangedLine:
    return ChangedLine(line.label, line.position, line.named, (Piece(op, line.text),))


# -- lines that are not the same


def _changed(old: Sequence[Line], new: Sequence[Line]) -> Iterator[Line | ChangedLine]:
    """What is between two lines that stayed. A line of the same words, spaces apart, stayed too."""
    if not (old and new):
        yield from (_whole(line, "removed") for line in old)
        yield from (_whole(line, "added") for line in new)
        return
    words, others = [words_of(line.text) for line in old], [words_of(line.text) for line in new]
    versions = _versions(old, new, words, others)
    for (i, j), (next_i, next_j) in pairwise([(-1, -1), *versions, (len(old), len(new))]):
        if j >= 0:
            same = words[i].words == others[j].words
            yield new[j] if same else _version(new[j], words[i], others[j])
        yield from (_whole(line, "removed") for line in old[i + 1 : next_i])
        yield from (_whole(line, "added") for line in new[j + 1 : next_j])


def _version(line: Line, old: Words, new: Words) -> ChangedLine:
    return ChangedLine(line.label, line.position, line.named, tuple(pieces(old, new)))


def _versions(old: Sequence[Line], new: Sequence[Line], words: Sequence[Words], others: Sequence[Words]) -> Pairs:
    """Which old line became which new one: by their words, else by their labels."""
    alike = _alike(old, new, words, others)
    found = list(alike)
    for (i, j), (next_i, next_j) in pairwise([(-1, -1), *alike, (len(old), len(new))]):
        by_label = _by_label(old[i + 1 : next_i], new[j + 1 : next_j])
        found += ((i + 1 + here, j + 1 + there) for here, there in by_label)
    return sorted(found)


def _by_label(old: Sequence[Line], new: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Lines that are the only ones of their label on both sides: another value of the same fact."""
    labels, others = [line.label for line in old], [line.label for line in new]
    counts, other_counts = Counter(labels), Counter(others)
    for i, j in matches(labels, others):
        if labels[i] and counts[labels[i]] == other_counts[labels[i]] == 1:
            yield i, j


def _alike(old: Sequence[Line], new: Sequence[Line], words: Sequence[Words], others: Sequence[Words]) -> Pairs:
    """Pairs of lines with the same label that share much; rising, since the words that they share are."""
    here = [n for n, each in enumerate(words) for _ in each.words]
    there = [n for n, each in enumerate(others) for _ in each.words]
    same = matches([word for each in words for word in each.words], [word for each in others for word in each.words])
    shared = Counter((here[i], there[j]) for i, j in same)
    ratios = {
        (i, j): 2 * count / (len(words[i].words) + len(others[j].words))
        for (i, j), count in shared.items()
        if old[i].label == new[j].label
    }
    return _best(ratios)


def _best(ratios: dict[tuple[int, int], float]) -> Pairs:
    """The most alike first, each line once."""
    chosen: Pairs = []
    taken: set[int] = set()
    given: set[int] = set()
    for (i, j), ratio in sorted(ratios.items(), key=lambda each: -each[1]):
        if ratio >= _ALIKE and i not in taken and j not in given:
            chosen.append((i, j))
            taken.add(i)
            given.add(j)
    return sorted(chosen)
