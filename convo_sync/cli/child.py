"""The daemon's child: this very command as a process of its own, and what its end says. Never more than one at a time.

Must not know when one is wanted.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from convo_sync.cli.root import Setup
from convo_sync.errors import ReplyUnkept

# A run ends at its next commit, which is soon; a process that is told to end must not take longer than this.
STOP_SECONDS = 4.0
# What `--background` has the lines of its warnings begin with, those about credits and the others. All else on stderr
# is about what ended the run.
CREDITS, WARNING = "credits: ", "warning: "

# Lines of the logging module name a level first, and tell of single documents.
_LEVELS = ("WARNING ", "ERROR ", "CRITICAL ")


class Ended(NamedTuple):
    """How a child ended. `run`: the document that ``sync --json`` printed, {} where it printed none.

    `credits`, `warnings`: what it warned of, about credits and otherwise; `said`: what else it said first.
    """

    code: int
    run: dict[str, Any]
    credits: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    said: str = ""


class Child:
    """Starts it, waits for it, and ends it from another thread."""

    def __init__(self, setup: Setup) -> None:
        self._files = ["--archive", setup.archive_file, "--config", setup.config_file]
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._is_ending = False

    def call(self, *arguments: str, beat: Callable[[], None], beat_seconds: float) -> Ended:
        """Run it to its end; `beat` is called every so often meanwhile."""
        try:
            process = self._start(arguments)
        except OSError as error:  # no memory, or this program is being upgraded
            return Ended(1, {}, said=f"The sync cannot be started: {error}")
        if process is None:
            return Ended(-signal.SIGTERM, {})
        while True:
            try:
                out, err = process.communicate(timeout=beat_seconds)
            except subprocess.TimeoutExpired:
                beat()
            else:
                return ended(process.returncode, out, err)

    def _start(self, arguments: tuple[str, ...]) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._is_ending:
                return None
            self._process = subprocess.Popen(  # noqa: S603 - this very program
                [*myself(), *self._files, *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                encoding="utf-8", errors="replace",
            )  # fmt: skip
            return self._process

    def stop(self) -> None:
        """End it at its next commit; from now on none is started."""
        with self._lock:
            self._is_ending = True
            if self._process is not None:
                self._process.terminate()

    def finish(self) -> None:
        """Wait for the one that was told to end; end it where it does not."""
        with self._lock:
            process = self._process
        if process is not None:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def myself() -> list[str]:
    """This program's command line. -P: without what lies in the folder that the daemon was started in."""
    return [sys.executable, "-P", "-m", "convo_sync"]


def ended(code: int, out: str, err: str) -> Ended:
    """What a child's exit code and its two streams say."""
    try:
        run = json.loads(out)
    except ValueError:
        run = {}
    if code == 0 and not run:
        return Ended(1, {}, said="The sync ended well, but did not say what it did.")
    lines = [line for line in err.splitlines() if line.strip()]
    credits, warnings = (
        tuple(line.removeprefix(mark) for line in lines if line.startswith(mark)) for mark in (CREDITS, WARNING)
    )
    said = next((line for line in lines if not line.startswith((CREDITS, WARNING, *_LEVELS))), "")
    return Ended(code, run if isinstance(run, dict) else {}, credits, warnings, said)


def as_event(end: Ended, run_id: int | None) -> dict[str, Any]:
    """The details of the log's event `sync`. `run_id`: its number in the archive's table of runs."""
    documents, error = end.run.get("documents") or {}, end.run.get("error") or {}
    return {
        "run": run_id,
        "code": end.code,
        "outcome": end.run.get("outcome"),
        "requests": end.run.get("requests"),
        "archived": documents.get("fetched"),
        "failed": documents.get("failed"),
        "credits": end.run.get("credits"),
        "seconds": end.run.get("seconds"),
        "error": _without_words(error, end.said) if end.code not in (0, 75) else None,
    }


def _without_words(error: dict[str, Any], said: str) -> str:
    """What went wrong; a reply that fitted nowhere stands whole in its message, and belongs into no log."""
    if error.get("code") == ReplyUnkept.code:
        return "A reply that was paid for could not be kept."
    return str(error.get("message") or said)
