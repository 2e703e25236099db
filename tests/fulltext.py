"""An index in memory, as the archive has it: what FTS5 makes of a text, and what a query finds."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator

from convo_sync.texts import indexed

TOKENIZER = "porter unicode61 remove_diacritics 2 categories 'L* N* Co So'"


@contextlib.contextmanager
def index(texts: Iterable[str] = ()) -> Iterator[sqlite3.Connection]:
    """An index of the texts, its rows numbered from 0. Its content lies elsewhere, so a row leaves it by its text."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"""create virtual table texts using fts5 (text, content="", tokenize="{TOKENIZER}")""")
        connection.execute("create virtual table words using fts5vocab (texts, instance)")
        rows = [(number, indexed(text)) for number, text in enumerate(texts)]
        connection.executemany("insert into texts (rowid, text) values (?, ?)", rows)
        yield connection


def found(connection: sqlite3.Connection, match: str) -> set[int]:
    """The rows that a query finds."""
    return {row for (row,) in connection.execute("select rowid from texts where texts match ?", (match,))}


def words(text: str) -> list[str]:
    """What FTS5 takes the text for."""
    with index([text]) as connection:
        return [word for (word,) in connection.execute("select term from words order by offset")]


def phrase(text: str) -> str:
    """A query for the text as it stands."""
    return '"' + indexed(text).replace('"', '""') + '"'
