"""The telling part of a text, however long the text is and wherever in it the words stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from convo_sync.archive.read import Reader
from convo_sync.archive.searching import MARK_CLOSE, MARK_OPEN
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget

from .storage import NOW, ONE, listed, store, transcript

FILLER = "lorem ipsum dolor sit amet consectetur " * 200


def snippet(tmp_path: Path, text: str, query: str) -> str:
    """What a search for `query` shows of a turn that says `text`."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        archive.store_page([listed(ONE)], None, 1, NOW, Budget())
        store(archive, transcript(ONE, [text]))
    with Reader(path) as reader:
        (hit,) = reader.search(query, kinds=("transcript",)).hits
    assert hit.text == text
    return hit.snippet.replace(MARK_OPEN, "[").replace(MARK_CLOSE, "]")


@pytest.mark.parametrize("before", [0, 37, 961, 989, 1001, 7_700])
def test_a_word_is_found_wherever_it_stands(tmp_path: Path, before: int) -> None:
    """Expect the word marked, with its neighbours, at the seams of pieces as well."""
    text = f"{(FILLER * 2)[:before]} the hidden okapi budget {FILLER}"
    assert "hidden [okapi budget]" in snippet(tmp_path, text, '"okapi budget"')


def test_stems_and_accents_count_as_in_the_index(tmp_path: Path) -> None:
    """Expect the archive's own tokenizer: other endings and bare letters match."""
    assert "the [Bücher] are [decided]" in snippet(
        tmp_path, f"{FILLER} the Bücher are decided {FILLER}", "bucher decide"
    )


def test_words_that_stand_far_apart(tmp_path: Path) -> None:
    """Expect a part with some of them where none has all."""
    found = snippet(tmp_path, f"okapi {FILLER} pelican", "okapi pelican")
    assert "[okapi]" in found or "[pelican]" in found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("zebra " * 175_000, "zebra"),
        ("z" * 1_000_000 + " okapi", "okapi"),
        ("我们" * 400_000 + " okapi", "okapi"),
        ("okapi" + "\n" * 900_000, "okapi"),
        ("a " * 500_000, "a"),
    ],
    ids=["one word again and again", "an endless word", "an endless run", "blank lines", "a stop word"],
)
def test_a_megabyte_gives_a_short_part(tmp_path: Path, text: str, query: str) -> None:
    """Expect a part of a screen at most: FTS5's own would take minutes, or be as long as the text."""
    found = snippet(tmp_path, text, query)
    assert f"[{query}]" in found
    assert len(found) < 1_100


def test_a_match_that_no_piece_has(tmp_path: Path) -> None:
    """Expect the beginning of the text where a single word is longer than any piece."""
    word = "".join(f"{number:x}" for number in range(2_000))
    assert snippet(tmp_path, word, word) == f"{word[:200]}…"
