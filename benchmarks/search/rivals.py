"""Those who search: convo-sync through its public door, plain FTS5, and Tantivy where it is installed.

The rivals' indexes are made from the archive's turns. Must not know how any of them is judged.
"""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.search.trials import LIMIT, Searcher, Span
from benchmarks.search.words import telling, without_stop_words, words
from convo_sync import open_archive

OURS, TANTIVY = "convo-sync", "Tantivy OR, telling words"
PLAIN, SPARED = "FTS5 OR, no stop words", "FTS5 OR, telling words"
_TURNS = "select id, conversation_id, position, text from segments order by id"


@contextmanager
def searchers(archive: Path) -> Iterator[Sequence[Searcher]]:
    """All of them over one archive's turns; the rivals' indexes are made beside it, and kept."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(ours(archive)),
            *stack.enter_context(_plain(archive)),
            *([_Tantivy(archive)] if has_tantivy() else []),
        ]


def has_tantivy() -> bool:
    """Whether the rival that only this benchmark needs is installed."""
    try:
        importlib.import_module("tantivy")
    except ImportError:
        return False
    return True


class _Ours:
    name = OURS

    def __init__(self, archive: Any) -> None:
        self._archive = archive

    def find(self, text: str) -> Sequence[Span]:
        hits = self._archive.search(text, limit=LIMIT, kinds=("transcript",)).hits
        return [Span(hit.conversation_id, hit.first_position, hit.last_position) for hit in hits]


@contextmanager
def ours(archive: Path) -> Iterator[Searcher]:
    """convo-sync alone."""
    with open_archive(archive) as opened:
        yield _Ours(opened)


# -- plain FTS5


class _Plain:
    def __init__(self, name: str, connection: sqlite3.Connection, match: Callable[[str], str]) -> None:
        self.name, self._connection, self._match = name, connection, match

    def find(self, text: str) -> Sequence[Span]:
        rows = self._connection.execute(
            """
            select t.conversation_id, t.position, t.text
            from found
            join turns t on t.id = found.rowid
            where found match ?
            order by rank
            limit ?
            """,
            (self._match(text), LIMIT),
        )
        return [Span(conversation_id, position, position) for conversation_id, position, _ in rows]


@contextmanager
def _plain(archive: Path) -> Iterator[Sequence[Searcher]]:
    with closing(sqlite3.connect(_made(archive, "fts5", _write_plain))) as connection:
        yield [
            _Plain("FTS5 AND", connection, lambda text: _joined("AND", words(text))),
            _Plain("FTS5 AND, telling words", connection, lambda text: _joined("AND", telling(text))),
            _Plain(PLAIN, connection, lambda text: _joined("OR", without_stop_words(text))),
            _Plain(SPARED, connection, lambda text: _joined("OR", telling(text))),
        ]


def _joined(operator: str, wanted: Sequence[str]) -> str:
    return f" {operator} ".join(f'"{word}"' for word in wanted) or '""'


def _write_plain(archive: Path, new: Path) -> None:
    with closing(sqlite3.connect(new, isolation_level=None)) as connection:
        connection.execute("attach ? as archive", (str(archive),))
        connection.execute("begin")
        connection.execute("create table turns (id integer primary key, conversation_id, position, text)")
        connection.execute(f"insert into turns {_TURNS.replace('segments', 'archive.segments')}")
        connection.execute(
            """
            create virtual table found using fts5 (
                text, content="turns", content_rowid="id", tokenize="porter unicode61 remove_diacritics 2"
            )
            """
        )
        connection.execute("insert into found (rowid, text) select id, text from turns")
        connection.execute("insert into found (found) values ('optimize')")
        connection.execute("commit")


# -- Tantivy


class _Tantivy:
    name = TANTIVY

    def __init__(self, archive: Path) -> None:
        tantivy = importlib.import_module("tantivy")
        self._index = tantivy.Index.open(str(_made(archive, "tantivy", _write_tantivy)))
        self._searcher = self._index.searcher()

    def find(self, text: str) -> Sequence[Span]:
        query = self._index.parse_query(" ".join(telling(text)), ["text"])  # its words are joined by OR
        # Without counting all matches, which would cost it more.
        hits = self._searcher.search(query, LIMIT, count=False).hits
        return [self._span(self._searcher.doc(address)) for _, address in hits]

    @staticmethod
    def _span(document: Any) -> Span:
        position = int(document.get_first("position"))
        return Span(document.get_first("conversation_id"), position, position)


def _write_tantivy(archive: Path, new: Path) -> None:
    tantivy = importlib.import_module("tantivy")
    shape = tantivy.SchemaBuilder()
    shape.add_text_field("conversation_id", stored=True, tokenizer_name="raw")
    shape.add_integer_field("position", stored=True)
    shape.add_text_field("text", tokenizer_name="en_stem")
    new.mkdir()
    writer = tantivy.Index(shape.build(), path=str(new)).writer(num_threads=1)
    with closing(sqlite3.connect(archive)) as connection:
        for _, conversation_id, position, text in connection.execute(_TURNS):
            writer.add_document(tantivy.Document(conversation_id=conversation_id, position=position, text=text))
    writer.commit()
    writer.wait_merging_threads()


def _made(archive: Path, name: str, write: Callable[[Path, Path], None]) -> Path:
    """What a rival searches in, made at the first call; half of one is never taken for a whole."""
    path = archive.with_suffix(f".{name}")
    if not path.exists():
        partial = archive.with_suffix(f".{name}-partial")
        _remove(partial)
        write(archive, partial)
        partial.rename(path)
    return path


def forget(archive: Path) -> None:
    """Remove what was made from an archive that is made anew."""
    for name in ("fts5", "tantivy"):
        _remove(archive.with_suffix(f".{name}"))


def _remove(path: Path) -> None:
    if path.is_dir():
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    path.unlink(missing_ok=True)
