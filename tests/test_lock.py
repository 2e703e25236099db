"""One writer at a time: a refusal that names the holder, a note that makes it yield, nothing that outlives it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync import lock as lock_room
from convo_sync.archive.write import Archive
from convo_sync.cli import sync as sync_command
from convo_sync.client import Client
from convo_sync.errors import ArchiveError, ArchiveLocked
from convo_sync.lock import NOTE_SECONDS, WriterLock
from convo_sync.records import Outcome, Progress
from convo_sync.sync import Identity, Meter, Options, Sync
from convo_sync.times import parse_time

from .console import Console
from .rig import Rig, add

ROOT = Path(__file__).parent.parent
NAMELESS = "a process that did not say its name"


class Other:
    """Another process with its own idea of the lock."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert self.hears() == "ready"

    def tell(self, command: str) -> None:
        """Give it a command."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    def hears(self) -> str:
        """Its next answer."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def does(self, command: str) -> str:
        """Give it a command, and take the answer."""
        self.tell(command)
        return self.hears()


@contextlib.contextmanager
def other_process(archive: Path, name: str = "convo-sync sync") -> Iterator[Other]:
    """A process that ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.lock_child", str(archive), name],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        try:
            yield Other(process)
        finally:
            process.kill()


def test_a_second_process_is_refused_with_the_holders_name(tmp_path: Path) -> None:
    """Expect exit 75 and who holds it, in both directions, and the lock for the second once the first gives it back."""
    archive = tmp_path / "archive.db"
    with other_process(archive, "convo-sync daemon") as other:
        assert other.does("take") == "taken"
        with pytest.raises(
            ArchiveLocked, match=rf"convo-sync daemon \(pid {other.process.pid}, since \d\d:\d\d\)"
        ) as caught:
            WriterLock(archive, "convo-sync sync").acquire()
        assert caught.value.exit_code == 75
        assert other.does("release") == "released"
        with WriterLock(archive, "convo-sync sync").acquire():
            assert f"convo-sync sync (pid {os.getpid()}" in other.does("take")
        assert other.does("take") == "taken"


def test_the_lock_falls_with_its_holder(tmp_path: Path) -> None:
    """Expect a killed holder's lock to be free at once, though its name still stands in the file."""
    archive = tmp_path / "archive.db"
    with other_process(archive) as other:
        assert other.does("take") == "taken"
        other.process.kill()
        other.process.wait()
    lock = WriterLock(archive, "convo-sync sync")
    assert lock.path.stat().st_size > 0
    with lock.acquire():
        assert f"pid {os.getpid()}" in lock.holder()
    assert lock.path.stat().st_size == 0


def test_a_command_that_finds_the_lock_held_says_by_whom(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expect `sync` to end with 75 and the holder's name, and to touch nothing."""
    monkeypatch.setattr(sync_command, "WAIT_SECONDS", 0.0)
    monkeypatch.setenv("CONVO_API_KEY", "convo_0123456789abcdef0123456789abcdef")
    monkeypatch.setenv("CONVO_SYNC_BASE_URL", "http://127.0.0.1:9")
    archive = tmp_path / "archive.db"
    with other_process(archive, "convo-sync daemon") as other:
        assert other.does("take") == "taken"
        ran = Console(capsys, monkeypatch)("--archive", archive, "sync")
        assert (ran.code, ran.out) == (75, "")
        assert f"convo-sync daemon (pid {other.process.pid}" in ran.err
    assert not archive.exists()


# -- the file itself means nothing


GARBAGE = {
    "nothing": b"",
    "no JSON": b"\x00\xff\xfe garbage \x1b[31m",
    "half of it": b'{"pid": 17, "comm',
    "a list": b"[1, 2, 3]",
    "a number": b"17",
    "other keys": b'{"host": "elsewhere"}',
    "too deep": b"[" * 100_000,
    "too long": b'{"pid": 1, "since": "", "command": "' + b"x" * 100_000 + b'"}',
}


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE)
def test_a_lock_file_may_say_anything(tmp_path: Path, content: bytes) -> None:
    """Expect a stale file to be no obstacle whatever it says, and a refusal without a name where it names nobody."""
    lock, second = (WriterLock(tmp_path / "archive.db", "convo-sync sync") for _ in range(2))
    lock.path.write_bytes(content)
    with lock.acquire():
        assert f"pid {os.getpid()}" in second.holder()
        lock.path.write_bytes(content)
        with pytest.raises(ArchiveLocked, match=NAMELESS):
            second.acquire()
    with second.acquire():
        assert "convo-sync sync" in second.holder()


@pytest.mark.parametrize(
    ("now", "told"),
    [("2026-11-23T20:00:00Z", "14:05"), ("2026-11-23T23:30:00Z", "2026-11-23 14:05")],
)
def test_the_holder_is_named_with_the_local_time(now: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the hour of this machine's clock, with the date once the local day is another."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Europe/Berlin")
        time.tzset()
        assert lock_room._since(parse_time("2026-11-23T13:05:59.999Z"), parse_time(now)) == told
    time.tzset()


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    """Expect a sentence that says so, exit 1, and not the claim that somebody holds it."""
    lock = WriterLock(tmp_path / "archive.db", "convo-sync sync")
    lock.path.mkdir()
    with pytest.raises(ArchiveError, match="cannot be opened") as caught:
        lock.acquire()
    assert caught.value.exit_code == 1
    assert "remove it" in caught.value.next_step
    assert lock.holder() == NAMELESS


def test_giving_back_twice_is_no_error(tmp_path: Path) -> None:
    """Expect a second release, and one without a lock, to do nothing."""
    lock = WriterLock(tmp_path / "archive.db", "convo-sync sync")
    lock.release()
    lock.acquire()
    lock.release()
    lock.release()
    assert lock.path.exists()


# -- the note


def test_a_note_is_left_while_waiting_and_taken_away(tmp_path: Path) -> None:
    """Expect it while a command waits, and none once that gave up; who does not wait leaves none."""
    archive = tmp_path / "archive.db"
    seen: list[bool] = []
    holder = WriterLock(archive, "convo-sync daemon")
    waiting = WriterLock(archive, "convo-sync sync", sleep=lambda _: seen.append(holder.is_asked_for()))
    with holder.acquire():
        with pytest.raises(ArchiveLocked):
            waiting.acquire()
        assert seen == []
        assert not holder.is_asked_for()
        with pytest.raises(ArchiveLocked):
            waiting.acquire(0.02)
        assert set(seen) == {True}
        assert not holder.is_asked_for()
        assert not holder.yield_to_waiting()


def test_a_note_of_a_dead_process_is_passed_over(tmp_path: Path) -> None:
    """Expect a note that nobody renewed to be removed, and the holder to keep the lock."""
    holder = WriterLock(tmp_path / "archive.db", "convo-sync sync")
    with holder.acquire():
        holder.note.touch()
        long_ago = holder.note.stat().st_mtime - NOTE_SECONDS - 1
        os.utime(holder.note, (long_ago, long_ago))
        assert not holder.yield_to_waiting()
        assert not holder.note.exists()
        with pytest.raises(ArchiveLocked):
            WriterLock(tmp_path / "archive.db", "convo-sync sync").acquire()


def test_a_note_whose_process_gives_up_meanwhile(tmp_path: Path) -> None:
    """Expect the holder to have the lock again when the one who asked for it went away without it."""
    holder = WriterLock(tmp_path / "archive.db", "convo-sync sync", sleep=lambda _: holder.note.unlink())
    with holder.acquire():
        holder.note.touch()
        assert holder.yield_to_waiting()
        with pytest.raises(ArchiveLocked, match=f"pid {os.getpid()}"):
            WriterLock(tmp_path / "archive.db", "convo-sync sync").acquire()


def test_two_long_runs_do_not_take_turns_at_every_document(tmp_path: Path) -> None:
    """Expect one that has just had the lock back to keep it for a while, whoever waits."""
    holder = WriterLock(tmp_path / "archive.db", "convo-sync sync", sleep=lambda _: holder.note.unlink())
    with holder.acquire():
        holder.note.touch()
        assert holder.yield_to_waiting()
        holder.note.touch()
        assert not holder.yield_to_waiting()
        assert holder.note.exists()


def test_a_run_yields_between_two_documents_and_reads_again(tmp_path: Path) -> None:
    """Expect a waiting process to have the archive in the middle of a run, and what it settled not to be asked for."""
    with Rig.serving(tmp_path) as rig, other_process(rig.path, "convo-sync archive forget") as other:
        for number in range(6):
            add(rig, number, timedelta(days=30 + number), notes=False)

        def ask_for_it(event: Progress) -> None:
            if event.event == "step" and event.done == 3:
                assert other.does("borrow") == "waiting"

        with WriterLock(rig.path, "convo-sync sync").acquire() as lock, rig.archive() as archive:
            meter = Meter(archive.budget(), rig.now, archive.save_budget)
            with Client(rig.url, rig.key, meter=meter) as client:
                run, error = Sync(
                    client, archive, meter, rig.now, Options(), tell=ask_for_it, pause=lock.yield_to_waiting
                ).run(Identity(rig.url, "digest"))
            assert other.hears() == f"held {run.fetched}"
            assert f"pid {os.getpid()}" in other.does("take")
        assert (run.outcome, error) == (Outcome.COMPLETE, None)
        assert rig.asked("getTranscript", "getKeypoints", "getFeedback") == 3
        assert run.requests == rig.asked() == 2 + 3
        with Archive(rig.path, rig.now()) as archive:
            assert archive.due(rig.now(), retry_failed=True) == []
