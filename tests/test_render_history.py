"""The versions of a meeting's documents as they are printed: any text, any width, with colour and without."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.briefs import Comparison, History, Line, MeetingRow, Revision
from convo_sync.comparing import compare
from convo_sync.render.history import lines
from convo_sync.render.text import Look, width

ROW = MeetingRow("sess_one", "A meeting", "2026-03-19T10:00:00.000Z", None, None, 0, "present", "present", "", None)
ANY = st.lists(
    st.text(st.sampled_from("abc  \u4e09\u0e14\u0301\u200d👍\x1b\x07\x9b\u202e\u2066\u2067\u2069[-+{}]"), max_size=60),
    max_size=6,
)
ESCAPES = re.compile("\x1b\\[[0-9;]*m")


def revision(change: Comparison | None, kind: str = "transcript", number: int = 2) -> Revision:
    """A version of some document."""
    return Revision(kind, "", None, number, True, "2026-03-20T12:00:00.000Z", "found", "why", None, 9, change, None)


def printed(change: Comparison, look: Look) -> list[str]:
    """What was changed, as printed below the version's own two lines."""
    shown = list(lines(History(ROW, (revision(change),)), look, with_diff=True))
    return shown[next(n for n, line in enumerate(shown) if "why" in line) + 1 :]


def turns(*texts: str) -> list[Line]:
    """A transcript by Ann."""
    return [Line("", " ".join(f"Ann: {text}".split()), n, 1) for n, text in enumerate(texts)]


@given(ANY, ANY, st.integers(20, 120), st.booleans())
def test_any_text_is_printed(old: list[str], new: list[str], columns: int, ansi: bool) -> None:
    """Expect lines that fit, that drive no terminal, and that end every colour that they begin."""
    change = compare(turns(*old), turns(*new))
    for line in printed(change, Look(columns, ansi, True)):
        bare = ESCAPES.sub("", line) if ansi else line
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", bare)
        assert width(bare) <= columns
        codes = ESCAPES.findall(line)
        assert [code == "\x1b[0m" for code in codes] == [False, True] * (len(codes) // 2)


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.lists(st.sampled_from("abcd"), max_size=30))
def test_every_changed_word_is_printed(old: list[str], new: list[str]) -> None:
    """Expect between brackets as many words as are counted, however long what stayed is."""
    change = compare(turns(" ".join(old)), turns(" ".join(new)))
    said = " ".join(line[5:].lstrip("~+- 0123456789") for line in printed(change, Look(80, False, True)))
    for count, begin, end in ((change.added, "{+", "+}"), (change.removed, "[-", "-]")):
        inside = re.findall(f"{re.escape(begin)}(.*?){re.escape(end)}", said)
        assert sum(len(each.split()) for each in inside) == count


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a b c d e f g h i j k l m n x", "a b c d e f g h i j k l m n y",
         "Ann: … i j k l m n [-x-] {+y+}"),
        ("x a b c d e f g h i j k l m n", "y a b c d e f g h i j k l m n",
         "Ann: [-x-] {+y+} a b c d e f …"),
        (f"x {' '.join('abcdefghijklmnopqr')} y", f"v {' '.join('abcdefghijklmnopqr')} w",
         "Ann: [-x-] {+v+} a b c d e f … m n o p q r [-y-] {+w+}"),
        ("x a b c d e f g h i j k l m n o p y", "v a b c d e f g h i j k l m n o p w",
         "Ann: [-x-] {+v+} a b c d e f g h i j k l m n o p [-y-] {+w+}"),
        ("三" + "予" * 200, "四" + "予" * 200, "Ann: [-三-] {+四+}" + "予" * 20 + "…"),
    ],
)  # fmt: skip
def test_what_stayed_is_cut(old: str, new: str, said: str) -> None:
    """Expect who speaks, some words beside a change, and nothing cut that is about as short as the cut."""
    shown = printed(compare(turns(old), turns(new)), Look(100, False, True))
    assert " ".join(line.strip() for line in shown).removeprefix("~ 0  ") == said


def test_what_is_added_stands_apart_from_what_is_removed() -> None:
    """Expect a space between them at the beginning of a line and within a text without spaces too."""
    for old, new, said in (
        ("we keep it", "they keep it", "[-we-] {+they+} keep it"),
        ("予三算", "予四算", "予[-三-] {+四+}算"),
    ):
        (line,) = printed(compare([Line("Decision", old)], [Line("Decision", new)]), Look(80, False, True))
        assert line == f"     ~ Decision: {said}"


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (revision(None, number=1), "9 words"),
        (revision(None), "9 words, change unknown"),
        (revision(Comparison(0, 0, ())), "no words changed"),
        (revision(Comparison(1234, 0, ())), "+1,234 of 9 words"),
        (revision(Comparison(0, 1, ())), "-1 of 9 words"),
        (revision(None)._replace(words=None, unreadable="it is cut"), "cannot be read"),
        (revision(None, number=1)._replace(words=1, rule="nightly", cause="rule"), "rule nightly  1 word"),
        (revision(None, number=1)._replace(rule="n" * 50), f"rule {'n' * 24}…  9 words"),
    ],
)
def test_the_size_of_a_version(version: Revision, said: str) -> None:
    """Expect it in words, with what is not known."""
    shown = list(lines(History(ROW, (version,)), Look(100, False, True), with_diff=True))
    (line,) = (each for each in shown if each.startswith(f"  {version.revision}"))
    assert f"  {said}  " in line


def test_unchanged_lines_are_counted_in_their_own_unit() -> None:
    """Expect turns of a transcript, lines of anything else."""
    texts = [f"text {n}" for n in range(9)]
    change = compare(turns(*texts, "old"), turns(*texts, "new"))
    for kind, unit in (("transcript", "turns"), ("email", "lines")):
        shown = lines(History(ROW, (revision(change, kind),)), Look(80, False, True), with_diff=True)
        assert f"     … 8 {unit} unchanged" in list(shown)
