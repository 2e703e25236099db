"""``convo-sync simulator``: the strict Convo API on this machine, until Ctrl-C."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from convo_sync.errors import UsageError

if TYPE_CHECKING:  # a server, which help need not wait for
    from convo_sync.simulator import World

T = TypeVar("T")
# Longer lists of choices are left to --list.
_SHORT = 100


@click.command(
    "simulator", epilog="Example: convo-sync simulator --port 8765 --tier starter --assume list_order=oldest"
)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes a free one.")
@click.option(
    "--tier",
    type=click.Choice(["free", "starter", "professional", "enterprise"]),
    default="professional",
    show_default=True,
    help="The plan: it sets the requests an hour and the AI credits a month.",
)
@click.option("--key", help="The API key to accept. Default: the demo's.")
@click.option(
    "--corpus", type=click.Path(path_type=Path), help="Meetings to serve, one JSON object a line, .gz or not."
)
@click.option(
    "--assume", "assumptions", multiple=True, metavar="NAME=VALUE", help="Take the other reading; repeatable."
)
@click.option(
    "--fault", "faults", multiple=True, metavar="KIND[:OPERATION[:TIMES]]", help="Break an answer; repeatable."
)
@click.option(
    "--nothing-generated", is_flag=True, help="Meetings without key points and feedback: each costs a credit."
)
@click.option("--list", "listing", is_flag=True, help="List the assumptions and the faults, and end.")
def command(
    port: int,
    tier: str,
    key: str | None,
    corpus: Path | None,
    assumptions: tuple[str, ...],
    faults: tuple[str, ...],
    nothing_generated: bool,
    listing: bool,
) -> None:
    """Run a strict Convo API on this machine, for trying out and for tests.

    Without --corpus it plays half a year of a made-up company. Nothing leaves this machine, and nothing is kept.
    """
    from convo_sync.simulator import DEMO_KEY, parse_assumption, parse_fault, run

    if listing:
        _list()
        return
    assumed = dict(_understood(parse_assumption, each) for each in assumptions)
    broken = [_understood(parse_fault, each) for each in faults]
    world = _world(corpus)
    if nothing_generated:
        world.forget_generations()
    try:
        run(
            port=port, world=world, tier=tier, key=key or DEMO_KEY, assume=assumed, faults=broken,
            on_ready=lambda url: _tell(url, key or DEMO_KEY, tier),
        )  # fmt: skip
    except ValueError as error:
        raise UsageError(f"{_capital(str(error))}.", "Correct --key, or leave it out.") from error
    except BrokenPipeError:
        raise  # stdout's reader is gone; that is no trouble with the port
    except OSError as error:
        raise _unopened(port, error) from error


def _understood(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        said, _, choices = str(error).partition("; ")
        sentence = f"The assumption {said}" if " cannot be " in said else _capital(said)
        few = f" ({choices})" if choices and len(choices) <= _SHORT else ""
        raise UsageError(f"{sentence}{few}.", "`convo-sync simulator --list` shows what there is.") from error


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _world(corpus: Path | None) -> World:
    from zlib import error as Garbled

    from convo_sync.simulator import World

    if corpus is None:
        return World.from_scenes()
    try:
        return World.from_corpus(corpus)
    except OSError as error:
        step = "Correct the name, or leave --corpus out: then a made-up company plays."
        raise UsageError(f"The corpus {corpus} cannot be read: {error.strerror or error}.", step) from error
    except (ValueError, EOFError, Garbled) as error:
        step = "It takes one JSON object a line: conversation, transcript, keypoints, feedback."
        raise UsageError(f"The corpus {corpus} cannot be used: {error}.", step) from error


def _unopened(port: int, error: OSError) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        message = f"Port {port} is in use, maybe by another simulator."
        return UsageError(message, "End that one, or take another port; --port 0 takes a free one.")
    step = "Take another port; --port 0 takes a free one."
    return UsageError(f"Port {port} cannot be opened: {error.strerror or error}.", step)


def _tell(url: str, key: str, tier: str) -> None:
    click.echo(f"A Convo API ({tier} plan) answers at {url} until you press Ctrl-C. In another terminal:")
    click.echo(f"  export CONVO_SYNC_BASE_URL={url}")
    click.echo(f"  export CONVO_API_KEY={key}")
    click.echo("  export CONVO_SYNC_ARCHIVE=./trial.db")
    click.echo("  convo-sync sync")


def _list() -> None:
    from convo_sync.simulator import FAULT_KINDS, OPERATION_IDS, assumptions_table

    click.echo("Assumptions (--assume NAME=VALUE; the first value is the default):")
    for each in assumptions_table():
        click.echo(f"  {each.name} = {' | '.join(each.values)}\n      {each.explanation}")
    click.echo("Faults (--fault KIND[:OPERATION[:TIMES]]):")
    for kind in FAULT_KINDS.values():
        click.echo(f"  {kind.name}: {kind.explanation}")
    click.echo(f"Operations: {', '.join(OPERATION_IDS)}")
