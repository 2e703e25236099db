"""Rows of one derived table: as they are, as they should be, and the writing of those that differ.

It knows no document, and no search index.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from convo_sync.archive import sqlite
from convo_sync.archive.tables import Row, Table
from convo_sync.archive.transaction import Change


class Judged(NamedTuple):
    """Rows as they should be and as they are, by key, and the keys of those that have to change."""

    wanted: Mapping[Row, Row]
    held: Mapping[Row, Row]
    fresh: Sequence[Row]
    differing: Sequence[Row]
    leaving: Sequence[Row]

    @property
    def outdated(self) -> list[int]:
        """Ids of the rows that will not be as they are."""
        return [self.held[key][0] for key in (*self.differing, *self.leaving)]

    @property
    def entering(self) -> list[Row]:
        """Keys of the rows that were not as they will be."""
        return [*self.differing, *self.fresh]


def judge(connection: sqlite.Connection, table: Table, scope: Row, rows: Sequence[Row]) -> Judged:
    """How the rows of this scope are, and how they should be."""
    width = len(table.scope) + len(table.key)
    wanted = {row[len(table.scope) : width]: row[width:] for row in rows}
    held = _held(connection, table, scope)
    return Judged(
        wanted,
        held,
        fresh=[key for key in wanted if key not in held],
        differing=[key for key in wanted if key in held and held[key][1:] != wanted[key]],
        leaving=[key for key in held if key not in wanted],
    )


def write(change: Change, table: Table, scope: Row, judged: Judged, first_id: int | None = None) -> None:
    """Make the rows of this scope what they should be.

    Args:
        first_id: the id of the row at position 0; SQLite numbers the rows where it is None.
    """
    delete(change, table, scope, {key: judged.held[key][0] for key in judged.leaving})
    _update(change, table, [(judged.wanted[key], judged.held[key][0]) for key in judged.differing])
    rows = [(*scope, *key, *judged.wanted[key]) for key in judged.fresh]
    if first_id is None:
        _insert(change, table, table.columns, rows)
    else:
        _insert(change, table, ("id", *table.columns), [(first_id + row[1], *row) for row in rows])


def ids_of(change: Change, table: Table, scope: Row, keys: Iterable[Row]) -> list[int]:
    """Ids of the rows with these keys."""
    sql = f"select id from {table.name} where {_where((*table.scope, *table.key))}"  # noqa: S608 - names from TABLES
    return [change.connection.execute(sql, (*scope, *key)).fetchone()[0] for key in keys]


def range_of(change: Change, table: Table, scope: Row) -> tuple[int, int]:
    """The lowest and the highest id in this scope."""
    sql = f"select min(id), max(id) from {table.name} where {_where(table.scope)}"  # noqa: S608 - names from TABLES
    first, last = change.connection.execute(sql, scope).fetchone()
    return first, last


def _where(columns: Iterable[str]) -> str:
    return " and ".join(f"{column} = ?" for column in columns)


def _held(connection: sqlite.Connection, table: Table, scope: Row) -> dict[Row, Row]:
    columns = ", ".join((*table.key, "id", *table.values))
    sql = f"select {columns} from {table.name} where {_where(table.scope)}"  # noqa: S608 - names from TABLES
    width = len(table.key)
    return {row[:width]: row[width:] for row in connection.execute(sql, scope)}


def _insert(change: Change, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    if not rows:
        return
    if table.is_public:
        columns, rows = (*columns, "changed"), [(*row, change.number) for row in rows]
    places = ", ".join("?" * len(columns))
    sql = f"insert into {table.name} ({', '.join(columns)}) values ({places})"  # noqa: S608 - names from TABLES
    change.connection.executemany(sql, rows)


def _update(change: Change, table: Table, rows: Sequence[tuple[Row, int]]) -> None:
    if not rows:
        return
    columns = [f"{column} = ?" for column in table.values]
    if table.is_public:
        columns.append(f"changed = {change.number}")
    sql = f"update {table.name} set {', '.join(columns)} where id = ?"  # noqa: S608 - names from TABLES
    change.connection.executemany(sql, [(*values, row_id) for values, row_id in rows])


def delete(change: Change, table: Table, scope: Row, ids: Mapping[Row, int]) -> None:
    """Take out rows (key -> id), and say in the change feed that they left."""
    if not ids:
        return
    sql = f"delete from {table.name} where id = ?"  # noqa: S608 - names from TABLES
    change.connection.executemany(sql, [(row_id,) for row_id in ids.values()])
    if table.is_public:
        note_deletions(change, table.name, [(*scope, *key) for key in ids])


def note_deletions(change: Change, table_name: str, keys: Iterable[Row]) -> None:
    """Say in the change feed that rows with these keys left a table."""
    change.connection.executemany(
        "insert into deletions (table_name, key, changed) values (?, ?, ?)",
        [(table_name, json.dumps(key), change.number) for key in keys],
    )
