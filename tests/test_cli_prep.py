"""`prep`: what it takes its words for, what it tells of a person, a topic and an event, and where each line is from."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.asking import NOON, Made, scenes
from tests.reading import Call, runner

KEYS = [
    "query", "kind", "as_of", "people", "event", "meetings", "action_items", "your_action_items", "decisions", "points",
    "said", "coverage",
]  # fmt: skip
EXCERPTS = ("meetings", "action_items", "your_action_items", "decisions", "points", "said")
NOW = datetime.now(UTC)
SOURCE = re.compile(r"\d{4}-\d\d-\d\d(?:, \d+:\d\d)? · convo-sync (show sess_\w+(?: --at \d+)?)$")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's archive."""
    return scenes(tmp_path_factory.mktemp("prep"))


@pytest.fixture
def call(demo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in this process, on the demo's archive."""
    monkeypatch.setenv("COLUMNS", "80")
    return runner(demo, capsys)


def shown(document: dict[str, object], kind: str, field: str) -> list[object]:
    """A field of all entries of a kind."""
    excerpt = document[kind]
    assert isinstance(excerpt, dict)
    return [entry[field] for entry in excerpt["shown"]]


# -- a person


@pytest.mark.parametrize(
    "words", [["leonie"], ["Krämer"], ["kramer"], ["leonie", "kr"], ["KRAEMER", "Leonie"]], ids=" ".join
)
def test_a_person_is_known_by_a_word_of_the_name(call: Call, words: list[str]) -> None:
    """Expect the same person whatever the case, the accents and the order."""
    found = call("prep", "--json", *words).json
    assert list(found) == KEYS
    assert (found["kind"], found["people"], found["event"]) == ("person", ["Leonie Krämer"], None)
    assert found["coverage"] == {"conversations": 32, "without_transcript": 0}


def test_what_to_know_of_a_person(call: Call) -> None:
    """Expect the last meetings with them and what those were about, their items, the owner's for them, decisions."""
    found = call("prep", "leonie", "--json", "-n", "100").json
    assert shown(found, "meetings", "id")[:2] == ["sess_hln_rahmenvertrag", "sess_small_box"]
    assert shown(found, "meetings", "topics")[1] == ["Why the flip top returns", "Details", "Market and mould"]
    assert set(shown(found, "action_items", "owner")) == {"Leonie Krämer"}
    assert found["action_items"]["total"] == 14
    assert set(shown(found, "your_action_items", "owner")) == {"Mara Voss"}
    assert all("Leonie" in str(text) for text in shown(found, "your_action_items", "text"))
    assert set(shown(found, "decisions", "conversation_id")) <= set(shown(found, "meetings", "id"))
    assert all("Leonie" in str(text) for text in shown(found, "points", "text"))
    assert found["points"]["total"] == 7


def test_a_person_on_one_screen(call: Call) -> None:
    """Expect two entries of each kind, how many there are, how to see more, and how old it is."""
    out = call("prep", "leonie", "--utc").out
    assert out.startswith("Leonie Krämer\n9 meetings, the last Tue 2026-08-11 07:30 UTC\n\nLast meetings (2 of 9)\n")
    for heading in ("They have to (2 of 14)", "You have to, for them (2 of 3)", "Key points that name them (2 of 7)"):
        assert f"\n\n{heading}\n" in out
    assert out.endswith(
        "\n\n-n 8 shows more of each.\nAs a topic: convo-sync search leonie\n"
        "As of Mon 2026-08-31 12:00 UTC, when the last complete sync ended.\n"
    )
    assert len(out.splitlines()) <= 45


@pytest.mark.parametrize(
    "words", [["leonie"], ["flip", "top"], ["why", "did", "we", "drop", "the", "flip", "top"]], ids=" ".join
)
def test_every_line_says_where_it_is_from(call: Call, words: list[str]) -> None:
    """Expect a day and a command at the end of each entry, whole on its line, that opens the very meeting and turn."""
    found = call("prep", *words, "--json", "-n", "4").json
    entries = sum(len(found[kind]["shown"]) for kind in EXCERPTS)
    sources = [match[1] for line in call("prep", *words, "-n", "4").out.splitlines() if (match := SOURCE.search(line))]
    assert len(sources) == entries > 4
    for source in sources:
        assert call(*source.split()).code == 0
    turns = [f"show {hit['conversation_id']} --at {hit['position']}" for hit in found["said"]["shown"]]
    assert [source for source in sources if "--at" in source] == turns


def test_what_the_owner_promised_in_a_talk_of_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect it without the other's name in it; from a talk of three what names them alone; nothing that is done."""
    with Made(tmp_path / "made.db") as archive:
        two, three = (("Mara Voss", "a"), ("Ann Lee", "b")), (("Mara Voss", "a"), ("Ann Lee", "b"), ("Bo", "c"))
        archive.meeting("sess_two", turns=two, start=NOON - timedelta(days=2))
        archive.keypoints("sess_two", items=(("send the plan", "Mara"), ("sign it", "Ann Lee"), ("wait", None)))
        archive.meeting("sess_three", turns=three)
        archive.keypoints("sess_three", items=(("buy milk", "Mara"), ("thank Ann", "Mara Voss"), ("annul it", "Mara")))
    call = runner(tmp_path / "made.db", capsys)
    found = call("prep", "ann", "--json", "-n", "9").json
    assert shown(found, "your_action_items", "text") == ["thank Ann", "send the plan"]
    assert shown(found, "action_items", "text") == ["sign it"]
    call("actions", "done", str(found["your_action_items"]["shown"][1]["number"]))
    assert shown(call("prep", "ann", "--json").json, "your_action_items", "text") == ["thank Ann"]


def test_part_of_a_name_is_a_person_where_it_is_no_topic(call: Call) -> None:
    """Expect “leon” to mean Leonie, since nobody said it, and “box” to stay a topic."""
    assert call("prep", "leon", "--json").json["people"] == ["Leonie Krämer"]
    assert call("prep", "box", "--json").json["kind"] == "topic"


# -- a topic


def test_what_to_know_of_a_topic(call: Call) -> None:
    """Expect what was said, decided and promised about it, and its key points, and no person."""
    found = call("prep", "flip", "top", "--json", "-n", "5").json
    assert (found["kind"], found["query"], found["people"]) == ("topic", "flip top", [])
    assert set(shown(found, "decisions", "conversation_id")[:3]) == {
        "sess_v2_kickoff", "sess_lid_decision", "sess_small_box",
    }  # fmt: skip
    assert "Keep the flip-top folder for the small box" in shown(found, "action_items", "text")
    assert set(shown(found, "said", "kind")) == {"transcript"}
    assert len(found["said"]["shown"]) == len(found["points"]["shown"]) == 5
    assert found["meetings"] == found["your_action_items"] == {"total": 0, "shown": []}


def test_a_topic_on_one_screen(call: Call) -> None:
    """Expect each kind under its heading, who said it, and the words marked."""
    out = call("prep", "flip", "top").out
    assert re.match(r"“flip top”\n\nTo do\n +\d+  Sam Okafor \(low\): Keep the flip-top folder", out)
    assert "\n\nSaid\n  • Sam Okafor: There's also stacking. The «flip» «top»" in out
    assert len(out.splitlines()) <= 40


# -- an event


@pytest.fixture
def planned(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """The demo's archive with a calendar: a talk on prices with three guests, past and to come, and another."""
    path = Path(shutil.copy(demo, tmp_path / "archive.db"))
    guests = [
        ("Leonie Krämer", "leonie@haldenloop.example"), ("Mara Voss", "mara@haldenloop.example"),
        (None, "uwe.brandt@hln.example"), ("A Stranger", None),
    ]  # fmt: skip
    with Made(path, owner="", synced=None) as archive:
        archive.event("evt_1", "Pricing in Hamburg", NOW - timedelta(days=6), guests)
        archive.event("evt_1", "Pricing in Hamburg", NOW + timedelta(days=1), guests)
        archive.event("evt_2", "Lid \x1b[2J", NOW + timedelta(days=2), [])
        archive.event("evt_3", None, NOW - timedelta(days=2), [("Henrik Dahl", None)])
    return runner(path, capsys)


@pytest.mark.parametrize("words", [["evt_1"], ["pricing", "in", "HAMBURG"], ["hamburg", "pricing"]], ids=" ".join)
def test_an_event_is_known_by_id_title_or_words_of_it(planned: Call, words: list[str]) -> None:
    """Expect the one that is to come, with its guests, the owner left out, and in how many meetings each was."""
    found = planned("prep", "--json", *words).json
    assert (found["kind"], found["people"]) == ("event", ["Leonie Krämer", "Uwe Brandt"])
    assert (found["event"]["id"], found["event"]["title"]) == ("evt_1", "Pricing in Hamburg")
    assert found["event"]["start"] > NOW.isoformat()
    guests = [(guest["name"] or guest["email"], guest["meetings"]) for guest in found["event"]["attendees"]]
    assert guests == [("Leonie Krämer", 9), ("uwe.brandt@hln.example", 4), ("A Stranger", 0)]


def test_what_to_know_of_an_event(planned: Call) -> None:
    """Expect the meetings with most of its guests first, their items, and what its title is about."""
    found = planned("prep", "evt_1", "--json", "-n", "4").json
    assert shown(found, "meetings", "id") == [
        "sess_hln_rahmenvertrag", "sess_hln_zwischenstand", "sess_hln_verluste", "sess_hln_auftakt",
    ]  # fmt: skip
    assert set(shown(found, "action_items", "owner")) == {"Leonie Krämer", "Uwe Brandt"}
    assert set(shown(found, "said", "kind")) == {"transcript"}
    decided = [str(text).lower() for text in shown(found, "decisions", "text")]
    assert "hamburg" in decided[0]
    assert ["price" in text for text in decided[1:4]] == [True] * 3
    out = planned("prep", "evt_1").out
    assert out.startswith("Pricing in Hamburg\n")
    assert "  • Leonie Krämer (accepted): 9 meetings, the last" in out
    assert "  • A Stranger (accepted): in no meeting of this archive\n" in out


def test_earlier_meetings_of_the_event_come_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect a meeting that is linked to the event before others with its guests, though it is older."""
    with Made(tmp_path / "made.db") as archive:
        archive.meeting("sess_old", start=NOON - timedelta(days=9), event="evt_1", turns=(("Bo", "a"),))
        archive.meeting("sess_new", turns=(("Ann", "a"),))
        archive.event("evt_1", None, NOW, [("Ann", None)])
    found = runner(tmp_path / "made.db", capsys)("prep", "evt_1", "--json").json
    assert shown(found, "meetings", "id") == ["sess_old", "sess_new"]


def test_an_event_of_which_nothing_is_known(planned: Call) -> None:
    """Expect its title, harmless, and its start; and for one without a title what its guest is known for."""
    ran = planned("prep", "evt_2")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Lid [2J\n")
    assert "\x1b" not in ran.out
    assert planned("prep", "evt_3", "--json").json["people"] == ["Henrik Dahl"]


# -- nothing


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "Prepare for what?"),
        ([" "], 2, "There is nothing to look for."),
        (["-n", "0", "x"], 2, ""),
        (["qqqq"], 3, "No person, no calendar event and nothing that was said fits: qqqq"),
        (["???"], 3, "No person, no calendar event and nothing that was said fits: ???"),
        (["\udcff"], 3, "No person, no calendar event and nothing that was said fits: \ufffd"),
    ],
)
def test_why_there_is_nothing_to_prepare(call: Call, words: list[str], code: int, said: str) -> None:
    """Expect a plain sentence and a next step, and with --json one document where nothing was found."""
    ran = call("prep", *words)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(said)
    if code == 3:
        assert "As of " in ran.err
        found = call("prep", "--json", *words)
        assert (found.code, list(found.json)) == (3, KEYS)


def test_an_archive_without_meetings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect exit 3 and the command that fetches some."""
    Made(tmp_path / "made.db").__exit__()
    ran = runner(tmp_path / "made.db", capsys)("prep", "anybody")
    assert (ran.code, ran.err.splitlines()[0]) == (3, "There are no meetings in this archive yet.")


def test_what_was_said_cannot_drive_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expect no escape and no turn of direction, whether it stands in a name, a title, a point or a turn."""
    nasty = "zebra \x1b[31mred\u202e \x9b2J"
    with Made(tmp_path / "made.db") as archive:
        archive.meeting("sess_a", title=nasty, turns=((f"Ann {nasty}", nasty), ("Mara Voss", nasty)))
        archive.keypoints(
            "sess_a", items=((nasty, f"Ann {nasty}"), nasty), decisions=(nasty,), points=(f"Ann {nasty}",)
        )
    call = runner(tmp_path / "made.db", capsys)
    for arguments in (["ann"], ["red"], ["ann", "--json"], ["red", "--json"]):
        out = call("prep", *arguments).out
        assert "31mred" in out.replace("«", "").replace("»", "")
        assert not [c for c in out if (ord(c) < 32 and c not in "\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2068"]
