"""What holds for every reading command: where it prints, what cannot be printed, who has stopped reading."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reading import LID, LID_TEXTS, Call, build, process, runner


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four meetings: a whole one, one without notes, one without a transcript yet, one deleted at Convo."""
    return build(tmp_path_factory.mktemp("reading"))


@pytest.fixture
def call(archive: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process, on the archive."""
    return runner(archive, capsys)


READING = [
    ["search", "flip"],
    ["show", LID],
    ["show", LID, "--transcript"],
    ["list"],
    ["list", "--with", "voss", "--about", "flip"],
    ["actions"],
    ["decisions"],
    ["prep", "voss"],
    ["prep", "flip"],
    ["digest", "--since", "2026"],
    ["status"],
    ["sql", "select text from segments"],
    ["archive", "history", LID],
    ["archive", "history", LID, "--diff"],
]


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_no_archive_is_a_plain_sentence(call: Call, arguments: list[str], tmp_path: Path) -> None:
    """Exit 78, naming the file and the commands that make one."""
    found = call(*arguments, file=tmp_path / "none.db")
    assert (found.code, found.out) == (78, "")
    assert found.err.startswith(f"There is no archive at {tmp_path / 'none.db'}.\n")


@pytest.mark.parametrize(
    "arguments",
    [["show", LID, "--transcript"], ["search", "turned"], ["prep", "turned"], ["sql", "select text from segments"]],
)
@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_a_transcript_cannot_drive_a_terminal(call: Call, arguments: list[str], extra: list[str]) -> None:
    """No escape, control character or turn of direction is printed, in JSON neither."""
    out = call(*arguments, *extra).out
    assert "alert" in out
    assert not [
        c for c in out if (ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u202c\u2068\u2069"
    ]


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_small_character_set_is_no_error(archive: Path, arguments: list[str]) -> None:
    """Where stdout is ASCII, the nearest characters are printed; JSON is escaped and loses nothing."""
    done = process(archive, *arguments, PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 4)


def test_a_small_character_set_gets_the_nearest(archive: Path) -> None:
    """Accents are dropped, points and bars replaced."""
    shown = process(archive, "show", LID, PYTHONIOENCODING="ascii").stdout.decode()
    assert "* decision 7.1" in shown
    assert "####" in shown
    assert "Tomasz Zielinski" in shown
    turns = json.loads(process(archive, "show", LID, "--transcript", "--json", PYTHONIOENCODING="ascii").stdout)
    assert turns["segments_shown"][4]["text"] == LID_TEXTS[4]


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_closed_pipe_is_no_error(archive: Path, arguments: list[str]) -> None:
    """A reader that is gone before the first line (`| true`) gets no traceback, and nobody a complaint."""
    command = [sys.executable, "-m", "convo_sync", "--archive", str(archive), *arguments]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False)
    finally:
        os.close(writing)
    assert b"Traceback" not in done.stderr
    assert b"Broken" not in done.stderr
    assert b"ignored" not in done.stderr
    assert done.returncode in (0, 4)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_a_plain_sentence(archive: Path) -> None:
    """A full disk under stdout: exit 1, one sentence."""
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "convo_sync", "--archive", str(archive), "list"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == ["The output could not be written: No space left on device."]


def test_on_a_terminal_words_are_bold(archive: Path) -> None:
    """Bold on a terminal; with NO_COLOR, or on a dumb one, marks instead."""
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    assert b"\x1b[1mflip\x1b[0m" in on_terminal(archive, plain | {"TERM": "xterm"})
    for environment in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}):
        printed = on_terminal(archive, plain | environment)
        assert b"\x1b" not in printed
        assert "«flip»".encode() in printed


def on_terminal(archive: Path, environment: dict[str, str]) -> bytes:
    """What a search prints on a pseudo-terminal."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "convo_sync", "--archive", str(archive), "search", "flip"]
    child = subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, env=environment)
    os.close(theirs)
    printed = b""
    try:
        while piece := os.read(ours, 4096):
            printed += piece
    except OSError:  # Linux says so at the end of a pseudo-terminal
        pass
    finally:
        os.close(ours)
        child.communicate(timeout=60)
    return printed


@pytest.mark.parametrize(
    "name", ["search", "show", "list", "actions", "decisions", "prep", "digest", "status", "sql", "completion"]
)
def test_every_help_ends_with_an_example(call: Call, name: str) -> None:
    """The last line of each help is one that can be typed."""
    found = call(name, "--help")
    assert found.code == 0
    assert "Example:" in found.out.strip().rsplit("\n\n", 1)[-1]
