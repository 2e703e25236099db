"""The turns in which every word of a query stands: what somebody remembers, more likely than what comes near it."""

from collections.abc import Collection, Sequence

from convo_sync.archive import matching, sqlite
from convo_sync.archive.matching import TURNS
from convo_sync.archive.sought import Sought
from convo_sync.archive.voices import Voices
from convo_sync.archive.wording import Wording

_COMMON = 2_000  # turns that have the rarest word of a question that is about no certain turn
_READ = 500  # turns with every word, of which the text is read


def with_every_word(
    connection: sqlite.Connection,
    wording: Wording,
    sought: Sequence[Sought],
    voices: Voices,
    looked_into: Collection[int],
    among: Collection[int] | None,
) -> list[int]:
    """The turns that have every word; of those, if there are any, the ones that have each as it was typed.

    Args:
        sought: what the words are to the index, those of the fewest conversations first.
        looked_into: numbers of conversations; where the turns are many, those of these.
        among: numbers of conversations; any where it is None.
    """
    if not wording.is_short and _are_common(connection, sought):
        return []  # nobody asks so long a question for a turn of common words
    if wording.signs and (found := _with_signs(connection, wording, among)):
        return found
    rarity = {each.term: each.conversations for each in sought}
    for strict in wording.strict(voices.named.terms, rarity):
        found = matching.turns(connection, strict, among, most=_READ + 1)
        many = len(found) > _READ
        named = voices.anywhere_by_one_named(strict, among, most=_READ) if many else voices.by_one_named(found)
        if many and not named:
            return matching.turns(connection, strict, looked_into)
        if found := named or found:
            texts = matching.texts(connection, found)
            return [id_ for id_ in texts if wording.is_as_typed(texts[id_], voices.named.terms)] or found
    return []


def _are_common(connection: sqlite.Connection, sought: Sequence[Sought]) -> bool:
    """Whether each of the rarest of these stands in many turns."""
    return all(matching.count(connection, each.match, most=_COMMON + 1) > _COMMON for each in sought[:2])


def _with_signs(connection: sqlite.Connection, wording: Wording, among: Collection[int] | None) -> list[int]:
    every = " AND ".join(f"({term.match})" for term in wording.telling)
    found = matching.with_signs(connection, every, wording.signs, most=_READ)
    return found if among is None else [id_ for id_ in found if id_ // TURNS in among]
