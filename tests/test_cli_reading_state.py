"""`status`, `sql` and `completion`, on an archive that a sync with the simulator made."""

from __future__ import annotations

import csv
import io
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.reading import (
    BUDGET,
    GONE,
    NASTY,
    NOON,
    Call,
    build,
    listed,
    runner,
    said,
)
from tests.rig import Rig, iso


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four meetings: a whole one, one without notes, one without a transcript yet, one deleted at Convo."""
    return build(tmp_path_factory.mktemp("reading"))


@pytest.fixture
def call(archive: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process, on the archive."""
    return runner(archive, capsys)


# -- status


def test_status_of_an_old_archive_is_stale(call: Call) -> None:
    """Exit 4 with a sentence, the screen nevertheless."""
    found = call("status")
    assert found.code == 4
    assert found.err.startswith("The last complete sync was ")
    assert "more than 24 hours counts as stale. Run `convo-sync sync`.\n" in found.err
    for part in ("3 of 4 transcripts; 1 still to come", "Backlog:  2 documents due", "enterprise plan"):
        assert part in found.out
    assert len(found.out.splitlines()) < 24


def test_status_json_keeps_its_contract(call: Call) -> None:
    """The names and their order."""
    found = call("status", "--json")
    assert found.code == 4
    assert list(found.json) == [
        "state", "reason", "account", "tier", "base_url", "archive", "conversations", "gone", "segments", "first_start",
        "last_start", "coverage", "last_complete", "last_run", "sweep_unfinished", "backlog", "hour", "oldest_failure",
            "credits", "daemon",
    ]  # fmt: skip
    assert (found.json["state"], found.json["gone"]) == ("stale", 1)
    assert found.json["coverage"]["transcript"] == {"pending": 1, "present": 3}
    assert list(found.json["backlog"]) == ["due", "later", "next_try_at", "requests_per_hour", "ends_at"]
    assert found.json["backlog"]["requests_per_hour"] == 1900
    assert list(found.json["hour"]) == ["limit", "left", "reset_at"]
    assert found.json["last_complete"]["outcome"] == "complete"
    assert found.json["daemon"] is None


def test_status_takes_stale_after_from_the_configuration(call: Call, tmp_path: Path, archive: Path) -> None:
    """A recent run is fresh, exit 0; with a shorter `stale_after` the same archive is stale."""
    copy = tmp_path / "copy.db"
    shutil.copy(archive, copy)
    ended = iso(datetime.now(UTC) - timedelta(minutes=30))
    with sqlite3.connect(copy) as connection:
        connection.execute("update runs set started_at = ?, finished_at = ?", (ended, ended))
    connection.close()
    fresh = call("status", file=copy)
    assert (fresh.code, fresh.err) == (0, "")
    assert "Complete: 30 minutes ago" in fresh.out
    config = tmp_path / "config.toml"
    config.write_text('[sync]\nstale_after = "10 min"\n')
    assert call("--config", str(config), "status", file=copy).code == 4


def test_status_before_the_first_complete_run(call: Call, tmp_path: Path) -> None:
    """An archive that no run has completed is incomplete: exit 4."""
    rig = Rig(tmp_path, start=NOON)
    rig.archive().close()
    found = call("status", "--json", file=rig.path)
    assert (found.code, found.json["state"], found.json["last_complete"]) == (4, "incomplete", None)
    assert "No sync has completed yet" in found.err
    assert call("status", file=rig.path).out.splitlines()[0] == "Account:  none yet"
    assert call("list", file=rig.path).err.startswith("There are no meetings in this archive yet.")


def test_status_of_a_parked_run(call: Call, tmp_path: Path) -> None:
    """A run that used up the hour says until when it is parked, and when the backlog ends at this plan's rate."""
    with Rig.serving(tmp_path, start=NOON, tier="starter") as rig:
        for n in range(60):
            start = NOON - timedelta(days=n + 1)
            rig.world.add(listed(f"sess_{n:03}", f"Meeting {n}", start, 1), {"segments": said(start, ("Hello.",))})
        rig.sync()
    found = call("status", "--utc", file=rig.path)
    assert found.code == 4
    assert "parked until " in found.out
    assert "of 100 requests left" in found.out
    assert "at 95 requests an hour" in found.out or "within one hour's requests" in found.out


# -- sql


def test_sql_json(call: Call) -> None:
    """An array of objects; blobs as their size, double names told apart, infinity null, text exactly as archived."""
    query = (
        "select position, text, x'0102' as body, null as empty, 9e999 as much, 1 as position "
        "from segments where position = 3"
    )
    rows = call("sql", query, "--json").json
    assert rows == [{"position": 3, "text": NASTY, "body": {"bytes": 2}, "empty": None, "much": None, "position_2": 1}]
    assert call("sql", "select 1 where 0", "--json").json == []


def test_sql_csv(call: Call) -> None:
    """Valid CSV with a header unless told otherwise; no text of a meeting is a formula."""
    query = "select '=1+1' as a, 'x,\"y\"' as b, -3 as c, '@sum' as d"
    assert list(csv.reader(io.StringIO(call("sql", query, "--csv").out))) == [
        ["a", "b", "c", "d"],
        ["'=1+1", 'x,"y"', "-3", "'@sum"],
    ]
    assert call("sql", query, "--csv", "--no-header").out == '\'=1+1,"x,""y""",-3,\'@sum\n'


def test_sql_in_a_pipe(call: Call) -> None:
    """Tab-separated lines, the columns' names only where asked for."""
    query = "select id, minutes from conversations order by id limit 2"
    assert call("sql", query).out == f"{BUDGET}\t52.0\n{GONE}\t52.0\n"
    assert call("sql", query, "--header").out.startswith("id\tminutes\n")


@pytest.mark.parametrize(
    "query",
    [
        "select nonsense", "delete from segments", "", "/* nothing */", "select 1; select 2", "select ?", "\udcff",
        "attach 'other.db' as o", "vacuum into 'other.db'", "pragma journal_mode = delete",
        "select cast(x'ff' as text)", "select abs(-9223372036854775808)",
    ],
)  # fmt: skip
def test_sql_errors_are_plain(call: Call, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What SQLite refuses is a sentence and exit 2; nothing is written anywhere."""
    monkeypatch.chdir(tmp_path)
    found = call("sql", query)
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith(("SQLite says: ", "There is no query in that."))
    assert not (tmp_path / "other.db").exists()


def test_sql_streams(archive: Path) -> None:
    """A query without an end prints its first rows, and `head` ends it without a word."""
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"
    command = f'"{sys.executable}" -m convo_sync --archive "{archive}" sql "{endless}" --json | head -2'
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, check=False)
    assert done.stdout == b'[{"i": 1},\n{"i": 2},\n'
    assert done.stderr == b""


# -- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(call: Call, shell: str) -> None:
    """The script names the variable that makes the program answer."""
    found = call("completion", shell)
    assert found.code == 0
    assert f"_CONVO_SYNC_COMPLETE={shell}_complete" in found.out


def test_completion_of_another_shell(call: Call) -> None:
    """Exit 2, naming those that there are."""
    found = call("completion", "powershell")
    assert (found.code, found.out) == (2, "")
    assert found.err == "There is no completion for “powershell”.\nThere is one for bash, zsh, fish.\n"


def test_completion_completes(archive: Path) -> None:
    """The shell's question is answered with the commands that begin so."""
    asked = {"_CONVO_SYNC_COMPLETE": "bash_complete", "COMP_WORDS": "convo-sync s", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv = ['convo-sync']; from convo_sync.cli import main; main()"],
        capture_output=True, text=True, env=os.environ | asked, timeout=60, check=False,
    )  # fmt: skip
    assert {"plain,sync", "plain,search", "plain,show", "plain,sql", "plain,status"} <= set(done.stdout.split())
