"""``archive forget`` as it is typed: it names the meeting, asks, waits its turn, and says what still has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from convo_sync.lock import WriterLock

from .archive.storage import another_connection
from .buyer import FIRST, Buyer, told
from .console import Console, Ran, on_a_terminal


@pytest.fixture
def owner(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    """Somebody with six meetings and a complete archive."""
    with Buyer.serving(tmp_path, Console(capsys, monkeypatch)) as buyer:
        yield buyer


def forget(owner: Buyer, *arguments: str) -> Ran:
    """Type `convo-sync archive forget` with these words; there is no terminal."""
    return owner.console("archive", "forget", *arguments)


def there(owner: Buyer) -> int:
    return len(owner.sql("select 1 from conversations where id = ?", FIRST))


def test_it_is_forgotten_and_stays_so(owner: Buyer) -> None:
    """Expect no request, a line that names it, every command to refuse it, and no sync to ask for it again."""
    asked = len(owner.sim.requests)
    ran = forget(owner, FIRST, "--yes")
    assert (ran.code, ran.err, len(owner.sim.requests)) == (0, "", asked)
    assert ran.out.startswith("Forgotten: “Meeting 0” (")
    assert "Backups that lie elsewhere are not looked into." in ran.out
    for arguments in (
        ("show", FIRST), ("remote", "rename", FIRST, "x"), ("remote", "delete", FIRST, "--yes"),
        ("credits", "generate", "keypoints", FIRST, "--yes"), ("credits", "ask", FIRST, "why", "--yes"),
    ):  # fmt: skip
        ran = owner.console(*arguments)
        assert (ran.code, ran.out) == (3, "")
        assert told(ran).startswith(f"The conversation {FIRST} was forgotten: this archive keeps nothing of it.")
    for _ in range(2):
        run = owner.sync("--full", "--audit", "--json").json
        assert (run["outcome"], run["conversations"]["new"], run["conversations"]["gone"]) == ("complete", 0, 0)
    assert FIRST not in [each.conversation_id for each in owner.sim.requests[asked:]]
    assert there(owner) == 0


def test_without_a_terminal_it_takes_yes(owner: Buyer) -> None:
    """Expect the meeting with its date and length, exit code 2, and that it stays."""
    ran = forget(owner, FIRST)
    assert (ran.code, ran.out, there(owner)) == (2, "", 1)
    assert "60 min" in told(ran)
    assert "will be removed from this archive for good." in told(ran)
    assert told(ran).endswith("Add --yes to remove it.")


@pytest.mark.parametrize(("typed", "left"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x03", 1)])
def test_on_a_terminal_it_asks(owner: Buyer, typed: str, left: int) -> None:
    """Expect it to be removed only after a yes."""
    code, shown = on_a_terminal(typed, "archive", "forget", FIRST, prompt="Remove it for good?")
    assert "“Meeting 0”" in shown
    assert (there(owner), code == 0) == (left, not left)


@pytest.mark.parametrize("command", [("archive", "forget"), ("remote", "delete")])
def test_yes_takes_a_whole_id(owner: Buyer, command: tuple[str, str]) -> None:
    """Expect the beginning of an id to be refused where nobody is asked."""
    ran = owner.console(*command, FIRST.removeprefix("sess_"), "--yes")
    assert (ran.code, ran.out, there(owner)) == (2, "", 1)
    assert "With --yes the whole id is needed" in told(ran)


def test_what_is_not_there(owner: Buyer) -> None:
    """Expect exit code 3."""
    assert (forget(owner, "sess_nope", "--yes").code, forget(owner, "sess_0", "--yes").code) == (3, 3)


def test_copies_are_named_and_json_is_one_document(owner: Buyer) -> None:
    """Expect the copy of an upgrade that has it by name, as text and as JSON; the second time nothing is new."""
    copy = owner.archive.with_name("archive.db.v2")
    copy.write_bytes(owner.archive.read_bytes())
    document = forget(owner, FIRST, "--yes", "--json").json
    assert document == {
        "conversation_id": FIRST, "state": "forgotten", "wiped": True, "copies": [str(copy)], "unread_copies": [],
    }  # fmt: skip
    again = forget(owner, FIRST)
    assert again.out.startswith(f"{FIRST} was forgotten already; wiped again.\nThese files still have it")
    assert str(copy) in again.out


def test_another_program_that_reads(owner: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect exit code 75 and what to do, and the same command to end it."""
    monkeypatch.setattr("convo_sync.archive.sqlite.BUSY_SECONDS", 0.05)
    with another_connection(owner.archive, "begin") as connection:
        connection.execute("select count(*) from segments").fetchone()
        ran = forget(owner, FIRST, "--yes")
        assert (ran.code, "Another program is reading the archive" in told(ran)) == (75, True)
    assert (forget(owner, FIRST).code, there(owner)) == (0, 0)


def test_it_waits_its_turn(owner: Buyer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the holder of the archive to be named, exit code 75 where it stays, and that nothing was removed."""
    monkeypatch.setattr("convo_sync.cli.archive_forget.WAIT_SECONDS", 0.2)
    with WriterLock(owner.archive, "convo-sync sync").acquire():
        ran = forget(owner, FIRST, "--yes")
    assert (ran.code, there(owner)) == (75, 1)
    assert "Waiting for convo-sync sync (pid" in told(ran)
