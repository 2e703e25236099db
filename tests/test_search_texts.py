"""Any text to `search`: none is an error, neither to the archive nor to the command line."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convo_sync.archive.read import Reader
from convo_sync.errors import UsageError
from tests.reading import Call, build, runner

# What FTS5, SQL, shells, JSON, terminals and Unicode give a meaning, beside words that the archive has.
TOKENS = (
    "lid", "flip", "zebra", "budget", "C++", "20.04", "it's", "q3-plan", "title:lid", "speaker:", "lid*", "^lid",
    "speaker:mara", "in:title", "-in:transcript", "after:2026", "before:2030-01", "min:1", "id:sess", "-speaker:x",
    "AND", "OR", "NOT", "NEAR", "NEAR(lid flip, 2)", "lid AND", "(", ")", "((", '"', '""', '"flip top', "'", "''", "`",
    "{", "}", "{text}:", "[", "]", ":", "::", "-", "--", "-lid", '-"flip top"', "+", "*", "**", "^", "~", "%", "_",
    "\\", "/", "?", "!", ";", ",", ".", "…", "#", "$", "&&", "||", "<", ">", "=", "\t", "\n", "\r\n", "\x00", "\x1a",
    "\x1b[31m", "\x7f", "\x9b", "\u2028", "\ufeff", "\ufffd", "\u202e", "\u2068", "\ud800", "\udfff", "\U0010ffff",
    "🦓", "👩‍👩‍👧", "é", "e\u0301", "ß", "İ", "ﬁ", "我们", "す", "ا", "\u0301", "\u200d", "½", "²", "lid" * 500,
    "; drop table segments; --", "' or 1=1 --", "rank", "segments_fts", "rowid", "a" * 5000, '"' * 301, "(" * 301,
)  # fmt: skip
SEED = 20_360_229


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small archive in which some of the words stand."""
    return build(tmp_path_factory.mktemp("texts"))


def nasty_texts(count: int, seed: int = SEED) -> Iterator[str]:
    """Texts of up to twelve tokens or arbitrary characters, with and without spaces between."""
    chance = random.Random(seed)
    for _ in range(count):
        parts = [
            chance.choice(TOKENS) if chance.random() < 0.8 else chr(chance.randrange(0x110000))
            for _ in range(chance.randint(0, 12))
        ]
        yield chance.choice(("", " ", " ", "  ")).join(parts)


def require_of_a_filter(error: UsageError, text: str) -> None:
    """See that it is refused for a filter with an impossible value, the only thing that may be."""
    assert error.message.startswith("“"), text
    assert any(f"{name}:" in text.lower() for name in ("after", "before", "min", "in")), text


def search_all(archive: Path, count: int) -> int:
    """Search for so many texts; how many of them found something.

    A fault of the search's own would be reported as a damaged archive: since this one is sound, that is one here.
    """
    successes = 0
    with Reader(archive) as reader:
        for text in nasty_texts(count):
            try:
                found = reader.search(text, limit=3)
            except UsageError as error:
                require_of_a_filter(error, text)
                continue
            except Exception as error:
                pytest.fail(f"{text!r}: {type(error).__name__}: {error}")
            assert found.query == text
            assert len(found.hits) <= 3
            successes += bool(found.hits)
    return successes


def test_five_thousand_texts(archive: Path) -> None:
    """Expect an answer to each, and hits for a good part of them, so that the queries are not merely empty."""
    assert search_all(archive, 5_000) > 1_000


@pytest.mark.slow
def test_two_hundred_thousand_texts(archive: Path) -> None:
    """Expect an answer to each."""
    assert search_all(archive, 200_000) > 40_000


@settings(max_examples=300)
@given(st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=20), st.characters()), max_size=8))
@example(["-lid", "-flip", "-zebra"])
@example([f"word{number}" for number in range(3000)])
@example(['"' + "lid " * 30_000 + '"'])
@example(["lid-" * 20_000])
@example([f"-word{number}" for number in range(3000)])
def test_texts_that_hypothesis_finds(archive: Path, parts: list[str]) -> None:
    """Expect an answer to each, whichever way the parts are put together."""
    with Reader(archive) as reader:
        for between in ("", " "):
            text = between.join(parts)
            try:
                reader.search(text, limit=3)
            except UsageError as error:
                require_of_a_filter(error, text)


@pytest.fixture
def call(archive: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process, on the archive."""
    return runner(archive, capsys)


def test_texts_on_the_command_line(call: Call) -> None:
    """Expect hits, nothing found, or nothing to search for, and no control character to be printed."""
    codes = set()
    for number, text in enumerate(nasty_texts(300, SEED + 1)):
        typed = text.replace("\x00", "").encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
        words = typed.split(" ") if number % 2 else [typed]
        words = [word for word in words if word not in ("--help", "-h", "--json", "--utc")]
        ran = call("search", *words, *(["--json"] if number % 3 == 0 else []))
        codes.add(ran.code)
        assert ran.code in (0, 2, 3), (text, ran)
        assert "convo-sync itself" not in ran.err, (text, ran)
        assert not [c for c in ran.out + ran.err if (ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0], text
    assert codes == {0, 2, 3}
