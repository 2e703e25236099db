"""A person's words to a query: what is wanted, what is not, and a query that FTS5 takes whatever was typed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convo_sync.query import STOP_WORDS, Query, understand


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("", (), ()),
        ("   ", (), ()),
        ("budget", ("budget",), ()),
        ("zebra  budget\tdraft", ("zebra", "budget", "draft"), ()),
        ("budget -draft", ("budget",), ("draft",)),
        ("-draft", (), ("draft",)),
        ("q3-plan", ("q3-plan",), ()),
        ('"flip top" lid', ("flip top", "lid"), ()),
        ('lid -"flip top"', ("lid",), ("flip top",)),
        ('"flip top', ("flip top",), ()),
        ('lid"flip top"', ("lid", "flip top"), ()),
        ('""', (), ()),
        ('" "', (), ()),
        ("lid lid LID", ("lid", "LID"), ()),
        ("C++ 20.04 it's", ("C++", "20.04", "it's"), ()),
        ("title:lid (foo a AND NEAR(b)", ("title:lid", "(foo", "a", "AND", "NEAR(b)"), ()),
        ("- -- ++ & … : _ -__", (), ()),
        ("--lid", (), ("-lid",)),
        ("lid - draft", ("lid", "draft"), ()),
        ("我们 す", ("我们", "す"), ()),
        ("a\x00b", ("a", "b"), ()),
        ("a\ud800b", ("a?b",), ()),
    ],
)
def test_understand(text: str, wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> None:
    """Words, phrases, and what is to be left out; what has nothing to look for is dropped."""
    query = understand(text)
    assert (query.text, query.wanted, query.unwanted) == (text, wanted, unwanted)
    assert query.is_empty == (not wanted)


def test_as_many_words_as_fts5_takes() -> None:
    """However long the text is, the query has sixty-four terms of each sort at most, the first ones."""
    query = understand(" ".join([f"w{number} -x{number}" for number in range(500)]))
    assert query.wanted == tuple(f"w{number}" for number in range(64))
    assert query.unwanted == tuple(f"x{number}" for number in range(64))


@pytest.mark.parametrize(
    ("text", "every", "some"),
    [
        ("lid", '("lid")', '("lid")'),
        ("flip lid", '("flip" AND "lid")', '("flip" OR "lid")'),
        ("why did we drop the lid", '("why" AND "did" AND "we" AND "drop" AND "the" AND "lid")', '("drop" OR "lid")'),
        ("Warum WIR", '("Warum" AND "WIR")', '("Warum" OR "WIR")'),
        ('"why not"', '("why not")', '("why not")'),
        ('lid -draft -"flip top"', '("lid") NOT "draft" NOT "flip top"', '("lid") NOT "draft" NOT "flip top"'),
    ],
)
def test_queries(text: str, every: str, some: str) -> None:
    """All words, or some of them without those that are in every question, unless there are no others."""
    query = understand(text)
    assert (query.every(), query.some()) == (every, some)


def test_stop_words_are_written_as_they_are_compared() -> None:
    """Each is in lower case and a single word, or it would never be met."""
    assert all(word == word.casefold() and understand(word).wanted == (word,) for word in STOP_WORDS)


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    """An index with a few texts."""
    connection = sqlite3.connect(":memory:")
    connection.execute("create virtual table texts using fts5(text, tokenize = 'porter unicode61 remove_diacritics 2')")
    texts = ("the flip top lid", "the zebra budget", "it's in the draft", "NOT a AND b")
    connection.executemany("insert into texts values (?)", [(text,) for text in texts])
    yield connection
    connection.close()


def found(index: sqlite3.Connection, query: str) -> set[str]:
    """The texts that FTS5 finds."""
    return {text for (text,) in index.execute("select text from texts where texts match ?", (query,))}


@given(text=st.one_of(st.text(), st.text(alphabet='"*():^+-{}ANDORT ab\x00\ud800')))
@example(text='" OR "')
@example(text='a" OR text:"b')
@example(text="_")
@example(text="\u0301")
@example(text="½ ² _ lid")
def test_no_text_is_an_error(index: sqlite3.Connection, text: str) -> None:
    """Whatever was typed makes a query that FTS5 takes, in which every word is only a word."""
    query = understand(text)
    if not query.is_empty:
        assert found(index, query.every()) <= found(index, query._replace(unwanted=()).some())


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("lid", {"the flip top lid"}),
        ("the -zebra -draft", {"the flip top lid"}),
        ("NOT", {"NOT a AND b"}),
        ('"top lid"', {"the flip top lid"}),
        ('"lid top"', set()),
        ("it's", {"it's in the draft"}),
        ("lid _", {"the flip top lid"}),
        ("lid -_", {"the flip top lid"}),
        ("lid *", {"the flip top lid"}),
    ],
)
def test_what_is_found(index: sqlite3.Connection, text: str, finds: set[str]) -> None:
    """Every word is looked for as it stands; a sign without a word in it neither finds nor hides anything."""
    assert found(index, understand(text).every()) == finds


@given(st.lists(st.sampled_from(["lid", "-lid", '"flip top"', '-"flip top"', "AND", "the"]), max_size=6))
def test_order_changes_nothing(pieces: list[str]) -> None:
    """The same pieces in any order ask the same."""
    one, other = understand(" ".join(pieces)), understand(" ".join(reversed(pieces)))
    assert (set(one.wanted), set(one.unwanted)) == (set(other.wanted), set(other.unwanted))
    assert isinstance(one, Query)
