"""doctor: each cause by itself turns its own line red and no other, and says what to do next."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from convo_sync.simulator import Fault, Simulator

from .console import Console, Well, fill
from .doctor_causes import CAUSES, Break, a_revoked_key, a_sync_under_way
from .simulator.asking import small_world

NAMES = (
    "config", "key", "DNS", "network", "plan", "clock", "disk", "lock", "archive", "search index", "SQLite",
)  # fmt: skip
# What is broken in them, test_cli_doctor_service.py has.
BACKGROUND = ("service", "key for the service", "wake")


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the small world, to be copied."""
    path = tmp_path_factory.mktemp("synced") / "archive.db"
    simulator = Simulator(small_world())
    with simulator.serve() as url:
        fill(path, url, simulator.key)
    return path


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Console:
    """The command line."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return Console(capsys, monkeypatch)


@pytest.fixture
def well(tmp_path: Path, console: Console, synced: Path) -> Iterator[Well]:
    """Nothing is wrong."""
    with contextlib.ExitStack() as stack:
        yield Well(tmp_path, console, stack, synced)


def test_where_all_is_well_every_line_is_ok_and_one_request_is_sent(well: Well) -> None:
    """Expect eleven such lines, three of a service that nobody has to have, exit 0, and a single GET of the profile."""
    ran = well.doctor()
    assert ran.code == 0
    *checks, last = ran.out.splitlines()
    assert [line.split()[0] for line in checks] == ["ok"] * len(NAMES) + ["skipped"] * len(BACKGROUND)
    assert all(line.endswith("no service is installed; convo-sync service install") for line in checks[-3:])
    assert last == "Nothing is wrong."
    assert [record.operation for record in well.sim.requests] == ["getProfile"]


def test_the_json_is_one_document_whose_names_are_a_contract(well: Well) -> None:
    """Expect ok, exit_code and the checks in the order in which to mend."""
    document = well.doctor("--json").json
    assert list(document) == ["ok", "exit_code", "checks"]
    assert (document["ok"], document["exit_code"]) == (True, 0)
    assert tuple(each["name"] for each in document["checks"]) == NAMES + BACKGROUND
    assert list(document["checks"][0]) == ["name", "state", "message", "next"]


@pytest.mark.parametrize(
    ("name", "code", "words", "break_it"), [each[1:] for each in CAUSES], ids=[c[0] for c in CAUSES]
)
def test_a_cause_turns_its_own_line_red_and_no_other(
    well: Well, name: str, code: int, words: str, break_it: Break
) -> None:
    """Expect one problem, with words that tell it apart, a next step and its exit code; the rest is ok or skipped."""
    break_it(well)
    ran = well.doctor("--json")
    red = [each for each in ran.json["checks"] if each["state"] == "problem"]
    assert [each["name"] for each in red] == [name], red
    assert words in red[0]["message"]
    assert red[0]["next"]
    assert (ran.code, ran.json["exit_code"], ran.json["ok"]) == (code, code, False)
    assert len(well.sim.requests) <= 1


@pytest.mark.parametrize("break_it", [each[4] for each in CAUSES if each[1] == "search index"])
def test_the_next_step_for_the_search_index_mends_it(well: Well, break_it: Break) -> None:
    """Expect `archive repair` to be named, to need neither key nor network, and to leave nothing wrong."""
    break_it(well)
    red = next(each for each in well.doctor("--json").json["checks"] if each["state"] == "problem")
    assert "`convo-sync archive repair`" in red["next"]
    requests = len(well.sim.requests)
    with well.monkeypatch.context() as without:
        without.delenv("CONVO_API_KEY")
        assert well.console("archive", "repair").code == 0
    assert len(well.sim.requests) == requests
    assert well.doctor().code == 0


def test_every_check_has_a_cause_that_breaks_it() -> None:
    """Expect the causes above to cover every line that doctor prints."""
    assert {each[1] for each in CAUSES} == set(NAMES)


def test_a_problem_is_printed_with_its_next_step_below(well: Well) -> None:
    """Expect one line for the problem and one for what to do, for a person as well."""
    well.sim.revoke_key(well.sim.key)
    lines = well.doctor().out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("problem  key"))
    assert lines[at + 1].strip().startswith("-> Create a key")
    assert lines[-1] == "1 problem to mend, from the top."


def test_the_first_problem_decides_the_exit_code(well: Well) -> None:
    """Expect 77 for a refused key, though the lock is held as well; the quiet form prints the two alone."""
    a_revoked_key(well)
    a_sync_under_way(well)
    ran = well.doctor()
    assert ran.code == 77
    quiet = [line for line in well.console("-q", "doctor").out.splitlines() if not line.strip().startswith("->")]
    assert [line.split()[1] for line in quiet] == ["key", "lock"]


def test_a_mistake_beside_the_archives_path_is_one_red_line_too(well: Well) -> None:
    """Expect doctor to run where config.toml has to be read for the archive's path and cannot be."""
    well.monkeypatch.delenv("CONVO_SYNC_ARCHIVE")
    well.config.write_text('[archive]\npath = "a.db"\n[sync]\nevery = 30\n', encoding="utf-8")
    states = well.states()
    assert [name for name, state in states.items() if state == "problem"] == ["config"]
    assert [states[name] for name in ("disk", "lock", "archive", "search index")] == ["skipped"] * 4


# -- what is not wrong


def test_offline_asks_nobody(well: Well) -> None:
    """Expect no request, and no complaint about what was left out."""
    well.server.close()
    states = well.states("--offline")
    assert [name for name, state in states.items() if state == "skipped"] == [
        "key", "DNS", "network", "plan", "clock", *BACKGROUND,
    ]  # fmt: skip
    assert well.doctor("--offline").code == 0
    assert not well.sim.requests


def test_a_first_visit_is_no_problem(well: Well) -> None:
    """Expect exit code 0 where there is no archive and no configuration yet."""
    shutil.rmtree(well.archive.parent)
    ran = well.doctor()
    assert ran.code == 0
    assert "convo-sync sync` makes it" in ran.out
    assert not well.archive.parent.exists()


def test_an_empty_file_is_no_problem(well: Well) -> None:
    """Expect a file that a sync has yet to fill to be skipped."""
    well.archive.write_bytes(b"")
    assert well.states()["archive"] == "skipped"


def test_doctor_changes_nothing(well: Well) -> None:
    """Expect the archive's bytes, and the files beside it, to be as before."""
    before = {path.name: path.read_bytes() for path in well.archive.parent.iterdir()}
    well.doctor()
    after = {path.name: path.read_bytes() for path in well.archive.parent.iterdir()}
    assert {name: body for name, body in after.items() if "-" not in name} == before


def test_answers_without_a_date_leave_the_clock_unchecked(tmp_path: Path, console: Console, synced: Path) -> None:
    """Expect skipped rather than red."""
    with contextlib.ExitStack() as stack:
        well = Well(tmp_path, console, stack, synced, assume={"date_header": "no"})
        assert well.states()["clock"] == "skipped"


def test_two_minutes_apart_are_no_problem(well: Well) -> None:
    """Expect a clock that is 90 seconds off to pass."""
    well.sim.clock.advance(90)
    assert well.states()["clock"] == "ok"


def test_an_hour_that_is_used_up_is_no_problem(well: Well) -> None:
    """Expect key and plan to be skipped with the time to wait, and exit code 0."""
    well.sim.faults.add(Fault("rate_limited", times=None, seconds=1500))
    ran = well.doctor("--json")
    told = {each["name"]: each for each in ran.json["checks"]}
    assert ran.code == 0
    assert (told["key"]["state"], told["plan"]["state"]) == ("skipped", "skipped")
    assert "in 25 minutes" in told["plan"]["message"]


def test_a_proxy_is_what_has_to_be_reached(well: Well) -> None:
    """Expect the name and the port of the proxy to be checked where the environment names one."""
    well.server.close()
    port = well.url.rpartition(":")[2]
    well.monkeypatch.setenv("CONVO_SYNC_BASE_URL", "https://convo.example")
    well.monkeypatch.setenv("HTTPS_PROXY", f"http://localhost:{port}")
    shutil.rmtree(well.archive.parent)
    told = {each["name"]: each for each in well.doctor("--json").json["checks"]}
    assert told["DNS"]["message"].startswith("the proxy localhost is ")
    assert told["network"]["state"] == "problem"
    assert f"port {port}" in told["network"]["message"]


def test_a_path_cannot_drive_the_terminal(well: Well) -> None:
    """Expect no escape character in what is printed."""
    well.monkeypatch.setenv("CONVO_SYNC_CONFIG", str(well.folder / "a\x1b[31mb"))
    assert "\x1b" not in well.doctor().out


def test_the_process_prints_one_document_and_ends_with_the_code(well: Well) -> None:
    """Expect the same from a process of its own."""
    well.sim.revoke_key(well.sim.key)
    ran = subprocess.run(
        [sys.executable, "-m", "convo_sync", "doctor", "--json"], capture_output=True, text=True, env=dict(os.environ)
    )
    assert (ran.returncode, json.loads(ran.stdout)["exit_code"], ran.stderr) == (77, 77, "")
