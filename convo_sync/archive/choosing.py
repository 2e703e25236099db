"""Which meetings a person or a topic is in. It reads, and knows nothing of how meetings are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from convo_sync.archive import people, sqlite
from convo_sync.archive.promises import FIRST_LOOK, LONG_LOOK, Search, is_enough

_Row = Sequence[Any]


def chosen(
    connection: sqlite.Connection, search: Search, rows: Iterable[_Row], person: str, about: str, limit: int
) -> Iterator[_Row]:
    """Those of the rows, each beginning with a conversation's id, with this person and about these words.

    Args:
        person: a part of a participant's or speaker's name; empty for anybody.
        about: words for the ranked search, whose best conversation comes first; empty for any.
        limit: so many are enough; below zero, as many as the best hits have.
    """
    if person:
        present = people.present(connection)
        names = people.meant(person, present, part=True)
        together = people.meetings_of(present, names)
        rows = [row for row in rows if row[0] in together]
    return iter(_about(search, about, list(rows), limit) if about else rows)


def _about(search: Search, words: str, rows: list[_Row], limit: int) -> list[_Row]:
    found: list[_Row] = []
    for most in (FIRST_LOOK, LONG_LOOK):
        result = search(words, limit=most)
        ranks: dict[str, int] = {}
        for rank, hit in enumerate(result.hits):
            ranks.setdefault(hit.conversation_id, rank)
        found = sorted((row for row in rows if row[0] in ranks), key=lambda row: ranks[row[0]])
        if not result.more or is_enough(len(found), limit):
            break
    return found
