"""What changed between two texts, in words: of any texts, of long ones, and as a person would say it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.briefs import ChangedLine, Comparison, Line, Piece
from convo_sync.comparing import compare, count_words, matching, words
from convo_sync.comparing.matching import matches

TEXTS = st.lists(st.text("ab c\u4e09\u56db\u0301👍", max_size=12), max_size=8)


def lines(*texts: str, label: str = "") -> list[Line]:
    """A text, line by line."""
    return [Line(label, " ".join(text.split())) for text in texts]


def told(found: Comparison) -> list[str]:
    """The changed lines as `wdiff` writes them."""
    return ["".join(_told(piece) for piece in line.pieces) for line in _changed(found)]


def _told(piece: Piece) -> str:
    begin, end = {"removed": ("[-", "-]"), "added": ("{+", "+}"), "same": ("", "")}[piece.op]
    return f"{begin}{piece.text}{end}"


def _changed(found: Comparison) -> list[ChangedLine]:
    every = [line for hunk in found.hunks for line in hunk.lines]
    return [line for line in every if any(piece.op != "same" for piece in line.pieces)]


def versions(line: ChangedLine) -> tuple[str, str]:
    """The line as it was and as it is."""
    return tuple("".join(p.text for p in line.pieces if p.op in ("same", op)).strip() for op in ("removed", "added"))  # type: ignore[return-value]


# -- as a person would say it


@pytest.mark.parametrize(
    ("old", "new", "said", "size"),
    [
        (["a b c"], ["a b c"], [], (0, 0)),
        (["drop the flip top"], ["drop the sliding lid"], ["drop the[- flip top-]{+ sliding lid+}"], (2, 2)),
        (["keep it"], ["we keep it"], ["{+we+} keep it"], (1, 0)),
        (["we keep it"], ["keep it"], ["[-we-] keep it"], (0, 1)),
        (["one two"], ["one two", "three"], ["{+three+}"], (1, 0)),
        (["one two", "three"], ["three"], ["[-one two-]"], (0, 2)),
        (["it cracks"], ["nobody came"], ["[-it cracks-]", "{+nobody came+}"], (2, 2)),
        (["it cracks in the cold"], ["nobody came to the meeting"],
         ["[-it cracks in the cold-]", "{+nobody came to the meeting+}"], (5, 5)),
        (["a b c d", "e f g h"], ["a b c x", "new words", "e f y h"],
         ["a b c[- d-]{+ x+}", "{+new words+}", "e f[- g-]{+ y+} h"], (4, 2)),
        (["予算は三万円です"], ["予算は四万円です"], ["予算は[-三-]{+四+}万円です"], (1, 1)),
        (["lid 👍🏽 stays"], ["lid 👍🏿 stays"], ["lid[- 👍🏽-]{+ 👍🏿+} stays"], (1, 1)),
        (["ภาษาไทยดี"], ["ภาษาไทยดีมาก"], ["ภาษาไทยดี{+มาก+}"], (2, 0)),
        (["a  b"], ["a b"], [], (0, 0)),
    ],
)  # fmt: skip
def test_what_changed(old: list[str], new: list[str], said: list[str], size: tuple[int, int]) -> None:
    """Expect words that differ, whole lines where nearly all do, characters where there are no spaces."""
    found = compare(lines(*old), lines(*new))
    assert (told(found), (found.added, found.removed)) == (said, size)


def test_facts_are_told_apart_by_what_they_are() -> None:
    """Expect another value of the same fact in one line, and nothing to be a version of another kind of line."""
    old = [Line("Title", "Budget"), Line("End", "10:00"), Line("Decision", "keep the lid as it is")]
    new = [Line("Title", "Lids"), Line("End", "11:00"), Line("Step", "keep the lid as it is now")]
    found = compare(old, new)
    assert told(found) == [
        "[-Budget-]{+Lids+}", "[-10:00-]{+11:00+}", "[-keep the lid as it is-]", "{+keep the lid as it is now+}",
    ]  # fmt: skip
    assert [line.label for line in _changed(found)] == ["Title", "End", "Decision", "Step"]


def test_unchanged_lines_are_left_out_but_for_one_around() -> None:
    """Expect how many were skipped before each change, and the positions of the newer version."""
    old = [Line("", f"turn {n}", n) for n in range(20)]
    new = [Line("", "begun", 0), *(Line("", f"turn {n}{' more' if n == 12 else ''}", n + 1) for n in range(20))]
    found = compare(old, new)
    shape = [(hunk.skipped, [line.position for line in hunk.lines]) for hunk in found.hunks]
    assert shape == [(0, [0, 1]), (10, [12, 13, 14])]
    assert compare(old, old).hunks == ()


def test_changes_that_touch_are_one_hunk() -> None:
    """Expect no line to be shown twice."""
    found = compare(lines("a", "b", "c", "d", "e"), lines("x", "b", "y", "d", "z"))
    (hunk,) = found.hunks
    assert ["".join(p.text for p in line.pieces) for line in hunk.lines] == ["a", "x", "b", "c", "y", "d", "e", "z"]


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("one two", 2), ("予算", 1), ("予算は", 2), ("C++ 20.04 予算", 3), ("café 👍", 2)]
)
def test_words_are_counted(text: str, count: int) -> None:
    """Expect two characters to count as a word where there are no spaces, and labels not to count."""
    assert count_words([Line("Action item", text)]) == count


# -- of any texts


@given(TEXTS, TEXTS)
def test_both_versions_can_be_read_from_a_comparison(old: list[str], new: list[str]) -> None:
    """Expect removed and added words to lead from one text to the other, and to be as many as is said."""
    before, after = lines(*old), lines(*new)
    found = compare(before, after)
    everything = _everything(before, after)
    assert _unspaced(text for text, _ in everything) == _unspaced(line.text for line in before)
    assert _unspaced(text for _, text in everything) == _unspaced(line.text for line in after)
    pieces = [piece for line in _changed(found) for piece in line.pieces]
    assert (found.added, found.removed) == (words.total(pieces, "added"), words.total(pieces, "removed"))
    same = _unspaced(line.text for line in before) == _unspaced(line.text for line in after)
    assert same or found.hunks


def _unspaced(texts: Iterable[str]) -> list[str]:
    """What is not blank; between characters that stand alone a space may come and go."""
    return [bare for text in texts if (bare := text.replace(" ", ""))]


def _everything(before: list[Line], after: list[Line]) -> list[tuple[str, str]]:
    """Each line of the comparison as it was and as it is; with nothing left out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("convo_sync.comparing.lines._CONTEXT", 1000)
        found = compare(before, after)
    if not found.hunks:
        return [(line.text, line.text) for line in after]
    return [versions(line) for hunk in found.hunks for line in hunk.lines]


@given(st.lists(st.sampled_from("abcd"), max_size=40), st.lists(st.sampled_from("abcd"), max_size=40), st.booleans())
def test_what_is_matched_is_equal_and_in_order(old: list[str], new: list[str], short: bool) -> None:
    """Expect so of each of the ways, that of long texts included."""
    with pytest.MonkeyPatch.context() as patch:
        if short:
            patch.setattr(matching, "_SHORT", 3)
        _is_a_match(old, new)


def _is_a_match(old: Sequence[object], new: Sequence[object]) -> None:
    found = matches(old, new)
    assert all(old[i] == new[j] for i, j in found)
    assert all(i < next_i and j < next_j for (i, j), (next_i, next_j) in pairwise(found))


@given(st.lists(st.sampled_from("ab"), max_size=14), st.lists(st.sampled_from("ab"), max_size=14))
def test_few_differences_are_found_at_their_fewest(old: list[str], new: list[str]) -> None:
    """Expect the most that both have in the same order, where at least half of them is the same."""
    found = matching._by_few_differences(old, new, matching._Stretch(0, len(old), 0, len(new), 0))
    most = _most_in_common(old, new)
    too_many = len(old) + len(new) - 2 * most > (len(old) + len(new)) // 2
    assert len(found) == (0 if too_many else most)


def _most_in_common(old: Sequence[object], new: Sequence[object]) -> int:
    row = [0] * (len(new) + 1)
    for one in old:
        left = 0
        for n, other in enumerate(new, 1):
            left, row[n] = row[n], left + 1 if one == other else max(row[n], row[n - 1])
    return row[-1]


# -- of long texts


class Counted(str):
    """A word that counts how often it is compared with another."""

    comparisons = 0

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return str.__eq__(self, str(other))

    __hash__ = str.__hash__


def _bulk(seed: int, *, vocabulary: int) -> list[str]:
    chance = random.Random(seed)
    return [f"w{chance.randrange(vocabulary)}" for _ in range(40_000)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (_bulk(1, vocabulary=5000), _bulk(2, vocabulary=5000)),
        (_bulk(1, vocabulary=3), _bulk(2, vocabulary=3)),
        (_bulk(1, vocabulary=5000), sorted(_bulk(1, vocabulary=5000))),
        (_bulk(1, vocabulary=5000), _bulk(1, vocabulary=5000)[::-1]),
        (["yes"] * 40_000, ["no"] * 39_999),
        (["yes", "no"] * 20_000, ["no", "yes", "ok"] * 13_000),
    ],
    ids=["others", "few words", "sorted", "reversed", "nothing in common", "a pattern"],
)
def test_long_texts_are_not_compared_word_by_word_with_each_other(old: list[str], new: list[str]) -> None:
    """Expect far fewer comparisons than the product of the two lengths, whatever they have in common."""
    Counted.comparisons = 0
    _is_a_match([Counted(each) for each in old], [Counted(each) for each in new])
    assert Counted.comparisons < len(old) * len(new) / 50


def test_small_changes_in_a_long_text_are_found() -> None:
    """Expect each of them and nothing else, in a text of rare words and in one where all words are frequent."""
    for vocabulary in (3000, 2):
        bulk = _bulk(5, vocabulary=vocabulary)
        old = [" ".join(bulk[12 * n : 12 * n + 12]) for n in range(2000)]
        new = [f"{text} indeed" if n % 400 == 7 else text for n, text in enumerate(old)]
        del new[1000]
        found = compare(lines(*old), lines(*new))
        assert (found.added, found.removed) == (5, 12)
        assert [bool(re.search(r"\{\+ indeed\+\}$", each)) for each in told(found)] == [
            True, True, True, False, True, True,
        ]  # fmt: skip
