"""The simulator against openapi.yaml, by generated requests: valid ones, and ones that break the contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import convo_sync.simulator as package
from convo_sync.simulator import OPERATION_IDS, Simulator

from .asking import small_sim

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
yaml = pytest.importorskip("yaml", reason="pyyaml is not installed")
from hypothesis import HealthCheck, settings  # noqa: E402 - comes with schemathesis
from schemathesis.specs.openapi import checks  # noqa: E402

CONTRACT = yaml.safe_load(Path(package.__file__).with_name("openapi.yaml").read_text(encoding="utf-8"))
# Every request here has its key: what happens without one is for test_strictness.
schema = schemathesis.openapi.from_dict({key: value for key, value in CONTRACT.items() if key != "security"})
KNOWN_IDS = ("sess_a", "sess_b", "sess_c")
METHODS = ("get", "post", "patch", "delete")
STRICT_CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]
# What the contract does not name is refused by default, though it does not forbid it.
LENIENT_CHECKS = [*STRICT_CHECKS, checks.positive_data_acceptance]

EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

pytestmark = pytest.mark.slow


@contextmanager
def served(unknown: str) -> Iterator[tuple[Simulator, str]]:
    """An unlimited simulator for many cases; events it emits go nowhere."""
    sim = small_sim(tier="enterprise", assume={"unknown_parameters": unknown})
    sim.deliver_to["*"] = None
    with sim.serve() as base_url:
        yield sim, base_url
    answered = {operation: {r.status for r in sim.requests if r.operation == operation} for operation in OPERATION_IDS}
    if all(answered.values()):
        # A run over everything must have got past the refusals everywhere.
        assert all(statuses & {200, 201} for statuses in answered.values()), answered


@pytest.fixture(scope="module")
def strict() -> Iterator[tuple[Simulator, str]]:
    """As it is by default."""
    with served("400") as opened:
        yield opened


@pytest.fixture(scope="module")
def lenient() -> Iterator[tuple[Simulator, str]]:
    """Taking parameters and keys it does not know."""
    with served("ignored") as opened:
        yield opened


def test_the_contract_and_the_table_agree() -> None:
    """Every operation of openapi.yaml is served, and no other."""
    declared = [
        path[method]["operationId"] for path in CONTRACT["paths"].values() for method in METHODS if method in path
    ]
    assert sorted(declared) == sorted(OPERATION_IDS)


@schema.parametrize()  # type: ignore[untyped-decorator]  # schemathesis sends no types along
@EXAMPLES
def test_every_operation_keeps_the_contract(case: Any, strict: tuple[Simulator, str]) -> None:
    """Status, type, headers and shape are as declared, and what breaks the contract is refused."""
    send(case, *strict, STRICT_CHECKS)


@schema.parametrize()  # type: ignore[untyped-decorator]  # schemathesis sends no types along
@EXAMPLES
def test_what_the_contract_allows_is_accepted(case: Any, lenient: tuple[Simulator, str]) -> None:
    """Where unknown names are let be, every request that fits the contract is answered as one."""
    # `https://` alone fits the contract's pattern, and names nobody to deliver to.
    hostless = isinstance(case.body, dict) and case.body.get("url") == "https://"
    send(case, *lenient, STRICT_CHECKS if hostless else LENIENT_CHECKS)


def send(case: Any, sim: Simulator, base_url: str, chosen: list[Any]) -> None:
    """One generated request."""
    prepare(sim)
    aim(sim, case)
    case.call_and_validate(base_url=base_url, headers={"Authorization": f"Bearer {sim.key}"}, checks=chosen)
    assert sim.crashes == []


def prepare(sim: Simulator) -> None:
    """An hour must never fill up, and what a case deleted comes back."""
    sim.clock.advance(timedelta(seconds=30))
    for conversation_id in KNOWN_IDS:
        if sim.world.conversations[conversation_id].deleted:
            sim.world.restore(conversation_id)


def aim(sim: Simulator, case: Any) -> None:
    """Most cases with an id in their path get one that exists."""
    turn = len(sim.requests) % 4
    if not case.path_parameters or "id" not in case.path_parameters or turn == 3:
        return
    if case.path.startswith("/api/v1/webhooks"):
        hook = sim._webhooks.register(sim.account, "https://example.org/", ["webhook.test"])
        case.path_parameters["id"] = hook.id
    else:
        case.path_parameters["id"] = KNOWN_IDS[turn]
