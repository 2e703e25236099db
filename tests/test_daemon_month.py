"""A simulated month on a moved clock: whatever goes wrong in it, the archive ends equal to the account."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from convo_sync.daemon import Daemon
from convo_sync.pacing import KEY_REFUSED, LATER, UNREACHABLE
from tests.archive.storage import is_sound
from tests.holdings import DAY, HOUR, MINUTE
from tests.laptop import LOOK
from tests.month import EVENING, MORNING, Home, Month, served
from tests.rig import keypoints

pytestmark = pytest.mark.slow
DAYS, A_DAY = 30, 20
EVERY = 30 * MINUTE
NEW_KEY = "convo_another_0123456789abcdef"
FULL_DISK = 1
LIMIT = 500


def plan_meetings(month: Month) -> dict[int, list[str]]:
    """Twenty a day, from eight in the morning on."""
    return {day: [month.meeting(day, 8 * HOUR + n * 40 * MINUTE) for n in range(A_DAY)] for day in range(DAYS)}


def plan_troubles(month: Month) -> None:
    """Each outage of the issue in its own days; kills in between."""
    rig, hours = month.rig, HOUR

    def network(there: bool) -> None:
        rig.offline = not there

    def disk(full: bool) -> None:
        rig.full = full

    def replace_key() -> None:
        rig.simulator.add_key(NEW_KEY)
        rig.key = NEW_KEY

    month.outage("offline", 3, timedelta(0), 2 * DAY, lambda: network(False), lambda: network(True))
    month.outage("key revoked", 8, 10 * hours, 29 * hours, lambda: rig.simulator.revoke_key(rig.key), replace_key)
    month.fault("vendor down", 11, 9 * hours, 6 * hours, "bad_gateway")
    for day, begins, length, seconds in ((14, 9, 40, 30), (14, 12, 90, 600), (15, 16, 10, 3600), (15, 20, 60, 1)):
        month.fault("429 storm", day, begins * hours, length * MINUTE, "rate_limited", seconds)
    month.at(16, 12 * hours + 20 * MINUTE, lambda: rig.simulator.requests_elsewhere(LIMIT - 30))
    month.outage("another tool's hour", 16, 12 * hours + 20 * MINUTE, hours, lambda: None, lambda: None)
    month.outage("full disk", 17, 13 * hours, hours, lambda: disk(True), lambda: disk(False))


def regenerate(month: Month, ids: list[str], day: int) -> None:
    """The app makes the key points of these anew, which no listing shows."""

    def anew() -> None:
        for id_ in ids:
            number = int(id_.removeprefix("sess_"))
            month.rig.world.set_keypoints(id_, keypoints(number, version=2))

    month.at(day, 15 * HOUR, anew)


def test_a_month(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect an archive equal to the account, each meeting in it within `every`, no hour exceeded, few requests."""
    with served(Home(tmp_path, tier="professional", start=datetime(2026, 3, 2, 7, 0, tzinfo=UTC))) as month:
        ids = plan_meetings(month)
        plan_troubles(month)
        # The audit reads ten documents a day again, oldest first: these it has not come to yet, and will.
        regenerate(month, ids[2][:3], day=10)
        regenerate(month, ids[3][:5], day=17)
        month.live(Daemon(month), DAYS)
        with capsys.disabled():
            print(f"\n{_report(month)}")
        _equals_the_account(month)
        _each_in_time(month)
        _asks_little(month)


def _equals_the_account(month: Month) -> None:
    rows, world = month.rig.rows, month.rig.world.conversations
    assert len(world) == DAYS * A_DAY
    assert dict(rows("select id, title from conversations where gone_at is null")) == {
        id_: meeting.title for id_, meeting in world.items()
    }
    said = [(id_, n, turn["text"]) for id_, meeting in world.items() for n, turn in enumerate(meeting.segments)]
    assert rows("select conversation_id, position, text from segments order by 1, 2") == sorted(said)
    decided = [(id_, *meeting.keypoints["keypoints"]["decisions"]) for id_, meeting in world.items()]
    assert rows("select conversation_id, text from decisions order by 1") == sorted(decided)
    assert rows("select distinct state from holdings") == [("present",)]
    assert rows("select outcome from runs order by id desc limit 1") == [("complete",)]
    is_sound(month.rig.path)


def _each_in_time(month: Month) -> None:
    """Within `every` of being available, the nights not counted; after an outage within its longest pause."""
    assert month.archived.keys() == month.available.keys()
    late = {}
    for id_, available in month.available.items():
        archived = month.archived[id_]
        met = _met(month, id_)
        allowed = EVERY * 1.1 + LOOK if met else EVERY
        waited = _awake(max([available, *(min(end, archived) for end in met)]), archived)
        if waited > allowed:
            late[id_] = (available, archived, waited)
    assert late == {}


def _met(month: Month, id_: str) -> list[datetime]:
    """The ends of the outages between a meeting's being available and its being archived."""
    available, archived = month.available[id_], month.archived[id_]
    return [each.ends for each in month.outages if each.begins < archived and each.ends > available]


def _awake(begins: datetime, ends: datetime) -> timedelta:
    """How much of the time between was spent awake."""
    spent, day = timedelta(0), begins.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < ends:
        spent += max(timedelta(0), min(ends, day + EVENING) - max(begins, day + MORNING))
        day += DAY
    return spent


def _asks_little(month: Month) -> None:
    simulator = month.rig.simulator
    assert simulator.worst_hour() <= LIMIT
    assert simulator.rate_limited_answers == 0
    assert [record.status for record in simulator.requests].count(401) == 1
    seen = Counter(month.codes_seen)
    assert seen.keys() == {0, FULL_DISK, KEY_REFUSED, LATER, UNREACHABLE}
    assert seen[0] > DAYS * 20
    asked, fewest = _a_day(month)
    assert asked <= 1.6 * fewest


def _a_day(month: Month) -> tuple[float, float]:
    """Requests a day, and the fewest: a list every half hour awake, and each document that there is once."""
    documents = month.rig.rows("select count(*) from documents where kind != 'listing'")[0][0]
    return len(month.rig.simulator.requests) / DAYS, (EVENING - MORNING) / EVERY + documents / DAYS


def _report(month: Month) -> str:
    asked, fewest = _a_day(month)
    what = ", ".join(f"{count} {name}" for name, count in month.rig.simulator.requests_by_operation().most_common())
    codes = ", ".join(f"{count} x {code}" for code, count in sorted(Counter(month.codes_seen).items()))
    quiet = [
        _awake(month.available[id_], month.archived[id_]) / MINUTE for id_ in month.archived if not _met(month, id_)
    ]
    return (
        f"requests a day: {asked:.1f}, the fewest possible: {fewest:.1f} ({asked / fewest:.3f}); {what}\n"
        f"runs by exit code: {codes}; the busiest hour: {month.rig.simulator.worst_hour()} of {LIMIT}\n"
        f"{len(quiet)} of {len(month.archived)} meetings met no outage, and were archived after "
        f"{sum(quiet) / len(quiet):.1f} minutes awake on average, {max(quiet):.1f} at most"
    )
