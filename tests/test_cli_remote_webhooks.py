"""``remote webhooks``: registered once, the secret kept and never shown, and every refusal told plainly."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convo_sync.plan.hints import EVENTS
from convo_sync.simulator import Fault

from .buyer import Buyer, told
from .console import Console, Ran

URL = "https://hooks.example/"
CONFIGURED = f'[webhooks]\nlisten = "127.0.0.1:8766"\npublic_url = "{URL}"\n'


@contextlib.contextmanager
def serving(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, **named: Any
) -> Iterator[Buyer]:
    with Buyer.serving(folder, Console(capsys, monkeypatch), **named) as buyer:
        yield buyer


@pytest.fixture
def owner(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    """Somebody on Professional with a complete archive, and a receiver configured."""
    with serving(tmp_path, capsys, monkeypatch) as buyer:
        buyer.configure(CONFIGURED)
        yield buyer


def webhooks(owner: Buyer, *arguments: str) -> Ran:
    """Type `convo-sync remote webhooks` with these words."""
    return owner.console("remote", "webhooks", *arguments)


def secret_file(owner: Buyer) -> Path:
    return owner.config.with_name("convo-webhook-secret")


def registered(owner: Buyer) -> list[tuple[str, str, tuple[str, ...]]]:
    """What the server has: id, address, events."""
    return [
        (each["id"], each["url"], tuple(each["events"])) for each in webhooks(owner, "list", "--json").json["webhooks"]
    ]


def test_one_is_made_and_its_secret_kept(owner: Buyer) -> None:
    """Expect the events that a sync uses, the secret in its file alone, and never in anything that is printed."""
    ran = webhooks(owner, "create")
    assert (ran.code, ran.err) == (0, "")
    ((id_, url, events),) = registered(owner)
    assert (url, events) == (URL, EVENTS)
    path = secret_file(owner)
    secret = path.read_text().strip()
    assert (oct(path.stat().st_mode & 0o777), secret.startswith("whsec_")) == ("0o600", True)
    assert id_ in ran.out
    assert str(path) in "".join(ran.out.split("\n"))
    for said in (ran, webhooks(owner, "list"), webhooks(owner, "list", "--json"), webhooks(owner, "test", id_)):
        assert secret not in said.said


def test_as_json(owner: Buyer) -> None:
    """Expect the webhook and where its secret is, without the secret."""
    made = webhooks(owner, "create", "--json").json
    assert made["secret_file"] == str(secret_file(owner))
    assert set(made) == {"id", "url", "events", "created_at", "secret_file"}
    assert webhooks(owner, "test", made["id"], "--json").json == {"id": made["id"], "state": "sent"}
    assert webhooks(owner, "delete", made["id"], "--json").json == {"id": made["id"], "state": "deleted"}
    assert webhooks(owner, "list").out.startswith("There are no webhooks.")


def test_where_the_file_says(owner: Buyer) -> None:
    """Expect secret_file to be the place."""
    owner.configure(f'{CONFIGURED}secret_file = "other"\n')
    assert webhooks(owner, "create").code == 0
    assert owner.config.with_name("other").exists()
    assert not secret_file(owner).exists()


def test_without_a_configuration(owner: Buyer) -> None:
    """Expect --url to do, and a word on what is missing to receive anything."""
    owner.config.unlink()
    assert webhooks(owner, "create").code == 2
    ran = webhooks(owner, "create", "--url", URL)
    assert (ran.code, "Nothing listens yet" in ran.out, secret_file(owner).exists()) == (0, True, True)


@pytest.mark.parametrize("url", ["http://hooks.example/", "https://", "https://me:pw@hooks.example/", "hooks.example"])
def test_an_address_that_convo_cannot_deliver_to(owner: Buyer, url: str) -> None:
    """Expect exit code 2 and no request."""
    asked = len(owner.sim.requests)
    ran = webhooks(owner, "create", "--url", url)
    assert (ran.code, len(owner.sim.requests)) == (2, asked)
    assert "it has to be an https:// address" in told(ran)


def test_a_second_for_the_same_address(owner: Buyer) -> None:
    """Expect it refused by the first one's id, and the first one's secret to stay."""
    assert webhooks(owner, "create").code == 0
    ((id_, _, _),) = registered(owner)
    before = secret_file(owner).read_text()
    ran = webhooks(owner, "create")
    assert (ran.code, id_ in told(ran), secret_file(owner).read_text()) == (78, True, before)
    assert webhooks(owner, "delete", id_).code == 0
    assert webhooks(owner, "create").code == 0
    assert secret_file(owner).read_text() != before


def test_a_secret_that_the_configuration_has_itself(owner: Buyer) -> None:
    """Expect exit code 78 before anything is made, and the secret not repeated."""
    owner.configure(f'{CONFIGURED}secret = "whsec_mine"\n')
    ran = webhooks(owner, "create")
    assert (ran.code, "whsec_mine" in ran.said, registered(owner)) == (78, False, [])


def test_a_secret_that_cannot_be_kept(owner: Buyer, tmp_path: Path) -> None:
    """Expect nothing made where its folder is not there; and what was made removed where the file cannot be."""
    owner.configure(f'{CONFIGURED}secret_file = "no/such/folder/secret"\n')
    assert (webhooks(owner, "create").code, registered(owner)) == (78, [])
    owner.configure(f'{CONFIGURED}secret_file = "taken"\n')
    (tmp_path / "taken").mkdir()
    ran = webhooks(owner, "create")
    assert (ran.code, "The secret cannot be written" in told(ran), registered(owner)) == (78, True, [])


def test_starter_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the refusal with what the plans include, exit code 1, and that nothing is lost without."""
    with serving(tmp_path, capsys, monkeypatch, tier="starter") as owner:
        owner.configure(CONFIGURED)
        for arguments in (("create",), ("list",)):
            ran = webhooks(owner, *arguments)
            assert (ran.code, ran.out) == (1, "")
            assert told(ran).startswith("Convo refuses: ")
            assert "Starter has no webhooks, Professional three" in told(ran)
        assert not secret_file(owner).exists()


def test_a_fourth(owner: Buyer) -> None:
    """Expect the plan's limit told in the same way, and the secret of before kept."""
    for n in range(3):
        assert webhooks(owner, "create", "--url", f"https://hooks{n}.example/").code == 0
    before = secret_file(owner).read_text()
    ran = webhooks(owner, "create")
    assert (ran.code, "The plan includes 3 webhooks" in told(ran), secret_file(owner).read_text()) == (1, True, before)


@pytest.mark.parametrize("what", ["delete", "test"])
def test_one_that_is_not_there(owner: Buyer, what: str) -> None:
    """Expect exit code 1 and the way to see which are."""
    ran = webhooks(owner, what, "wh_nope")
    assert (ran.code, "no such webhook" in told(ran), "remote webhooks list" in told(ran)) == (1, True, True)


@pytest.mark.parametrize("kind", ["drop_after", "server_error", "cut_body"])
def test_an_answer_that_never_came(owner: Buyer, kind: str) -> None:
    """Expect exit code 69, one request, no claim, no secret, and where to look."""
    owner.sim.faults.add(Fault(kind, "registerWebhook"))
    ran = webhooks(owner, "create")
    assert (ran.code, ran.out, owner.sim.requests_by_operation()["registerWebhook"]) == (69, "", 1)
    assert "It may have been done all the same." in told(ran)
    assert not secret_file(owner).exists()


def test_no_archive_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expect exit code 78, and no file, where there is none."""
    with serving(tmp_path, capsys, monkeypatch, is_filled=False) as owner:
        owner.configure(CONFIGURED)
        assert (webhooks(owner, "list").code, owner.archive.exists()) == (78, False)


def test_another_accounts_key(owner: Buyer) -> None:
    """Expect exit code 78, and nothing made: it would deliver another account's events."""
    owner.sql("update meta set value = 'somebody@else.example' where key = 'account'")
    assert webhooks(owner, "create").code == 78
    assert owner.sim.requests_by_operation()["registerWebhook"] == 0
