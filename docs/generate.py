"""Writes docs/tables.md from schema.sql and docs/cli.md from the commands' help; ``--check`` only compares.

Must not know what a table or a command means: every word but the headings stands in schema.sql or in a help text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from convo_sync.cli.root import root

DOCS = Path(__file__).parent
SCHEMA = DOCS.parent / "schema.sql"
# Fixed, so that the page is the same whatever terminal it is made in.
HELP_COLUMNS = 100

_CREATE = re.compile(r"create (?P<unique>unique )?(?P<kind>table|virtual table|view|index) (?P<name>\w+)")
_COMMENTED = re.compile(r"(?P<code>.*?)\s*(?:--(?: (?P<comment>.*))?)?")
_TABLE_RULE = re.compile(r"unique \(|primary key \(|check \(|foreign key ")


class Column(NamedTuple):
    """A column: `rules` is its type and constraints as schema.sql has them, empty in a view."""

    name: str
    rules: str
    comment: str


class Relation(NamedTuple):
    """A table, virtual table, view or index. `rules` are the table's constraints, or what an index covers."""

    kind: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    rules: tuple[str, ...]

    @property
    def is_internal(self) -> bool:
        """Whether it is no part of the public contract."""
        return self.name.startswith("_") or self.kind == "virtual table"


def schema_comment(schema: str) -> str:
    """The comment at the head of the file, paragraphs kept."""
    return schema.partition("\n\n")[0].replace("\n--", "\n").removeprefix("--")


def relations(schema: str) -> Iterator[Relation]:
    """What the schema creates, in its order."""
    above: list[str] = []
    statement: list[tuple[str, str]] = []
    for line in schema.splitlines():
        found = _COMMENTED.fullmatch(line)
        code, comment = (found["code"], found["comment"] or "") if found else (line, "")
        if not statement and not code:
            above = [*above, comment] if comment else []
            continue
        statement.append((code, comment))
        if code.endswith(";"):
            yield _relation(statement, " ".join(above))
            above, statement = [], []


def _relation(statement: Sequence[tuple[str, str]], above: str) -> Relation:
    first, last_comment = statement[0][0], statement[-1][1]
    created = _CREATE.match(first)
    if created is None:
        raise ValueError(f"schema.sql creates something that this page cannot show: {first}")
    kind, name = created["kind"], created["name"]
    if kind == "index":
        covers = first[created.end() :].removeprefix(" on ").rstrip(";")
        return Relation(kind, name, last_comment, (), (f"{created['unique'] or ''}{covers}",))
    body = statement[1:]
    if kind == "view":
        return Relation(kind, name, above, tuple(_view_columns(body)), ())
    if kind == "virtual table":
        return Relation(kind, name, above, (), ())
    lines = [(code.strip().rstrip(","), comment) for code, comment in body[:-1]]
    rules = tuple(code for code, _ in lines if _TABLE_RULE.match(code))
    return Relation(kind, name, above, tuple(_table_columns(lines)), rules)


def _table_columns(lines: Sequence[tuple[str, str]]) -> Iterator[Column]:
    for code, comment in lines:
        if not _TABLE_RULE.match(code):
            name, _, rules = code.partition(" ")
            yield Column(name, rules, comment)


def _view_columns(lines: Sequence[tuple[str, str]]) -> Iterator[Column]:
    """The commented lines of the outer select: a column is called what its line ends with."""
    for code, comment in lines:
        if comment:
            yield Column(re.split(r"\W", code.rstrip(","))[-1], "", comment)


def tables_page(schema: str) -> str:
    """docs/tables.md."""
    found = list(relations(schema))
    indexes = [each for each in found if each.kind == "index"]
    views = [each for each in found if each.kind == "view" and not each.is_internal]
    tables = [each for each in found if each.kind == "table" and not each.is_internal]
    internal = [each for each in found if each.is_internal]
    lines = ["# Tables and views", "", "Made from schema.sql by `make docs`; edit that file, not this page.", ""]
    lines += [f">{line}" for line in schema_comment(schema).splitlines()]
    lines += ["", f"Views: {_links(views)}.", "", f"Tables: {_links(tables)}.", ""]
    for heading, group in (("Views", views), ("Tables", tables), ("Internal", internal)):
        lines += [f"## {heading}", ""]
        for relation in group:
            lines += _chapter(relation, indexes)
    return "\n".join(lines).rstrip() + "\n"


def _links(group: Sequence[Relation]) -> str:
    return ", ".join(f"[{each.name}](#{each.name})" for each in group)


def _chapter(relation: Relation, indexes: Sequence[Relation]) -> Iterator[str]:
    yield from (f"### {relation.name}", "", relation.comment, "")
    if relation.columns:
        yield from _column_table(relation)
        yield ""
    covering = [each for each in indexes if each.rules[0].removeprefix("unique ").split()[0] == relation.name]
    notes = [f"- Rule: `{rule}`" for rule in relation.rules]
    notes += [f"- Index `{each.name}` on `{each.rules[0]}`: {each.comment}" for each in covering]
    if notes:
        yield from (*notes, "")


def _column_table(relation: Relation) -> Iterator[str]:
    if relation.kind == "view":
        yield from ("| column | meaning |", "|---|---|")
        yield from (f"| `{each.name}` | {_cell(each.comment)} |" for each in relation.columns)
    else:
        yield from ("| column | type and rules | meaning |", "|---|---|---|")
        yield from (f"| `{each.name}` | `{_cell(each.rules)}` | {_cell(each.comment)} |" for each in relation.columns)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def helps(command: click.Command = root, parent: click.Context | None = None) -> Iterator[tuple[str, click.Context]]:
    """Each command's full name and a context to ask its help from: the group first, then what is in it."""
    name = command.name if parent is None else f"{parent.command_path} {command.name}"
    settings = {**command.context_settings, "terminal_width": HELP_COLUMNS}
    context = click.Context(command, parent=parent, info_name=command.name, **settings)
    yield str(name), context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            if below is not None:
                yield from helps(below, context)


def cli_page() -> str:
    """docs/cli.md."""
    lines = ["# Commands", "", "Made from the commands' `--help` by `make docs`.", ""]
    for name, context in helps():
        lines += [f"## {name}", "", "```text", context.command.get_help(context).rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "tables.md": lambda: tables_page(SCHEMA.read_text(encoding="utf-8")),
    "cli.md": cli_page,
}


def stale(folder: Path = DOCS) -> list[str]:
    """The pages in `folder` that are not what they would be made anew."""
    return [name for name, make in PAGES.items() if _text(folder / name) != make()]


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with ``--check`` name those that are stale; the exit code."""
    if list(arguments) not in ([], ["--check"]):
        print("usage: python docs/generate.py [--check]", file=sys.stderr)
        return 2
    if arguments:
        for name in stale():
            print(f"docs/{name} is stale: run `make docs`", file=sys.stderr)
        return 1 if stale() else 0
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
