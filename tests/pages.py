"""Reads the project's documents as its tests need them: blocks, prose, and the command lines in them.

Must not know what a document ought to say.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from convo_sync.cli.root import root

ROOT = Path(__file__).parent.parent
README, CHANGELOG = ROOT / "README.md", ROOT / "CHANGELOG.md"
PAGES = (README, CHANGELOG, *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "benchmarks").glob("*.md")))
# What a checkout holds besides the project: caches, builds, the demo's archive.
_FOREIGN = {"__pycache__", "build", "dist", "demo-archive"}
_HIDDEN = {".ci", ".gitignore"}


def files() -> Iterator[Path]:
    """Every file of the project, and none that merely lies about in a checkout."""
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = (part.startswith(".") and part not in _HIDDEN for part in parts)
        if path.is_file() and not _FOREIGN.intersection(parts) and not any(hidden):
            yield path


def anchors(page: str) -> set[str]:
    """What a link to a heading of this page may say after the #."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def text(path: Path) -> str:
    """A page's text."""
    return path.read_text(encoding="utf-8")


def blocks(language: str, page: str) -> list[str]:
    """The fenced blocks of a page that are marked with a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.M | re.S)


def prose(page: str) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.M | re.S)


def words_of(line: str) -> list[str]:
    """The words of the convo-sync command in a shell line: after a pipe, before one, or inside ``$(…)``."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&")
    lexer.whitespace_split = True
    words = list(lexer)
    inner = [re.fullmatch(r"\$\((.*)\)", word) for word in words]
    if "convo-sync" not in words:
        return next((words_of(found[1]) for found in inner if found), [])
    words = words[words.index("convo-sync") + 1 :]
    return words[: next((at for at, word in enumerate(words) if set(word) <= set("|;&")), len(words))]


def parse_command(arguments: Sequence[str], command: click.Command = root, parent: click.Context | None = None) -> None:
    """Read a command line as click would, and run nothing. A wrong one raises."""
    context = click.Context(command, info_name=command.name, parent=parent, **command.context_settings)
    if not isinstance(command, click.Group):
        command.make_context(command.name, list(arguments), parent=parent)
        return
    _, rest, _ = command.make_parser(context).parse_args(args=list(arguments))
    if rest:
        name, below, rest = command.resolve_command(context, rest)
        assert below is not None, name
        parse_command(rest, below, context)


def require_named_rightly(sentences: Iterable[str]) -> None:
    """See that the commands named in the prose exist, with their options; an argument may be lacking."""
    for line in sentences:
        with contextlib.suppress(click.MissingParameter):
            parse_command(words_of(line))


def named_commands(sentences: str) -> list[str]:
    """Each `convo-sync …` in a text."""
    return re.findall(r"`(convo-sync [^`{}\n]+)`", sentences)


def short_commands(sentences: str) -> list[str]:
    """Each `sync --full` in a text: a command's name and something more, without the program's name before it."""
    names = "|".join(root.list_commands(click.Context(root)))
    return [f"convo-sync {line}" for line in re.findall(rf"`((?:{names}) [^`\n]+)`", sentences)]
