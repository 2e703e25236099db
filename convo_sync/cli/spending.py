"""What the commands that spend a credit by hand share: the price, the question, the lock, and how it ended.

What may be spent is decided in `credits`; how it is spent, in `sync`. It prints no document.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import click

from convo_sync.archive.read import Reader
from convo_sync.cli.hand import asks, held, when_parked
from convo_sync.cli.output import say, typed
from convo_sync.cli.root import Setup
from convo_sync.cli.stopping import Stopped, undisturbed
from convo_sync.config import Config, load
from convo_sync.credits.balance import Balance
from convo_sync.credits.entries import PENDING, Standing, Wish
from convo_sync.errors import (
    ConvoSyncError,
    CreditsUsedUp,
    Refusal,
    ServerTrouble,
    TryLater,
    UsageError,
)
from convo_sync.records import HELD_KINDS, ConversationId, Kind
from convo_sync.render.command import show
from convo_sync.render.credits import left_in_words
from convo_sync.render.text import safe
from convo_sync.sync.by_hand import Hand
from convo_sync.sync.spending import Result
from convo_sync.views import MeetingRow

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


class Bought(NamedTuple):
    """What the archive has now: the item of it, empty for key points and feedback; and what it took just now."""

    item: str
    credits: int  # 0 where it was archived meanwhile, or Convo had it already


def buy(setup: Setup, wish: Wish, what: str, *, yes: bool, over_cap: bool, again: bool = False) -> Bought:
    """Name the price, ask, and spend one credit, unless it turns out that nothing need be spent.

    Args:
        what: what is bought, as in “key points of Kickoff”.
        yes: do not ask.
        again: buy another answer or e-mail although the archive has one.

    Raises:
        ConvoSyncError: nothing was bought; the message says what may have been spent.
    """
    if not (yes or asks()):
        raise UsageError(f"{what} may cost 1 AI credit, and there is nobody to ask.", "Add --yes to spend it.")
    try:
        with when_parked("Nothing was spent."):
            return _agreed(setup, wish, what, yes=yes, over_cap=over_cap, again=again)
    except (KeyboardInterrupt, click.Abort):
        raise Stopped("Stopped. Nothing was spent.") from None


def _agreed(setup: Setup, wish: Wish, what: str, *, yes: bool, over_cap: bool, again: bool) -> Bought:
    config = load(setup.config)
    if not yes:
        with _hand(setup, config, wish.kind) as hand:
            state = hand.terms(hand.complete(wish), config.credits, over_cap=over_cap)
        if state is None:
            return Bought("", 0)
        _name_the_price(what, state, config)
        _ask()
    with _hand(setup, config, wish.kind) as hand:
        full = hand.complete(wish)
        # Others may have bought the same since it was looked for, and what a dead command had paid for may be there.
        if (item := hand.has(full, again=again)) is not None:
            return Bought(item, 0)
        state = hand.terms(full, config.credits, over_cap=over_cap)
        if state is None:
            return Bought("", 0)
        if yes:
            _name_the_price(what, state, config)
        result = _spend(hand, full)
    item = result.document.item if result.document else ""
    return Bought(item, int(result.standing is not Standing.FREE))


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
    with held(setup, config, f"convo-sync credits ({kind})") as (session, client, identity):
        session.paid, session.undisturbed = client, undisturbed
        yield Hand(session, identity.base_url)
