"""Single documents of every awkward kind: kept as received, their rows and index as they have to be."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from convo_sync import models
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.records import ConversationId, Kind

from .storage import NOW, ONE, is_sound, listed, store, transcript


def test_a_worse_version_stays_behind_the_better_one(tmp_path: Path) -> None:
    """Expect it as a revision, the better one's rows untouched, and its rows once it is accepted after all."""
    long, short = transcript(ONE, ["zebra", "lid", "hinge"]), transcript(ONE, ["zebra"])
    with Archive(tmp_path / "archive.db", NOW) as archive:
        archive.store_page([listed(ONE)], None, 1, NOW, Budget())
        assert store(archive, long)
        assert store(archive, short, current=False)
        assert archive.held_substance(ONE, Kind.TRANSCRIPT) == 3
        assert not store(archive, short, current=False)
        assert archive.held_substance(ONE, Kind.TRANSCRIPT) == 3
        assert not store(archive, short, current=True)
        assert archive.held_substance(ONE, Kind.TRANSCRIPT) == 1
    with Reader(tmp_path / "archive.db") as reader:
        assert [hit.text for hit in reader.search("hinge").hits] == []
        assert list(reader.execute("select revision from revisions where document_id = 2")[1]) == [(1,), (2,)]
    is_sound(tmp_path / "archive.db")


AWKWARD = {
    "a NUL": ("be\x00fore", "be\ufffdfore"),
    "a lone surrogate": ("half \ud83e zebra", "half \ufffd zebra"),
    "a pair of surrogates": ("\ud83e\udd93 zebra", "🦓 zebra"),
    "escapes": ("\x1b[31mred\x1b]0;title\x07", "\x1b[31mred\x1b]0;title\x07"),
    "turns of direction": ("\u202eabc\u2066", "\u202eabc\u2066"),
    "nothing": ("", ""),
    "spaces": (" \t\n ", " \t\n "),
    "a megabyte": ("zebra " * 175_000, "zebra " * 175_000),
    "one long word": ("z" * 1_000_000, "z" * 1_000_000),
    "emoji": ("👩‍👩‍👧 🏳️‍🌈 zebra", "👩‍👩‍👧 🏳️‍🌈 zebra"),
}


@pytest.mark.parametrize(("sent", "kept"), AWKWARD.values(), ids=AWKWARD)
def test_awkward_texts(tmp_path: Path, sent: str, kept: str) -> None:
    """Expect the text unaltered save NUL and lone surrogates, the body as received, and a sound index to the end."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        archive.store_page([listed(ONE)], None, 1, NOW, Budget())
        document = transcript(ONE, [sent, "plain"])
        assert store(archive, document)
        assert not store(archive, document)
        is_sound(path)
        with Reader(path) as reader:
            assert [segment.text for segment in reader.meeting(ONE).segments] == [kept, "plain"]
            (found_body,) = reader.execute("select body from revisions where document_id = 2")[1]
            assert zlib.decompress(found_body[0]) == document.body
            assert ("zebra" in kept) == bool(reader.search("zebra").hits)
        assert store(archive, transcript(ONE, ["plain"]))
        is_sound(path)
        with Reader(path) as reader:
            assert reader.search("zebra").hits == ()


def test_half_a_character_in_an_event(tmp_path: Path) -> None:
    """Expect it in the body as the escape that it came as, and the body to be read again as the same document."""
    start, invited = {"dateTime": "2026-04-01T09:00:00Z"}, [{"email": "\udfff@example.com"}]
    event = models.event_document(
        {"id": "a", "summary": "half \ud83e zebra \x00", "start": start, "attendees": invited}
    )
    assert event is not None
    assert rb"half \ud83e zebra \u0000" in event.body
    with Archive(tmp_path / "archive.db", NOW) as archive:
        assert store(archive, event)
    again = models.read_stored(ConversationId(""), Kind.EVENT, event.body)
    assert again is not None
    assert (again.digest, again.rows) == (event.digest, event.rows)
    assert event.rows["events"][0][-1] == "half \ufffd zebra \ufffd"


@pytest.mark.slow
def test_a_hundred_thousand_turns(tmp_path: Path) -> None:
    """Expect them stored, searched, changed and shortened, with `changed` for the rows that differ alone."""
    path, count = tmp_path / "archive.db", 100_000
    texts: list[str | None] = [f"turn {number} about topic{number % 977}" for number in range(count)]
    with Archive(path, NOW) as archive:
        archive.store_page([listed(ONE)], None, 1, NOW, Budget())
        store(archive, transcript(ONE, texts))
        texts[count // 2] = "the zebra in the middle"
        store(archive, transcript(ONE, texts[:-1]))
        with Reader(path) as reader:
            (hit,) = reader.search("zebra").hits
            assert hit.position == count // 2
            assert not reader.search('"turn 99999"').hits
            newest = "select count(*) from segments where changed = (select max(changed) from segments)"
            assert list(reader.execute(newest)[1]) == [(1,)]
            assert list(reader.execute("select key from deletions")[1]) == [('["sess_one", 99999]',)]
    is_sound(path)
