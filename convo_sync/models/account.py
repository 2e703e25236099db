"""The account behind the key: its profile and its webhooks. Knows no credentials."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, ValidationError

from convo_sync.models.body import NotTheApi, part, read_envelope, word
from convo_sync.models.fields import Model, Text, Texts, read_count
from convo_sync.models.listing import instant
from convo_sync.records import Account, Webhook


class _Webhook(Model):
    id: Annotated[str, Field(min_length=1)]
    url: Text = None
    events: Texts = ()
    created_at: Text = None
    secret: Text = None


def read_profile(body: bytes) -> Account:
    """Read ``GET /user/profile``.

    Raises:
        NotTheApi: there is no e-mail in it, which names the account.
    """
    data = read_envelope(body).get("data")
    profile, subscription, usage = (part(data, name) for name in ("profile", "subscription", "apiUsage"))
    email, credits = word(profile.get("email")), part(usage, "aiGenerations")
    if not email:
        raise NotTheApi("the profile names no e-mail address")
    return Account(
        email=email,
        name=word(profile.get("name")) or "",
        tier=word(subscription.get("tier")) or "unknown",
        timezone=word(profile.get("timezone")) or "",
        credits_used=read_count(credits.get("used")),
        credits_limit=read_count(credits.get("limit")),
        credits_reset_at=instant(word(credits.get("resetsAt"))),
        credits_remaining=read_count(credits.get("remaining")),
        language=word(profile.get("language")),
        picture_url=word(profile.get("profilePictureUrl")),
        created_at=instant(word(profile.get("createdAt"))),
        subscription_status=word(subscription.get("status")),
        period_end=instant(word(subscription.get("currentPeriodEnd"))),
    )


def read_webhooks(body: bytes) -> tuple[Webhook, ...]:
    """Read ``GET /webhooks``; what has no id is left out.

    Raises:
        NotTheApi: there is no list in it.
    """
    rows = read_envelope(body).get("data")
    if not isinstance(rows, list):
        raise NotTheApi("the list of webhooks is missing from the answer")
    read = (_webhook(row) for row in rows)
    return tuple(each for each in read if each)


def read_webhook(body: bytes) -> Webhook:
    """Read the answer of ``POST /webhooks``, the only one that carries the secret.

    Raises:
        NotTheApi: there is no webhook in it.
    """
    webhook = _webhook(read_envelope(body).get("data"))
    if webhook is None:
        raise NotTheApi("the webhook is missing from the answer")
    return webhook


def _webhook(data: Any) -> Webhook | None:
    try:
        read = _Webhook.model_validate(data)
    except ValidationError:
        return None
    return Webhook(read.id, read.url or "", read.events, instant(read.created_at), read.secret)
