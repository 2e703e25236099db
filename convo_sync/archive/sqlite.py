"""The one place that names sqlite3: connections as the archive needs them, and its errors in plain words.

It knows nothing of tables. Every other module of the archive takes connections from here.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from convo_sync.errors import (
    ArchiveError,
    ArchiveLocked,
    ArchiveMissing,
    ArchiveUnfit,
    ConvoSyncError,
    StorageFull,
    UsageError,
)

if TYPE_CHECKING:  # a search waits for what is imported here
    from pathlib import Path

Connection = sqlite3.Connection
Row = sqlite3.Row
Error = sqlite3.Error
Warning = sqlite3.Warning
# What it takes to read something damaged: SQLite quotes it as it is, and believes sizes that it finds in an index.
BROKEN = (sqlite3.Error, UnicodeDecodeError, MemoryError)
Connect = Callable[..., sqlite3.Connection]

APPLICATION_ID = 0x434E5653  # "CNVS": the file's mark, which `file` and doctor read
OLDEST_SQLITE = (3, 37, 0)
VERSION = sqlite3.sqlite_version
BUSY_SECONDS = 5.0
_PAUSE_SECONDS = 0.01
# WAL reset race, fixed in 3.51.3 (sqlite.org/wal.html); here only one connection writes, so doctor just says it.
WAL_RACE_FIXED = (3, 51, 3)
SCHEMA_VERSION = 3

_READS = frozenset({
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
})  # fmt: skip
# Those that take the name of a table or a count; an argument to one of the others would set something.
_ASKING_PRAGMAS = frozenset({
    "table_info", "table_xinfo", "table_list", "index_list", "index_info", "foreign_key_list", "foreign_key_check",
    "integrity_check", "quick_check",
})  # fmt: skip
_TELLING_PRAGMAS = frozenset({
    "user_version", "application_id", "schema_version", "page_count", "page_size", "freelist_count", "compile_options",
    "query_only", "data_version", "encoding", "journal_mode",
})  # fmt: skip
# What SQLite reports of the file and its disk; anything else is about the statement.
_OF_THE_FILE = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR,
})  # fmt: skip
# What comes from the disk, from others or from a person, and says nothing of what a statement touched.
_PASSING = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
})  # fmt: skip
_CORRUPT_VTAB = sqlite3.SQLITE_CORRUPT | 1 << 8  # a name of its own it has not in every build of the module
_WRITER_SETTINGS = (
    "synchronous = full",
    # macOS: without these a write reaches the drive's cache, and not the disk. Elsewhere they change nothing.
    "fullfsync = on",
    "checkpoint_fullfsync = on",
    "foreign_keys = on",
    # INSERT OR REPLACE would leave stale rows in the FTS index while this is off; nothing here uses it, others may.
    "recursive_triggers = on",
    "trusted_schema = off",
)

complete = sqlite3.complete_statement


def open_plain(path: Path, *, any_thread: bool = False) -> Connection:
    """A connection with none of the archive's settings; `any_thread`: the caller lets one at a time use it."""
    return sqlite3.connect(str(path), isolation_level=None, check_same_thread=not any_thread)


def open_copy(path: Path) -> Connection:
    """A connection that reads a copy which nobody writes to; it makes no file beside it."""
    return _reader(path, "immutable=1")


def open_in_memory() -> Connection:
    """An empty database without a file."""
    return sqlite3.connect(":memory:", isolation_level=None)


def open_temporary() -> Connection:
    """An empty database in a nameless temporary file, which the system takes away with the connection."""
    return sqlite3.connect("", isolation_level=None)


def version_tuple() -> tuple[int, int, int]:
    """SQLite's version as numbers."""
    return sqlite3.sqlite_version_info


def open_for_writing(path: Path, connect: Connect = sqlite3.connect) -> Connection:
    """A connection that writes: WAL, durable against power loss, foreign keys, transactions begun by hand only."""
    with plain_errors(path):
        connection = connect(str(path), timeout=BUSY_SECONDS, isolation_level=None)
        try:
            # First of all: the journal mode is written to the file, and another program's file is not ours to change.
            check_version(connection, path)
            use_wal(connection)
            for setting in _WRITER_SETTINGS:
                connection.execute(f"pragma {setting}")
        except BaseException:
            connection.close()
            raise
    return connection


def use_wal(connection: Connection) -> None:
    """Have the file keep a write-ahead log, so that readers and the writer do not wait for each other."""
    # Where several turn a new file to WAL at the same instant, SQLite refuses all but one at once, without waiting.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE_SECONDS)


def open_for_reading(path: Path | str) -> Connection:
    """A read-only connection that never waits for the writer, and can neither write nor attach another file.

    Raises:
        ArchiveMissing: there is no file.
        ArchiveError: it cannot be opened.
    """
    if not os.path.exists(path):
        raise ArchiveMissing(
            f"There is no archive at {path}.",
            "Run `convo-sync init` and `convo-sync sync` first, or `convo-sync demo`.",
        )
    if os.path.isdir(path):
        raise ArchiveUnfit(f"{path} is a folder, and an archive is a file.", "Name a file.")
    with plain_errors(path):
        try:
            connection = _opened(path, "mode=ro")
        except sqlite3.OperationalError as error:
            if _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or _has_wal(path):
                raise
            # A cleanly closed WAL file in a folder that cannot be written, or on a full disk, has no shared memory to
            # make; without a -wal nobody is writing, and the file is complete by itself.
            connection = _opened(path, "immutable=1")
    connection.set_authorizer(_only_reading)
    return connection


def _opened(path: Path | str, mode: str) -> Connection:
    connection = _reader(path, mode)
    try:
        connection.execute("select 1 from sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _has_wal(path: Path | str) -> bool:
    # A reader that opened the file before left an empty one behind, which holds nothing.
    try:
        return os.path.getsize(f"{path}-wal") > 0
    except OSError:
        return False


def _reader(path: Path | str, mode: str) -> Connection:
    # A URI of bytes, so that a file name that is no UTF-8 works as well. (urllib is slow to import.)
    safe = b"/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~"
    name = "".join(chr(byte) if byte in safe else f"%{byte:02X}" for byte in os.fsencode(os.path.realpath(path)))
    uri = f"file:{name}?{mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("pragma query_only = on")
    connection.execute("pragma trusted_schema = off")
    return connection


def _only_reading(action: int, first: str | None, second: str | None, _database: str | None, _by: str | None) -> int:
    if action in _READS:
        refused = action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in {"load_extension", "fts3_tokenizer"}
        return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA:
        allowed = _ASKING_PRAGMAS if second else _ASKING_PRAGMAS | _TELLING_PRAGMAS
        return sqlite3.SQLITE_OK if (first or "").lower() in allowed else sqlite3.SQLITE_DENY
    # FTS5 declares its table so, in memory, whenever a connection first meets it; the file itself is opened read-only.
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


@contextlib.contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Inside, a connection opened for reading sees the archive as it is at the first look, whatever is written."""
    connection.set_authorizer(None)  # which knows no transactions; the file is opened read-only all the same
    try:
        connection.execute("begin")
        yield
    finally:
        if connection.in_transaction:
            connection.execute("rollback")
        connection.set_authorizer(_only_reading)


def read_any_text(connection: Connection) -> None:
    """Let text that is no UTF-8 be read too: it is unlike any text that was stored, and must be told apart."""
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")


@contextlib.contextmanager
def plain_errors(path: Path | str) -> Iterator[None]:
    """Turn SQLite's errors into sentences. Ours pass through."""
    try:
        yield
    except ConvoSyncError:
        raise
    except sqlite3.Error as error:
        raise explain(error, path) from error
    except UnicodeDecodeError as error:
        # SQLite quotes a damaged schema in its message, and Python cannot read that.
        raise _senseless(error, path) from error


@contextlib.contextmanager
def plain_reads(path: Path | str) -> Iterator[None]:
    """`plain_errors` for what only reads: there, a value that makes no sense comes from a damaged file."""
    with plain_errors(path):
        try:
            yield
        except UnicodeEncodeError as error:
            raise UsageError("Half a character (a lone surrogate) is in no archive.", "Give whole text.") from error
        except (ValueError, TypeError, LookupError) as error:
            raise _senseless(error, path) from error


def _senseless(error: Exception, path: Path | str) -> ArchiveUnfit:
    return ArchiveUnfit(
        f"{path} is damaged: a value in it makes no sense ({error}).", "Run `convo-sync doctor`, or restore a backup."
    )


def _code(error: sqlite3.Error) -> int:
    # Errors of the Python module itself carry none.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_passing(error: BaseException) -> bool:
    """Whether an error may be over another time: the statement and what it touched are in order."""
    return isinstance(error, sqlite3.Error) and _code(error) in _PASSING


def refused(error: Error | Warning | ValueError, path: Path | str) -> ConvoSyncError:
    """What it means for a person whose own statement failed."""
    if isinstance(error, sqlite3.Error) and _code(error) in _OF_THE_FILE:
        return explain(error, path)
    if "authoriz" in str(error) or "readonly" in str(error):
        return UsageError(
            f"SQLite says: {error}. The archive is only read here, and that would do more.",
            "To change something, work on a copy of the file.",
        )
    step = "The archive describes its tables: convo-sync sql 'select sql from sqlite_schema'."
    return UsageError(f"SQLite says: {error}", step)


def explain(error: sqlite3.Error, path: Path | str) -> ArchiveError | ArchiveLocked:
    """What an error of SQLite means for a person."""
    code = _code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ArchiveLocked(f"Another program is writing to {path}.", "Try again once it has finished.")
    if code == sqlite3.SQLITE_FULL:
        return StorageFull(
            f"There is no room left to write to {path}. Everything committed before is kept.",
            "Free some disk space, then run the same command again.",
        )
    if is_of_a_search_index(error):
        return ArchiveUnfit(
            f"The search index of {path} is damaged ({error}).",
            "Run `convo-sync archive repair`: it makes the index anew. `convo-sync doctor` says what else is wrong.",
        )
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return ArchiveUnfit(
            f"{path} is damaged, or not an SQLite file ({error}).", "Run `convo-sync doctor`, or restore a backup."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return ArchiveError(
            f"{path} cannot be opened as needed ({error}).", "Check the folder's and the file's permissions."
        )
    if code == sqlite3.SQLITE_IOERR:
        return StorageFull(
            f"The disk refused to write to {path} ({error}). Everything committed before is kept.",
            "Check the disk and its limits, then run the same command again.",
        )
    return ArchiveError(f"SQLite failed on {path} ({error}).", "Run `convo-sync doctor`.")


def is_of_a_search_index(error: BaseException) -> bool:
    """Whether SQLite says of a search index that it is broken."""
    said = str(error)
    constructed = "vtable constructor failed" in said or "invalid fts5 file format" in said
    return constructed or getattr(error, "sqlite_errorcode", 0) == _CORRUPT_VTAB


def check_version(connection: Connection, path: Path | str) -> int:
    """The file's schema version; 0 for a new, empty file.

    Raises:
        ArchiveUnfit: it is another program's, or newer than this one.
    """
    # In this order: where another process creates the archive between two of these looks, the later ones see all of it.
    is_empty = connection.execute("select count(*) from sqlite_master").fetchone()[0] == 0
    mark = connection.execute("pragma application_id").fetchone()[0]
    version = int(connection.execute("pragma user_version").fetchone()[0])
    if mark == APPLICATION_ID and 1 <= version <= SCHEMA_VERSION:
        return version
    if is_empty and mark == 0:
        return 0
    from convo_sync.archive import unfit

    if mark != APPLICATION_ID:
        raise unfit.foreign(path)
    raise (unfit.impossible if version < 1 else unfit.newer)(version, path)
