"""Everything that `doctor` checks, each cause told apart: what hangs on a broken thing is skipped, not red.

Must not know how a finding is printed. Paths, environment and clock are arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from convo_sync import credentials
from convo_sync.cli import archive_checks, connection_checks, service_checks, webhook_checks
from convo_sync.cli.account import Clock, Glance, glance
from convo_sync.cli.background_state import State as DaemonState
from convo_sync.cli.finding import Finding, State, ok, problem, skipped
from convo_sync.cli.keeping import another
from convo_sync.cli.root import Setup
from convo_sync.client.address import Address, checked_address
from convo_sync.config import BASE_URL_VARIABLE, Config, load
from convo_sync.credentials import Key
from convo_sync.errors import ConfigurationError, Forbidden, KeyRefused

OFFLINE = "--offline"


@dataclass(frozen=True)
class Situation:
    """Where to look: `setup` names the files, as the root's options and the environment do."""

    setup: Setup
    offline: bool
    environment: Mapping[str, str]
    now: Clock


def examine(situation: Situation) -> list[Finding]:
    """Every check, in the order in which to mend."""
    told, config, address = _config(situation)
    key, missing = _key(config, situation.environment)
    reach = _reach(situation, address)
    seen = glance(config.base_url, key.value, situation.now) if config and key and _reached(reach) else None
    network, plan, clock = connection_checks.exchange(reach.network, seen, _why_unasked(situation, key, reach))
    return [
        told,
        _verdict(key, missing, seen, _why_unasked(situation, key, reach)),
        reach.dns,
        network,
        plan,
        clock,
        *_archive(situation, config, seen),
        archive_checks.sqlite_library(),
        *_service(situation, config, key),
        *webhook_checks.examine(config, is_kept=DaemonState(situation.setup.archive).read() is not None),
    ]


def _config(situation: Situation) -> tuple[Finding, Config | None, Address | None]:
    try:
        config = load(situation.setup.config, situation.environment)
        address = checked_address(config.base_url)
    except ConfigurationError as error:
        return problem("config", error), None, None
    what = str(config.path) if config.exists else f"no {config.path}: everything has its default"
    named = f"; {BASE_URL_VARIABLE} is set: {address.url}" if situation.environment.get(BASE_URL_VARIABLE) else ""
    return ok("config", f"{what}{named}"), config, address


def _key(config: Config | None, environment: Mapping[str, str]) -> tuple[Key | None, Finding | None]:
    """The key, or the finding that says why there is none."""
    if config is None:
        return None, skipped("key", "config.toml has to be corrected first")
    try:
        return credentials.find_key(config, environment), None
    except ConfigurationError as error:
        return None, problem("key", error)


def _reach(situation: Situation, address: Address | None) -> connection_checks.Reach:
    if situation.offline or address is None:
        why = OFFLINE if situation.offline else "config.toml has to be corrected first"
        return connection_checks.Reach(skipped("DNS", why), skipped("network", why))
    return connection_checks.reach(address)


def _reached(reach: connection_checks.Reach) -> bool:
    return reach.network.state is State.OK


def _why_unasked(situation: Situation, key: Key | None, reach: connection_checks.Reach) -> str:
    if situation.offline:
        return OFFLINE
    if not _reached(reach):
        return "Convo could not be asked"
    return "there is no key to ask with" if key is None else "Convo gave no usable answer"


def _verdict(key: Key | None, missing: Finding | None, seen: Glance | None, why: str) -> Finding:
    if key is None:
        return missing or skipped("key", why)
    where = f"from {key.source}{f'. {key.remark}' if key.remark else ''}"
    if seen is None or not (seen.account or isinstance(seen.error, KeyRefused | Forbidden)):
        told = seen.error.message if seen and seen.error else why
        return skipped("key", f"{where}; not tested: {told}")
    if isinstance(seen.error, KeyRefused):
        return problem("key", seen.error, f"{seen.error.message} (the key {where})", another(key))
    return ok("key", f"{where}; accepted")


def _archive(situation: Situation, config: Config | None, seen: Glance | None) -> list[Finding]:
    setup = _with_archive(situation.setup, config)
    if setup is None:
        why = "config.toml, which may name the archive, has to be corrected first"
        return [skipped(name, why) for name in archive_checks.NAMES]
    account = seen.account.email if seen and seen.account else None
    return archive_checks.examine(setup.archive, account, config.base_url if config else None)


def _with_archive(setup: Setup, config: Config | None) -> Setup | None:
    """The setup with the archive that is meant; None where only config.toml could tell, and it is broken."""
    if setup.archive_given:
        return setup
    if config is None:
        return None
    return setup._replace(archive_file=str(config.archive)) if config.archive else setup


def _service(situation: Situation, config: Config | None, key: Key | None) -> list[Finding]:
    setup = _with_archive(situation.setup, config)
    if config is None or setup is None:
        why = "config.toml, which the service reads, has to be corrected first"
        return [skipped(name, why) for name in service_checks.NAMES]
    return service_checks.examine(setup, key, situation.now())
