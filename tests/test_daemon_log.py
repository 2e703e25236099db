"""What the daemon makes of its child's end, and what it logs of it: a run's number, no key, and nobody's words."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from convo_sync.cli.background_state import State, is_stuck
from convo_sync.cli.child import Child, Ended, as_event, ended
from convo_sync.cli.daemon import _World
from convo_sync.cli.events import Log
from convo_sync.cli.progress import Show, progress
from convo_sync.cli.root import Setup
from convo_sync.daemon import LOOK_SECONDS
from convo_sync.lock import WriterLock
from convo_sync.pacing import Plan
from convo_sync.records import Progress
from convo_sync.times import format_time
from tests.holdings import NOON

KEY = "convo_live_0123456789abcdef"
TITLE = "Layoffs at Acme \x1b[31m\u202e: who goes"


def logged(capsys: pytest.CaptureFixture[str], *, as_json: bool, **details: Any) -> str:
    """The one line that an event leaves."""
    Log(as_json=as_json).tell("sync", **details)
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(("error", "shown"), [
    (f"Convo refused the key: {TITLE} {KEY}", "Convo refused the key"),
    (f"Convo refuses this key: not for {TITLE}", "Convo refuses this key"),
    (f"Convo refused the list of meetings or the profile: {TITLE}",
     "Convo refused the list of meetings or the profile"),
    (f"Something is wrong in convo-sync itself: KeyError: '{TITLE}'", "Something is wrong in convo-sync itself"),
    (f"The api_key_command failed with exit code 1, saying: no {KEY}.",
     "The api_key_command failed with exit code 1, saying: no [key]."),
    ("Convo has refused this key; it is not asked again with it for a day.",
     "Convo has refused this key; it is not asked again with it for a day."),
    ("The archive /media/convo_sync/archive.db is not there.",
     "The archive /media/convo_sync/archive.db is not there."),
])  # fmt: skip
def test_an_error_has_no_words_of_others(
    error: str, shown: str, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expect our own words to stay, and what Convo, a fault or a command said, and any key, to be left out."""
    line = logged(capsys, as_json=as_json, run=7, error=error)
    assert shown in line
    assert "Layoffs" not in line
    assert "convo_live" not in line
    assert "\x1b" not in line


def test_a_fault_keeps_its_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """Expect the name of the exception, which is ours."""
    line = logged(capsys, as_json=True, error=f"Something is wrong in convo-sync itself: KeyError: {TITLE}")
    assert json.loads(line)["error"] == "Something is wrong in convo-sync itself: KeyError"


def test_an_event_names_its_run() -> None:
    """Expect the run's number first, the counts of its document, and no error where it was parked."""
    documents = {"fetched": 3, "failed": 1}
    run = {"outcome": "complete", "requests": 4, "credits": 0, "seconds": 0.5, "documents": documents, "error": None}
    told = as_event(Ended(0, run), 12)
    assert next(iter(told.items())) == ("run", 12)
    assert (told["archived"], told["failed"], told["requests"], told["error"]) == (3, 1, 4, None)
    assert as_event(Ended(75, {}, said="Another process is writing"), None)["error"] is None
    assert as_event(Ended(78, {}, said="The key file cannot be read."), None)["error"] == "The key file cannot be read."


def test_warnings_are_told_from_what_ended_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Expect what `--background` says to come back as what it was, and single documents' log lines to be left out."""
    with progress(Show.MARKED) as tell:
        tell(Progress("warning", detail="4 of this month's 5 AI credits (monthly_cap) are spent."))
        tell(Progress("braked", detail="9 of 20 conversations are missing from the list"))
        tell(Progress("step", detail=TITLE))
    said = capsys.readouterr().err
    end = ended(69, "", f"WARNING convo_sync.sync.fetcher: {TITLE}\n{said}\nNo way to Convo.\nTry again.\n")
    assert end.credits == ("4 of this month's 5 AI credits (monthly_cap) are spent.",)
    assert [each.partition(";")[0] for each in end.warnings] == ["9 of 20 conversations are missing from the list"]
    assert (end.said, end.run, "Layoffs" in said) == ("No way to Convo.", {}, False)


@pytest.mark.parametrize("out", ["", "[]", "null", "{"])
def test_a_child_that_printed_no_document(out: str) -> None:
    """Expect an event all the same."""
    assert as_event(ended(-9, out, ""), None)["outcome"] is None


def test_an_idle_daemon_writes_its_state_every_two_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect no write at each look, and never so long without one that it would pass for a daemon that hangs."""
    awake = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: awake)
    archive = tmp_path / "archive.db"
    lock = WriterLock(archive, "convo-sync daemon", suffix=".daemon")
    world = _World(Setup(str(archive), str(tmp_path / "c.toml"), True, 0, False), Log(as_json=True), lock)
    world.keep(Plan(NOON, "every so often"), running=False)
    written, told = set(), State(archive).path
    for _ in range(120):
        awake += LOOK_SECONDS
        world.beat()
        state = json.loads(told.read_text(encoding="utf-8"))
        written.add(state["awake"])
        assert not is_stuck(state, awake)
        assert (state["next_at"], state["why"]) == (format_time(NOON), "every so often")
    assert len(written) == 1 + 30


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with a #! line")
def test_the_daemon_shows_life_while_its_child_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect beats until the child ends, which here waits for one, and all that it printed."""
    script, sign = tmp_path / "python", tmp_path / "sign"
    script.write_text(
        f"#!/bin/sh\necho '{{\"requests\":'\nwhile ! test -e '{sign}'; do sleep 0.01; done\necho ' 5}}'\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    beats: list[int] = []

    def beat() -> None:
        beats.append(1)
        if len(beats) == 3:
            sign.touch()

    end = Child(Setup("a.db", "c.toml", False, 0, False)).call("sync", beat=beat, beat_seconds=0.01)
    assert (end.code, end.run) == (0, {"requests": 5})
    assert len(beats) >= 3


def test_a_child_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Expect it to count as a run that failed, with the reason."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    end = Child(Setup("a.db", "c.toml", False, 0, False)).call("sync", beat=lambda: None, beat_seconds=1.0)
    assert (end.code, "cannot be started" in end.said) == (1, True)
