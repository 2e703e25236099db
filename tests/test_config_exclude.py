"""``[[sync.exclude]]`` in config.toml: what may be said, what is refused, and the line that is named."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from convo_sync.config import Config, archive_named, parse
from convo_sync.errors import ConfigurationError
from convo_sync.plan.exclusion import Rule

from .pages import ROOT, blocks, text

PAGE = text(ROOT / "docs" / "privacy.md")
WHERE = Path("/somewhere/config.toml")


def said(toml: str) -> tuple[Rule, ...]:
    return parse(toml, WHERE).exclude


def refusal(toml: str) -> str:
    """What a person is told about this configuration."""
    with pytest.raises(ConfigurationError) as caught:
        parse(toml, WHERE)
    assert caught.value.exit_code == 78
    return f"{caught.value.message} {caught.value.next_step}"


def test_without_a_rule_nothing_is_excluded() -> None:
    """Expect no rule."""
    assert said('[sync]\nevery = "1 h"\n') == Config(WHERE).exclude == ()


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('title = "1:1|salary"', Rule(title="1:1|salary")),
        ('weekdays = ["Sat", "sunday"]', Rule(weekdays=frozenset((5, 6)))),
        ('weekdays = "MON"', Rule(weekdays=frozenset((0,)))),
        ('between = "12:00-13:00"', Rule(between=(time(12), time(13)))),
        ('between = "18:30 – 24:00"', Rule(between=(time(18, 30), time()))),
        ('between = "22:00-06:00"', Rule(between=(time(22), time(6)))),
        ('attendee = "@doctor.example"', Rule(attendee="@doctor.example")),
        ('title = "x"\nattendee = "ann"', Rule(title="x", attendee="ann")),
    ],
)
def test_what_a_rule_may_say(line: str, rule: Rule) -> None:
    """Expect each key, alone and with another, as tables of their own or in one line."""
    assert said(f"[[sync.exclude]]\n{line}\n") == (rule,)
    inline = line.replace("\n", ", ")
    assert said(f"[sync]\nexclude = [{{ {inline} }}, {{ title = 'y' }}]\n") == (rule, Rule(title="y"))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('title = "("', "[[sync.exclude]] title is '(', which is no regular expression"),
        ("title = 5", "[[sync.exclude]] title is 5; it has to be text in quotes"),
        ('weekdays = ["Someday"]', "weekdays has 'Someday' in it; it has to be names of days"),
        ("weekdays = []", "weekdays is an empty array"),
        ("weekdays = 3", "weekdays is 3; it has to be names of days"),
        ("weekdays = [3]", "weekdays has 3 in it"),
        ('between = "noon"', "between is 'noon'; it has to be two times of day, as in \"12:00-13:00\""),
        ('between = "12:00-12:00"', "between is '12:00-12:00', which begins when it ends"),
        ('between = "12:60-13:00"', "between is '12:60-13:00'; it has to be"),
        ('between = "12:00-25:00"', "between is '12:00-25:00'; it has to be"),
        ('between = "12:00-24:30"', "between is '12:00-24:30'; it has to be"),
        ("between = 12:00:00", "between is 12:00:00; it has to be"),
        ('attendee = " "', "attendee is empty"),
        ('person = "ann"', "there is no person in [[sync.exclude]]. [[sync.exclude]] takes title, weekdays, between"),
    ],
)  # fmt: skip
def test_what_is_refused_names_its_line(line: str, why: str) -> None:
    """Expect the file, the line of the second rule's key, and what is allowed."""
    told = refusal(f'[[sync.exclude]]\ntitle = "x"\n\n[[sync.exclude]]\n{line}\n')
    assert told.startswith(f"{WHERE}, line 5: ")
    assert why in told


def test_a_rule_without_a_word_is_refused() -> None:
    """Expect it not to exclude everything, and its line."""
    told = refusal('[[sync.exclude]]\ntitle = "x"\n[[sync.exclude]]\n')
    assert told.startswith(f"{WHERE}, line 3: [[sync.exclude]] says nothing, so it would exclude every meeting.")


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        ("[sync.exclude]\ntitle = 'x'\n", "[sync] exclude is a single table; it needs double brackets"),
        ("[sync]\nexclude = 'x'\n", "[sync] exclude is 'x'; it has to be written as tables"),
        ("[sync]\nexclude = ['x']\n", "[sync] exclude is an array; it has to be written as tables"),
    ],
)
def test_what_are_no_rules(toml: str, why: str) -> None:
    """Expect how rules are written."""
    assert why in refusal(toml)


def test_reading_does_not_wait_for_a_rule(tmp_path: Path) -> None:
    """Expect a bad pattern to be no reason not to find the archive."""
    path = tmp_path / "config.toml"
    path.write_text('[archive]\npath = "a.db"\n[[sync.exclude]]\ntitle = "("\n', encoding="utf-8")
    assert archive_named(path) == tmp_path / "a.db"


def test_the_page_says_what_is_read() -> None:
    """Expect the example of docs/privacy.md to be read, and every key of a rule to stand in its table and in it."""
    (example,) = blocks("toml", PAGE)
    rules = said(example)
    assert len(rules) == 4
    for key in ("title", "weekdays", "between", "attendee"):
        assert f"\n| `{key}` | " in PAGE
        assert any(getattr(rule, key) is not None for rule in rules)
