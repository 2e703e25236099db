"""Requests of a first sync and of one that finds nothing new, beside the fewest that can be.

The fewest: the profile, the list's pages, and every document that can exist, which is a transcript and key points of
each meeting, and feedback where it has ten turns. Counted at the server, with its clock and ours standing still.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.meetings import FEWEST_TURNS_FOR_FEEDBACK, PAGE, Meetings
from benchmarks.setting import Setting
from convo_sync.archive.write import Archive
from convo_sync.client import Client
from convo_sync.records import ConversationId, Outcome, Run
from convo_sync.simulator import Clock, Simulator, World
from convo_sync.sync import Identity, Options, Sync
from convo_sync.sync.meter import Meter

ALLOWED_MORE = 5
STEADY_ORDERS = ("newest", "oldest", "random-stable")
# An order that changes with each request may show any row twice and any other never: some luck of each kind.
SEEDS = range(3)
_LIST = "listConversations"


def measure(setting: Setting) -> Iterator[Figure]:
    """A first sync in every order of the list, then syncs a minute and two days later."""
    world = World.from_corpus(setting.meetings.file)
    for order in STEADY_ORDERS:
        setting.tell(f"requests: {order}")
        yield from _steady(setting, world, order)
    runs = []
    for seed in SEEDS:
        setting.tell(f"requests: unstable, seed {seed}")
        runs.append(_unstable(setting, world, seed))
    yield max(runs, key=lambda figure: figure.ratio)


class _Account:
    """A simulated account and its archive, with a clock that stands still between runs."""

    def __init__(self, path: Path, meetings: Meetings, world: World, order: str, seed: int = 0) -> None:
        self._path, self._world = path, world
        self.clock = Clock(meetings.newest + timedelta(days=30))
        self.simulator = Simulator(world, clock=self.clock, tier="enterprise", assume={"list_order": order}, seed=seed)

    def sync(self) -> Run:
        """One run over the archive.

        Raises:
            ConvoSyncError: it failed.
        """
        now = self.clock.now
        with self.simulator.serve() as url, Archive(self._path, now()) as archive:
            meter = Meter(archive.budget(), now, archive.save_budget)
            with Client(url, self.simulator.key, meter=meter) as client:
                # The address changes with every start; the archive is bound to its first.
                identity = Identity("the simulator", "its key")
                run, error = Sync(client, archive, meter, now, Options()).run(identity)
        if error is not None and run.outcome is Outcome.FAILED:
            raise error
        return run

    def asked(self) -> Counter[str]:
        """Requests that the server saw, by operation."""
        return self.simulator.requests_by_operation()

    def fewest(self) -> int:
        """Requests without which the meetings that the list has shown cannot be archived."""
        with Archive(self._path, self.clock.now()) as archive:
            shown = archive.known([ConversationId(id_) for id_ in self._world.conversations])
        return 1 + -(-len(self._world.conversations) // PAGE) + sum(map(self._documents, shown))

    def _documents(self, id_: str) -> int:
        return 2 + (len(self._world.conversations[id_].segments) >= FEWEST_TURNS_FOR_FEEDBACK)


def _steady(setting: Setting, world: World, order: str) -> Iterator[Figure]:
    account = _Account(setting.folder / f"requests-{order}.db", setting.meetings, world, order)
    _completed(account.sync())
    yield _first(f"requests, first sync, {order}", account)
    for after, pages, words in (
        (timedelta(minutes=1), 1, "a minute"),
        (timedelta(days=2), setting.meetings.pages, "two days"),
    ):
        account.clock.advance(after)
        before = account.asked()
        _completed(account.sync())
        asked = account.asked() - before
        if set(asked) != {_LIST}:
            raise RuntimeError(f"more than the list was asked for: {asked}")
        what = f"requests, nothing new after {words}, {order}"
        yield Figure.of(what, asked.total(), pages, limit=1.0, unit="requests")


def _completed(run: Run) -> None:
    if run.outcome is not Outcome.COMPLETE:
        raise RuntimeError(f"a sync did not complete: {run}")


def _unstable(setting: Setting, world: World, seed: int) -> Figure:
    """How many meetings such a list shows is its own luck; so the fewest are counted for those that it did show."""
    path = setting.folder / f"requests-unstable-{seed}.db"
    account = _Account(path, setting.meetings, world, "unstable", seed)
    run = account.sync()
    return _first(f"requests, first sync, unstable ({run.new} of {setting.meetings.count} shown)", account)


def _first(what: str, account: _Account) -> Figure:
    asked, fewest = account.asked().total(), account.fewest()
    return Figure.of(what, asked, fewest, limit=(fewest + ALLOWED_MORE) / fewest, unit="requests")
