"""``convo-sync credits generate``: key points or feedback of one meeting, made by hand."""

from __future__ import annotations

import click

from convo_sync.cli.output import write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.cli.spending import buy, meeting, named, wish_for
from convo_sync.records import Kind
from convo_sync.render import command as typing
from convo_sync.render.credits import KINDS
from convo_sync.views import MeetingRow


@click.command("generate", epilog="Example: convo-sync credits generate keypoints sess_v2_kickoff")
@click.argument("kind", type=click.Choice(("keypoints", "feedback")))
@click.argument("id")
@click.option("--refresh", is_flag=True, help="Have new ones made although the archive has some.")
@click.option("--yes", is_flag=True, help="Spend the credit without asking.")
@click.option("--over-cap", is_flag=True, help="Also where monthly_cap is reached. keep holds all the same.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def command(setup: Setup, kind: str, id: str, refresh: bool, yes: bool, over_cap: bool, as_json: bool) -> None:
    """Have Convo make the key points or the feedback of one meeting, for 1 AI credit.

    What Convo has already comes for nothing. What is archived stays archived: new ones become the current version, and
    `convo-sync archive history` shows the old ones.
    """
    row = meeting(setup, id)
    if getattr(row, kind) == "present" and not refresh:
        _told(row, kind, "archived", 0, as_json=as_json)
        return
    what = f"{KINDS[kind].capitalize()} of {named(row)}"
    credits = buy(setup, wish_for(row, Kind(kind), force=refresh), what, yes=yes, over_cap=over_cap).credits
    _told(row, kind, "spent" if credits else "free", credits, as_json=as_json)


def _told(row: MeetingRow, kind: str, state: str, credits: int, *, as_json: bool) -> None:
    if as_json:
        write_json({"conversation_id": row.id, "kind": kind, "state": state, "credits": credits})
        return
    write_lines([_SAID[kind][state], typing.show(row.id)])


_SAID = {
    "keypoints": {
        "archived": "The key points are archived already: nothing was spent. --refresh has new ones made.",
        "free": "Key points archived. Convo had them already, so this spent nothing.",
        "spent": "Key points archived, for 1 AI credit.",
    },
    "feedback": {
        "archived": "The feedback is archived already: nothing was spent. --refresh has a new one made.",
        "free": "Feedback archived. Convo had it already, so this spent nothing.",
        "spent": "Feedback archived, for 1 AI credit.",
    },
}
