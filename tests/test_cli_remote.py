"""``remote rename`` and ``remote delete``: done at Convo once, seen here at once, never claimed unanswered."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convo_sync.simulator import Fault

from .buyer import FIRST, NASTY, Buyer, told
from .console import Console, Ran, on_a_terminal


@contextlib.contextmanager
def serving(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, **named: Any
) -> Iterator[Buyer]:
    with Buyer.serving(folder, Console(capsys, monkeypatch), **named) as buyer:
        yield buyer


@pytest.fixture
def owner(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    """Somebody with six meetings and a complete archive."""
    with serving(tmp_path, capsys, monkeypatch) as buyer:
        yield buyer


def remote(owner: Buyer, *arguments: str) -> Ran:
    """Type `convo-sync remote` with these words; there is no terminal."""
    return owner.console("remote", *arguments)


def counted(owner: Buyer, operation: str) -> int:
    return owner.sim.requests_by_operation()[operation]


def titles(owner: Buyer) -> list[tuple[Any, ...]]:
    """The title as the archive has it, and its place in the change feed."""
    return owner.sql("select title, changed from conversations where id = ?", FIRST)


def gone(owner: Buyer) -> list[tuple[Any, ...]]:
    return owner.sql("select id, gone_evidence from conversations where gone_at is not null")


# -- rename


def test_a_new_title_is_at_convo_and_here(owner: Buyer) -> None:
    """Expect one PATCH, the title and another revision of the row, the search to find it, and sync to see no change."""
    ((_, before),) = titles(owner)
    ran = remote(owner, "rename", FIRST, "Quarterly", "walrus", "review")
    assert (ran.code, ran.out) == (0, "“Meeting 0” is “Quarterly walrus review” now, at Convo and here.\n")
    assert owner.sim.world.conversations[FIRST].row["title"] == "Quarterly walrus review"
    ((title, after),) = titles(owner)
    assert (title, after > before, counted(owner, "updateTitle")) == ("Quarterly walrus review", True, 1)
    assert owner.console("search", "walrus", "--json").json["hits"][0]["conversation_id"] == FIRST
    versions = """
        select r.revision, r.cause, r.run_id is null from revisions r
        join documents d on d.id = r.document_id where d.conversation_id = ? and d.kind = 'listing' order by 1
    """
    assert owner.sql(versions, FIRST) == [(1, "listed", 0), (2, "renamed by `remote rename`", 1)]
    run = owner.sync("--json").json
    assert (run["outcome"], run["conversations"]["changed"]) == ("complete", 0)
    assert titles(owner) == [(title, after)]


def test_the_same_title_again_writes_nothing(owner: Buyer) -> None:
    """Expect the request, and the row to stay as it is in the feed."""
    before = titles(owner)
    assert remote(owner, "rename", FIRST, "Meeting 0", "--json").json["title"] == "Meeting 0"
    assert titles(owner) == before


def test_a_rename_as_json(owner: Buyer) -> None:
    """Expect both titles."""
    ran = remote(owner, "rename", FIRST, "Other", "--json")
    assert ran.json == {"conversation_id": FIRST, "title": "Other", "previous_title": "Meeting 0"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("rename", FIRST, " "), 2, "There is no title."),
        (("rename", FIRST), 2, "Missing argument"),
        (("rename", "sess_nope", "x"), 3, "There is no conversation sess_nope in this archive."),
        (("delete", "sess_nope", "--yes"), 3, "There is no conversation sess_nope in this archive."),
        (("delete", "sess_0", "--yes"), 3, "Several conversations begin with sess_0."),
    ],
)
def test_what_cannot_be_meant_sends_nothing(owner: Buyer, arguments: tuple[str, ...], code: int, said: str) -> None:
    """Expect a sentence, and no request."""
    asked = len(owner.sim.requests)
    ran = remote(owner, *arguments)
    assert (ran.code, ran.out, len(owner.sim.requests)) == (code, "", asked)
    assert said in told(ran)


def test_an_api_without_these_requests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expect both to say so, that it proves nothing about the meeting, and no mark; the meeting stays."""
    with serving(tmp_path, capsys, monkeypatch, assume={"patch_delete_paths": "no"}) as owner:
        for arguments, done in ((("rename", FIRST, "x"), "renamed"), (("delete", FIRST, "--yes"), "deleted")):
            ran = remote(owner, *arguments)
            assert (ran.code, ran.out) == (1, "")
            assert told(ran).startswith(f"Nothing was {done}: Convo answers that there is no such thing (HTTP 404).")
            assert "proves nothing about the meeting" in told(ran)
        assert gone(owner) == []
        assert titles(owner)[0][0] == "Meeting 0"


# -- delete


def test_a_deleted_meeting_is_marked_and_kept(owner: Buyer) -> None:
    """Expect one DELETE, the mark with its evidence, every document kept, and no request for it by any later sync."""
    kept = owner.sql("select count(*) from segments where conversation_id = ?", FIRST)
    ran = remote(owner, "delete", FIRST, "--yes")
    assert ran.code == 0
    assert ran.out.startswith("Deleted at Convo: “Meeting 0” (")
    assert ran.out.endswith(f"60 min, {FIRST}). The copy in this archive stays.\n")
    assert (counted(owner, "deleteConversation"), gone(owner)) == (1, [(FIRST, "deleted by `remote delete`")])
    assert owner.sim.world.conversations[FIRST].deleted
    owner.minutes_pass(60 * 24 * 8)
    assert owner.sync("--full", "--audit").code == 0
    assert not [
        each
        for each in owner.sim.requests[-20:]
        if each.conversation_id == FIRST and each.operation != "deleteConversation"
    ]
    assert owner.sql("select count(*) from segments where conversation_id = ?", FIRST) == kept
    assert gone(owner) == [(FIRST, "deleted by `remote delete`")]


def test_a_delete_as_json_and_again(owner: Buyer) -> None:
    """Expect the mark's time; the second to say that it is gone already, and to send nothing."""
    first = remote(owner, "delete", FIRST, "--yes", "--json").json
    asked = len(owner.sim.requests)
    again = remote(owner, "delete", FIRST, "--json").json
    assert (first["state"], again["state"], first["gone_at"]) == ("deleted", "gone", again["gone_at"])
    assert (len(owner.sim.requests), remote(owner, "rename", FIRST, "x").code) == (asked, 3)


def test_without_a_terminal_it_takes_yes(owner: Buyer) -> None:
    """Expect the meeting to be named with date and length, exit code 2, and that nothing was sent."""
    asked = len(owner.sim.requests)
    ran = remote(owner, "delete", FIRST)
    assert (ran.code, ran.out, len(owner.sim.requests)) == (2, "", asked)
    assert "60 min" in told(ran)
    assert "will be deleted at Convo. The copy in this archive stays." in told(ran)
    assert told(ran).endswith("Add --yes to delete it.")


@pytest.mark.parametrize(("typed", "deleted"), [("y\n", 1), ("n\n", 0), ("\n", 0), ("\x03", 0)])
def test_on_a_terminal_it_asks(owner: Buyer, typed: str, deleted: int) -> None:
    """Expect the question, and a request only after a yes."""
    code, shown = on_a_terminal(typed, "remote", "delete", FIRST, prompt="Delete it at Convo?")
    assert "“Meeting 0”" in shown
    assert (counted(owner, "deleteConversation"), len(gone(owner))) == (deleted, deleted)
    assert (code == 0) == bool(deleted)


def test_a_title_cannot_drive_a_terminal(owner: Buyer) -> None:
    """Expect a title with control characters to be named without them, by each command that names it."""
    owner.sim.world.rename(FIRST, NASTY)
    assert owner.sync().code == 0
    for command in (("remote", "delete"), ("archive", "forget")):
        for options in ((), ("--yes",)):
            ran = owner.console(*command, FIRST, *options)
            told(ran)
            assert "Kick" in ran.said
            assert "\u202e" not in ran.said


# -- trouble


@pytest.mark.parametrize(
    ("operation", "arguments", "done"),
    [("updateTitle", ("rename", FIRST, "x"), "renamed"), ("deleteConversation", ("delete", FIRST, "--yes"), "deleted")],
)
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "server_error", "proxy_ok", "cut_body"])
def test_an_answer_that_never_came(
    owner: Buyer, operation: str, arguments: tuple[str, ...], done: str, kind: str
) -> None:
    """Expect exit code 69, one request, no claim, no mark, and that the next sync tells."""
    owner.sim.faults.add(Fault(kind, operation))
    ran = remote(owner, *arguments)
    assert (ran.code, ran.out, counted(owner, operation)) == (69, "", 1)
    assert f"Whether the meeting was {done} is not known yet." in told(ran)
    assert told(ran).endswith("The next `convo-sync sync` tells.")
    assert (gone(owner), titles(owner)[0][0]) == ([], "Meeting 0")


def test_another_accounts_key_changes_nothing(owner: Buyer) -> None:
    """Expect exit code 78 before anything but the profile was asked for."""
    owner.sql("update meta set value = 'somebody@else.example' where key = 'account'")
    for arguments in (("rename", FIRST, "x"), ("delete", FIRST, "--yes")):
        ran = remote(owner, *arguments)
        assert (ran.code, "This archive belongs to somebody@else.example" in told(ran)) == (78, True)
    assert counted(owner, "updateTitle") + counted(owner, "deleteConversation") == 0


def test_another_server_changes_nothing(owner: Buyer) -> None:
    """Expect exit code 78, and no request at all."""
    owner.sql("update meta set value = 'https://elsewhere.example' where key = 'base_url'")
    asked = len(owner.sim.requests)
    assert (remote(owner, "delete", FIRST, "--yes").code, len(owner.sim.requests)) == (78, asked)


def test_the_key_is_looked_at_once(owner: Buyer) -> None:
    """Expect the profile with a new key, and the request alone from then on."""
    profiles = counted(owner, "getProfile")
    for title in ("One", "Two"):
        assert remote(owner, "rename", FIRST, title).code == 0
    assert counted(owner, "getProfile") == profiles + 1


def test_each_request_is_counted_in_the_archives_hour(owner: Buyer) -> None:
    """Expect the archive's budget to say what the server's own count does, the reserve to serve, and a used-up hour
    to send nothing and to say when to come back."""
    assert remote(owner, "rename", FIRST, "One").code == 0
    ((remaining, since),) = owner.sql("select remaining, sent_since from budget")
    assert remaining - since == 500 - len(owner.sim.requests)
    owner.sql("update budget set remaining = 1, sent_since = 0")
    assert remote(owner, "rename", FIRST, "Two").code == 0
    owner.sql("update budget set remaining = 0, sent_since = 0")
    asked = len(owner.sim.requests)
    ran = remote(owner, "rename", FIRST, "Three")
    assert (ran.code, len(owner.sim.requests)) == (75, asked)
    assert "Nothing was sent. Run the same command again at" in told(ran)
