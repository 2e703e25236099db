"""What rules exclude is never asked for, whatever the run; what they no longer exclude is owed again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from convo_sync import models
from convo_sync.budget import Budget
from convo_sync.errors import ConfigurationError
from convo_sync.plan.exclusion import Exclusion, Rule, settled
from convo_sync.plan.schedule import first_holdings
from convo_sync.records import Holding, Kind, State
from convo_sync.simulator import Fault
from convo_sync.sync import Identity, Options, Sync

from .buyer import FIRST, Buyer, told
from .console import Console
from .holdings import NOON
from .rig import RecordingMeter, Rig, add

DAYS = (timedelta(days=1), timedelta(days=2), timedelta(days=3))
PRIVATE = Rule(title="meeting 1")
ID = "sess_00001"


class Private(Rig):
    """A rig with rules."""

    exclusion = Exclusion()
    pause: Any = staticmethod(lambda: False)

    def sync(self, point: Any = None, **options: Any) -> Any:
        with self.archive() as archive:
            meter = RecordingMeter(archive.budget(), self.now, archive.save_budget)
            with self.client(meter) as client:
                sync = Sync(
                    client, archive, meter, self.now, Options(**options), tell=self.events.append, pause=self.pause,
                    paid=client, credits=lambda: self.credits, exclusion=lambda: self.exclusion,
                )  # fmt: skip
                return sync.run(Identity(self.url, "digest"))

    def about(self, conversation_id: str) -> int:
        """Requests for anything of this conversation."""
        return sum(each.conversation_id == conversation_id for each in self.simulator.requests)

    def states(self, conversation_id: str) -> dict[str, str]:
        sql = "select kind, state from holdings where conversation_id = ?"
        return dict(self.rows(sql, conversation_id))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Private]:
    """Three meetings; the second is private."""
    with Private.serving(tmp_path) as rig:
        for number, age in enumerate(DAYS):
            add(rig, number, age)
        yield rig


def all_of(state: str) -> dict[str, str]:
    return dict.fromkeys(("transcript", "keypoints", "feedback"), state)


# -- as thought


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (Rule(title="SALARY"), True),
        (Rule(title="^salary"), False),
        (Rule(weekdays=frozenset((4,))), True),
        (Rule(weekdays=frozenset((0, 5))), False),
        (Rule(between=(time(13), time(14))), True),
        (Rule(between=(time(12), time(13))), False),
        (Rule(between=(time(13, 1), time(13))), False),
        (Rule(between=(time(22), time(13, 1))), True),
        (Rule(attendee="ANN@"), True),
        (Rule(attendee="bob"), False),
        (Rule(title="salary", attendee="ann", weekdays=frozenset((4,)), between=(time(13), time(14))), True),
        (Rule(title="salary", attendee="bob"), False),
    ],
)
def test_a_rule_goes_by_all_that_it_says(rule: Rule, fits: bool) -> None:
    """Expect case not to count, hours and days to be local ones, the end of a span to be outside."""
    local = timezone(timedelta(hours=1))
    exclusion = Exclusion((Rule(title="nothing like it"), rule), lambda moment: moment.astimezone(local))
    friday = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
    reason = exclusion.reason("About your salary", friday, ["Ann Lee", "ann@example.com"])
    assert bool(reason) == fits
    assert reason in ("", f"[sync] exclude: {rule.words}")


def test_what_is_excluded_and_comes_back() -> None:
    """Expect every state to become excluded with nothing to try, and to be owed again with what was held."""
    data = {"id": "a", "title": "t", "startTime": "2026-03-19T12:00:00Z", "segmentCount": 5}
    row = models.read_conversation(json.dumps({"data": data}).encode())
    fresh = first_holdings(row, NOON)
    held = (*fresh[:1], Holding(row.id, Kind.KEYPOINTS, State.PRESENT, digest="d", checked_at=NOON), *fresh[2:])
    out = settled(row, held, "why", NOON)
    assert {(each.state, each.next_try_at, each.failures, each.reason) for each in out} == {
        (State.EXCLUDED, None, 0, "why")
    }
    assert settled(row, out, "another rule", NOON) == out
    back = settled(row, out, "", NOON)
    states = [State.PENDING, State.PENDING, State.NOT_APPLICABLE]
    assert [each.state for each in back] == states
    assert [each.digest for each in back] == [None, "d", None]
    assert settled(row, held, "", NOON) == held


# -- in runs


def test_an_excluded_meeting_is_listed_and_never_asked_for(rig: Private) -> None:
    """Expect its row and title, no request of any kind for it, in audits and for weeks either."""
    rig.exclusion = Exclusion((PRIVATE,))
    run = rig.complete()
    assert (run.new, run.fetched, run.pending) == (3, 6, 0)
    for _ in range(3):
        rig.clock.advance(timedelta(days=8))
        rig.complete(full=True, audit=True)
    assert (rig.about(ID), rig.states(ID), rig.states("sess_00002")) == (0, all_of("excluded"), all_of("present"))
    assert rig.rows("select title from conversations where id = ?", ID) == [("Meeting 1",)]
    assert rig.rows("select distinct kind from documents where conversation_id = ?", ID) == [("listing",)]


def test_it_is_excluded_in_the_transaction_that_lists_it(rig: Private) -> None:
    """Expect no moment in which it was pending: a run that is killed right after leaves nothing to be fetched."""
    rig.exclusion = Exclusion((PRIVATE,))
    rig.pause = _stop
    with pytest.raises(KeyboardInterrupt):
        rig.sync()
    assert (rig.states(ID), rig.states("sess_00000")) == (all_of("excluded"), all_of("pending"))


def _stop() -> bool:
    raise KeyboardInterrupt


def test_a_rule_that_is_new_keeps_what_was_archived(rig: Private) -> None:
    """Expect the documents to stay, and to be found, and nothing of it to be asked for from then on; a change of its
    row is still archived."""
    rig.complete()
    rig.exclusion = Exclusion((PRIVATE,))
    asked = rig.about(ID)
    rig.world.grow(ID, [{"text": "one more thing", "speaker": "Speaker 0", "timestamp": "2026-03-20T12:00:00Z"}])
    rig.clock.advance(timedelta(days=1))
    rig.complete(audit=True)
    assert (rig.about(ID), rig.states(ID)) == (asked, all_of("excluded"))
    assert rig.rows("select segment_count from conversations where id = ?", ID) == [(13,)]
    assert rig.rows("select count(*) from segments where conversation_id = ?", ID) == [(12,)]


def test_without_the_rule_it_is_owed_again(rig: Private) -> None:
    """Expect all of it, in the next run, once; and that nothing is written where nothing differs."""
    rig.exclusion = Exclusion((PRIVATE,))
    rig.complete()
    rig.exclusion = Exclusion()
    assert rig.complete().fetched == 3
    assert (rig.about(ID), rig.states(ID)) == (3, all_of("present"))
    holdings = rig.rows("select * from holdings")
    assert rig.complete().requests == 1
    assert rig.rows("select * from holdings") == holdings


def test_a_title_that_begins_or_ends_to_match(rig: Private) -> None:
    """Expect the new title to count from the listing that shows it on."""
    rig.exclusion = Exclusion((Rule(title="salary"),))
    rig.world.rename("sess_00000", "Salary")
    rig.complete()
    rig.world.rename("sess_00000", "Lids")
    rig.world.rename(ID, "Salary")
    rig.clock.advance(timedelta(days=1))
    asked = rig.about(ID)
    rig.complete(audit=True)
    assert (rig.states("sess_00000"), rig.states(ID), rig.about(ID)) == (all_of("present"), all_of("excluded"), asked)


def test_who_was_invited_counts_where_the_archive_knows(rig: Private) -> None:
    """Expect a meeting whose linked event is archived to be excluded by a person, and others to be fetched."""
    for id_, event in ((ID, "ev1"), ("sess_00002", "ev2")):
        rig.world.conversations[id_].row["linkedCalendarEventId"] = event
    body = {"id": "ev1", "summary": "x", "start": {"dateTime": "2026-03-18T09:00:00Z"}}
    event_document = models.event_document(body | {"attendees": [{"email": "dr@clinic.example", "displayName": "Dr"}]})
    assert event_document is not None
    with rig.archive() as archive:
        archive.store_document(
            event_document, None, current=True, cause="test", run_id=None, now=rig.now(), budget=Budget()
        )
    rig.exclusion = Exclusion((Rule(attendee="Clinic.example"),))
    rig.complete()
    assert (rig.states(ID), rig.states("sess_00002"), rig.about(ID)) == (all_of("excluded"), all_of("present"), 0)


def test_a_vanished_one_is_not_asked_for_either(rig: Private) -> None:
    """Expect two sweeps, and no request for its transcript, to prove that it was deleted."""
    rig.complete()
    rig.exclusion = Exclusion((PRIVATE,))
    asked = rig.about(ID)
    rig.world.delete(ID)
    for gone in (0, 1):
        rig.clock.advance(timedelta(days=1))
        assert rig.complete(full=True).gone == gone
    assert rig.about(ID) == asked


def test_a_rule_that_comes_while_it_runs(rig: Private) -> None:
    """Expect a run that lets others in to read the rules anew, and to go on with the old ones where they are broken."""
    for number in range(3, 12):
        add(rig, number, timedelta(days=number))
    times: list[str] = []

    def pause() -> bool:
        if rig.asked("getTranscript") < 1 or len(times) > 1:
            return False
        times.append("")
        rig.exclusion = Exclusion((Rule(title="meeting 9"),))
        return True

    rig.pause = pause
    rig.complete()
    assert (rig.about("sess_00009"), rig.states("sess_00009")) == (0, all_of("excluded"))


def test_rules_that_cannot_be_read_any_more(rig: Private, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect those that held when the run began to hold on, and that it says so."""
    rig.exclusion = Exclusion((PRIVATE,))
    done: list[bool] = []

    def pause() -> bool:
        if done:
            return False
        done.append(True)
        monkeypatch.setattr(Private, "exclusion", property(_broken))
        del rig.__dict__["exclusion"]
        return True

    rig.pause = pause
    rig.complete()
    assert (rig.about(ID), rig.states(ID)) == (0, all_of("excluded"))
    assert [each.detail for each in rig.events if each.event == "config"] == ["config.toml was not read again: broken"]


def _broken(_: object) -> Exclusion:
    raise ConfigurationError("broken")


# -- as typed


@pytest.fixture
def owner(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    """Somebody with six meetings and no archive yet."""
    with Buyer.serving(tmp_path, Console(capsys, monkeypatch), is_filled=False) as buyer:
        buyer.configure('[[sync.exclude]]\ntitle = "meeting 0"\n')
        yield buyer


def asked_about(owner: Buyer) -> list[Any]:
    return [each for each in owner.sim.requests if each.conversation_id == FIRST]


def test_config_toml_is_obeyed_and_status_counts(owner: Buyer) -> None:
    """Expect no request for it, status to count it, show to say why, and a hand command to spend nothing on it."""
    assert (owner.sync().code, asked_about(owner)) == (0, [])
    status = owner.console("status")
    assert "5 of 6 transcripts; 1 excluded" in status.out
    assert owner.console("status", "--json").json["coverage"]["transcript"] == {"excluded": 1, "present": 5}
    shown = owner.console("show", FIRST)
    assert "excluded by the configuration" in shown.out
    for arguments in (("generate", "keypoints", FIRST), ("ask", FIRST, "why")):
        ran = owner.credits(*arguments, "--yes")
        assert (ran.code, asked_about(owner), owner.charged) == (1, [], [])
        assert "[sync] exclude in config.toml says so" in told(ran)


def test_a_mistake_in_it_ends_a_sync_before_any_request(owner: Buyer) -> None:
    """Expect exit code 78, the line, and no request."""
    owner.configure('[[sync.exclude]]\ntitle = "("\n')
    ran = owner.sync()
    assert (ran.code, owner.sim.requests) == (78, [])
    assert f"{owner.config}, line 2: [[sync.exclude]] title is '(', which is no regular expression" in told(ran)


def test_a_new_title_counts_at_once(owner: Buyer) -> None:
    """Expect `remote rename` to exclude a meeting whose new title a rule takes."""
    assert owner.sync().code == 0
    assert owner.console("remote", "rename", "sess_00001", "Meeting 0 too").code == 0
    states = owner.sql("select distinct state from holdings where conversation_id = 'sess_00001'")
    assert states == [("excluded",)]
    assert json.loads(owner.console("status", "--json").out)["coverage"]["keypoints"]["excluded"] == 2


def test_the_plan_goes_by_the_rules_as_they_are_now(owner: Buyer) -> None:
    """Expect --dry-run to leave out what a new rule takes, to name what none takes any more, and to write nothing."""

    def planned() -> set[str]:
        return {each["conversation_id"] for each in owner.sync("--dry-run", "--json").json["steps"]}

    assert owner.sync().code == 0
    owner.sql("update holdings set next_try_at = '2026-01-01T00:00:00.000Z' where conversation_id = 'sess_00001'")
    assert planned() == {"sess_00001"}
    owner.configure('[[sync.exclude]]\ntitle = "meeting [01]"\n')
    assert planned() == set()
    owner.configure("")
    before = owner.sql("select * from holdings")
    assert planned() == {FIRST, "sess_00001"}
    assert owner.sql("select * from holdings") == before


def test_an_unknown_outcome_is_found_out_without_asking_for_it(owner: Buyer) -> None:
    """Expect a generation whose answer was lost, of a meeting that is excluded since, to be settled by the counter."""
    owner.configure("")
    assert owner.sync().code == 0
    owner.sim.faults.add(Fault("drop_before", "generateKeypoints"))
    owner.sim.faults.add(Fault("server_error", "getKeypoints", times=None))
    assert owner.credits("generate", "keypoints", FIRST, "--yes").code == 69
    owner.configure('[[sync.exclude]]\ntitle = "meeting 0"\n')
    asked = len(asked_about(owner))
    owner.minutes_pass(61)
    assert (owner.sync().code, len(asked_about(owner))) == (0, asked)
    assert owner.ledger == [(FIRST, "keypoints", "refused")]
    assert owner.sql("select distinct state from holdings where conversation_id = ?", FIRST) == [("excluded",)]


def test_a_new_rule_holds_for_a_hand_at_once(owner: Buyer) -> None:
    """A rule that was written after the last sync: neither key points nor an answer is bought, or asked for."""
    owner.configure("")
    owner.sync()
    owner.configure('[[sync.exclude]]\ntitle = "meeting 0"\n')
    asked = len(asked_about(owner))
    for command in (("generate", "keypoints", FIRST, "--refresh"), ("ask", FIRST, "why")):
        ran = owner.credits(*command, "--yes")
        assert (ran.code, owner.posts) == (1, 0), ran.said
        assert "exclude in config.toml says so" in ran.err
    assert len(asked_about(owner)) == asked
