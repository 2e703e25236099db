"""``convo-sync simulator``: what keeps it from starting is told apart, each with its own next step."""

from __future__ import annotations

import gzip
import socket
from pathlib import Path

import pytest

from tests.console import Console


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Console:
    """The command line, in this process."""
    return Console(capsys, monkeypatch)


def test_a_port_in_use_is_told_as_such(console: Console) -> None:
    """Expect the port, and how to take another; nothing about a file."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = console("simulator", "--port", str(port))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"Port {port} is in use")
    assert "--port 0" in ran.err
    assert "corpus" not in ran.err


def test_a_missing_corpus_is_told_as_such(console: Console, tmp_path: Path) -> None:
    """Expect the file, and nothing about a port."""
    ran = console("simulator", "--corpus", tmp_path / "none.jsonl")
    assert ran.code == 2
    assert ran.err.startswith(f"The corpus {tmp_path / 'none.jsonl'} cannot be read: No such file or directory.\n")
    assert "port" not in ran.err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.jsonl", b"{}\n", id="no meeting"),
        pytest.param("a.jsonl", b"\xff\n", id="no text"),
        pytest.param("a.jsonl.gz", b"plain", id="not compressed"),
        pytest.param("a.jsonl.gz", gzip.compress(b"{}" * 9)[:-9], id="cut off"),
        pytest.param("a.jsonl.gz", gzip.compress(b"{}" * 9)[:12] + b"\xff" * 9, id="garbled"),
    ],
)
def test_a_corpus_that_is_none_is_a_plain_sentence(console: Console, tmp_path: Path, name: str, content: bytes) -> None:
    """Expect exit code 2 and a next step, whatever is in the file."""
    (tmp_path / name).write_bytes(content)
    ran = console("simulator", "--corpus", tmp_path / name)
    assert ran.code == 2
    sentence, next_step = ran.err.splitlines()
    assert sentence.startswith(f"The corpus {tmp_path / name} cannot be ")
    assert next_step


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--assume", "nope=1", "Unknown assumption 'nope'."),
        ("--assume", "nope", "Expected NAME=VALUE, not 'nope'."),
        ("--fault", "nope", "Unknown fault 'nope'."),
        ("--fault", "server_error:nope", "Unknown endpoint 'nope'."),
    ],
)
def test_an_unknown_name_leads_to_the_list(console: Console, option: str, value: str, sentence: str) -> None:
    """Expect a sentence, and the option that lists the names instead of all of them on one line."""
    ran = console("simulator", option, value)
    assert ran.code == 2
    assert ran.err == f"{sentence}\n`convo-sync simulator --list` shows what there is.\n"


def test_an_impossible_value_comes_with_the_few_that_are_possible(console: Console) -> None:
    """Expect a short list of choices to be told at once."""
    ran = console("simulator", "--assume", "list_order=nope")
    assert ran.err.startswith("The assumption list_order cannot be 'nope' (one of: ")
    ran = console("simulator", "--fault", "late_work:getProfile")
    assert ran.err.startswith("The fault late_work is for generations, not for getProfile (one of: generateKeypoints, ")
