"""Who speaks in the conversations that a search looks into, and which turns are those of a person who was named."""

from collections.abc import Collection, Iterable, Sequence

from convo_sync.archive import matching, outlines, sqlite
from convo_sync.archive.matching import TURNS
from convo_sync.archive.wording import Wording
from convo_sync.passages import Outline


class Voices:
    """`named`: whom the words name; `outlines`: of the conversations that were read, by number."""

    def __init__(self, connection: sqlite.Connection, wording: Wording, numbers: Iterable[int]) -> None:
        self._connection = connection
        self.named = wording.named(outlines.everybody(connection))
        self.outlines: dict[int, Outline] = outlines.read(connection, numbers)
        self._of_named: dict[int, set[int]] = {}

    def read(self, numbers: Collection[int]) -> None:
        """Read the outlines of these conversations, too."""
        missing = set(numbers) - self.outlines.keys()
        if missing:
            self.outlines.update(outlines.read(self._connection, missing))

    def by_one_named(self, ids: Sequence[int]) -> list[int]:
        """Of these turns those of somebody whose whole name was typed."""
        if not ids or not self.named.words:
            return []
        self.read({id_ // TURNS for id_ in ids})
        return [id_ for id_ in ids if self._is_by_one_named(id_)]

    def anywhere_by_one_named(self, match: str, among: Collection[int] | None, *, most: int) -> list[int]:
        """Those of the first `most` turns that have it, of conversations in which somebody takes part who was named."""
        if not self.named.words:
            return []
        present = outlines.with_speakers(self._connection, self.named.in_full)
        numbers = present if among is None else present.intersection(among)
        return self.by_one_named(matching.turns(self._connection, match, numbers, most=most)) if numbers else []

    def _is_by_one_named(self, id_: int) -> bool:
        number, position = divmod(id_, TURNS)
        if number not in self._of_named:
            shares = self.named.voices(self.outlines[number].speakers) if number in self.outlines else {}
            self._of_named[number] = {voice for voice, share in shares.items() if share == 1.0}
        voices = self._of_named[number]
        return bool(voices) and self.outlines[number].voices[position] in voices
