"""Accounts and texts of unusual size or date, through the whole program: sync, search, show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from convo_sync.budget import Budget
from convo_sync.records import Completeness, Outcome, RateReading, Run
from convo_sync.sync.meter import Meter

from .archive.storage import is_sound
from .reading import Call, runner
from .rig import Rig, add, iso, keypoints, row, turns

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MEGABYTE = "zebra " * 175_000
ESCAPES = "\x1b[2J\x1b]0;owned\x07 red \x1b[31m okapi \x1b[0m \x9b2J"
# What a text may hold, and what the archive keeps of it.
NASTY = {
    "a NUL be\x00fore okapi": "a NUL be\ufffdfore okapi",
    "half a character \ud83e okapi": "half a character \ufffd okapi",
    ESCAPES: ESCAPES,
    "turned \u202eokapi\u2066 \u2028 okapi": "turned \u202eokapi\u2066 \u2028 okapi",
    "over\rwritten\b\b okapi\x7f": "over\rwritten\b\b okapi\x7f",
    MEGABYTE: MEGABYTE,
    "z" * 1_000_000 + " okapi": "z" * 1_000_000 + " okapi",
}


def on_the_command_line(rig: Rig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Commands on the rig's account and archive, the terminal never driven by what they print."""
    monkeypatch.setenv("CONVO_SYNC_BASE_URL", rig.url)
    monkeypatch.setenv("CONVO_API_KEY", rig.key)
    return runner(rig.path, capsys)


def drives_a_terminal(text: str) -> set[str]:
    """The characters in it that a terminal obeys, line feeds and the tabs between columns aside."""
    return {
        c for c in set(text) if (ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u2028"
    }


def add_texts(rig: Rig, texts: list[str], *, title: str = "", speaker: str = "Ann") -> str:
    """An ended meeting in which this was said."""
    start = rig.clock.now() - 30 * DAY
    listed = row(1, start, segments=len(texts), title=title)
    said = [
        {"text": text, "speaker": speaker, "timestamp": iso(start + timedelta(seconds=n))}
        for n, text in enumerate(texts)
    ]
    notes = keypoints(1) | {"decisions": [title], "participants": [speaker]}
    rig.world.add(
        listed,
        {"id": listed["id"], "segments": said},
        {"id": listed["id"], "keypoints": notes, "createdAt": listed["endTime"]},
    )
    return str(listed["id"])


# -- texts


def test_nasty_texts_end_to_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expect each archived as it came save what cannot be stored, found, and shown without a character that acts."""
    escape = "\x1b]0;owned\x07 \x1b[31m \ud800 \x00 okapi"
    with Rig.serving(tmp_path, start=None) as rig:
        id_ = add_texts(rig, list(NASTY), title=escape, speaker=escape)
        call = on_the_command_line(rig, capsys, monkeypatch)
        synced = call("sync")
        assert (synced.code, drives_a_terminal(synced.out + synced.err)) == (0, set())
        assert rig.rows("select text from segments order by position") == [(kept,) for kept in NASTY.values()]
        printed = [
            call(*command)
            for command in (
                ("search", "okapi"), ("search", "okapi", "--json"), ("search", "zebra"), ("show", id_), ("list",),
                ("show", id_, "--transcript"), ("show", id_, "--transcript", "--json"), ("show", id_, "--markdown"),
                ("sql", "select * from segments"), ("status",),
            )
        ]  # fmt: skip
        assert {ran.code for ran in printed} == {0}
        assert [drives_a_terminal(ran.out + ran.err) for ran in printed] == [set()] * len(printed)
        said = {n for n, text in enumerate(NASTY) if "okapi" in text}
        in_the_index = (
            "select position from segments where id in (select rowid from segments_fts where text match 'okapi')"
        )
        assert {position for (position,) in rig.rows(in_the_index)} == said
        hits = printed[1].json["hits"]
        passages = [hit for hit in hits if hit["kind"] == "transcript"]
        assert {hit["position"] for hit in passages} <= said
        assert {n for hit in passages for n in range(hit["first_position"], hit["last_position"] + 1)} >= said
        assert all(len(hit["snippet"]) < 1_100 for hit in hits)
        again = call("sync")
        assert (again.code, rig.asked("getTranscript")) == (0, 1)
    is_sound(rig.path)


@pytest.mark.slow
def test_a_hundred_thousand_segments_end_to_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expect them archived in one run, the one in the middle found and shown where it stands, the last one printed."""
    count = 100_000
    texts = [f"turn {number} about topic{number % 977}" for number in range(count)]
    texts[count // 2] = "the hidden okapi budget"
    with Rig.serving(tmp_path, start=None) as rig:
        id_ = add_texts(rig, texts)
        call = on_the_command_line(rig, capsys, monkeypatch)
        assert call("sync").code == 0
        assert rig.rows("select count(*), max(position) from segments") == [(count, count - 1)]
        (hit,) = call("search", "okapi", "budget", "--json").json["hits"]
        assert (hit["conversation_id"], hit["position"]) == (id_, count // 2)
        near = call("show", id_, "--at", str(count // 2)).out
        assert "the hidden okapi budget" in near
        assert f"turn {count // 2 + 1} about" in near
        assert f"turn {count - 1} about" in call("show", id_, "--transcript").out
        assert "100,000" in call("show", id_).out
    is_sound(rig.path)


# -- times


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_wrong_clock_neither_exceeds_the_hour_nor_waits_for_ever(tmp_path: Path, hours: int) -> None:
    """Expect parking and going on to work by this machine's clock, two hours ahead or behind."""
    with Rig.serving(tmp_path, tier="starter") as rig:
        rig.clock_error = hours * HOUR
        for number in range(60):
            add(rig, number, (number + 1) * DAY)
        run, waits = rig.sync()[0], 0
        while run.outcome is Outcome.PARKED:
            assert run.resume_at is not None
            assert timedelta(0) < run.resume_at - rig.now() <= HOUR + timedelta(minutes=2)
            rig.clock.set(run.resume_at - rig.clock_error)
            run, waits = rig.sync()[0], waits + 1
        assert (run.outcome, waits) == (Outcome.COMPLETE, 1)
        assert rig.simulator.rate_limited_answers == 0
        assert rig.rows("select distinct state from holdings") == [("present",)]


def test_a_clock_that_is_corrected_between_two_runs(tmp_path: Path) -> None:
    """Expect times that were written by a clock two hours ahead to hold nothing back once it is right."""
    with Rig.serving(tmp_path) as rig:
        rig.clock_error = 2 * HOUR
        add(rig, 1, 30 * DAY)
        rig.complete()
        rig.clock_error = timedelta(0)
        rig.clock.advance(timedelta(minutes=10))
        add(rig, 2, HOUR)
        rig.complete()
        assert rig.rows("select count(*) from segments") == [(24,)]


def test_a_clock_that_is_about_as_wrong_as_is_ignored() -> None:
    """Expect one answer for a whole run where readings differ by a network's whims; a real jump is followed."""
    now = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
    for first, second in ((4.8, 5.2), (5.2, 4.8), (-4.8, -5.2)):
        meter = Meter(Budget(), lambda: now, lambda _: None)
        meter.answered(RateReading(server_time=now + timedelta(seconds=first)))
        at_first = meter.server_now()
        meter.answered(RateReading(server_time=now + timedelta(seconds=second)))
        assert meter.server_now() == at_first
        meter.answered(RateReading(server_time=now + HOUR))
        assert meter.server_now() == now + HOUR


@pytest.fixture(params=[30, None], ids=["with an end", "without an end"])
def far_future(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """More meetings than one page lists, one of them dated 2036."""
    with Rig.serving(tmp_path) as rig:
        for number in range(130):
            add(rig, number, (number + 1) * DAY, segments=5, notes=False)
        listed = row(2036, datetime(2036, 3, 20, 12, 0, tzinfo=UTC), minutes=request.param, segments=5, title="Far off")
        rig.world.add(listed, {"id": listed["id"], "segments": turns(2036, 5)}, running=False)
        yield rig


def test_a_meeting_dated_2036(far_future: Rig) -> None:
    """Expect it archived and listed first, and new meetings to be found by listing what is recent, as ever."""
    rig = far_future
    rig.complete()
    with rig.reader() as reader:
        newest, second, *_ = reader.meetings()
        assert (newest.title, second.id) == ("Far off", "sess_00000")
    for number in range(3):
        rig.clock.advance(HOUR)
        new = add(rig, 500 + number, timedelta(minutes=40), segments=5, notes=False)
        asked = rig.asked("listConversations")
        rig.complete()
        assert rig.asked("listConversations") - asked == 1
        assert "since=" in [each.query for each in rig.simulator.requests if each.operation == "listConversations"][-1]
        assert rig.rows("select count(*) from segments where conversation_id = ?", new) == [(5,)]
    rig.clock.advance(DAY)
    rig.complete()
    assert rig.rows("select count(*) from segments where conversation_id = 'sess_02036'") == [(5,)]


# -- ten thousand


@pytest.mark.slow
def test_ten_thousand_meetings_on_the_smallest_plan(tmp_path: Path) -> None:
    """Expect the list to be complete, and proven so, after a few hours, with documents arriving in each of them."""
    count = 10_000
    with Rig.serving(tmp_path, tier="starter") as rig:
        for number in range(count):
            add(rig, number, timedelta(hours=2 * number + 2), segments=3, notes=False)
        runs = list(_hours(rig))
        assert len(runs) <= 4
        assert {run.outcome for run in runs} == {Outcome.PARKED}
        assert all(run.fetched >= 10 for run in runs)
        assert [run.listing for run in runs[:-1]] == [Completeness.PARTIAL] * (len(runs) - 1)
        assert runs[-1].listing is Completeness.COMPLETE
        assert rig.rows("select count(*) from conversations") == [(count,)]
        assert rig.rows("select count(*) from runs where swept = 1") == [(1,)]
        assert rig.rows("select count(*) from sweep_seen") == [(0,)]
        assert rig.simulator.rate_limited_answers == 0
        fetched = {id_ for (id_,) in rig.rows("select conversation_id from documents where kind = 'transcript'")}
        assert fetched >= {f"sess_{number:05d}" for number in range(10)}


def _hours(rig: Rig) -> Iterator[Run]:
    """A run an hour, until the list is complete."""
    run = rig.sync()[0]
    yield run
    while run.listing is not Completeness.COMPLETE:
        assert run.resume_at is not None
        rig.clock.set(run.resume_at)
        run = rig.sync()[0]
        yield run
