"""Writes the files and runs the commands. Must not know what they say."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convo_sync.errors import ConvoSyncError
from convo_sync.service.steps import Remove, Run, Step, Write

# No system takes so long, save one that hangs.
_SECONDS = 60.0
_BETWEEN_TRIES_SECONDS = 1.0


class ServiceTrouble(ConvoSyncError):
    """The system has no such service manager, or it did not do what it was asked."""

    code = "service"


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """What it complained of, on one line; its exit code where it said nothing."""
        said = " ".join((self.err.strip() or self.out.strip()).split())[:400]
        return said.rstrip(".") or f"exit code {self.code}"


def call(argv: Sequence[str]) -> Answer:
    """Run a command to its end.

    Raises:
        ServiceTrouble: it cannot be started, or does not end.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the system's own tool, with words of ours
            list(argv), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ServiceTrouble(f"`{' '.join(argv)}` did not end within {_SECONDS:g} seconds.") from None
    except OSError as error:
        raise ServiceTrouble(f"{argv[0]} cannot be started: {error.strerror or error}.") from None
    return Answer(done.returncode, done.stdout, done.stderr)


def has(tool: str) -> bool:
    """Whether there is such a command here."""
    return shutil.which(tool) is not None


def text_at(file: Write) -> str | None:
    """What stands in that file now; None where there is none, and "" where it cannot be read."""
    try:
        return Path(file.path).read_text(encoding=file.encoding)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeError):
        return ""


def carry_out(step: Step) -> None:
    """Do one step.

    Raises:
        ServiceTrouble: it failed, and may not.
    """
    try:
        if isinstance(step, Write):
            _write(step)
        elif isinstance(step, Remove):
            Path(step.path).unlink(missing_ok=True)
        else:
            _run(step)
    except OSError as error:
        raise ServiceTrouble(
            f"{getattr(step, 'path', '')} cannot be changed: {error.strerror or error}.", "Check its folder."
        ) from None


def _write(step: Write) -> None:
    """In one step, so that no system ever reads half a file."""
    path = Path(step.path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with open(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding=step.encoding) as file:
            file.write(step.text)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _run(step: Run) -> None:
    for left in range(step.tries - 1, -1, -1):
        answer = call(step.argv)
        if answer.code == 0 or step.may_fail:
            return
        if left:
            time.sleep(_BETWEEN_TRIES_SECONDS)
    raise ServiceTrouble(f"`{' '.join(step.argv)}` failed: {answer.words}.")
