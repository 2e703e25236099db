"""Which generations the rules buy now, and why the others are not bought. Pure: books, rules, holdings, time in.

Rules in their order, within a rule the newest meeting first; each generation costs one credit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile

from convo_sync.credits.balance import Balance, Books, balance
from convo_sync.credits.entries import NOT_SENT, UNPROVEN, USED_UP, Entry, Standing, Wish
from convo_sync.credits.fitness import Subject, filtered, impossible, not_offered, unripe, wants
from convo_sync.credits.rules import Rule, Settings, When
from convo_sync.records import Kind

PRICE = 1
# After so many refusals in a row, of one document, the next attempt waits.
PAUSES = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7))


@dataclass(frozen=True, slots=True)
class Generation:
    """One that is bought."""

    wish: Wish
    title: str
    start_time: datetime
    price: int = PRICE


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One that a rule's `when` would have, and why it is not bought."""

    subject: Subject
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What is bought, in order, and what is not. `blocked`: why rules buy nothing at all; empty where they may."""

    generations: tuple[Generation, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    blocked: str = ""


def decide(
    settings: Settings,
    books: Books,
    subjects: Iterable[Subject],
    now: datetime,
    *,
    presume_missing: bool = False,
    presume_money: bool = False,
) -> Decision:
    """What the rules buy at `now`, a server's time.

    Args:
        presume_missing: take what was never asked for as missing at the server, as a forecast of the next run does.
        presume_money: leave cap, keep and what is left on the account aside: what would be bought if there were any.
    """
    if not settings.rules:
        return Decision(blocked="no rule in config.toml spends credits")
    if settings.monthly_cap is None:
        return Decision(blocked="[credits] monthly_cap is not set, so rules spend nothing")
    newest = sorted(subjects, key=lambda each: (each.conversation.start_time, each.conversation.id), reverse=True)
    clerk = _Clerk(settings, books, now, presume_missing=presume_missing, presume_money=presume_money)
    for rule in settings.rules:
        for subject in newest:
            if subject.holding.kind is rule.generate:
                clerk.consider(rule, subject)
    return Decision(tuple(clerk.bought.values()), tuple(clerk.refused.values()), held_up(clerk.balance))


def held_up(state: Balance) -> str:
    """Why rules may buy nothing now, whatever it is; empty where nothing is in the way."""
    if state.pending:
        return "the outcome of an earlier generation is not known yet"
    if state.used_up_until is not None:
        return "Convo says that this month's credits are used up"
    return ""


def objection(settings: Settings, state: Balance, *, over_cap: bool = False) -> str:
    """Why not one more credit may be spent, by rule or by hand; empty where it may."""
    if state.used is None or (state.resets_at is None and not state.is_turned):
        return "Convo does not say how many credits are used, and until when"
    if not over_cap and settings.monthly_cap is not None and state.own >= settings.monthly_cap:
        return f"monthly_cap ({settings.monthly_cap}) is reached"
    if state.left is not None and state.left < PRICE:
        return "no credit is left on the account"
    if state.left is not None and state.left - PRICE < settings.keep:
        return f"{state.left} left on the account, and keep is {settings.keep}"
    return ""


class _Clerk:
    """Goes through the candidates, and counts what each purchase leaves for the next."""

    def __init__(
        self, settings: Settings, books: Books, now: datetime, *, presume_missing: bool, presume_money: bool
    ) -> None:
        self._settings, self._now = settings, now
        self._presume_missing, self._presume_money = presume_missing, presume_money
        self.balance = balance(books, now)
        self._spent: Counter[str | None] = Counter(self.balance.by_rule)
        self._entries: dict[tuple[str, Kind], list[Entry]] = {}
        for entry in books.entries:
            self._entries.setdefault((entry.wish.conversation_id, entry.wish.kind), []).append(entry)
        self.bought: dict[tuple[str, Kind], Generation] = {}
        self.refused: dict[tuple[str, Kind], LeftOut] = {}
        self._suited: set[tuple[str, Kind]] = set()  # of the refused, those that pass the filters of some rule

    def consider(self, rule: Rule, subject: Subject) -> None:
        """Buy it, or note why not, where the rule would have it and no earlier one took it."""
        key = subject.conversation.id, subject.holding.kind
        entries = self._entries.get(key, [])
        if key in self.bought or not wants(rule, subject, entries, self._now):
            return
        why = next(self._reasons(rule, subject, entries), "")
        if why:
            self._leave(key, LeftOut(subject, rule.name, why), suits=self._suits(rule, subject))
            return
        self.refused.pop(key, None)
        self._spent[rule.name] += PRICE
        self.bought[key] = Generation(_wish(rule, subject), subject.conversation.title, subject.conversation.start_time)

    def _suits(self, rule: Rule, subject: Subject) -> bool:
        return not any(filtered(rule, subject.conversation, subject.segments, self._now))

    def _leave(self, key: tuple[str, Kind], left: LeftOut, *, suits: bool) -> None:
        """Of several rules the first is told whose filters it passes; where it passes none, what each of them says."""
        told = self.refused.get(key)
        if key in self._suited:
            return
        if told is None or suits:
            self.refused[key] = left
        elif left.why not in told.why:
            self.refused[key] = replace(told, why=f"{told.why}, and {left.why}")
        if suits:
            self._suited.add(key)

    def _reasons(self, rule: Rule, subject: Subject, entries: Sequence[Entry]) -> Iterator[str]:
        yield from impossible(subject, self._now)
        yield from unripe(subject, self._settings.settle, self._now)
        yield from not_offered(subject.holding, presume_missing=self._presume_missing)
        yield from filtered(rule, subject.conversation, subject.segments, self._now)
        if any(each.is_pending for each in entries):
            yield "the outcome of an earlier generation of it is not known yet"
        if rule.when is not When.OLDER_THAN and any(_was_for_nothing(each, subject) for each in entries):
            yield "one was probably paid for and nothing came; rules do not pay twice, `credits generate` does"
        yield from _paused(entries, self._now)
        if rule.when is When.TRANSCRIPT_CHANGED and _is_fresh(subject, self._settings.settle, self._now):
            yield "the transcript may still be changing"
        if not self._presume_money:
            yield from self._short_of_money(rule)

    def _short_of_money(self, rule: Rule) -> Iterator[str]:
        if reason := held_up(self.balance):
            yield reason
        if rule.at_most is not None and self._spent[rule.name] >= rule.at_most:
            yield f"at_most ({rule.at_most}) of its rule is reached"
        if reason := objection(self._settings, self._after_purchases()):
            yield reason

    def _after_purchases(self) -> Balance:
        count, state = len(self.bought) * PRICE, self.balance
        left = None if state.left is None else max(0, state.left - count)
        return replace(state, own=state.own + count, left=left)


def _wish(rule: Rule, subject: Subject) -> Wish:
    return Wish(
        subject.conversation.id,
        subject.holding.kind,
        rule.name,
        _REASONS[rule.when],
        force=rule.when is not When.MISSING,
        document_digest=subject.holding.digest,
        transcript_digest=subject.transcript_digest,
    )


def _was_for_nothing(entry: Entry, subject: Subject) -> bool:
    return entry.evidence == UNPROVEN and entry.wish.transcript_digest == subject.transcript_digest


def _is_fresh(subject: Subject, settle: timedelta, now: datetime) -> bool:
    return subject.transcript_at is not None and now - subject.transcript_at < settle


def _paused(entries: Sequence[Entry], now: datetime) -> Iterator[str]:
    """Why a document that Convo refused, or failed at, is not tried again yet."""
    failed = list(takewhile(lambda each: each.standing is Standing.REFUSED, _told(reversed(entries))))
    if failed and failed[0].settled_at is not None:
        pause = PAUSES[min(len(failed), len(PAUSES)) - 1]
        if abs(now - failed[0].settled_at) < pause:
            yield f"it did not work the last time ({failed[0].evidence}); tried again later"


def _told(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The lines that say something about their document: not those that never left, nor those of a used up month."""
    return (each for each in entries if each.evidence not in (NOT_SENT, USED_UP))


_REASONS = {
    When.MISSING: "there is none",
    When.TRANSCRIPT_CHANGED: "the transcript changed since",
    When.OLDER_THAN: "the one there is is old",
}
