"""The benchmark of search runs, judges fairly, and fails where a limit is missed. What it measures is its to say."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figures import Figure
from benchmarks.meetings import dealt_scenes
from benchmarks.search import __main__ as benchmark
from benchmarks.search import archives, contract, known_items, rivals, strings
from benchmarks.search.copies import copied, exchange, exchanged, frequencies
from benchmarks.search.known_items import Outcome
from benchmarks.search.latency import latency
from benchmarks.search.lines import read
from benchmarks.search.quality import Scores, is_right, scores
from benchmarks.search.questions import HALVES, Question, some
from benchmarks.search.report import Row, table
from benchmarks.search.trials import Span, by_turns
from benchmarks.search.turns import Turns
from benchmarks.search.words import STOP_WORDS, folded, telling, without_stop_words
from convo_sync.errors import UsageError

TURNS = 40  # of each meeting
TRANSCRIPTS = "select conversation_id, position, text from segments order by conversation_id, position"


@pytest.fixture(scope="module")
def meetings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three meetings of the scenes, and questions about them."""
    file = tmp_path_factory.mktemp("corpus") / "meetings.jsonl"
    items = list(islice(dealt_scenes(), 3))
    for item in items:
        item["transcript"]["segments"] = item["transcript"]["segments"][:TURNS]
        item["conversation"]["segmentCount"] = TURNS
    _write(file, items)
    said = [(item["conversation"]["id"], item["transcript"]["segments"][at]["text"]) for item in items for at in (5, 9)]
    _write(
        file.with_name("queries.jsonl"),
        [{"conversation_id": id_, "query": f"What about {text}", "relevant": [[4, 10]]} for id_, text in said],
    )
    return file


def _write(file: Path, rows: Sequence[object]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def turns(meetings: Path) -> Turns:
    """All turns of the meetings."""
    return Turns(read(meetings))


class Fixed:
    """A searcher that gives the same for every question, and remembers what it was asked."""

    def __init__(self, name: str, *found: Span) -> None:
        self.name, self.found = name, found
        self.asked: list[str] = []

    def find(self, text: str) -> Sequence[Span]:
        self.asked.append(text)
        return self.found


def unheard(_: str) -> None:
    """What goes on is told to nobody."""


# -- the whole of it


def test_all_parts_run_on_a_few_meetings(
    meetings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every searcher has a row for both archives, a missing rival says so, and every part prints its limits."""
    monkeypatch.setattr(rivals, "has_tantivy", lambda: False)
    few = ["--copies", "2", "--rounds", "1", "--turns", "4", "--strings", "20", "--keep", str(tmp_path)]
    code = benchmark.main(["--corpus", str(meetings), *few])
    out = capsys.readouterr().out.splitlines()
    assert code == (1 if any(line.endswith("MISSED") for line in out) else 0)
    for size in (3 * TURNS, 6 * TURNS):
        assert any(line.split()[:2] == ["convo-sync", str(size)] for line in out)
        assert any(line.startswith("Tantivy OR, telling words (not installed)") and f" {size} " in line for line in out)
    for limit in ("answer@10, held-out half", "p95 at 240 turns", "known item by", "random strings that fail"):
        assert any(line.startswith(limit) and line.split()[-1] in ("holds", "MISSED") for line in out), limit


def test_one_part_alone_asks_no_questions(
    meetings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """`strings` prints its own limits without the table of searchers, and makes no copies."""
    assert benchmark.main(["strings", "--corpus", str(meetings), "--strings", "5", "--keep", str(tmp_path)]) == 0
    assert "answer@1" not in capsys.readouterr().out
    assert [file.name for file in tmp_path.glob("*.db")] == ["copies-1.db"]


def test_questions_that_are_not_there_are_said_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Meetings without questions beside them end the run with a sentence and exit code 2."""
    _write(tmp_path / "meetings.jsonl", [])
    assert benchmark.main(["--corpus", str(tmp_path / "meetings.jsonl")]) == 2
    assert "queries.jsonl" in capsys.readouterr().err


# -- archives


def test_a_kept_archive_is_used_again_until_the_meetings_change(meetings: Path, tmp_path: Path) -> None:
    """The second call gives the same file; other meetings make it anew, and the rivals' indexes with it."""
    first = archives.archive(tmp_path, meetings, 1)
    number = first.stat().st_ino
    with rivals.searchers(first):
        pass
    assert archives.archive(tmp_path, meetings, 1).stat().st_ino == number
    other = tmp_path / "other.jsonl"
    _write(other, list(read(meetings))[:2])
    again = archives.archive(tmp_path, other, 1)
    assert len(_rows(again)) == 2 * TURNS
    assert not again.with_suffix(".fts5").exists()


def test_an_archive_of_copies_has_the_original_and_others_beside_it(meetings: Path, tmp_path: Path) -> None:
    """Copy 0 is unchanged; of a copy the turns, not the words, are the same; all ids and starts differ."""
    path = archives.archive(tmp_path, meetings, 3)
    rows = {(id_, position): text for id_, position, text in _rows(path)}
    assert len(rows) == 9 * TURNS
    for item in read(meetings):
        id_, said = item["conversation"]["id"], [turn["text"] for turn in item["transcript"]["segments"]]
        assert [rows[id_, position] for position in range(TURNS)] == said
        assert [rows[f"{id_}-02", position] for position in range(TURNS)] != said
    with closing(sqlite3.connect(path)) as connection:
        starts = connection.execute("select count(distinct start_time), count(*) from conversations").fetchone()
    assert starts == (9, 9)


def _rows(path: Path) -> list[tuple[str, int, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(TRANSCRIPTS).fetchall()


# -- copies


@given(
    st.dictionaries(st.text("abcdefgh", min_size=2, max_size=4), st.integers(1, 2_000), min_size=1),
    st.integers(1, 20),
)
def test_a_word_is_exchanged_for_one_about_as_frequent(counts: dict[str, int], number: int) -> None:
    """Each word stands for exactly one other, and only the few most frequent may differ by more than a quarter."""
    words = exchange(counts, number)
    assert sorted(words) == sorted(words.values()) == sorted(counts)
    ranks = {word: rank for rank, word in enumerate(sorted(counts, key=lambda word: (-counts[word], word)))}
    for word, other in words.items():
        more, less = max(counts[word], counts[other]), min(counts[word], counts[other])
        assert more <= 1.25 * less or abs(ranks[word] - ranks[other]) < 8
    assert exchange(counts, number) == words


def test_stop_words_stay_and_copies_differ(meetings: Path) -> None:
    """What carries no meaning is the same in every copy; each copy has an exchange of its own."""
    counts = frequencies(read(meetings))
    assert not STOP_WORDS & counts.keys()
    assert exchange(counts, 0) == {}
    assert exchange(counts, 1) != exchange(counts, 2)


def test_capitals_and_all_that_is_no_word_stay() -> None:
    """Only the letters of words are exchanged."""
    words = {"zebra": "budget", "lid": "flip"}
    text = exchanged("The ZEBRA's lid (Zebra-Lid), 20.04: I don't, ünder_lid!", words)
    assert text == "The BUDGET's flip (Budget-Flip), 20.04: I don't, ünder_flip!"


def test_names_times_and_ids_of_a_copy(meetings: Path) -> None:
    """Speakers stay, days move, and the id is the copy's everywhere."""
    item = read(meetings)[0]
    transcript = copied(item, "transcript", 3, {})
    first, was = transcript["segments"][0], item["transcript"]["segments"][0]
    assert transcript["id"] == f"{item['conversation']['id']}-03"
    assert (first["speaker"], first["text"]) == (was["speaker"], was["text"])
    assert first["timestamp"] > was["timestamp"]
    assert copied(item, "conversation", 0, {}) == item["conversation"]


# -- questions and what their answers are worth


def test_a_question_keeps_its_half() -> None:
    """The half depends on the words alone, and is the same in every version of this benchmark."""
    asked = [Question("any", text, []) for text in ("Why did we drop the flip top?", "Who owns the budget?")]
    assert [each.half for each in asked] == ["tuning", "held-out"]
    assert {each.half for each in asked} == set(HALVES)


@given(st.integers(1, 50), st.integers(1, 60))
def test_some_questions_are_spread_over_all(count: int, most: int) -> None:
    """As many as were asked for, none twice, in their order."""
    every = [Question("any", str(number), []) for number in range(count)]
    few = some(every, most)
    assert len(few) == min(count, most)
    places = [every.index(each) for each in few]
    assert places == sorted(set(places))


def test_scores_are_those_reckoned_by_hand() -> None:
    """The rank of the first overlapping hit counts; another meeting, or turns beside the span, do not."""
    asked = [Question("a", "first", [(3, 5)]), Question("a", "second", [(3, 5)]), Question("b", "third", [(0, 0)])]
    found = [[Span("a", 5, 9)], [Span("b", 3, 5), Span("a", 0, 2), Span("a", 1, 3)], [Span("b", 1, 1)]]
    assert scores(asked, found) == Scores(1 / 3, 2 / 3, (1 + 1 / 3) / 3, 1.0)
    assert is_right(asked[0], Span("a", 0, 3))
    assert not is_right(asked[0], Span("a", 6, 6))


def test_every_breach_of_the_contract_is_found(tmp_path: Path) -> None:
    """Overlaps, more than 200 words, more than ten hits and turns that are not there; one long turn is no breach."""
    path = tmp_path / "turns.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table segments (conversation_id, position, text)")
        texts = ["long " * 201, *["ten words of a turn that are said at once"] * 20]
        connection.executemany("insert into segments values ('a', ?, ?)", enumerate(texts))
        connection.commit()
    single = [Span("a", at, at) for at in range(11)]
    assert contract.breaches(path, [single[:10], [Span("a", 1, 20)]]) == []
    for found, breach in (
        (single, "11 hits"),
        ([Span("a", 1, 3), Span("a", 3, 4)], "overlaps"),
        ([Span("a", 0, 1)], "211 words"),
        ([Span("a", 20, 21)], "not in the archive"),
        ([Span("b", 0, 0)], "not in the archive"),
    ):
        assert [breach in each for each in contract.breaches(path, [found])] == [True]


def test_rivals_are_asked_by_the_words_that_tell() -> None:
    """Words that a question is asked with are left out, unless nothing else is left."""
    assert telling("What did the team think about the Café's lid, the LID?") == ["team", "cafe", "lid"]
    assert telling("What did they say?") == without_stop_words("What did they say?") == ["say"]
    assert telling("What did they?") == ["what", "did", "they"]
    assert folded("Zażółć") == "zazołc"


# -- turns by turns


def test_searchers_take_turns() -> None:
    """Each is asked each question once a round, and its hits stand in the questions' order."""
    one, other = Fixed("one", Span("a", 0, 0)), Fixed("other")
    first, second = by_turns([one, other], ["x", "y"], 3, unheard)
    assert one.asked == other.asked == ["x", "y"] * 3
    assert (first.name, first.found, second.found) == ("one", [one.found] * 2, [()] * 2)
    assert len(first.seconds) == 2


def test_percentiles_are_times_that_were_measured() -> None:
    """Of twenty, the tenth and the nineteenth; of one, that one."""
    assert latency([number / 1000 for number in range(20, 0, -1)]) == pytest.approx((10, 19))
    assert latency([0.5]) == (500, 500)


# -- known items


def test_brute_force_finds_every_turn_that_fits(turns: Turns) -> None:
    """A turn has all that is remembered of it, and so has a run of turns around it."""
    for number in known_items.drawn(turns, 20):
        for memory in known_items.memories(turns, number):
            assert number in memory.fitting
            assert memory.fits([turns.all[number]])
            assert memory.fits(turns.all[max(0, number - 1) : number + 2])
    assert not memory.fits([])


def test_a_known_item_counts_only_in_the_first_hit(turns: Turns) -> None:
    """Where one turn alone fits, its neighbour is no answer; a hit around it is one."""
    number = known_items.drawn(turns, 1)[0]
    turn = turns.all[number]
    around = Fixed("around", Span(turn.conversation_id, max(0, turn.position - 1), min(TURNS - 1, turn.position + 1)))
    beside = Fixed("beside", Span(turn.conversation_id, (turn.position + 1) % TURNS, (turn.position + 1) % TURNS))
    assert all(each.is_right for each in known_items.asked(turns, around, 1))
    for searcher in (beside, Fixed("nothing")):
        assert not any(each.is_right for each in known_items.asked(turns, searcher, 1))


def test_known_items_need_99_of_100() -> None:
    """99 of 100 hold, 98 do not, and the turns that are not alone are counted by themselves."""
    outcomes = [Outcome("a quote", "", True, number >= 1) for number in range(100)]
    outcomes += [Outcome("a quote", "", False, number >= 2) for number in range(100)]
    assert [(figure.measured, figure.holds) for figure in known_items.figures(outcomes)] == [
        ("0.990", True),
        ("0.980", False),
    ]


# -- random strings


class Picky:
    """An archive that refuses or fails at certain texts."""

    def search(self, text: str) -> None:
        if "boom" in text:
            raise KeyError(text)
        if "?" in text:
            raise UsageError("It is no day.", "Write 2026-03-19.")


def test_strings_that_fail_are_counted() -> None:
    """An error is a failure; a refusal is one too, unless the string has a filter whose value may be impossible."""
    texts = ("fine", "boom", "why?", "after:?", "speaker: boom")
    came = strings.ordeal(Picky(), iter(texts), unheard)
    assert [text for _, text in came.failures] == ["boom", "why?", "speaker: boom"]
    assert (came.asked, came.refused) == (5, 1)


def test_the_strings_are_the_same_every_time_and_of_all_kinds() -> None:
    """All of Unicode is drawn from, and so are operators and the meetings' words."""
    drawn = list(strings.drawn(["okapi"], 500))
    assert drawn == list(strings.drawn(["okapi"], 500))
    every = "".join(drawn)
    assert all(piece in every for piece in ("okapi", "NEAR(", "speaker:", '"', "\x00"))
    assert any("\ud800" <= character <= "\udfff" for character in every)
    assert any(character > "\uffff" for character in every)


# -- what is printed


def test_a_figure_that_should_be_large() -> None:
    """The least that is allowed holds exactly; nothing at all is missed, not an error."""
    assert [Figure.at_least("share", share, 0.5, digits=1).holds for share in (0.6, 0.5, 0.4, 0.0)] == [
        True, True, False, False,
    ]  # fmt: skip


def _row(name: str) -> Iterator[Row]:
    share = Scores(0.1, 0.2, 0.3, 1.0)
    yield Row(name, 84_028, share, share, latency([0.001]))
    yield Row("another", 1_176_392, None, None, None)


def test_the_table_of_searchers_lines_up() -> None:
    """Every line is as wide as its heads, and a rival that is not installed has dashes."""
    heads, first, second = table(_row("one"))
    assert len(heads) == len(first) == len(second)
    assert first.split()[-2:] == ["1.0", "1.0"]
    assert second.startswith("another (not installed)")
    assert second.split()[-1] == "-"
