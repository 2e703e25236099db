"""Who gets in: key, hour and plan of a request, in this order, and what its answer's headers say of them.

Must not know what is asked for beyond its line in the operations table, nor how answers are sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from math import ceil

from convo_sync.simulator import spoiling
from convo_sync.simulator.accounts import Account, KeyRing, Rate
from convo_sync.simulator.faults import INSTEAD, Fault
from convo_sync.simulator.operations import Route
from convo_sync.simulator.wire import FORBIDDEN, RATE_LIMITED, Headers, Refusal


@dataclass
class Visit:
    """What becomes known about one request on its way in; it may be turned away at any step."""

    now: datetime
    route: Route | None = None
    fault: Fault | None = None
    key: str | None = None
    account: Account | None = None
    rate: Rate | None = None
    counted: bool = False

    @property
    def operation_id(self) -> str | None:
        """The operation, None where the path leads nowhere."""
        return self.route.operation.id if self.route else None

    @property
    def conversation_id(self) -> str | None:
        """The conversation the path names, if it names one."""
        return self.route.conversation_id if self.route else None


class Gate:
    """The accounts, their keys, and the rules for letting a request in. Every refusal is raised."""

    def __init__(self, assume: Mapping[str, str]) -> None:
        self.accounts: list[Account] = []
        self.keys = KeyRing()
        self.rate_limited_answers = 0
        self._refused_count_too = assume["rate_limited_counts"] == "yes"
        self._sends_rate = assume["rate_headers"] == "yes"
        self._sends_date = assume["date_header"] == "yes"

    def account(self, email: str | None) -> Account:
        """The account with that e-mail, or the first one. KeyError if there is none."""
        for account in self.accounts:
            if email in (None, account.email):
                return account
        raise KeyError(email)

    def admit(self, visit: Visit, authorization: str | None) -> tuple[str, Account]:
        """The key and its account. What gets past the hour is counted, whatever is answered then."""
        key, account = self.keys.owner(authorization)
        visit.key, visit.account = key, account
        self._require_room(visit, account)
        account.hour.count(visit.now)
        visit.counted, visit.rate = True, account.rate(visit.now)
        if visit.fault and visit.fault.strikes == INSTEAD:
            raise spoiling.refusal_instead(visit.fault)
        _require_plan(account, visit.route)
        return key, account

    def headers(self, visit: Visit) -> Headers:
        """Date, and the rate once the key is known."""
        headers: list[tuple[str, str]] = []
        if self._sends_date:
            headers.append(("Date", format_datetime(visit.now, usegmt=True)))
        if visit.rate and self._sends_rate:
            headers.append(("X-RateLimit-Limit", str(visit.rate.limit)))
            headers.append(("X-RateLimit-Remaining", str(visit.rate.remaining)))
            headers.append(("X-RateLimit-Reset", str(visit.rate.reset)))
        return tuple(headers)

    def _require_room(self, visit: Visit, account: Account) -> None:
        ordered = visit.fault if visit.fault and visit.fault.kind == "rate_limited" else None
        if not ordered and account.rate(visit.now).remaining > 0:
            return
        if not ordered:
            self.rate_limited_answers += 1
        if self._refused_count_too:
            account.hour.count(visit.now)
            visit.counted = True
        visit.rate = account.rate(visit.now)
        if ordered:
            visit.rate = Rate(visit.rate.limit, 0, visit.now + timedelta(seconds=ordered.pause_seconds))
        wait = max(1, ceil((visit.rate.reset_at - visit.now).total_seconds()))
        raise Refusal(429, RATE_LIMITED, "Too many requests.", (("Retry-After", str(wait)),))


def _require_plan(account: Account, route: Route | None) -> None:
    if not account.plan.has_api:
        raise Refusal(403, FORBIDDEN, "The API is not part of the Free plan.")
    if route and route.operation.needs_webhooks and account.plan.webhooks == 0:
        raise Refusal(403, FORBIDDEN, "Webhooks need the Professional plan.")
