"""`decisions`, and `list` by who took part and what it was about."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.asking import NOON, Made, scenes
from tests.reading import Call, runner

AS_OF = "As of Mon 2026-08-31 12:00 UTC, when the last complete sync ended."


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's archive."""
    return scenes(tmp_path_factory.mktemp("decisions"))


@pytest.fixture
def call(demo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in this process, on the demo's archive."""
    monkeypatch.setenv("COLUMNS", "80")
    return runner(demo, capsys)


# -- decisions


def test_decisions_are_the_newest_first(call: Call) -> None:
    """Expect all by the meeting's start, each meeting's in their own order, with its title, start and id."""
    found = call("decisions", "--json", "-n", "1000").json
    assert list(found) == ["as_of", "total", "decisions"]
    assert list(found["decisions"][0]) == ["conversation_id", "title", "start_time", "position", "text"]
    assert (found["as_of"], found["total"], len(found["decisions"])) == ("2026-08-31T12:00:00.000Z", 80, 80)
    places = [(each["start_time"], -each["position"]) for each in found["decisions"]]
    assert places == sorted(places, reverse=True)


def test_decisions_for_a_person(call: Call) -> None:
    """Expect each under its meeting, how many there are besides, and the "as of"."""
    out = call("decisions", "--utc", "-n", "3").out
    assert out.startswith(
        "First shots from Porto: sink marks and the autumn schedule\nTue 2026-08-25 10:00 UTC · sess_"
    )
    assert "\n\nStaged rollout: from 48 to 24 hours\n" in out
    assert out.count("  • ") == 3
    assert out.endswith(
        f"\n3 of 80 decisions; -n 80 shows all.\nOpen a meeting: convo-sync show sess_first_shots\n{AS_OF}\n"
    )


def test_words_find_what_was_decided_about_them(call: Call) -> None:
    """Expect those with all the words first, newer or older, and the days to narrow them."""
    ids = [each["conversation_id"] for each in call("decisions", "flip", "top", "--json").json["decisions"]]
    assert set(ids[:3]) == {"sess_v2_kickoff", "sess_lid_decision", "sess_small_box"}
    assert ids[:3] != sorted(ids[:3])
    since = call("decisions", "flip", "top", "--since", "2026-07", "--json").json["decisions"]
    assert {each["conversation_id"] for each in since} == {"sess_small_box"}
    before = call("decisions", "flip", "top", "--before", "2026-03-03", "--json").json["decisions"]
    assert [each["conversation_id"] for each in before] == ["sess_v2_kickoff"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["qqq", "zzz"],
            "No decision is about: qqq zzz\n`convo-sync search qqq zzz` finds where it was spoken of. As of",
        ),
        (["flip", "--since", "2026-08"], "No decision in those days is about: flip\n"),
        (["--since", "2026-08-26"], "The archive has no decision of those days.\n"),
        (["???"], "No decision is about: ???\n"),
    ],
)
def test_why_there_is_no_decision(call: Call, arguments: list[str], said: str) -> None:
    """Expect exit 3, a sentence that says why, and with --json still one document."""
    ran = call("decisions", *arguments)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(said)
    found = call("decisions", "--json", *arguments)
    assert (found.code, found.json["decisions"], found.json["total"]) == (3, [], 0)


def test_an_archive_without_decisions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect the reason: no meetings, no key points, key points that name none."""
    path = tmp_path / "made.db"
    call = runner(path, capsys)
    with Made(path) as archive:
        assert call("decisions").err.startswith("There are no meetings in this archive yet.\nRun `convo-sync sync`.")
        archive.meeting("sess_a")
        assert call("decisions").err.startswith("No key points are archived yet, and decisions come with them.\n")
        archive.keypoints("sess_a", items=("one",))
        assert call("decisions").err.startswith("There are no decisions in this archive.\n")


def test_a_decision_of_the_same_text_is_found_in_each_meeting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expect both meetings, and both where one meeting has it twice."""
    with Made(tmp_path / "made.db") as archive:
        for id_, decisions in (("sess_a", ("keep the lid",)), ("sess_b", ("keep the lid", "keep the lid"))):
            archive.meeting(id_)
            archive.keypoints(id_, decisions=decisions)
    found = runner(tmp_path / "made.db", capsys)("decisions", "lid", "--json").json["decisions"]
    assert sorted(each["conversation_id"] for each in found) == ["sess_a", "sess_b", "sess_b"]


# -- list --with, --about


def test_a_list_with_somebody(call: Call) -> None:
    """Expect the meetings of a speaker or participant, newest first, whatever the case and the accents."""
    found = [row["id"] for row in call("list", "--with", "ZIELINSKI", "--json").json["conversations"]]
    assert len(found) == 7
    assert found[0] == "sess_rollout_rule"
    spoken = call("list", "--with", "zieliń", "--json").json
    assert [row["id"] for row in spoken["conversations"]] == found
    assert spoken["as_of"] == "2026-08-31T12:00:00.000Z"


def test_a_participant_who_said_nothing_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect a meeting for who is named by its key points alone, and for who spoke without being named."""
    with Made(tmp_path / "made.db") as archive:
        archive.meeting("sess_a", turns=(("Bo", "hello"),))
        archive.keypoints("sess_a", people=("Ann",))
    call = runner(tmp_path / "made.db", capsys)
    for name in ("ann", "bo"):
        assert [row["id"] for row in call("list", "--with", name, "--json").json["conversations"]] == ["sess_a"]


def test_a_list_about_something_is_best_first(call: Call) -> None:
    """Expect the meeting of the best hit first, and all other conditions to hold as well."""
    about = [row["id"] for row in call("list", "--about", "zebra budget", "--json").json["conversations"]]
    assert about[0] == "sess_zebra_budget"
    assert about != [row["id"] for row in call("list", "--json").json["conversations"] if row["id"] in about]
    narrowed = call("list", "--about", "zebra budget", "--with", "ben", "--since", "2026-04", "--json", "-n", "1")
    assert [row["id"] for row in narrowed.json["conversations"]] == ["sess_runway_april"]


def test_such_a_list_says_how_old_it_is(call: Call) -> None:
    """Expect the "as of" below the table, and a list of everything to be the table alone, as ever."""
    assert call("list", "--with", "uwe", "--utc").out.endswith(f"\n\n{AS_OF}\n")
    assert "As of" not in call("list", "--utc").out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--with", "nobody"], 3, "Nobody called nobody took part in any meeting of the archive."),
        (["--about", "qqq"], 3, "No meeting in the archive is about: qqq"),
        (["--about", "zebra", "--with", "nobody"], 3, "No meeting in the archive is like that."),
        (["--with", "uwe", "--title", "zebra"], 3, "No meeting in the archive is like that."),
        (["--with", " "], 2, "--with is followed by nothing."),
        (["--about", ""], 2, "--about is followed by nothing."),
    ],
)
def test_why_such_a_list_is_empty(call: Call, arguments: list[str], code: int, said: str) -> None:
    """Expect the reason and a next step; with --json one empty document where nothing was found."""
    ran = call("list", *arguments)
    assert (ran.code, ran.out, ran.err.splitlines()[0]) == (code, "", said)
    assert len(ran.err.splitlines()) == 2
    if code == 3:
        assert call("list", "--json", *arguments).json == {"conversations": [], "as_of": "2026-08-31T12:00:00.000Z"}


def test_a_look_beyond_the_best_hits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect an old meeting to be found though newer conditions leave out hundreds of better hits."""
    with Made(tmp_path / "made.db") as archive:
        archive.meeting("sess_new", turns=tuple(("Ann", "zebra") for _ in range(600)))
        archive.meeting("sess_old", start=NOON - timedelta(days=40), turns=(("Bo", "zebra, " + "or so, " * 40),))
    call = runner(tmp_path / "made.db", capsys)
    found = call("list", "--about", "zebra", "--with", "bo", "--json").json["conversations"]
    assert [row["id"] for row in found] == ["sess_old"]
