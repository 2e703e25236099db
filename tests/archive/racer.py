"""One of several processes that open the same file at the same instant: a path a line on stdin, an answer a line.

python -m tests.archive.racer create|upgrade
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import sqlite_utils

from convo_sync.archive import migrate, sqlite
from convo_sync.archive.write import Archive

from .storage import NOW


def once_only(database: sqlite_utils.Database) -> None:
    """A step that fails where it is done twice."""
    database.execute("insert into meta (key, value) values ('upgraded_by', ?)", [str(os.getpid())])


def race() -> None:
    """Open each path that is named; say whose archive it is."""
    if sys.argv[1] == "upgrade":
        migrate.MIGRATIONS = (*migrate.MIGRATIONS, once_only)
        sqlite.SCHEMA_VERSION += 1
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            with Archive(Path(line.rstrip("\n")), NOW) as archive:
                print(archive.archive_id(), flush=True)
        except Exception as error:  # told to the test
            print(f"{type(error).__name__}: {error}", flush=True)


if __name__ == "__main__":
    race()
