"""What a sync that nobody typed must not do: fill an empty place, run what lies about, take a plan for a key."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from convo_sync.archive.write import Archive
from convo_sync.cli import background, child
from convo_sync.errors import ArchiveMissing, KeyRefused, PlanLacks

KEY = "convo_some_key"


def test_a_plan_that_lacks_the_api_is_no_refused_key(tmp_path: Path) -> None:
    """Only the API's 401 keeps a key from being tried again: another plan needs no other key."""
    archive = tmp_path / "archive.db"
    archive.write_bytes(b"there")
    background.remember(archive, KEY, PlanLacks("The plan has no API."))
    background.require(archive, KEY)
    background.remember(archive, KEY, KeyRefused("Unknown key."))
    with pytest.raises(KeyRefused, match="not asked again"):
        background.require(archive, KEY)
    background.require(archive, KEY + "2")
    background.remember(archive, KEY, None)
    background.require(archive, KEY)


def test_nothing_that_lies_about_is_run() -> None:
    """Python must not look for modules in the folder in which the daemon was started."""
    assert child.myself() == [sys.executable, "-P", "-m", "convo_sync"]


@pytest.mark.parametrize("is_empty", [False, True])
def test_no_archive_is_made_in_the_place_of_one_that_is_gone(tmp_path: Path, is_empty: bool) -> None:
    """Missing, or empty: told, and left as it is."""
    path = tmp_path / "archive.db"
    if is_empty:
        path.touch()
    with pytest.raises(ArchiveMissing):
        Archive(path, datetime.now(UTC), create=False)
    assert [each.stat().st_size for each in tmp_path.iterdir()] == [0] * is_empty
