"""`search`, `show` and `list`, on an archive that a sync with the simulator made."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reading import (
    BUDGET,
    GONE,
    GROWING,
    LID,
    NASTY,
    Call,
    build,
    process,
    runner,
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four meetings: a whole one, one without notes, one without a transcript yet, one deleted at Convo."""
    return build(tmp_path_factory.mktemp("reading"))


@pytest.fixture
def call(archive: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process, on the archive."""
    return runner(archive, capsys)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine stands in Berlin."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


# -- search


def test_search_json_keeps_its_contract(call: Call) -> None:
    """The names and their order are what design.md promises to other tools."""
    found = call("search", "--json", "flip", "top", "cracks")
    assert (found.code, found.err) == (0, "")
    assert list(found.json) == ["query", "total", "more", "hits", "coverage"]
    hit = found.json["hits"][0]
    assert list(hit) == [
        "conversation_id", "title", "start_time", "kind", "position", "first_position", "last_position", "speaker",
        "timestamp", "text", "snippet", "score",
    ]  # fmt: skip
    assert list(found.json["coverage"]) == ["conversations", "without_transcript"]
    assert found.json["query"] == "flip top cracks"
    assert found.json["coverage"] == {"conversations": 4, "without_transcript": 1}
    assert (hit["conversation_id"], hit["kind"], hit["position"], hit["speaker"]) == (
        LID,
        "transcript",
        1,
        "Tomasz Zieliński",
    )
    assert hit["timestamp"] == "2026-03-19T10:00:30.000Z"


@pytest.mark.parametrize(
    ("words", "position"),
    [
        (["C++"], 5),
        (["20.04"], 5),
        (["sliding", "--", "lid"], 2),
        (["gesla"], 4),
        (["-n", "3", "sliding", "-hinge"], 2),
    ],
)
def test_search_takes_words_as_a_shell_gives_them(call: Call, words: list[str], position: int) -> None:
    """Nothing needs quotes, and options may stand before, between and after the words."""
    found = call("search", "--json", "--kind=transcript", *words).json
    assert next(hit["position"] for hit in found["hits"] if hit["conversation_id"] == LID) == position


@pytest.mark.parametrize("word", ["-draft", "-news", "-hand", "-nobody", "--json5", "-", "--kinds"])
def test_search_takes_an_unknown_option_for_a_word(call: Call, word: str) -> None:
    """-news excludes news; it is neither -n ews nor an error, and -hand is no call for help."""
    found = call("search", "zebra", word, "--json")
    assert (found.code, found.json["query"]) == (0, f"zebra {word}")


def test_search_leaves_out_what_a_minus_excludes(call: Call) -> None:
    """`search zebra -draft` does not show the turn with the draft."""
    assert [hit["position"] for hit in call("search", "zebra", "-draft", "--json").json["hits"]] == [0]


def test_search_for_a_person(call: Call, berlin: None) -> None:
    """Title, local time, speaker, time into the meeting, the words marked, how to open it, and what was not seen."""
    found = call("search", "flip", "top", "cracks", "--kind", "transcript")
    lines = found.out.splitlines()
    assert lines[:3] == [
        "Lid: flip top or slide?",
        f"Thu 2026-03-19 11:00 · {LID}",
        "  1. Tomasz Zieliński · 0:30 · --at 1",
    ]
    assert "The «flip» «top» «cracks» in the cold" in found.out
    assert "1 meeting has no transcript yet." in lines
    assert lines[-1] == f"Open one: convo-sync show {LID} --at 1"


def test_search_groups_a_meetings_hits(call: Call) -> None:
    """A meeting's title stands once, above all its hits, and the hits are numbered through."""
    out = call("search", "flip", "top", "--utc").out
    assert out.count("Lid: flip top or slide?\n") == 1
    assert "Thu 2026-03-19 10:00 UTC" in out
    assert "  1. " in out
    assert "  2. " in out


def test_search_that_finds_nothing(call: Call) -> None:
    """Exit 3, a sentence on stderr that names what could not be seen, and with --json still one document."""
    found = call("search", "quaggas-on-mars")
    assert (found.code, found.out) == (3, "")
    assert found.err == "Nothing found for: quaggas-on-mars\n1 meeting has no transcript yet.\n"
    found = call("search", "--json", "quetzal")
    assert (found.code, found.json["hits"], found.json["total"]) == (3, [], 0)


@pytest.mark.parametrize("words", [[], [""], ["  "], ["--json"]])
def test_search_for_no_words(call: Call, words: list[str]) -> None:
    """An empty query is a mistake in plain words, exit 2."""
    found = call("search", *words)
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("There is nothing to search for.\n")


@pytest.mark.parametrize("words", [["???"], ["-draft"], ['"'], ["(", "NEAR(", "*"], ["a AND"], ["title:x"], ["\udcff"]])
def test_no_typed_string_is_an_error(call: Call, words: list[str]) -> None:
    """What has nothing to look for finds nothing; even bytes that are no text."""
    found = call("search", *words, "--json")
    assert found.code in (0, 3)
    assert isinstance(found.json["hits"], list)


@pytest.mark.parametrize("arguments", [["-n", "0", "x"], ["-n", "many", "x"], ["--kind", "poem", "x"], ["x", "-n"]])
def test_search_refuses_impossible_options(call: Call, arguments: list[str]) -> None:
    """Exit 2 with the option's name."""
    found = call("search", *arguments)
    assert (found.code, found.out) == (2, "")
    assert "'-n'" in found.err or "'--kind'" in found.err or "-n" in found.err


def test_search_limit_and_more(call: Call) -> None:
    """-n 1 shows one hit and says that there are more."""
    found = call("search", "-n1", "flip", "top", "--json").json
    assert (len(found["hits"]), found["more"]) == (1, True)
    assert "\n1 hit in 1 meeting; -n 50 shows more.\n" in call("search", "--limit=1", "flip", "top").out


# -- show


def test_show_for_a_person(call: Call, berlin: None) -> None:
    """One page: header, key points, decisions, action items, dates, speakers with bars, feedback; no transcript."""
    out = call("show", LID).out
    assert out.startswith(f"Lid: flip top or slide?\nThu 2026-03-19 11:00–11:52 · 52 min · 12 turns · {LID}\n")
    for part in (
        "Key points\n  Summary\n    • point 7 version 1\n    • a second point\n",
        "Decisions\n  • decision 7.1\n",
        "Action items\n  • nobody named (high): do 7\n",
        "Dates\n  • 2026-04-01: due\n",
        "Feedback\n  5.1 of 10 overall; clarity 7.5.\n",
        "  • listen\n",
        f"12 turns of transcript: convo-sync show {LID} --transcript\n",
    ):
        assert part in out
    assert "█" in next(line for line in out.splitlines() if line.startswith("  Mara Voss"))
    assert "sliding" not in out


def test_show_finds_the_beginning_of_an_id(call: Call) -> None:
    """The prefix sess_ need not be typed, nor the end; two that begin so are an error."""
    assert call("show", "sess_li").out == call("show", "lid").out == call("show", LID).out
    several = call("show", "sess_g")
    assert (several.code, several.out) == (3, "")
    assert several.err.startswith("Several conversations begin with sess_g.")
    assert call("show", "nowhere").code == 3
    assert call("show", "\udcff").code == 3


def test_show_transcript(call: Call) -> None:
    """Every turn with its position, speaker and time into the meeting."""
    out = call("show", LID, "--transcript").out
    assert "  1  Tomasz Zieliński · 0:30\n     The flip top cracks in the cold, at eighteen below zero.\n" in out
    assert "\n 11  Tomasz Zieliński · 5:30\n" in out


def test_show_at_a_position(call: Call) -> None:
    """The turn is marked, five turns stand around it, and the key points do not."""
    out = call("show", LID, "--at", "7").out
    assert "\n> 7  Tomasz Zieliński · 3:30\n" in out
    assert "\n  2  " in out
    assert "\n  1  " not in out
    assert "Key points" not in out
    beyond = call("show", LID, "--at", "12")
    assert (beyond.code, beyond.err) == (2, f"{LID} has no turn 12.\nIts turns are 0 to 11.\n")
    without = call("show", GROWING, "--at", "0")
    assert (without.code, without.err.splitlines()[0]) == (2, f"{GROWING} has no transcript in this archive.")


def test_show_json_keeps_its_contract(call: Call) -> None:
    """The names and their order; the turns only where asked for."""
    shown = call("show", LID, "--json").json
    assert list(shown) == [
        "id", "title", "start_time", "end_time", "minutes", "segments", "gone_at", "holdings", "keypoints", "decisions",
        "action_items", "important_dates", "participants", "speakers", "feedback", "action_plan", "answers", "emails",
        "segments_shown",
    ]  # fmt: skip
    assert shown["holdings"]["transcript"] == {"state": "present", "reason": ""}
    assert shown["keypoints"] == [{"heading": "Summary", "points": ["point 7 version 1", "a second point"]}]
    assert list(shown["action_items"][0]) == ["text", "owner", "priority", "confidence"]
    assert list(shown["speakers"][0]) == ["name", "turns", "words", "seconds", "share"]
    assert shown["feedback"]["overall_score"] == 5.1
    assert "conversation_id" not in shown["feedback"]
    assert shown["segments_shown"] is None
    turns = call("show", LID, "--json", "--transcript").json["segments_shown"]
    assert list(turns[0]) == ["position", "speaker", "timestamp", "text"]
    assert turns[3]["text"] == NASTY
    assert [turn["position"] for turn in call("show", LID, "--json", "--at", "0").json["segments_shown"]] == [
        0,
        1,
        2,
        3,
        4,
        5,
    ]


def test_show_markdown(call: Call) -> None:
    """Headings, lists and a table; a meeting's own characters are no markup."""
    out = call("show", LID, "--markdown", "--transcript").out
    assert out.startswith("# Lid: flip top or slide?\n\nThu 2026-03-19")
    for part in (
        "\n## Decisions\n\n- decision 7.1\n",
        "\n- [ ] nobody named (high): do 7\n",
        "sess\\_lid",
        "| Mara Voss |",
    ):
        assert part in out
    assert "**Mara Voss** (0:00): Welcome, let us talk" in out
    assert call("show", LID, "--markdown", "--json").code == 2


def test_show_says_what_is_missing_and_why(call: Call) -> None:
    """A conversation that is gone at Convo says so; a missing document names its state and its reason."""
    assert "Deleted at Convo (noticed " in call("show", GONE).out
    growing = call("show", GROWING).out
    assert "Transcript: still to come (no transcript yet)." in growing
    assert "Key points: " in growing
    assert call("show", GONE, "--json").json["gone_at"].startswith("2026-03-20T")


# -- list


def test_list_is_aligned_and_newest_first(call: Call) -> None:
    """A line a meeting under a heading; what lacks a transcript or is gone is marked."""
    lines = call("list", "--utc").out.splitlines()
    assert lines[0].split() == ["START", "UTC", "LENGTH", "TURNS", "TITLE", "ID"]
    assert [line.split("sess_")[1].split()[0] for line in lines[1:]] == ["growing", "lid", "budget", "gone"]
    assert len({line.index("sess_") for line in lines[1:]}) == 1
    assert lines[1].endswith("no transcript yet")
    assert lines[2].endswith(LID)
    assert lines[4].endswith("deleted at Convo")


def test_list_json_keeps_its_contract(call: Call) -> None:
    """The names and their order."""
    rows = call("list", "--json").json["conversations"]
    assert list(rows[1]) == [
        "id", "title", "start_time", "end_time", "minutes", "segments", "transcript", "keypoints", "feedback",
        "gone_at",
    ]  # fmt: skip
    assert rows[1] == {
        "id": LID, "title": "Lid: flip top or slide?", "start_time": "2026-03-19T10:00:00.000Z",
        "end_time": "2026-03-19T10:52:00.000Z", "minutes": 52, "segments": 12, "transcript": "present",
        "keypoints": "present", "feedback": "present", "gone_at": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["--since", "2026-03-19"], [GROWING, LID]),
        (["--before", "2026-03-19"], [BUDGET, GONE]),
        (["--since", "2026-03", "--before", "2026-03-20"], [LID, BUDGET]),
        (["--before", "2026-03"], [GONE]),
        (["--title", "BUDG"], [BUDGET]),
        (["-n", "1"], [GROWING]),
    ],
)
def test_list_narrows(call: Call, arguments: list[str], ids: list[str]) -> None:
    """By day, month, words of the title and number."""
    assert [row["id"] for row in call("list", "--json", *arguments).json["conversations"]] == ids


def test_list_days_are_local(call: Call, archive: Path) -> None:
    """A meeting at 10:00 UTC on the 19th belongs to the 20th where it is 14 hours later, with --utc too."""
    there = process(archive, "list", "--json", "--utc", "--before", "2026-03-20", TZ="Pacific/Kiritimati")
    ids = [row["id"] for row in json.loads(there.stdout)["conversations"]]
    assert ids == [BUDGET, GONE]


def test_list_that_is_empty(call: Call, tmp_path: Path) -> None:
    """Exit 3, with a sentence on stderr and an empty document."""
    found = call("list", "--json", "--since", "today", "--title", "no such title")
    assert (found.code, found.json) == (3, {"conversations": [], "as_of": "2026-03-20T16:00:00.000Z"})
    assert found.err == "No meeting in the archive is like that.\n`convo-sync list` alone shows all.\n"


@pytest.mark.parametrize("day", ["soon", "2026-13", "2026-02-30", "9999999d", "", "30"])
def test_list_refuses_what_is_no_day(call: Call, day: str) -> None:
    """Exit 2, naming the forms that are understood."""
    found = call("list", "--since", day)
    assert (found.code, found.out) == (2, "")
    assert "2026-03-19, 2026-03, 2026, today, yesterday, 30d" in found.err
