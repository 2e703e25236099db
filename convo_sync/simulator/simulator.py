"""The simulated service: who may ask, how often, which fault strikes, what is answered, and a record of it all.

Must not know sockets (server.py) nor what an operation does (work).
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from convo_sync.simulator import assumptions, checking, operations, reading, spoiling
from convo_sync.simulator.accounts import Account, checked_tier
from convo_sync.simulator.admission import Gate, Visit
from convo_sync.simulator.call import Call, EncodedBodies, Service
from convo_sync.simulator.clock import Clock
from convo_sync.simulator.credits import ELSEWHERE, Charge, Credits
from convo_sync.simulator.deliveries import Deliveries, DeliveryRecord
from convo_sync.simulator.faults import AFTER, BEFORE, LATE, Faults
from convo_sync.simulator.late import Lateness, UnderWay
from convo_sync.simulator.listing import Listing
from convo_sync.simulator.operations import Operation, Route
from convo_sync.simulator.webhooks import Webhooks
from convo_sync.simulator.wire import INTERNAL, Refusal, Request, RequestRecord, Response
from convo_sync.simulator.work import work_table
from convo_sync.simulator.world import World

DEMO_KEY: Final = "convo_demo_0123456789abcdef"
DEMO_EMAIL: Final = "mara@haldenloop.example"

_log = logging.getLogger(__name__)
_UNSURE_PATHS: Final = {
    "patch_delete_paths": frozenset({"updateTitle", "deleteConversation"}),
    "list_and_test_webhooks": frozenset({"listWebhooks", "deleteWebhook", "testWebhook"}),
}


class Simulator:
    """A strict Convo API over a world. `handle` is the whole service; `serve` puts it on loopback.

    `assume` chooses other readings of what is not documented (assumptions.py). Tests read `requests`, `charges`,
    `deliveries` and `rate_limited_answers`, order faults from `faults`, and change `world` and `clock` as they like.
    """

    def __init__(
        self,
        world: World,
        *,
        clock: Clock | None = None,
        tier: str = "professional",
        key: str = DEMO_KEY,
        email: str = DEMO_EMAIL,
        assume: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> None:
        self.world = world
        self.clock = clock or Clock()
        self.key = key
        self.faults = Faults()
        self.requests: list[RequestRecord] = []
        self.crashes: list[Exception] = []
        self.assume = assumptions.complete(assume or {})
        self._lock = threading.RLock()
        self._gate = Gate(self.assume)
        self._unknown_allowed = self.assume["unknown_parameters"] == "ignored"
        self._deliveries = Deliveries(self.clock.now)
        self._webhooks = Webhooks(self._deliveries, self.clock.now, seed)
        self._credits = Credits(lagging=self.assume["credit_counter"] == "lagging")
        self._service = Service(self.assume, self._credits, self._webhooks, EncodedBodies(), seed)
        self._operations = operations.without(_missing_operations(self.assume))
        self._work = work_table(Listing())
        self._under_way = UnderWay()
        self._attached: list[World] = []
        self._gate.accounts.append(Account(email, checked_tier(tier), world))
        self._attach(world)
        self._gate.keys.add(key, self.account)

    # -- accounts and keys

    @property
    def account(self) -> Account:
        """The account whose e-mail the simulator was made with."""
        return self._gate.accounts[0]

    def add_key(
        self, key: str, *, email: str | None = None, tier: str | None = None, world: World | None = None
    ) -> Account:
        """Another key: of the first account, of the one with that e-mail, or of a new one.

        A new account has the first one's tier and world unless told otherwise; its hour and credits are its own.
        """
        with self._lock:
            if email is None or email in [account.email for account in self._gate.accounts]:
                account = self._gate.account(email)
            else:
                account = Account(email, checked_tier(tier or self.account.tier), world or self.world)
                self._gate.accounts.append(account)
                self._attach(account.world)
            self._gate.keys.add(key, account)
            return account

    def revoke_key(self, key: str) -> None:
        """From now on this key is refused with 401."""
        with self._lock:
            self._gate.keys.revoke(key)

    def set_tier(self, tier: str, *, email: str | None = None) -> None:
        """Another plan, for the first account or the one with that e-mail."""
        with self._lock:
            self.catch_up()
            self._gate.account(email).tier = checked_tier(tier)

    def requests_elsewhere(self, count: int, *, email: str | None = None) -> None:
        """Another tool of the user's sends requests: they count in the same hour, and are in no record."""
        with self._lock:
            for _ in range(count):
                self._gate.account(email).hour.count(self.clock.now())

    def spend_elsewhere(self, count: int, *, email: str | None = None) -> None:
        """Another tool of the user's spends AI credits: charges of the kind `elsewhere`."""
        with self._lock:
            self.catch_up()
            charge = Charge(self.clock.now(), "", self._gate.account(email).email, None, ELSEWHERE)
            self._credits.charges.extend([charge] * count)

    # -- what tests read

    @property
    def charges(self) -> list[Charge]:
        """Every credit spent so far."""
        self.catch_up()
        return self._credits.charges

    def charges_of(self, key: str) -> list[Charge]:
        """The credits spent with one key, oldest first; what other tools spent has none."""
        return sorted((charge for charge in self.charges if charge.key == key), key=lambda charge: charge.time)

    @property
    def deliveries(self) -> list[DeliveryRecord]:
        """Every webhook delivery tried so far."""
        self.catch_up()
        return self._deliveries.records

    @property
    def deliver_to(self) -> dict[str, str | None]:
        """Registered https URL (or "*") -> the http address on loopback that stands in for it."""
        return self._deliveries.deliver_to

    @property
    def webhook_timeout_seconds(self) -> float:
        """How long a receiver has: 10 seconds, unless a test cannot wait so long."""
        return self._deliveries.timeout_seconds

    @webhook_timeout_seconds.setter
    def webhook_timeout_seconds(self, seconds: float) -> None:
        self._deliveries.timeout_seconds = seconds

    def wait_for_deliveries(self, timeout_seconds: float = 15.0) -> bool:
        """Wait until every event has been tried once; False if it took too long."""
        self.catch_up()
        return self._deliveries.wait(timeout_seconds)

    @property
    def rate_limited_answers(self) -> int:
        """How many requests the hourly limit refused; ordered faults are not among them."""
        return self._gate.rate_limited_answers

    def requests_by_operation(self) -> Counter[str]:
        """How many requests each operation got, `unknown` where the path led nowhere."""
        with self._lock:
            return Counter(record.operation or "unknown" for record in self.requests)

    def worst_hour(self) -> int:
        """The largest number of counted requests of one user in any rolling hour, other tools' included."""
        return max(account.hour.worst() for account in self._gate.accounts)

    # -- the service

    def handle(self, request: Request) -> Response:
        """Answer one request, and record it."""
        with self._lock:
            visit = Visit(self.clock.now())
            self._happen_by(visit.now)
            response = self._answer(request, visit)
            response = replace(response, headers=(*response.headers, *self._gate.headers(visit)))
            response = self._spoilt(visit, response)
            self._record(request, visit, response)
            return response

    def catch_up(self) -> None:
        """Let everything happen that is due by the clock's time (the faults late_result and late_work).

        `handle`, `charges` and whatever else looks call it; who reads `world` by hand calls it first.
        """
        if self._under_way:
            with self._lock:
                self._happen_by(self.clock.now())

    @contextmanager
    def serve(self, port: int = 0) -> Iterator[str]:
        """Serve on 127.0.0.1 while the block runs; gives the base URL. Port 0 is any free one."""
        from convo_sync.simulator.server import serving

        with serving(self.handle, port) as base_url:
            yield base_url

    def encode_ahead(self) -> None:
        """Have every document of the world ready to be sent, before the first request."""
        with self._lock, self.world.lock:
            reading.encode_ahead(self._service, self.world)

    def _happen_by(self, now: datetime) -> None:
        for happen in self._under_way.due(now):
            try:
                happen()
            except Exception as error:
                self.crashes.append(error)
                _log.exception("work that came late")

    def _spoilt(self, visit: Visit, response: Response) -> Response:
        if visit.fault and visit.fault.strikes == LATE and response.status != 0:
            # Refused, or cached: no generation was there to be late, and the order waits for the next.
            self.faults.spare(visit.fault)
            visit.fault = None
        spoils = visit.fault and visit.fault.strikes in (AFTER, LATE)
        return spoiling.spoilt(visit.fault, response) if visit.fault and spoils else response

    def _lateness(self, visit: Visit) -> Lateness | None:
        if visit.fault is None or visit.fault.strikes != LATE:
            return None
        due = visit.now + timedelta(seconds=visit.fault.pause_seconds)
        return Lateness(due, visit.fault.kind == "late_result", self._under_way)

    def _answer(self, request: Request, visit: Visit) -> Response:
        try:
            route = self._route(request)
            visit.route = route if isinstance(route, Route) else None
            visit.fault = self.faults.strike(visit.operation_id, visit.conversation_id)
            if visit.fault and visit.fault.strikes == BEFORE:
                return spoiling.answer_before(visit.fault)
            if isinstance(route, Refusal) and not operations.in_api(request.target):
                raise route
            return self._worked(request, visit, route)
        except Refusal as refusal:
            return refusal.response()
        except Exception as error:
            # The real service would answer so too. That it was no ordered fault shows in `crashes` and in the log.
            self.crashes.append(error)
            _log.exception("%s %s", request.method, request.target)
            return Refusal(500, INTERNAL, "Something went wrong.").response()

    def _route(self, request: Request) -> Route | Refusal:
        """The refusal of a path that leads nowhere is not raised yet: faults, the key and the hour come before it."""
        try:
            return operations.find_route(request.method, request.target, self._operations)
        except Refusal as refusal:
            return refusal

    def _worked(self, request: Request, visit: Visit, route: Route | Refusal) -> Response:
        key, account = self._gate.admit(visit, request.headers.get("authorization"))
        if isinstance(route, Refusal):
            raise route
        operation = route.operation
        call = Call(
            self._service,
            account,
            key,
            visit.now,
            route.resource_id or "",
            self._checked_query(request, operation),
            self._checked_body(request, operation),
            len(self.requests),
            self._lateness(visit),
        )
        with account.world.lock:
            return self._work[operation.id](call)

    def _checked_query(self, request: Request, operation: Operation) -> dict[str, Any]:
        query = request.target.partition("?")[2]
        return checking.checked_query(query, operation.query, unknown_allowed=self._unknown_allowed)

    def _checked_body(self, request: Request, operation: Operation) -> dict[str, Any]:
        # A body where the contract has none is let be, as servers do.
        if operation.body is None:
            return {}
        return checking.checked_body(request, operation.body, unknown_allowed=self._unknown_allowed)

    def _record(self, request: Request, visit: Visit, response: Response) -> None:
        path, _, query = request.target.partition("?")
        self.requests.append(
            RequestRecord(
                time=visit.now,
                operation=visit.operation_id,
                method=request.method,
                path=path,
                query=query,
                status=response.status,
                counted=visit.counted,
                key=visit.key,
                user=visit.account.email if visit.account else None,
                conversation_id=visit.conversation_id,
                fault=visit.fault.kind if visit.fault else None,
            )
        )

    def _attach(self, world: World) -> None:
        if world not in self._attached:
            self._attached.append(world)
            world.attach(self.clock.now, partial(self._webhooks.emit, world))


def _missing_operations(assume: Mapping[str, str]) -> frozenset[str]:
    missing = [ids for name, ids in _UNSURE_PATHS.items() if assume[name] == "no"]
    return frozenset().union(*missing)
