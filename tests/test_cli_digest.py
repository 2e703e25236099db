"""`digest`: which days it is of, what it counts, and what it says where there is nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from convo_sync.cli import digest
from convo_sync.render import digest as page
from convo_sync.views import MeetingRow
from tests.asking import AFTER_THE_LAST, NOON, Made, scenes
from tests.reading import Call, runner

STALE = "No sync has completed yet: this may not be all there is."


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's archive."""
    return scenes(tmp_path_factory.mktemp("digest"))


@pytest.fixture
def call(demo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in this process, on the demo's archive."""
    monkeypatch.setenv("COLUMNS", "80")
    return runner(demo, capsys)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine stands where the day begins fourteen hours before Greenwich's."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Pacific/Kiritimati")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the command it is the day of the tests' own clock."""
    monkeypatch.setattr(digest, "_now", lambda: NOON)


def noon(days_ago: int) -> datetime:
    """Noon of the day so long ago, on this machine's calendar."""
    today = NOON.astimezone()
    return (today.replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)).astimezone(UTC)


@pytest.fixture
def week(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Four meetings: six days ago, yesterday, one of unknown length the day before that, and one seven days ago."""
    with Made(tmp_path / "made.db", synced=None) as archive:
        archive.meeting("sess_old", start=noon(7), turns=(("Old Person", "words"),))
        archive.keypoints("sess_old", decisions=("an old one",), items=("an old item", "another"))
        archive.meeting("sess_a", title="First", start=noon(6), minutes=45, turns=(("Mara Voss", "a"), ("Ann", "b")))
        archive.keypoints("sess_a", decisions=("one", "two"), items=(("call", "Ann", "high"),), people=("ann", "Bo"))
        archive.meeting("sess_b", title="Second", start=noon(1), minutes=90, turns=(("Bo", "b"),))
        archive.keypoints("sess_b", decisions=("three",), items=("write",))
        archive.meeting("sess_c", title="Third", start=noon(2), minutes=None)
    return runner(tmp_path / "made.db", capsys)


def test_a_week_is_today_and_six_days_before(week: Call) -> None:
    """Expect three meetings and their hours, day by day, without the one of seven days ago, for any way to say so."""
    found = week("digest", "--json").json
    assert list(found) == [
        "as_of", "first_day", "last_day", "meetings", "hours", "days", "people", "decisions", "action_items",
        "open_in_all", "without_transcript",
    ]  # fmt: skip
    assert (found["meetings"], found["hours"], found["as_of"]) == (3, 2.25, None)
    first = noon(6).astimezone().date()
    assert (found["first_day"], found["last_day"]) == (str(first), str(noon(0).astimezone().date()))
    assert [(day["meetings"], day["hours"]) for day in found["days"]] == [
        (1, 0.75), (0, 0), (0, 0), (0, 0), (1, 0), (1, 1.5), (0, 0),
    ]  # fmt: skip
    assert week("digest", "--json", "--days", "7").json == found
    assert week("digest", "--json", "--since", str(first)).json == found
    assert week("digest", "--json", "--days", "8").json["meetings"] == 4
    assert week("digest", "--json", "--since", "7d").json["meetings"] == 4


def test_what_a_week_came_to(week: Call) -> None:
    """Expect whom the owner met, without the owner; decisions and open items of these days; what has no transcript."""
    found = week("digest", "--json").json
    assert found["people"] == [
        {"name": "Bo", "meetings": 2, "hours": 2.25}, {"name": "ann", "meetings": 1, "hours": 0.75},
    ]  # fmt: skip
    assert [each["text"] for each in found["decisions"]["shown"]] == ["three", "one", "two"]
    assert found["decisions"]["total"] == 3
    assert [(each["text"], each["owner"]) for each in found["action_items"]["shown"]] == [
        ("write", None),
        ("call", "Ann"),
    ]
    assert found["open_in_all"] == 4
    assert [(row["id"], row["transcript"]) for row in found["without_transcript"]] == [("sess_c", "pending")]
    call = next(each["number"] for each in found["action_items"]["shown"] if each["text"] == "call")
    assert week("actions", "done", str(call)).code == 0
    after = week("digest", "--json").json
    assert (after["action_items"]["total"], after["open_in_all"]) == (1, 3)


def test_a_week_on_one_screen(week: Call) -> None:
    """Expect the days with bars, the people, each decision and item with its source, and what to type for the rest."""
    out = week("digest", "-n", "2").out
    first, last = (noon(days).astimezone().date() for days in (6, 0))
    assert out.splitlines()[0] == f"{page.period(first, last)}"
    assert out.splitlines()[0].endswith(", 7 days")
    assert "3 meetings, 2 h 15 min, 1 of unknown length; most on " in out
    assert out.count("█") == 24 + 12
    assert "\nWith\n  Bo (2, 2 h 15 min); ann (1, 45 min)\n" in out
    assert "\nDecided (2 of 3)\n" in out
    assert f"  • three  {noon(1).astimezone().date()} · convo-sync show sess_b\n" in out
    assert f"  • Third: no transcript yet  {noon(2).astimezone().date()} · convo-sync show sess_c\n" in out
    assert f"\nAll decisions of these days: convo-sync decisions --since {first}\n" in out
    assert out.endswith(f"\n4 action items are open in all: convo-sync actions\n{STALE}\n")
    assert len(out.splitlines()) < 40


def test_one_day_is_not_drawn(week: Call) -> None:
    """Expect no table of days for one day, and exit 3 for a day without a meeting, naming the last that had one."""
    today = noon(0).astimezone().date()
    ran = week("digest", "--days", "1")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"No meeting began in these days: {page.period(today, today)}.\nThe last one was on ")
    newest = noon(1).astimezone().date()
    assert f"{newest}: convo-sync digest --since {newest - timedelta(days=6)} has the week up to it. {STALE}" in ran.err
    assert week("digest", "--since", str(newest - timedelta(days=6))).code == 0


def test_days_are_local(tmp_path: Path, capsys: pytest.CaptureFixture[str], zone: None) -> None:
    """Expect a meeting of 23:00 UTC to be of the day that it is here, with --utc too."""
    start = datetime(2026, 3, 18, 23, 0, tzinfo=UTC)
    with Made(tmp_path / "made.db") as archive:
        archive.meeting("sess_a", start=start)
    call = runner(tmp_path / "made.db", capsys)
    found = call("digest", "--json", "--utc", "--since", "2026-03-19").json
    assert found["days"][0] == {"day": "2026-03-19", "meetings": 1, "hours": 0.5}
    assert call("digest", "--json", "--since", "2026-03-20").code == 3


def test_a_meeting_of_the_future_is_none_of_the_last_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect a meeting whose date lies far ahead to be left out."""
    with Made(tmp_path / "made.db") as archive:
        archive.meeting("sess_a", start=noon(-40))
    assert runner(tmp_path / "made.db", capsys)("digest", "--days", "90").code == 3


def test_a_long_time_in_brief(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect no day by day beyond two weeks, the busiest day all the same, five of each kind and ten people."""
    monkeypatch.setattr(digest, "_now", lambda: AFTER_THE_LAST)
    out = call("digest", "--since", "2026", "--utc").out
    assert "\nDays\n" not in out
    assert "32 meetings, 21 h 22 min; most on Tue 2026-08-11: 1 meeting, 55 min." in out
    assert "Decided (5 of 80)" in out
    assert "Open action items of these days (5 of 151)" in out
    assert "Henrik Dahl (15, 10 h 26 min)" in out
    assert "; 3 others\n" in " ".join(out.split("\n\n")[1].splitlines()) + "\n"
    assert "Mara Voss (" not in out.split("\n\n")[1]
    assert out.endswith("\nAs of Mon 2026-08-31 12:00 UTC, when the last complete sync ended.\n")


@pytest.mark.parametrize(
    "arguments",
    [["--days", "0"], ["--days", "many"], ["--days", "3", "--since", "2026"], ["--since", "soon"], ["--since", "9999"],
     ["--since", ""], ["-n", "0"], ["--days", "9999"]],
    ids=" ".join,
)  # fmt: skip
def test_impossible_days_are_refused(call: Call, arguments: list[str]) -> None:
    """Expect exit 2 and a plain sentence."""
    ran = call("digest", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    assert ran.err


def test_an_archive_without_meetings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect exit 3, the command that fetches meetings, and one document with --json."""
    Made(tmp_path / "made.db", synced=None).__exit__()
    call = runner(tmp_path / "made.db", capsys)
    ran = call("digest", "--json")
    assert (ran.code, ran.json["meetings"]) == (3, 0)
    assert ran.err == f"There are no meetings in this archive yet.\nRun `convo-sync sync`. {STALE}\n"


def test_a_meeting_of_unknown_length_counts_to_its_end() -> None:
    """Expect every day to be there, in order, and an unknown length to count for nothing."""
    row = MeetingRow("sess_a", "A", "2026-03-19T12:00:00.000Z", None, None, 0, "", "", "", None)
    told = page.days([row, row._replace(minutes=30.0)], date(2026, 3, 18), date(2026, 3, 20))
    assert [(day.meetings, day.minutes) for day in told] == [(0, 0), (2, 30.0), (0, 0)]
