"""What is quick to start: a group whose commands are imported only when they run, and what click has, but slower.

``search`` must not wait for the modules of ``sync``, nor for translations of lines that it does not print.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from convo_sync.cli.output import flush

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class QuickToStart(click.Command):
    """A command with a ``--help`` of its own. click's looks for translations of its line, which takes a search 2 ms."""

    _own_help: click.Option | None = None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Make it at the first call; click tells it from other options by its identity."""
        if self._own_help is None:
            says = "Show this message and exit."
            names = self.get_help_option_names(ctx)
            self._own_help = click.Option(
                names, is_flag=True, expose_value=False, is_eager=True, help=says, callback=_show_help
            )
        return self._own_help


def _show_help(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


class FileName(click.types.StringParamType):
    """Any path, which a shell completes. `click.Path` looks for translations of its name, whether asked or not."""

    name = "path"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Leave it to the shell."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


class LazyGroup(QuickToStart, click.Group):
    """A group that knows each command's home and one line of help, so that ``--help`` and completion import none."""

    def __init__(self, *args: Any, homes: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._homes = homes

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(self._homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        home = self._homes.get(cmd_name)
        if home is None:
            return None
        command = getattr(import_module(home[0]), "command")  # noqa: B009 - every command module names it so
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader of its output that has seen enough (head, less) ends it well.

        A broken pipe is always stdout's: stderr loses its reader silently.
        """
        try:
            result = super().invoke(ctx)
            flush()
        except BrokenPipeError as error:
            from convo_sync.cli.root import leave_stdout

            leave_stdout()
            raise click.exceptions.Exit(0) from error
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in self._homes.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names from the table alone."""
        from click.shell_completion import CompletionItem

        found = [CompletionItem(n, help=h) for n, (_, h) in self._homes.items() if n.startswith(incomplete)]
        return found or click.Command.shell_complete(self, ctx, incomplete)
