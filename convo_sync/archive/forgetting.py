"""One conversation removed for good: its rows, its words in the indexes, and what the file's unused parts have of it.

Only its id stays, so that no listing brings it back, and what its credits cost. Must not know the lock, nor who asked.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from convo_sync.archive import derived, indexes, links, marks, merging, migrate, rescue, sqlite
from convo_sync.archive.transaction import Change, transaction
from convo_sync.errors import ArchiveError, ArchiveLocked, NothingFound, StorageFull
from convo_sync.records import ConversationId
from convo_sync.times import format_time

# The copies that upgrades leave beside an archive, and what is left of one that was killed.
_COPY = re.compile(r"\.v\d+(?:\.partial)?")
# Its row in `meta` stands there from the removal until the words are wiped.
_UNWIPED = "unwiped"
_UNFINISHED = "The meeting is forgotten, but there is no room to wipe its words out of unused parts of {}."


class Forgotten(NamedTuple):
    """How it ended. `is_new`: it was not forgotten before. `is_wiped`: False where another program keeps old pages.

    `copies`: files beside the archive that still have it; `unread`: those of which that is not known.
    """

    is_new: bool
    is_wiped: bool
    copies: tuple[Path, ...]
    unread: tuple[Path, ...]


def among(connection: sqlite.Connection, ids: Collection[ConversationId]) -> frozenset[ConversationId]:
    """Those of these conversations that are forgotten."""
    sql = "select 1 from forgotten where conversation_id = ?"
    return frozenset(id_ for id_ in ids if connection.execute(sql, (id_,)).fetchone())


def forget(
    path: Path, conversation_id: ConversationId, now: datetime, connect: sqlite.Connect | None = None
) -> Forgotten:
    """Remove a conversation, and wipe its words out of the file. The caller holds the writer's lock.

    Where it is killed on the way, or could not wipe, the same call goes on.

    Args:
        connect: how to connect; tests put their own in.

    Raises:
        NothingFound: the archive has no such conversation, and had none.
        StorageFull: it is removed, but there is no room to wipe; or it is as it was. The message says which.
    """
    path = path.resolve()  # copies and replies lie beside the file itself, whatever link leads there
    opened = migrate.open_or_create(path, now, connect, create=False)
    with sqlite.plain_errors(path), contextlib.closing(opened) as connection:
        connection.execute("pragma secure_delete = on")  # what is deleted from now on is overwritten
        with transaction(connection) as change:
            is_new = not among(connection, [conversation_id])
            if is_new:
                _remove(change, conversation_id, now)
            indexes.condense(change)
            connection.execute("insert or replace into meta (key, value) values (?, '1')", (_UNWIPED,))
        rescue.remove_lines(path, _lines(connection, conversation_id))
        is_wiped = _wipe(connection, path)
    copies, unread = _copies(path, conversation_id)
    return Forgotten(is_new, is_wiped, copies, unread)


def _remove(change: Change, conversation_id: ConversationId, now: datetime) -> None:
    connection = change.connection
    if connection.execute("select 1 from conversations where id = ?", (conversation_id,)).fetchone() is None:
        raise NothingFound(f"There is no conversation {conversation_id} in this archive.", "Run `convo-sync list`.")
    derived.remove_all(change, conversation_id)
    merging.note_deletions(change, "promises", marks.forget_numbers(change, conversation_id))
    links.remove(change, conversation_id)
    _remove_documents(change, conversation_id)
    for table in ("holdings", "sightings"):
        connection.execute(f"delete from {table} where conversation_id = ?", (conversation_id,))  # noqa: S608 - ours
    connection.execute("delete from conversations where id = ?", (conversation_id,))
    merging.note_deletions(change, "conversations", [(conversation_id,)])
    _strip_ledger(change, conversation_id)
    connection.execute(
        "insert into forgotten (conversation_id, forgotten_at, changed) values (?, ?, ?)",
        (conversation_id, format_time(now), change.number),
    )


def _remove_documents(change: Change, conversation_id: str) -> None:
    """With all their versions, which the feed calls by the document's key and their number."""
    connection = change.connection
    ids = "select id from documents where coalesce(conversation_id, '') = ?"  # as the index has it
    versions = f"""
        select d.conversation_id, d.kind, d.item, r.revision
        from revisions r
        join documents d on d.id = r.document_id
        where d.id in ({ids})
        order by r.id
    """  # noqa: S608 - our own words
    merging.note_deletions(change, "revisions", connection.execute(versions, (conversation_id,)).fetchall())
    connection.execute(f"delete from revisions where document_id in ({ids})", (conversation_id,))  # noqa: S608
    removed = "delete from documents where coalesce(conversation_id, '') = ? returning conversation_id, kind, item"
    merging.note_deletions(change, "documents", connection.execute(removed, (conversation_id,)).fetchall())


def _strip_ledger(change: Change, conversation_id: str) -> None:
    """Leave ids and money: no question, no words of a person or a server, no digest that would prove a guess."""
    connection = change.connection
    lines = "(select id from ledger where conversation_id = ?)"
    connection.execute(f"delete from _replies where ledger_id in {lines}", (conversation_id,))  # noqa: S608 - ours
    if _lines(connection, conversation_id):
        connection.execute(
            """
            update ledger
            set request = null, reason = 'forgotten', document_digest = null, transcript_digest = null,
                digest = iif(digest is null, null, ''),
                evidence = substr(evidence, 1, instr(evidence || ':', ':') - 1),
                changed = ?
            where conversation_id = ?
            """,
            (change.number, conversation_id),
        )


def _lines(connection: sqlite.Connection, conversation_id: str) -> Sequence[int]:
    sql = "select id from ledger where conversation_id = ?"
    return [id_ for (id_,) in connection.execute(sql, (conversation_id,)).fetchall()]


def finish(connection: sqlite.Connection, path: Path) -> None:
    """Wipe what an interrupted call left; nothing where none was. What stands against it is told by the next call."""
    if connection.execute("select 1 from meta where key = ?", (_UNWIPED,)).fetchone() is not None:
        with contextlib.suppress(ArchiveError, ArchiveLocked):
            connection.execute("pragma secure_delete = on")
            _wipe(connection, path)


def _wipe(connection: sqlite.Connection, path: Path) -> bool:
    """Write the file anew without its unused parts, and empty the WAL; False where a reader still needs old pages.

    What was deleted before `secure_delete` was on, an older version of the transcript say, is in unused parts as well.
    """
    try:
        with sqlite.plain_errors(path):
            connection.execute("vacuum")
            busy, _, _ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
            if not busy:
                connection.execute("delete from meta where key = ?", (_UNWIPED,))
    except StorageFull as full:
        raise StorageFull(_UNFINISHED.format(path), "Free some disk space, then run the same command again.") from full
    return not busy


def _copies(path: Path, conversation_id: str) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The copies beside the archive that have it, and those that cannot be read."""
    having, unread = [], []
    for copy in sorted(path.parent.iterdir()):
        if copy.name.startswith(path.name) and _COPY.fullmatch(copy.name[len(path.name) :]):
            try:
                with contextlib.closing(sqlite.open_copy(copy)) as connection:
                    found = connection.execute("select 1 from conversations where id = ?", (conversation_id,))
                    if found.fetchone() is not None:
                        having.append(copy)
            except (sqlite.Error, OSError):
                unread.append(copy)
    return tuple(having), tuple(unread)
