"""What a search finds and what it puts first, on real archives: each operator, each script, each tie."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync import models
from convo_sync.archive import ranking
from convo_sync.archive.read import Reader
from convo_sync.archive.searching import MARK_CLOSE, MARK_OPEN
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.hits import Hit, SearchResult
from convo_sync.records import Conversation, Kind
from convo_sync.texts import SEPARATOR
from convo_sync.times import format_time

from .storage import NOW, keypoints, listed, read, store

Turns = Sequence[str | tuple[str, str]]  # what was said, by Ann where nobody is named
Search = Callable[..., SearchResult]


def add(
    archive: Archive, name: str, turns: Turns | None, *, title: str = "A meeting", days: float = 1, minutes: float = 52
) -> None:
    """Archive a meeting that began so many days ago; one without a transcript yet where `turns` is None."""
    start = NOW - timedelta(days=days)
    data = {"id": f"sess_{name}", "title": title, "startTime": format_time(start), "duration": minutes}
    row = models.read_conversation(json.dumps({"data": data}).encode())
    assert row is not None
    conversation = Conversation(row.id, title, row.start_time, None, minutes, None, row.digest)
    change = dataclasses.replace(listed(row.id), row=row, conversation=conversation)
    archive.store_page([change], None, 1, NOW, Budget())
    if turns is not None:
        pairs = [("Ann", turn) if isinstance(turn, str) else turn for turn in turns]
        segments = [{"text": text, "speaker": who, "timestamp": format_time(NOW)} for who, text in pairs]
        store(archive, read(f"sess_{name}", Kind.TRANSCRIPT, {"id": f"sess_{name}", "segments": segments}))


def found(path: Path, text: str, *, limit: int = 10, newest_first: bool = False, **kinds: Sequence[str]) -> list[Hit]:
    """The hits; what holds for any search is looked at on the way."""
    with Reader(path) as reader:
        result = reader.search(text, limit=limit, newest_first=newest_first, **kinds)
    assert len(result.hits) <= limit
    for hit in result.hits:
        assert SEPARATOR not in hit.snippet + hit.text + hit.title
        assert hit.snippet.count(MARK_OPEN) == hit.snippet.count(MARK_CLOSE)
    return list(result.hits)


def names(hits: Sequence[Hit]) -> list[str]:
    """Of which meetings they are, each once, in order."""
    return list(dict.fromkeys(hit.conversation_id.removeprefix("sess_") for hit in hits))


def marked(hit: Hit) -> list[str]:
    """The words that the snippet marks."""
    return [part.partition(MARK_CLOSE)[0] for part in hit.snippet.split(MARK_OPEN)[1:]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six meetings about lids and sliders, the newest without a transcript."""
    path = tmp_path_factory.mktemp("office") / "archive.db"
    with Archive(path, NOW) as archive:
        add(archive, "flip", ["the flip top cracks", ("Jonas Weber", "we keep the lid")], title="Lid review", days=2)
        add(archive, "top", ["flip the board over", "the top of the box", "a slider then"], title="Board", days=10)
        add(archive, "draft", ["the lid budget draft", "send the budget"], title="Draft day", days=20, minutes=10)
        add(archive, "budget", [("Anna Bauer", "our budget is final"), ("Jonas Weber", "the price is right")], days=30)
        add(archive, "plan", ["der Kostenplan steht"], title="Überblick", days=400, minutes=90)
        add(archive, "empty", None, title="Lid to come", days=0, minutes=5)
        store(archive, keypoints("sess_flip", "keep the hinge", "order a slider"))
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"flip top"', {"flip"}),
        ('"top flip"', set()),
        ('"flip top" budget', {"flip"}),
        ("budget", {"draft", "budget"}),
        ("budget -draft", {"draft", "budget"}),
        ("lid -budget in:transcript", {"flip"}),
        ('lid -"budget draft" in:transcript', {"flip"}),
        ("slider OR price", {"top", "budget", "flip"}),
        ("slider | kostenplan in:transcript", {"top", "plan"}),
        ("(slider OR price) -right in:transcript", {"top"}),
        ("lid -(budget draft) in:transcript", {"flip"}),
        ("(budget -draft) OR cracks in:transcript", {"draft", "budget", "flip"}),
        ("(budget -draft -send) OR cracks in:transcript", {"budget", "flip"}),
        ("(lid -review) OR (day -draft)", {"flip", "draft", "empty"}),
        ("in:title (lid -review) OR (day -draft)", {"empty"}),
        ("(lid (budget OR keep) -review) OR price in:transcript", {"flip", "draft", "budget"}),
        ('"flip top" OR "our budget"', {"flip", "budget"}),
        ("kosten*", {"plan"}),
        ("Kosten", {"plan"}),
        ("über*", {"plan"}),
        ("speaker:jonas lid", {"flip"}),
        ('speaker:"Jonas Weber" price', {"budget"}),
        ("-speaker:ann budget", {"budget"}),
        ("title:lid lid in:transcript", {"flip"}),
        ("title:uberblick", {"plan"}),
        ("-title:draft budget", {"budget"}),
        ("in:decisions hinge", {"flip"}),
        ("in:title lid", {"flip", "empty"}),
        ("-in:transcript lid", {"flip", "empty"}),
        ("after:2026-03-15 lid in:transcript", {"flip"}),
        ("before:2026-03-15 lid in:transcript", {"draft"}),
        ("-after:2026-03-15 lid in:transcript", {"draft"}),
        ("on:2026-03-18 lid in:transcript", {"flip"}),
        ("on:2026-03-17 lid", set()),
        ("during:2026-02 budget", {"draft", "budget"}),
        ("min:60 kostenplan", {"plan"}),
        ("min:60 budget", set()),
        ("id:sess_fl lid in:transcript", {"flip"}),
        ("id:dra lid", {"draft"}),
        ("-id:dra lid in:transcript", {"flip"}),
        ("id:nothing lid", set()),
    ],
)
def test_each_operator(office: Path, text: str, expected: set[str]) -> None:
    """The meetings that are meant and no others."""
    assert set(names(found(office, text))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("min:60", ["plan"]),
        ("title:lid", ["empty", "flip"]),
        ("speaker:jonas", ["flip", "budget"]),
        ("speaker:jonas -speaker:weber", []),
        ("-speaker:ann", ["flip", "budget"]),
        ("after:2026-03-15", ["empty", "flip"]),
        ("id:sess_d", ["draft"]),
    ],
)
def test_filters_without_words_list_the_newest(office: Path, text: str, expected: list[str]) -> None:
    """The meetings that fit, newest first, as many as the limit lets through, and the truth about the rest."""
    assert names(found(office, text)) == expected
    for limit in (1, 2):
        with Reader(office) as reader:
            result = reader.search(text, limit=limit)
        assert names(result.hits) == expected[:limit]
        assert result.more == (len(expected) > limit)


def test_either_is_found_where_one_is_common(tmp_path: Path) -> None:
    """`zebra OR okapi` finds the meetings with the common word too, and so do two words in a small archive."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        for number in range(9):
            add(archive, str(number), ["the okapi" if number else "the zebra"])
    for text in ("zebra OR okapi", "zebra okapi"):
        hits = found(path, text)
        assert len(names(hits)) == 9
        assert names(hits)[0] == "0"


def test_either_is_found_in_a_large_archive(tmp_path: Path) -> None:
    """Where the common words of a question choose no meetings, an alternative still does."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        for number in range(70):
            add(archive, str(number), ["the okapi" if number else "the zebra"])
    assert len(names(found(path, "zebra OR okapi", limit=100))) == 70


def test_a_phrase_is_required_though_it_is_too_common_to_look_up(office: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What costs too much to look up is left out of the weighing, and a phrase never is."""
    monkeypatch.setattr(ranking, "_POSTINGS", 0)
    assert names(found(office, 'board cracks keep "the lid"', kinds=("transcript",))) == ["flip", "draft"]


def test_a_turn_with_every_word_comes_first(tmp_path: Path) -> None:
    """Before a meeting that is all about the words, but never has them in one turn."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        add(archive, "often", ["the walrus", "the pelican"] * 40)
        add(archive, "once", ["hello"] * 300 + ["a walrus met a pelican"] + ["hello"] * 300, days=90)
    hits = found(path, "walrus pelican")
    assert (names(hits)[0], hits[0].position) == ("once", 300)


def test_the_exact_form_comes_before_another(tmp_path: Path) -> None:
    """Who types "designers gather" does not mean "designing gathers", though the index holds them for the same."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        add(archive, "other", ["connecting parties gathered"], days=1)
        add(archive, "exact", ["connected party gathers"], days=50)
    assert names(found(path, "connected party gathers")) == ["exact", "other"]
    assert names(found(path, "connecting parties gathered")) == ["other", "exact"]


def test_a_speaker_named_in_full_comes_first(tmp_path: Path) -> None:
    """What Anna Bauer said about it, not what was said of it before her, nor what another Anna said."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        add(archive, "other", [("Anna Weiss", "the battery lasts long enough")], days=1)
        add(archive, "said", [("Tom", "the battery"), ("Anna Bauer", "the battery must last for a day")], days=60)
    hits = found(path, "what did Anna Bauer say about the battery")
    assert (names(hits)[0], hits[0].speaker) == ("said", "Anna Bauer")


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_the_newer_of_equals_comes_first(tmp_path: Path, limit: int) -> None:
    """Whichever was archived first, and however few are asked for."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        for days in (7, 3, 9, 1, 5):
            add(archive, str(days), ["the walrus sleeps"], days=days)
    assert names(found(path, "walrus", limit=limit)) == ["1", "3", "5", "7", "9"][:limit]
    assert names(found(path, "walrus", limit=limit, newest_first=True)) == ["1", "3", "5", "7", "9"][:limit]


def test_the_newest_of_many_equal_titles_comes_first(tmp_path: Path) -> None:
    """The last of 130 weekly meetings of one name, though it was archived last."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        for week in range(130, 0, -1):
            add(archive, str(week), None, title="Weekly standup", days=7 * week)
    assert names(found(path, "weekly standup", limit=3)) == ["1", "2", "3"]


def test_newest_first_beats_the_better_hit(tmp_path: Path) -> None:
    """By date where it is asked for, and the best first otherwise."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        add(archive, "best", ["a walrus and a walrus, walrus"], days=30, title="Walrus")
        add(archive, "newest", ["one walrus of several things that were said at length that day"], days=1)
    assert names(found(path, "walrus"))[0] == "best"
    assert names(found(path, "walrus", newest_first=True))[0] == "newest"


@pytest.mark.parametrize(
    ("said", "typed", "expected"),
    [
        ("wir machen den Kostenplan", "Kosten", ["Kostenplan"]),
        ("on speech and music", "speech/non-speech", ["speech"]),
        ("新しいデザインについて", "デザ", ["デザ"]),
        ("我们今天讨论新的产品设计", "产品", ["产品"]),
        ("오늘디자인회의를했다", "회의", ["회의"]),
        ("เราคุยเรื่องราคาสินค้า", "ราคา", ["ราคา"]),
        ("ship it 🚀 now", "🚀", ["🚀"]),
        ("ship it🚀🚀now", "🚀", ["🚀", "🚀"]),
        ("meet at the café", "cafe", ["café"]),
        ("meet at the cafe", "café", ["cafe"]),
        ("meet at the cafe\u0301", "caf\u00e9", None),
        ("I think it's raining", "it’s raining", None),
        ("version 20.04 is out", "20.04", ["20.04"]),
        ("write to mara.voss@example.com please", "mara.voss@example.com", ["mara.voss@example.com"]),
        ("the kangaroo’s pouch", "kangaroo", None),
        ("the kangaroo", "kangaroo's", ["kangaroo"]),
        ("we like e-mail here", "email", None),
    ],
)
@pytest.mark.parametrize("place", ["transcript", "title", "decision"])
def test_words_of_any_script(tmp_path: Path, said: str, typed: str, expected: list[str] | None, place: str) -> None:
    """Found wherever it stands, and marked there."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        add(archive, "other", ["nothing of it"])
        add(archive, "one", [said] if place == "transcript" else None, title=said if place == "title" else "A meeting")
        if place == "decision":
            store(archive, keypoints("sess_one", said))
    if typed == "email":
        assert names(found(path, "e-mail")) == ["one"]
        return
    hits = [hit for hit in found(path, typed) if hit.kind == place]
    assert names(hits) == ["one"]
    assert marked(hits[0])
    if expected is not None:
        assert "".join(marked(hits[0])) == "".join(expected)


def test_a_sign_is_read_where_it_was_typed(tmp_path: Path) -> None:
    """C++ finds the turn with C++ first, and other turns with C after it."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        add(archive, "letter", ["plan c is c, and c again", "c"], days=1)
        add(archive, "language", ["we need c++ people"], days=90)
    assert names(found(path, "C++")) == ["language", "letter"]


@pytest.mark.parametrize("limit", [0, 1, 10_000])
def test_limits(office: Path, limit: int) -> None:
    """Never more hits than the limit; what there is besides is told of even where none is wanted."""
    with Reader(office) as reader:
        result = reader.search("lid", limit=limit)
        assert len(result.hits) <= limit
        assert result.more == (limit < 2)
        assert (result.coverage.conversations, result.coverage.without_transcript) == (6, 1)
        assert len(reader.search("min:1", limit=limit).hits) == min(limit, 6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("lid", (6, 1, False)), ("after:2026-03-15 lid", (2, 1, True)), ("title:budget lid", (0, 0, True)),
     ("min:60", (1, 0, True)), ("in:title lid", (6, 1, False)), ("-title:lid lid", (4, 0, True))],
)  # fmt: skip
def test_coverage_counts_the_range(office: Path, text: str, expected: tuple[int, int, bool]) -> None:
    """Meetings that a filter lets through, and those of them without a transcript."""
    with Reader(office) as reader:
        assert reader.search(text).coverage == expected


def test_a_kind_that_is_named_often_is_one_kind(office: Path) -> None:
    """As often as there are kinds, still no other kind is found."""
    assert {hit.kind for hit in found(office, "lid slider", kinds=("title",) * 7)} == {"title"}


def test_a_value_without_a_letter_is_nobody(office: Path) -> None:
    """`speaker:!!!` and an emoji name nobody, rather than everybody."""
    assert found(office, "speaker:🦓 lid") == []
    assert set(names(found(office, "-speaker:🦓 lid in:transcript"))) == {"flip", "draft"}


WORDS = ("alpha", "beta", "gamma", "会議", "🚀", "C++", "it's")
PIECES = (
    *WORDS, '"alpha beta"', "-gamma", '-"beta 🚀"', "alp*", "speaker:bob", "-speaker:ann", "title:beta", "in:title",
    "in:transcript", "min:30", "OR", "(", ")", "-(alpha beta)", "zzz",
)  # fmt: skip


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty meetings of the same few words, some without a transcript."""
    path = tmp_path_factory.mktemp("mixed") / "archive.db"
    chance = random.Random(4)
    with Archive(path, NOW) as archive:
        for number in range(30):
            turns = [
                (
                    chance.choice(["Ann", "Bob Ross", "", "田中"]),
                    " ".join(chance.choices(WORDS, k=chance.randint(1, 30))),
                )
                for _ in range(chance.randint(1, 20))
            ]
            title, days = " ".join(chance.choices(WORDS, k=2)), chance.random() * 9
            add(archive, f"{number:02}", turns if number % 9 else None, title=title, days=days, minutes=20 + number)
    return path


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map(" ".join), st.integers(1, 40), st.booleans())
def test_a_limit_only_cuts(mixed: Path, text: str, limit: int, newest_first: bool) -> None:
    """The first hits of all that there are, in their order, and `more` where that leaves any out."""
    with Reader(mixed) as reader:
        everything = reader.search(text, limit=10_000, newest_first=newest_first)
        cut = reader.search(text, limit=limit, newest_first=newest_first)

    def places(hits: Sequence[Hit]) -> list[tuple[object, ...]]:
        return [(hit.conversation_id, hit.kind, hit.first_position, hit.position, hit.text) for hit in hits]

    assert not everything.more
    assert places(cut.hits) == places(everything.hits[:limit])
    assert cut.more == (len(everything.hits) > limit)
    assert all(hit.score >= 0 and SEPARATOR not in hit.snippet for hit in cut.hits)
