"""A person's words to a query: what is wanted, what is not, and what FTS5 is asked for."""

from __future__ import annotations

import pytest

from convo_sync.query import STOP_WORDS, And, Node, Not, Or, Query, Term, from_shell, understand
from convo_sync.texts import SEPARATOR
from tests.fulltext import found, index


def written(node: Node | None) -> str:
    """A tree in one line: phrases quoted, beginnings starred, brackets around all that has parts."""
    if node is None:
        return ""
    if isinstance(node, Term):
        return (f'"{node.text}"' if node.required else node.text) + ("*" if node.kind == "prefix" else "")
    if isinstance(node, Not):
        return f"-{written(node.part)}"
    between = " OR " if isinstance(node, Or) else " "
    return f"({between.join(map(written, node.parts))})"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", ""),
        ("   ", ""),
        ("budget", "budget"),
        ("zebra  budget\tdraft", "(zebra budget draft)"),
        ("lid lid LID lid?", "lid"),
        ("q3-plan C++ 20.04 it's", "(q3-plan C++ 20.04 it's)"),
        ("why? (really), «yes».", '(why really "yes")'),
        ("a\x00b", "(a b)"),
        ("a\ud800b", "a\ufffdb"),
        ("我们 す ＡＢＣ", "(我们 す ABC)"),
        # phrases
        ('"flip top" lid', '("flip top" lid)'),
        ('"flip top', '"flip top"'),
        ('lid"flip top"', '(lid "flip top")'),
        ('"" " " "?"', ""),
        ("“flip top” „so sagt man“ «le budget»", '("flip top" "so sagt man" "le budget")'),
        ('"lid" lid', '("lid" lid)'),
        # minus
        ("budget -draft", "(budget -draft)"),
        ("-draft", "-draft"),
        ('lid -"flip top"', '(lid -"flip top")'),
        ("lid -(flip top)", "(lid -(flip top))"),
        ("lid -(flip OR top)", "(lid -(flip OR top))"),
        ("lid -(-flip)", "(lid flip)"),
        ("lid -(-flip -top)", "(lid (flip OR top))"),
        ("lid −draft", "(lid -draft)"),
        ("lid - draft", "(lid draft)"),
        ("--lid -- - -", "lid"),
        ("follow-up x-", "(follow-up x)"),
        ("-5", "-5"),
        # OR and AND and NOT
        ("flip OR top", "(flip OR top)"),
        ("flip | top|lid", "(flip OR top OR lid)"),
        ("flip top OR lid", "((flip top) OR lid)"),
        ("flip or top", "(flip or top)"),
        ("OR flip OR OR top OR", "(flip OR top)"),
        ("flip OR flip", "flip"),
        ("flip AND top AND", "(flip top)"),
        ("lid OR -draft", "(lid -draft)"),
        ("lid OR flip OR -(draft top)", "((lid OR flip) -(draft top))"),
        ("lid OR (flip -top)", "(lid OR (flip -top))"),
        ("-draft OR -lid", "(-draft -lid)"),
        ("NOT", "NOT"),
        ("lid NOT draft", "(lid -draft)"),
        ("lid AND NOT (draft OR top)", "(lid -(draft OR top))"),
        ("lid NOT -draft", "(lid draft)"),
        ("lid not draft NOT", "(lid not draft)"),
        # brackets
        ("(flip OR top) lid", "((flip OR top) lid)"),
        ("((lid))", "lid"),
        ("() ( ) (-)", ""),
        ("(flip OR top)(lid OR zebra)", "((flip OR top) (lid OR zebra))"),
        ("(flip (top (lid)))", "(flip top lid)"),
        ("(flip top", "(flip top)"),
        ("flip) top)", "(flip top)"),
        (")(", ""),
        ("((flip OR top) lid", "((flip OR top) lid)"),
        ("-(flip top", "(-flip top)"),
        ("-((flip) top", "(-flip top)"),
        ("f(x) NEAR(b, 2) (see f(x))", "(f(x) NEAR(b 2 see)"),
        ("a) first b) second", "(a first b second)"),
        # beginnings
        ("kund* lid**", "(kund* lid*)"),
        ('"flip to"*', '"flip to"*'),
        ("* ** li*d *top", "(li*d *top)"),
        # signs that mean nothing
        ("^lid {flip} +top text:zebra", "(^lid flip +top text:zebra)"),
        ("++ & … : _ -__ ½ ²", "(½ ²)"),
        ("12:30 https://x.org note: this", "(12:30 https://x.org note this)"),
        ("👍 🇩🇪", "(👍 🇩🇪)"),
    ],
)
def test_what_is_asked_for(text: str, tree: str) -> None:
    """Words, phrases, groups, and what is to be left out; what has nothing to look for is dropped."""
    query = understand(text)
    assert written(query.tree) == tree
    assert query.text == text
    assert query.is_empty == (not query.terms)
    assert not query.has_filters


@pytest.mark.parametrize(
    ("text", "every", "some", "unwanted"),
    [
        ("", "", "", ""),
        ("-lid", "", "", '"lid"'),
        ("lid", '"lid"', '("lid")', ""),
        ("flip lid", '("flip" AND "lid")', '("flip" OR "lid")', ""),
        ("drop the lid", '("drop" AND "the" AND "lid")', '("drop" OR "lid")', ""),
        ("Warum WIR", '("Warum" AND "WIR")', '("Warum" OR "WIR")', ""),
        ('"why not"', '"why not"', '("why not")', ""),
        ("lid -a -(b c)", '(("lid") NOT ("a" OR ("b" AND "c")))', '(("lid") NOT ("a" OR ("b" AND "c")))',
         '"a" OR ("b" AND "c")'),
        ("lid OR (flip -top)", '("lid" OR (("flip") NOT ("top")))', '("lid" OR "flip")', ""),
        ("kund*", '"kund" *', '("kund" *)', ""),
        ("follow-up", '("follow-up" OR "followup")', '(("follow-up" OR "followup"))', ""),
        ("e‑mai*", '("e‑mai" * OR "emai" *)', '(("e‑mai" * OR "emai" *))', ""),
        ("2026-03-19", '"2026-03-19"', '("2026-03-19")', ""),
        ("产品", f'"产{SEPARATOR}品"', f'("产{SEPARATOR}品")', ""),
    ],
)  # fmt: skip
def test_queries(text: str, every: str, some: str, unwanted: str) -> None:
    """All that is asked for; any word that tells; and what must not be there."""
    query = understand(text)
    assert (query.every(), query.some(), query.unwanted()) == (every, some, unwanted)


def test_terms_say_what_they_are() -> None:
    """Expect kinds, what is quoted, and what is too common, in the order of the text, and nothing twice."""
    terms = understand('the lid -flip "top it" (zeb* OR the) "budg"*').terms
    assert [(term.text, term.kind, term.is_stop, term.required) for term in terms] == [
        ("the", "word", True, False),
        ("lid", "word", False, False),
        ("top it", "phrase", False, True),
        ("zeb", "prefix", False, False),
        ("budg", "prefix", False, True),
    ]
    assert hash(understand("the lid")) == hash(understand("the lid"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("产品", ()),
        ("新产品", ("新产", "产品")),
        ("我们今天，讨论", ("我们", "们今", "今天", "讨论")),
        ("5G网络", ("5G", "网络")),
        ("去Paris吗", ("去", "Paris", "吗")),
        ("ประชุม", ("ปร", "ระ", "ะชุ", "ชุม")),
        ("ｶﾞｲﾄﾞ", ("ガイ", "イド")),
        ("Anna's", ("Anna",)),
        ("Zoë’s", ("Zoë",)),
        ("it's", ()),
        ("20°C", ()),
        ("👍👍👍", ()),
        ("follow-up", ()),
        ('"新产品"', ()),
    ],
)
def test_parts_of_a_word(text: str, parts: tuple[str, ...]) -> None:
    """Two neighbours each for what may be more than one word, so that a question without spaces can be relaxed."""
    (term,) = understand(text).terms
    with index([part for part in parts]) as connection:
        assert [found(connection, match) for match in term.parts] == [{number} for number in range(len(parts))]


@pytest.mark.parametrize("word", ["the", "The", "what's", "Don’t", "we've", "isn't", "über", "warum", "it's?", "(so)"])
def test_stop_words(word: str) -> None:
    """Both languages, in any case, with their endings and whatever stands around them."""
    assert [term.is_stop for term in understand(word).terms] == [True]


@pytest.mark.parametrize("word", ["lid", "Anna's", "C++", "can*", '"the"', "the-lid", "我"])
def test_words_that_tell(word: str) -> None:
    """Expect no other word, and nothing that is quoted or goes on, to be too common."""
    assert [term.is_stop for term in understand(word).terms] == [False]


def test_stop_words_are_written_as_they_are_compared() -> None:
    """Each is in lower case and a single word, or it would never be met."""
    assert all(word == word.casefold() and understand(word).terms[0].is_stop for word in STOP_WORDS)


def test_as_many_words_as_fts5_takes() -> None:
    """However long the text is, the query has sixty-four terms of each sort at most, the first ones."""
    query = understand(" ".join([f"w{number} -x{number}" for number in range(500)]))
    assert [term.text for term in query.terms] == [f"w{number}" for number in range(64)]
    assert query.unwanted() == " OR ".join(f'"x{number}"' for number in range(64))


def test_repeated_words_leave_room_for_others() -> None:
    """Expect a word to count once in a row of words, and a filter to be read wherever it stands."""
    query = understand("lid " * 5_000 + "flip" + " w" * 5_000 + " in:decisions")
    assert [term.text for term in query.terms] == ["lid", "flip", "w"]
    assert query.filters.kinds == ("decision",)


@pytest.mark.parametrize("quote", ['"', ""])
def test_a_page_that_is_pasted(quote: str) -> None:
    """The first sixty-four words of a phrase, or of a run without spaces, with their two by two."""
    (term,) = understand(f"{quote}{'字' * 500}{quote}").terms
    assert term.text == "字" * 64
    assert term.match.count("字") == 64
    assert understand('"' + "lid " * 500 + '"').terms[0].match.count("lid") == 64


def test_brackets_within_brackets() -> None:
    """Expect twenty to count and any more to be read as if they were not there."""
    deep = "(" * 19 + "(flip OR top) (lid OR zebra)" + ")" * 19
    assert written(understand(deep).tree) == "((flip OR top) (lid OR zebra))"
    assert written(understand(f"({deep})").tree) == "(flip OR (top lid) OR zebra)"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        ("why drop the lid", ("Words: drop, lid", "Left out as too common: why, the")),
        ("why the", ("Words: why, the",)),
        ('"flip top" kund* -draft -"so so"', ("Phrase: “flip top”", "Beginning with: kund", "Not: draft, “so so”")),
        ("(flip OR top) lid", ("Words: flip, top, lid", "Read as: (flip OR top) lid")),
        ("flip top OR lid", ("Words: flip, top, lid", "Read as: (flip top) OR lid")),
        ("lid -(flip OR top)", ("Words: lid", "Not: (flip OR top)", "Read as: lid -(flip OR top)")),
        (
            'speaker:Anna -speaker:"Bob B" title:x -title:y in:turns -in:email id:sess_1 -id:sess_2 min:1h30',
            (
                "Only what is said by: Anna",
                "Not what is said by: Bob B",
                "Only meetings whose title has: x",
                "No meetings whose title has: y",
                "Only in: transcript",
                "Not in: email",
                "Only meetings whose id begins with: sess_1",
                "No meetings whose id begins with: sess_2",
                "Only meetings of at least 90 minutes",
            ),
        ),
        (
            "-draft title:x",
            (
                "Not: draft",
                "No words to find: what has none of that is listed, the newest first",
                "Only meetings whose title has: x",
            ),
        ),
        ("-draft", ("Not: draft",)),
        ("speaker:jon* -title:bud*", ("Only what is said by: jon*", "No meetings whose title has: bud*")),
        ("on:2026-03-19", ("Only meetings from 2026-03-19 on", "Only meetings before 2026-03-20")),
        (
            "after:2026-04 before:2026-03",
            ("Only meetings from 2026-04-01 on", "Only meetings before 2026-03-01", "No meeting can be both"),
        ),
    ],
)
def test_it_explains_itself(text: str, lines: tuple[str, ...]) -> None:
    """How the words were understood, in plain lines."""
    assert understand(text).explain() == lines


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], ""),
        (["why drop it"], "why drop it"),
        (["budget", "-draft"], "budget -draft"),
        (["speaker:Anna B", "budget"], 'speaker:"Anna B" budget'),
        (["x", "-Title:next year"], 'x -Title:"next year"'),
        (["x", 'speaker:"Anna B"'], 'x speaker:"Anna B"'),
        (["x", "note: this"], "x note: this"),
        (["speaker:Anna B"], "speaker:Anna B"),
    ],
)
def test_what_a_shell_leaves_of_quotes(arguments: list[str], text: str) -> None:
    """A filter's value that a shell unquoted is quoted again, unless it may be all that was typed."""
    assert from_shell(arguments) == text


def test_a_query_is_what_it_says() -> None:
    """Expect trees to be made of three sorts of nodes and terms, so that a ranker may walk them."""
    query = understand("lid (flip OR top) -draft")
    assert isinstance(query, Query)
    assert isinstance(query.tree, And)
    assert [type(part) for part in query.tree.parts] == [Term, Or, Not]
