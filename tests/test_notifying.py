"""Desktop notifications: what is worth one, once for each cause and day, and the commands that show it."""

from __future__ import annotations

import json
import os
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from convo_sync.cli.notifying import Notice, Situation, commands, due, send
from convo_sync.pacing import CONFIGURATION, DONE, KEY_REFUSED, LATER, UNREACHABLE
from tests.holdings import DAY, HOUR, MINUTE, NOON

TODAY = date(2026, 11, 25)
CREDITS = ("4 of this month's 5 AI credits (monthly_cap) are spent.",)
LATELY = NOON - HOUR
NOTICE = Notice("key", 'A "title" $(x) `y`', "Words; 'quoted' & <more> %PATH%")


def causes(
    code: int = DONE,
    credits: tuple[str, ...] = (),
    age: timedelta | None = HOUR,
    notified: dict[str, str] | None = None,
) -> list[str]:
    """What is notified of after such a run."""
    seen = Situation(code, credits, None if age is None else NOON - age)
    return [each.cause for each in due(seen, NOON, DAY, notified or {}, TODAY)]


@pytest.mark.parametrize("code", [DONE, UNREACHABLE, LATER, CONFIGURATION, 1, -9])
def test_nothing_is_worth_one_where_the_archive_is_fresh(code: int) -> None:
    """Expect no word of an outage of an hour, a parked run, a crash, or a first sync that is not complete yet."""
    assert causes(code) == []
    assert causes(code, age=None) == []


def test_each_cause() -> None:
    """Expect a refused key, an archive older than `stale_after` and not one that is as old, and credits; or all."""
    assert causes(KEY_REFUSED) == ["key"]
    assert causes(UNREACHABLE, age=DAY) == []
    assert causes(UNREACHABLE, age=DAY + MINUTE) == ["stale"]
    assert causes(credits=CREDITS) == ["credits"]
    assert causes(KEY_REFUSED, CREDITS, 3 * DAY) == ["key", "stale", "credits"]


def test_once_for_each_cause_and_day() -> None:
    """Expect what was notified of today to be left out, by itself; what was yesterday to come again."""
    assert causes(KEY_REFUSED, CREDITS, 3 * DAY, {"stale": "2026-11-25"}) == ["key", "credits"]
    assert causes(KEY_REFUSED, notified={"key": "2026-11-24"}) == ["key"]
    assert causes(KEY_REFUSED, notified={"key": "2026-11-25"}) == []


def test_the_words_say_what_to_do() -> None:
    """Expect a command for key and age, how old the archive is, and the run's own words about credits."""
    key, stale, credits = due(Situation(KEY_REFUSED, CREDITS, NOON - 3 * DAY), NOON, DAY, {}, TODAY)
    assert "convo-sync init --new-key" in key.text
    assert stale.text == "The last complete sync was 3 days ago. Type: convo-sync doctor"
    assert credits.text == CREDITS[0]


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32", "freebsd14"])
def test_words_are_never_a_part_of_a_program(platform: str) -> None:
    """Expect title and text as arguments of their own, or in variables; never inside a script."""
    for argv in commands(NOTICE, platform):
        scripts = [word for word in argv if word not in (NOTICE.title, NOTICE.text, f"{NOTICE.title}: {NOTICE.text}")]
        assert not any("$(x)" in word or "quoted" in word for word in scripts)
    assert commands(NOTICE, platform)[0][0] in ("notify-send", "osascript", "powershell.exe")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are scripts with a #! line")
@pytest.mark.parametrize(
    ("platform", "tool"), [("linux", "notify-send"), ("darwin", "osascript"), ("win32", "msg.exe")]
)
def test_it_is_shown(platform: str, tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the first command that works to be given the words as they are; on Windows the second does."""
    monkeypatch.setenv("PATH", str(tmp_path))
    stand_in(tmp_path, "powershell.exe", code=1)
    stand_in(tmp_path, tool)
    assert send(NOTICE, platform) == tool
    shown = json.loads((tmp_path / "shown").read_text().splitlines()[-1])
    assert NOTICE.title in " ".join(shown)
    assert NOTICE.text in " ".join(shown)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_where_nothing_can_show_it(platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect no failure where the command is missing, or where it fails."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert send(NOTICE, platform) == ""
    if sys.platform != "win32":
        for tool in ("notify-send", "osascript", "powershell.exe", "msg.exe"):
            stand_in(tmp_path, tool, code=1)
        assert send(NOTICE, platform) == ""


def stand_in(folder: Path, name: str, code: int = 0) -> None:
    """A command that writes down its arguments."""
    path = folder / name
    path.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        f"open({str(folder / 'shown')!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\nsys.exit({code})\n"
    )
    os.chmod(path, 0o755)
