"""How a sync ends on the command line: each ending is told once, with what to do next, and in one JSON document."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from convo_sync.cli import sync as sync_command
from convo_sync.cli.outcome import run_in_words
from convo_sync.cli.progress import Show, progress
from convo_sync.client import Client
from convo_sync.client.http import trouble_of
from convo_sync.errors import RateLimited, TryLater
from convo_sync.lock import WriterLock
from convo_sync.records import Completeness, Outcome, Progress, Run
from convo_sync.simulator import Fault, Simulator, World
from tests.console import Console, Ran
from tests.rig import row, turns

NASTY = "sess_\x1b]0;owned\x07\x1b[2J"
NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
NOBODY = "http://127.0.0.1:1"  # no one listens there


@dataclass
class Desk:
    """One account, one archive, and a person who types."""

    sim: Simulator
    archive: Path
    console: Console

    def sync(self, *options: str) -> Ran:
        """Type `convo-sync sync`."""
        return self.console("--archive", self.archive, "sync", *options)

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """What the file has."""
        with closing(sqlite3.connect(self.archive, isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()

    def variable(self, name: str, value: str) -> None:
        """Set it in the environment."""
        self.console.monkeypatch.setenv(name, value)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Forty ended meetings on a Starter plan, a key and an address in the environment; retries do not pause."""
    world, now = World(), datetime.now(UTC)
    for number in range(40):
        listed = row(number, now - timedelta(days=number + 1))
        listed["id"] = NASTY if number == 1 else listed["id"]
        world.add(listed, {"id": listed["id"], "segments": turns(number, 12)})
    sim = Simulator(world, tier="starter")
    monkeypatch.setattr(sync_command, "Client", functools.partial(Client, sleep=lambda _: None))
    monkeypatch.setattr(sync_command, "WAIT_SECONDS", 0.0)
    with sim.serve() as url:
        monkeypatch.setenv("CONVO_SYNC_BASE_URL", url)
        monkeypatch.setenv("CONVO_API_KEY", sim.key)
        yield Desk(sim, tmp_path / "archive.db", Console(capsys, monkeypatch))


def told_once(ran: Ran) -> tuple[str, str]:
    """The sentence and the next step of an ending that is told on stderr alone."""
    assert ran.out == ""
    sentence, next_step = ran.err.splitlines()[-2:]
    for line in (sentence, next_step):
        assert line[0].isupper() or line[0] == "`", line
        assert line.endswith((".", "--new-key")), line
        assert ran.said.count(line) == 1
    return sentence, next_step


# -- parked


def test_a_used_up_hour_is_called_so_however_the_run_ends(desk: Desk) -> None:
    """Expect the same reason from the run that used the hour up and from the next one, which sends nothing."""
    for _ in range(2):
        ran = desk.sync()
        assert ran.code == 75
        assert ran.out.startswith("Paused. This hour's requests to Convo are used up")
        assert "It can go on at " in ran.out
        assert "run the same command again after that time" in ran.out
        assert "list of meetings is not complete" not in ran.said
    assert desk.sim.rate_limited_answers == 0
    assert len(ran.out.splitlines()) == 2
    shown = " ".join(desk.console("--archive", desk.archive, "status").out.split())
    assert "the hour's requests were used up" in shown


def test_status_names_the_time_from_which_a_parked_sync_goes_on(desk: Desk) -> None:
    """Expect the next step to say after when, in the time of day that the sync named."""
    at = desk.sync().out.partition("It can go on at ")[2].partition(". ")[0]
    ran = desk.console("--archive", desk.archive, "status")
    assert ran.code == 4
    assert f"Run `convo-sync sync` after {at}." in ran.err


def test_a_429_of_the_api_is_told_in_our_words() -> None:
    """Expect the API's terse words to be replaced, and the time rounded up to a whole minute."""
    run = Run(Outcome.PARKED, Completeness.PARTIAL, resume_at=NOW + timedelta(minutes=9, seconds=20))
    first, second = run_in_words(run, RateLimited("slow down"), NOW)
    assert first == "Paused. This hour's requests to Convo are used up."
    here = (NOW + timedelta(minutes=10)).astimezone()
    assert second == f"It can go on at {here:%H:%M}. Run the same command again to go on."


def test_a_list_that_kept_changing_is_told_as_such() -> None:
    """Expect the reason of the ending, not a guess from the state of the listing."""
    error = TryLater("The list of meetings kept changing while it was read.", "Run it again later.", resume_at=NOW)
    run = Run(Outcome.PARKED, Completeness.PARTIAL, resume_at=NOW + timedelta(minutes=5))
    assert run_in_words(run, error, NOW)[0] == "Paused. The list of meetings kept changing while it was read."


# -- failed


def test_offline_is_a_sentence_with_a_next_step(desk: Desk) -> None:
    """Expect exit code 69, no heading of a run that never was, and the same words in status and in JSON."""
    desk.variable("CONVO_SYNC_BASE_URL", NOBODY)
    ran = desk.sync()
    assert ran.code == 69
    sentence, next_step = told_once(ran)
    assert sentence == "Convo could not be reached: the server refused the connection."
    assert "convo-sync doctor" in next_step
    assert desk.sync("--json").json["error"] == {"code": "unreachable", "message": sentence, "next": next_step}
    shown = " ".join(desk.console("--archive", desk.archive, "status").out.split())
    assert f"failed: {sentence}" in shown


def test_a_server_that_is_down_is_told_as_such(desk: Desk) -> None:
    """Expect exit code 69 and a sentence of its own."""
    desk.sim.faults.add(Fault("server_error", "listConversations", times=None))
    ran = desk.sync()
    assert ran.code == 69
    assert told_once(ran)[0].startswith("Convo gave no usable answer: the server failed (HTTP 5")


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("x"),
        httpx.ConnectTimeout("x"),
        httpx.PoolTimeout("x"),
        httpx.ProxyError("x"),
        UnicodeError("a name"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_way_to_be_offline_is_told_as_being_offline(error: Exception) -> None:
    """Expect "could not be reached" for each, and a next step."""
    told = trouble_of(error)
    assert told.message.startswith("Convo could not be reached: ")
    assert "doctor" in told.next_step


def test_a_refused_key_names_how_to_replace_that_one(desk: Desk, tmp_path: Path) -> None:
    """Expect the variable where the key comes from it, and init where it is kept."""
    desk.variable("CONVO_API_KEY", "convo_unknown")
    ran = desk.sync()
    assert (ran.code, "set CONVO_API_KEY to it" in told_once(ran)[1]) == (77, True)
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text("convo_unknown", encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text(f'[api]\napi_key_file = "{key}"\n', encoding="utf-8")
    desk.variable("CONVO_API_KEY", "")
    ran = desk.console("--config", config, "--archive", desk.archive, "sync")
    assert (ran.code, "convo-sync init --new-key" in told_once(ran)[1]) == (77, True)


def test_another_server_or_account_is_no_failed_run(desk: Desk) -> None:
    """Expect exit code 78 and one sentence, with nothing about a run."""
    desk.sync()
    desk.sql("update meta set value = 'https://elsewhere.example' where key = 'base_url'")
    ran = desk.sync()
    assert (ran.code, told_once(ran)[0][:12]) == (78, "This archive")


def test_what_was_done_before_a_failure_is_told(desk: Desk) -> None:
    """Expect the counts on stdout where the list came and the documents did not, and the reason on stderr."""
    desk.sim.set_tier("enterprise")
    desk.sim.faults.add(Fault("server_error", "getTranscript", times=None))
    desk.sim.faults.add(Fault("server_error", "getKeypoints", times=None))
    ran = desk.sync()
    assert ran.code == 69
    assert ran.out.startswith("Meetings: 40 new.")
    assert "Convo gave no usable answer" in ran.err


def test_stopping_says_how_to_go_on(desk: Desk) -> None:
    """Expect exit code 130, that nothing is lost, and the next step."""

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    desk.console.monkeypatch.setattr(sync_command, "run_sync", stopped)
    ran = desk.sync()
    assert ran.code == 130
    assert told_once(ran) == (
        "Stopped. Everything archived so far is kept.",
        "Run the same command again to go on.",
    )


# -- JSON


def test_a_locked_archive_prints_its_document(desk: Desk) -> None:
    """Expect exit code 75, outcome parked, code locked, and nothing else on stdout."""
    desk.archive.parent.mkdir(exist_ok=True)
    with WriterLock(desk.archive, "somebody else").acquire():
        ran = desk.sync("--json")
    assert ran.code == 75
    assert (ran.json["outcome"], ran.json["listing"], ran.json["requests"]) == ("parked", "none", 0)
    assert ran.json["error"]["code"] == "locked"
    assert "somebody else" in ran.json["error"]["message"]
    assert ran.json["error"]["next"]


def test_without_a_key_the_document_says_so(desk: Desk) -> None:
    """Expect outcome failed and the error, so that a program always has something to read."""
    desk.variable("CONVO_API_KEY", "")
    ran = desk.sync("--json")
    assert (ran.code, ran.json["outcome"], ran.json["error"]["code"]) == (78, "failed", "configuration")


def test_no_document_drives_a_terminal(desk: Desk) -> None:
    """Expect an id full of escapes to be harmless in the plan, on its way and in JSON, and whole in JSON."""
    ran = desk.sync()
    desk.sql("update holdings set next_try_at = '2020-01-01T00:00:00.000Z'")
    plan, document = desk.sync("--dry-run"), desk.sync("--dry-run", "--json")
    assert "owned" in ran.err + plan.out
    for each in (ran, plan, document):
        assert not [c for c in each.said if ord(c) < 32 and c != "\n"]
    assert NASTY in {step["conversation_id"] for step in document.json["steps"]}


def test_a_log_line_cannot_drive_a_terminal(desk: Desk) -> None:
    """Expect what is logged to be as harmless as what is printed."""
    import logging

    handlers, level = logging.root.handlers[:], logging.root.level
    logging.root.handlers[:] = []
    try:
        desk.console("-v", "--archive", desk.archive, "sync", "--dry-run")
        (handler,) = logging.root.handlers
        record = logging.makeLogRecord({"msg": "%s\nnext", "args": (NASTY,), "levelname": "INFO", "name": "x"})
        assert handler.format(record) == "INFO x: sess_]0;owned[2J\nnext"
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)


def test_a_brake_is_said_beside_the_document(desk: Desk) -> None:
    """Expect --json to leave the contract alone, and stderr to tell what wants a person."""
    desk.sim.set_tier("enterprise")
    assert desk.sync().code == 0
    for number in range(20, 40):
        desk.sim.world.delete(f"sess_{number:05d}")
    before = desk.sync("--json")
    ran = desk.sync("--json")
    assert (ran.json["conversations"]["gone"], set(ran.json)) == (0, set(before.json))
    assert "20 of 40 conversations are missing from the list; none is marked as deleted." in ran.err
    assert "--accept-deletions" in ran.err


# -- options


def test_the_plan_of_an_audit_names_its_ten_documents(desk: Desk) -> None:
    """Expect what --audit would read again to be in the plan, and the plan alone to ask nothing."""
    desk.sim.set_tier("enterprise")
    desk.sync()
    asked = len(desk.sim.requests)
    said = desk.sync("--dry-run").out
    assert "Nothing else is due now." in said
    assert "No AI credit will be spent: no rule in config.toml spends credits." in said
    plan = desk.sync("--dry-run", "--audit", "--json").json["steps"]
    assert [step["reason"] for step in plan] == ["audit"] * 10
    assert len(desk.sim.requests) == asked
    desk.sync("--audit")
    assert {r.conversation_id for r in desk.sim.requests[asked + 1 :]} == {step["conversation_id"] for step in plan}


# -- progress


@pytest.mark.parametrize("show", [Show.LINES, Show.BAR])
def test_progress_never_ends_a_run(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect a stderr that fails to be no reason to raise, event by event and at the end."""

    class Broken:
        encoding = "utf-8"

        def write(self, text: str) -> int:
            raise BrokenPipeError

        flush = isatty = lambda self: self.write("")

    monkeypatch.setattr("sys.stderr", Broken())
    with progress(show) as tell:
        for event in ("listed", "planned", "step", "gone", "braked"):
            tell(Progress(event, "sess_a", "detail", 1, 2, 3))


def test_without_stderr_there_is_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect lines, which then go nowhere."""
    monkeypatch.setattr("sys.stderr", None)
    assert Show.choose(quiet=False) is Show.LINES
    with progress(Show.LINES) as tell:
        tell(Progress("listed", detail="3 listed"))


def test_a_brake_is_said_even_where_nothing_else_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Expect --json and --quiet to keep the one event that wants a person."""
    assert Show.choose(quiet=True) is Show.WARNINGS
    with progress(Show.WARNINGS) as tell:
        tell(Progress("listed", detail="3 listed"))
        tell(Progress("braked", detail="63 of 93 conversations are missing from the list"))
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "--accept-deletions" in err


def test_a_failed_document_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Expect the id before the reason."""
    with progress(Show.LINES) as tell:
        tell(Progress("failed", "sess_a", "transcript: the answer was cut off"))
    assert capsys.readouterr().err == "sess_a: transcript: the answer was cut off\n"
