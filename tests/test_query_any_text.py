"""Any text is a query that FTS5 takes, and finds exactly what its tree says."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convo_sync.errors import UsageError
from convo_sync.query import Node, Not, Or, Query, Term, understand
from tests.fulltext import found, index

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
WORDS = ("lid", "flip", "top", "flipper", "the")
TEXTS = sorted({" ".join(some) for n in range(1, 5) for some in combinations((*WORDS, "flip", "lid"), n)})
SIGNS = (
    "lid", "flip*", "the", "OR", "AND", "NOT", "NEAR", "|", "-", "--", "(", ")", "-(", '"', "“", "„", "«", "*", "^",
    "+", "{", "}", ":", "title:", "speaker:", "in:decisions", "in:", "after:", "2026", "before:2026-3", "on:last",
    "week", "min:", "1h", "id:x", '"flip top"', "产品", "follow-up", "\x00", "\ud800", "\u0301", "👍🏽", "（", "：",
    "ｶﾞ", "\u2063", "ที่",
)  # fmt: skip


@pytest.fixture(scope="module")
def texts() -> Iterator[sqlite3.Connection]:
    """Every row of up to four of a few words."""
    with index(TEXTS) as connection:
        yield connection


def asked(text: str) -> Query | None:
    """The query, unless a filter's value is impossible."""
    try:
        return understand(text, now=NOW)
    except UsageError as error:
        return None if error.message and error.next_step else pytest.fail(f"{text!r} is refused without a reason")


def asks(query: Query | None) -> list[str]:
    """All that FTS5 may be asked for."""
    return [match for match in (query.every(), query.some(), query.unwanted()) if match] if query else []


@given(st.one_of(st.text(), st.lists(st.one_of(st.sampled_from(SIGNS), st.text(max_size=3))).map("".join),
                 st.lists(st.sampled_from(SIGNS)).map(" ".join)))  # fmt: skip
@example('" OR "')
@example('a" OR text:"b')
@example("_")
@example("½ ² _ lid")
@example("-(-(-(lid OR -flip) top) OR -x)")
@example("-) lid")
def test_no_text_is_an_error(texts: sqlite3.Connection, text: str) -> None:
    """Whatever was typed makes queries that FTS5 takes, and what is not empty asks for something."""
    query = asked(text)
    if query is None:
        return
    assert query.text == text
    assert query.is_empty == (not query.every()) == (not query.some())
    for match in asks(query):
        found(texts, match)
    for part in (match for term in query.terms for match in (term.match, *term.parts)):
        found(texts, part)
    assert all(line and "\x00" not in line for line in query.explain())
    assert hash(query) == hash(asked(text))


def matches(node: Node, text: str) -> bool:
    """What FTS5 should say of a text of plain words, by the tree."""
    if isinstance(node, Term):
        return matches_term(node, text.split())
    if isinstance(node, Not):
        return not matches(node.part, text)
    return (any if isinstance(node, Or) else all)(matches(part, text) for part in node.parts)


def matches_term(term: Term, words: list[str]) -> bool:
    """Whether the words stand in the text one after the other, the last one going on where it is a beginning."""
    wanted = re.findall(r"\w+", term.text.lower())
    return any(
        words[at : at + len(wanted) - 1] == wanted[:-1]
        and (last := words[at + len(wanted) - 1]).startswith(wanted[-1])
        and (term.kind == "prefix" or last == wanted[-1])
        for at in range(len(words) - len(wanted) + 1)
    )


PIECES = ("lid", "flip", "top", "the", "LID", "-lid", "-the", '"flip top"', '-"flip top"', '"lid', '"', "fli*",
          '"the fli"*', "OR", "|", "AND", "NOT", "(", ")", "-(", "-", "title:x", "()", "-speaker:y")  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_every_finds_what_the_tree_says(texts: sqlite3.Connection, pieces: list[str]) -> None:
    """Exactly the texts for which a plain reading of the tree holds; unwanted, those that no hit may be."""
    query = understand(" ".join(pieces))
    if query.tree is None:
        return
    holds = {number for number, text in enumerate(TEXTS) if matches(query.tree, text)}
    unwanted = found(texts, query.unwanted()) if query.unwanted() else set()
    if query.is_empty:
        assert holds == set(range(len(TEXTS))) - unwanted
        return
    assert found(texts, query.every()) == holds
    assert not holds & unwanted
    assert not found(texts, query.some()) & unwanted
    if all(not term.is_stop for term in query.terms):
        assert holds <= found(texts, query.some())


Holds = Callable[[str], bool]


def leaves() -> st.SearchStrategy[tuple[str, Holds]]:
    """A word, a phrase or a beginning as typed, and when it holds."""

    def one(typed: str) -> tuple[str, Holds]:
        bare = typed.strip('*"')
        pattern = f" {bare}" if typed.endswith("*") else f" {bare} "
        return typed, lambda text: pattern in f" {text} "

    return st.sampled_from(("lid", "flip", "top", "the", '"flip top"', '"the lid"', "fli*", '"flip to"*')).map(one)


def joined(inner: st.SearchStrategy[tuple[str, Holds]]) -> st.SearchStrategy[tuple[str, Holds]]:
    """Some of them in a group: all, any, or the first without the others."""

    def group(kind: str, parts: list[tuple[str, Holds]]) -> tuple[str, Holds]:
        texts, tests = [typed for typed, _ in parts], [holds for _, holds in parts]
        if kind == "any":
            return f"({' OR '.join(texts)})", lambda text: any(holds(text) for holds in tests)
        if kind == "all":
            return f"({' '.join(texts)})", lambda text: all(holds(text) for holds in tests)
        return f"({' -'.join(texts)})", lambda text: tests[0](text) and not any(holds(text) for holds in tests[1:])

    return st.builds(group, st.sampled_from(("any", "all", "but not")), st.lists(inner, min_size=1, max_size=3))


@given(st.recursive(leaves(), joined, max_leaves=12))
def test_it_is_read_as_it_is_written(texts: sqlite3.Connection, pair: tuple[str, Holds]) -> None:
    """Expect words side by side, ORs, minuses and brackets to mean what they say."""
    typed, holds = pair
    match = understand(typed).every()
    assert found(texts, match) == {number for number, text in enumerate(TEXTS) if holds(text)}


@given(st.lists(st.sampled_from(["lid", "-lid", '"flip top"', '-"flip top"', "AND", "the"]), max_size=6))
def test_order_changes_nothing(texts: sqlite3.Connection, pieces: list[str]) -> None:
    """The same pieces in any order ask the same."""
    one, other = understand(" ".join(pieces)), understand(" ".join(reversed(pieces)))
    assert set(one.terms) == set(other.terms)
    if not one.is_empty:
        assert found(texts, one.every()) == found(texts, other.every())


LONG = 100_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    ["(", ")", "-(", "(a ", "a) ", "f(", '"a" OR ', "lid ", "-lid ", "w1 OR ", "(a OR b) ", "(a OR -b) -(c d) ", "字",
     "a-b", "|", "NOT ", "*", '"', 'a"', "“„", "x:", "title:", 'title:"', "title:x ", "after:2026 ", "after:last ", " ",
     "- ", "\u0301", "\x00", "\ud800", "👩‍💻"],
)  # fmt: skip
def test_no_text_takes_long(texts: sqlite3.Connection, piece: str) -> None:
    """A hundred thousand characters of anything become a query that FTS5 takes."""
    for text in (piece * (LONG // len(piece)), "lid" + piece * (LONG // len(piece))):
        for match in asks(asked(text)):
            assert len(match) < 3 * LONG
            found(texts, match)


def test_deep_brackets_fit_the_parser_of_fts5(texts: sqlite3.Connection) -> None:
    """Expect groups of every shape, each in the next, to be taken however deep they are."""
    shapes = ("({} OR y)", "(y OR {} OR z)", "(a {})", "(b OR a -({}))", "(b OR -(c {}))", "(b OR (a -c -({} d)))",
              "(b (c OR (d {})))", "-(a {})", "(p OR q (r -s -({})))", "((a (b OR (c (d OR (e {}))))))")  # fmt: skip
    chance = random.Random(20_260_401)
    for number in range(60):
        text = "lid"
        for _ in range((5, 20, 21, 22, 60)[number % 5]):
            text = (shapes[number % 10] if number < 50 else chance.choice(shapes)).format(text)
        query = understand(text)
        for match in asks(query):
            found(texts, match)
