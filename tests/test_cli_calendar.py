"""`calendar`: what is coming, each event with the command that prepares for it, and what was never recorded."""

from __future__ import annotations

import json
import shlex
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync import models
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from tests.asking import Made
from tests.console import Console
from tests.reading import Call, runner

from .rig import Rig

NOW = datetime.now(UTC).replace(microsecond=0)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
GUESTS = [("Leonie Krämer", "leonie@x.example"), (None, "uwe@x.example")]
KEYS = [
    "item", "id", "title", "start_time", "start_date", "end_time", "end_date", "time_zone", "attendees", "prep",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "UTC")
        changed.setenv("COLUMNS", "80")
        time.tzset()
        yield
    time.tzset()


def ended(path: Path, *others: dict[str, Any]) -> None:
    """Give every event of the archive an hour, store the others, link, and have the calendar read a minute ago."""
    with Archive(path, NOW) as archive:
        known = [json.loads(body) for body in _bodies(path)]
        found = [models.event_document(each) for each in (*map(_an_hour, known), *others)]
        archive.diary.store([each for each in found if each], None, NOW, Budget())
        archive.diary.settle({each.item for each in found if each}, NOW - timedelta(minutes=1), Budget(), complete=True)
        archive.diary.link(Budget())


def _bodies(path: Path) -> list[bytes]:
    import zlib

    connection = sqlite3.connect(path)
    sql = "select r.body from revisions r join documents d on d.id = r.document_id where d.kind = 'event'"
    bodies = [zlib.decompress(body) for (body,) in connection.execute(sql)]
    connection.close()
    return bodies


def _an_hour(event: dict[str, Any]) -> dict[str, Any]:
    start = datetime.fromisoformat(event["start"]["dateTime"])
    return event | {"end": {"dateTime": (start + HOUR).isoformat()}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Events that were, are and will be; of the past ones two were recorded, one by id and one by likeness."""
    path = tmp_path / "archive.db"
    with Made(path, owner="Mara Voss", synced=NOW) as made:
        made.meeting("sess_1", title="Anything", start=NOW - 2 * DAY, minutes=60, event="evt_named")
        made.meeting("sess_2", title="Weekly talk", start=NOW - 3 * DAY, minutes=60)
        made.event("evt_named", "Pricing", NOW - 2 * DAY, GUESTS)
        made.event("evt_like", "Weekly talk", NOW - 3 * DAY, [])
        made.event("evt_missed", "Never recorded", NOW - 4 * DAY, GUESTS)
        made.event("evt_older", "Long ago", NOW - 40 * DAY, [])
        made.event("evt_running", "Going on", NOW - HOUR / 2, [])
        made.event("evt_soon", "Soon \x1b[2J", NOW + DAY, GUESTS)
        made.event("evt_soon", "Soon again", NOW + 5 * DAY, [])
        made.event("evt_later", None, NOW + 9 * DAY, [])
    first, last = (NOW + 2 * DAY).date().isoformat(), (NOW + 4 * DAY).date().isoformat()
    ended(path, {"id": "evt_fair", "summary": "Fair", "start": {"date": first}, "end": {"date": last}})
    return path


@pytest.fixture
def call(path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command on it."""
    return runner(path, capsys)


def ids(document: Any) -> list[str]:
    return [each["id"] for each in document["events"]]


def test_what_is_coming(call: Call) -> None:
    """Expect what goes on and what begins in seven days, soonest first, with guests."""
    found = call("calendar", "--json").json
    assert list(found) == ["as_of", "calendar_read_at", "missed", "events"]
    assert all(list(each) == KEYS for each in found["events"])
    assert ids(found) == ["evt_running", "evt_soon", "evt_fair", "evt_soon"]
    assert found["events"][1]["attendees"] == [
        {"name": name, "email": email, "response_status": "accepted"} for name, email in GUESTS
    ]
    assert ids(call("calendar", "--days", "14", "--json").json)[-1] == "evt_later"
    assert ids(call("calendar", "--days", "1", "--json").json) == ["evt_running"]


def test_the_command_that_is_shown_prepares_for_that_event(call: Call) -> None:
    """Expect `prep` to find each event by what stands there, of a repeated one the day that is meant."""
    for event in call("calendar", "--json").json["events"]:
        found = call(*shlex.split(event["prep"])[1:], "--json").json
        assert found["event"]["id"] == event["id"]
        assert found["event"]["start"] == (event["start_time"] or event["start_date"])


def test_how_it_looks(call: Call) -> None:
    """Expect a line for each with its hours, who is invited, the command, and nothing that moves a cursor."""
    ran = call("calendar")
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert f"{(NOW + DAY):%Y-%m-%d %H:%M}-{(NOW + DAY + HOUR):%H:%M}  Soon" in ran.out
    assert "  Leonie Krämer, uwe@x.example\n" in ran.out
    assert "  convo-sync prep 'evt_soon " in ran.out
    assert f"{(NOW + 2 * DAY):%Y-%m-%d}, all day  Fair" in ran.out
    assert "The calendar was last read" in ran.out
    assert " UTC" in call("calendar", "--utc").out


def test_what_was_never_recorded(call: Call) -> None:
    """Expect past events of thirty days without a meeting, whole days and running ones left out."""
    found = call("calendar", "--missed", "--json").json
    assert (ids(found), found["missed"]) == (["evt_missed"], True)
    assert ids(call("calendar", "--missed", "--days", "60", "--json").json) == ["evt_missed", "evt_older"]
    ran = call("calendar", "--missed")
    assert "Never recorded" in ran.out
    assert "1 event was scheduled" in ran.out
    assert "prep" not in ran.out


def test_declined_and_withdrawn_ones_were_not_missed(path: Path, call: Call) -> None:
    """Expect what the owner declined, and what was withdrawn, to be neither missed nor coming."""
    connection = sqlite3.connect(path)
    connection.execute("update events set withdrawn_at = '2026-01-01T00:00:00.000Z' where event_id = 'evt_soon'")
    connection.execute("update account set email = 'uwe@x.example'")
    connection.execute("update attendees set response_status = 'declined' where email = 'uwe@x.example'")
    connection.commit()
    connection.close()
    assert ids(call("calendar", "--json").json) == ["evt_running", "evt_fair"]
    ran = call("calendar", "--missed")
    assert (ran.code, ran.out) == (3, "")
    assert "Nothing that was scheduled in the last 30 days is missing." in ran.err


def test_a_series_of_which_an_earlier_day_was_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect a day that was not recorded to be missed, though a meeting of weeks ago names the same event."""
    path = tmp_path / "archive.db"
    with Made(path, owner="", synced=NOW) as made:
        made.meeting("sess_1", start=NOW - 20 * DAY, minutes=60, event="series")
        made.event("series", "Weekly", NOW - 2 * DAY, [])
    ended(path)
    assert ids(runner(path, capsys)("calendar", "--missed", "--json").json) == ["series"]


def test_what_no_sync_has_looked_for_since_is_not_missed_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expect only what was over when the last complete sync ended: a later recording would not be here yet."""
    path = tmp_path / "archive.db"
    with Made(path, owner="", synced=NOW - 3 * DAY) as made:
        made.event("before", "Weekly", NOW - 4 * DAY, [])
        made.event("since", "Weekly", NOW - 2 * DAY, [])
    ended(path)
    assert ids(runner(path, capsys)("calendar", "--missed", "--json").json) == ["before"]


def test_a_calendar_that_was_never_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect to be told how to have it read, with code 3, and a document all the same."""
    path = tmp_path / "archive.db"
    with Made(path, owner="", synced=NOW):
        pass
    call = runner(path, capsys)
    ran = call("calendar", "--json")
    assert (ran.code, ran.json["events"], ran.json["calendar_read_at"]) == (3, [], None)
    assert "enabled = true" in ran.err


@pytest.mark.parametrize("enabled", ["true", "false", None])
def test_the_configuration_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, enabled: str | None
) -> None:
    """Expect `sync` to ask for the calendar where config.toml says so, and by default not."""
    with Rig.serving(tmp_path) as rig:
        rig.world.add_event({"id": "ev1", "start": {"dateTime": "2026-03-21T09:00:00Z"}})
        config = tmp_path / "config.toml"
        config.write_text("" if enabled is None else f"[calendar]\nenabled = {enabled}\n", encoding="utf-8")
        monkeypatch.setenv("CONVO_API_KEY", rig.key)
        monkeypatch.setenv("CONVO_SYNC_BASE_URL", rig.url)
        monkeypatch.setenv("CONVO_SYNC_ARCHIVE", str(rig.path))
        ran = Console(capsys, monkeypatch)("--config", config, "sync", "--json")
        assert ran.code == 0, ran.said
        assert rig.asked("listCalendarEvents") == (enabled == "true")
        assert rig.rows("select count(*) from events") == [(int(enabled == "true"),)]
