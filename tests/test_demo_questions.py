"""The ten questions on the demo archive are fair: answered where they say, and in words other than the answer's.

They were written before the search that has to answer them. This file must not know how anything is searched for.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from convo_sync.simulator.scenes import Scene, parse_scenes
from convo_sync.simulator.staging import PACKAGED, USER

DEMO_QUESTIONS = Path(__file__).with_name("demo_questions.json")
MOST_TURNS_OF_AN_ANSWER = 12
LONGEST_QUOTE_WORDS = 3

# In the order of the questions: what the asker remembers, words of the question that are said where the answer is.
REMEMBERED: list[tuple[str, ...]] = [
    ("stand", "called", "zebra"),
    ("calls", "night"),
    ("1.8", "dead"),
    ("soup", "Marseille"),
    ("early", "warning", "forecast"),
    ("misery", "chart", "slice"),
    ("ribs", "thick"),
    ("container", "halle"),
    ("Leitstelle", "Alarm", "Tor 4"),
    ("halle 7", "denkmalschutz"),
]
# In the same order, for each place that answers: words that make the answer, and are said there.
KEY_WORDS: list[list[tuple[str, ...]]] = [
    [("Dortmund", "half a black one", "mixed up a lorry", "alternately", "meet me at")],
    [("since the first of January", "nineteen", "five. I keep a list", "fourteen")],
    [
        ("hasn't left the hall", "nine days without contact", "log is full", "moves the old log across"),
        ("walks through the old log", "hasn't managed to send", "dead spot", "full log"),
        ("twenty-three or more", "log pages", "behind steel"),
        ("died in May", "behind steel", "full log"),
    ],
    [("Rouge Garance", "eleven hundred and forty", "twenty-six thousand", "insurance")],
    [("hundred and fifty", "three months ahead", "five days", "within fifteen", "October")],
    [("grey", "forty-two per cent", "pricing per trip", "the night before")],
    [("Rui did", "eighth of June", "thirty-one of fifty-eight", "accepted", "two point four")],
    [("Funkaufkleber", "davorstand", "sehe ich die Kiste")],
    [("19:52", "weggedrückt", "die Heizung")],
    [("Lichtleitung", "Magnetfuß", "Kranbahn")],
]


class Place(NamedTuple):
    """Turns of one meeting; both positions are part of it."""

    conversation_id: str
    first_position: int
    last_position: int

    def overlaps(self, other: Place) -> bool:
        """Whether both places share a turn."""
        return (
            self.conversation_id == other.conversation_id
            and self.first_position <= other.last_position
            and self.last_position >= other.first_position
        )


class Question(NamedTuple):
    """What somebody asks, every place that answers it as well as the others, and the answer in short."""

    question: str
    places: tuple[Place, ...]
    answer: str


def question_of(entry: dict[str, Any]) -> Question:
    """A question from its JSON: the place it names first, then those in "also". Any field too many is an error."""
    entry = dict(entry)
    question, answer, also = entry.pop("question"), entry.pop("answer"), entry.pop("also", [])
    return Question(question, (Place(**entry), *(Place(**place) for place in also)), answer)


QUESTIONS = [question_of(entry) for entry in json.loads(DEMO_QUESTIONS.read_text(encoding="utf-8"))]
NUMBERS = range(len(QUESTIONS))


def words(text: str) -> list[str]:
    """The words of a text in any case, without punctuation around them; "1.8" and "there's" are one word each."""
    return re.findall(r"\w+(?:['.,:-]\w+)*", text.casefold().replace("’", "'"))


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    """Every run of so many words that stand in a row in the text."""
    row = words(text)
    return {tuple(row[start : start + length]) for start in range(len(row) - length + 1)}


@pytest.fixture(scope="module")
def scenes() -> dict[str, Scene]:
    """The packaged scenes by id."""
    return {scene.id: scene for scene in parse_scenes(PACKAGED.read_text(encoding="utf-8"), user=USER)}


def said(scenes: dict[str, Scene], place: Place) -> str:
    """All that is said at a place."""
    turns = scenes[place.conversation_id].turns[place.first_position : place.last_position + 1]
    return " ".join(turn.text for turn in turns)


def test_ten_questions_are_asked_about_ten_meetings(scenes: dict[str, Scene]) -> None:
    """Ten different questions on ten different meetings, seven of them English and three German."""
    assert len({question.question for question in QUESTIONS}) == len(KEY_WORDS) == len(REMEMBERED) == 10
    meetings = {question.places[0].conversation_id for question in QUESTIONS}
    assert len(meetings) == len(QUESTIONS) == 10
    assert sorted(scenes[meeting].language for meeting in meetings) == ["de"] * 3 + ["en"] * 7


def test_they_are_typed_as_people_type() -> None:
    """Some are whole questions with a question mark, at least three are typed all in lower case without one."""
    asked = [question.question for question in QUESTIONS]
    assert sum(text.endswith("?") for text in asked) >= 3
    assert sum(text == text.lower() and "?" not in text for text in asked) >= 3


def test_they_are_no_packaged_questions() -> None:
    """No place answers one of the packaged questions too: what was learned from those does not help here."""
    packaged = json.loads(PACKAGED.with_name("questions.json").read_text(encoding="utf-8"))
    taken = [place for entry in packaged for place in question_of(entry).places]
    ours = [place for question in QUESTIONS for place in question.places]
    assert [(place, other) for place in ours for other in taken if place.overlaps(other)] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_every_place_exists_and_is_short(scenes: dict[str, Scene], number: int) -> None:
    """The meeting has these turns, at most twelve of them, and no turn is named twice."""
    places = QUESTIONS[number].places
    for index, place in enumerate(places):
        assert 0 <= place.first_position <= place.last_position < len(scenes[place.conversation_id].turns)
        assert place.last_position - place.first_position < MOST_TURNS_OF_AN_ANSWER
        assert not any(place.overlaps(other) for other in places[index + 1 :])


@pytest.mark.parametrize("number", NUMBERS)
def test_every_place_answers(scenes: dict[str, Scene], number: int) -> None:
    """The words that make the answer are said at each of the places."""
    for place, key_words in zip(QUESTIONS[number].places, KEY_WORDS[number], strict=True):
        text = said(scenes, place).casefold()
        assert [word for word in key_words if word.casefold() not in text] == [], place


@pytest.mark.parametrize("number", NUMBERS)
def test_the_asker_remembers_something(scenes: dict[str, Scene], number: int) -> None:
    """At least two words of the question are said, whole, where the answer is said."""
    question, remembered = QUESTIONS[number], REMEMBERED[number]
    assert len(remembered) >= 2
    for text in (question.question, said(scenes, question.places[0])):
        assert [word for word in remembered if tuple(words(word)) not in runs(text, len(words(word)))] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_the_question_does_not_give_the_answer(scenes: dict[str, Scene], number: int) -> None:
    """No words that make the answer stand in the question, and a quarter of its words are not said at the place."""
    question = QUESTIONS[number]
    typed = question.question.casefold()
    assert [word for place in KEY_WORDS[number] for word in place if word.casefold() in typed] == []
    asked = set(words(question.question))
    foreign = asked - set(words(said(scenes, question.places[0])))
    assert len(foreign) >= len(asked) / 4, foreign


@pytest.mark.parametrize("number", NUMBERS)
def test_the_question_is_no_quote(scenes: dict[str, Scene], number: int) -> None:
    """Nobody, in any meeting, says four words in a row as the question has them."""
    length = LONGEST_QUOTE_WORDS + 1
    asked = runs(QUESTIONS[number].question, length)
    turns = [turn.text for scene in scenes.values() for turn in scene.turns]
    assert [text for text in turns if asked & runs(text, length)] == []
