"""The command line: wires the rooms together, and turns every error into a sentence and an exit code."""

from __future__ import annotations


def main() -> None:
    """The console script's entry."""
    import gc

    # Importing click and printing ten hits makes no garbage worth three looks through everything; `root` turns it on
    # again for commands that stay.
    gc.disable()
    from convo_sync.cli.root import run

    try:
        run()
    finally:
        # Python looks once more before it ends, for a sixth of a search's time; what is frozen is passed over.
        gc.freeze()
