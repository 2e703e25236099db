"""Something that a person remembers of one turn must find that turn, where no other turn fits as well.

Brute force over all turns says which fit. Must not know how the search reads words.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmarks.figures import Figure
from benchmarks.search.trials import Searcher, Span
from benchmarks.search.turns import Turn, Turns, has_phrase
from benchmarks.search.words import STOP_WORDS, WORD

LEAST = 0.99
FEWEST_WORDS = 8
_SEED = "convo-sync known items 1"
_QUOTED = 5


class Memory(NamedTuple):
    """What is typed about a turn. `fitting`: numbers of the turns that have it; `fits`: whether a run of turns has."""

    what: str
    query: str
    fitting: set[int]
    fits: Callable[[Sequence[Turn]], bool]


def drawn(turns: Turns, count: int) -> Sequence[int]:
    """The numbers of so many turns that are long enough, always the same; all of them where they are fewer."""
    long = [number for number, turn in enumerate(turns.all) if len(turn.words) >= FEWEST_WORDS]
    return random.Random(_SEED).sample(long, min(count, len(long)))


def memories(turns: Turns, number: int) -> Iterator[Memory]:
    """All that is asked about one turn."""
    turn, rarest = turns.all[number], turns.rarest(turns.all[number])
    if len(rarest) >= 4:
        yield _words(turns, turn, rarest[:4])
    yield _quote(turns, turn, random.Random(f"{_SEED} {number}"))
    telling = [word for word in rarest if word not in STOP_WORDS][:2]
    if len(telling) == 2 and turn.name:
        yield _named(turns, turn, telling)
        yield _by(turns, turn, telling)


def _words(turns: Turns, turn: Turn, rare: Sequence[str]) -> Memory:
    def fits(run: Sequence[Turn]) -> bool:
        return set(rare) <= {word for each in run for word in each.words}

    return Memory("its four rarest words", _as_said(turn, rare), turns.saying(rare), fits)


def _quote(turns: Turns, turn: Turn, draw: random.Random) -> Memory:
    start = draw.randrange(len(turn.words) - _QUOTED + 1)
    phrase = turn.words[start : start + _QUOTED]
    places = [found.span() for found in WORD.finditer(turn.text)]
    # As it stands in the text, commas and all; a quotation mark would end the quote.
    text = turn.text[places[start][0] : places[start + _QUOTED - 1][1]].replace('"', " ")

    def fits(run: Sequence[Turn]) -> bool:
        return any(has_phrase(each.words, phrase) for each in run)

    return Memory("five words of it in quotes", f'"{text}"', turns.quoting(phrase), fits)


def _named(turns: Turns, turn: Turn, rare: Sequence[str]) -> Memory:
    wanted = {*rare, *turn.name}

    def fits(run: Sequence[Turn]) -> bool:
        return wanted <= {word for each in run for word in (*each.words, *each.name)}

    query = f"{_as_said(turn, rare)} {turn.speaker}"
    return Memory("two rare words and the speaker's name", query, turns.saying_or_by(wanted), fits)


def _by(turns: Turns, turn: Turn, rare: Sequence[str]) -> Memory:
    fitting = {number for number in turns.saying(rare) if turns.all[number].speaker == turn.speaker}

    def fits(run: Sequence[Turn]) -> bool:
        said = {word for each in run for word in each.words}
        return set(rare) <= said and any(each.speaker == turn.speaker for each in run)

    query = f'{_as_said(turn, rare)} speaker:"{turn.speaker}"'
    return Memory("two rare words and speaker:NAME", query, fitting, fits)


def _as_said(turn: Turn, some: Sequence[str]) -> str:
    """These words in the order in which they were said."""
    return " ".join(sorted(some, key=turn.words.index))


class Outcome(NamedTuple):
    """One memory asked: whether only one turn fits, and whether the first hit is as it must be then."""

    what: str
    query: str
    is_only: bool
    is_right: bool


def asked(turns: Turns, searcher: Searcher, count: int) -> Sequence[Outcome]:
    """Ask for so many turns by all that is remembered of each."""
    places = {(turn.conversation_id, turn.position): number for number, turn in enumerate(turns.all)}
    return [
        _outcome(turns, places, number, memory, next(iter(searcher.find(memory.query)), None))
        for number in drawn(turns, count)
        for memory in memories(turns, number)
    ]


def missed(outcomes: Sequence[Outcome], most: int) -> Iterator[str]:
    """A few of each kind that were not found, in words."""
    for what in dict.fromkeys(each.what for each in outcomes):
        of_kind = [each for each in outcomes if each.what == what and not each.is_right]
        for each in of_kind[:most]:
            yield f"missed by {what}{' (alone to fit)' if each.is_only else ''}: {each.query}"


def _outcome(
    turns: Turns, places: Mapping[tuple[str, int], int], number: int, memory: Memory, first: Span | None
) -> Outcome:
    run = [] if first is None else _run(places, first)
    if memory.fitting == {number}:
        return Outcome(memory.what, memory.query, True, number in run)
    return Outcome(memory.what, memory.query, False, bool(run) and memory.fits([turns.all[each] for each in run]))


def _run(places: Mapping[tuple[str, int], int], span: Span) -> Sequence[int]:
    """The numbers of a hit's turns; those that are in no meeting are left out."""
    every = (places.get((span.conversation_id, position)) for position in range(span.first, span.last + 1))
    return [number for number in every if number is not None]


def figures(outcomes: Sequence[Outcome]) -> Iterator[Figure]:
    """For each kind of memory: where one turn alone fits, and where several do."""
    counts = Counter((each.what, each.is_only, each.is_right) for each in outcomes)
    for what in dict.fromkeys(each.what for each in outcomes):
        for is_only, case in ((True, "it alone fits, in the first hit"), (False, "several fit, one in the first hit")):
            right, wrong = (counts[what, is_only, is_right] for is_right in (True, False))
            if right + wrong:
                name = f"known item by {what}: {case} ({right + wrong:,})"
                yield Figure.at_least(name, right / (right + wrong), LEAST, digits=3)
