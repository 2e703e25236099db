"""Serves a simulator until Ctrl-C, for the command line.

Must not know options, terminals or what is printed.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping

from convo_sync.simulator.faults import Fault
from convo_sync.simulator.simulator import DEMO_KEY, Simulator
from convo_sync.simulator.world import World

_NEVER = threading.Event()


def run(
    *,
    port: int,
    world: World,
    tier: str = "professional",
    key: str = DEMO_KEY,
    assume: Mapping[str, str] | None = None,
    faults: Iterable[Fault] = (),
    on_ready: Callable[[str], None] = lambda base_url: None,
) -> None:
    """Block until Ctrl-C; `on_ready` is told the base URL. ValueError for an unknown tier, key form or assumption."""
    simulator = Simulator(world, tier=tier, key=key, assume=assume)
    for fault in faults:
        simulator.faults.add(fault)
    simulator.encode_ahead()
    with contextlib.suppress(KeyboardInterrupt), simulator.serve(port) as base_url:
        on_ready(base_url)
        # Windows delivers Ctrl-C only between two waits.
        while not _NEVER.wait(0.5):
            # Else webhooks would hear of a late result only at the next request.
            simulator.catch_up()
