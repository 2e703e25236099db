"""`doctor`'s checks of what runs in the background: the service, the key as it finds it, the daemon's last look.

Must not know the network. Nobody has to have a service: where none is installed, nothing here is wrong.
"""

from __future__ import annotations

import os
from datetime import datetime

from convo_sync.cli.background_state import State as DaemonState
from convo_sync.cli.finding import Finding, State, ok, problem, skipped
from convo_sync.cli.output import look
from convo_sync.cli.root import Setup
from convo_sync.cli.service_work import key_of_service, service_for, unseen_address
from convo_sync.credentials import VARIABLE, Key
from convo_sync.errors import ConfigurationError, ConvoSyncError
from convo_sync.render import daemon as daemon_page
from convo_sync.service import Service, ServiceTrouble

SERVICE, KEY, WAKE = NAMES = ("service", "key for the service", "wake")
_NONE = "no service is installed; convo-sync service install"
_INSTALL = "Type: convo-sync service install"


def examine(setup: Setup, key: Key | None, now: datetime) -> list[Finding]:
    """The checks of the service of this archive; `key`: the one that this shell would use, where it has one."""
    service, _ = service_for(setup)
    if not service.is_there:
        return [skipped(name, _NONE) for name in NAMES]
    told = DaemonState(setup.archive).read()
    found = _service(service, setup, is_kept=told is not None)
    if told is not None:
        woken = wake(told, now)
    else:
        why = "it has just begun" if found.state is State.OK else "the service has to run first"
        woken = skipped(WAKE, f"no daemon keeps this archive: {why}")
    return [found, _key(setup, key), woken]


def _service(service: Service, setup: Setup, *, is_kept: bool) -> Finding:
    """Whether it is what would be installed now, is started at login, and runs."""
    try:
        seen = service.seen()
    except ServiceTrouble as trouble:
        # As in a shell of su or sudo: the system does not answer there, and the service is well.
        return skipped(SERVICE, f"a daemon runs; {trouble.message}") if is_kept else problem(SERVICE, trouble)
    if not service.is_current:
        what = "was edited, is of another version, or is for another archive or configuration"
        return problem(SERVICE, ServiceTrouble(f"{service.path} {what}.", f"{_INSTALL} (it replaces that file)"))
    if not seen.is_on:
        return problem(SERVICE, ServiceTrouble("It is installed, but not started at login.", _INSTALL))
    if seen.is_running:
        return ok(SERVICE, ". ".join(filter(None, (f"{service.path}, running", unseen_address(setup)))))
    if is_kept:
        step = "End the one that somebody started by hand; the service takes over within a minute."
        return problem(SERVICE, ServiceTrouble("It does not run: another daemon keeps this archive.", step))
    detail = f": {seen.detail}" if seen.detail else ""
    step = "`convo-sync service logs` says why it ended; `convo-sync service install` starts it."
    return problem(SERVICE, ServiceTrouble(f"It is installed and does not run{detail}.", step))


def _key(setup: Setup, key: Key | None) -> Finding:
    """Whether the service finds a key, and the one that this shell uses."""
    if not os.environ.get(VARIABLE):  # then both look in the same places, and no command is run twice
        return ok(KEY, f"the same, from {key.source}") if key else skipped(KEY, "there is no key")
    try:
        found = key_of_service(setup)
    except ConfigurationError as error:
        return problem(KEY, error)
    if key is not None and found.value != key.value:
        step = f"Unset {VARIABLE}, or keep its key for both: convo-sync init --new-key"
        message = f"The service uses another key (from {found.source}) than this shell ({VARIABLE})."
        return problem(KEY, ConfigurationError(message, step))
    return ok(KEY, f"from {found.source}")


def wake(told: dict[str, object], now: datetime) -> Finding:
    """Whether the daemon still looks at the clock, and what it waits for."""
    plan = daemon_page.next_sync(told, now, look())
    if not told.get("stuck"):
        return ok(WAKE, plan)
    pid = told.get("pid")
    step = f"End its process{f' ({pid})' if pid else ''}; the service starts it again within a minute."
    return problem(WAKE, ConvoSyncError(f"The daemon hangs: {plan}.", step))
