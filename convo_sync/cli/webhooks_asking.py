"""What the commands about webhooks share: the archive's account and hour, and Convo's refusals in plain words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from convo_sync.archive.read import Reader
from convo_sync.cli.changing import IN_DOUBT
from convo_sync.cli.hand import Held, held, when_parked
from convo_sync.cli.root import Setup
from convo_sync.cli.stopping import Stopped
from convo_sync.config import Config, load
from convo_sync.errors import ConvoSyncError, Forbidden, NotFound, Offline, ServerTrouble
from convo_sync.records import Webhook
from convo_sync.render.text import safe
from convo_sync.sync.account import check_account

LIST = "convo-sync remote webhooks list"
_WITHOUT = "Without one, each sync finds the same, later."
_PLANS = f"Starter has no webhooks, Professional three: see `{LIST}`. {_WITHOUT}"
_NO_LIST = f"Starter has no webhooks, Professional three. {_WITHOUT}"


@contextlib.contextmanager
def asking(setup: Setup, what: str) -> Iterator[tuple[Held, Config]]:
    """Hold the archive, whose account and hour it is, for requests about webhooks. `what`: list, create, delete, test.

    Raises:
        ConvoSyncError: also where Convo refuses; told plainly.
    """
    with Reader(setup.archive_file):  # where there is no archive, none is made
        pass
    config = load(setup.config)
    try:
        with when_parked("Nothing was sent."), held(setup, config, f"convo-sync remote webhooks {what}") as each:
            check_account(each.session, each.identity)
            with _plainly(what):
                yield each, config
    except KeyboardInterrupt:
        raise Stopped(IN_DOUBT, f"See: {LIST}") from None


@contextlib.contextmanager
def _plainly(what: str) -> Iterator[None]:
    try:
        yield
    except Forbidden as error:
        _say(error, f"Convo refuses: {error.message}", _NO_LIST if what == "list" else _PLANS)
        raise
    except NotFound as error:
        _say(error, "Convo answers that there is no such webhook, or knows no such request (HTTP 404).", f"See: {LIST}")
        raise
    except Offline:
        raise
    except ServerTrouble as error:
        if what != "list":
            _say(error, f"No usable answer came: {error.detail}. It may have been done all the same.", f"See: {LIST}")
        raise


def _say(error: ConvoSyncError, message: str, next_step: str) -> None:
    error.message, error.next_step = safe(message), next_step


def as_json(webhook: Webhook) -> dict[str, object]:
    """One webhook, never with its secret."""
    created = webhook.created_at.isoformat() if webhook.created_at else None
    return {"id": webhook.id, "url": webhook.url, "events": list(webhook.events), "created_at": created}
