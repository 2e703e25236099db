"""Hypothesis spends credits: rules, hands, faults, lags, months and crashes in any order; the books must be right.

Before each POST the limits hold as the server counts them. After the last clean runs the ledger's spent entries are the
server's charges, one by one; what was bought is archived; the server's hour was never met.
"""

from __future__ import annotations

import secrets

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from convo_sync.credits.rules import When
from convo_sync.records import Outcome
from tests import audit
from tests.walk import Purse
from tests.walk_account import REACHED
from tests.walk_choices import ASSUMPTIONS, CRASHES, FAULTS, TIERS

RULES = ("meeting", "running meeting", "grow", "end", "rename", "delete", "restore", "app", "settings", "plan",
         "elsewhere", "meanwhile", "trouble", "wait", "wrong clock", "slow", "hand", "sync")  # fmt: skip
WANTED = {
    *RULES,
    *(f"crash {where}" for where in CRASHES),
    *(f"fault {kind}" for kind in FAULTS),
    *(f"assume {name}={value}" for name, values in ASSUMPTIONS.items() for value in values),
    *(f"plan {tier}" for tier in TIERS),
    *(f"outcome {outcome}" for outcome in Outcome),
    *(f"bought {kind}" for kind in ("keypoints", "feedback", "query", "email")),
    *(f"bought when {when}" for when in When),
    *audit.WANTED,
}


def _run(examples: int, steps: int, *, walk: int | None = None) -> None:
    run_state_machine_as_test(
        Purse if walk is None else seed(walk)(type(f"Purse{walk}", (Purse,), {})),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # A failure is told at once, with its steps: shrinking one takes hundreds of whole accounts.
            phases=[Phase.explicit, Phase.generate],
        ),
    )


def test_the_books_are_right() -> None:
    """A short walk through purchases, faults, months and crashes ends with the ledger equal to the charges."""
    _run(examples=4, steps=25)


@pytest.mark.slow
def test_the_books_are_right_after_ten_thousand_steps(capsys: pytest.CaptureFixture[str]) -> None:
    """A long walk reaches every rule, fault, assumption, verdict and crash, and every credit is accounted for."""
    REACHED.clear()
    # Each walk has a seed of its own: where CI is set, Hypothesis derandomizes, and would take one walk many times.
    first = 0 if settings().derandomize else secrets.randbelow(10**6)
    for walk in range(first, first + 20):
        _run(examples=10, steps=100, walk=walk)
        if REACHED["steps"] >= 10_000 and REACHED.keys() >= WANTED:
            break
    with capsys.disabled():
        print(f"\nwalks {first} to {walk}")
        print("\n".join(f"{count:6} {what}" for what, count in sorted(REACHED.items())))
    assert sorted(WANTED - REACHED.keys()) == []
    assert REACHED["steps"] >= 10_000
