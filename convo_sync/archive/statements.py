"""A person's own SQL, of which the archive knows nothing before: what it answers, or why it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from convo_sync.archive import sqlite


def execute(
    connection: sqlite.Connection, sql: str, path: Path | str
) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """The columns' names and the rows of a single statement that reads.

    Raises:
        UsageError: it is none.
        ArchiveError: the file cannot be read; also later, on the way through the rows.
    """
    try:
        cursor = connection.execute(sql)
    except (sqlite.Error, sqlite.Warning, ValueError) as error:
        raise sqlite.refused(error, path) from error
    return tuple(column[0] for column in cursor.description or ()), _rows(cursor, path)


def _rows(cursor: Any, path: Path | str) -> Iterator[tuple[Any, ...]]:
    try:
        # Not `yield from`: it would close the cursor of an iterator left halfway, maybe after its connection.
        for row in cursor:  # noqa: UP028
            yield row
    except sqlite.Error as error:
        raise sqlite.refused(error, path) from error
