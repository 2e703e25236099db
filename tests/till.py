"""Stands between the engine and the simulator: sees every POST that spends, and what was true when it was sent."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from convo_sync.archive.write import Archive
from convo_sync.client import Client
from convo_sync.credits.balance import balance
from convo_sync.credits.decision import objection
from convo_sync.credits.entries import Wish
from convo_sync.models import NotTheApi, read_generated
from convo_sync.records import ConversationId, Document, Kind
from convo_sync.simulator.credits import Charge, month_start
from convo_sync.sync.account import read_counter
from convo_sync.sync.session import Options, Session
from convo_sync.sync.spending import Result, Spender
from tests.rig import CrashingRemote, CrashPoint, RecordingMeter, Rig

T = TypeVar("T")
# How late the late generations of the walk are, shorter than the hour that proves that nothing was done.
LATENESS = tuple(timedelta(seconds=seconds) for seconds in (120, 400, 3000))
# What the server calls the kinds that it charges.
KINDS = {"keypoints": Kind.KEYPOINTS, "feedback": Kind.FEEDBACK, "query": Kind.ANSWER, "email": Kind.EMAIL}


@dataclass(frozen=True)
class Post:
    """One request that spends, as it left. `cap` and `rule` are what was in force then; `rule` None: by hand."""

    time: datetime
    conversation_id: str
    kind: Kind
    entry: int
    rule: str | None
    cap: int | None


class MoneyPoint(CrashPoint):
    """Dies, or finds the disk full, at a point near money: commits count from the first reading of the counter on."""

    def __init__(self, where: str = "", number: int = 0) -> None:
        super().__init__(where, number)
        self.armed = False

    def passes(self, where: str) -> None:
        if not where.endswith("commit") or self.armed:
            super().passes(where)

    def commits(self) -> None:
        """Called before each commit: from a certain one on the disk is full."""
        if self.where == "disk full" and self.armed and self.passed["before commit"] >= self.number:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error


class Till(Rig):
    """A rig whose every POST is checked.

    `slowness`: what each request takes, before the server works and after. `meanwhile`: what happens at the server
    between our last look and the next POST, given its meeting and kind.
    """

    def __init__(self, folder: Path, **named: Any) -> None:
        super().__init__(folder, **named)
        self.posts: list[Post] = []
        self.kept: set[int] = set()
        self.slowness = timedelta(0)
        self.meanwhile: Callable[[str, Kind], None] | None = None

    def connect(self, point: CrashPoint | None) -> Callable[..., sqlite3.Connection]:
        return _connect(point or MoneyPoint())

    def remote(self, client: Client, point: CrashPoint | None) -> CrashingRemote:
        return Watched(client, point or MoneyPoint(), self)

    # -- a command by hand

    @contextmanager
    def session(self, point: CrashPoint | None = None) -> Iterator[Session]:
        """The archive and the API, as a hand command has them."""
        archive = Archive(self.path, self.now(), self.connect(point))
        meter = RecordingMeter(archive.budget(), self.now, archive.save_budget)
        with self.client(meter) as client:
            remote = self.remote(client, point)
            yield Session(
                remote, archive, meter, self.now, Options(), self.events.append, lambda: False,
                paid=remote, credits=lambda: self.credits,
            )  # fmt: skip
        archive.close()

    def by_hand(self, conversation_id: str, kind: Kind, request: str, point: CrashPoint | None = None) -> Result | None:
        """Ask a question or have an e-mail written; None where that is not allowed now."""
        with self.session(point) as session:
            spender, books = Spender(session), session.store.accounting
            spender.recover()
            read_counter(session)
            known = books.books()
            if objection(self.credits, balance(known, session.now())):
                return None
            if any(each.is_pending and _key(each.wish) == (conversation_id, kind) for each in known.entries):
                return None
            wish = Wish(ConversationId(conversation_id), kind, None, "asked by hand", request=request)
            return spender.spend(wish)

    # -- what is true at the server

    def month(self) -> datetime:
        """When the server's current month began."""
        return month_start(self.clock.now())

    def charged(self, since: datetime) -> list[Charge]:
        """What our key was charged from then on."""
        return [each for each in self.simulator.charges_of(self.key) if each.time >= since]

    def post_of(self, charge: Charge) -> Post:
        """The request that a charge is for: it was made when that was sent, or when its late work was done."""
        sent = [
            each
            for each in self.posts
            if (each.conversation_id, each.kind) == (charge.conversation_id, KINDS[charge.kind])
            and charge.time - each.time in (timedelta(0), *LATENESS)
        ]
        assert sent, charge
        return sent[-1]

    def sending(self, conversation_id: str, kind: Kind) -> Post:
        """Check a POST that is about to leave."""
        rows = self.rows("select id, conversation_id, kind, rule, state from ledger order by id")
        entry, *reserved, rule, state = rows[-1]
        assert [*reserved, state] == [conversation_id, kind, "reserved"], rows
        former = [row for row in rows[:-1] if row[1:3] == (conversation_id, kind) and row[4] in ("reserved", "unknown")]
        assert not former, former
        assert entry not in {each.entry for each in self.posts}
        post = Post(self.clock.now(), conversation_id, kind, entry, rule, self.credits.monthly_cap)
        self._require_money(post)
        if rule is not None:
            assert not [row for row in rows[:-1] if row[4] in ("reserved", "unknown")], rows
            self._require_rule(post)
            self._require_rest(post)
            self._require_look(post)
        self.posts.append(post)
        return post

    def _require_money(self, post: Post) -> None:
        charged, settings = len(self.charged(self.month())), self.credits
        assert post.cap is not None or post.rule is None
        assert post.cap is None or charged < post.cap, (charged, post)
        shown = self.simulator._credits.usage(self.simulator.account, self.clock.now())
        if shown.limit is not None:
            assert shown.limit - shown.used - 1 >= settings.keep, (shown, post)

    def _require_rule(self, post: Post) -> None:
        named = [each for each in self.credits.rules if each.name == post.rule]
        spent = Counter(self.post_of(each).rule for each in self.charged(self.month()))
        assert any(each.at_most is None or spent[post.rule] < each.at_most for each in named), (named, spent)

    def _require_rest(self, post: Post) -> None:
        """A rule makes nothing of a meeting that runs, or that ended only now."""
        meeting = self.world.conversations[post.conversation_id]
        assert not meeting.running or meeting.end_at is None
        if meeting.end_at is not None and self.simulator.assume["date_header"] == "yes":
            assert self.clock.now() - meeting.end_at >= self.credits.settle - timedelta(seconds=10)

    def _require_look(self, post: Post) -> None:
        """A free request for the document came first, a few requests ago at most."""
        since = post.time - timedelta(minutes=6) - 10 * self.slowness
        looked = (
            each.operation == f"get{post.kind.capitalize()}" and each.conversation_id == post.conversation_id
            for each in reversed(self.simulator.requests)
            if each.time >= since
        )
        assert any(looked), post


def _key(wish: Wish) -> tuple[str, Kind]:
    return wish.conversation_id, wish.kind


def _connect(point: CrashPoint) -> Callable[..., sqlite3.Connection]:
    """A `connect` whose connections die at their commits. A killed process loses nothing that it wrote: no syncs."""

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            if sql == "pragma synchronous = full":
                return super().execute("pragma synchronous = off")
            if sql != "commit":
                return super().execute(sql, *arguments)
            point.passes("before commit")
            if isinstance(point, MoneyPoint):
                point.commits()
            cursor = super().execute(sql)
            point.passes("after commit")
            return cursor

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        return sqlite3.connect(*arguments, factory=Connection, **named)

    return connect


class Watched(CrashingRemote):
    """The client, each of its requests slow, each POST seen by the till."""

    def __init__(self, client: Client, point: CrashPoint, till: Till) -> None:
        super().__init__(client, point)
        self._till = till

    @contextmanager
    def _around(self) -> Iterator[None]:
        self._till.clock.advance(self._till.slowness)
        with super()._around():
            yield
        self._till.clock.advance(self._till.slowness)

    def get_profile(self) -> Any:
        if isinstance(self._point, MoneyPoint):
            self._point.armed = True
        return super().get_profile()

    def generate_keypoints(self, *arguments: Any, **named: Any) -> tuple[Document, bool]:
        return self._spend(Kind.KEYPOINTS, self._client.generate_keypoints, *arguments, **named)

    def generate_feedback(self, *arguments: Any, **named: Any) -> tuple[Document, bool]:
        return self._spend(Kind.FEEDBACK, self._client.generate_feedback, *arguments, **named)

    def ask(self, *arguments: Any, **named: Any) -> Document:
        return self._spend(Kind.ANSWER, self._client.ask, *arguments, **named)

    def write_email(self, *arguments: Any, **named: Any) -> Document:
        return self._spend(Kind.EMAIL, self._client.write_email, *arguments, **named)

    def _spend(
        self, kind: Kind, send: Callable[..., T], conversation_id: ConversationId, *rest: Any, **named: Any
    ) -> T:
        received = named.pop("received")
        self._till.clock.advance(timedelta(seconds=1))  # no two at the same moment: a charge tells whose it is
        self._point.passes("before post")
        post: list[Post] = []

        def kept(body: bytes) -> None:
            self._point.passes("reply lost")
            received(body)
            if _is_readable(post[0], body):
                self._till.kept.add(post[0].entry)
            self._point.passes("reply kept")

        with self._around():
            post.append(self._till.sending(conversation_id, kind))
            if self._till.meanwhile:
                self._till.meanwhile(conversation_id, kind)
                self._till.meanwhile = None
            result = send(conversation_id, *rest, received=kept, **named)
        self._point.passes("after post")
        return result


def _is_readable(post: Post, body: bytes) -> bool:
    try:
        read_generated(ConversationId(post.conversation_id), post.kind, body)
    except NotTheApi:
        return False
    return True
