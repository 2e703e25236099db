"""`search` with filters and options, as a shell passes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reading import BUDGET, GONE, LID, Call, build, runner


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four meetings: a whole one, one without notes, one without a transcript yet, one deleted at Convo."""
    return build(tmp_path_factory.mktemp("search"))


@pytest.fixture
def call(archive: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process, on the archive."""
    return runner(archive, capsys)


def places(call: Call, *arguments: str) -> list[tuple[str, int | None]]:
    """Meeting and position of each hit."""
    return [(hit["conversation_id"], hit["position"]) for hit in call("search", "--json", *arguments).json["hits"]]


@pytest.mark.parametrize(
    "arguments",
    [
        ["drops", "speaker:Tomasz Zieliński"],  # the shell took the quotes of speaker:"Tomasz Zieliński"
        ["drops", "speaker:zielinski"],
        ['drops speaker:"tomasz zielinski"'],
        ["drops", "-speaker:Mara Voss"],
        ["drops", "before:2026-03-10"],
        ["drops", "title:budget", "min:30"],
        ["drops", "-flip"],
    ],
    ids=" ".join,
)
def test_filters_as_a_shell_passes_them(call: Call, arguments: list[str]) -> None:
    """Expect the one turn that fits, and not the other meeting that has the word."""
    assert ("sess_lid", 2) in places(call, "drops")
    assert places(call, *arguments) == [(BUDGET, 1)]


@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_context(call: Call, count: int) -> None:
    """Expect so many turns on either side, as far as there are any, and none of them twice."""
    out = call("search", "cracks", f"--context={count}", "--kind", "transcript").out
    said = [line for line in out.splitlines() if line.startswith(("     Mara Voss: ", "     Tomasz Zieliński: "))]
    assert len(said) == {0: 0, 1: 2, 2: 3, 100: 11}[count]
    assert out.count("cracks") == 1


def test_sort_by_date(call: Call) -> None:
    """Expect the newest meeting first, though an older one is the better hit."""
    words = ("zebra", "flip", "budget", "pelican")
    found = [name for name, _ in places(call, *words, "--sort", "date", "--kind=transcript")]
    assert list(dict.fromkeys(found)) == [LID, BUDGET, GONE]
    assert places(call, *words, "--kind=transcript")[0][0] == BUDGET


def test_kinds(call: Call) -> None:
    """Expect only what was asked for, by option, by filter and by both."""
    for arguments in (["--kind", "title"], ["in:title"], ["--kind", "title", "--kind", "transcript", "in:titles"]):
        found = call("search", "--json", "lid", *arguments).json["hits"]
        assert [(hit["kind"], hit["position"]) for hit in found] == [("title", None)]
    assert call("search", "lid", "--kind", "title", "in:transcript").code == 3
    assert call("search", "lid", "--kind", "kitchen").code == 2


def test_explain_goes_to_stderr(call: Call) -> None:
    """Expect how the words were understood beside the hits, and one document on stdout with --json."""
    found = call("search", "--explain", "--json", "what", "cracks", "speaker:mara", "-draft")
    assert json.loads(found.out)["query"] == "what cracks speaker:mara -draft"
    lines = found.err.splitlines()
    for line in ("Words: cracks", "Left out as too common: what", "Only what is said by: mara", "Not: draft"):
        assert line in lines


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("after:2026-13", "“after:2026-13” is not a day."),
        ("min:soon", "“min:soon” is not a length of time."),
        ("in:kitchen", "“in:kitchen” is no kind of text."),
        ("-min:30", "“-min:30” cannot be excluded."),
    ],
)
def test_an_impossible_value(call: Call, argument: str, message: str) -> None:
    """Expect exit 2, a sentence that names it and one that says what to type, and nothing on stdout."""
    for arguments in ([argument], ["--json", "lid", argument], ["--explain", "lid", argument]):
        found = call("search", *arguments)
        assert (found.code, found.out) == (2, "")
        said, advice = found.err.splitlines()[:2]
        assert said.startswith(message)
        assert advice.endswith(".")


def test_what_a_range_does_not_show(call: Call) -> None:
    """Expect the meetings without a transcript of the range alone, where hits are and where none are."""
    assert "1 meeting in this range has no transcript yet." in call("search", "lid", "after:2026-03-10").out
    assert "no transcript yet" not in call("search", "zebra", "before:2026-03-10").out
    found = call("search", "zebra", "after:2026-03-10")
    assert (found.code, found.err.splitlines()[-1]) == (3, "1 meeting in this range has no transcript yet.")
    assert call("search", "--json", "lid", "after:2026-03-10").json["coverage"] == {
        "conversations": 2, "without_transcript": 1,
    }  # fmt: skip


def test_filters_alone(call: Call) -> None:
    """Expect the meetings that fit, the newest first, and what somebody said first."""
    assert places(call, "before:2026-03-10") == [(BUDGET, None), (GONE, None)]
    assert places(call, "speaker:mara", "title:budget") == [(BUDGET, 0)]
    assert "in the title" in call("search", "title:flip").out


def test_filters_that_no_meeting_fits(call: Call) -> None:
    """Expect the filters to be named, and not an archive with meetings to be called empty."""
    ran = call("search", "speaker:nobody", "lid")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("No meeting is as the filters say: speaker:nobody lid\n")
