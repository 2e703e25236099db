"""``convo-sync remote webhooks create``: registers one, and keeps its secret where nobody else reads it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import click

from convo_sync.cli.hand import Held
from convo_sync.cli.output import write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.webhooks_asking import as_json, asking
from convo_sync.config import Config, load
from convo_sync.config.webhooks import SECRET_FILE, Settings, read_public_url
from convo_sync.credentials import checked, write_file
from convo_sync.errors import ConfigurationError, ConvoSyncError, ServerTrouble, UsageError
from convo_sync.plan.hints import EVENTS
from convo_sync.records import Webhook
from convo_sync.render.text import safe


@click.command("create", epilog="Example: convo-sync remote webhooks create --url https://hooks.example.com/")
@click.option("--url", metavar="URL", help="Where Convo delivers to; by default public_url in [webhooks].")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(setup: Setup, url: str | None, json_wanted: bool) -> None:
    """Register a webhook for all events that a sync can use, and keep its secret in a file that only you can read.

    Convo shows the secret this once, and so it is never shown here. The file is secret_file in
    [webhooks], by default convo-webhook-secret beside config.toml. It takes two requests.
    """
    settings = _settings(setup, load(setup.config))
    target = _target(url, settings)
    with asking(setup, "create") as (held, _):
        _require_new(held, target)
        webhook = held.client.create_webhook(target, EVENTS)
        _keep(held, webhook, settings.secret_file)
    if json_wanted:
        write_json(as_json(webhook) | {"secret_file": str(settings.secret_file)})
    else:
        write_lines(_lines(webhook, settings))


def _settings(setup: Setup, config: Config) -> Settings:
    settings = config.webhooks or Settings(Path(os.path.abspath(setup.config)).parent / SECRET_FILE)
    if settings.secret is not None:
        raise ConfigurationError(
            f"{config.path} has the webhook's secret in it, so a new one cannot be kept.",
            f'Write secret_file = "{SECRET_FILE}" in its place, then run the same command again.',
        )
    if not os.access(settings.secret_file.parent, os.W_OK):  # asked first: Convo shows a secret once
        raise ConfigurationError(
            f"The secret cannot be kept: {settings.secret_file.parent} is not there, or cannot be written to.",
            "Correct secret_file in config.toml, or the folder's permissions.",
        )
    return settings


def _target(url: str | None, settings: Settings) -> str:
    if url is None and settings.public_url is None:
        step = "Add --url URL, or public_url under [webhooks] in config.toml; docs/webhooks.md shows a tunnel."
        raise UsageError("Where should Convo deliver to?", step)
    try:
        return read_public_url(url, Path()) if url is not None else str(settings.public_url)
    except ValueError as error:
        raise UsageError(f"--url {error}.") from None


def _require_new(held: Held, target: str) -> None:
    """Refuse a second webhook for the same address: its secret would replace the first one's."""
    same = next((each for each in held.client.list_webhooks() if each.url.rstrip("/") == target.rstrip("/")), None)
    if same is not None:
        raise ConfigurationError(
            f"There is a webhook for {safe(target)} already: {safe(same.id)}.",
            f"To replace it: convo-sync remote webhooks delete {safe(same.id)}, then create one.",
        )


def _keep(held: Held, webhook: Webhook, path: Path) -> None:
    """Keep the secret; where that fails, the webhook is of no use and is removed again."""
    try:
        if webhook.secret is None:
            raise ServerTrouble("the answer has no secret in it", symptom="wrong_shape")
        write_file(path, checked(webhook.secret, "Convo"))
    except ConvoSyncError as error:
        error.message = error.message.replace("The key", "The secret", 1).replace("API key", "webhook secret", 1)
        with contextlib.suppress(ConvoSyncError):
            held.client.delete_webhook(webhook.id)
        raise


def _lines(webhook: Webhook, settings: Settings) -> list[str]:
    lines = [
        f"Registered: Convo delivers to {safe(webhook.url)} ({safe(webhook.id)}).",
        f"Its secret is in {safe(str(settings.secret_file))}, which only you can read.",
    ]
    if settings.listen is None:
        lines.append('Nothing listens yet: add listen = "127.0.0.1:8766" under [webhooks] in config.toml,')
        lines.append("bring deliveries there by a tunnel, and restart the daemon.")
    return lines
