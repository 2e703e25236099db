"""Anything that TOML can say in ``[credits]``: it is a configuration, or is refused with the line that is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from convo_sync.config import parse
from convo_sync.errors import ConfigurationError

from .test_config_credits import KEYS, RULE_KEYS, WHERE, refusal


def quoted(text: str) -> str:
    """A text as TOML writes it: as JSON does, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def table_of(pairs: Mapping[str, str]) -> str:
    """An inline table."""
    return f"{{{', '.join(f'{quoted(key)} = {value}' for key, value in pairs.items())}}}"


# Values, as TOML writes them.
NAME = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PATTERN = st.from_regex(r"[a(|)*+?\[\]{}1,\\^$]{1,9}", fullmatch=True)
NUMBER = st.integers().map(str) | st.floats().map(str) | st.sampled_from(["0", "1", "-0.0", "0x" + "f" * 5000])
DAY = st.dates(date(1, 1, 1)).map(date.isoformat) | st.times().map(str) | st.datetimes().map(str)
WORD = st.sampled_from(["missing", "keypoints", "older-than 3 days", "older-than", "a", ".*"])
OLDER = st.from_regex("older-than .")
SCALAR = st.sampled_from(["true", "false"]) | NUMBER | DAY | (NAME | WORD | PATTERN | OLDER).map(quoted)
VALUE = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]")
        | st.dictionaries(NAME, inner, max_size=3).map(table_of)
    ),
)
NEARLY = st.fixed_dictionaries(
    {
        "generate": st.sampled_from(['"keypoints"', '"feedback"']),
        "when": st.sampled_from(['"missing"', '"older-than 3 days"']),
    },
    optional={key: st.sampled_from(["0", "1", "4", "0.5", "'a'"]) | SCALAR for key in RULE_KEYS[2:]},
)
TABLE = st.dictionaries(st.sampled_from(KEYS) | NAME, VALUE, max_size=3)
RULE_TABLE = NEARLY | st.dictionaries(st.sampled_from(RULE_KEYS) | NAME, VALUE, max_size=4)


def lines_of(header: str, pairs: Mapping[str, str]) -> list[str]:
    """A table, a key a line."""
    return [header, *(f"{quoted(key)} = {value}" for key, value in pairs.items())]


def answer(toml: str) -> str:
    """What the configuration is refused with; empty where it is none of the mistakes, and then it is sound."""
    try:
        settings = parse(toml, WHERE).credits
    except ConfigurationError as error:
        return error.message
    assert settings.settle >= timedelta(0)
    assert len({each.name for each in settings.rules}) == len(settings.rules)
    assert all(re.compile(each.title or "") for each in settings.rules)
    return ""


def require_line(message: str, toml: str) -> None:
    """See that a refusal names a line of the file, and is not long."""
    found = re.match(rf"{WHERE}, line (\d+): ", message)
    assert not message or (found and 1 <= int(found[1]) <= len(toml.split("\n")))
    assert len(message) < 700


@given(TABLE, st.lists(RULE_TABLE, max_size=3))
def test_any_value_is_a_configuration_or_is_refused_with_its_line(
    table: dict[str, str], rules: list[dict[str, str]]
) -> None:
    """Expect no other exception for whatever TOML can say in any of these keys, or in others."""
    table.pop("rule", None)
    toml = "\n".join(sum((lines_of("[[credits.rule]]", each) for each in rules), lines_of("[credits]", table)))
    require_line(answer(toml), toml)


@given(VALUE)
def test_any_value_in_place_of_the_table_or_of_the_rules(value: str) -> None:
    """Expect the same where a table or an array of tables belongs."""
    for toml in (f"credits = {value}\n", f"[credits]\nrule = {value}\n", f"[[credits.rule]]\nwhen = {value}"):
        require_line(answer(toml), toml)


@given(NEARLY, NEARLY)
def test_the_line_named_is_the_line_of_the_mistake(bad: dict[str, str], good: dict[str, str]) -> None:
    """Expect an unknown key to be found where it stands, behind comments and values of several lines."""
    lines = ["[credits]", "keep = 1 # a note", "", "[[credits.rule]]", 'generate = "feedback"', 'when = """\\']
    lines += ["  missing\\", '  """', 'title = """', "limit = 1", '"""', "[[credits.rule]]"]
    lines += [*(f"{key} = {bad[key]}" for key in ("generate", "when")), "# limit = 1", "limit = 2"]
    lines += lines_of("[[credits.rule]]", good)
    told = refusal("\n".join(lines))
    assert told.startswith(f"{WHERE}, line {lines.index('limit = 2') + 1}: there is no limit in [[credits.rule]]")
