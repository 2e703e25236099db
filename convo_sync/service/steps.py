"""What a service is made of, as values: what it runs, and the steps that install it or take it away. Does nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

LABEL = "convo-sync"
# How long a daemon that crashed, or was refused at its start, is left alone before it is started again.
PAUSE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Work:
    """What the service runs, for whom. Every path is absolute; there is no key in it.

    `folder` is the user's own; `units` where systemd looks; `tasks` where Windows' task description is kept. `log` is
    used where the system keeps none. `search_path` is where a key command is looked for; empty where no command gives
    the key.
    """

    python: str
    archive: str
    config: str
    log: str
    folder: str
    units: str
    tasks: str
    user: str
    user_id: int
    search_path: str = ""

    def command(self, *, with_log: bool) -> list[str]:
        """The daemon's command line; with a log of its own where the system keeps none."""
        logged = ["--log-file", self.log] if with_log else []
        options = ["--archive", self.archive, "--config", self.config]
        return [self.python, "-P", "-m", "convo_sync", *options, "daemon", *logged]


@dataclass(frozen=True, slots=True)
class Write:
    """A file that is written, readable for its owner alone."""

    path: str
    text: str
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Remove:
    """A file that is removed."""

    path: str


@dataclass(frozen=True, slots=True)
class Run:
    """A command of the system. `may_fail`: what it undoes may not be there; `tries`: with a second between them."""

    argv: tuple[str, ...]
    may_fail: bool = False
    tries: int = 1


Step = Write | Remove | Run


@dataclass(frozen=True, slots=True)
class Seen:
    """What the system says of the service. `is_running` is None where it does not tell in any fixed words.

    `is_on`: whether it is started at login; `detail`: what the system adds, for a person.
    """

    is_on: bool
    is_running: bool | None
    detail: str = ""


class System(Protocol):
    """One system's way to keep a service. Makes text and command lines, and reads what the system answers."""

    name: str
    tool: str
    keeps_log: bool

    def file(self) -> Write:
        """The one file that describes the service."""

    def begin(self, *, is_new: bool) -> tuple[Step, ...]:
        """What starts it, now and at each login, once its file is written; `is_new`: the system does not know it."""

    def end(self) -> tuple[Step, ...]:
        """What stops it and forgets it, its file included."""

    def question(self) -> tuple[str, ...]:
        """The command that asks how it stands."""

    def read(self, code: int, out: str, err: str) -> Seen | None:
        """What the answer to `question` means; None: the system did not answer it."""

    def read_log(self, lines: int, *, follow: bool) -> tuple[str, ...]:
        """The command that shows its log, where the system keeps it."""


def in_words(steps: Iterable[Step]) -> Iterator[str]:
    """The steps as lines for a person: commands as one types them, files whole."""
    for step in steps:
        if isinstance(step, Write):
            yield from (f"# write {step.path}", *step.text.rstrip("\n").split("\n"), "")
        elif isinstance(step, Remove):
            yield f"# remove {step.path}"
        else:
            yield f"# run   {_shown(step.argv)}{'   (may fail)' if step.may_fail else ''}"


def _shown(argv: Iterable[str]) -> str:
    return " ".join(f'"{each}"' if " " in each or not each else each for each in argv)
