"""A sync reads the calendar: every event once, what has passed kept, what was withdrawn marked, meetings linked."""

from __future__ import annotations

import contextlib
import functools
import itertools
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from convo_sync import models
from convo_sync.archive import repair
from convo_sync.archive.forgetting import forget
from convo_sync.client import Client
from convo_sync.errors import Forbidden, Invalid, Refusal
from convo_sync.plan.exclusion import Exclusion, Rule
from convo_sync.records import ConversationId, EventPage, Outcome
from convo_sync.simulator import Fault
from convo_sync.sync.calendar import _next

from .rig import Crash, CrashPoint, Rig, add, iso, row, turns

LISTED = "listCalendarEvents"
ONE_DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Planned(Rig):
    """A rig that reads the calendar."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.calendar = True
        self.refusals: list[Refusal] = []

    def remote(self, client: Client, point: CrashPoint | None) -> Any:
        """The API; the calendar is answered with the refusals, one after the other, before anything is sent."""
        remote, listing = super().remote(client, point), client.list_events

        def list_events(*arguments: Any) -> EventPage:
            if self.refusals:
                raise self.refusals.pop()
            return listing(*arguments)

        client.list_events = list_events  # type: ignore[assignment, method-assign]
        return remote

    def event(self, id_: str, start: datetime, *, title: str = "Weekly", guests: tuple[str, ...] = ()) -> None:
        """An hour in the calendar."""
        invited = [{"displayName": each, "email": f"{each.split()[0].lower()}@x.example"} for each in guests]
        when = {"start": {"dateTime": iso(start)}, "end": {"dateTime": iso(start + HOUR)}}
        self.world.add_event({"id": id_, "summary": title, **when, "attendees": invited})

    def record(self, number: int, start: datetime, *, title: str = "", event: str | None = None) -> str:
        """A meeting that was recorded then, for an hour."""
        listed = row(number, start, minutes=60, title=title) | {"linkedCalendarEventId": event}
        self.world.add(listed, {"id": listed["id"], "segments": turns(number, 12)})
        return str(listed["id"])

    @property
    def items(self) -> list[str]:
        """The events that the archive has, as they stand."""
        return [item for (item,) in self.rows("select item from events where withdrawn_at is null order by item")]

    @property
    def withdrawn(self) -> list[str]:
        return [id_ for (id_,) in self.rows("select event_id from events where withdrawn_at is not null")]

    @property
    def links(self) -> list[tuple[Any, ...]]:
        return self.rows("select conversation_id, item, score, how from event_links order by conversation_id")

    @property
    def warnings(self) -> list[str]:
        return [event.detail for event in self.events if event.event == "warning"]


@pytest.fixture(params=["end", "start"])
def bound(request: pytest.FixtureRequest) -> str:
    """What makes an event upcoming."""
    return str(request.param)


@pytest.fixture
def rig(tmp_path: Path, bound: str) -> Iterator[Planned]:
    """An account with one meeting of last week."""
    with Planned.serving(tmp_path, assume={"calendar_bound": bound}) as rig:
        add(rig, 0, timedelta(days=7))
        yield rig


def test_by_default_nothing_asks_for_the_calendar(rig: Planned) -> None:
    """Expect no request about it unless it is configured."""
    rig.calendar = False
    rig.event("ev1", rig.now() + HOUR)
    rig.complete()
    assert (rig.asked(LISTED), rig.items) == (0, [])


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 99, 130])
def test_every_event_comes(rig: Planned, count: int) -> None:
    """Expect all of them, page by page, and no more pages than it takes."""
    for number in range(count):
        rig.event(f"ev{number:03}", rig.now() + ONE_DAY + number * HOUR)
    rig.complete()
    assert len(rig.items) == count
    assert rig.asked(LISTED) == (1 if count < 50 else 2 if count < 99 else 3)


def test_events_of_one_moment_and_of_whole_days(rig: Planned) -> None:
    """Expect none to be left out on the way from one page to the next, whatever stands at its edge."""
    today = rig.now().date()
    for number in range(40):
        rig.event(f"one{number}", rig.now() + ONE_DAY)
        day = (today + timedelta(days=1 + number // 4)).isoformat()
        end = (today + timedelta(days=3 + number // 4)).isoformat()
        rig.world.add_event({"id": f"day{number}", "start": {"date": day}, "end": {"date": end}})
        rig.event(f"late{number}", rig.now() + timedelta(days=4))
    rig.complete()
    assert len(rig.items) == 120
    assert rig.asked(LISTED) <= 6
    days = rig.rows("select count(*) from events where start_time is null and start_date is not null")
    assert days == [(40,)]


def test_more_at_one_moment_than_a_page_has(rig: Planned) -> None:
    """Expect an end, and nothing to be withdrawn where the list could not be read to its end."""
    rig.event("early", rig.now() + HOUR)
    rig.complete()
    rig.world.remove_event("early")
    for number in range(60):
        rig.event(f"ev{number:03}", rig.now() + ONE_DAY)
    rig.complete()
    assert (len(rig.items), rig.withdrawn) == (51, [])
    assert rig.asked(LISTED) == 3


def test_what_has_passed_stays(rig: Planned) -> None:
    """Expect an event that the server shows no more, since it is over, to stay as it was; every day of a series too."""
    for day in range(3):
        rig.event("series", rig.now() + HOUR + day * ONE_DAY)
    rig.complete()
    assert len(rig.items) == 3
    rig.clock.advance(2 * ONE_DAY)
    rig.complete()
    assert (len(rig.items), rig.withdrawn) == (3, [])


def test_a_changed_event_is_a_revision(rig: Planned) -> None:
    """Expect both versions to be kept, and a moved event to be another, the old one withdrawn."""
    rig.event("ev1", rig.now() + ONE_DAY, title="Old")
    rig.event("stays", rig.now() + ONE_DAY)
    rig.complete()
    rig.world.remove_event("ev1")
    rig.event("ev1", rig.now() + ONE_DAY, title="New")
    rig.complete()
    versions = "select count(*) from revisions r join documents d on d.id = r.document_id where d.kind = 'event'"
    assert rig.rows("select summary from events where event_id = 'ev1'") == [("New",)]
    assert rig.rows(versions) == [(3,)]
    rig.world.remove_event("ev1")
    rig.event("ev1", rig.now() + 2 * ONE_DAY, title="New")
    rig.complete()
    assert rig.rows("select count(*), count(withdrawn_at) from events where event_id = 'ev1'") == [(2, 1)]


def test_a_cancelled_event_is_marked(rig: Planned) -> None:
    """Expect the mark and the event to stay; and the mark to go where the event comes back."""
    for number in range(3):
        rig.event(f"ev{number}", rig.now() + ONE_DAY)
    rig.complete()
    rig.world.remove_event("ev1")
    rig.complete()
    assert rig.withdrawn == ["ev1"]
    rig.event("ev1", rig.now() + ONE_DAY)
    rig.complete()
    assert rig.withdrawn == []


def test_nothing_new_changes_nothing(rig: Planned) -> None:
    """Expect a second reading to leave every row, and the feed, as they are."""
    rig.event("ev1", rig.now() + ONE_DAY)
    rig.complete()
    before = rig.rows("select * from events"), rig.rows("select value from meta where key = 'changed'")
    rig.complete()
    assert (rig.rows("select * from events"), rig.rows("select value from meta where key = 'changed'")) == before
    assert rig.asked(LISTED) == 2
    # Nor are the links looked at again: what they were made of is what there is.
    assert rig.rows("select count(distinct value) from meta where key in ('linked', 'changed')") == [(1,)]


def test_the_next_page_of_whole_days_begins_where_the_earliest_zone_does() -> None:
    """Expect the day's first midnight on earth, then that of UTC where that leads no further, then the end."""
    document = models.event_document({"id": "ev1", "start": {"date": "2026-03-21"}})
    assert document is not None
    first = datetime(2026, 3, 20, 10, tzinfo=UTC)
    midnight = datetime(2026, 3, 21, tzinfo=UTC)
    assert _next((document,), None) == first
    assert _next((document,), first) == midnight
    assert _next((document,), midnight) is None


def test_a_disconnected_calendar_withdraws_nothing(rig: Planned) -> None:
    """Expect an empty list instead of many events not to be believed."""
    for number in range(6):
        rig.event(f"ev{number}", rig.now() + ONE_DAY)
    rig.complete()
    for number in range(6):
        rig.world.remove_event(f"ev{number}")
    rig.complete()
    assert (len(rig.items), rig.withdrawn) == (6, [])


def test_the_background_asks_at_most_every_quarter_of_an_hour(rig: Planned) -> None:
    """Expect a run that nobody typed to let the calendar be for a while, and one that somebody typed not to."""
    asked = []
    for minutes, typed in ((0, False), (14, False), (1, False), (1, True)):
        rig.clock.advance(timedelta(minutes=minutes))
        rig.complete(retry_failed=typed)
        asked.append(rig.asked(LISTED))
    assert asked == [1, 1, 2, 3]


def test_a_plan_without_a_calendar(rig: Planned) -> None:
    """Expect the run to be complete, one warning, and the next request a week later, or where all is wanted."""
    rig.event("ev1", rig.now() + 30 * ONE_DAY)
    rig.simulator.faults.add(Fault("not_found", LISTED, times=3))
    asked = []
    for days, options in ((0, {}), (6, {}), (0, {"full": True}), (2, {}), (5, {}), (7, {}), (0, {})):
        rig.clock.advance(timedelta(days=days))
        rig.complete(**options)
        asked.append(rig.asked(LISTED))
    assert asked == [1, 1, 2, 2, 3, 4, 5]
    assert len(rig.warnings) == 1
    assert "404" in rig.warnings[0]
    assert len(rig.items) == 1


def test_a_plan_that_forbids_the_calendar(rig: Planned) -> None:
    """Expect the same of a 403, which anywhere else means that the key is of no use."""
    rig.event("ev1", rig.now() + 30 * ONE_DAY)
    rig.refusals = [Forbidden("not in your plan", status=403, api_code="forbidden")]
    assert rig.complete().fetched > 0
    rig.complete()
    assert (len(rig.warnings), rig.asked(LISTED), rig.items) == (1, 0, [])
    rig.clock.advance(7 * ONE_DAY)
    rig.complete()
    assert len(rig.items) == 1


@pytest.mark.parametrize("kind", ["server_error", "invalid_json", "wrong_shape", "bad_gateway"])
def test_trouble_with_the_calendar_ends_no_run(rig: Planned, kind: str) -> None:
    """Expect the documents to come all the same, a warning, and the calendar with the next run."""
    rig.event("ev1", rig.now() + ONE_DAY)
    fault = Fault(kind, LISTED, times=None)
    rig.simulator.faults.add(fault)
    run = rig.complete()
    assert (run.fetched > 0, len(rig.warnings), rig.items) == (True, 1, [])
    rig.simulator.faults.clear()
    rig.complete(retry_failed=False)
    assert len(rig.items) == 1


def test_a_request_that_the_server_finds_wrong(rig: Planned) -> None:
    """Expect a 400 to be told, and nothing else to come of it."""
    rig.refusals = [Invalid("no such parameter", status=400, api_code="validation_error")]
    rig.complete()
    assert len(rig.warnings) == 1


def test_an_hour_that_is_used_up_parks_the_run(rig: Planned) -> None:
    """Expect no failure: what is left is asked for when the hour is over."""
    rig.simulator.faults.add(Fault("rate_limited", LISTED, times=None, seconds=600))
    run, _ = rig.sync()
    assert run.outcome is Outcome.PARKED
    rig.simulator.faults.clear()
    rig.clock.advance(2 * HOUR)
    rig.complete()


# -- links


def test_a_meeting_is_linked_by_the_id_that_it_names(rig: Planned) -> None:
    """Expect a link for sure, to the day on which it was."""
    for day in range(3):
        rig.event("series", rig.now() + HOUR + day * ONE_DAY)
    rig.complete()
    assert rig.links == []
    rig.clock.advance(ONE_DAY + 3 * HOUR)
    id_ = rig.record(1, rig.now() - 2 * HOUR, title="Anything", event="series")
    rig.complete()
    assert rig.links == [(id_, rig.items[1], 1.0, "id")]


def test_a_meeting_is_linked_by_likeness(rig: Planned) -> None:
    """Expect time and title to be enough, and the link to go with the title that it was made for."""
    rig.event("ev1", rig.now() + HOUR, title="Salary talk")
    rig.complete()
    rig.clock.advance(3 * HOUR)
    id_ = rig.record(1, rig.now() - 2 * HOUR, title="The salary talk")
    rig.complete()
    ((linked, item, score, how),) = rig.links
    assert (linked, item, how) == (id_, rig.items[0], "likeness")
    assert 0.65 <= score < 1
    rig.world.rename(id_, "Lunch")
    rig.complete()
    assert rig.links == []
    assert rig.rows("select key from deletions where table_name = 'event_links'") == [(f'["{id_}"]',)]


def test_links_follow_who_spoke(rig: Planned) -> None:
    """Expect the transcript, which comes after the list, to make the link in the same run."""
    rig.event("ev1", rig.now() + HOUR, title="Other words", guests=("Leonie Krämer", "Uwe Brandt"))
    rig.complete()
    rig.clock.advance(3 * HOUR)
    listed = row(1, rig.now() - 2 * HOUR, minutes=60, title="Talk")
    said = [each | {"speaker": ("Leonie Krämer", "Uwe")[n % 2]} for n, each in enumerate(turns(1, 12))]
    rig.world.add(listed, {"id": listed["id"], "segments": said})
    rig.complete()
    assert [each[3] for each in rig.links] == ["likeness"]


def test_who_was_invited_keeps_a_meeting_from_being_asked_for(rig: Planned) -> None:
    """Expect rules by attendee to hold for meetings linked by id and by likeness, from their first listing on."""
    rig.event("ev1", rig.now() + HOUR, title="Checkup", guests=("Doctor Grey",))
    rig.event("ev2", rig.now() + 3 * HOUR, title="Results", guests=("Doctor Grey",))
    rig.event("ev3", rig.now() + 5 * HOUR, title="Weekly", guests=("Leonie Krämer",))
    rig.exclusion = Exclusion((Rule(attendee="grey"),))
    rig.complete()
    begun = rig.now()
    rig.clock.advance(8 * HOUR)
    named = rig.record(1, begun + HOUR, title="Anything", event="ev1")
    like = rig.record(2, begun + 3 * HOUR, title="Results")
    other = rig.record(3, begun + 5 * HOUR, title="Weekly")
    rig.complete()
    rig.world.rename(like, "The results")
    rig.clock.advance(ONE_DAY)
    rig.complete(full=True, audit=True)
    about = {id_: sum(each.conversation_id == id_ for each in rig.simulator.requests) for id_ in (named, like, other)}
    assert (about[named], about[like], about[other] > 0) == (0, 0, True)
    sql = "select distinct conversation_id from holdings where state = 'excluded' order by 1"
    assert rig.rows(sql) == [(named,), (like,)]


def test_somebody_who_is_invited_later(rig: Planned) -> None:
    """Expect a rule to take a meeting from then on, though the event that it is linked with is the same."""
    rig.exclusion = Exclusion((Rule(attendee="grey"),))
    rig.event("ev1", rig.now() + HOUR, title="Checkup")
    id_ = rig.record(1, rig.now() - HOUR, title="Before", event="ev1")
    rig.complete()
    states = "select distinct state from holdings where conversation_id = ?"
    assert ("present",) in rig.rows(states, id_)
    rig.world.remove_event("ev1")
    rig.event("ev1", rig.now() + HOUR, title="Checkup", guests=("Doctor Grey",))
    rig.complete()
    assert rig.rows(states, id_) == [("excluded",)]


def test_a_forgotten_meeting_leaves_its_event(rig: Planned) -> None:
    """Expect the link to go with the meeting, into the feed, and the event to stay."""
    rig.event("ev1", rig.now() + HOUR)
    id_ = rig.record(1, rig.now() - HOUR, event="ev1")
    rig.complete()
    assert len(rig.links) == 1
    forget(rig.path, ConversationId(id_), rig.now())
    rig.complete()
    assert (rig.links, len(rig.items)) == ([], 1)
    assert rig.rows("select count(*) from deletions where table_name = 'event_links'") == [(1,)]


def test_a_calendar_that_is_switched_off_again(rig: Planned) -> None:
    """Expect what the archive has to stay and to be linked, without a request."""
    rig.event("ev1", rig.now() + HOUR)
    rig.complete()
    rig.calendar = False
    rig.clock.advance(3 * HOUR)
    rig.record(1, rig.now() - 2 * HOUR, event="ev1")
    rig.complete()
    assert (len(rig.links), rig.asked(LISTED), rig.withdrawn) == (1, 1, [])


def test_what_was_damaged_is_linked_anew(rig: Planned) -> None:
    """Expect an event that was repaired to be linked again by the next sync."""
    rig.event("ev1", rig.now() + HOUR)
    rig.record(1, rig.now() - HOUR, event="ev1")
    rig.complete()
    before = rig.links
    with contextlib.closing(sqlite3.connect(rig.path, isolation_level=None)) as connection:
        connection.execute("pragma foreign_keys = on")
        connection.execute("delete from attendees")
        connection.execute("delete from events")
    assert rig.links == []
    assert repair.mend(rig.path, rig.now()) is not None
    rig.complete()
    assert rig.links == before


# -- crashes


def _week(rig: Planned) -> None:
    for number in range(55):
        rig.event(f"ev{number:03}", rig.now() + (number + 1) * HOUR, title=f"Topic {number}")
    add(rig, 0, timedelta(days=7))


def _later(rig: Planned) -> None:
    begun = rig.clock.now()
    rig.clock.advance(10 * HOUR)
    rig.record(1, begun + HOUR, title="Topic 0")
    rig.record(2, begun + 3 * HOUR, title="Unlike", event="ev002")
    rig.world.remove_event("ev040")


def _end(rig: Planned) -> list[Any]:
    return [
        rig.links,
        rig.rows("select item, summary, withdrawn_at is null from events order by item"),
        rig.rows("select kind, item, revision from documents order by coalesce(conversation_id, ''), kind, item"),
        rig.rows("select conversation_id, kind, state from holdings order by 1, 2"),
    ]


@functools.cache
def _undisturbed() -> list[Any]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder, Planned.serving(Path(folder)) as rig:
        _week(rig)
        rig.complete()
        _later(rig)
        rig.complete()
        return _end(rig)


@pytest.mark.parametrize("where", ["before commit", "after commit", "before request", "after request"])
def test_a_crash_anywhere_converges(tmp_path: Path, where: str) -> None:
    """Expect a death at each commit and request of both runs to end as a run that nothing disturbed."""
    for number in itertools.count(1):
        folder = tmp_path / str(number)
        folder.mkdir()
        with Planned.serving(folder) as rig:
            _week(rig)
            died = _dies(rig, where, number)
            rig.complete()
            _later(rig)
            died |= _dies(rig, where, number)
            _finish(rig)
            assert _end(rig) == _undisturbed(), (where, number)
        if not died:
            return


def _finish(rig: Planned) -> None:
    """End what is left; a clock that was moved may cost one hour, since no answer told the time before the death."""
    if rig.sync()[0].outcome is Outcome.PARKED:
        rig.clock.advance(timedelta(minutes=62))
        rig.complete()


def _dies(rig: Planned, where: str, number: int) -> bool:
    try:
        run, _ = rig.sync(CrashPoint(where, number))
        assert run.outcome is Outcome.COMPLETE
    except Crash:
        return True
    return False
