"""``convo-sync completion``: click's completion script for a shell."""

from __future__ import annotations

import click

from convo_sync.cli.output import typed, write
from convo_sync.errors import UsageError

SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_CONVO_SYNC_COMPLETE"


def _shells(_ctx: click.Context, _argument: click.Parameter, begun: str) -> list[str]:
    return [shell for shell in SHELLS if shell.startswith(begun)]


@click.command("completion", epilog='Example: eval "$(convo-sync completion bash)"')
@click.argument("shell", metavar="SHELL", shell_complete=_shells)
def command(shell: str) -> None:
    """Print the completion script for your SHELL: bash, zsh or fish.

    Put the example's line into your shell's start file; for fish: convo-sync completion fish | source
    """
    if shell not in SHELLS:
        raise UsageError(f"There is no completion for “{typed(shell)}”.", f"There is one for {', '.join(SHELLS)}.")
    from click.shell_completion import get_completion_class

    from convo_sync.cli.root import root

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has these three
    write(f"{kind(root, {}, 'convo-sync', _VARIABLE).source()}\n")
