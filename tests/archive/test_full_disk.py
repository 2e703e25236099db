"""A disk that really is full: a run ends in plain words, what was committed stays, with room the next one goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync.archive import repair
from convo_sync.errors import StorageFull

from ..rig import Rig, iso, row
from .damages import damage, others
from .storage import NOW, is_plain, is_sound

MEETINGS, TURNS = 12, 400


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB, where this system lets us mount one."""
    if sys.platform != "linux":
        pytest.skip("only Linux can mount a file system in memory")
    place = tmp_path / "disk"
    place.mkdir()
    if _mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", place):
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def _mount(*arguments: str | Path) -> int:
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True, check=False).returncode


def _add_large(rig: Rig, number: int) -> None:
    """A meeting whose turns hardly compress: no two words are alike."""
    listed = row(number, rig.clock.now() - timedelta(days=number + 1), segments=TURNS)
    said = [
        {
            "text": " ".join(f"{(number * TURNS + turn) * 1_000_003 + word:x}" for word in range(60)),
            "speaker": "Ann",
            "timestamp": iso(rig.clock.now()),
        }
        for turn in range(TURNS)
    ]
    rig.world.add(listed, {"id": listed["id"], "segments": said})


def test_a_disk_that_is_full(small_disk: Path) -> None:
    """Expect "no room", a sound archive that reads on while not a byte is free, and the rest once there is room."""
    with Rig.serving(small_disk) as rig:
        for number in range(MEETINGS):
            _add_large(rig, number)
        with pytest.raises(StorageFull) as caught:
            rig.sync()
        assert (caught.value.exit_code, caught.value.next_step[-1]) == (1, ".")
        kept = rig.rows("select conversation_id from documents where kind = 'transcript'")
        assert 0 < len(kept) < MEETINGS
        _fill(small_disk / "ballast")
        with rig.reader() as reader:
            assert len(reader.meetings()) == MEETINGS
            assert reader.search("0 1 2").hits
            assert len(reader.meeting(kept[0][0]).segments) == TURNS
        assert _mount("-o", "remount,size=64m", small_disk) == 0
        asked = rig.asked("getTranscript")
        rig.complete()
        assert rig.asked("getTranscript") - asked == MEETINGS - len(kept)
        assert rig.rows("select count(*) from segments") == [(MEETINGS * TURNS,)]
    is_sound(rig.path)


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, pytest.param(100_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("broken", ["delete from segments", "drop table segments_fts_config"])
def test_a_repair_on_a_disk_that_is_full(small_disk: Path, broken: str, room: int) -> None:
    """Expect "no room", no document touched, and a sound archive once there is room."""
    with Rig.serving(small_disk) as rig:
        for number in range(2):
            _add_large(rig, number)
        rig.complete()
    before = others(rig.path)
    assert _mount("-o", "remount,size=16m", small_disk) == 0  # SQLite needs a few times the file to tidy it up
    damage(rig.path, broken, "vacuum", "pragma wal_checkpoint(truncate)")
    _fill(small_disk / "ballast")
    os.truncate(small_disk / "ballast", (small_disk / "ballast").stat().st_size - room)
    with pytest.raises(StorageFull) as caught:
        repair.mend(rig.path, NOW)
    is_plain(caught.value)
    (small_disk / "ballast").unlink()
    assert others(rig.path) == before
    assert repair.mend(rig.path, NOW).needs_repair
    assert repair.examine(rig.path).is_sound
    assert rig.rows("select count(*) from segments") == [(2 * TURNS,)]


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue
