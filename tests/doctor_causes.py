"""Ways to break exactly one thing that doctor looks at, each with the line that has to turn red. It runs no check."""

from __future__ import annotations

import contextlib
import errno
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Callable
from types import SimpleNamespace

from convo_sync.archive import health, sqlite
from convo_sync.lock import WriterLock
from convo_sync.simulator import Fault

from .console import Well

Break = Callable[[Well], object]
CAUSES: list[tuple[str, str, int, str, Break]] = []


def cause(name: str, code: int, words: str) -> Callable[[Break], Break]:
    """Register a way to break one thing: the line it turns red, the exit code, and words of the line."""

    def register(break_it: Break) -> Break:
        CAUSES.append((break_it.__name__, name, code, words, break_it))
        return break_it

    return register


@cause("config", 78, "line 2")
def a_value_of_the_wrong_type(well: Well) -> None:
    well.config.write_text("[sync]\nevery = 30\n", encoding="utf-8")


@cause("config", 78, "no valid TOML")
def a_file_that_is_no_toml(well: Well) -> None:
    well.config.write_text("every: 30 min", encoding="utf-8")


@cause("config", 78, "CONVO_SYNC_BASE_URL")
def an_address_without_encryption(well: Well) -> None:
    well.monkeypatch.setenv("CONVO_SYNC_BASE_URL", "http://www.itsconvo.com")


@cause("key", 78, "There is no API key")
def no_key(well: Well) -> None:
    well.monkeypatch.delenv("CONVO_API_KEY")


@cause("key", 78, "has a space")
def a_key_with_a_space(well: Well) -> None:
    well.monkeypatch.setenv("CONVO_API_KEY", "convo_a b")


@cause("key", 78, "can be read or changed by others")
def a_key_file_for_everybody(well: Well) -> None:
    (well.folder / "key").write_text(well.sim.key, encoding="utf-8")
    (well.folder / "key").chmod(0o644)
    well.config.write_text('[api]\napi_key_file = "key"\n', encoding="utf-8")
    well.monkeypatch.delenv("CONVO_API_KEY")


@cause("key", 77, "refused the key")
def a_revoked_key(well: Well) -> None:
    well.sim.revoke_key(well.sim.key)


@cause("DNS", 69, "localhost is not known")
def no_name_server(well: Well) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    well.monkeypatch.setattr(socket, "getaddrinfo", unknown)


@cause("network", 69, "refuses connections")
def nobody_listens(well: Well) -> None:
    well.server.close()


@cause("network", 69, "no way to localhost")
def no_route(well: Well) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    well.monkeypatch.setattr(socket, "create_connection", unreachable)


def _faulty(kind: str, words: str) -> None:
    def break_it(well: Well) -> None:
        well.sim.faults.add(Fault(kind, times=None))

    break_it.__name__ = f"an_answer_with_{kind}"
    cause("network", 69, words)(break_it)


_faulty("proxy_ok", "A connection opens, but")
_faulty("proxy_unauthorized", "not from the API: a proxy, perhaps")
_faulty("proxy_forbidden", "not from the API: a proxy, perhaps")
_faulty("bad_gateway", "HTTP 502")
_faulty("server_error", "HTTP 500")
_faulty("redirect", "leads elsewhere")
_faulty("drop_before", "dropped")
_faulty("cut_body", "cut off")
_faulty("invalid_json", "A connection opens, but")
_faulty("empty_body", "empty")
_faulty("wrong_shape", "A connection opens, but")
_faulty("not_found", "There is no profile at that address")


@cause("plan", 1, "does not include the API")
def a_free_plan(well: Well) -> None:
    well.sim.set_tier("free")


@cause("clock", 1, "60 minutes behind")
def a_clock_that_is_slow(well: Well) -> None:
    well.sim.clock.advance(3600)


@cause("clock", 1, "2 days ahead of")
def a_clock_that_is_fast(well: Well) -> None:
    well.sim.clock.advance(-2 * 86400)


@cause("disk", 1, "are free")
def a_full_disk(well: Well) -> None:
    well.monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100_000_000))


@cause("disk", 1, "cannot be written to: Read-only file system")
def a_folder_that_cannot_be_written(well: Well) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    well.monkeypatch.setattr(tempfile, "TemporaryFile", refused)


@cause("lock", 75, "Held by convo-sync sync (pid")
def a_sync_under_way(well: Well) -> WriterLock:
    lock = WriterLock(well.archive, "convo-sync sync").acquire()
    well.server.callback(lock.release)
    return lock


@cause("lock", 1, "cannot be opened")
def a_folder_in_place_of_the_lock(well: Well) -> None:
    well.archive.with_name("archive.db.lock").unlink(missing_ok=True)
    well.archive.with_name("archive.db.lock").mkdir()


@cause("archive", 78, "not an archive of convo-sync")
def a_file_of_another_program(well: Well) -> None:
    well.sql("pragma application_id = 7")


@cause("archive", 78, "newer convo-sync")
def an_archive_from_the_future(well: Well) -> None:
    well.sql("pragma user_version = 99")


@cause("archive", 78, "damaged")
def a_file_that_is_no_database(well: Well) -> None:
    well.archive.write_bytes(b"not a database, but long enough to be looked at\n" * 100)
    well.archive.chmod(0o600)


@cause("archive", 78, "is damaged")
def a_page_of_rubbish(well: Well) -> None:
    with contextlib.closing(sqlite3.connect(well.archive)) as connection:
        page = connection.execute("select rootpage from sqlite_master where name = 'holdings'").fetchone()[0]
        size = connection.execute("pragma page_size").fetchone()[0]
    with well.archive.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


@cause("archive", 1, "Others on this machine can read")
def an_archive_for_everybody(well: Well) -> None:
    well.archive.chmod(0o644)


@cause("archive", 78, "belongs to somebody@else.example")
def an_archive_of_another_account(well: Well) -> None:
    well.sql("update meta set value = 'somebody@else.example' where key = 'account'")


@cause("archive", 78, "was filled from https://elsewhere.example")
def an_archive_of_another_server(well: Well) -> None:
    well.sql("update meta set value = 'https://elsewhere.example' where key = 'base_url'")


@cause("search index", 1, "1 rows are not indexed")
def a_row_that_is_not_indexed(well: Well) -> None:
    well.sql("delete from segments_fts_docsize where id = (select min(id) + 2 from segments)")


@cause("search index", 1, "1 entries are of rows that are gone")
def an_entry_that_is_left_over(well: Well) -> None:
    well.sql("delete from segments where id = (select min(id) + 2 from segments)")


@cause("search index", 1, "does not match the text")
def text_that_changed_behind_the_index(well: Well) -> None:
    well.sql("update segments set text = 'something else altogether' where id = (select min(id) + 2 from segments)")


@cause("search index", 1, "notes_fts")
def an_index_that_lost_its_contents(well: Well) -> None:
    well.sql("delete from notes_fts_data")


@cause("search index", 1, "cannot be read (vtable constructor failed")
def an_index_that_does_not_open(well: Well) -> None:
    well.sql("drop table segments_fts_config")


@cause("SQLite", 1, "too old")
def an_old_sqlite(well: Well) -> None:
    well.monkeypatch.setattr(sqlite, "version_tuple", lambda: (3, 36, 0))


@cause("SQLite", 1, "without full-text search")
def an_sqlite_that_cannot_search(well: Well) -> None:
    well.monkeypatch.setattr(health, "has_fts5", lambda: False)
