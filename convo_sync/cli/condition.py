"""What is not sound in an archive, in words and as JSON, for the commands that verify and repair. Prints nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convo_sync.archive.derived import Difference
from convo_sync.archive.lost import Unreadable
from convo_sync.archive.repair import RESTORE, Condition
from convo_sync.render.text import count, safe


def as_json(condition: Condition) -> dict[str, Any]:
    """The parts of a document; the names are a contract."""
    return {
        "documents": condition.documents,
        "damage": list(condition.damage),
        "indexes": [*condition.plain_indexes, *condition.search_indexes],
        "tables": {name: difference._asdict() for name, difference in condition.tables.items()},
        "unreadable": [each._asdict() for each in condition.unreadable],
    }


def as_lines(condition: Condition) -> Iterator[str]:
    """A line for each thing that is wrong, save what cannot be read."""
    yield from (safe(f"The file is damaged: {each}.") for each in condition.damage)
    yield from (safe(f"An index of a table: {each}.") for each in condition.plain_indexes)
    yield from (safe(f"The search index: {each}.") for each in condition.search_indexes)
    yield from (f"The table {name}: {_counted(difference)}." for name, difference in condition.tables.items())


def unreadable(condition: Condition) -> Iterator[str]:
    """A line for each document that cannot be read."""
    yield from (safe(f"{_name(each)} cannot be read: {each.why}.") for each in condition.unreadable)


def _counted(difference: Difference) -> str:
    counts = (
        (difference.missing, "missing"),
        (difference.differing, "not as the document says"),
        (difference.left_over, "in no document"),
    )
    return ", ".join(f"{count(number, 'row')} {what}" for number, what in counts if number)


def _name(each: Unreadable) -> str:
    of = f" of {each.conversation_id}" if each.conversation_id else ""
    return f"The {' '.join(part for part in (each.kind or 'document', each.item) if part)}{of}"


def next_step(condition: Condition) -> str:
    """What to do about it."""
    if condition.damage:
        return RESTORE
    if condition.needs_repair:
        return "Run `convo-sync archive repair`: it mends this from the archived documents, without a network."
    return "What cannot be read is left as it is, with all that was made from it before; a backup may have it whole."
