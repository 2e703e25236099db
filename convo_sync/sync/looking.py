"""Asks for one document that may be free, before a credit is spent on it or to see what became of one.

It is a part of buying, and none of a run's plan: what fails here is told to the buyer, and charged to no item.
"""

from __future__ import annotations

from datetime import timedelta

from convo_sync.credits.fitness import Subject
from convo_sync.errors import KeyRefused, NotFound, Offline, Refusal, ServerTrouble
from convo_sync.plan import schedule
from convo_sync.records import Holding, Kind
from convo_sync.sync.session import Session

# What Convo said so short a time ago is not asked for again, unless it may have changed since: requests are few.
JUST = timedelta(minutes=5)


def was_just_asked(session: Session, holding: Holding) -> bool:
    """Whether Convo was asked for this document within minutes of now, before or after."""
    at = holding.checked_at
    return at is not None and abs(session.now() - at) < JUST


def look(session: Session, holding: Holding, subject: Subject) -> bool:
    """Ask for a document, which is free, and commit what that brings; whether an answer came."""
    known = subject.conversation
    try:
        document = session.remote.get_document(known.id, holding.kind)
    except NotFound:
        document = None
    except (Offline, KeyRefused):
        raise
    except (ServerTrouble, Refusal):
        return False
    if document is None or (document.is_empty and holding.kind is not Kind.TRANSCRIPT):
        absent = schedule.after_absence(holding, session.now())
        session.store.store_holdings([absent], session.meter.ahead())
        return True
    held = session.store.held_substance(known.id, holding.kind)
    stored = session.store.store_document(
        document,
        schedule.after_document(holding, known, document, session.now(), held=held),
        current=schedule.replaces(document, held=held, listed=known.segment_count),
        cause="before a credit is spent",
        run_id=session.run_id or None,
        now=session.now(),
        budget=session.meter.ahead(),
    )
    session.tally.fetched += stored
    session.tally.unchanged += not stored
    return True
