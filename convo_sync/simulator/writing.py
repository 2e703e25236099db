"""The operations that change something and cost nothing: title, deletion and sharing.

Must not know limits, faults or the wire.
"""

from __future__ import annotations

from convo_sync.simulator.call import Call
from convo_sync.simulator.listing import listed_row
from convo_sync.simulator.wire import Response, answer


def update_title(call: Call) -> Response:
    """The row with its new title."""
    meeting = call.living()
    call.world.rename(meeting.id, call.body["title"])
    return answer(listed_row(call, meeting))


def delete_conversation(call: Call) -> Response:
    """Gone."""
    meeting = call.living()
    call.world.delete(meeting.id)
    return answer({"id": meeting.id, "deleted": True})


def share_conversation(call: Call) -> Response:
    """The public address."""
    return answer({"shareUrl": call.world.share(call.living().id)})
