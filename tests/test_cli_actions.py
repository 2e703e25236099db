"""`actions`: what is listed and in which order, the owner's marks, and what is said where there is nothing."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync.cli import marking
from convo_sync.lock import WriterLock
from tests.asking import NOON, Made, scenes
from tests.reading import Call, Ran, process, runner

ITEM_KEYS = [
    "number", "conversation_id", "title", "start_time", "position", "text", "owner", "priority", "confidence",
    "done_at",
]  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's archive, which no test writes to."""
    return scenes(tmp_path_factory.mktemp("actions"))


@pytest.fixture
def call(demo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command in this process, on the demo's archive."""
    monkeypatch.setenv("COLUMNS", "80")
    return runner(demo, capsys)


@pytest.fixture
def own(demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """The same on a copy that may be written to."""
    return runner(Path(shutil.copy(demo, tmp_path / "archive.db")), capsys)


def texts(ran: Ran) -> list[str]:
    """The items' texts, as JSON has them."""
    assert ran.code == 0, ran.err
    return [item["text"] for item in ran.json["action_items"]]


# -- what is listed


def test_the_newest_meetings_items_come_first(call: Call) -> None:
    """Expect all open items by the meeting's start, newest first, in each meeting's own order."""
    found = call("actions", "--json", "-n", "1000").json
    assert list(found) == ["as_of", "total", "done_left_out", "action_items"]
    assert list(found["action_items"][0]) == ITEM_KEYS
    assert (found["as_of"], found["total"], found["done_left_out"]) == ("2026-08-31T12:00:00.000Z", 151, 0)
    places = [(item["start_time"], -item["position"]) for item in found["action_items"]]
    assert len(places) == 151
    assert places == sorted(places, reverse=True)


def test_items_for_a_person(call: Call) -> None:
    """Expect the meeting's title, day and id, then number, owner, priority and text; what is left out; the "as of"."""
    lines = call("actions", "--utc", "-n", "2", "--owner", "okafor").out.splitlines()
    assert lines[:2] == [
        "First shots from Porto: sink marks and the autumn schedule", "Tue 2026-08-25 10:00 UTC · sess_first_shots",
    ]  # fmt: skip
    number = re.fullmatch(r" +(\d+)  Sam Okafor \(medium\): Sand and paint twelve first shots for the fair", lines[2])
    assert number
    assert lines[-3:] == [
        "2 of 13 open action items; -n 13 shows all.",
        f"Mark one as done: convo-sync actions done {number[1]}",
        "As of Mon 2026-08-31 12:00 UTC, when the last complete sync ended.",
    ]


@pytest.mark.parametrize("owner", ["kramer", "KRÄMER", "kraemer", "leon", "Leonie Krämer"])
def test_an_owner_is_part_of_a_name(call: Call, owner: str) -> None:
    """Expect Leonie's fourteen items whatever the case, the accents and how much of the name is typed."""
    assert len(texts(call("actions", "--json", "--owner", owner))) == 14


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["--owner", "me"], 20),
        (["--owner", "Me", "-n", "100"], 27),
        (["--owner", "uwe", "--priority", "HIGH"], 3),
        (["--since", "2026-08-11"], 14),
        (["--since", "2026-08-11", "--priority", "low"], 1),
        (["-n", "7"], 7),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_items_are_narrowed(call: Call, arguments: list[str], count: int) -> None:
    """Expect “me” to be the account's owner, priorities in any case, local days, twenty items unless told otherwise."""
    found = call("actions", "--json", *arguments)
    assert len(texts(found)) == count
    if "HIGH" in arguments:
        assert {item["priority"] for item in found.json["action_items"]} == {"high"}


def test_words_find_what_an_item_is_about(call: Call) -> None:
    """Expect the item that has all the words first, though it is an older one, and no quotes to be needed."""
    assert (
        texts(call("actions", "eyelet", "in", "the", "wall", "--json"))[0] == "Find a place for the eyelet in the wall"
    )


def test_words_that_name_somebody_are_told_of_the_owner(call: Call) -> None:
    """Expect items that speak of Leonie, and the option that lists what she is to do."""
    out = call("actions", "leonie").out
    assert "Tell Leonie what may be said to customers" in out
    assert "`convo-sync actions --owner leonie` lists what Leonie Krämer is to do." in out


# -- marks


def test_done_and_undo(own: Call) -> None:
    """Expect marked items to leave the list, to be shown by --all with their day, and to come back by undo."""
    first, second, third = (item["number"] for item in own("actions", "--json", "-n", "3").json["action_items"])
    ran = own("actions", "done", f"{second},", str(third))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0].startswith(f"{second} done: Order granulate")
    now = own("actions", "--json", "-n", "1").json
    assert (now["total"], now["done_left_out"], now["action_items"][0]["number"]) == (149, 2, first)
    assert "open action items; -n 149 shows all. 2 are done; --all shows them too.\n" in own("actions").out
    every = own("actions", "--all", "-n", "3")
    assert len(re.findall(r"\[done\s+\d{4}-\d\d-\d\d\]", every.out)) == 2
    assert f"actions done {first}\n" in every.out
    assert own("actions", "done", str(second)).out.startswith(f"{second} was done on 20")
    undone = own("actions", "undo", str(first), str(second), "--json").json["action_items"]
    assert [(item["number"], item["done_at"]) for item in undone] == [(first, None), (second, None)]
    assert own("actions", "undo", str(second)).out.startswith(f"{second} was open: ")
    assert own("actions", "--json").json["total"] == 150


def test_a_number_is_the_same_however_it_is_found(call: Call) -> None:
    """Expect no filter and no order to change an item's number."""
    every = {item["text"]: item["number"] for item in call("actions", "--json", "-n", "200").json["action_items"]}
    for narrowed in (["--owner", "uwe"], ["--since", "2026-07"], ["--priority", "low"], ["box", "lid"]):
        for item in call("actions", "--json", *narrowed).json["action_items"]:
            assert every[item["text"]] == item["number"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["done"], 2, "actions done needs the numbers of action items."),
        (["undo", ","], 2, "actions undo needs the numbers of action items."),
        (["done", "1", "two"], 2, "“two” is not the number of an action item."),
        (["done", "9" * 30], 2, f"“{'9' * 30}” is not the number of an action item."),
        (["done", "--", "-1"], 2, "“-1” is not the number of an action item."),
        (["done", "²"], 2, "“²” is not the number of an action item."),
        (["undo", "1", "9999"], 3, "There is no action item 9999. Nothing was marked."),
        (["done", "1", "--owner", "me"], 2, "actions done takes numbers, and none of the other options."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_no_number_marks_nothing(own: Call, arguments: list[str], code: int, said: str) -> None:
    """Expect a plain sentence, a next step, and not even the good numbers among them to be marked."""
    ran = own("actions", *arguments)
    assert (ran.code, ran.out, ran.err.splitlines()[0]) == (code, "", said)
    assert len(ran.err.splitlines()) == 2
    assert own("actions", "--json").json["total"] == 151


def test_a_mark_waits_for_a_sync_and_then_says_who_it_is(
    own: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expect exit 75 with the holder's name, nothing marked, and the listing to work all the while."""
    monkeypatch.setattr(marking, "WAIT_SECONDS", 0.2)
    with WriterLock(tmp_path / "archive.db", "convo-sync sync").acquire():
        ran = own("actions", "done", "1")
        assert (ran.code, ran.out) == (75, "")
        assert re.match(r"Another process is writing to this archive: convo-sync sync \(pid \d+", ran.err)
        assert own("actions", "--json").json["total"] == 151
    assert own("actions", "done", "1").code == 0


def test_marking_what_is_marked_needs_no_lock(own: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect nothing to be waited for where nothing is to be written."""
    monkeypatch.setattr(marking, "WAIT_SECONDS", 0.0)
    with WriterLock(tmp_path / "archive.db", "convo-sync sync").acquire():
        assert own("actions", "undo", "1").code == 0


def test_marking_makes_no_archive(own: Call, tmp_path: Path) -> None:
    """Expect exit 78 and no file where there is none."""
    ran = own("actions", "done", "1", file=tmp_path / "none.db")
    assert (ran.code, ran.err.splitlines()[0]) == (78, f"There is no archive at {tmp_path / 'none.db'}.")
    assert not list(tmp_path.glob("none*"))


def test_marking_keeps_a_file_private_and_whole(own: Call, tmp_path: Path) -> None:
    """Expect a mark to be on the disk for the next process, and the lock's file to be for the owner alone."""
    own("actions", "done", "1")
    there = process(tmp_path / "archive.db", "sql", "select number from promises where done_at is not null")
    assert there.stdout.split()[-1] == b"1"
    assert (tmp_path / "archive.db.lock").stat().st_mode & 0o077 == 0


# -- nothing


@pytest.fixture
def hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, Call]:
    """An archive that nobody has synced yet, empty."""
    path = tmp_path / "made.db"
    Made(path, owner="", synced=None).__exit__()
    return path, runner(path, capsys)


def test_why_there_is_nothing(hand: tuple[Path, Call]) -> None:
    """Expect exit 3, one document, and the reason: no meetings, no key points, no items, all done, no such owner."""
    path, call = hand
    stale = "No sync has completed yet: this may not be all there is."
    none = call("actions", "--json")
    assert (none.code, none.json) == (3, {"as_of": None, "total": 0, "done_left_out": 0, "action_items": []})
    assert none.err == f"There are no meetings in this archive yet.\nRun `convo-sync sync`. {stale}\n"
    with Made(path, owner="", synced=None) as archive:
        archive.meeting("sess_a")
        assert call("actions").err.startswith("No key points are archived yet, and action items come with them.\n")
        archive.keypoints("sess_a", decisions=("one",))
        assert call("actions").err.startswith("There are no action items in this archive.\n")
        assert call("actions", "--owner", "ann").err.splitlines()[0] == "No action item is for anybody called ann."
        archive.keypoints("sess_a", items=(("lids", "Ann", "high"), ("bolts", "Ann", "low"), "nuts"))
    assert call("actions", "--owner", "bo").err == (
        f"No action item is for anybody called bo.\nThose who have some: Ann. {stale}\n"
    )
    assert call("actions", "--owner", "me").err.startswith("The archive does not know yet whose it is.\n")
    assert call("actions", "--priority", "medium").err.startswith("No open action item is like that.\n")
    assert call("actions", "no", "such", "word").err.startswith("No open action item is like that.\n")
    call("actions", "done", "1", "2")
    assert call("actions", "--owner", "ann").err.startswith("All 2 action items like that are done.\n--all ")
    assert call("actions", "lids").err.startswith("The only action item like that is done.\n")
    call("actions", "done", "3")
    assert call("actions").err.startswith("All 3 action items are done.\n")
    assert call("actions").code == 3
    assert call("actions", "--all").out.endswith(f"\n3 action items.\n{stale}\n")


@pytest.mark.parametrize("option", ["--owner", "--since", "--priority", "--limit"])
def test_an_empty_value_is_refused(call: Call, option: str) -> None:
    """Expect exit 2 where a shell's variable was not set, and nothing listed."""
    ran = call("actions", option, "")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err
    assert (call("actions", "").code, call("actions", " ", "").code) == (2, 2)


def test_items_of_meetings_without_a_name_cannot_drive_a_terminal(hand: tuple[Path, Call]) -> None:
    """Expect no escape and no turn of direction from text, owner or title, as a list, a mark or JSON."""
    path, call = hand
    nasty = "a\x1b[31mb\u202ec\x9b2Jd"
    with Made(path, owner="", synced=None) as archive:
        archive.meeting("sess_a", title=nasty, start=NOON - timedelta(days=3))
        archive.keypoints("sess_a", items=((nasty, nasty, nasty),))
    for arguments in (["actions"], ["actions", "--json"], ["actions", "done", "1"], ["actions", "--all", "--json"]):
        out = call(*arguments).out
        assert "31mb" in out
        assert not [c for c in out if (ord(c) < 32 and c not in "\n") or 0x7F <= ord(c) < 0xA0 or c == "\u202e"]
