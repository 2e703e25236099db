"""The daemon as a service of the system: started at login, again after a crash, and by nobody's hand.

What is written and run for each system is plain text made from a `Work` (systemd.py, launchd.py, windows.py); one file
(machine.py) writes and runs it. Must not know what the daemon does, the archive's tables, or any key.
"""

from convo_sync.service.installing import Installed, Service
from convo_sync.service.machine import ServiceTrouble
from convo_sync.service.steps import Remove, Run, Seen, Step, System, Work, Write, in_words
from convo_sync.service.systems import NAMES, name_here, system_for

__all__ = [
    "NAMES",
    "Installed",
    "Remove",
    "Run",
    "Seen",
    "Service",
    "ServiceTrouble",
    "Step",
    "System",
    "Work",
    "Write",
    "in_words",
    "name_here",
    "system_for",
]
