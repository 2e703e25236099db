"""The books against the server's own list of charges, once everything has come to rest."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from convo_sync.archive import books, repair, sqlite
from convo_sync.credits.entries import UNPROVEN, Entry, Standing
from convo_sync.records import Kind
from convo_sync.simulator.credits import Charge, month_start
from convo_sync.simulator.meeting import Meeting
from tests.rig import iso
from tests.till import Till

CAME_LATER = "a newer document came"
# How far a time of the ledger may be off the server's: Date has whole seconds, within five two clocks are one, and what
# a dead process left came no earlier than it was reserved, which is one of the walk's slowest requests before.
SLACK = timedelta(minutes=6)
# How an entry ended, and what the server says of it.
WANTED = {
    "spent, charged: it came",
    f"spent, charged: {CAME_LATER}",
    f"spent, charged: {UNPROVEN}",
    f"spent, not charged: {UNPROVEN}",
    "free, not charged: the server had it already",
    "refused, not charged: nothing came and nothing was counted for an hour",
    "refused, not charged: refused",
    "refused, not charged: ai_limit_exceeded",
    "refused, not charged: it was not sent",
    "lost answer",
    "lost email",
    "several months",
}


def owes(rig: Till) -> bool:
    """Whether some document was not looked at since the account came to rest."""
    since = rig.simulator.requests[-1].time - timedelta(hours=30)
    sql = """
        select 1 from holdings h join conversations c on c.id = h.conversation_id
        where c.gone_at is null and h.state in ('present', 'absent') and h.checked_at < ?
    """
    return bool(rig.rows(sql, iso(since)))


def compare(rig: Till) -> Counter[str]:
    """Compare every charge and every entry; how often each ending was seen."""
    charges = _charges_by_entry(rig)
    entries = {each.id: each for each in _entries(rig)}
    assert set(charges) <= set(entries)
    seen = Counter(f"bought {charge.kind}" for charge in charges.values())
    for entry in entries.values():
        charge = charges.get(entry.id)
        seen[_checked(rig, entry, charge)] += 1
        if entry.is_lost:
            seen[f"lost {entry.wish.kind}"] += 1
        if entry.wish.reason != "asked by hand" and charge is not None:
            seen[f"bought when {(entry.wish.rule or '').split()[1].strip(',')}"] += 1
    counted = [each.standing is Standing.SPENT for each in entries.values()]
    assert rig.rows("select credits from ledger order by id") == [(int(each),) for each in counted]
    _compare_limits(rig, charges)
    seen["several months"] += len({month_start(each.time) for each in charges.values()}) > 2
    for meeting in rig.world.conversations.values():
        _compare_documents(rig, meeting)
    documents = rig.rows("select count(*) from documents")[0][0]
    assert repair.examine(rig.path) == repair.Condition((), documents=documents)
    assert not list(rig.path.parent.glob("*.reply-*"))
    return seen


def _charges_by_entry(rig: Till) -> dict[int, Charge]:
    found: dict[int, Charge] = {}
    for charge in rig.simulator.charges_of(rig.key):
        entry = rig.post_of(charge).entry
        assert entry not in found, "two charges for one request"
        found[entry] = charge
    return found


def _entries(rig: Till) -> list[Entry]:
    connection = sqlite.open_for_reading(rig.path)
    try:
        return list(books.entries(connection))
    finally:
        connection.close()


def _checked(rig: Till, entry: Entry, charge: Charge | None) -> str:
    """What became of one entry, which must be what the server says, or dearer by one credit for lack of proof."""
    assert not entry.is_pending
    spent = entry.standing is Standing.SPENT
    if charge is None:
        assert not spent or entry.evidence in (UNPROVEN, CAME_LATER), entry
    else:
        assert spent, (entry, charge)
        error = rig.clock_error if rig.simulator.assume["date_header"] == "no" else timedelta(0)
        assert entry.settled_at is not None
        assert entry.reserved_at - SLACK <= charge.time + error, (entry, charge)
        late = entry.evidence in (UNPROVEN, CAME_LATER)
        assert late or charge.time + error <= entry.settled_at + SLACK, (entry, charge)
    if entry.id in rig.kept:
        assert entry.digest is not None, entry  # whose reply was committed is never lost
    if entry.digest is not None:
        _require_archived(rig, entry)
    evidence = "refused" if entry.evidence.startswith("refused") else entry.evidence
    return f"{entry.standing}, {'charged' if charge else 'not charged'}: {evidence}"


def _require_archived(rig: Till, entry: Entry) -> None:
    wish = entry.wish
    sql = """
        select r.ledger_id from revisions r join documents d on d.id = r.document_id
        where d.conversation_id = ? and d.kind = ? and d.item = coalesce(?, '') and r.digest = ?
    """
    item = entry.item if wish.kind in (Kind.ANSWER, Kind.EMAIL) else ""
    assert rig.rows(sql, wish.conversation_id, wish.kind, item, entry.digest), entry


def _compare_limits(rig: Till, charges: dict[int, Charge]) -> None:
    """No request left while all that earlier ones of its month cost, were it later, had used up the cap."""
    for post in rig.posts:
        month = month_start(post.time)
        earlier = {each.entry for each in rig.posts if each.time < post.time}
        spent = sum(entry in earlier and _in_month(charge.time, month) for entry, charge in charges.items())
        assert post.cap is None or spent < post.cap, (post, spent)


def _in_month(moment: datetime, month: datetime) -> bool:
    return month_start(moment) == month


def _compare_documents(rig: Till, meeting: Meeting) -> None:
    """What the server still shows of what was generated is what the archive shows."""
    if meeting.deleted:
        return
    decisions = [each for (each,) in rig.rows("select text from decisions where conversation_id = ?", meeting.id)]
    assert decisions == (meeting.keypoints["keypoints"]["decisions"] if meeting.keypoints else [])
    points = [each for (each,) in rig.rows("select text from keypoints where conversation_id = ? order by position",
                                           meeting.id)]  # fmt: skip
    sections = meeting.keypoints["keypoints"]["sections"] if meeting.keypoints else []
    assert points == [point for section in sections for point in section["points"]]
    scores = [each for (each,) in rig.rows("select overall_score from feedback where conversation_id = ?", meeting.id)]
    assert scores == ([meeting.feedback["feedback"]["overallScore"]] if meeting.feedback else [])
