"""The documents say what is so: generated pages are fresh, commands exist, the README's examples run, links resolve."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from convo_sync import __version__, credentials
from convo_sync.archive.migrate import MIGRATIONS
from convo_sync.cli.first_config import Answers, compose
from convo_sync.cli.status import STALE_OR_INCOMPLETE
from convo_sync.config import parse
from convo_sync.errors import ConvoSyncError
from convo_sync.places import archive_path
from convo_sync.simulator import DEMO_KEY, Simulator, World
from docs import generate

from .console import Console
from .pages import (
    CHANGELOG,
    PAGES,
    README,
    ROOT,
    anchors,
    blocks,
    files,
    named_commands,
    parse_command,
    prose,
    require_named_rightly,
    short_commands,
    text,
    words_of,
)

SOURCES = sorted((ROOT / "convo_sync").rglob("*.py"))
HELPS = dict(generate.helps())
STOPPED_BY_CTRL_C = 130
# Homes and work folders of one machine; a folder named as an example (/tmp/…) is nobody's.
_MACHINE = re.compile(rf"(?<![\w.~])/(?:home|Users|root|work)/\w|\b[A-Z]:\\+Users\\+\w|{re.escape(str(ROOT))}\b")


# Commands


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_generated_page_is_fresh(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect the page to be what `make docs` would write, whatever the terminal's width."""
    monkeypatch.setenv("COLUMNS", "41")
    written = (generate.DOCS / name).read_text(encoding="utf-8")
    assert written.splitlines() == generate.PAGES[name]().splitlines(), "run `make docs`"
    assert name not in generate.stale()


def test_a_stale_page_is_noticed(tmp_path: Path) -> None:
    """Expect a page that is missing or differs to be named."""
    (tmp_path / "cli.md").write_text(generate.cli_page() + "\nMore.\n", encoding="utf-8")
    assert generate.stale(tmp_path) == ["tables.md", "cli.md"]


@pytest.mark.parametrize("name", HELPS)
def test_a_command_has_its_chapter(name: str) -> None:
    """Expect every command and group under a heading of its own in docs/cli.md."""
    assert f"\n## {name}\n" in text(ROOT / "docs" / "cli.md")


@pytest.mark.parametrize("name", HELPS)
def test_help_ends_with_an_example_that_parses(name: str) -> None:
    """Expect each help to end with an example of that very command, whose options exist."""
    command = HELPS[name].command
    assert (command.epilog or "").startswith("Example: "), name
    words = words_of(str(command.epilog).removeprefix("Example: "))
    assert ["convo-sync", *words][: len(name.split())] == name.split()
    parse_command(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_that_a_page_shows_exist(page: Path) -> None:
    """Expect every command that a document shows or names to parse, and every make target to be in the Makefile."""
    for block in blocks("(?:sh|console)", text(page)):
        for line in re.findall(r"^(?:\$ )?(convo-sync .*)$", block, re.M):
            parse_command(words_of(line))
    said = prose(text(page))
    require_named_rightly((*named_commands(said), *short_commands(said)))
    targets = set(re.findall(r"^(\w+):", text(ROOT / "Makefile"), re.M))
    assert set(re.findall(r"(?:^|`)make (\w+)", text(page), re.M)) <= targets


def test_the_commands_that_messages_name_exist() -> None:
    """Expect every `convo-sync …` that the program's own sentences recommend to be there."""
    named = [line for path in SOURCES for line in named_commands(text(path))]
    assert "convo-sync sync" in named
    require_named_rightly(named)


# Tables


def test_every_table_column_and_index_is_commented() -> None:
    """Expect a comment on each; a virtual table's columns are those of the table that it indexes."""
    for relation in generate.relations(text(ROOT / "schema.sql")):
        assert relation.comment, relation.name
        assert [each.name for each in relation.columns if not each.comment] == [], relation.name


def test_the_page_knows_what_sqlite_makes_of_the_schema() -> None:
    """Expect the tables, views, indexes and columns read from the text to be those that SQLite creates."""
    read = list(generate.relations(text(ROOT / "schema.sql")))
    with contextlib.closing(sqlite3.connect(":memory:")) as made:
        made.executescript(text(ROOT / "schema.sql"))
        ours = "select name from sqlite_schema where sql like 'create%' and name not glob '*_fts_*'"
        assert sorted(name for (name,) in made.execute(ours)) == sorted(each.name for each in read)
        for relation in read:
            if relation.columns:
                columns = [row[1] for row in made.execute(f"pragma table_xinfo({relation.name})")]
                assert columns == [each.name for each in relation.columns], relation.name


# The README's examples


@pytest.fixture
def _newcomer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The README's reader: in UTC, 80 columns, the demo's key in the environment, no keyring, no archive."""
    monkeypatch.setattr(credentials, "_keyring", lambda: None)
    monkeypatch.setenv("CONVO_API_KEY", DEMO_KEY)
    monkeypatch.setenv("COLUMNS", "80")
    assert not archive_path().exists()
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "UTC")
        _heed_the_zone()
        yield
    _heed_the_zone()


def _heed_the_zone() -> None:
    if sys.platform != "win32":
        time.tzset()


@pytest.mark.usefixtures("_newcomer")
def test_the_readmes_examples_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect `console` blocks to print what they show, by GET alone; `sql` and `python` blocks to find something."""
    page, console = text(README), Console(capsys, monkeypatch)
    simulator = Simulator(World.from_scenes(), key=DEMO_KEY)
    with simulator.serve() as url:
        monkeypatch.setenv("CONVO_SYNC_BASE_URL", url)
        for line, shown in _session(page):
            ran = console(*words_of(line))
            assert ran.code == 0, ran.said
            assert re.fullmatch(_pattern(shown), ran.out), f"{line} printed:\n{ran.out}"
    assert {request.method for request in simulator.requests} == {"GET"}
    for query in blocks("sql", page):
        assert console("sql", query).out
    for program in blocks("python", page):
        exec(program, {})
        assert capsys.readouterr().out


def _session(page: str) -> Iterator[tuple[str, list[str]]]:
    """The command lines of the `console` blocks, each with the lines shown below it."""
    for block in blocks("console", page):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            line, *shown = part.splitlines()
            yield line, shown


def _pattern(shown: Sequence[str]) -> str:
    """What stands there has to be printed; “…” is any text, and alone on a line any lines."""
    return "".join(
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in shown
    )  # fmt: skip


# What pages say of the code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_resolve(page: Path) -> None:
    """Expect the file behind each relative link, and the heading where the link names one."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(text(page))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(text(there)), target


def test_no_file_names_a_machines_path() -> None:
    """Expect no home or work folder of a machine anywhere in the repository."""
    named = {
        str(path.relative_to(ROOT)): found[0]
        for path in files()
        for found in _MACHINE.finditer(path.read_text(encoding="utf-8", errors="replace"))
    }
    assert named == {}


def test_exit_codes_are_those_of_the_code() -> None:
    """Expect the README's table to be complete, and no page to name another exit code."""
    codes = {0, 2, STALE_OR_INCOMPLETE, STOPPED_BY_CTRL_C, *(each.exit_code for each in _errors(ConvoSyncError))}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", text(README), re.M)} == codes
    for page in PAGES:
        assert {int(code) for code in re.findall(r"[Ee]xits?(?: with)?(?: code)? (\d+)", text(page))} <= codes


def _errors(kind: type[ConvoSyncError]) -> Iterator[type[ConvoSyncError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _errors(below)


def test_environment_variables_are_those_of_the_code() -> None:
    """Expect the README to name every variable that is read, and no page to name another."""
    variable = re.compile(r"\bCONVO_[A-Z_]*[A-Z]\b")
    read = {each for path in SOURCES for each in variable.findall(text(path))}
    assert set(variable.findall(text(README))) == read
    assert {each for page in PAGES for each in variable.findall(text(page))} <= read


def test_configuration_keys_are_those_of_the_code(tmp_path: Path) -> None:
    """Expect the README's config.toml to be valid and to show every table and key, and no page to name another."""
    (shown,) = blocks("toml", text(README))
    parse(shown, tmp_path / "config.toml")
    known = _keys(compose(Answers(), tmp_path / "config.toml"))
    assert _keys(shown) == known
    named = {each for page in PAGES for each in re.findall(r"\[([a-z]+)\] ([a-z_]+)", text(page))}
    assert named <= known


def _keys(toml: str) -> set[tuple[str, str]]:
    """(table, key) for each, those that are commented out included."""
    tables = re.split(r"^(?:# )?\[+([\w.]+)\]+$", toml, flags=re.M)[1:]
    pairs = zip(tables[::2], tables[1::2], strict=True)
    return {(table, key) for table, body in pairs for key in re.findall(r"(?:^|# |: )([a-z_]+) = ", body, re.M)}


# The changelog


def test_the_changelog_is_well_formed() -> None:
    """Expect this version first, a date or "unreleased" on each, known sections, and bullets that are sentences."""
    releases = re.split(r"^## ", text(CHANGELOG), flags=re.M)[1:]
    assert releases[0].startswith(f"{__version__} - ")
    for release in releases:
        heading, _, body = release.partition("\n")
        assert re.fullmatch(r"\d+\.\d+\.\d+ - (?:\d{4}-\d\d-\d\d|unreleased)", heading)
        for section in re.split(r"^### ", body, flags=re.M)[1:]:
            name, _, entries = section.partition("\n")
            assert name in ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Found by tests")
            bullets = re.split(r"^- ", entries.strip() + "\n", flags=re.M)
            assert len(bullets) > 1, f"{heading}, {name}: nothing in it"
            assert bullets[0] == "", f"{heading}, {name}: {bullets[0]}"
            for bullet in bullets[1:]:
                assert re.fullmatch(r"\S.*(?:\n  \S.*)*[.:)]\n?", bullet), f"{heading}, {name}: {bullet}"


def test_a_schema_version_has_its_line_in_the_changelog() -> None:
    """Expect the version that this program writes to be named, so that no migration comes unannounced."""
    assert f"Schema version {len(MIGRATIONS) + 1}." in text(CHANGELOG)
