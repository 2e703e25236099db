"""``convo-sync demo``: the whole way once, on a simulated account, in a folder of its own.

It never reads the user's configuration or key, and never touches their archive.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from convo_sync.cli import output
from convo_sync.cli.account import utc_now
from convo_sync.cli.outcome import run_in_words
from convo_sync.cli.progress import Show
from convo_sync.cli.root import Setup, root
from convo_sync.cli.sync import run_sync
from convo_sync.errors import ConvoSyncError, UsageError
from convo_sync.render.text import safe
from convo_sync.sync import Options

MARK = "demo.txt"
SEARCHES = ("zebra budget", "why did we drop the flip top", "Zollplombe Tor 4")
MEETING = "sess_lid_decision"
EXAMPLE_SQL = "select * from speaking_time limit 5"


@click.command("demo", epilog="Example: convo-sync demo --folder /tmp/convo-demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-archive"),
    show_default=True,
    help="Where the demo's archive goes; made anew each time.",
)
@click.pass_context
def command(ctx: click.Context, folder: Path) -> None:
    """Try it without an account: half a year of a made-up company's meetings, archived and searched in a minute."""
    archive = _fresh(folder) / "archive.db"
    setup = _setup(ctx)._replace(archive_file=str(archive), config_file=str(folder / "config.toml"), archive_given=True)
    _say("1. A simulated Convo API starts on this machine. It holds the meetings of Halden Loop, a made-up company")
    _say("   of 14 people: 32 meetings in two languages. It needs no key and no network, and reads nothing of yours.")
    _archive(setup)
    for number, words in enumerate(SEARCHES, 3):
        _say(f"{number}. Search, offline: convo-sync search {words}")
        _call(setup, "search", "-n", "3", *words.split())
    _say(f"6. One meeting: convo-sync show {MEETING}")
    _call(setup, "show", MEETING)
    _say("7. How the archive stands: convo-sync status")
    _call(setup, "status")
    _next(archive)


def _setup(ctx: click.Context) -> Setup:
    setup = ctx.obj
    assert isinstance(setup, Setup)  # noqa: S101 - the root command puts it there
    return setup


def _say(line: str) -> None:
    click.echo(click.style(safe(line), bold=True))


def _fresh(folder: Path) -> Path:
    """An empty folder for the demo. One that holds anything but an earlier demo is left alone."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise UsageError(f"{folder} is not empty, and no earlier demo.", "Name another with --folder.")
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / MARK).write_text("Made by `convo-sync demo`, and made anew by the next one.\n", encoding="utf-8")
    return folder


def _archive(setup: Setup) -> None:
    from convo_sync.simulator import DEMO_KEY, Simulator, World

    simulator = Simulator(World.from_scenes(), key=DEMO_KEY)
    with simulator.serve() as url:
        _say(f"2. convo-sync sync brings them into {setup.archive}")
        run, error = run_sync(setup, url, DEMO_KEY, Options(command="demo"), show=Show.choose(quiet=setup.quiet))
    if error is not None:
        raise error
    output.write_lines(run_in_words(run, None, utc_now()))


def _call(setup: Setup, *arguments: str) -> None:
    """Run a command as a person would, on the demo's archive."""
    try:
        root.main(
            ["--archive", str(setup.archive), "--config", str(setup.config), *arguments],
            prog_name="convo-sync",
            standalone_mode=False,
        )
    except ConvoSyncError as error:
        output.say(error.message)
    click.echo()


def _next(archive: Path) -> None:
    program = _program()
    on_the_demo = shlex.join([program, "--archive", str(archive)])
    _say("Go on with the demo's archive:")
    click.echo(f"  {on_the_demo} search coin cell -rechargeable")
    click.echo(f"  {on_the_demo} show sess_postmortem_18 --transcript")
    click.echo(f"  {on_the_demo} sql '{EXAMPLE_SQL}'")
    _say("Or with your own meetings:")
    click.echo(f"  {program} init      asks for your Convo API key, tests it, and says how long the first sync takes")
    click.echo(f"  {program} sync      archives everything; stop it when you like")


def _program() -> str:
    """What to type to run this program again: its name where the shell finds it, else where it lies."""
    typed = Path(sys.argv[0])
    if shutil.which("convo-sync") or typed.stem != "convo-sync":
        return "convo-sync"
    near = os.path.relpath(typed)
    return str(typed) if near.startswith("..") else near
