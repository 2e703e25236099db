"""A credit by hand while a sync runs in another process: it gets in between two documents, and both end well."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from convo_sync.simulator import Fault

from .buyer import FIRST, Buyer, told
from .console import Console

MANY = 300
RULES = '[credits]\nmonthly_cap = 4\n[[credits.rule]]\ngenerate = "keypoints"\nwhen = "missing"\n'


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Console:
    """A person's own terminal."""
    return Console(capsys, monkeypatch)


@contextlib.contextmanager
def syncing(buyer: Buyer, reached: Callable[[], bool]) -> Iterator[subprocess.Popen[str]]:
    """A sync in a process of its own, once it has come so far."""
    command = [sys.executable, "-m", "convo_sync", "-q", "sync"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not reached():
                assert process.poll() is None
            yield process
        finally:
            process.kill()


def asked(buyer: Buyer, operation: str) -> int:
    """How many such requests the server saw."""
    return buyer.sim.requests_by_operation()[operation]


# -- the lock


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [("ask", FIRST, "one"), ("generate", "feedback", FIRST), ("email", FIRST)], ids=lambda each: each[0]
)
def test_it_gets_in_during_a_first_sync(tmp_path: Path, console: Console, arguments: tuple[str, ...]) -> None:
    """Expect the answer long before the sync is through, and every document once in the end."""
    with Buyer.serving(tmp_path, console, tier="enterprise", meetings=MANY, is_filled=False) as buyer:
        with syncing(buyer, lambda: asked(buyer, "getTranscript") > 20) as process:
            ran = buyer.credits(*arguments, "--yes")
            assert (ran.code, len(buyer.charged)) == (0, 1), ran.err
            assert process.poll() is None
            assert asked(buyer, "getTranscript") < MANY
            out, err = process.communicate()
            assert (process.returncode, out, err) == (0, "", "")
        assert "Waiting for convo-sync sync (pid " in told(ran)
        assert [state for *_, state in buyer.ledger] == ["spent"]
        assert asked(buyer, "getTranscript") == MANY
        assert buyer.sql("select count(*) from documents where kind = 'transcript'") == [(MANY,)]
        assert buyer.sql("select count(*) from documents where kind in ('feedback', 'answer', 'email')") == [(1,)]
        assert "Nothing else is due now." in buyer.sync("--dry-run").out


@pytest.mark.slow
def test_it_gets_in_between_two_generations(tmp_path: Path, console: Console) -> None:
    """Expect one cap for both: what the hand spends meanwhile, the rules do not."""
    with Buyer.serving(tmp_path, console) as buyer:
        buyer.configure(RULES)
        buyer.sim.faults.add(Fault("delay", "generateKeypoints", seconds=0.7, times=None))
        with syncing(buyer, lambda: asked(buyer, "getProfile") > 2) as process:
            ran = buyer.credits("ask", FIRST, "one", "--yes")
            assert (ran.code, process.poll()) == (0, None), ran.err
            process.communicate()
            assert process.returncode == 0
        kinds = [kind for _, kind in buyer.charged]
        assert (sorted(kinds), kinds[-1]) == (["keypoints"] * 3 + ["query"], "keypoints")
        assert [state for *_, state in buyer.ledger] == ["spent"] * 4
        assert "0 of monthly_cap" not in told(ran)


@pytest.mark.slow
def test_two_hands_buy_the_same_but_once(tmp_path: Path, console: Console) -> None:
    """Expect the second of two that want the same key points to find them, and to spend nothing."""
    with Buyer.serving(tmp_path, console) as buyer:
        buyer.sim.faults.add(Fault("delay", "generateKeypoints", seconds=1))
        command = [sys.executable, "-m", "convo_sync", "credits", "generate", "keypoints", FIRST, "--yes"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            while not buyer.ledger:
                assert process.poll() is None
            ran = buyer.credits("generate", "keypoints", FIRST, "--yes")
            out, _ = process.communicate()
        assert (process.returncode, ran.code) == (0, 0)
        assert "for 1 AI credit" in out
        assert "this spent nothing" in ran.out
        assert buyer.charged == [(FIRST, "keypoints")]


# -- the hour


def test_a_sync_leaves_some_of_the_hour_for_it(tmp_path: Path, console: Console) -> None:
    """Expect a purchase after the sync used the hour up, then a time to come back; Convo never has to refuse."""
    with Buyer.serving(tmp_path, console, tier="starter", meetings=60, is_filled=False) as buyer:
        assert buyer.sync().code == 75
        assert buyer.sync().code == 75
        ran = buyer.credits("ask", FIRST, "one", "--yes")
        assert (ran.code, buyer.charged) == (0, [(FIRST, "query")])
        codes = {buyer.credits("ask", FIRST, f"question {number}", "--yes").code for number in range(5)}
        assert codes == {0, 75}
        ran = buyer.credits("generate", "keypoints", FIRST, "--yes")
        assert ran.code == 75
        assert "Nothing was spent. Run the same command again at " in told(ran)
        assert (buyer.sim.rate_limited_answers, buyer.sim.worst_hour()) == (0, 100)
        assert buyer.credits("ask", FIRST, "one").code == 0  # from the archive, whatever the hour
