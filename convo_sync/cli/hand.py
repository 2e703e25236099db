"""The archive and the API, held for one command that a person typed and waits for.

It takes the lock, the key and the hour's reserve, and knows nothing of what is asked.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from convo_sync.archive.write import Archive
from convo_sync.cli.output import look, say
from convo_sync.cli.root import Setup
from convo_sync.cli.stopping import stoppable
from convo_sync.client import Client
from convo_sync.config import Config
from convo_sync.credentials import digest, find_key
from convo_sync.errors import ConvoSyncError, RateLimited, TryLater
from convo_sync.lock import WriterLock
from convo_sync.plan.exclusion import Exclusion
from convo_sync.records import Progress
from convo_sync.render.when import not_before
from convo_sync.sync import Identity, Meter, Options
from convo_sync.sync.session import Session
from convo_sync.times import local

# A sync lets others in between two documents, and one of its own generations may take minutes.
WAIT_SECONDS = 240.0


class Held(NamedTuple):
    """What such a command works with."""

    session: Session
    client: Client
    identity: Identity


@contextlib.contextmanager
def held(setup: Setup, config: Config, command: str) -> Iterator[Held]:
    """Hold the archive; a sync that has it lets us in between two documents. `command`: what those who wait are told.

    Raises:
        ConvoSyncError: there is no key, or somebody else keeps the archive.
        TryLater: also where the hour is used up, its reserve included.
    """
    key = find_key(config).value
    lock = WriterLock(setup.archive, command).acquire(
        WAIT_SECONDS, lambda holder: say(f"Waiting for {holder} to let this in …")
    )
    with lock, Archive(setup.archive, _now(), create=False) as archive, stoppable():
        meter = Meter(archive.budget(), _now, archive.save_budget, typed=True)
        with Client(config.base_url, key, meter=meter) as client:
            session = Session(client, archive, meter, _now, Options(command), _tell, lambda: False)
            session.exclusion = lambda: Exclusion(config.exclude, local)
            try:
                yield Held(session, client, Identity(config.base_url, digest(key, archive.archive_id())))
            except RateLimited as refused:
                meter.refused(refused.retry_after_seconds)
                raise meter.parked() from refused
            finally:
                with contextlib.suppress(ConvoSyncError):  # what was counted ahead of a request that was not sent
                    archive.save_budget(meter.settled())


@contextlib.contextmanager
def when_parked(nothing: str) -> Iterator[None]:
    """Inside, an hour that is used up is told with when to try again. `nothing`: a sentence that says so."""
    try:
        yield
    except TryLater as parked:
        if parked.resume_at is not None:
            at = not_before(parked.resume_at, _now(), look())
            parked.next_step = f"{nothing} Run the same command again at {at} or later."
        raise


def asks() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin is not None and sys.stdin.isatty()


def _tell(event: Progress) -> None:
    if event.event == "rescued":
        say(f"The archive could not take the reply; it is kept in {event.detail}, and read from there later.")


def _now() -> datetime:
    return datetime.now(UTC)
