"""The root of the command line: its options, its commands' homes, and the one place where errors are told."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

import click

from convo_sync import __version__, archive_in_use
from convo_sync.cli.lazy import FileName, LazyGroup
from convo_sync.cli.output import flush, let_stderr_lose_its_reader, let_stdout_print_anything, say
from convo_sync.errors import ArchiveUnfit, ConvoSyncError, UsageError
from convo_sync.places import archive_file, config_file, under_home
from convo_sync.render.text import safe
from convo_sync.tuples import NamedTuple

if TYPE_CHECKING:  # a search waits for what is imported here
    from pathlib import Path

HOMES = {
    "demo": (
        "convo_sync.cli.demo",
        "Try it: archive a made-up company's meetings, search them, in a folder of its own.",
    ),
    "init": ("convo_sync.cli.init", "Set up: test your API key, say what the first sync will take, write config.toml."),
    "doctor": ("convo_sync.cli.doctor", "Check everything that can be wrong, and say what to do about it."),
    "sync": ("convo_sync.cli.sync", "Bring the archive up to date."),
    "daemon": ("convo_sync.cli.daemon", "Keep the archive up to date until it is stopped."),
    "status": ("convo_sync.cli.status", "Say how the archive stands."),
    "search": ("convo_sync.cli.search", "Find what was said."),
    "show": ("convo_sync.cli.show", "Show one meeting."),
    "list": ("convo_sync.cli.list", "List meetings, newest first."),
    "actions": ("convo_sync.cli.actions", "List what is still to do, and mark what is done."),
    "decisions": ("convo_sync.cli.decisions", "List what was decided."),
    "prep": ("convo_sync.cli.prep", "Prepare for a person, a topic or an event: what was said, decided and promised."),
    "digest": ("convo_sync.cli.digest", "Sum up the last days."),
    "sql": ("convo_sync.cli.sql", "Ask the archive in SQL, read-only."),
    "credits": ("convo_sync.cli.credits", "Say what AI credits were spent on; spend one by hand."),
    "remote": ("convo_sync.cli.remote", "Rename or delete a meeting at Convo; register webhooks."),
    "archive": ("convo_sync.cli.archive", "Look after the archive's file: verify, repair, history, forget."),
    "service": ("convo_sync.cli.service", "Have the system run the daemon: from login on, and again after a crash."),
    "simulator": ("convo_sync.cli.simulator", "Run a strict Convo API on this machine, for trying out."),
    "completion": ("convo_sync.cli.completion", "Print the completion script for your shell."),
}


# What these import logs nothing, and a search does not wait for `logging`.
READING = frozenset((
    "status", "search", "show", "list", "actions", "decisions", "prep", "digest", "sql", "completion",
))  # fmt: skip
# These look into config.toml themselves, where a mistake in it is theirs to report, or need no archive.
SELF_SUFFICIENT = frozenset(("init", "doctor", "demo", "simulator", "completion"))
ENVIRONMENT = (
    ("CONVO_API_KEY", "The API key; it comes before the one that is kept."),
    ("CONVO_SYNC_ARCHIVE", "The archive's file, as by --archive."),
    ("CONVO_SYNC_CONFIG", "The configuration's file, as by --config."),
    ("CONVO_SYNC_BASE_URL", "Where the API is, for trying out: the simulator's address."),
)


class Setup(NamedTuple):
    """What the root's options say; every command gets it as ``ctx.obj``."""

    archive_file: str
    config_file: str
    archive_given: bool
    verbose: int
    quiet: bool

    @property
    def archive(self) -> Path:
        """The archive's file."""
        from pathlib import Path

        return Path(self.archive_file)

    @property
    def config(self) -> Path:
        """The configuration's file."""
        from pathlib import Path

        return Path(self.config_file)


class Root(LazyGroup):
    """The group of all commands; its help also names the environment's variables and where files lie."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, the variables and the files."""
        super().format_commands(ctx, formatter)
        with formatter.section("Environment"):
            formatter.write_dl(ENVIRONMENT)
        # Help of a fixed width is made for a page, which is read on other computers.
        if ctx.terminal_width is None:
            files = (("archive", _archive_for_help()), ("configuration", config_file()))
            with formatter.section("Files on this computer"):
                formatter.write_dl([(name, under_home(path)) for name, path in files])


def _archive_for_help() -> str:
    try:
        return archive_in_use(config_file())
    except ConvoSyncError:  # a mistake in config.toml is no reason to refuse help
        return archive_file()


def _named(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse an empty name: a shell variable that is not set would silently mean another file than was intended."""
    if value == "" and not ctx.resilient_parsing:
        name = option.opts[0]
        raise UsageError(f"{name} is followed by an empty name.", f"Name a file, or leave {name} out for the default.")
    return value


def _version(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    """What click's own option prints; that one looks for translations of its line of help, whether asked or not."""
    if value and not ctx.resilient_parsing:
        click.echo(f"convo-sync, version {__version__}")
        ctx.exit()


@click.command(
    "convo-sync",
    cls=Root,
    homes=HOMES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: convo-sync search flip top",
)
@click.option("--archive", type=FileName(), callback=_named, metavar="PATH", help="The archive's file.")
@click.option("--config", type=FileName(), callback=_named, metavar="PATH", help="The configuration's file.")
@click.option("-v", "--verbose", count=True, help="Say more; twice: say everything.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version and exit."
)
@click.pass_context
def root(ctx: click.Context, archive: str | None, config: str | None, verbose: int, quiet: bool) -> None:
    """Keep a searchable copy of your Convo meetings on this computer."""
    if ctx.invoked_subcommand not in READING:
        gc.freeze()  # what was imported stays: looking through it again and again takes a twentieth of a first sync
        gc.enable()
    if verbose or ctx.invoked_subcommand not in READING:
        _start_logging(verbose, quiet=quiet)
    configuration = config or config_file()
    ctx.obj = Setup(
        archive_file=_archive(archive, configuration, ctx.invoked_subcommand or ""),
        config_file=configuration,
        archive_given=archive is not None or bool(os.environ.get("CONVO_SYNC_ARCHIVE")),
        verbose=verbose,
        quiet=quiet,
    )


def _archive(named: str | None, configuration: str, command: str) -> str:
    """The archive that a command works on; those that look after it themselves get the path, whatever is there."""
    if command in SELF_SUFFICIENT:
        return named or archive_file()
    path = named or archive_in_use(configuration)
    if os.path.isdir(path):
        raise ArchiveUnfit(f"{path} is a folder, and an archive is a file.", "Name a file with --archive.")
    return path


def _start_logging(verbose: int, *, quiet: bool) -> None:
    import logging

    level = logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]

    class Harmless(logging.Formatter):
        """Lines without what a terminal would obey: a message may hold text from outside."""

        def format(self, record: logging.LogRecord) -> str:
            return "\n".join(map(safe, super().format(record).split("\n")))

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Harmless("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
    # httpx and httpcore log every request's URL at INFO; our own line says it better.
    for name in ("httpx", "httpcore", "apscheduler"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def run(arguments: list[str] | None = None) -> None:
    """Run a command and leave with its exit code. No traceback reaches a person."""
    let_stderr_lose_its_reader()
    let_stdout_print_anything()
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    code: object = 0
    try:
        code = root.main(args=arguments, prog_name="convo-sync", standalone_mode=False)
        flush()
    except BrokenPipeError:
        leave_stdout()
    except ConvoSyncError as error:
        tell(error)
        return _after(error.exit_code)
    except click.ClickException as error:
        error.show()
        return _after(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("Stopped. Nothing that was archived is lost.")
        return _after(130)
    except OSError as error:
        say(f"The system refused: {error}.")
        return _after(1)
    except Exception as error:
        return _after(_tell_of_a_fault(error))
    # What is no number is a command's return value; click hands the number of an Exit back.
    return code if isinstance(code, int) else 0


def _after(code: int) -> int:
    """The exit code, once what was printed has reached its reader or cannot reach it."""
    try:
        flush()
    except (OSError, ConvoSyncError):
        leave_stdout()
    return code


def leave_stdout() -> None:
    """Stop printing: the reader (head, less) has seen enough. Python would complain when it flushes at exit."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell_of_a_fault(error: Exception) -> int:
    import logging

    say(f"Something is wrong in convo-sync itself: {type(error).__name__}: {error}")
    say("Nothing that was archived is lost. The same command after `convo-sync -vv` says where.")
    logging.getLogger(__name__).debug("the fault", exc_info=error)
    return 1


def tell(error: ConvoSyncError) -> None:
    """Say what happened and what to do next, on stderr."""
    say(error.message)
    if error.next_step:
        say(error.next_step)
