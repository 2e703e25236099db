"""Requests of a first sync and of one that finds nothing new, beside the fewest that can be.

The fewest: the profile, the list's pages, and every document that can exist, which is a transcript and key points of
each meeting, and feedback where it has ten turns. Counted at the server, with its clock and ours standing still.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.meetings import FEWEST_TURNS_FOR_FEEDBACK, Meetings
from benchmarks.setting import Setting
from convo_sync.archive.write import Archive
from convo_sync.client import Client
from convo_sync.records import Outcome, Run
from convo_sync.simulator import Clock, Simulator, World
from convo_sync.sync import Identity, Options, Sync
from convo_sync.sync.meter import Meter

ALLOWED_MORE = 5
STEADY_ORDERS = ("newest", "oldest", "random-stable")
# An order that changes with each request may show any row twice and any other never: some luck of each kind.
SEEDS = range(3)
_DOCUMENTS = ("getTranscript", "getKeypoints", "getFeedback")


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
        self._path = path
        self.clock = Clock(meetings.newest + timedelta(days=30))
        self.simulator = Simulator(world, clock=self.clock, tier="enterprise", assume={"list_order": order}, seed=seed)

    def sync(self) -> Run:
        """One run over the archive."""
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

    def asked(self) -> int:
        """Requests that the server saw."""
        return len(self.simulator.requests)


def _steady(setting: Setting, world: World, order: str) -> Iterator[Figure]:
    account = _Account(setting.folder / f"requests-{order}.db", setting.meetings, world, order)
    run = account.sync()
    if run.outcome is not Outcome.COMPLETE:
        raise RuntimeError(f"the first sync did not complete: {run}")
    yield _first(f"requests, first sync, {order}", account.asked(), _fewest(setting.meetings, _possible(world)))
    for after, pages, words in (
        (timedelta(minutes=1), 1, "a minute"),
        (timedelta(days=2), setting.meetings.pages, "two days"),
    ):
        account.clock.advance(after)
        before = account.asked()
        account.sync()
        what = f"requests, nothing new after {words}, {order}"
        yield Figure.of(what, account.asked() - before, pages, limit=1.0, unit="requests")


def _unstable(setting: Setting, world: World, seed: int) -> Figure:
    """As few are possible as for the meetings that the list showed; how many it shows is its own luck."""
    path = setting.folder / f"requests-unstable-{seed}.db"
    account = _Account(path, setting.meetings, world, "unstable", seed)
    run = account.sync()
    asked = {r.path for r in account.simulator.requests if r.operation in _DOCUMENTS}
    what = f"requests, first sync, unstable ({run.new} of {setting.meetings.count} shown)"
    return _first(what, account.asked(), _fewest(setting.meetings, len(asked)))


def _first(what: str, asked: int, fewest: int) -> Figure:
    return Figure.of(what, asked, fewest, limit=(fewest + ALLOWED_MORE) / fewest, unit="requests")


def _fewest(meetings: Meetings, documents: int) -> int:
    return 1 + meetings.pages + documents


def _possible(world: World) -> int:
    return sum(2 + (len(meeting.segments) >= FEWEST_TURNS_FOR_FEEDBACK) for meeting in world.conversations.values())
