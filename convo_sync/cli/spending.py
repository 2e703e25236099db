"""What the commands that spend a credit by hand share: the price, the question, the lock, and how it ended.

What may be spent is decided in `credits`; how it is spent, in `sync`. It prints no document.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import click

from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.cli.output import say, typed
from convo_sync.cli.root import Setup
from convo_sync.cli.stopping import Stopped, stoppable, undisturbed
from convo_sync.client import Client
from convo_sync.config import Config, load
from convo_sync.credentials import find_key
from convo_sync.credits.entries import Standing, Wish
from convo_sync.errors import ConvoSyncError, ServerTrouble, UsageError
from convo_sync.lock import WriterLock
from convo_sync.records import ConversationId, Kind, Progress
from convo_sync.render.credits import left_in_words
from convo_sync.render.text import safe
from convo_sync.sync import Meter, Options
from convo_sync.sync.by_hand import Hand
from convo_sync.sync.session import Session
from convo_sync.sync.spending import Result
from convo_sync.views import MeetingRow

# A sync lets others in between two documents, and one of its own generations may take minutes.
WAIT_SECONDS = 240.0
BY_HAND = "asked for by hand"
FINDS_OUT = "The next `convo-sync sync`, an hour from now or later, finds out; `convo-sync credits` tells."


def meeting(setup: Setup, name: str) -> MeetingRow:
    """The conversation that an id, or the beginning of one, names.

    Raises:
        NothingFound: there is none, or several begin so.
    """
    with Reader(setup.archive_file) as archive:
        return archive.meeting(typed(name)).row


def named(row: MeetingRow) -> str:
    """A meeting within a sentence."""
    return f"“{safe(row.title)}”" if row.title else row.id


def wish_for(row: MeetingRow, kind: Kind, *, force: bool = False, request: str | None = None) -> Wish:
    """What a person wants of a conversation. What is held is filled in when the archive is held."""
    return Wish(ConversationId(row.id), kind, None, BY_HAND, force=force, request=request)


def before(setup: Setup, wish: Wish) -> str | None:
    """The item that the same wish brought before, about the same transcript; None where it brought none."""
    with Reader(setup.archive_file) as archive:
        sight = archive.credits()
        subject = sight.subjects((Kind.KEYPOINTS,), wish.conversation_id)
        asked = replace(wish, transcript_digest=subject[0].transcript_digest if subject else None)
        return sight.answered(asked)


def buy(setup: Setup, wish: Wish, what: str, *, yes: bool, over_cap: bool, again: bool = False) -> str | None:
    """Name the price, ask, and spend one credit; the item of what came, empty for key points and feedback.

    None where Convo had the document already and gave it for nothing.

    Args:
        what: what is bought, as in “key points of Kickoff”.
        yes: do not ask.
        again: buy another answer or e-mail although the archive has one.

    Raises:
        ConvoSyncError: nothing was bought; the message says what may have been spent.
    """
    if not (yes or _asks()):
        raise UsageError(f"{what} would cost 1 AI credit, and there is nobody to ask.", "Add --yes to spend it.")
    config = load(setup.config)
    if not yes:
        with _hand(setup, config, wish.kind) as hand:
            state = hand.terms(hand.complete(wish), config.credits, over_cap=over_cap)
        if state is None:
            return None
        say(f"{what}: 1 AI credit. {left_in_words(state, config.credits)}")
        if not click.confirm("Spend it?", err=True):
            raise click.Abort
    with _hand(setup, config, wish.kind) as hand:
        full = hand.complete(wish)
        # Others may have bought the same since it was looked for, and what a dead command had paid for may be there.
        if (item := hand.has(full, again=again)) is not None:
            return item
        state = hand.terms(full, config.credits, over_cap=over_cap)
        if state is None:
            return None
        if yes:
            say(f"{what}: 1 AI credit. {left_in_words(state, config.credits)}")
        result = _required(_bought(hand, full), wish, what)
    if result.standing is Standing.FREE:
        return None
    return result.document.item if result.document else ""


def _bought(hand: Hand, wish: Wish) -> Result:
    try:
        return hand.buy(wish)
    except KeyboardInterrupt:
        raise Stopped(
            "Stopped while the answer was waited for: whether the credit was spent is not known yet.", FINDS_OUT
        ) from None


def _asks() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _required(result: Result, wish: Wish, what: str) -> Result:
    """The result, where it brought something."""
    if result.error is None:
        return result
    if result.standing is Standing.UNKNOWN:
        detail = result.error.detail if isinstance(result.error, ServerTrouble) else result.error.message
        lost = " An answer that was lost cannot be fetched again." if wish.request else ""
        raise ServerTrouble(
            detail,
            symptom="unknown_outcome",
            message=f"No answer came ({detail}). Whether the credit was spent is not known yet.{lost}",
            next_step=FINDS_OUT,
        )
    raise Unspent(f"{what}: nothing was spent. {result.error.message}", result.error)


class Unspent(ConvoSyncError):
    """A refusal, with the exit code of its cause."""

    def __init__(self, message: str, cause: ConvoSyncError) -> None:
        super().__init__(message, cause.next_step)
        self.exit_code, self.code = cause.exit_code, cause.code


@contextlib.contextmanager
def _hand(setup: Setup, config: Config, kind: Kind) -> Iterator[Hand]:
    """Hold the archive; a sync that has it lets us in between two documents."""
    key = find_key(config)
    lock = WriterLock(setup.archive, f"convo-sync credits ({kind})")
    with (
        lock.acquire(WAIT_SECONDS, lambda holder: say(f"Waiting for {holder} to let this in …")),
        Archive(setup.archive, _now()) as archive,
        stoppable(),
    ):
        meter = Meter(archive.budget(), _now, archive.save_budget, typed=True)
        with Client(config.base_url, key.value, meter=meter) as client:
            session = Session(client, archive, meter, _now, Options("credits"), _tell, lambda: False)
            session.paid, session.undisturbed = client, undisturbed
            try:
                yield Hand(session, config.base_url)
            finally:
                archive.save_budget(meter.settled())


def _tell(event: Progress) -> None:
    if event.event == "rescued":
        say(f"The archive could not take the reply; it is kept in {event.detail}, and read from there later.")


def _now() -> datetime:
    return datetime.now(UTC)
