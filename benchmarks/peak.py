"""Runs the command line, and leaves behind how much memory the process ever held.

``python -m benchmarks.peak REPORT ARGUMENTS…`` writes the bytes to the file REPORT. It asks from inside: what the
parent process is told counts the parent's own memory, at the time of the start, as well.
"""

from __future__ import annotations

import atexit
import sys


def peak_bytes() -> int:
    """The largest resident memory so far."""
    try:
        with open("/proc/self/status", "rb") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(b"VmHWM")) * 1024
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def _leave(report: str) -> None:
    with open(report, "w", encoding="ascii") as file:
        file.write(str(peak_bytes()))


if __name__ == "__main__":
    atexit.register(_leave, sys.argv[1])
    sys.argv[1:] = sys.argv[2:]
    from convo_sync.cli import main

    main()
