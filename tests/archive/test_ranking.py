"""What a search finds and in which order, on archives made meeting by meeting: operators, filters, scripts, counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convo_sync.archive import ranking, searching, sqlite
from convo_sync.archive.read import Reader
from convo_sync.archive.sought import look_up
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.errors import UsageError
from convo_sync.hits import Hit, SearchResult
from convo_sync.query import understand
from convo_sync.records import ConversationId
from convo_sync.texts import SEPARATOR
from tests.asking import NOON, Made

from .storage import NOW, ONE, TWO, listed, store, transcript

Turn = tuple[str | None, str]
FAR = "so then we went on about lorem ipsum dolor sit amet and nothing else was said " * 15  # more than a passage


def made(path: Path, *meetings: Sequence[Turn], title: str = "A meeting") -> Path:
    """Meetings m0, m1 … with these turns, the first one the newest."""
    with Made(path) as archive:
        for number, turns in enumerate(meetings):
            archive.meeting(f"m{number}", title=title, turns=turns, start=NOON - timedelta(days=1 + number))
    return path


def searched(path: Path, text: str, **options: object) -> SearchResult:
    """What the archive answers."""
    with Reader(path) as reader:
        return reader.search(text, **options)  # type: ignore[arg-type]


def places(path: Path, text: str, **options: object) -> list[tuple[str, int | None]]:
    """Meeting and position of each hit."""
    return [(hit.conversation_id, hit.position) for hit in searched(path, text, **options).hits]


def meetings(path: Path, text: str, **options: object) -> list[str]:
    """The meetings with a hit, each once, in order."""
    return list(dict.fromkeys(name for name, _ in places(path, text, **options)))


def mark(hit: Hit) -> str:
    """The snippet with its marks as a person can read them."""
    return hit.snippet.replace(searching.MARK_OPEN, "[").replace(searching.MARK_CLOSE, "]")


# -- operators


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """Three meetings about lids, said by several people."""
    with Made(tmp_path / "archive.db") as archive:
        first = (
            ("Ann Lee", "the flip top cracks in the cold"),
            ("Bo", FAR),
            ("Bo", "then the top is a flip of luck, a draft"),
            ("Bo", FAR),
            (None, "the slider is cheap"),
        )
        archive.meeting("sess_lid", title="Lid: flip or slide", turns=first, start=NOON - timedelta(days=1))
        archive.keypoints("sess_lid", decisions=("drop the flip top",), items=("call the foundry",))
        second = (("Ann Lee", "Kostenplan und Kostenstelle"), ("Anna Berg", "the budget is a draft"))
        archive.meeting("sess_budget", title="Budget", turns=second, start=NOON - timedelta(days=40), minutes=90)
        third = (("Anna Berg", "the lid budget is cut"), ("Ann Lee", "nobody minds"))
        archive.meeting("sess_cut", title="Budget, cut", turns=third, start=NOON - timedelta(days=400), minutes=5)
        archive.meeting("sess_new", title="Not yet here", start=NOON - timedelta(days=2))
    return tmp_path / "archive.db"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("slider", [("sess_lid", 4)]),
        ('"flip top"', [("sess_lid", 0)]),
        ('"top flip"', []),
        ('"flip top" slider', [("sess_lid", 0)]),
        ('"flip top" cut', [("sess_lid", 0)]),
        ("flip -draft", [("sess_lid", 0)]),
        ("draft -budget", [("sess_lid", 2)]),
        ('top -"flip top"', [("sess_lid", 2)]),
        ("draft -(flip OR budget)", []),
        ('"budget is" ("a draft" OR "a gift")', [("sess_budget", 1)]),
        ("kosten*", [("sess_budget", 0)]),
        ("-kosten* minds OR kostenplan", [("sess_cut", 1), ("sess_budget", 0)]),
        ("kosten", [("sess_budget", 0)]),
        ("budget speaker:berg", [("sess_cut", 0), ("sess_budget", 1)]),
        ('budget speaker:"anna berg" before:2025-06', [("sess_cut", 0)]),
        ("flip speaker:bo", [("sess_lid", 2)]),
        ("flip -speaker:bo", [("sess_lid", 0)]),
        ("slider -speaker:ann", [("sess_lid", 4)]),
        ("budget speaker:ber*", [("sess_cut", 0), ("sess_budget", 1)]),
        ("budget speaker:ber", []),
        ("budget speaker:ann", []),
        ("budget speaker:ann*", [("sess_cut", 0), ("sess_budget", 1)]),
        ("budget -speaker:ber*", []),
        ('flip speaker:"lee an*"', [("sess_lid", 0)]),
        ("draft title:bud*", [("sess_budget", 1)]),
        ("draft title:udg", [("sess_budget", 1)]),
        ("draft title:udg*", []),
        ('draft title:"lid: fl*"', [("sess_lid", 2)]),
        ('draft title:"id: fl*"', []),
        ("draft -title:BUD*", [("sess_lid", 2)]),
        ("draft -title:udg*", [("sess_lid", 2), ("sess_budget", 1)]),
        ("draft title:budget", [("sess_budget", 1)]),
        ("draft -title:BUDGET", [("sess_lid", 2)]),
        ("budget title:budget title:cut", [("sess_cut", 0)]),
        ("budget min:60", [("sess_budget", 1)]),
        ("budget min:1h31", []),
        ("draft id:sess_lid", [("sess_lid", 2)]),
        ("draft id:lid", [("sess_lid", 2)]),
        ("draft -id:lid", [("sess_budget", 1)]),
        ("draft after:2026-03", [("sess_lid", 2)]),
        ("draft before:2026-03", [("sess_budget", 1)]),
        ("draft -after:2026-03", [("sess_budget", 1)]),
        ("draft -before:2026-03", [("sess_lid", 2)]),
        ("draft on:2026-03-19", [("sess_lid", 2)]),
        ("draft after:2026-03 before:2026-03", []),
        ("flip in:title", [("sess_lid", None)]),
        ("flip in:decision", [("sess_lid", None)]),
        ("foundry -in:action", []),
    ],
)  # fmt: skip
def test_what_each_operator_finds(talks: Path, text: str, expected: list[tuple[str, int | None]]) -> None:
    """Expect the very turn, through the whole way from the text to the hits."""
    kinds = searching.KINDS if " in:" in text else ("transcript",)
    found = places(talks, text, kinds=kinds)
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_a_barred_turn_is_in_no_passage(talks: Path) -> None:
    """Expect no hit whose passage has a turn with the word that must not occur, even beside its match."""
    assert places(talks, "budget minds -cut", kinds=("transcript",)) == [("sess_cut", 1), ("sess_budget", 1)]
    for hit in searched(talks, "budget minds -cut", kinds=("transcript",)).hits:
        assert (hit.conversation_id, hit.first_position) != ("sess_cut", 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("after:2026-03", [("sess_lid", "title", None), ("sess_new", "title", None)]),
        ("title:budget", [("sess_budget", "title", None), ("sess_cut", "title", None)]),
        ("speaker:anna", [("sess_budget", "transcript", 1), ("sess_cut", "transcript", 0)]),
        ("-speaker:ann title:lid", [("sess_lid", "transcript", 1)]),
        ("in:decision", [("sess_lid", "decision", None)]),
        ("in:transcript title:budget", [("sess_budget", "transcript", 0), ("sess_cut", "transcript", 0)]),
        ("in:decision speaker:ann", []),
        ("on:1999", []),
        ("-draft title:budget", [("sess_cut", "title", None)]),
        ("-minds title:budget", [("sess_budget", "title", None)]),
        ("title:budget -cut", [("sess_budget", "title", None)]),
        ("title:budget -(budget draft)", [("sess_cut", "title", None)]),
        ("title:budget -(budget minds)", [("sess_budget", "title", None), ("sess_cut", "title", None)]),
        ('title:budget -"nobody mi"* -plan', [("sess_budget", "title", None)]),
        ("title:budget -minds OR -draft", []),
        ("after:2026-03 -hinge", [("sess_lid", "title", None), ("sess_new", "title", None)]),
        ("after:2026-03 -foundry", [("sess_new", "title", None)]),
        ("after:2026-03 in:title -foundry -draft", [("sess_lid", "title", None), ("sess_new", "title", None)]),
        ("in:title -slide", [("sess_new", "title", None), ("sess_budget", "title", None), ("sess_cut", "title", None)]),
        ("in:decision,action -foundry", [("sess_lid", "decision", None)]),
        ("in:transcript title:budget -kosten*", [("sess_budget", "transcript", 1), ("sess_cut", "transcript", 0)]),
        ("speaker:anna -draft", [("sess_cut", "transcript", 0)]),
        ("speaker:bo -luck", [("sess_lid", "transcript", 1)]),
        ("speaker:bo -lorem", [("sess_lid", "transcript", 2)]),
    ],
)  # fmt: skip
def test_filters_without_words(talks: Path, text: str, expected: list[tuple[str, str, int | None]]) -> None:
    """Expect the newest first: meetings, the first turn of who was named, or the texts of the kinds asked for."""
    found = searched(talks, text)
    assert [(hit.conversation_id, hit.kind, hit.position) for hit in found.hits] == expected
    assert (found.total, found.more) == (len({each[0] for each in expected}), False)
    fewer = searched(talks, text, limit=1)
    assert (len(fewer.hits), fewer.total, fewer.more) == (min(1, len(expected)), found.total, len(expected) > 1)


@pytest.mark.parametrize("text", ["after:2026-13", "min:soon", "in:kitchen", "-min:3", "lid before:x"])
def test_an_impossible_value_is_refused(talks: Path, text: str) -> None:
    """Expect a sentence that names what was typed."""
    with pytest.raises(UsageError) as caught:
        searched(talks, text)
    assert text.rpartition(" ")[2] in str(caught.value)


def test_coverage_counts_in_the_range(talks: Path) -> None:
    """Expect all meetings without a filter, and those that fit with one, and those without a transcript among them."""
    assert searched(talks, "lid").coverage == (4, 1, False)
    assert searched(talks, "lid after:2026-03").coverage == (2, 1, True)
    assert searched(talks, "lid title:budget").coverage == (2, 0, True)
    assert searched(talks, "lid in:decision").coverage == (4, 1, False)


# -- the order


def test_a_turn_with_every_word_comes_first(tmp_path: Path) -> None:
    """Expect it before passages that have the words more often, but apart."""
    apart = [("Ann", "zebra zebra zebra"), ("Bo", "budget budget budget")] * 5
    path = made(tmp_path / "a.db", apart, [("Bo", FAR), ("Bo", "the zebra is in the budget"), ("Bo", FAR)], apart)
    assert places(path, "zebra budget", kinds=("transcript",))[0] == ("m1", 1)


def test_the_exact_form_comes_first(tmp_path: Path) -> None:
    """Expect the words as typed before other endings, whichever is newer."""
    path = made(
        tmp_path / "a.db", [("Bo", "he designed the boxes")], [("Bo", "a designer box")], [("Bo", "designs the box")],
    )  # fmt: skip
    assert places(path, "designs box")[0] == ("m2", 0)
    assert places(path, "designed boxes")[0] == ("m0", 0)


def test_who_is_named_in_full_comes_first(tmp_path: Path) -> None:
    """Expect what this person said before what others said of the same, and before where the name is but a word."""
    said = "the battery is flat"
    path = made(
        tmp_path / "a.db", [("Bo", said), ("Bo", "ask Ann Lee")], [("Ann Lee", said)], [("Cy Lee", said)]
    )  # fmt: skip
    assert places(path, "what did Ann Lee say about the battery")[0] == ("m1", 0)


def test_of_equally_good_hits_the_newest_comes_first(tmp_path: Path) -> None:
    """Expect the ten newest of thirty that are alike, however they are numbered."""
    with Made(tmp_path / "a.db") as archive:
        for day in (*range(1, 30, 2), *range(2, 31, 2)):
            archive.meeting(f"m{day:02}", turns=[("Ann", "the zebra")], start=NOON - timedelta(days=day))
    found = meetings(tmp_path / "a.db", "zebra", kinds=("transcript",))
    assert found == [f"m{day:02}" for day in range(1, 11)]
    result = searched(tmp_path / "a.db", "zebra", kinds=("transcript",))
    assert (result.total, result.more) == (30, True)


def test_newest_first(tmp_path: Path) -> None:
    """Expect the newest meetings with every word, though older ones are better; with any, where none has all."""
    good, poor = [("Ann", "zebra budget lid")], [("Bo", "a zebra"), ("Bo", FAR), ("Bo", FAR), ("Bo", "zebra budget")]
    path = made(tmp_path / "a.db", poor, *[good] * 80)
    assert places(path, "zebra budget", limit=3, newest_first=True) == [("m0", 3), ("m0", 0), ("m1", 0)]
    assert places(path, "zebra budget lid", limit=1, newest_first=True) == [("m1", 0)]
    assert places(path, "zebra budget okapi", limit=1, newest_first=True) == [("m0", 3)]
    assert meetings(path, "zebra budget lid")[0] == "m1"


def test_a_meeting_that_left_the_list_is_found(path: Path) -> None:
    """Expect what was deleted at Convo to be found as before: only `forget` removes."""
    with Archive(path, NOW) as archive:
        archive.mark_gone(ConversationId(ONE), "swept", NOW, Budget())
    assert (ONE, 0) in places(path, "zebra budget")


# -- none is left out


def test_a_word_of_most_meetings_is_found_in_all(tmp_path: Path) -> None:
    """Expect each meeting with any word, though one word is too common to tell meetings apart."""
    path = made(tmp_path / "a.db", [("Ann", "budget")], [("Ann", "budget")], [("Ann", "zebra")], [("Ann", "budget")])
    assert set(meetings(path, "zebra budget", kinds=("transcript",))) == {"m0", "m1", "m2", "m3"}


def test_a_quoted_phrase_is_enough_wherever_other_words_stand(tmp_path: Path) -> None:
    """Expect all of the meetings with the phrase, in a large archive too, though a rarer word is said elsewhere."""
    path = made(tmp_path / "a.db", [("Ann", "cheesecake")], *[[("Ann", "the flip top")]] * 70)
    found = searched(path, '"flip top" cheesecake', limit=100, kinds=("transcript",))
    assert len(found.hits) == 70


def test_what_was_quoted_is_looked_up_however_common(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect hits where the phrase has more turns than a search may look up, and other words are rarer."""
    path = made(tmp_path / "a.db", *[[("Ann", "in the end we pay"), ("Bo", "zebra lid")]] * 5)
    monkeypatch.setattr(ranking, "_POSTINGS", 3)
    assert len(places(path, 'zebra lid pay "in the"', kinds=("transcript",))) == 5
    monkeypatch.setattr(ranking, "_TERMS", 2)
    assert len(places(path, 'zebra lid pay "in the"', kinds=("transcript",))) == 5


def test_one_persons_words_are_found_among_many_meetings(tmp_path: Path) -> None:
    """Expect the one turn, though a hundred better meetings have the word, said by others while she was there."""
    others = [("Ann", "well"), ("Bo", "zebra zebra zebra")]
    path = made(tmp_path / "a.db", *[others] * 100, [("Ann", "the zebra " + FAR)])
    found = searched(path, "zebra speaker:ann", kinds=("transcript",))
    assert [(hit.conversation_id, hit.position) for hit in found.hits] == [("m100", 0)]
    assert (found.total, found.more) == (1, False)


def test_words_that_are_always_together_are_two(tmp_path: Path) -> None:
    """Expect both to be looked for and marked, while two endings of one word are one."""
    path = made(tmp_path / "a.db", [("Ann", "the zebra quagga")], [("Ann", "designs")])
    with closing(sqlite.open_for_reading(path)) as connection:
        for text, count in (("zebra quagga", 2), ("design designs", 1), ("zebra ZEBRAS quagga", 2)):
            assert len(look_up(connection, understand(text).terms)) == count
    (hit,) = searched(path, "zebra quagga").hits
    assert mark(hit) == "the [zebra] [quagga]"


# -- words that nobody said, and other scripts


@pytest.mark.parametrize(
    ("text", "said", "marked"),
    [
        ("Kosten", "der Kostenplan steht", "der [Kostenplan] steht"),
        ("Kosten budget", "budget, Kostenplan", "[budget], [Kostenplan]"),
        ("speech/non-speech", "detects speech well", "detects [speech] well"),
        ("cafe", "im Café dort", "im [Café] dort"),
        ("café", "im Cafe dort", "im [Cafe] dort"),
        ("Cafe\u0301", "im Café dort", "im [Café] dort"),
        ("it's", "well it’s zebra", "well [it’s] zebra"),
        ("zebra’s", "that zebra's lid", "that [zebra's] lid"),
        ("C++", "we use C++ here", "we use [C]++ here"),
        ("20.04", "on version 20.04 of it", "on version [20.04] of it"),
        ("mara.voss@example.com", "ask mara.voss@example.com now", "ask [mara.voss@example.com] now"),
        ("q3-plan", "the q3-plan and q3 plan", "the [q3-plan] and [q3 plan]"),
        ("会議", "今日の会議室で話す", "今日の[会議]室で話す"),
        ("讨论", "我们今天讨论新的产品", "我们今天[讨论]新的产品"),
        ("产品讨论", "讨论新的产品", "[讨论]新的[产品]"),
        ("회의", "오늘회의를합니다", "오늘[회의]를합니다"),
        ("ประชุม", "วันนี้ประชุมกัน", "วันนี้[ประชุม]กัน"),
        ("🦓", "look a🦓b there", "look a[🦓]b there"),
        ("zebra", "\u2068Ann\u2069 has a zebra", "Ann has a [zebra]"),
        ("zebra", "a zebra, zebras & ZEBRA", "a [zebra], [zebras] & [ZEBRA]"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["transcript", "title", "decision"])
def test_each_script_in_each_kind(tmp_path: Path, text: str, said: str, marked: str, kind: str) -> None:
    """Expect the text to be found, its words alone marked, and what parts characters in the index never shown."""
    with Made(tmp_path / "a.db") as archive:
        archive.meeting(
            "m0", title=said if kind == "title" else "A", turns=[("Bo", said if kind == "transcript" else "A")]
        )
        archive.keypoints("m0", decisions=(said,) if kind == "decision" else ("A",))
        archive.meeting("m1", title="Nothing", turns=[("Bo", "nothing of all this")])
    (hit,) = searched(tmp_path / "a.db", text).hits
    assert (hit.conversation_id, hit.kind, hit.text) == ("m0", kind, said)
    assert mark(hit).replace("][", "").replace("] [", " ") == marked
    assert SEPARATOR not in hit.snippet


def test_what_is_near_is_not_marked_where_the_word_itself_was_found(tmp_path: Path) -> None:
    """Expect no mark on a longer word, since that is not why the turn was found."""
    path = made(tmp_path / "a.db", [("Bo", "Kosten, Kostenplan")])
    assert mark(searched(path, "kosten").hits[0]) == "[Kosten], Kostenplan"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("田中", "田中太郎"), ("太郎", "田中太郎"), ("김", "김철수"), ("🦓", "Zed 🦓"), ("zielinski", "T. Zieliński"),
        ("lukasz", "Łukasz"), ("soren", "Søren"), ("mueller", "Müller"), ("太*", "田中太郎"), ("กิตติ", "กิตติ"),
    ],
)  # fmt: skip
def test_a_speaker_in_any_script(tmp_path: Path, typed: str, name: str) -> None:
    """Expect a part of a name to do where names have no spaces, and nobody else to be taken for them."""
    path = made(tmp_path / "a.db", [(name, "zebra"), ("Bo", FAR), ("Bo", "zebra")])
    assert places(path, f"zebra speaker:{typed}") == [("m0", 0)]
    assert places(path, f"zebra -speaker:{typed}") == [("m0", 2)]


@pytest.mark.parametrize("typed", ["lodz", "ŁÓDŹ", "lodz*", "本会", "本会*", "plan:l*", '"q3-plan"'])
def test_a_title_in_any_script(tmp_path: Path, typed: str) -> None:
    """Expect a title to be compared as names are: whatever the case, and by letters as people type them."""
    with Made(tmp_path / "a.db") as archive:
        archive.meeting("m0", title="日本会議: Q3-plan:Łódź")
        archive.meeting("m1", title="Q3 planning")
    assert meetings(tmp_path / "a.db", f"title:{typed}") == ["m0"]


def test_names_with_quotes_in_them(tmp_path: Path) -> None:
    """Expect them whole: they are kept as JSON, and read without its parser where that is safe."""
    names = ['Ann "A", "B" Lee', "Back\\slash", "Bo"]
    path = made(tmp_path / "a.db", [(name, f"zebra {FAR}") for name in names])
    assert places(path, "zebra speaker:slash") == [("m0", 1)]
    assert places(path, "zebra speaker:lee") == [("m0", 0)]
    assert places(path, "zebra speaker:bo") == [("m0", 2)]


# -- how many, and what cannot go wrong


def test_no_hit_and_a_million(talks: Path) -> None:
    """Expect a limit of nothing to say that there is something, and no limit to be too large."""
    for limit in (0, -1):
        none = searched(talks, "flip", limit=limit)
        assert (none.hits, none.more, none.total) == ((), True, 1)
    assert not searched(talks, "quagga", limit=0).more
    everything = searched(talks, "flip", limit=10**30)
    assert everything == searched(talks, "flip", limit=10_000)
    assert not everything.more


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["zebra", "lid", "flip", "-draft", "budget", '"flip top"', "kosten*", "speaker:bo", "OR"]),
             min_size=1, max_size=4),
    st.integers(1, 12),
)  # fmt: skip
def test_how_many_there_are_is_true(talks: Path, words: list[str], limit: int) -> None:
    """Expect as many hits as all that there are, or the limit, and to be told whether there are more."""
    text = " ".join(words)
    everything = searched(talks, text, limit=10_000)
    assert not everything.more
    assert everything.total == len({hit.conversation_id for hit in everything.hits})
    found = searched(talks, text, limit=limit)
    assert len(found.hits) == min(limit, len(everything.hits))
    assert found.more == (len(everything.hits) > limit)


def test_what_is_written_meanwhile_is_not_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect hits of one moment, where a sync replaces the transcript by a shorter one while a search ranks."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        archive.store_page([listed(ONE), listed(TWO)], None, 1, NOW, Budget())
        store(archive, transcript(ONE, ["a lid", "the lid", "a zebra"]))
        whole: Callable[..., ranking.Found] = ranking.rank

        def slow(*arguments: object) -> ranking.Found:
            found = whole(*arguments)
            store(archive, transcript(ONE, ["a lid"]))
            return found

        monkeypatch.setattr(ranking, "rank", slow)
        assert [hit.text for hit in searched(path, "zebra").hits] == ["a zebra"]
        monkeypatch.undo()
        assert not searched(path, "zebra").hits


def test_turns_that_are_not_there_are_at_no_end_of_a_passage(tmp_path: Path) -> None:
    """Expect the first and the last position of a hit to be of turns that can be shown."""
    path = tmp_path / "archive.db"
    with Archive(path, NOW) as archive:
        archive.store_page([listed(ONE)], None, 1, NOW, Budget())
        store(archive, transcript(ONE, [None, None, "hello", None, "the zebra", None, "bye", None]))
    (hit,) = searched(path, "zebra", kinds=("transcript",)).hits
    assert (hit.first_position, hit.position, hit.last_position) == (2, 4, 6)


@pytest.mark.parametrize("text", ["lid", "lid title:budget", "flip -draft speaker:ann", '"flip top" lid after:2026'])
def test_the_words_are_looked_up_once(talks: Path, text: str) -> None:
    """Expect no statement to go through all numbers that fit for each text that has the words."""
    with Reader(talks) as reader:
        statements: list[str] = []
        reader._connection.set_trace_callback(statements.append)
        reader.search(text)
        reader._connection.set_trace_callback(None)
        asking = [each for each in dict.fromkeys(statements) if "_fts match" in each]
        assert asking
        for each in asking:
            steps = [row[3] for row in reader.execute(f"explain query plan {each}")[1]]
            # One row for each number that fits, of each note that has the words: 22 seconds in a large archive.
            assert not [step for step in steps if "AND rowid=?" in step], each
            assert not [step for step in steps if "_fts" in step and "=" in step], each


def test_words_that_only_exclude_find_nothing(talks: Path) -> None:
    """Expect no hit, and no error, where nothing is wanted."""
    assert understand("-flip").is_empty
    assert searched(talks, "-flip").hits == ()
