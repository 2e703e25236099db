"""``convo-sync doctor``: every check on a line of its own, each problem with what to do about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import click

from convo_sync.cli import output
from convo_sync.cli.account import utc_now
from convo_sync.cli.checks import Situation, examine
from convo_sync.cli.finding import Finding, State
from convo_sync.cli.root import Setup
from convo_sync.render.text import Look, count, pad, safe, wrap


@click.command("doctor", epilog="Example: convo-sync doctor --offline")
@click.option("--offline", is_flag=True, help="Leave out what needs a network.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON document.")
@click.pass_obj
def command(setup: Setup, offline: bool, as_json: bool) -> None:
    """Check everything that can be wrong, and say what to do about it.

    Sends one request to Convo at most, and changes nothing. Ends with 0 if all is well, else with the exit code of the
    first problem: 78 configuration or archive, 77 key, 69 network, 75 somebody else is writing, 1 anything else.
    """
    findings = examine(Situation(setup, offline, dict(os.environ), utc_now))
    code = next((each.exit_code for each in findings if each.state is State.PROBLEM), 0)
    if as_json:
        output.write_json(_document(findings, code))
    else:
        output.write_lines(_lines(findings, output.look(), quiet=setup.quiet))
    raise click.exceptions.Exit(code)


def _document(findings: Sequence[Finding], code: int) -> dict[str, object]:
    checks = [
        {"name": each.name, "state": each.state.value, "message": each.message, "next": each.next_step or None}
        for each in findings
    ]
    return {"ok": code == 0, "exit_code": code, "checks": checks}


def _lines(findings: Sequence[Finding], look: Look, *, quiet: bool) -> Iterator[str]:
    width = look.prose if output.is_terminal() else 0
    paint: dict[State, Callable[[str], str]] = {State.OK: str, State.PROBLEM: look.alarm, State.SKIPPED: look.faint}
    names, states = (max(map(len, words)) for words in ([each.name for each in findings], list(State)))
    for each in findings:
        if quiet and each.state is not State.PROBLEM:
            continue
        margin = " " * (states + names + 4)
        # Wrapped for a reader only; what is to be typed stays in one piece, so that it can be copied.
        message, *more = wrap(safe(each.message), width - len(margin)) if width else [safe(each.message)]
        yield f"{paint[each.state](pad(each.state, states))}  {pad(each.name, names)}  {message}"
        yield from (f"{margin}{line}" for line in more)
        if each.next_step:
            yield f"{margin}-> {safe(each.next_step)}"
    broken = sum(each.state is State.PROBLEM for each in findings)
    if not quiet:
        yield f"{count(broken, 'problem')} to mend, from the top." if broken else "Nothing is wrong."
