"""Text as the index has it: every script's words are found, most text stays the same object, and none is an error."""

from __future__ import annotations

import sqlite3
import sys
from unicodedata import category, is_normalized, normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convo_sync.texts import SEPARATOR, has_word, indexed, narrow, shown, stands_alone
from tests.fulltext import found, index, phrase, words

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]
TEXTS = st.one_of(
    st.text(),
    st.text(alphabet="aé 字ｶﾞ。ก็ที่한\u1100\u1161🦓👩\u200d💻🏽🇩🇪°\u0301\u0344\u3099\x00\ud800\ufffd-'" + SEPARATOR),
    st.text(alphabet=st.characters(categories=("Mn", "Mc", "Me"))),
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain words, 20.04 and C++",
        "Größe über Köln – «naïve» … 5 €",
        "Cześć, đường, İstanbul",
        "Привет, мир",
        "Αθήνα",
        "שלום",
        "مرحبا",
        "it’s “so”",
    ],
)
def test_most_text_stays_the_same_object(text: str) -> None:
    """Expect nothing to be copied where words have spaces between them."""
    assert indexed(text) is text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("我们今天讨论新的产品设计。", "产品"),
        ("我們今天討論新的產品設計", "設計"),
        ("価格についての会議を行いました", "会議"),
        ("来週のミーティングで", "ミーティング"),
        ("あしたのよていは", "よて"),
        ("다음주에 회의를 합시다", "회의"),
        ("การประชุมเรื่องน้ำดื่ม", "น้ำ"),
        ("เราจะพบกันที่นี่", "ที่"),
        ("ກອງປະຊຸມມື້ນີ້", "ມື້"),
        ("កិច្ចប្រជុំថ្ងៃនេះ", "ថ្ងៃ"),
        ("ဒီနေ့အစည်းအဝေးရှိတယ်", "နေ့"),
        ("5G网络", "网络"),
        ("用iPhone手机", "iphone"),
        ("ｶﾞｲﾄﾞを見る", "ガイド"),
        ("ガイドを見る", "ｶﾞｲﾄﾞ"),
        ("ＡＢＣ会社", "abc"),
        ("か\u3099く", "がく"),
        ("\u1112\u1166\u110b\u1174를", "헤의"),
    ],
)
def test_a_word_within_a_run_is_found(text: str, word: str) -> None:
    """A word of two characters or more is found where no space parts it from its neighbours, and its reverse is not."""
    with index([text, word[::-1]]) as connection:
        assert found(connection, phrase(word)) == {0}


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("ein Café in Zürich", "cafe"),
        ("ein cafe", "café"),
        ("ein cafe\u0301", "café"),
        ("über alles", "uber"),
        ("it's late", "it’s"),
        ("it’s late", "it's"),
        ("the follow-up call", "follow-up"),
        ("the follow‑up call", "follow up"),
        ("C++ and Rust", "C++"),
        ("Ubuntu 20.04 LTS", "20.04"),
        ("mail anna.b@example.com now", "anna.b@example.com"),
        ("so funny😂😂", "😂"),
        ("so funny😂", "funny"),
        ("well done 👍🏽", "👍"),
        ("well done 👍🏽", "👍🏽"),
        ("हिन्दी की किताब", "हिन्दी"),
        ("বাংলা ভাষা", "ভাষা"),
        ("தமிழ் மொழி", "தமிழ்"),
        ("to 🇩🇪🇫🇷 by train", "🇫🇷"),
        ("a 👩‍💻 at work", "👩‍💻"),
        ("a 👩‍💻 at work", "💻"),
        ("the new 🫠 one", "🫠"),
        ("at 20°C outside", "20"),
        ("©2026 Convo™", "convo"),
        ("©2026 Convo™", "2026"),
        ("press #️⃣ now", "press now"),
    ],
)
def test_what_people_type_is_found(text: str, typed: str) -> None:
    """Accents, apostrophes, hyphens, signs, addresses and emoji find what they mean."""
    with index([text, "nothing of it"]) as connection:
        assert found(connection, phrase(typed)) == {0}


@pytest.mark.parametrize(("text", "other"), [("สีแดง", "สม"), ("मेरी किताब", "काका"), ("น้ำ", "นม"), ("ကို", "ကာ")])
def test_a_vowel_that_is_a_mark_counts(text: str, other: str) -> None:
    """Expect a syllable not to find those that have only its consonant."""
    syllable = text[:2]
    with index([text, other]) as connection:
        assert found(connection, phrase(syllable)) <= {0}
        assert found(connection, phrase(other[0])) <= {1}
        assert found(connection, phrase(text)) == {0}


def test_two_flags_are_not_a_third() -> None:
    """Expect the letters of a flag to be found in their order only."""
    with index(["🇩🇪", "🇪🇩"]) as connection:
        assert found(connection, phrase("🇩🇪")) == {0}


def test_a_sign_is_a_word_of_its_own() -> None:
    """Expect every sign that the index takes for a part of a word to be parted from the letters beside it."""
    signs = [character for character in EVERY if category(character) == "So"]
    assert [sign for sign in signs if not stands_alone(sign)] == []
    taken = words(" ".join(f"a{sign}b" for sign in signs))
    assert set(taken) - {"a", "b"} <= set(signs)


def test_letters_of_alphabets_stay_together() -> None:
    """Expect no letter of a script with spaces to stand alone."""
    for first, last in ((0x41, 0x5A), (0xC0, 0x2AF), (0x370, 0x3FF), (0x400, 0x481), (0x5D0, 0x5EA), (0x620, 0x64A),
                        (0x904, 0x939), (0x10A0, 0x10FF), (0x1200, 0x1380), (0x1E00, 0x1FFF)):  # fmt: skip
        assert not [code for code in range(first, last + 1) if stands_alone(chr(code))]


@pytest.mark.parametrize(
    "alone", ["漢", "〇", "々", "ぁ", "ヿ", "ー", "한", "ㄱ", "ก", "๙", "ກ", "က", "ក", "ㄅ", "ꀀ", "𠀀"]
)
def test_characters_that_stand_alone(alone: str) -> None:
    """Each is one word of the index, whatever is beside it."""
    assert words(f"x{alone}{alone}y") == ["x", alone, alone, "y"]


def test_every_character_alone() -> None:
    """Expect nothing but a word at most of any character, and the same text when it is changed again."""
    for character in (*EVERY[:0x3100], *EVERY[0x3100::97]):
        once = indexed(character)
        assert indexed(once) == once
        assert len(once) <= 6
    assert indexed("\x00") == indexed("\ud800") == indexed("\udfff") == "\ufffd"


@given(TEXTS)
@example("\u0301\u0316" * 40)
@example("a" + "\u0344" * 31)
@example("字" + SEPARATOR * 3 + "字")
def test_changed_twice_is_changed_once(text: str) -> None:
    """The text of the index is its own index text, composed, and no NUL or surrogate is in it."""
    once = indexed(text)
    assert indexed(once) == once
    assert is_normalized("NFC", once)
    assert "\x00" not in once
    once.encode("utf-8")


@given(st.text(alphabet=st.characters(exclude_characters=f"{SEPARATOR}\x00", exclude_categories=["Cs", "Co"])))
def test_a_shown_text_is_the_text(text: str) -> None:
    """Expect nothing but its composition and its widths to differ."""
    assert shown(indexed(text)) == normalize("NFC", narrow(text))


@given(TEXTS)
def test_any_text_enters_the_index_and_leaves_it(text: str) -> None:
    """No text is an error, one with a word is found by itself, and nothing is left of it in the end."""
    with index([text]) as connection:
        try:
            matched = found(connection, phrase(text))
        except sqlite3.OperationalError as error:
            pytest.fail(f"{text!r}: {error}")
        assert matched == ({0} if connection.execute("select 1 from words").fetchone() else set())
        connection.execute("insert into texts (texts, rowid, text) values ('delete', 0, ?)", (indexed(text),))
        assert connection.execute("select * from words").fetchall() == []


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cn", "Co"))))
def test_what_has_a_word(text: str) -> None:
    """Expect every text that is said to have a word to have one in the index; a character that was lost is none."""
    if has_word(text):
        assert words(text)
    assert not has_word(" _-–—…!?\u0301\u200d\ufffd")


LONG = 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        "字",
        "a字",
        "ก็",
        "👩‍💻",
        "\u0301\u0316",
        "a" + "\u0301" * 40,
        "ｶﾞ",
        "\x00",
        "\ud800",
        SEPARATOR,
        "字" + SEPARATOR * 2,
    ],
)
def test_length_stays_in_proportion(piece: str) -> None:
    """A megabyte of anything becomes three times as long at most; marks in a row cost no more than letters."""
    text = piece * (LONG // len(piece))
    once = indexed(text)
    assert len(once) <= 3 * LONG
    assert indexed(once) == once
