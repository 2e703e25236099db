"""The archive's file beside the JSON of the transcripts in it, and the search indexes beside all else in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.rival import search_indexes
from benchmarks.setting import Setting

FILE_LIMIT = 2.5
INDEX_LIMIT = 0.45
# The tables in which FTS5 keeps an index, and what of them takes the room.
_SHADOWS = {"data": "block", "idx": "term", "docsize": "sz", "config": "v"}


def measure(setting: Setting) -> Iterator[Figure]:
    """Megabytes of one archive."""
    archive = setting.archive()
    whole = archive.stat().st_size
    connection = sqlite3.connect(archive)
    index = _index_bytes(connection)
    connection.close()
    json_mb = setting.meetings.transcript_bytes / 1e6
    yield Figure.of("file, against the transcripts' JSON", whole / 1e6, json_mb, limit=FILE_LIMIT, unit="MB", digits=1)
    yield Figure.of(
        "search indexes, against the rest of the file", index / 1e6, (whole - index) / 1e6,
        limit=INDEX_LIMIT, unit="MB", digits=1,
    )  # fmt: skip


def _index_bytes(connection: sqlite3.Connection) -> int:
    """Whole pages where SQLite can tell, else the bytes stored in them."""
    names = [f"{index}_{part}" for index in search_indexes(connection) for part in _SHADOWS]
    try:
        places = ", ".join("?" * len(names))
        sql = f"select sum(pgsize) from dbstat where name in ({places})"
        return int(connection.execute(sql, names).fetchone()[0])
    except sqlite3.OperationalError:  # dbstat is not compiled in everywhere
        return sum(_stored(connection, name, _SHADOWS[name.rpartition("_")[2]]) for name in names)


def _stored(connection: sqlite3.Connection, name: str, column: str) -> int:
    sql = f"select coalesce(sum(length(cast({column} as blob)) + 8), 0) from {name}"
    return int(connection.execute(sql).fetchone()[0])
