"""A person who buys: an account on which nothing was generated, its archive, and what each command was charged."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from convo_sync import credentials
from convo_sync.cli import hand
from convo_sync.cli import sync as sync_command
from convo_sync.client import Client
from convo_sync.simulator import Simulator, World

from .console import Console, Ran, fill, on_a_terminal
from .rig import row, turns

MEETINGS = 6
# This one is too short for feedback.
SHORT = f"sess_{MEETINGS - 1:05d}"
FIRST = "sess_00000"
NASTY = "Kick\x1b]0;owned\x07\x1b[2J\u202eoff"
PAID = ("generateKeypoints", "generateFeedback", "generateEmail", "queryConversation")


class Buyer:
    """Six ended meetings, the newest of them yesterday, `FIRST`; the key and all paths in the environment."""

    def __init__(self, folder: Path, console: Console, sim: Simulator, url: str) -> None:
        self.sim, self.console, self.url = sim, console, url
        self.archive, self.config = folder / "archive.db", folder / "config.toml"
        values = {"BASE_URL": url, "ARCHIVE": str(self.archive), "CONFIG": str(self.config)}
        for name, value in values.items():
            console.monkeypatch.setenv(f"CONVO_SYNC_{name}", value)
        console.monkeypatch.setenv("CONVO_API_KEY", sim.key)
        console.monkeypatch.setenv("COLUMNS", "100")
        console.monkeypatch.setattr(credentials, "_keyring", lambda: None)
        for module in (hand, sync_command):
            console.monkeypatch.setattr(module, "Client", functools.partial(Client, sleep=lambda _: None))

    @classmethod
    @contextlib.contextmanager
    def serving(
        cls,
        folder: Path,
        console: Console,
        *,
        tier: str = "professional",
        meetings: int = MEETINGS,
        is_filled: bool = True,
        **named: Any,
    ) -> Iterator[Buyer]:
        """A buyer whose account answers while the block runs, and whose archive is complete unless told otherwise."""
        world, now = World(), datetime.now(UTC)
        for number in range(meetings):
            listed = row(number, now - timedelta(days=number + 1), minutes=max(10, 60 - 10 * number))
            said = turns(number, 4 if number == MEETINGS - 1 else 12)
            world.add(listed | {"segmentCount": len(said)}, {"id": listed["id"], "segments": said})
        sim = Simulator(world, tier=tier, **named)
        with sim.serve() as url:
            buyer = cls(folder, console, sim, url)
            if is_filled:
                fill(buyer.archive, url, sim.key)
            yield buyer

    def credits(self, *arguments: str) -> Ran:
        """Type `convo-sync credits` with these words; there is no terminal."""
        return self.console("credits", *arguments)

    def sync(self, *options: str) -> Ran:
        """Type `convo-sync sync`."""
        return self.console("sync", *options)

    def on_a_terminal(self, typed: str, *arguments: str) -> tuple[int, str]:
        """Type `convo-sync credits` with these words on a terminal, and this at its question."""
        code, shown = on_a_terminal(typed, "credits", *arguments, prompt="Spend it?")
        return code, shown.replace("\r\n", "\n")

    def configure(self, text: str) -> None:
        """Write config.toml."""
        self.config.write_text(text, encoding="utf-8")

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the file has, or a change to it."""
        with closing(sqlite3.connect(self.archive, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()

    def minutes_pass(self, minutes: int) -> None:
        """It is later at Convo, whose clock is the one that credits go by."""
        self.sim.clock.advance(timedelta(minutes=minutes))

    @property
    def charged(self) -> list[tuple[str | None, str]]:
        """What Convo charged to the key: each meeting and kind, in order."""
        return [(each.conversation_id, each.kind) for each in self.sim.charges_of(self.sim.key)]

    @property
    def posts(self) -> int:
        """How many requests were sent that may cost something."""
        counts = self.sim.requests_by_operation()
        return sum(counts[each] for each in PAID)

    @property
    def ledger(self) -> list[tuple[Any, ...]]:
        """Each line's meeting, kind and state."""
        return self.sql("select conversation_id, kind, state from ledger order by id")


def told(ran: Ran) -> str:
    """What was said on stderr, on one line; no traceback, no control character in it."""
    assert "Traceback" not in ran.said
    assert not [each for each in ran.said if ord(each) < 32 and each != "\n"]
    return " ".join(ran.err.split())


def flat(text: str) -> str:
    """Text without its line breaks."""
    return " ".join(text.split())
