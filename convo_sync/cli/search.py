"""``convo-sync search``: a person's words to the archive, and its hits to the printer."""

from __future__ import annotations

from collections.abc import Sequence

import click

from convo_sync.archive.read import Reader
from convo_sync.archive.searching import KINDS
from convo_sync.cli.lazy import QuickToStart
from convo_sync.cli.output import look, say, typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.errors import NothingFound, UsageError
from convo_sync.hits import Hit, SearchResult
from convo_sync.query import from_shell
from convo_sync.render import hits

_FLAGS = ("--json", "--utc", "--explain", "--help", "-h")
_TAKES = {
    "-n": "a number, as in -n 20",
    "--limit": "a number, as in -n 20",
    "--kind": f"one of {', '.join(KINDS)}",
    "--context": "a number of turns, as in --context 3",
    "--sort": "relevance or date",
}
_VALUED = tuple(_TAKES)


class WordsFirst(QuickToStart):
    """A command that takes what is none of its options for a word: ``budget -draft``, ``C++``, ``-news``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Sort options from words before click would take ``-news`` for ``-n ews``."""
        if not ctx.resilient_parsing:
            _require_values(args)
        options, words = sort_arguments(args)
        return super().parse_args(ctx, [*options, "--", *words])


def sort_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The options, each with its value, and the words. After ``--`` there are words only."""
    options: list[str] = []
    words: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            words.extend(rest)
        elif argument in _VALUED:
            options.extend((argument, *(value for _, value in zip(range(1), rest, strict=False))))
        elif argument in _FLAGS or _carries_value(argument):
            options.append(argument)
        else:
            words.append(argument)
    return options, words


def _require_values(arguments: Sequence[str]) -> None:
    """Refuse an option whose value is missing; click would take what follows for it, the words' own mark included."""
    for argument, following in zip(arguments, (*arguments[1:], "--"), strict=False):
        if argument == "--":
            return
        if argument in _VALUED and following in ("--", *_FLAGS, *_VALUED):
            raise UsageError(f"{argument} needs a value.", f"It takes {_TAKES[argument]}.")


def _carries_value(argument: str) -> bool:
    name, equals, _ = argument.partition("=")
    return bool(equals and name.startswith("--") and name in _VALUED) or (
        argument[:2] == "-n" and argument[2:].isdecimal()
    )


@click.command("search", cls=WordsFirst, epilog="Example: convo-sync search why did we drop the flip top")
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.option("-n", "--limit", type=click.IntRange(1, 10_000), default=10, show_default=True, help="Hits at most.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only these; repeatable.")
@click.option(
    "--context", type=click.IntRange(0, 100), default=1, show_default=True, help="Turns before and after the one found."
)
@click.option(
    "--sort", type=click.Choice(["relevance", "date"]), default="relevance", show_default=True, help="What comes first."
)
@click.option("--explain", is_flag=True, help="Say how the words were understood.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--utc", is_flag=True, help="Times in UTC, not in local time.")
@click.pass_obj
def command(
    setup: Setup,
    words: tuple[str, ...],
    limit: int,
    kinds: tuple[str, ...],
    context: int,
    sort: str,
    explain: bool,
    as_json: bool,
    utc: bool,
) -> None:
    """Find what was said, decided or promised.

    Type what you remember, or a question: no quotes are needed. These mean more than themselves:

    \b
      '"flip top"'     the words together
      -draft           not with this word
      lid OR slider    either; (groups) work too
      kosten*          words that begin so
      speaker:jonas    said by; also title: in:decisions id:
      after:2026-03    from then on; also before: on: after:"last week"
      min:30           meetings of at least so many minutes
    """
    text = typed(from_shell(words))
    if not text.strip():
        raise UsageError("There is nothing to search for.", "Say what to find, for example: convo-sync search flip top")
    with Reader(setup.archive_file) as archive:
        result = archive.search(text, limit=limit, kinds=kinds or KINDS, newest_first=sort == "date")
        if explain:
            for line in archive.explain(text):
                say(line)
        if as_json:
            write_json(hits.as_json(result))
        elif result.hits:
            around = [_around(archive, hit, context) for hit in result.hits]
            write_lines(hits.lines(result, look(utc=utc), around))
    if not result.hits:
        raise _why_nothing(text, result)


def _around(archive: Reader, hit: Hit, context: int) -> hits.Around:
    if hit.position is None or not context:
        return (), ()
    turns = archive.turns(hit.conversation_id, hit.position - context, hit.position + context)
    return (
        [turn for turn in turns if turn.position < hit.position],
        [turn for turn in turns if turn.position > hit.position],
    )


def _why_nothing(text: str, result: SearchResult) -> NothingFound:
    if result.coverage.in_range and not result.coverage.conversations:
        return NothingFound(f"No meeting is as the filters say: {text}", "Leave one out, or see `convo-sync list`.")
    if not result.coverage.conversations:
        from convo_sync.cli.asking import no_meetings  # for which no search has to wait

        return no_meetings()
    return NothingFound(f"Nothing found for: {text}", hits.blind_spot(result) or "Fewer or other words may find it.")
