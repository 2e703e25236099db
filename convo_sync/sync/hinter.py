"""Acts upon what webhooks said: what they named is due in this run, and what they called deleted is doubted.

What an event means is decided in `plan.hints`; this reads the inbox, asks it and commits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from convo_sync.errors import ConvoSyncError
from convo_sync.plan import hints
from convo_sync.plan.hints import Hint
from convo_sync.records import ConversationId
from convo_sync.sync.session import Session


class Hinter:
    """The hints of one run: those that waited at its beginning. Those that come during it are the next one's."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._hints: Sequence[Hint] = ()

    def begin(self) -> None:
        """Before the list is read: doubt those that are said to be deleted. The list clears those that it shows."""
        session = self._session
        if session.inbox is None:
            return
        try:
            self._hints = session.inbox.waiting()
        except ConvoSyncError as error:  # the list tells the same, later
            session.report("inbox", detail=f"webhook deliveries could not be read: {error.message}")
        said = hints.suspects(self._hints)
        if said:
            session.store.suspect(said, session.meter.ahead())

    def run(self) -> None:
        """After the list was read: make due what was named. A hint about a conversation that is not known ends here."""
        if not self._hints or self._session.inbox is None:
            return
        session, about = self._session, defaultdict[ConversationId, list[Hint]](list)
        for hint in self._hints:
            if hint.conversation_id is not None:
                about[hint.conversation_id].append(hint)
        now, known = session.now(), session.store.known(about.keys())
        due = [holding for id_, each in known.items() for holding in hints.owed(each, about[id_], now)]
        if due:
            session.store.store_holdings(due, session.meter.ahead())
        self._settle()

    def _settle(self) -> None:
        """What they led to is committed. Where this fails, the next run is led to the same."""
        session = self._session
        try:
            if session.inbox is not None:
                session.inbox.done([hint.id for hint in self._hints])
        except ConvoSyncError as error:
            session.report("inbox", detail=f"webhook deliveries could not be marked as done: {error.message}")
