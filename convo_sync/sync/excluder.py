"""Keeps private meetings from being asked for: applies the configuration's rules to the archive, and to listed rows.

What a rule takes is decided in `plan.exclusion`; this reads, asks it and commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from convo_sync.errors import ConfigurationError
from convo_sync.plan.exclusion import Exclusion, differing, settled
from convo_sync.records import Candidate, ConversationId, Listing
from convo_sync.sync.session import Session


class Excluder:
    """The exclusions of one run. The rules are read at its beginning, and anew where others wrote meanwhile."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._exclusion: Exclusion | None = None

    def run(self) -> None:
        """Make the holdings say what the rules do now. Nothing is written where they do already.

        Raises:
            ConfigurationError: the rules cannot be read at the beginning.
        """
        self._session.reread = self._reread
        self._exclusion = self._session.exclusion()
        self._apply()

    def relinked(self) -> None:
        """Apply the rules anew where they ask who was invited: meetings are linked with other events now."""
        if self._rules.needs_people:
            self._apply()

    def _reread(self) -> None:
        try:
            self._exclusion = self._session.exclusion()
        except ConfigurationError as error:  # the rules that held so far hold on
            self._session.report("config", detail=f"config.toml was not read again: {error.message}")
        self._apply()

    @property
    def _rules(self) -> Exclusion:
        if self._exclusion is None:
            self._exclusion = self._session.exclusion()
        return self._exclusion

    def reasons(self, rows: Collection[Listing]) -> Mapping[ConversationId, str]:
        """Conversation -> why nothing of it is asked for, of those listed rows that are excluded."""
        return self._reasons(self._as_linked(rows)) if self._rules.rules else {}

    def _as_linked(self, rows: Collection[Listing]) -> Collection[Listing]:
        """The rows with the events that the archive links them with, as it has them for its own."""
        diary = self._session.diary
        if diary is None or not self._rules.needs_people:
            return rows
        linked = diary.events_of({row.id for row in rows})
        return [replace(row, calendar_event_id=linked.get(row.id, row.calendar_event_id)) for row in rows]

    def _reasons(self, found: Collection[Listing] | Collection[Candidate]) -> dict[ConversationId, str]:
        return self._rules.reasons(found, self._people(each.calendar_event_id for each in found))

    def _people(self, event_ids: Iterable[str | None]) -> Mapping[str, Collection[str]]:
        if not self._rules.needs_people:
            return {}
        return self._session.store.invited({each for each in event_ids if each})

    def _apply(self) -> None:
        session = self._session
        candidates = session.store.candidates(excluded_only=not self._rules.rules)
        why = self._reasons(candidates)
        wrong = [each.id for each in candidates if (each.others if each.id in why else each.excluded)]
        changed = [
            holding
            for id_, known in session.store.known(wrong).items()
            for holding in differing(
                known.holdings, settled(known.conversation, known.holdings, why.get(id_, ""), session.now())
            )
        ]
        if changed:
            session.store.store_holdings(changed, session.meter.ahead())
