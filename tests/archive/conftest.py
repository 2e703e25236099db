"""What the tests of the archive share: a small archive, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .storage import fill


@pytest.fixture(scope="session")
def _model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("model") / "archive.db")


@pytest.fixture
def path(_model: Path, tmp_path: Path) -> Path:
    """A small archive, closed."""
    return Path(shutil.copy(_model, tmp_path / "archive.db"))
