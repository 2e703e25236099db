"""The telling part of a long text, at a cost that grows with its length alone. It knows no hit and no ranking.

FTS5's own snippet() takes the square of the matches in a row: two minutes for a word that fills a megabyte. So a long
text is cut into pieces, the pieces are indexed in memory as the archive indexes the whole, and the best one is asked.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator

from convo_sync.archive import sqlite

_PIECE, _OVERLAP, _BEGINNING = 1_000, 100, 200
_TOKENIZER = re.compile(r'tokenize\s*=\s*"[^"]*"')


def telling_part(
    connection: sqlite.Connection, index: str, text: str, matches: Iterable[str], marks: tuple[str, str]
) -> str:
    """What `snippet()` would give, at most a piece long; the text's beginning where no piece matches by itself.

    Args:
        index: the archive's index whose tokenizer counts.
        matches: queries to try one after the other; the words of the first may stand far apart.
        marks: what goes before and after a matched word.
    """
    with contextlib.closing(sqlite.open_in_memory()) as memory:
        # nothing of the person's text is in this statement: the tokenizer is the schema's own
        memory.execute(f"create virtual table pieces using fts5 (text, {_tokenizer(connection, index)})")
        memory.executemany("insert into pieces (text) values (?)", ((piece,) for piece in _pieces(text)))
        (count,) = memory.execute("select count(*) from pieces").fetchone()
        for match in matches:
            found = _best(memory, match, marks)
            if found is not None:
                number, part = found
                return _dotted(part, before=number > 1, after=number < count)
    return _dotted(text[:_BEGINNING], before=False, after=len(text) > _BEGINNING)


def _tokenizer(connection: sqlite.Connection, index: str) -> str:
    (sql,) = connection.execute("select sql from sqlite_master where name = ?", (index,)).fetchone()
    found = _TOKENIZER.search(sql)
    return found[0] if found else 'tokenize="unicode61"'


def _pieces(text: str) -> Iterator[str]:
    """Overlapping pieces that end at a space where there is one, so that no word or phrase is cut in all of them."""
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


def _best(memory: sqlite.Connection, match: str, marks: tuple[str, str]) -> tuple[int, str] | None:
    sql = """
        select rowid, snippet(pieces, 0, ?, ?, '…', 24)
        from pieces
        where pieces match ?
        order by rank, rowid
        limit 1
    """
    row = memory.execute(sql, (*marks, match)).fetchone()
    return (row[0], row[1]) if row else None


def _dotted(part: str, *, before: bool, after: bool) -> str:
    left = "…" if before and not part.startswith("…") else ""
    right = "…" if after and not part.endswith("…") else ""
    return f"{left}{part}{right}"
