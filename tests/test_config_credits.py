"""``[credits]`` in config.toml: what may be said, what is refused, and the line that is named."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from convo_sync.config import Config, archive_named, load, parse
from convo_sync.credits.rules import Rule, Settings, When
from convo_sync.errors import ConfigurationError
from convo_sync.records import Kind

from .pages import ROOT, blocks, text

WHERE = Path("/somewhere/config.toml")
PAGE = text(ROOT / "docs" / "credits.md")
KEYS = ("monthly_cap", "keep", "settle_minutes")
RULE_KEYS = (
    "generate", "when", "min_minutes", "min_segments", "title", "not_title", "within_days", "at_most",
)  # fmt: skip
MISSING = 'generate = "keypoints"\nwhen = "missing"\n'


def said(toml: str) -> Settings:
    """What this configuration makes of credits."""
    return parse(toml, WHERE).credits


def rule(lines: str, before: str = "") -> str:
    """A configuration with one rule: `[[credits.rule]]` on the line after `before`, its two needed keys, then these."""
    return f"{before}[[credits.rule]]\n{MISSING}{lines}\n"


def refusal(toml: str) -> str:
    """What a person is told about this configuration."""
    with pytest.raises(ConfigurationError) as caught:
        parse(toml, WHERE)
    assert caught.value.exit_code == 78
    return f"{caught.value.message} {caught.value.next_step}"


# What may be said


def test_without_a_word_nothing_is_spent(tmp_path: Path) -> None:
    """Expect the default settings without a file, without the table, and with an empty one."""
    assert Settings() == Settings(monthly_cap=None, keep=0, settle=timedelta(minutes=15), rules=())
    for config in (load(tmp_path / "none.toml", {}), parse("", WHERE), parse("[credits]\nrule = []\n", WHERE)):
        assert config.credits == Settings()
    assert Config(WHERE) == Config(WHERE, credits=Settings())


def test_everything_that_may_be_said_is_read() -> None:
    """Expect each key in its field, rules in the order of the file."""
    everything = """
        [credits]
        monthly_cap = 7
        keep = 3
        settle_minutes = 1.5
        [[credits.rule]]
        generate = "feedback"
        when = "older-than 90 days"
        min_minutes = 20
        min_segments = 12
        title = 'client|C\\+\\+'
        not_title = '^private'
        within_days = 365.5
        at_most = 4
        [[credits.rule]]
        generate = "keypoints"
        when = "transcript-changed"
    """
    first = Rule(Kind.FEEDBACK, When.OLDER_THAN, timedelta(90), 20.0, 12, r"client|C\+\+", "^private", 365.5, 4)
    second = Rule(Kind.KEYPOINTS, When.TRANSCRIPT_CHANGED)
    assert said(everything) == Settings(7, 3, timedelta(seconds=90), (first, second))


def test_the_environments_address_leaves_the_credits_alone(tmp_path: Path) -> None:
    """Expect the rules still there when CONVO_SYNC_BASE_URL replaces the address."""
    path = tmp_path / "config.toml"
    path.write_text(rule("", "[credits]\nmonthly_cap = 2\n"), encoding="utf-8")
    config = load(path, {"CONVO_SYNC_BASE_URL": "http://127.0.0.1:8765"})
    assert config.credits == Settings(2, rules=(Rule(Kind.KEYPOINTS, When.MISSING),))


@pytest.mark.parametrize(
    ("word", "when", "age"),
    [
        ("missing", When.MISSING, None),
        ("transcript-changed", When.TRANSCRIPT_CHANGED, None),
        ("older-than 90 days", When.OLDER_THAN, timedelta(days=90)),
        ("older-than 1h 30min", When.OLDER_THAN, timedelta(minutes=90)),
        ("older-than  2w", When.OLDER_THAN, timedelta(days=14)),
    ],
)
def test_when_is_one_of_three(word: str, when: When, age: timedelta | None) -> None:
    """Expect the word, and the duration beside it."""
    (only,) = said(f'[[credits.rule]]\ngenerate = "keypoints"\nwhen = "{word}"\n').rules
    assert (only.when, only.older_than) == (when, age)


def test_rules_without_a_cap_and_a_cap_of_nothing_are_no_mistakes() -> None:
    """Expect both to be read: they spend nothing, which the commands say."""
    assert said(rule("")).monthly_cap is None
    assert said(rule("", "[credits]\nmonthly_cap = 0\n")).monthly_cap == 0


def test_rules_may_stand_in_one_array() -> None:
    """Expect TOML's other spelling to mean the same, and its mistakes to be told with the line where it begins."""
    inline = '[credits]\nkeep = 1\nrule = [\n  {generate = "keypoints", when = "missing"},\n  {%s},\n]\n'
    other = 'generate = "feedback", when = "missing"'
    assert [each.generate for each in said(inline % other).rules] == [Kind.KEYPOINTS, Kind.FEEDBACK]
    assert refusal(inline % f"{other}, at_most = 0").startswith(f"{WHERE}, line 3: [[credits.rule]] at_most is 0")


@pytest.mark.parametrize("line", ["min_minutes = 1000000", "min_segments = 1000000", "title = '^$'", "title = 'a|'"])
def test_what_is_merely_unlikely_is_allowed(line: str) -> None:
    """Expect a rule that some meeting could pass to be left to its owner."""
    assert len(said(rule(line)).rules) == 1


@pytest.mark.parametrize("pattern", ["^$", r"\A\Z", "(?!x)", "x*y", "stand-?up"])
def test_a_pattern_that_leaves_some_title_out_is_allowed_as_not_title(pattern: str) -> None:
    """Expect only a pattern that surely matches every title to be refused."""
    assert said(rule(f"not_title = '{pattern}'")).rules[0].not_title == pattern


# What is refused, and how it is told


@pytest.mark.parametrize(
    ("toml", "line", "words"),
    [
        ("credits = 5\n", 1, "credits has to be a table, [credits]"),
        ("\n[[credits]]\nkeep = 1\n", 2, "credits has to be a table, [credits]"),
        ("[credits]\nkeep = 1\ncap = 5\n", 3, "there is no cap in [credits]. [credits] takes monthly_cap, keep"),
        ("[[credits.rules]]\n", 1, "there is no rules in [credits]. [credits] takes monthly_cap, keep, settle_minutes"),
        ('[credits]\nwhen = "missing"\n', 2, "It belongs to a rule: write [[credits.rule]] above it"),
        ("[credits]\nrule = 5\n", 2, "[credits] rule has to be written as tables, [[credits.rule]], one for each rule"),
        ('[credits]\nrule = ["missing"]\n', 2, "[credits] rule has to be written as tables"),
        (f"\n[credits.rule]\n{MISSING}", 2, "[credits] rule is a single table; it needs double brackets"),
        (rule("limit = 3"), 4, "there is no limit in [[credits.rule]]. [[credits.rule]] takes generate, when, min_min"),
        (rule("monthly_cap = 3"), 4, "there is no monthly_cap in [[credits.rule]]. It belongs to [credits]: write"),
        ('\n[[credits.rule]]\n# it\nwhen = "missing"\n', 2, "does not say generate; it has to be \"keypoints\" or \"f"),
        ('[[credits.rule]]\ngenerate = "keypoints"\n', 1, "does not say when; it has to be \"missing\", \"transcript-"),
        ('[[credits.rule]]\ngenerate = "email"\n', 2, "generate is 'email'; it has to be \"keypoints\" or "),
        ('[[credits.rule]]\nwhen = "Missing"\n', 2, "when is 'Missing'; it has to be \"missing\", "),
        ('[[credits.rule]]\nwhen = "older-than"\n', 2, "when is 'older-than'; it has to be"),
        ('[[credits.rule]]\nwhen = "older-than "\n', 2, 'or "older-than" with a duration, as in "older-than 90 days"'),
        ('[[credits.rule]]\nwhen = "older-than soon"\n', 2, "when has a duration that is 'soon', which is no duration"),
        ('[[credits.rule]]\nwhen = "older-than 2000 days"\n', 2, "which is out of bounds"),
        ('[[credits.rule]]\nwhen = "missing 90 days"\n', 2, "when is 'missing 90 days'; it has to be"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_file_and_line(toml: str, line: int, words: str) -> None:
    """Expect file, line, key and what is allowed; exit code 78."""
    told = refusal(toml)
    assert told.startswith(f"{WHERE}, line {line}: ")
    assert words in told


@pytest.mark.parametrize("key", [*KEYS, "min_minutes", "min_segments", "within_days", "at_most"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("true", "true"), ('"5"', "'5'"), ("-1", "-1"), ("nan", "nan"), ("-inf", "-inf"), ("inf", "inf"),
        ("1000001", "1000001"), ("1e300", "1e+300"), ("9" * 4000, "a number of more than 20 digits"),
        ("0x" + "f" * 5000, "a number of more than 20 digits"), ("[1]", "an array"), ("{a = 1}", "a table"),
        ("2026-01-01", "2026-01-01"), ("07:32:00", "07:32:00"), ('"' + "x" * 500 + '"', "'" + "x" * 79 + "…"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_no_number(key: str, value: str, shown: str) -> None:
    """Expect booleans, texts, what is below 0, without end or huge to be named, and what is allowed."""
    is_of_all = key in KEYS
    told = refusal(f"[credits]\n{key} = {value}\n" if is_of_all else rule(f"{key} = {value}"))
    table = "[credits]" if is_of_all else "[[credits.rule]]"
    assert told.startswith(f"{WHERE}, line {2 if is_of_all else 4}: {table} {key} is {shown}; it has to be a ")
    assert "from 0 to 1,000,000" in told


@pytest.mark.parametrize("key", ["monthly_cap", "keep", "min_segments", "at_most"])
def test_credits_and_segments_are_whole(key: str) -> None:
    """Expect a fraction to be refused, even one of nothing."""
    toml = f"[credits]\n{key} = 5.0\n" if key in KEYS else rule(f"{key} = 5.0")
    assert f"{key} is 5.0; it has to be a whole number from 0" in refusal(toml)


@pytest.mark.parametrize("key", ["title", "not_title"])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("'(client'", "is '(client', which is no regular expression: missing ), unterminated subpattern at position 0"),
        ("'C++*'", "is 'C++*', which is no regular expression: multiple repeat at position 3"),
        ("'[a'", "is no regular expression: unterminated character set at position 0"),
        ("'[[a]'", "is no regular expression: Possible nested set at position 1"),
        ("'(?u)(?a)'", "is no regular expression: "),
        ("'(?L)a'", "is no regular expression: "),
        ("'a{4294967296}'", "is no regular expression: the repetition number is too large"),
        ("'" + "(" * 9000 + ")" * 9000 + "'", "is no regular expression: "),
        ("''", "is empty; put a # before the line to leave it out"),
        ("' '", "is empty"),
        ("5", "is 5; it has to be text in quotes"),
        ("['a']", "is an array; it has to be text in quotes"),
    ],
)
def test_a_bad_pattern_says_what_is_wrong_with_it(key: str, value: str, why: str) -> None:
    """Expect the regular expressions' own words, as an error of the configuration, and no warning."""
    told = refusal(rule(f"{key} = {value}"))
    assert told.startswith(f"{WHERE}, line 4: [[credits.rule]] {key} ")
    assert why in told


# Reading, and the documents


def test_reading_does_not_wait_for_rules(tmp_path: Path) -> None:
    """Expect the archive's name without what rules are made of, whatever mistake stands in them."""
    path = tmp_path / "config.toml"
    path.write_text(rule("title = '('") + "[archive]\npath = 'a.db'\n", encoding="utf-8")
    assert archive_named(path) == tmp_path / "a.db"
    program = (
        "import sys; from pathlib import Path; from convo_sync.config import archive_named;"
        "print(archive_named(Path(sys.argv[1])), [m for m in sys.modules if m.startswith('convo_sync.')])"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert str(tmp_path / "a.db") in done.stdout
    assert "convo_sync.config.file" in done.stdout
    assert not re.search(r"convo_sync\.(credits|records|config\.credits)", done.stdout)


def test_the_documents_examples_are_valid() -> None:
    """Expect each example of docs/credits.md to be read, with a cap and rules, and every key to stand in its tables."""
    examples = [said(each) for each in blocks("toml", PAGE)]
    assert len(examples) >= 4
    assert all(each.monthly_cap and each.rules for each in examples)
    assert re.findall(r"^\| `(\[*[a-z_.]+\]*)` \|", PAGE, re.M)[: len(KEYS) + 1] == [*KEYS, "[[credits.rule]]"]
    assert re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.M)[len(KEYS) :][: len(RULE_KEYS)] == list(RULE_KEYS)


def test_the_documents_examples_show_every_key() -> None:
    """Expect each key in an example, since people copy them."""
    shown = {key for each in blocks("toml", PAGE) for key in re.findall(r"^([a-z_]+) = ", each, re.M)}
    assert shown == {*KEYS, *RULE_KEYS}
