"""What is printed on a narrow terminal: nothing is wider than the screen but what is to be copied."""

from __future__ import annotations

import pytest

from convo_sync.cli import doctor, output
from convo_sync.cli.finding import ok, problem
from convo_sync.cli.progress import Show, progress
from convo_sync.errors import ConvoSyncError
from convo_sync.hits import Coverage, Hit, SearchResult
from convo_sync.records import Progress
from convo_sync.render import hits, meeting, meetings
from convo_sync.render.text import Look, width
from convo_sync.views import Answer, Email, Meeting, MeetingRow, Speaker

NARROW = Look(width=60, utc=True)
START, END = "2026-03-19T10:00:00.000Z", "2026-03-19T10:52:00.000Z"
ROW = MeetingRow("sess_hln_rahmenvertrag", "word " * 40, START, END, 52, 97, "present", "", "", None)


@pytest.mark.parametrize(
    ("columns", "heads"),
    [
        (100, ["START", "UTC", "LENGTH", "TURNS", "TITLE", "ID"]),
        (72, ["START", "UTC", "LENGTH", "TITLE", "ID"]),
        (60, ["START", "UTC", "TITLE", "ID"]),
    ],
)
def test_a_narrow_list_leaves_out_what_show_tells(columns: int, heads: list[str]) -> None:
    """Expect the turns, then the length to go before a title is cut to nothing, and every line to fit."""
    lines = list(meetings.lines([ROW], Look(width=columns, utc=True), whole=False))
    assert lines[0].split() == heads
    assert max(map(width, lines)) <= columns
    assert lines[1].endswith(ROW.id)


def test_a_list_that_nobody_sees_has_every_column() -> None:
    """Expect a file or a pipe to get all of it, whatever the terminal's width."""
    heads, line = meetings.lines([ROW], NARROW, whole=True)
    assert heads.split() == ["START", "UTC", "LENGTH", "TURNS", "TITLE", "ID"]
    assert ROW.title.strip() in line


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_meeting_fits(columns: int) -> None:
    """Expect heading, the AI's texts and the speakers' bars to keep to the width, the bars gone where no room is."""
    speakers = tuple(Speaker(name, 31, 900, 300.0, 0.5) for name in ("Tomasz Zieliński", "Mara Voss"))
    said = "word " * 40 + "\n\t\t\t- " + "x" * 200
    page = Meeting(
        ROW, (), (), (), (), (), speakers, None, (), (), {"keypoints": "", "feedback": ""},
        (Answer("a", said, said, (said,), START),), (Email("e", said, said, START),),
    )  # fmt: skip
    lines = list(meeting.lines(page, Look(width=columns, utc=True), transcript=False))
    assert max(map(width, lines)) <= max(columns, 48)
    assert any("█" in line for line in lines) == (columns > 40)


def test_the_end_of_a_search_fits() -> None:
    """Expect the summary to be wrapped, and the command to stay in one piece."""
    one = Hit("sess_a", "A title", START, "transcript", 3, 3, 3, "Mara", None, "text", "text", 1.0)
    result = SearchResult("text", 6_000, True, (one,), Coverage(9_999, 0))
    lines = list(hits.lines(result, NARROW))
    assert max(map(width, lines)) <= 60
    assert lines[-1] == "Open one: convo-sync show sess_a --at 3"


def test_doctor_wraps_for_a_person_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect messages beside their names on a terminal, commands unbroken, and one line each elsewhere."""
    command = "Type: chmod 600 /a/rather/long/path/to/the/archive/of/somebody.db"
    findings = [ok("disk", "word " * 30), problem("archive", ConvoSyncError("word " * 30, command))]
    assert len(list(doctor._lines(findings, NARROW, quiet=False))) == 4
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    lines = list(doctor._lines(findings, NARROW, quiet=False))
    assert max(width(line) for line in lines if "->" not in line) <= 60
    assert sum(command in line for line in lines) == 1
    assert len(lines) > 8


@pytest.mark.parametrize("columns", ["60", "80", "140"])
def test_the_bar_fits(columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect each state of the bar on one line of the terminal, so that it is drawn over the one before."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress(Show.BAR) as tell:
        tell(Progress("planned", planned=1234, left=1999))
        for done in range(1, 4):
            tell(Progress("step", done=done, planned=1234, left=1999 - done))
    drawn = capsys.readouterr().err.replace("\x1b[?25l", "").replace("\x1b[?25h", "").replace("\n", "\r").split("\r")
    assert any("1996" in line for line in drawn)
    assert max(map(len, drawn)) <= int(columns)


@pytest.mark.parametrize(
    ("planned", "said"), [(0, "nothing more to ask for"), (1, "1 document to ask for"), (2, "2 documents to ask for")]
)
def test_what_a_run_plans_is_counted_in_words(planned: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect the plural where there are several, and no count of nothing."""
    with progress(Show.LINES) as tell:
        tell(Progress("planned", planned=planned))
    assert capsys.readouterr().err == f"{said}\n"
