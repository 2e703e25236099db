"""A person at a terminal: asked before a credit is spent; and stopped by Ctrl-C or SIGTERM at any moment of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from convo_sync.archive.accounting import Accounting
from convo_sync.cli.stopping import stoppable, undisturbed
from convo_sync.simulator import Fault

from .buyer import FIRST, Buyer
from .console import Console

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals, and sends no signals")
PRICE = "An answer about “Meeting 0”: 1 AI credit. 100 left on the account."
ASK = ("ask", FIRST, "one")


@pytest.fixture
def buyer(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Buyer]:
    """A professional account and a complete archive."""
    with Buyer.serving(tmp_path, Console(capsys, monkeypatch)) as buyer:
        yield buyer


# -- the question


@pytest.mark.slow
def test_yes_spends_one(buyer: Buyer) -> None:
    """Expect the price before the question, and the answer after it."""
    code, shown = buyer.on_a_terminal("y\n", *ASK)
    lines = shown.splitlines()
    assert (code, lines[0], lines[1]) == (0, PRICE, "Spend it? [y/N]: y")
    assert "Speaker 0 said" in shown
    assert buyer.charged == [(FIRST, "query")]


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["n\n", "\n", "\x03", "\x04"], ids=["no", "nothing", "ctrl-c", "ctrl-d"])
def test_anything_else_spends_nothing(buyer: Buyer, typed: str) -> None:
    """Expect exit code 130, that nothing was spent on a line of its own, and neither a POST nor a line in the books."""
    code, shown = buyer.on_a_terminal(typed, *ASK)
    assert (code, shown.splitlines()[0]) == (130, PRICE)
    assert shown.splitlines()[-1].endswith("Nothing was spent.")
    assert shown.splitlines()[-1].startswith(("Stopped.", "Nothing"))
    assert "Traceback" not in shown
    assert (buyer.posts, buyer.ledger) == (0, [])


@pytest.mark.slow
def test_it_is_not_asked_about_what_is_free_or_forbidden(buyer: Buyer) -> None:
    """Expect no question where Convo has it already, where the archive has it, or where the cap is reached."""
    buyer.sim.world.set_keypoints(FIRST, {"sections": [{"heading": "A", "points": ["by the app"]}]})
    buyer.minutes_pass(10)  # the last sync has asked just now
    code, shown = buyer.on_a_terminal("y\n", "generate", "keypoints", FIRST)
    assert (code, "spent nothing" in shown, "Spend it?" in shown) == (0, True, False)
    buyer.configure("[credits]\nmonthly_cap = 0\n")
    code, shown = buyer.on_a_terminal("y\n", *ASK)
    assert (code, "monthly_cap (0) is reached" in shown, "Spend it?" in shown) == (1, True, False)
    assert buyer.posts == 0


@pytest.mark.slow
def test_the_archive_is_free_for_others_while_a_person_thinks(buyer: Buyer) -> None:
    """Expect a sync to get in while the question stands there."""
    import pty  # not there on Windows

    master, slave = pty.openpty()
    command = [sys.executable, "-m", "convo_sync", "credits", *ASK]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave) as process:
        os.close(slave)
        shown = b""
        while b"Spend it?" not in shown:
            shown += os.read(master, 4096)
        assert buyer.sync().code == 0
        os.write(master, b"y\n")
        assert process.wait(20) == 0
    os.close(master)
    assert buyer.charged == [(FIRST, "query")]


# -- stopped


def _until_it_is_reserved(process: subprocess.Popen[str], buyer: Buyer) -> None:
    while not buyer.sql("select 1 from ledger"):
        assert process.poll() is None


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_the_answer_is_awaited(buyer: Buyer, number: signal.Signals) -> None:
    """Expect exit code 130 without delay, that nobody knows what became of it, and a line that counts."""
    buyer.sim.faults.add(Fault("delay", "queryConversation", seconds=3600))
    with subprocess.Popen(
        [sys.executable, "-m", "convo_sync", "credits", *ASK, "--yes"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_interruptible,
    ) as process:  # fmt: skip
        _until_it_is_reserved(process, buyer)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[1] == "Stopped. Whether the credit was spent is not known yet."
    assert "convo-sync sync" in err.splitlines()[2]
    assert [state for *_, state in buyer.ledger] == ["reserved"]
    report = buyer.credits("--json").json
    assert (report["spent"], report["unknown"]) == (1, 1)
    assert "waiting for the answer" in buyer.credits().out
    buyer.sim.faults.clear()
    assert buyer.credits("ask", FIRST, "another", "--yes").code == 0  # which also adopts what was left
    assert [state for *_, state in buyer.ledger] == ["unknown", "spent"]


def _interruptible() -> None:
    # A shell that runs the tests in the background has them ignore Ctrl-C, and what they start as well.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_when_the_reply_is_there(buyer: Buyer, monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> None:
    """Expect what was paid for to be stored first, and to be told as paid and archived."""
    keep_reply = Accounting.keep_reply

    def stopped(*arguments: object) -> str:
        signal.raise_signal(number)
        return keep_reply(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Accounting, "keep_reply", stopped)
    ran = buyer.credits(*ASK, "--yes")
    assert (ran.code, ran.out) == (130, "")
    assert ran.err.splitlines()[1:] == [
        "Stopped. The credit was spent; what it bought is archived.",
        f"convo-sync show {FIRST}",
    ]
    assert (buyer.ledger, len(buyer.charged)) == ([(FIRST, "answer", "spent")], 1)
    assert "Speaker 0 said" in buyer.credits(*ASK).out  # from the archive, for nothing


# -- undisturbed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_it_is_delivered_after_it(number: signal.Signals) -> None:
    """Expect the work inside to be done first, and the signal to be neither lost nor doubled."""
    done = []

    def work() -> None:
        with stoppable():
            with undisturbed():
                signal.raise_signal(number)
                signal.raise_signal(number)
                done.append("stored")
            done.append("not reached")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["stored"]


def test_without_a_signal_nothing_changes() -> None:
    """Expect the handlers to be what they were, also after an error inside."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ValueError, match="inside"), undisturbed():
        raise ValueError("inside")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
