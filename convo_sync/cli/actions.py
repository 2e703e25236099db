"""``convo-sync actions``: what was promised, by whom, and which of it is marked as done."""

from __future__ import annotations

import click

from convo_sync.archive.people import ME, is_part, names
from convo_sync.archive.read import Reader
from convo_sync.briefs import Promises
from convo_sync.cli.asking import (
    answer,
    asked,
    beginnings,
    dated,
    filled,
    none_can_be,
    none_named,
    of_meetings_since,
    told,
)
from convo_sync.cli.output import look
from convo_sync.cli.root import Setup
from convo_sync.errors import NothingFound, UsageError
from convo_sync.render import agreed
from convo_sync.render.command import line
from convo_sync.render.text import count, safe
from convo_sync.render.when import as_of

VERBS = ("done", "undo")
PRIORITIES = click.Choice(("high", "medium", "low"), case_sensitive=False)
_MOST_NAMES = 8


@click.command("actions", epilog="Example: convo-sync actions --owner me --priority high")
@click.argument("words", nargs=-1)
@click.option("--owner", metavar="NAME", help="To be done by this person: a part of the name, or “me” for yourself.")
@click.option("--priority", type=PRIORITIES, help="Only those of this priority.")
@of_meetings_since
@click.option("--all", "with_done", is_flag=True, help="Also those that are marked as done.")
@told("Items", default=20)
@click.pass_obj
def command(
    setup: Setup,
    words: tuple[str, ...],
    owner: str | None,
    priority: str | None,
    since: str | None,
    with_done: bool,
    limit: int,
    as_json: bool,
    utc: bool,
) -> None:
    """List open action items, the newest meeting's first; with WORDS those about them, the best first.

    Each item has a number of its own, which stays:

    \b
      convo-sync actions done 12 15    marks these two as done
      convo-sync actions undo 12       takes the mark back

    Marks are made in this archive alone. They belong to the meeting and to the item's text: no sync removes them, also
    where Convo makes the key points anew.
    """
    if words[:1] and words[0] in VERBS:
        if owner is not None or priority or since is not None or with_done:
            raise UsageError(f"actions {words[0]} takes numbers, and none of the other options.", "Leave them out.")
        from convo_sync.cli import marking

        marking.mark(setup, words[0], words[1:], as_json=as_json)
        return
    about, whose = asked(words), filled("--owner", owner)
    (first,) = beginnings(since)
    with Reader(setup.archive_file) as archive:
        found = archive.action_items(
            about, owner=whose, priority=priority or "", since=first, done=with_done, limit=limit
        )
    view, narrowed = look(utc=utc), bool(about or whose or priority or since)
    lines = agreed.item_lines(found, view, with_done=with_done, hint=_for_an_owner(about, found))
    why = None if found.items else dated(_why_none(found, about, whose, narrowed=narrowed), as_of(found.as_of, view))
    answer(agreed.items_as_json(found) if as_json else lines, why)


def _for_an_owner(about: str, found: Promises) -> str:
    """What to type where the words are a person's name: they are looked for in the items' texts."""
    called = next((name for name in found.owners if about and names(about, name)), None)
    return f"`{line('actions', '--owner', about)}` lists what {safe(called)} is to do." if called else ""


def _why_none(found: Promises, about: str, owner: str, *, narrowed: bool) -> NothingFound:
    if why := none_can_be(found.coverage, "action items"):
        return why
    if found.done:
        done = "The only action item" if found.done == 1 else f"All {count(found.done, 'action item')}"
        like = " like that" if narrowed else ""
        return NothingFound(f"{done}{like} {'is' if found.done == 1 else 'are'} done.", "--all shows them.")
    if owner.casefold() == ME and not found.coverage.owner:
        return NothingFound("The archive does not know yet whose it is.", "Say the name: --owner NAME.")
    if owner.casefold() != ME and owner and not any(is_part(owner, name) for name in found.owners):
        return NothingFound(f"No action item is for anybody called {owner}.", _owners(found))
    if not narrowed:
        return none_named("action items")
    step = _for_an_owner(about, found) or "`convo-sync actions` alone shows what is open."
    return NothingFound("No open action item is like that.", step)


def _owners(found: Promises) -> str:
    if not found.owners:
        return "No action item here says who is to do it."
    more = len(found.owners) - _MOST_NAMES
    others = f", and {count(more, 'other', 'others')}" if more > 0 else ""
    return f"Those who have some: {', '.join(found.owners[:_MOST_NAMES])}{others}."
