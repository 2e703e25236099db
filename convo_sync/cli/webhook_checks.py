"""`doctor`'s check of where deliveries come in: only where config.toml has a receiver. It asks Convo nothing."""

from __future__ import annotations

from convo_sync import network
from convo_sync.cli.finding import Finding, ok, problem, skipped
from convo_sync.config import Config
from convo_sync.credentials import read_secret
from convo_sync.errors import ConfigurationError, ConvoSyncError, Offline

NAME = "webhook"
_SECONDS = 2.0
_CREATE = "convo-sync remote webhooks create"


def examine(config: Config | None, *, is_kept: bool) -> list[Finding]:
    """The receiver's line; none where there is no receiver. `is_kept`: whether a daemon runs, whose it is."""
    settings = config.webhooks if config else None
    if settings is None or settings.listen is None:
        return []
    host, port = settings.listen
    try:
        if not (settings.secret or read_secret(settings.secret_file)):
            return [problem(NAME, ConfigurationError("There is no secret yet: every delivery is refused.", _CREATE))]
        if not is_kept:
            return [skipped(NAME, "the daemon receives deliveries, and none keeps this archive")]
        network.connect(host, port, _SECONDS)
    except Offline:
        step = "`convo-sync service logs` says why: another program may have the port."
        return [problem(NAME, ConvoSyncError(f"A daemon runs, and nothing listens on {host}:{port}.", step))]
    except ConfigurationError as error:
        return [problem(NAME, error)]
    where = f", for {settings.public_url}" if settings.public_url else "; no public_url is set, so Convo has no address"
    return [ok(NAME, f"listens on {host}:{port}{where}")]
