"""Ranks passages of transcripts over all conversations: what is said in them, around them, by whom, and in the whole.

It reads the indexes by `matching` and weighs by `passages`. It knows nothing of how a hit is shown.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from convo_sync import passages
from convo_sync.archive import matching, outlines, sqlite, together
from convo_sync.archive.matching import TURNS
from convo_sync.archive.sought import Sought, look_up
from convo_sync.archive.voices import Voices
from convo_sync.archive.wording import Wording
from convo_sync.passages import LONGEST, Passage
from convo_sync.query import Term
from convo_sync.tuples import NamedTuple
from convo_sync.weights import Weights, once, rarity, weights

_CONVERSATIONS, _CONVERSATIONS_FOR_FEW = 40, 32  # at least so many are looked into: for a question, for a few words
_FURTHER = 8  # times as many, where those have too few passages
_TERMS = 48  # at most, the rarest
_POSTINGS = 25_000  # turns that are looked up
_OF_A_CONVERSATION = 0.6  # what its score counts beside its passage's
_PRESENT = 2.0  # where somebody who was named takes part
_FEW = 30  # turns with every word: so few are what was meant
MEANT, _WELL = 100.0, 0.5  # where every word stands together: in so few places, or of so few words; else
_EXPONENT = 0.75
_EQUAL = 1e-6  # a difference between two scores that is none


class Ranked(NamedTuple):
    """A passage of a conversation, by the conversation's number."""

    number: int
    passage: Passage
    score: float


class Asked(NamedTuple):
    """What to rank. `among`: numbers of conversations, None for all; `by` and `not_by`: parts of speakers' names."""

    wording: Wording
    most: int
    among: Collection[int] | None = None
    by: tuple[str, ...] = ()
    not_by: tuple[str, ...] = ()
    newest_first: bool = False


class Found(NamedTuple):
    """The best passages; the conversations that have any; `more` where there are others.

    `marks` are FTS5 queries for what was looked for.
    """

    passages: list[Ranked]
    conversations: set[int]
    more: bool
    marks: tuple[str, ...] = ()


def rank(connection: sqlite.Connection, asked: Asked) -> Found:
    """The passages of those conversations that are about what was asked."""
    wording = asked.wording
    sought = _rarest(look_up(connection, wording.telling))
    if not any(each.is_said for each in sought):
        return Found([], set(), more=False)
    size = outlines.size(connection)
    most = max(_CONVERSATIONS_FOR_FEW if wording.is_short else _CONVERSATIONS, asked.most)
    while True:
        deciding = [each.match for each in _deciding(sought, size.transcripts, most, wording)]
        match = _all_of(*wording.required, " OR ".join(deciding))
        scores = _chosen(connection, asked, deciding, match, most + 1)
        others = len(scores) > most
        if others:
            scores.popitem()
        found = _Ranking(connection, asked, sought, scores, match, size).best(more=others)
        # A conversation may have the words and no passage: another person said them, or a barred turn has them.
        if len(found.passages) >= asked.most or not others:
            return found._replace(marks=tuple(each.match for each in sought))
        most *= _FURTHER


def _chosen(
    connection: sqlite.Connection, asked: Asked, deciding: Sequence[str], match: str, most: int
) -> dict[int, float]:
    """The conversations to look into: the best, or the newest that have every word, if there are any."""
    if not asked.newest_first:
        return matching.about(connection, match, most=most, among=asked.among)
    every = _all_of(*asked.wording.required, *deciding)
    found = matching.newest(connection, every, most=most, among=asked.among)
    return found or matching.newest(connection, match, most=most, among=asked.among)


def _all_of(*matches: str) -> str:
    return " AND ".join(f"({match})" for match in matches)


def _rarest(sought: Sequence[Sought]) -> Sequence[Sought]:
    """The rarest terms first, none of those that were quoted left out."""
    in_order = sorted(sought, key=lambda each: each.conversations)
    return [each for number, each in enumerate(in_order) if number < _TERMS or each.term.required]


def _deciding(sought: Sequence[Sought], transcripts: int, most: int, wording: Wording) -> Sequence[Sought]:
    """The terms that tell one conversation from another: BM25 gives nothing for what is in more than half of them.

    What was quoted stays, since it is enough by itself; and everything, where each conversation can be looked into, or
    where either of two was wanted.
    """
    if transcripts <= most or wording.has_choice:
        return sought
    return [each for each in sought if each.term.required or 2 * each.conversations <= transcripts] or sought[:2]


class _Stood(NamedTuple):
    """A term with the number of turns that have it, and the ids of those that are looked at."""

    term: Term
    match: str
    said: int
    turns: list[int]


class _Ranking:
    """One query's way from words to passages."""

    def __init__(
        self,
        connection: sqlite.Connection,
        asked: Asked,
        sought: Sequence[Sought],
        scores: dict[int, float],
        match: str,
        size: outlines.Size,
    ) -> None:
        self._connection = connection
        self._asked = asked
        self._scores = scores
        self._size = size
        self._voices = Voices(connection, asked.wording, scores)
        self._named = self._voices.named
        self._strict = together.with_every_word(connection, asked.wording, sought, self._voices, scores, asked.among)
        self._is_meant = asked.wording.is_short or len(self._strict) <= _FEW
        missing = {id_ // TURNS for id_ in self._strict} - scores.keys()
        if not self._is_meant:
            self._strict = [id_ for id_ in self._strict if id_ // TURNS in scores]
        elif missing:
            self._scores.update(dict.fromkeys(missing, 0.0))
            self._scores.update(matching.about(connection, match, most=len(missing), among=missing))
            self._voices.read(missing)
        self._stood = self._affordable(sought)

    def best(self, *, more: bool) -> Found:
        """The best passages of all conversations; once there are enough, only better ones are looked for."""
        asked, of_terms, barred = self._asked, self._weights(), self._barred()
        required = asked.wording.groups([each.term for each in self._stood])
        found: list[Ranked] = []
        conversations: set[int] = set()
        least = 0.0
        starts = matching.starts(self._connection, self._scores)
        for number, matches in self._matches().items():
            outline = self._voices.outlines.get(number)
            if outline is None or not matches:
                continue
            voices = self._named.voices(outline.speakers)
            own = _OF_A_CONVERSATION * self._scores[number] + _PRESENT * max(voices.values(), default=0.0)
            passages_, others = passages.best(
                matches,
                outline,
                of_terms,
                most=asked.most,
                least=least - own,
                voices=voices,
                required=required,
                barred=barred.get(number, ()),
            )
            if passages_ or others:
                conversations.add(number)
                more |= others
                found += [Ranked(number, passage, passage.score + own) for passage in passages_]
            if len(found) > asked.most and not asked.newest_first:
                found.sort(key=lambda each: (round(each.score, 6), starts.get(each.number, "")), reverse=True)
                more, found = True, found[: asked.most]
                least = found[-1].score - _EQUAL
        return Found(found, conversations, more)

    def _affordable(self, sought: Sequence[Sought]) -> Sequence[_Stood]:
        """The rarest terms, as many as can be looked up in time, and what was quoted; the others tell little."""
        stood: list[_Stood] = []
        total = 0
        for number, each in enumerate(sought):
            if number < 2 or each.term.required or total <= _POSTINGS:
                stood.append(self._look_up(each.term, each.match))
                total += stood[-1].said
        return stood

    def _look_up(self, term: Term, match: str) -> _Stood:
        wanted = self._asked.wording.unless_excluded(term, match)
        said, turns = matching.count_and_turns(self._connection, match, self._scores, wanted)
        return _Stood(term, match, said, turns)

    def _weights(self) -> Weights:
        turns = self._size.turns
        per_passage = LONGEST * turns / max(1, self._size.words)
        worth = [
            rarity(each.said, turns, per_passage) ** _EXPONENT * self._named.discount(each.term) for each in self._stood
        ]
        bonus = MEANT if self._is_meant else _WELL
        return once(once(weights(worth), bonus), bonus / 2)

    def _matches(self) -> Mapping[int, list[int]]:
        """By conversation: which term stands in which turn; two terms more are every word, and every word by whom."""
        every: list[int] = []
        for term, each in enumerate(self._stood):
            every += passages.matches(each.turns, term)
        strict = len(self._stood)
        every += passages.matches(self._strict, strict)
        every += passages.matches(self._voices.by_one_named(self._strict), strict + 1)
        every.sort()
        found = {number: passages.between(every, number * TURNS, (number + 1) * TURNS) for number in self._scores}
        if self._asked.by or self._asked.not_by:
            return {number: list(self._said_by(number, matches)) for number, matches in found.items()}
        return found

    def _said_by(self, number: int, matches: Iterable[int]) -> Iterator[int]:
        outline = self._voices.outlines.get(number)
        if outline is None:
            return
        wording = self._asked.wording
        fits = [wording.fits(name, self._asked.by, self._asked.not_by) for name in outline.speakers]
        yield from (each for each in matches if fits[outline.voices[passages.position_of(each)]])

    def _barred(self) -> Mapping[int, list[int]]:
        """By conversation, in order: the turns with a word that must not occur."""
        barred: dict[int, list[int]] = {}
        if self._asked.wording.unwanted:
            for id_ in sorted(matching.turns(self._connection, self._asked.wording.unwanted, self._scores)):
                barred.setdefault(id_ // TURNS, []).append(id_ % TURNS)
        return barred
