"""A strict Convo API on loopback, for trying out and for tests.

Must not know the rest of the package: it implements the contract in openapi.yaml and nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from convo_sync.simulator.assumptions import Assumption, assumptions_table, parse_assumption
    from convo_sync.simulator.clock import Clock
    from convo_sync.simulator.credits import Charge
    from convo_sync.simulator.deliveries import DeliveryRecord, signature
    from convo_sync.simulator.faults import FAULT_KINDS, Fault, FaultKind, parse_fault
    from convo_sync.simulator.meeting import Meeting
    from convo_sync.simulator.operations import OPERATION_IDS
    from convo_sync.simulator.running import run
    from convo_sync.simulator.simulator import DEMO_EMAIL, DEMO_KEY, Simulator
    from convo_sync.simulator.wire import Request, RequestRecord, Response
    from convo_sync.simulator.world import World

__all__ = [
    "DEMO_EMAIL",
    "DEMO_KEY",
    "FAULT_KINDS",
    "OPERATION_IDS",
    "Assumption",
    "Charge",
    "Clock",
    "DeliveryRecord",
    "Fault",
    "FaultKind",
    "Meeting",
    "Request",
    "RequestRecord",
    "Response",
    "Simulator",
    "World",
    "assumptions_table",
    "parse_assumption",
    "parse_fault",
    "run",
    "signature",
]

# Loaded at first use: the command line imports this package without starting a server.
_HOMES: Final = {
    "Assumption": "assumptions",
    "assumptions_table": "assumptions",
    "parse_assumption": "assumptions",
    "Clock": "clock",
    "Charge": "credits",
    "DeliveryRecord": "deliveries",
    "signature": "deliveries",
    "FAULT_KINDS": "faults",
    "Fault": "faults",
    "FaultKind": "faults",
    "parse_fault": "faults",
    "Meeting": "meeting",
    "OPERATION_IDS": "operations",
    "run": "running",
    "DEMO_EMAIL": "simulator",
    "DEMO_KEY": "simulator",
    "Simulator": "simulator",
    "Request": "wire",
    "RequestRecord": "wire",
    "Response": "wire",
    "World": "world",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
