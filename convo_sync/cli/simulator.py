"""``convo-sync simulator``: the strict Convo API on this machine, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from convo_sync.errors import UsageError


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
@click.option("--list", "listing", is_flag=True, help="List the assumptions and the faults, and end.")
def command(
    port: int,
    tier: str,
    key: str | None,
    corpus: Path | None,
    assumptions: tuple[str, ...],
    faults: tuple[str, ...],
    listing: bool,
) -> None:
    """Run a strict Convo API on this machine, for trying out and for tests.

    Without --corpus it plays half a year of a made-up company. Nothing leaves this machine, and nothing is kept.
    """
    from convo_sync.simulator import DEMO_KEY, World, parse_assumption, parse_fault, run

    if listing:
        _list()
        return
    try:
        assumed = dict(parse_assumption(each) for each in assumptions)
        broken = [parse_fault(each) for each in faults]
        world = World.from_corpus(corpus) if corpus else World.from_scenes()
        run(
            port=port, world=world, tier=tier, key=key or DEMO_KEY, assume=assumed, faults=broken,
            on_ready=lambda url: _tell(url, key or DEMO_KEY, tier),
        )  # fmt: skip
    except ValueError as error:
        raise UsageError(str(error), "`convo-sync simulator --list` shows what there is.") from error
    except OSError as error:
        raise UsageError(
            f"The simulator cannot start: {error}.", "Check the file's name, or take another --port."
        ) from error


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
