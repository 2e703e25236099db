"""`archive history`: what a person reads, what a program reads, and what a transcript cannot do to a terminal."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync.archive.write import Archive
from convo_sync.models import read_document
from convo_sync.records import ConversationId, Kind
from tests.archive.damages import damage
from tests.archive.paid import receive
from tests.asking import NOON, Made
from tests.reading import NASTY, Call, process, runner

LID = "sess_lid"
LATER = NOON + timedelta(hours=3)
SAID = (
    ("Mara Voss", "Welcome, let us talk about the lid of the box."),
    ("Tomasz Zieliński", "The flip top cracks in the cold, so that every shop which bought one of them in the winter "
                         "months sends the whole lot back to us before Easter, without a word."),
    ("Mara Voss", "So we drop it."),
    *[("Mara Voss", f"Filler number {n}.") for n in range(9)],
    ("Bo", NASTY),
)  # fmt: skip
CORRECTED = (
    SAID[0],
    ("Tomasz Zieliński", SAID[1][1].replace("the whole lot", "them all")),
    ("Mara Voss", "So we drop it and build the sliding lid."),
    ("Tomasz Zieliński", "Agreed."),
    *SAID[3:-1],
    ("Bo", NASTY.replace("alert", "\x1b[31mALERT\x07")),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A meeting with two transcripts, key points that a rule made anew, and an answer by hand; and one without."""
    path = tmp_path_factory.mktemp("history") / "made.db"
    with Made(path) as made:
        made.meeting(LID, title="Lid: flip top or slide?", turns=SAID)
        made.transcript(LID, CORRECTED)
        made.keypoints(LID, decisions=["drop the flip top"], items=["send the lid"], people=["Mara Voss"])
        made.meeting("sess_budget", title="Budget")
    with Archive(path, NOON) as opened:
        inner = {"decisions": ["drop the flip top, build the lid"], "participants": ["Mara Voss"]}
        points = json.dumps({"data": {"id": LID, "keypoints": inner}})
        asked = json.dumps({"data": {"id": "a1", "query": f"why {NASTY}?", "response": "It cracks.\nIn the cold."}})
        for kind, body, rule, why in (
            (Kind.KEYPOINTS, points, "refresh", "the transcript changed after they were made"),
            (Kind.ANSWER, asked, None, "asked for by hand"),
        ):
            document = read_document(ConversationId(LID), kind, body.encode())
            assert document is not None
            receive(opened, document, rule, why, LATER)
    return path


@pytest.fixture
def call(archive: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in this process, on that archive."""
    monkeypatch.setenv("COLUMNS", "80")
    return runner(archive, capsys)


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convo_sync.cli.output.is_terminal", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_what_a_person_reads(call: Call) -> None:
    """Expect the meeting, then each document with its versions: number, time, cause, size, the current one, reason."""
    ran = call("archive", "history", LID, "--utc")
    assert (ran.code, ran.err) == (0, "")
    assert (
        re.sub(r"(?m)^Answer a1: .*\n", "Answer a1: …\n", ran.out)
        == """\
Lid: flip top or slide?
Thu 2026-03-19 12:00 UTC · sess_lid

Row of the list
  1  2026-03-20 12:00 UTC  found         9 words              current
     listed

Transcript
  1  2026-03-20 12:00 UTC  found         104 words
     test
  2  2026-03-20 12:00 UTC  found         +12 -5 of 111 words  current
     test

Key points
  1  2026-03-20 12:00 UTC  found         12 words
     test
  2  2026-03-20 15:00 UTC  rule refresh  +4 -7 of 9 words     current
     the transcript changed after they were made

Answer a1: …
  1  2026-03-20 15:00 UTC  hand          12 words             current
     asked for by hand
"""
    )


def test_what_changed_for_a_person(call: Call) -> None:
    """Expect changed words in brackets, whole lines marked, what stayed cut or counted, and each turn's position."""
    out = call("archive", "history", LID, "--kind", "transcript", "--diff", "--utc").out
    assert (
        out.partition("  current\n")[2]
        == """\
     test
        0  Mara Voss: Welcome, let us talk about the lid of the box.
     ~  1  Tomasz Zieliński: … them in the winter months sends [-the whole lot-]
           {+them all+} back to us before Easter, without a word.
     ~  2  Mara Voss: So we drop [-it.-] {+it and build the sliding lid.+}
     +  3  {+Tomasz Zieliński: Agreed.+}
        4  Mara Voss: Filler number 0.
     … 7 turns unchanged
       12  Mara Voss: Filler number 8.
     ~ 13  Bo: red [-[31malert[0m-] {+[31m[31mALERT[0m+} and turned 2J end
"""
    )


def test_what_changed_in_key_points(call: Call) -> None:
    """Expect each line with what it is; the first version to be compared with nothing."""
    out = call("archive", "history", LID, "--kind", "keypoints", "--diff").out
    assert (
        out.partition("they were made\n")[2]
        == """\
     - Section: [-Summary-]
     - [-a point-]
     ~ Decision: drop the flip [-top-] {+top, build the lid+}
     - Action item: [-send the lid-]
       Participant: Mara Voss
"""
    )


def test_only_some_kinds(call: Call) -> None:
    """Expect one section for each kind that was asked for, in the order of all; others are refused with their names."""
    out = call("archive", "history", LID, "--kind", "answer", "--kind", "keypoints").out
    assert [line.split(" a1")[0] for line in out.splitlines() if re.match("[A-Z]", line)][2:] == [
        "Key points",
        "Answer",
    ]
    refused = call("archive", "history", LID, "--kind", "event")
    assert refused.code == 2
    assert "'listing', 'transcript', 'keypoints', 'feedback', 'answer', 'email'" in refused.err


# -- for programs


def test_what_a_program_reads(call: Call) -> None:
    """Expect one document with these keys, times in UTC, all of a first version as added, and the diff on request."""
    found = call("archive", "history", LID, "--json", "--kind", "keypoints").json
    assert (found["conversation_id"], found["title"]) == (LID, "Lid: flip top or slide?")
    assert found["revisions"] == [
        {
            "kind": "keypoints", "item": "", "revision": 1, "current": False,
            "fetched_at": "2026-03-20T12:00:00.000Z", "cause": "found", "reason": "test", "rule": None,
            "added": 12, "removed": 0, "words": 12, "unreadable": None,
        },
        {
            "kind": "keypoints", "item": "", "revision": 2, "current": True,
            "fetched_at": "2026-03-20T15:00:00.000Z", "cause": "rule",
            "reason": "the transcript changed after they were made", "rule": "refresh",
            "added": 4, "removed": 7, "words": 9, "unreadable": None,
        },
    ]  # fmt: skip
    differing = call("archive", "history", LID, "--json", "--diff").json["revisions"]
    assert [sorted(each.keys() - found["revisions"][0].keys()) for each in differing] == [["diff"]] * len(differing)
    assert [bool(each["diff"]) for each in differing] == [False, False, True, False, True, False]


def test_a_programs_diff_leads_from_one_version_to_the_other(call: Call) -> None:
    """Expect both turns in it, unaltered: the old one without what was added, the new one without what was removed."""
    (_, newest) = call("archive", "history", LID, "--json", "--diff", "--kind", "transcript").json["revisions"]
    first, last = newest["diff"]
    assert (first["skipped"], last["skipped"]) == (0, 7)
    (turn,) = (line for line in first["lines"] if line["position"] == 1)
    assert turn["label"] == ""
    for op, turns in (("removed", SAID), ("added", CORRECTED)):
        said = "".join(piece["text"] for piece in turn["pieces"] if piece["op"] in ("same", op))
        assert said == ": ".join(turns[1])


# -- which meeting


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "There is no conversation nothing in this archive.\n`convo-sync list` shows what there is.\n"),
        (["sess_"], "Several conversations begin with sess_.\nGive more of the id.\n"),
        (["budget", "--kind", "feedback", "--kind", "email"],
         "The archive has no feedback or email of sess_budget.\nWithout --kind, this shows all that it has.\n"),
    ],
)  # fmt: skip
def test_nothing_is_found(call: Call, arguments: list[str], said: str) -> None:
    """Expect exit 3 and the next step; one document all the same where the meeting is there."""
    ran = call("archive", "history", *arguments)
    assert (ran.code, ran.out, ran.err) == (3, "", said)
    as_document = call("archive", "history", *arguments, "--json")
    assert as_document.code == 3
    assert arguments[0] != "budget" or as_document.json["revisions"] == []


def test_the_beginning_of_an_id_will_do(call: Call) -> None:
    """Expect the same as with the whole id."""
    assert call("archive", "history", "lid").out == call("archive", "history", LID).out


def test_no_archive(call: Call, tmp_path: Path) -> None:
    """Expect the sentence of every reading command, in one that never heard of a key or a network."""
    ran = call("archive", "history", LID, file=tmp_path / "none.db")
    assert ran.code == 78
    assert "There is no archive at" in ran.err


# -- what cannot be read, and what must not be obeyed


def test_an_unreadable_version_is_listed_as_such(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expect the reason in its place, all else as ever, and exit 0: `archive verify` is who complains."""
    path = tmp_path / "damaged.db"
    path.write_bytes(archive.read_bytes())
    damage(path, "update revisions set body = x'00' where id = "
                 "(select min(id) from revisions where cause = 'test')")  # fmt: skip
    call = runner(path, capsys)
    ran = call("archive", "history", LID, "--utc", "--diff")
    assert ran.code == 0
    assert re.search(r"^  1  2026-03-20 12:00 UTC  found +cannot be read$", ran.out, re.M)
    assert re.search(r"^     Its body: Error -\d", ran.out, re.M)
    assert re.search(r"^  2  .* 111 words, change unknown  current$", ran.out, re.M)
    assert "rule refresh" in ran.out
    first, second = call("archive", "history", LID, "--json", "--kind", "transcript").json["revisions"]
    assert (first["words"], first["added"], first["removed"]) == (None, None, None)
    assert first["unreadable"].startswith("Error -")
    assert (second["words"], second["added"], second["removed"], second["unreadable"]) == (111, None, None, None)


@pytest.mark.parametrize("options", [["--diff"], ["--diff", "--json"]], ids=" ".join)
def test_no_text_drives_a_terminal(call: Call, options: list[str]) -> None:
    """Expect no control character and no turn of direction from a transcript, a title or a question."""
    out = call("archive", "history", LID, *options).out
    assert "alert" in out
    assert not [
        c for c in out if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u202c\u2066\u2069"
    ]


@pytest.mark.usefixtures("_terminal")
def test_colour_on_a_terminal(call: Call) -> None:
    """Expect removed words struck and red, added ones bold and green, no brackets, and no colour over a line's end."""
    out = call("archive", "history", LID, "--diff", "--kind", "transcript").out
    assert "drop \x1b[9;31mit.\x1b[0m \x1b[1;32mit and build the sliding lid.\x1b[0m\n" in out
    assert "[-" not in out
    assert "{+" not in out
    for line in out.splitlines():
        codes = re.findall(r"\x1b\[[0-9;]*m", line)
        assert codes[1::2] == ["\x1b[0m"] * (len(codes) // 2)
        assert len(codes) % 2 == 0


@pytest.mark.usefixtures("_terminal")
def test_a_colour_goes_on_below(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect words that are wrapped to have their colour on each line, and margins to have none."""
    monkeypatch.setenv("COLUMNS", "44")
    out = call("archive", "history", LID, "--diff", "--kind", "transcript").out
    assert re.search(r"\x1b\[1;32mit and[^\n]*\x1b\[0m\n {11}\x1b\[1;32m[^\n]*sliding", out)


@pytest.mark.parametrize("name", ["NO_COLOR", "TERM"])
@pytest.mark.usefixtures("_terminal")
def test_no_colour_where_it_is_not_wanted(call: Call, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Expect brackets, and not one escape."""
    monkeypatch.setenv(name, "dumb")
    out = call("archive", "history", LID, "--diff").out
    assert "\x1b" not in out
    assert "{+it and build the sliding lid.+}" in out


@pytest.mark.parametrize("columns", [20, 40, 60])
def test_narrow_terminals(call: Call, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """Expect no line to be wider than the terminal, and no word to be lost."""
    wide = call("archive", "history", LID, "--diff").out
    monkeypatch.setenv("COLUMNS", str(columns))
    narrow = call("archive", "history", LID, "--diff").out
    assert max(map(len, narrow.splitlines())) <= columns
    for words in ("[-the whole lot-]", "{+Tomasz Zieliński: Agreed.+}", "+12 -5 of 111 words current", "rule refresh"):
        assert "".join(words.split()) in "".join(narrow.split()), words
        assert "".join(words.split()) in "".join(wide.split()), words


def test_output_of_a_small_character_set(archive: Path) -> None:
    """Expect the nearest characters, and exit 0."""
    done = process(archive, "archive", "history", LID, "--diff", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"... 7 turns unchanged" in done.stdout
