"""How the pieces of one answer become a document: numbered rows, and what every kind shares. Knows no kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from convo_sync.models.body import fingerprint, word
from convo_sync.records import ConversationId, Document, Kind
from convo_sync.times import normalise_time

Row = tuple[Any, ...]


def numbered(values: Iterable[Row], *key: str) -> tuple[Row, ...]:
    """Rows in the order received: the key, the 0-based position, then the values."""
    return tuple((*key, position, *value) for position, value in enumerate(values))


def document(
    conversation_id: ConversationId,
    kind: Kind,
    data: Mapping[str, Any],
    body: bytes,
    rows: Mapping[str, tuple[Row, ...]],
    dropped: int = 0,
    *,
    item: str = "",
    title: str | None = None,
    created_at: str | None = None,
    substance: int = 1,
) -> Document:
    """A document of `data`. `title` and `created_at` stand in where the data have none of their own."""
    own_title = word(data.get("title"))
    return Document(
        conversation_id,
        kind,
        fingerprint(data),
        body,
        rows,
        quarantined=dropped,
        item=item,
        title=title if own_title is None else own_title,
        created_at=normalise_time(word(data.get("createdAt"))) or created_at,
        substance=substance,
    )
