"""`convo-sync daemon` with webhooks, as a process: it listens, and a delivery brings the document at once."""

from __future__ import annotations

import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from convo_sync.plan.hints import EVENTS, REASON
from tests.deliveries import SECRET, body, request, send
from tests.keeper import Keeper
from tests.rig import Rig, add, keypoints
from tests.simulator.asking import ask

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")]
FIRST = "sess_00001"
URL = "https://hooks.example/"


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Listening(Keeper):
    """A keeper whose daemon listens; its secret is in the file that config.toml need not name."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.port = free_port()
        super().__init__(rig, folder)
        self.secret_file = folder / "convo-webhook-secret"

    def configure(self, every: str) -> None:
        super().configure(every)
        with self.config.open("a") as file:
            file.write(f'\n[webhooks]\nlisten = "127.0.0.1:{self.port}"\npublic_url = "{URL}"\n')

    def keep_secret(self, secret: str) -> None:
        """As `remote webhooks create` does."""
        self.secret_file.write_text(f"{secret}\n")
        self.secret_file.chmod(0o600)

    def send(self, content: bytes, secret: str = SECRET) -> int:
        """A delivery; the status."""
        return send(("127.0.0.1", self.port), request(content, secret=secret))[0]


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Listening]:
    """An account of two meetings, archived a moment ago; the first has no key points."""
    with Rig.serving(tmp_path, start=None) as rig:
        kept = Listening(rig, tmp_path)
        for number in (1, 2):
            add(rig, number, timedelta(days=30 + number), notes=number > 1)
        assert kept.run("sync").returncode == 0
        yield kept


def test_a_delivery_brings_the_document(keeper: Listening) -> None:
    """Expect what Convo delivers to be archived by the next run, long before `every`."""
    made = ask(keeper.rig.simulator, "POST", "/webhooks", {"url": URL, "events": [*EVENTS]}).data
    keeper.keep_secret(made["secret"])
    keeper.rig.simulator.deliver_to[URL] = f"http://127.0.0.1:{keeper.port}/"
    with keeper.daemon() as daemon:
        assert daemon.wait_for("listening")["address"] == f"127.0.0.1:{keeper.port}"
        assert daemon.wait_for("planned")["why"] == "every so often"
        keeper.rig.world.set_keypoints(FIRST, keypoints(1))
        assert keeper.rig.simulator.wait_for_deliveries()
        assert {each.status for each in keeper.rig.simulator.deliveries} == {200}
        assert daemon.wait_for("planned")["why"] == "a webhook said that there is something new"
        ran = daemon.wait_for("sync")
        assert (ran["code"], ran["archived"]) == (0, 1)
    causes = (
        "select cause from revisions r join documents d on d.id = r.document_id where kind = ? and conversation_id = ?"
    )
    assert keeper.rig.rows(causes, "keypoints", FIRST) == [(REASON,)]


def test_what_is_refused_is_told_once(keeper: Listening) -> None:
    """Expect one line of the log for each reason, no word of the body, and no run; and a new secret to hold at once."""
    now = datetime.now(UTC)
    with keeper.daemon() as daemon:
        daemon.wait_for("planned")
        assert [keeper.send(body(sent_at=now, title="aardvark")) for _ in range(3)] == [401] * 3
        keeper.keep_secret(SECRET)
        assert [keeper.send(body(sent_at=now), secret="forged") for _ in range(3)] == [401] * 3
        assert keeper.send(body("webhook.test", sent_at=now)) == 200
        daemon.wait_for("delivery", why="the test came")
        refused = [line for line in daemon.lines if '"delivery refused"' in line]
        assert len(refused) == 2
        assert "aardvark" not in "".join(daemon.lines)
        assert not [line for line in daemon.lines if '"sync"' in line]


def test_a_port_that_is_taken(keeper: Listening) -> None:
    """Expect it said, and the daemon to sync all the same."""
    keeper.grow_old()
    with socket.create_server(("127.0.0.1", keeper.port)), keeper.daemon() as daemon:
        assert "cannot listen on" in daemon.wait_for("webhooks")["why"]
        assert daemon.wait_for("sync")["code"] == 0


def test_killed_between_the_answer_and_the_run(keeper: Listening) -> None:
    """Expect a delivery that was acknowledged to be acted upon by the next daemon at its start."""
    keeper.keep_secret(SECRET)
    keeper.rig.world.set_keypoints(FIRST, keypoints(1))
    content = body(sent_at=datetime.now(UTC), conversationId=FIRST)
    with keeper.daemon() as daemon, closing(sqlite3.connect(keeper.rig.path)) as archive:
        daemon.wait_for("planned")
        archive.execute("begin immediate")  # no run can do anything, and no answer waits for that
        assert keeper.send(content) == 200
    with keeper.daemon() as daemon:
        assert daemon.wait_for("sync", code=0)["archived"] == 1
