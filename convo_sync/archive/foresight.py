"""What a run would ask for besides the list, as far as the archive can tell, under the rules as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from convo_sync.archive import owed, sqlite
from convo_sync.plan import steps
from convo_sync.plan.exclusion import Exclusion, settled
from convo_sync.records import ConversationId, Owed, Step


def excluded(connection: sqlite.Connection, exclusion: Exclusion) -> Mapping[ConversationId, str]:
    """Conversation -> why nothing of it is asked for, of those that the rules take, whatever its holdings say yet."""
    if not exclusion.rules:
        return {}
    candidates = owed.candidates(connection, excluded_only=False)
    events = {each.calendar_event_id for each in candidates if each.calendar_event_id}
    return exclusion.reasons(candidates, owed.invited(connection, events) if exclusion.needs_people else {})


def next_steps(
    connection: sqlite.Connection, now: datetime, exclusion: Exclusion | None, *, audit: bool
) -> Sequence[Step]:
    """The steps of a run that began now, in order; without an `exclusion`, by the holdings alone."""
    why: Mapping[ConversationId, str] = {}
    due = list(owed.due(connection, now, retry_failed=True))
    if exclusion is not None:
        why = excluded(connection, exclusion)
        due += _no_longer_excluded(connection, why, now)
    oldest = owed.least_recently_checked(connection, 2 * steps.AUDIT, None) if audit else ()
    return steps.plan(
        [each for each in due if each.conversation.id not in why],
        newest=owed.newest(connection, steps.NEWEST),
        audit=[each for each in oldest if each.conversation.id not in why],
    )


def _no_longer_excluded(
    connection: sqlite.Connection, why: Mapping[ConversationId, str], now: datetime
) -> Iterator[Owed]:
    for candidate in owed.candidates(connection, excluded_only=True):
        if candidate.id in why:
            continue
        for held in owed.everything(connection, candidate.id):
            for holding in settled(held.conversation, [held.holding], "", now):
                if holding != held.holding and holding.next_try_at is not None and holding.next_try_at <= now:
                    yield Owed(held.conversation, holding)
