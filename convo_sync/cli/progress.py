"""How a run goes, while it goes: a bar on a terminal, a line per event elsewhere, or warnings alone.

Must not know what a run is, and must not end one: what goes wrong in showing it is lost.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from shutil import get_terminal_size
from typing import Any

import click

from convo_sync.cli.child import CREDITS, WARNING
from convo_sync.cli.output import say
from convo_sync.records import Progress
from convo_sync.render.text import count, safe

Tell = Callable[[Progress], None]
log = logging.getLogger(__name__)
# On a narrower terminal the bar's line would be wider than the screen, and leave one line a document behind.
_BAR_COLUMNS, _ROOMY = 36, 110


class Show(Enum):
    """How to show a run."""

    BAR = "bar"
    LINES = "lines"
    WARNINGS = "warnings"
    MARKED = "marked"

    @classmethod
    def choose(cls, *, quiet: bool) -> Show:
        """A bar where a person watches, lines where a log is written."""
        if quiet:
            return cls.WARNINGS
        return cls.BAR if sys.stderr is not None and sys.stderr.isatty() else cls.LINES


@contextlib.contextmanager
def progress(show: Show) -> Iterator[Tell]:
    """Something to tell events to, for the length of one run."""
    if show is Show.BAR:
        bar = _Bar()
        try:
            yield _unfailing(bar.tell)
        finally:
            with contextlib.suppress(OSError):
                bar.finish()
    else:
        yield _unfailing({Show.LINES: _line, Show.MARKED: _marked}.get(show, _warning))


def _unfailing(tell: Tell) -> Tell:
    def told(event: Progress) -> None:
        try:
            tell(event)
        except Exception:
            log.debug("%s could not be shown", event.event, exc_info=True)

    return told


def _warning(event: Progress) -> None:
    if event.event in ("braked", "warning", "rescued", "inbox"):
        say(_sentence(event))


def _marked(event: Progress) -> None:
    """For the daemon, which tells warnings by their beginning from what ended the run."""
    if event.event in ("braked", "warning", "rescued"):
        say(f"{CREDITS if event.event == 'warning' else WARNING}{_sentence(event)}")


def _line(event: Progress) -> None:
    if event.event == "step":
        say(f"{event.done}/{event.planned} {event.conversation_id} {event.detail}")
    elif event.event == "planned":
        say(f"{count(event.planned, 'document')} to ask for" if event.planned else "nothing more to ask for")
    else:
        say(_sentence(event))


def _sentence(event: Progress) -> str:
    if event.event == "gone":
        return f"{event.conversation_id} is gone at Convo ({event.detail}); the archive keeps it"
    if event.event == "braked":
        return (
            f"{event.detail}; none is marked as deleted. "
            "If you did delete them: convo-sync sync --full --accept-deletions"
        )
    if event.event == "rescued":
        return f"The archive could not take a paid reply; it is kept in {event.detail}, and read from there later"
    return f"{event.conversation_id}: {event.detail}" if event.conversation_id else event.detail


class _Bar:
    """One bar: how many documents of how many, what the hour has left, and when it will end."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._left: int | None = None
        self._is_roomy = get_terminal_size().columns >= _ROOMY

    def tell(self, event: Progress) -> None:
        self._left = event.left
        if event.event == "listed":
            click.echo(f"\r\x1b[2KMeetings: {safe(event.detail)}", err=True, nl=False)
        elif event.event == "planned":
            self._begin(event.planned)
        elif event.event == "step" and self._bar is not None:
            self._bar.update(1, current_item=event)
        else:
            click.echo(f"\r\x1b[2K{safe(_sentence(event))}", err=True)

    def _begin(self, planned: int) -> None:
        self.finish()
        if planned:
            self._bar = click.progressbar(
                length=planned,
                label="Documents",
                show_pos=True,
                show_eta=True,
                width=_BAR_COLUMNS if self._is_roomy else 0,  # 0: what the line leaves
                item_show_func=self._beside,
                file=sys.stderr,
            )
            self._bar.__enter__()

    def _beside(self, event: Progress | None) -> str:
        if self._left is None or event is None:
            return ""
        return f"{self._left} requests left this hour" if self._is_roomy else f"{self._left} left"

    def finish(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
        else:
            click.echo("", err=True)
