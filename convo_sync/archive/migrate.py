"""Creates an archive, upgrades an older one, refuses what is not ours. Knows schema.sql, not its rows' meaning.

An upgrade takes the write lock, copies the file, then does every step and sets the version in that one transaction.
"""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import sqlite_utils

from convo_sync.archive import sqlite, version_2, version_3
from convo_sync.archive.schema import schema, statements
from convo_sync.archive.transaction import transaction
from convo_sync.errors import ArchiveError, ArchiveMissing, ArchiveUnfit, StorageFull
from convo_sync.times import format_time

Migration = Callable[[sqlite_utils.Database], None]
# MIGRATIONS[n] brings version n + 1 to n + 2. Each runs inside the upgrade's transaction.
MIGRATIONS: tuple[Migration, ...] = (version_2.upgrade, version_3.upgrade)


def open_or_create(
    path: Path, now: datetime, connect: sqlite.Connect | None = None, *, create: bool = True
) -> sqlite.Connection:
    """A writing connection to the archive at `path`, created or upgraded as needed.

    Args:
        create: False makes none where there is none: what nobody typed must not begin another in the place of one that
            is gone.

    Raises:
        ArchiveMissing: there is none, and none is to be made.
        ArchiveUnfit: the file is not an archive, or newer than this program.
        ArchiveError: it cannot be made or written there.
    """
    with _plain_system_errors(path):
        if create:
            _make_private(path)
        elif not path.exists() or not path.stat().st_size:
            raise ArchiveMissing(f"The archive {path} is not there.", "Mount its disk, or name it with --archive.")
    connection = sqlite.open_for_writing(path, *([connect] if connect else []))
    try:
        with sqlite.plain_errors(path):
            version = sqlite.check_version(connection, path)
            if version == 0:
                _create(connection, now)
            elif version < sqlite.SCHEMA_VERSION:
                upgrade(connection, path, MIGRATIONS, sqlite.SCHEMA_VERSION)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    """Only the owner may read the file; it is created so, since a permission given later comes too late."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = path.resolve()  # the end of a link that leads nowhere yet would be made by SQLite, readable for all
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return


def _create(connection: sqlite.Connection, now: datetime) -> None:
    facts = {
        "schema_version": str(sqlite.SCHEMA_VERSION),
        "archive_id": str(uuid.uuid4()),
        "feed_id": str(uuid.uuid4()),
        "created_at": format_time(now),
        "changed": "0",
    }
    with transaction(connection):
        if connection.execute("select count(*) from sqlite_master").fetchone()[0]:
            return  # another process created it between our look and our lock
        for statement in statements(schema()):
            connection.execute(statement)
        connection.executemany("insert into meta (key, value) values (?, ?)", facts.items())
        connection.execute(f"pragma application_id = {sqlite.APPLICATION_ID}")
        connection.execute(f"pragma user_version = {sqlite.SCHEMA_VERSION}")


def upgrade(connection: sqlite.Connection, path: Path, migrations: Sequence[Migration], target: int) -> Path | None:
    """Copy the file beside itself, then bring it to `target` in one transaction; the copy's path.

    The copy stays: it is the way back to an older program. None: another process was faster.
    """
    database = sqlite_utils.Database(connection, execute_plugins=False)
    # A table that is rebuilt is missing for a moment; its references are checked before the commit instead.
    connection.execute("pragma foreign_keys = off")
    try:
        with transaction(connection):
            version = int(connection.execute("pragma user_version").fetchone()[0])
            if version >= target:
                return None
            # Only now nobody else can upgrade it, so that the copy is surely of the older version.
            real = path.resolve()  # beside the file itself, whatever link leads there
            copy = _copy(real, real.with_name(f"{real.name}.v{version}"))
            for migration in migrations[version - 1 : target - 1]:
                migration(database)
            connection.execute("update meta set value = ? where key = 'schema_version'", (str(target),))
            connection.execute(f"pragma user_version = {target}")
            _require_references(connection, path)
    finally:
        connection.execute("pragma foreign_keys = on")
    return copy


def _require_references(connection: sqlite.Connection, path: Path) -> None:
    if connection.execute("pragma foreign_key_check").fetchone() is not None:
        raise ArchiveUnfit(
            f"{path} could not be upgraded: rows in it refer to rows that do not exist. It is as it was.",
            "Run `convo-sync doctor`, or restore a backup.",
        )


def _copy(path: Path, destination: Path) -> Path:
    """Copy what is committed; through a connection of its own, since one that is writing cannot be copied from."""
    partial = destination.with_name(destination.name + ".partial")
    with _plain_system_errors(partial), sqlite.plain_errors(partial):
        partial.unlink(missing_ok=True)
        _make_private(partial)
        try:
            with (
                contextlib.closing(sqlite.open_plain(path)) as source,
                contextlib.closing(sqlite.open_plain(partial)) as copy,
            ):
                source.backup(copy)
            partial.replace(destination)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    return destination


@contextlib.contextmanager
def _plain_system_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull(
                f"There is no room left for {path}.", "Free some disk space, then run the same command again."
            ) from error
        raise ArchiveError(
            f"{path} cannot be made there: {error.strerror or error}.",
            "Check the folder and its permissions, or name another place with --archive.",
        ) from error
