"""``convo-sync archive forget``: wires lock and forgetting, and says which copies still have the meeting."""

from __future__ import annotations

from contextlib import closing

import click

from convo_sync.archive import forgetting
from convo_sync.archive.forgetting import Forgotten
from convo_sync.archive.inbox import Inbox
from convo_sync.archive.read import Reader
from convo_sync.cli.account import utc_now
from convo_sync.cli.changing import agree, described, require_whole
from convo_sync.cli.hand import WAIT_SECONDS
from convo_sync.cli.output import look, say, typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.spending import meeting
from convo_sync.cli.stopping import Stopped, stoppable
from convo_sync.errors import NothingFound, TryLater
from convo_sync.lock import WriterLock
from convo_sync.records import ConversationId
from convo_sync.render.text import safe

ELSEWHERE = "Backups that lie elsewhere are not looked into. Convo keeps its own: convo-sync remote delete."


@click.command("forget", epilog="Example: convo-sync archive forget sess_v2_kickoff")
@click.argument("id")
@click.option("--yes", is_flag=True, help="Remove it without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(setup: Setup, id: str, yes: bool, as_json: bool) -> None:
    """Remove one meeting from the archive, for good: every document and version, and every trace in the file.

    Only its id stays, so that no sync fetches it again, and what its AI credits cost. The file is written anew, which
    takes as much room again for a moment. At Convo nothing is changed.
    """
    conversation_id, what = _named(setup, typed(id), yes=yes)
    if what:
        removed = f"{what} will be removed from this archive for good. No sync brings it back."
        agree(removed, "Remove it for good?", "remove it", yes=yes)
    result = _forget(setup, conversation_id)
    if as_json:
        write_json(_as_json(conversation_id, result))
    else:
        write_lines(_lines(conversation_id, what, result))
    if not result.is_wiped:
        raise TryLater(
            "Another program is reading the archive, so that its file still has words of the meeting.",
            "Close that program, then run the same command again.",
        )


def _named(setup: Setup, name: str, *, yes: bool) -> tuple[ConversationId, str]:
    """The id, and the meeting in words; none for one that is forgotten, which may have to be wiped once more."""
    try:
        row = meeting(setup, name)
    except NothingFound:
        with Reader(setup.archive_file) as archive:
            if not archive.is_forgotten(name):
                raise
        return ConversationId(name), ""
    require_whole(row, name, yes=yes)
    return ConversationId(row.id), described(row, look())


def _forget(setup: Setup, conversation_id: ConversationId) -> Forgotten:
    lock = WriterLock(setup.archive, "convo-sync archive forget")
    try:
        with lock.acquire(WAIT_SECONDS, lambda holder: say(f"Waiting for {holder} to let this in …")), stoppable():
            result = forgetting.forget(setup.archive, conversation_id, utc_now())
            with closing(Inbox(setup.archive)) as inbox:
                return result._replace(is_wiped=inbox.forget(conversation_id) and result.is_wiped)
    except KeyboardInterrupt:
        said = "Stopped. The meeting may be gone, but not yet every trace of it."
        raise Stopped(said, "Run the same command again.") from None


def _lines(conversation_id: str, what: str, result: Forgotten) -> list[str]:
    lines = [f"Forgotten: {what}." if result.is_new else f"{safe(conversation_id)} was forgotten already; wiped again."]
    if result.copies:
        lines.append("These files still have it; delete them once you need them no more:")
        lines += [f"  {safe(str(each))}" for each in result.copies]
    if result.unread:
        lines.append("These could not be read, and may have it:")
        lines += [f"  {safe(str(each))}" for each in result.unread]
    return [*lines, ELSEWHERE]


def _as_json(conversation_id: str, result: Forgotten) -> dict[str, object]:
    return {
        "conversation_id": conversation_id,
        "state": "forgotten" if result.is_new else "forgotten before",
        "wiped": result.is_wiped,
        "copies": [str(each) for each in result.copies],
        "unread_copies": [str(each) for each in result.unread],
    }
