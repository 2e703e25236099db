"""What init writes and foretells: a config.toml that reads back as it was meant, and how long a first sync takes."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync.cli.first_config import Answers, compose, write
from convo_sync.cli.first_sync import foresee
from convo_sync.config import parse
from convo_sync.credits.rules import Rule, Settings, When
from convo_sync.errors import ConfigurationError
from convo_sync.records import Kind, RateReading


def test_the_commented_defaults_are_the_defaults(tmp_path: Path) -> None:
    """Expect the file to mean the same once every # is removed, save paths, command, cap and rule."""
    path = tmp_path / "config.toml"
    text = compose(Answers(), path)
    assert parse(text, path) == parse("", path)
    said = "\n".join(line.removeprefix("# ") if " = " in line or "# [" in line else line for line in text.splitlines())
    config = parse(said, path)
    told = (config.base_url, config.every, config.stale_after)
    assert told == ("https://www.itsconvo.com", timedelta(minutes=30), timedelta(days=1))
    spent = config.credits
    assert (spent.keep, spent.settle) == (Settings().keep, Settings().settle)
    assert spent.monthly_cap == 5
    assert spent.rules == (Rule(Kind.KEYPOINTS, When.MISSING, min_minutes=20, at_most=3),)


@pytest.mark.parametrize("name", ['a "quoted" name', "back\\slash", "Übersee 東京 🧾", "new\nline", "del\x7f"])
def test_any_path_survives_being_written(tmp_path: Path, name: str) -> None:
    """Expect quotes, backslashes, line breaks and every alphabet to come back as they were."""
    path = tmp_path / "config.toml"
    assert parse(compose(Answers(archive=tmp_path / name), path), path).archive == tmp_path / name


def test_a_path_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Expect a sentence for bytes that are no UTF-8."""
    with pytest.raises(ConfigurationError, match="no proper text"):
        compose(Answers(archive=Path(os.fsdecode(b"/a\xff"))), tmp_path / "config.toml")


def test_writing_never_goes_through_a_link_or_over_a_file(tmp_path: Path) -> None:
    """Expect a refusal for a file and for a link that leads nowhere, both left as they were."""
    there, link = tmp_path / "config.toml", tmp_path / "link.toml"
    there.write_text("# mine\n", encoding="utf-8")
    link.symlink_to(tmp_path / "nowhere")
    for path in (there, link):
        with pytest.raises(ConfigurationError, match="never overwritten"):
            write("# ours\n", path)
    assert there.read_text(encoding="utf-8") == "# mine\n"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("meetings", "limit", "remaining", "requests", "hours"),
    [
        (0, 500, 500, 2, 0),
        (30, 100, 100, 92, 0),
        (30, 100, 40, 92, 1),
        (500, 100, 98, 1506, 15),
        (500, 500, 498, 1506, 3),
        (10_000, 2000, 2000, 30_101, 15),
        (500, None, None, 1506, None),
    ],
)
def test_the_first_sync_is_foreseen(
    meetings: int, limit: int | None, remaining: int | None, requests: int, hours: int | None
) -> None:
    """Expect the list's pages, three documents a meeting and the profile, against the hour less its reserve."""
    foreseen = foresee(meetings, limit, RateReading(limit=limit, remaining=remaining))
    assert (foreseen.requests, foreseen.hours) == (requests, hours)
    assert f"{requests:,} requests" in foreseen.in_words()


def test_long_waits_are_told_in_days() -> None:
    """Expect days where hours would be no help."""
    assert "about 14 days" in foresee(10_000, 100, RateReading()).in_words()
