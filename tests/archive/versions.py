"""Archives that earlier versions wrote, the same documents in a new one, and what two files are compared by.

``schema_N.sql`` is the schema as of version N, ``rows_N.sql`` the rows that version N wrote into it.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from convo_sync import models
from convo_sync.archive import schema, sqlite
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.records import Conversation, ConversationId, Document, Kind, Listing, ListingChange

from .damages import rows
from .storage import NOW, store

HERE = Path(__file__).parent
# No documents give these: an upgrade takes them as they are.
OPERATIONAL = (
    "conversations", "documents", "revisions", "deletions", "holdings", "sightings", "sweep", "sweep_seen", "budget",
    "runs", "account",
)  # fmt: skip
INDEXED = {
    1: {"segments_fts": "segments", "notes_fts": "_notes"},
    2: {"segments_fts": "_segment_texts", "transcripts_fts": "_transcript_texts", "notes_fts": "_note_texts"},
}
IN_ORDER = """
    select r.body, coalesce(d.conversation_id, ''), d.kind
    from revisions r
    join documents d on d.id = r.document_id
    order by r.id
"""


def written(path: Path, version: int) -> Path:
    """The archive that this version wrote."""
    with _begun(path, version) as connection:
        for statement in schema.statements((HERE / f"rows_{version}.sql").read_text(encoding="utf-8")):
            connection.execute(statement)
        for index, texts in INDEXED[version].items():
            connection.execute(f"insert into {index} (rowid, text) select id, text from {texts}")
    return path


def empty(path: Path, version: int) -> Path:
    """An archive of this version before its first sync."""
    with _begun(path, version) as connection:
        connection.execute("insert into meta values ('changed', '0'), ('schema_version', ?)", (str(version),))
    return path


@contextlib.contextmanager
def _begun(path: Path, version: int) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode = wal")
        for statement in schema.statements((HERE / f"schema_{version}.sql").read_text(encoding="utf-8")):
            connection.execute(statement)
        yield connection
        connection.execute(f"pragma application_id = {sqlite.APPLICATION_ID}")
        connection.execute(f"pragma user_version = {version}")


def received_again(old: Path, path: Path) -> Path:
    """A new archive, of this program's version, that was given the same documents in the same order."""
    received = rows(old, IN_ORDER)
    with Archive(path, NOW) as archive:
        page = [_as_listed(body) for body, _, kind in received if kind == Kind.LISTING]
        archive.store_page(page, None, 1, NOW, Budget())
        for document in _documents(received):
            store(archive, document)
    return path


def _as_listed(body: bytes) -> ListingChange:
    row = models.read_stored_row(zlib.decompress(body))
    assert isinstance(row, Listing)
    conversation = Conversation(row.id, row.title, row.start_time, None, None, 3, row.digest)
    return ListingChange(row, conversation, (), is_new=True, differs=True)


def _documents(received: list[tuple[Any, ...]]) -> Iterator[Document]:
    for body, conversation_id, kind in received:
        if kind != Kind.LISTING:
            found = models.read_stored(ConversationId(conversation_id), Kind(kind), zlib.decompress(body))
            assert found is not None
            yield found


def shape(path: Path) -> dict[str, Any]:
    """Tables, columns, keys, indexes and views, but for the comments in them."""
    objects = rows(path, "select type, name, tbl_name, sql from sqlite_master order by type, name")
    found: dict[str, Any] = {}
    for kind, name, table, sql in objects:
        asked = ("table_xinfo", "index_list", "foreign_key_list") if kind == "table" else ("index_xinfo",)
        answers = [rows(path, f"pragma {each}('{name}')") for each in asked]
        # A column that was added later stands elsewhere in the words of its table.
        words = re.sub(r"--.*", "", sql or "").split() if kind != "table" or "virtual" in (sql or "").lower() else []
        found[f"{kind} {name}"] = table, words, answers
    strict = "select name, type, wr, strict from pragma_table_list where schema = 'main' and name not like 'sqlite%'"
    return found | {"strict": sorted(rows(path, strict)), "rules": _rules(objects)}


def _rules(objects: list[tuple[Any, ...]]) -> dict[str, list[str]]:
    """Table -> what stands between its commas, in order of the alphabet: checks and defaults too."""
    tables = {name: sql for kind, name, _, sql in objects if kind == "table" and "virtual" not in sql.lower()}
    return {name: sorted(_pieces(sql)) for name, sql in tables.items()}


def _pieces(sql: str) -> Iterator[str]:
    plain = re.sub(r"--.*", "", sql)
    inside = plain[plain.index("(") + 1 : plain.rindex(")")]
    yield from (" ".join(piece.split()) for piece in re.split(r",(?![^()]*\))", inside))


def words(path: Path, index: str) -> list[tuple[Any, ...]]:
    """Word, text and place. Notes have ids of SQLite's choice, and are told apart by their key."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"create virtual table temp.words using fts5vocab(main, {index}, instance)")
        found = connection.execute("select term, doc, offset from temp.words").fetchall()
        keys = dict(
            connection.execute("select id, json_array(conversation_id, source, item, kind, position) from _notes")
        )
    return sorted((term, keys[doc] if index == "notes_fts" else doc, offset) for term, doc, offset in found)


def facts(path: Path, *without: str) -> dict[str, str]:
    """What `meta` says, but for these."""
    return {key: value for key, value in rows(path, "select key, value from meta") if key not in without}
