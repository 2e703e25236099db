"""Answers and e-mails: what exists only in the reply that was paid for. Knows no credits and no network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from convo_sync.models.body import NotTheApi, fingerprint, word
from convo_sync.models.fields import Model, read_counting
from convo_sync.models.rows import document, numbered
from convo_sync.models.shapes import Answer, AnswerMetadata, Email
from convo_sync.records import ConversationId, Document, Kind
from convo_sync.times import normalise_time

_M = TypeVar("_M", bound=Model)

# Where a reply carries no id of its own, the start of its digest tells it apart: 64 bits.
_DIGEST_PREFIX = 16


def read_answer(conversation_id: ConversationId, data: dict[str, Any], body: bytes) -> Document:
    """Read the `data` of ``POST …/query``.

    Raises:
        NotTheApi: there is no response in it.
    """
    read, dropped = _read(Answer, data, Kind.ANSWER)
    item, basis = _item(conversation_id, data), read.metadata or AnswerMetadata()
    answer = (
        conversation_id, item, read.query or "", read.response, basis.segments_analyzed, basis.conversation_duration,
    )  # fmt: skip
    suggested = numbered([(text,) for text in read.suggested_queries], conversation_id, item)
    rows = {"answers": (answer,), "suggested_queries": suggested}
    return document(conversation_id, Kind.ANSWER, data, body, rows, dropped, item=item, title=read.query)


def read_email(conversation_id: ConversationId, data: dict[str, Any], body: bytes) -> Document:
    """Read the `data` of ``POST …/email``.

    Raises:
        NotTheApi: there is no text in it.
    """
    read, dropped = _read(Email, data, Kind.EMAIL)
    item, created = _item(conversation_id, data), normalise_time(read.generated_at)
    points = [("key_point", text) for text in read.key_points] + [("action_item", text) for text in read.action_items]
    rows = {
        "emails": ((conversation_id, item, read.subject or "", read.body, created),),
        "email_points": numbered(points, conversation_id, item),
    }
    return document(
        conversation_id, Kind.EMAIL, data, body, rows, dropped, item=item, title=read.subject, created_at=created
    )


def _read(model: type[_M], data: dict[str, Any], kind: Kind) -> tuple[_M, int]:
    try:
        return read_counting(model, data)
    except ValidationError as error:
        raise NotTheApi(f"the answer is no {kind}") from error


def _item(conversation_id: str, data: Mapping[str, Any]) -> str:
    # The contract does not say whose id it is: the conversation's would make one reply overwrite another.
    own = word(data.get("id"))
    return own if own and own != conversation_id else fingerprint(data)[:_DIGEST_PREFIX]
