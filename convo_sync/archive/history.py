"""Every version that the archive has of one conversation's documents: when and why it came, and what it changed.

It only reads. Each version is read from its stored body, as it was when it came; derived tables play no part.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from convo_sync import models
from convo_sync.archive import conversations, said, sqlite, unfit
from convo_sync.briefs import History, Line, Revision
from convo_sync.comparing import compare, count_words
from convo_sync.records import ConversationId, Kind

KINDS = tuple(kind.value for kind in Kind if kind is not Kind.EVENT)  # an event belongs to no conversation

_VERSIONS = """
    select d.id, d.kind, d.item, d.title, r.revision, r.revision = d.revision, r.fetched_at,
        coalesce(l.reason, r.cause), l.id is not null, l.rule, r.digest, r.body
    from documents d
    join revisions r on r.document_id = d.id
    left join ledger l on l.id = r.ledger_id
    join json_each(?2) k on k.value = d.kind
    where coalesce(d.conversation_id, '') = ?1
    order by k.key, d.id, r.revision
"""


class _Version(NamedTuple):
    """A row of the query. `is_made`: the ledger has a line for it; then `reason` is that line's."""

    document_id: int
    kind: str
    item: str
    title: str | None
    revision: int
    is_current: int
    fetched_at: str
    reason: str
    is_made: int
    rule: str | None
    digest: str
    body: bytes


def history(path: Path | str, name: str, kinds: Collection[str] = KINDS) -> History:
    """The versions of a conversation's documents, by kind in the order of `KINDS`, oldest first.

    Args:
        name: its id, or the beginning of it.
        kinds: of `KINDS`.

    Raises:
        NothingFound: there is no such conversation, or several begin so.
        ArchiveMissing, ArchiveUnfit: there is no archive, or of another version.
    """
    with sqlite.plain_reads(path), contextlib.closing(sqlite.open_for_reading(path)) as connection:
        if (version := sqlite.check_version(connection, path)) < sqlite.SCHEMA_VERSION:
            raise unfit.older(version, path)
        with sqlite.snapshot(connection):
            meeting = conversations.named(connection, name)
            wanted = json.dumps([kind for kind in KINDS if kind in kinds])
            rows = connection.execute(_VERSIONS, (meeting.id, wanted))
            versions = (_Version(*row) for row in rows)
            return History(meeting, tuple(_compared(ConversationId(meeting.id), versions)))


def _compared(conversation_id: ConversationId, versions: Iterator[_Version]) -> Iterator[Revision]:
    """Each version beside the one before it, two at a time in memory."""
    document_id, before = -1, None
    for version in versions:
        is_first = version.document_id != document_id
        lines, why = _read(conversation_id, version)
        change = None if is_first or before is None or lines is None else compare(before, lines)
        yield Revision(
            version.kind,
            version.item,
            version.title,
            version.revision,
            bool(version.is_current),
            version.fetched_at,
            _cause(version),
            version.reason,
            version.rule,
            None if lines is None else count_words(lines),
            change,
            why,
        )
        document_id, before = version.document_id, lines


def _cause(version: _Version) -> str:
    if not version.is_made:
        return "found"
    return "hand" if version.rule is None else "rule"


def _read(conversation_id: ConversationId, version: _Version) -> tuple[tuple[Line, ...] | None, str | None]:
    """What a version says; or None, and why that cannot be told."""
    try:
        kind, body = Kind(version.kind), zlib.decompress(version.body)
        document = models.read_stored(conversation_id, kind, body)
        if document is None or (document.digest, document.item) != (version.digest, version.item):
            return None, "its body is not the one that was received"
        row = models.read_stored_row(body) if kind is Kind.LISTING else None
        return said.lines(document, row.data if row else None), None
    except (ValueError, zlib.error) as error:
        return None, str(error)
