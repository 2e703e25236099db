"""Fixtures of the simulator's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from convo_sync.simulator import Simulator

from .asking import small_sim


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Reading the contract test loads schemathesis, seconds long: not where slow tests are left out anyway."""
    left_out = "not slow" in config.getoption("markexpr")
    return True if left_out and collection_path.name == "test_contract.py" else None


@pytest.fixture
def sim() -> Simulator:
    """A Professional account's simulator over the small world, its clock at noon."""
    return small_sim()
