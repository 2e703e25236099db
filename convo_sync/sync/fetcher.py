"""Asks for documents, step by step, and commits each with the holding that follows from its answer.

What an answer means for a holding is decided in `plan.schedule`; this asks, commits and counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from convo_sync.errors import Forbidden, NotFound, Offline, Refusal, ServerTrouble
from convo_sync.plan import schedule, steps
from convo_sync.records import Document, Holding, Kind, Owed, State, Step
from convo_sync.sync.failures import Failed, Failures
from convo_sync.sync.session import Session

Todo = list[tuple[Owed, Step]]


class Fetcher:
    """The documents of one run. `vanished`: ids whose transcripts may prove a deletion."""

    def __init__(self, session: Session, vanished: Collection[str]) -> None:
        self._session = session
        self._vanished = vanished
        self._failures = Failures()
        self._forbidden: Counter[Kind] = Counter()
        self._tried: set[tuple[str, Kind]] = set()
        self._audited = 0
        self._testing = False
        self._given: set[Kind] = set()
        self._todo: Todo = []

    @property
    def down(self) -> Collection[Kind]:
        """The kinds of which no document came, though others did."""
        return self._failures.down

    def run(self) -> None:
        """Try every step that is due.

        Raises:
            ServerTrouble: the server failed.
        """
        self._try_all(audit=False)

    def audit(self) -> None:
        """Read again what was checked longest ago, if the run was asked to.

        Raises:
            ServerTrouble: the server failed, or all documents of one kind did; the others were tried.
        """
        if self._session.options.audit:
            self._try_all(audit=True)
        for trouble in self._failures.down.values():
            raise trouble

    def _try_all(self, *, audit: bool) -> None:
        self._todo, done = self._plan(audit=audit), 0
        while done < len(self._todo):
            if self._yielded():
                self._todo, done = self._plan(audit=audit), 0
                continue
            owed, step = self._todo[done]
            done += 1
            if self._skips(owed):
                continue
            self._fetch(owed, step)
            detail = f"{step.kind}: {step.reason}"
            self._session.report("step", step.conversation_id, detail, done=done, planned=len(self._todo))
        self._judge_the_last()

    def _yielded(self) -> bool:
        changed = self._session.yielded()
        if changed:
            self._failures.keep(self._is_as_it_was)  # what others wrote about them counts
        return changed

    def _is_as_it_was(self, holding: Holding) -> bool:
        known = self._session.store.known([holding.conversation_id]).get(holding.conversation_id)
        return known is not None and holding in known.holdings

    def _skips(self, owed: Owed) -> bool:
        """Whether a step has become needless since it was planned."""
        return (
            steps.key(owed) in self._tried
            or owed.conversation.id in self._session.tally.gone
            or owed.holding.kind in self._failures.down
        )

    def _plan(self, *, audit: bool) -> Todo:
        session = self._session
        due = session.store.due(session.now(), retry_failed=session.options.retry_failed)
        vanished = session.store.transcripts(self._vanished) if self._vanished else ()
        audited = session.store.least_recently_checked(2 * steps.AUDIT) if audit else ()
        by_key = {(each.holding.conversation_id, each.holding.kind): each for each in (*due, *audited, *vanished)}
        newest, audits = session.store.newest(steps.NEWEST), steps.AUDIT - self._audited
        planned = steps.plan(due, newest=newest, vanished=vanished, audit=audited, audits=audits)
        todo = [step for step in planned if (step.conversation_id, step.kind) not in self._tried]
        session.report("planned", planned=len(todo))
        return [(by_key[step.conversation_id, step.kind], step) for step in todo]

    def _fetch(self, owed: Owed, step: Step) -> None:
        self._tried.add((step.conversation_id, step.kind))
        self._audited += step.reason == steps.AUDITED
        try:
            document = self._session.remote.get_document(step.conversation_id, step.kind)
        except NotFound:
            self._not_found(owed)
        except Refusal as refusal:
            self._refused(owed, refusal)
        except Offline:
            raise
        except ServerTrouble as trouble:
            self._troubled(owed, trouble)
        else:
            if document is None or (document.is_empty and step.kind is not Kind.TRANSCRIPT):
                self._settle(schedule.after_absence(owed.holding, self._session.now()))
            else:
                self._received(owed, step, document)

    # -- what came

    def _received(self, owed: Owed, step: Step, document: Document) -> None:
        session, known = self._session, owed.conversation
        held = session.store.held_substance(step.conversation_id, step.kind)
        holding = schedule.after_document(owed.holding, known, document, session.now(), held=held)
        accepted = (
            holding.state is State.PRESENT and holding.next_try_at is None and owed.holding.digest == document.digest
        )
        better = schedule.replaces(document, held=held, listed=known.segment_count)
        self._given.add(step.kind)
        self._succeeded(step.kind)
        stored = session.store.store_document(
            document,
            holding,
            current=better or (accepted and not document.is_empty),
            cause=step.reason,
            run_id=session.run_id,
            now=session.now(),
            budget=session.meter.ahead(),
        )
        session.tally.fetched += stored
        session.tally.unchanged += not stored
        session.tally.pending += holding.state is State.PENDING

    def _succeeded(self, kind: Kind) -> None:
        self._forbidden[kind] = 0
        self._charge(self._failures.release())

    # -- what did not

    def _not_found(self, owed: Owed) -> None:
        session, conversation, holding = self._session, owed.conversation, owed.holding
        doubtful = conversation.missed_sweeps > 0 or conversation.suspect
        if not (doubtful and holding.kind is Kind.TRANSCRIPT and holding.digest is not None):
            self._settle(schedule.after_absence(holding, session.now()))
            return
        self._succeeded(holding.kind)
        evidence = f"{self._doubt(owed)}, and its transcript is not found any more"
        session.store.mark_gone(conversation.id, evidence, session.now(), session.meter.ahead())
        session.count_gone(conversation.id, evidence)

    def _doubt(self, owed: Owed) -> str:
        missing = owed.conversation.missed_sweeps > 0 or owed.conversation.id in self._vanished
        return "missing from a complete sweep" if missing else "reported as deleted by a webhook"

    def _settle(self, holding: Holding) -> None:
        self._succeeded(holding.kind)
        self._session.store.store_holdings([holding], self._session.meter.ahead())
        self._session.tally.pending += holding.state is State.PENDING
        self._session.tally.absent += holding.state is not State.PENDING

    def _refused(self, owed: Owed, refusal: Refusal) -> None:
        in_a_row = self._forbidden[owed.holding.kind] + isinstance(refusal, Forbidden)
        self._settle(self._after_refusal(owed, refusal))
        self._forbidden[owed.holding.kind] = in_a_row
        if in_a_row >= steps.FORBIDDEN and not self._testing and not self._was_ever_given(owed.holding.kind):
            self._give_up(owed.holding.kind, refusal)

    def _after_refusal(self, owed: Owed, refusal: Refusal) -> Holding:
        reason = f"{refusal.api_code}: {refusal.message}"
        count = owed.conversation.segment_count
        return schedule.after_refusal(owed.holding, reason, self._session.now(), segment_count=count)

    def _was_ever_given(self, kind: Kind) -> bool:
        """Whether the server gives this kind to this key as far as is known: then a 403 is of the item."""
        if kind in self._given:
            return True
        control = self._control(kind)
        if control is None:
            return False
        self._testing = True
        self._fetch(control, steps.control(control))
        self._testing = False
        return kind in self._given

    def _give_up(self, kind: Kind, refusal: Refusal) -> None:
        """The plan lacks this kind: put the rest of it off without asking."""
        session = self._session
        rest = [
            each
            for each in session.store.due(session.now(), retry_failed=session.options.retry_failed)
            if each.holding.kind is kind and (each.holding.conversation_id, kind) not in self._tried
        ]
        self._tried |= {(each.holding.conversation_id, kind) for each in rest}
        # Put off, but not asked: the audit still knows when they were.
        put_off = [replace(self._after_refusal(each, refusal), checked_at=each.holding.checked_at) for each in rest]
        session.store.store_holdings(put_off, session.meter.ahead())

    def _troubled(self, owed: Owed, trouble: ServerTrouble) -> None:
        self._failures.add(owed.holding, trouble)
        if self._failures.look_like_an_outage and not self._testing:
            self._test_the_server()

    def _test_the_server(self) -> None:
        """Ask for one document more; any answer of the API shows that the failures were their items' own.

        Raises:
            ServerTrouble: that one fails too.
        """
        session, control = self._session, self._control(self._failures.kind)
        if control is not None:
            self._testing = True
            self._fetch(control, steps.control(control))
            self._testing = False
            if not self._failures.held_back:
                return
            # The next test is of another: this one may be broken itself.
            passed = [replace(control.holding, checked_at=session.now())] if control.holding.checked_at else []
            session.store.store_holdings(passed, session.meter.ahead())
        ending = self._failures.outage()
        if ending is not None:
            raise ending

    def _control(self, kind: Kind | None) -> Owed | None:
        """One that the server was able to answer for before; where there is none, one from the end of what is owed."""
        before = self._came_before(kind)
        if before is not None:
            return before
        rest = [each for each, _ in self._todo if kind in (None, each.holding.kind) and not self._skips(each)]
        return rest[-1 - self._session.run_id % len(rest)] if rest else None

    def _came_before(self, kind: Kind | None) -> Owed | None:
        known = self._session.store.least_recently_checked(1 + len(self._tried), kind)
        return next((each for each in known if not self._skips(each)), None)

    def _judge_the_last(self) -> None:
        """The failures that no answer followed. One document that came before tells whose they are; else the items'.

        Raises:
            ServerTrouble: that one fails too.
        """
        if self._failures.held_back and self._came_before(self._failures.kind) is not None:
            self._test_the_server()
        self._charge(self._failures.release())

    def charge_failures(self) -> None:
        """The hour ends. One failure is its item's, or it would be first in every hour; several may be the server's."""
        failed = self._failures.release()
        self._charge(failed if len(failed) == 1 else ())

    def _charge(self, failed: Collection[Failed]) -> None:
        if not failed:
            return
        session = self._session
        paused = [schedule.after_trouble(holding, trouble.detail, session.now()) for holding, trouble in failed]
        session.store.store_holdings(paused, session.meter.ahead())
        session.tally.failed += len(paused)
        for holding in paused:
            session.report("failed", holding.conversation_id, f"{holding.kind}: {holding.reason}")
