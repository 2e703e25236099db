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
from convo_sync.cli.output import look, say, typed
from convo_sync.cli.root import Setup
from convo_sync.cli.stopping import Stopped, stoppable, undisturbed
from convo_sync.client import Client
from convo_sync.config import Config, load
from convo_sync.credentials import find_key
from convo_sync.credits.balance import Balance
from convo_sync.credits.entries import PENDING, Standing, Wish
from convo_sync.errors import (
    ConvoSyncError,
    CreditsUsedUp,
    RateLimited,
    Refusal,
    ServerTrouble,
    TryLater,
    UsageError,
)
from convo_sync.lock import WriterLock
from convo_sync.records import HELD_KINDS, ConversationId, Kind, Progress
from convo_sync.render.command import show
from convo_sync.render.credits import left_in_words
from convo_sync.render.text import safe
from convo_sync.render.when import not_before
from convo_sync.sync import Meter, Options
from convo_sync.sync.by_hand import Hand
from convo_sync.sync.session import Session
from convo_sync.sync.spending import Result
from convo_sync.views import MeetingRow

# A sync lets others in between two documents, and one of its own generations may take minutes.
WAIT_SECONDS = 240.0
BY_HAND = "asked for by hand"
_FINDS_OUT = "The next `convo-sync sync`, an hour from now or later, finds out; `convo-sync credits` tells."


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
        raise UsageError(f"{what} may cost 1 AI credit, and there is nobody to ask.", "Add --yes to spend it.")
    try:
        return _agreed(setup, wish, what, yes=yes, over_cap=over_cap, again=again)
    except (KeyboardInterrupt, click.Abort):
        raise Stopped("Stopped. Nothing was spent.") from None
    except TryLater as parked:
        if parked.resume_at is not None:
            at = not_before(parked.resume_at, _now(), look())
            parked.next_step = f"Nothing was spent. Run the same command again at {at} or later."
        raise


def _agreed(setup: Setup, wish: Wish, what: str, *, yes: bool, over_cap: bool, again: bool) -> str | None:
    config = load(setup.config)
    if not yes:
        with _hand(setup, config, wish.kind) as hand:
            state = hand.terms(hand.complete(wish), config.credits, over_cap=over_cap)
        if state is None:
            return None
        _name_the_price(what, state, config)
        _ask()
    with _hand(setup, config, wish.kind) as hand:
        full = hand.complete(wish)
        # Others may have bought the same since it was looked for, and what a dead command had paid for may be there.
        if (item := hand.has(full, again=again)) is not None:
            return item
        state = hand.terms(full, config.credits, over_cap=over_cap)
        if state is None:
            return None
        if yes:
            _name_the_price(what, state, config)
        result = _spend(hand, full)
    if result.standing is Standing.FREE:
        return None
    return result.document.item if result.document else ""


def _name_the_price(what: str, state: Balance, config: Config) -> None:
    say(f"{what}: 1 AI credit. {left_in_words(state, config.credits)}")


def _ask() -> None:
    """Go on only where a person says so.

    Raises:
        Stopped: they say no.
        click.Abort: they leave.
    """
    try:
        agreed = click.confirm("Spend it?", err=True)
    except click.Abort:
        say("")  # the cursor stands behind the question
        raise
    if not agreed:
        raise Stopped("Nothing was spent.")


def _spend(hand: Hand, wish: Wish) -> Result:
    """Spend it; what comes of it, where it brought something."""
    try:
        return _required(hand.buy(wish), wish)
    except KeyboardInterrupt:
        standing = hand.standing()
        if standing in PENDING:
            raise Stopped("Stopped. Whether the credit was spent is not known yet.", _FINDS_OUT) from None
        if standing is Standing.SPENT:
            said = "Stopped. The credit was spent; what it bought is archived."
            raise Stopped(said, show(wish.conversation_id)) from None
        raise


def _asks() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _required(result: Result, wish: Wish) -> Result:
    """The result, where it brought something."""
    error = result.error
    if error is None:
        return result
    if result.standing is Standing.UNKNOWN:
        detail = error.detail if isinstance(error, ServerTrouble) else error.message
        lost = "" if wish.kind in HELD_KINDS else " If it was, what it bought is lost: it cannot be fetched again."
        raise ServerTrouble(
            detail,
            symptom="unknown_outcome",
            message=f"No usable answer came: {detail}. Whether the credit was spent is not known yet.{lost}",
            next_step=_FINDS_OUT,
        )
    if isinstance(error, TryLater):
        raise error
    raise Unspent(error, wish)


class Unspent(ConvoSyncError):
    """Convo refused, or was not reached; with the exit code of that."""

    def __init__(self, cause: ConvoSyncError, wish: Wish) -> None:
        said = f"Convo refused it: {cause.message}" if isinstance(cause, Refusal) else cause.message
        next_step = f"`{show(wish.conversation_id)}` says what the archive has of this meeting."
        if isinstance(cause, CreditsUsedUp):
            next_step = "`convo-sync credits` says until when the month goes."
        super().__init__(f"Nothing was spent. {said}", cause.next_step or next_step)
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
            except RateLimited as refused:
                meter.refused(refused.retry_after_seconds)
                raise meter.parked() from refused
            finally:
                with contextlib.suppress(ConvoSyncError):  # what was counted ahead of a request that was not sent
                    archive.save_budget(meter.settled())


def _tell(event: Progress) -> None:
    if event.event == "rescued":
        say(f"The archive could not take the reply; it is kept in {event.detail}, and read from there later.")


def _now() -> datetime:
    return datetime.now(UTC)
