"""Names: how they are compared, whom a few words mean, and which are the owner's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convo_sync.archive import people
from convo_sync.archive.read import Reader

from ..asking import Made


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("leonie", "Leonie Krämer"), ("KRAMER", "Leonie Krämer"), ("Kraemer", "Leonie Krämer"),
        ("kra\u0308mer", "Leonie Krämer"), ("zielinski", "Tomasz Zieliński"), ("lodz", "Jan Łódź"),
        ("soren", "Søren Ågård"), ("strasse", "Eva Straße"), ("e k", "Leonie  Krämer"), ("王", "王小明"),
    ],
)  # fmt: skip
def test_a_part_of_a_name(part: str, name: str) -> None:
    """Expect case, accents, umlauts spelt out and double spaces to be no difference."""
    assert people.is_part(part, name)


@pytest.mark.parametrize(("part", "name"), [("", "Leonie"), ("  ", "Leonie"), ("\u0301", "Leonie"), ("tom", "Leonie")])
def test_no_part_of_a_name(part: str, name: str) -> None:
    """Expect nothing to be in no name, least of all nothing itself."""
    assert not people.is_part(part, name)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_two_texts_can_be_compared(one: str, other: str) -> None:
    """Expect no text to be an error, a name to be the same as itself, and the order not to matter."""
    assert people.is_same(one, other) == people.is_same(other, one)
    assert people.is_same(one, one) == people.names(one, one) == bool(people.words_of(one))
    assert people.is_part(one, f"{other} {one}") == bool(people.plain(one))
    assert isinstance(people.mentioning([one], [other])(other), bool)


@pytest.mark.parametrize(
    ("typed", "is_meant"),
    [("leonie", True), ("Krämer leonie", True), ("kraemer", True), ("leonie kr", True), ("leon", False),
     ("leonie voss", False), ("kr", False), ("", False), ("?", False)],
)  # fmt: skip
def test_words_that_name_somebody(typed: str, *, is_meant: bool) -> None:
    """Expect one whole word of the name, and the others to begin words of it."""
    assert people.names(typed, "Leonie Krämer") == is_meant


@pytest.mark.parametrize(
    ("typed", "name", "is_called"),
    [
        ("jon", "Jon Berg", True), ("jon", "Jonas Weber", False), ("jon*", "Jonas Weber", True),
        ("jon*", "Jon B", True), ("nas*", "Jonas Weber", False), ("web*", "Jonas Weber", True),
        ("weber jon*", "Jonas Weber", True), ("web jon*", "Jonas Weber", False), ("jonas jon*", "Jonas Weber", True),
        ("jonas web*", "Jonas Berg", False),
        ("lukasz", "Łukasz Wójcik", True), ("soren", "Søren Ågård", True), ("mueller", "Jan Müller", True),
        ("MÜLL*", "Jan Müller", True), ("muell*", "Jan Müller", True), ("太*", "田中太郎", True), ("!*", "Jon", False),
        ("", "Jon", False), ("*", "Jon", False),
    ],
)  # fmt: skip
def test_words_of_a_name(typed: str, name: str, *, is_called: bool) -> None:
    """Expect whole words, in any order, and before a star the beginning of one; letters as people type them."""
    assert people.is_called(typed, name) == is_called


def test_a_vowel_is_no_accent() -> None:
    """Expect two names that differ in the vowel signs alone to be two, and each to be one word."""
    assert people.words_of("กิตติ") == {"กิตติ"}
    assert not people.is_same("กิตติ", "กาตตา")
    assert not people.is_part("กิ", "กีตาร์")


@pytest.mark.parametrize(
    ("text", "speaks"),
    [("Tell Leonie tonight", True), ("Leonie's prospects", True), ("ask leonie krämer", True),
     ("the Krämer deal", False), ("tell leonie", False), ("Leonies Liste", False), ("", False)],
)  # fmt: skip
def test_a_text_that_speaks_of_somebody(text: str, *, speaks: bool) -> None:
    """Expect the whole name in any case, or a word as it is written that is nobody else's; never a part of a word."""
    assert people.mentioning(["Leonie Krämer"], ["Jan Krämer", "Mara Voss"])(text) == speaks


def test_short_and_shared_words_do_not_speak_of_anybody() -> None:
    """Expect “PhD A” to be found by its whole name alone, and not in “PhD B” nor in “PhD also”."""
    speaks = people.mentioning(["PhD A"], ["PhD B"])
    assert [text for text in ("PhD B will", "PhD also", "so phd a will") if speaks(text)] == ["so phd a will"]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Two meetings whose feedback calls the owner by different names, and one without feedback."""
    with Made(tmp_path / "archive.db") as archive:
        for id_, me in (("sess_a", "Chair"), ("sess_b", "Speaker 2"), ("sess_c", None)):
            archive.meeting(id_, turns=(("Chair", "yes"), ("Speaker 2", "no")), me=me)
            archive.keypoints(id_, items=(("one", "Chair"), ("two", "Speaker 2"), ("three", "mara"), ("four", None)))
    return tmp_path / "archive.db"


def test_the_owner_is_who_their_meeting_says(made: Path) -> None:
    """Expect the account's name everywhere, and the feedback's name in its own meeting; in others any such name."""
    with Reader(made) as archive:
        found = {(item.conversation_id, item.text) for item in archive.action_items(owner="ME").items}
    assert found == {
        ("sess_a", "one"), ("sess_a", "three"), ("sess_b", "two"), ("sess_b", "three"),
        ("sess_c", "one"), ("sess_c", "two"), ("sess_c", "three"),
    }  # fmt: skip


def test_speakers_are_kept_with_their_transcript(tmp_path: Path) -> None:
    """Expect who spoke to be found as long as the current transcript has them, and nobody without a name."""
    path = tmp_path / "archive.db"
    with Made(path) as archive:
        archive.meeting("sess_a", turns=(("Ann", "one"), ("Bo", "two"), (None, "three"), ("Ann", "four")))
        with Reader(path) as reader:
            _, rows = reader.execute("select number, speakers from _outlines")
            assert list(rows) == [(1, '["", "Ann", "Bo"]')]
            assert [row.id for row in reader.meetings(person="bo")] == ["sess_a"]
            assert reader.meetings(person="cy") == []
        archive.transcript("sess_a", (("Ann", "one"), ("Cy", "two"), ("Cy", "three"), ("Ann", "four")))
        with Reader(path) as reader:
            assert [row.id for row in reader.meetings(person="cy")] == ["sess_a"]
            assert reader.meetings(person="bo") == []
