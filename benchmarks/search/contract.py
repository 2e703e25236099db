"""What every result owes, whatever was asked: hits of at most 200 words that do not overlap. Knows no question."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import combinations
from pathlib import Path

from benchmarks.search.trials import LIMIT, Span

MOST_WORDS = 200


def breaches(archive: Path, results: Sequence[Sequence[Span]]) -> Sequence[str]:
    """Every breach in these results, in words."""
    with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
        return [breach for found in results for breach in _of_result(connection, found)]


def _of_result(connection: sqlite3.Connection, found: Sequence[Span]) -> Iterator[str]:
    if len(found) > LIMIT:
        yield f"{len(found)} hits where {LIMIT} were asked for"
    for one, other in combinations(found, 2):
        if one.conversation_id == other.conversation_id and one.first <= other.last and other.first <= one.last:
            yield f"{one} overlaps {other}"
    for span in found:
        yield from _of_span(connection, span)


def _of_span(connection: sqlite3.Connection, span: Span) -> Iterator[str]:
    texts = said(connection, span)
    if not texts or len(texts) != span.last - span.first + 1:
        yield f"{span} is not in the archive"
    count = sum(len(text.split()) for text in texts)
    if len(texts) > 1 and count > MOST_WORDS:
        yield f"{span} has {count} words"


def said(connection: sqlite3.Connection, span: Span) -> Sequence[str]:
    """The texts of a hit's turns, in order."""
    rows = connection.execute(
        """
        select text from segments
        where conversation_id = ? and position between ? and ?
        order by position
        """,
        span,
    )
    return [text for (text,) in rows]
