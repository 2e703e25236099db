"""One conversation changed at Convo because a person said so, and the archive made to say it at once.

Neither request is sent twice: where no answer came, the next listing tells what became of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from convo_sync.errors import ConvoSyncError, NotFound, NothingFound, Offline, Refusal, ServerTrouble
from convo_sync.plan import steps
from convo_sync.records import ConversationId, Known, Listing
from convo_sync.sync.account import check_account
from convo_sync.sync.excluder import Excluder
from convo_sync.sync.ports import Changing
from convo_sync.sync.session import Identity, Session

DELETED = "deleted by `remote delete`"
RENAMED = "renamed by `remote rename`"
_TELLS = "The next `convo-sync sync` tells."
# A connection that could not be made; any other trouble may have come after the request.
_UNSENT = frozenset(("refused", "no_dns", "tls", "connect_timeout", "pool", "proxy"))


class NotDone(ConvoSyncError):
    """Convo answered, and did not do it."""

    code = "not_done"


def rename(
    session: Session, remote: Changing, conversation_id: ConversationId, title: str, identity: Identity
) -> Listing:
    """Give it another title, and store the answered row as a listing would.

    Raises:
        NothingFound: the archive has no such conversation.
        ConfigurationError: the key is of another account, or the server is another.
        NotDone: Convo refused, or has no such request.
        ServerTrouble: no usable answer came; what became of it is not known.
    """
    known = _known(session, conversation_id)
    check_account(session, identity)
    with _plainly("renamed"):
        row = remote.rename(conversation_id, title)
        if row.id != conversation_id:
            raise ServerTrouble("the answer is of another meeting", symptom="wrong_shape")
    excluded = Excluder(session).reasons([row]).get(row.id, "")
    change = steps.take_row(known, row, session.now(), excluded)
    if change is not None:
        session.store.store_row(change, RENAMED, session.now(), session.meter.settled())
    return row


def delete(session: Session, remote: Changing, conversation_id: ConversationId, identity: Identity) -> None:
    """Delete it at Convo, and mark it as gone. Raises as `rename` does."""
    _known(session, conversation_id)
    check_account(session, identity)
    with _plainly("deleted"):
        remote.delete(conversation_id)
    session.store.mark_gone(conversation_id, DELETED, session.now(), session.meter.settled())


def _known(session: Session, conversation_id: ConversationId) -> Known:
    known = session.store.known([conversation_id]).get(conversation_id)
    if known is None:
        raise NothingFound(f"There is no conversation {conversation_id} in this archive.", "Run `convo-sync list`.")
    return known


@contextlib.contextmanager
def _plainly(done: str) -> Iterator[None]:
    """Turn what went wrong with the request into what it means for a person. `done`: renamed, deleted."""
    try:
        yield
    except NotFound as error:
        raise NotDone(
            f"Nothing was {done}: Convo answers that there is no such thing (HTTP {error.status}). It may not know "
            "this request, or not have the meeting any more: that answer proves nothing about the meeting.",
            "`convo-sync sync` finds out whether the meeting is still there; Convo's own app can do the same.",
        ) from error
    except Refusal as error:
        raise NotDone(f"Nothing was {done}: Convo refused it: {error.message}") from error
    except Offline as error:
        if error.symptom in _UNSENT:
            raise
        raise _unknown(error, done) from error
    except ServerTrouble as error:
        raise _unknown(error, done) from error


def _unknown(error: ServerTrouble, done: str) -> ServerTrouble:
    return ServerTrouble(
        error.detail,
        symptom="unknown_outcome",
        message=f"No usable answer came: {error.detail}. Whether the meeting was {done} is not known yet.",
        next_step=_TELLS,
    )
