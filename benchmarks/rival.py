"""What archiving is held against: the rows of a finished archive, at hand, written to a new file in one transaction.

``python -m benchmarks.rival ARCHIVE NEW`` prints the seconds it took as JSON. Rows come first, then each search index
by one INSERT SELECT. It is as durable as the archive (WAL, synchronous full), and folds the WAL into the file as well.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parent.parent / "schema.sql"

Rows = Mapping[str, Sequence[tuple[Any, ...]]]


def search_indexes(connection: sqlite3.Connection) -> Mapping[str, str]:
    """Each full-text index, with the view whose texts it holds."""
    rows = connection.execute("select name, sql from sqlite_master where sql like 'create virtual table%using fts5%'")
    return {name: re.findall(r'content="(\w+)"', sql)[0] for name, sql in rows}


def read_rows(archive: Path) -> Rows:
    """Every table's rows, in the order of their keys, without the indexes' own tables."""
    connection = sqlite3.connect(archive)
    names = connection.execute(
        "select name from sqlite_master where type = 'table' and sql like 'create table%' and name not like '%_fts%'"
    ).fetchall()
    rows = {name: connection.execute(f"select * from {name}").fetchall() for (name,) in names}
    connection.close()
    return rows


def write_rows(path: Path, rows: Rows) -> None:
    """The same rows in a new file, in one transaction."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("begin immediate")
    for statement in _statements(SCHEMA.read_text(encoding="utf-8")):
        connection.execute(statement)
    for name, values in rows.items():
        if values:
            places = ", ".join("?" * len(values[0]))
            connection.executemany(f"insert into {name} values ({places})", values)
    for index, name in search_indexes(connection).items():
        connection.execute(f"insert into {index} (rowid, text) select id, text from {name}")
    connection.execute("commit")
    connection.close()


def _statements(script: str) -> Sequence[str]:
    found, begun = [], ""
    for line in script.splitlines(keepends=True):
        begun += line
        if sqlite3.complete_statement(begun):
            found.append(begun)
            begun = ""
    return found


def main() -> None:
    """Read the rows, then write them against the clock.

    Raises:
        RuntimeError: what was written is not the same.
    """
    archive, new = map(Path, sys.argv[1:])
    rows = read_rows(archive)
    wall, cpu = time.perf_counter(), time.process_time()
    write_rows(new, rows)
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    if read_rows(new) != rows:
        raise RuntimeError("the rows written are not those read")
    print(json.dumps(spent))


if __name__ == "__main__":
    main()
