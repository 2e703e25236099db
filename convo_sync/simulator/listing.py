"""GET /conversations: order, filters, pages and rows, under every reading of what is not documented.

Must not know transcripts, credits or the wire.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from convo_sync.simulator.call import Call
from convo_sync.simulator.meeting import Meeting
from convo_sync.simulator.wire import JSON_TYPE, JsonObject, Response, encoded
from convo_sync.simulator.world import World

_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_DEFAULT_LIMIT: Final = 20


class Listing:
    """The list, with its order kept as long as the world stands still."""

    def __init__(self) -> None:
        self._key: tuple[int, int, str] | None = None
        self._ordered: list[Meeting] = []

    def answer(self, call: Call) -> Response:
        """One page."""
        everything = self._everything(call)
        matching = _matching(call, everything)
        limit = min(call.query.get("limit", _DEFAULT_LIMIT), int(call.service.assume["page_limit"]))
        offset = call.query.get("offset", 0)
        total = len(matching if call.assumes("total_honours_filters", "yes") else everything)
        rows = [_encoded_row(call, meeting) for meeting in matching[offset : offset + limit]]
        pagination = encoded({"total": total, "limit": limit, "offset": offset})
        body = b'{"data":[' + b",".join(rows) + b'],"pagination":' + pagination + b"}"
        return Response(200, (JSON_TYPE,), body)

    def _everything(self, call: Call) -> list[Meeting]:
        order = call.service.assume["list_order"]
        if order == "unstable":
            return _shuffled(call.world, f"{call.service.seed}-{call.number}")
        key = (call.world.serial, call.world.version, order)
        if key != self._key:
            self._key, self._ordered = key, _ordered(call.world, order, call.service.seed)
        return self._ordered


def _ordered(world: World, order: str, seed: int) -> list[Meeting]:
    if order == "random-stable":
        return _shuffled(world, str(seed))
    return sorted(_living(world), key=_start_then_id, reverse=order == "newest")


def _start_then_id(meeting: Meeting) -> tuple[datetime, str]:
    return meeting.start_at or _NEVER, meeting.id


def _shuffled(world: World, seed: str) -> list[Meeting]:
    # The place of each row hangs on its own id, so that adding one row does not reshuffle the others.
    return sorted(_living(world), key=lambda meeting: random.Random(f"{seed}-{meeting.id}").random())  # noqa: S311 - an order, no secret


def _living(world: World) -> Iterable[Meeting]:
    return (meeting for meeting in world.conversations.values() if not meeting.deleted)


def _matching(call: Call, meetings: list[Meeting]) -> list[Meeting]:
    since, search = call.query.get("since"), call.query.get("search")
    if since is not None and not call.assumes("since_compares", "ignored"):
        meetings = [meeting for meeting in meetings if _is_since(call, meeting, since)]
    if search:
        wanted = search.casefold()
        meetings = [meeting for meeting in meetings if wanted in meeting.title.casefold()]
    return meetings


def _is_since(call: Call, meeting: Meeting, since: datetime) -> bool:
    compared = {"startTime": meeting.start_at, "endTime": meeting.end_at, "createdAt": meeting.created_at}
    moment = compared[call.service.assume["since_compares"]]
    if moment is None:
        # Without a time nothing speaks against it: a running meeting has no end yet.
        return True
    return moment >= since if call.assumes("since_bound", "inclusive") else moment > since


def _encoded_row(call: Call, meeting: Meeting) -> bytes:
    return call.encoded(meeting, "row", partial(_row_bytes, call, meeting))


def _row_bytes(call: Call, meeting: Meeting) -> bytes:
    return encoded(listed_row(call, meeting))


def listed_row(call: Call, meeting: Meeting) -> JsonObject:
    """The row as the list, and a changed title's answer, send it."""
    left_out: set[str] = set()
    if call.assumes("end_time", "never") or (meeting.running and call.assumes("running_end_time", "omitted")):
        left_out |= {"endTime", "duration"}
    if call.assumes("segment_count", "omitted"):
        left_out.add("segmentCount")
    return {key: value for key, value in meeting.row.items() if key not in left_out}
