"""A life of an account, under each single reading of what the contract leaves open."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync.records import Outcome
from convo_sync.simulator import assumptions_table
from tests.rig import Rig, add, feedback, keypoints, row, turns

OPPOSITES = [(each.name, value) for each in assumptions_table() for value in each.values[1:]]
# These change how pages are read, so the account must need more than one.
PAGED = {"list_order", "since_compares", "since_bound", "total_honours_filters", "page_limit", "rate_headers"}


def run_until_complete(rig: Rig) -> None:
    """Runs as a daemon would, hour by hour, until one is complete."""
    for _ in range(12):
        run, error = rig.sync()
        if run.outcome is Outcome.COMPLETE:
            return
        assert run.outcome is Outcome.PARKED, error
        rig.clock.advance(timedelta(hours=1, minutes=1))
    pytest.fail("twelve hours were not enough")


@pytest.mark.parametrize(("name", "value"), OPPOSITES, ids=[f"{name}={value}" for name, value in OPPOSITES])
def test_a_life_of_an_account(tmp_path: Path, name: str, value: str) -> None:
    """New, growing, renamed, deleted and late: under this reading too the archive follows, and meets no 429."""
    with Rig.serving(tmp_path, assume={name: value}) as rig:
        count = 110 if name in PAGED else 12
        for number in range(count):
            add(rig, number, timedelta(days=20 + number))
        run_until_complete(rig)
        listed = row(900, rig.clock.now() - timedelta(minutes=5), minutes=None, segments=5)
        rig.world.add(listed, {"id": listed["id"], "segments": turns(900, 5)}, running=True)
        run_until_complete(rig)
        rig.clock.advance(timedelta(minutes=10))
        rig.world.grow("sess_00900", turns(900, 20, first=5))
        rig.world.rename("sess_00003", "Renamed")
        rig.world.delete("sess_00004")
        rig.world.end("sess_00900", rig.clock.now())
        run_until_complete(rig)
        rig.clock.advance(timedelta(hours=2))
        rig.world.set_keypoints("sess_00900", keypoints(900))
        rig.world.set_feedback("sess_00900", feedback(900))
        for _ in range(9):
            rig.clock.advance(timedelta(days=1, minutes=1))
            run_until_complete(rig)
        assert rig.rows("select count(*) from segments where conversation_id = 'sess_00900'") == [(25,)]
        assert rig.rows("select count(*) from decisions where conversation_id = 'sess_00900'") == [(1,)]
        assert rig.rows("select overall_score from feedback where conversation_id = 'sess_00900'") == [(5.1,)]
        assert rig.rows("select title from conversations where id = 'sess_00003'") == [("Renamed",)]
        assert rig.rows("select count(*) from segments") == [(count * 12 + 25,)]
        if (name, value) != ("list_order", "unstable"):
            assert rig.rows("select id from conversations where gone_at is not null") == [("sess_00004",)]
        assert rig.simulator.rate_limited_answers == 0
        assert not rig.simulator.crashes
