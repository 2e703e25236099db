"""The telling part of a text with its words marked, as FTS5 sees them. It knows no hit, no ranking and no archive.

The texts of a page of hits are indexed in memory with the archive's own tokenizer. A long one is cut into pieces first:
FTS5's snippet() takes the square of the matches in a row, two minutes for a word that fills a megabyte.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence

from convo_sync.archive import sqlite
from convo_sync.texts import SEPARATOR, indexed, shown

MARK_OPEN, MARK_CLOSE = "\u2068", "\u2069"  # isolates: never in a transcript by themselves, and harmless where shown
TOKENIZER = "porter unicode61 remove_diacritics 2 categories 'L* N* Co So'"  # as in schema.sql
_PIECE, _OVERLAP, _BEGINNING = 1_000, 100, 200
_WHOLE = 4_000  # characters; a longer text is cut
_TOKENS = 40


def snippets(texts: Sequence[str], matches: Iterable[str]) -> list[str]:
    """Of each text the part that tells, its matched words between U+2068 and U+2069; else its beginning.

    Args:
        matches: FTS5 queries to try one after the other; the words of the first may stand far apart.
    """
    with contextlib.closing(sqlite.open_in_memory()) as memory:
        memory.execute(f'create virtual table pieces using fts5 (text, number unindexed, tokenize="{TOKENIZER}")')
        rows = [(indexed(_unmarked(piece)), number) for number, text in enumerate(texts) for piece in _pieces(text)]
        memory.execute("begin")
        memory.executemany("insert into pieces (text, number) values (?, ?)", rows)
        found: dict[int, str] = {}
        for match in matches:
            if len(found) < len(texts):
                found = {**_best(memory, match), **found}
    return [_told(text, found.get(number)) for number, text in enumerate(texts)]


def _pieces(text: str) -> Iterator[str]:
    """Overlapping pieces that end at a space where there is one, so that no word or phrase is cut in all of them."""
    if len(text) <= _WHOLE:
        yield text
        return
    start = 0
    while start < len(text):
        end = start + _PIECE
        if end < len(text):
            space = text.rfind(" ", start + _PIECE // 2, end)
            end = end if space < 0 else space
        yield text[start:end]
        if end >= len(text):
            return
        space = text.find(" ", end - _OVERLAP, end)
        start = end - _OVERLAP if space < 0 else space + 1


def _best(memory: sqlite.Connection, match: str) -> dict[int, str]:
    """By the text's number: the part of its best piece."""
    sql = f"""
        select number, snippet(pieces, 0, ?, ?, '…', {_TOKENS})
        from pieces
        where pieces match ?
        order by rank desc, rowid desc
    """  # noqa: S608 - a number of ours
    return dict(memory.execute(sql, (MARK_OPEN, MARK_CLOSE, match)))


def _unmarked(text: str) -> str:
    """The text without marks of its own, as some programs put around names; they part words here all the same."""
    return text if text.isascii() else text.replace(MARK_OPEN, SEPARATOR).replace(MARK_CLOSE, SEPARATOR)


def _told(text: str, part: str | None) -> str:
    text = _unmarked(text).replace(SEPARATOR, "")
    if part is None:
        return text[:_BEGINNING] + ("…" if len(text) > _BEGINNING else "")
    part = shown(part)
    if len(text) <= _WHOLE:
        return part
    bare = part.replace(MARK_OPEN, "").replace(MARK_CLOSE, "").strip("…")
    before = "" if text.startswith(bare) or part.startswith("…") else "…"
    after = "" if text.endswith(bare) or part.endswith("…") else "…"
    return f"{before}{part}{after}"
