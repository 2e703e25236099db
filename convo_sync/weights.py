"""What words are worth: by how rare they are, how often they stand together, and who says them. Pure.

docs/search.md has the measurements behind every number.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log

from convo_sync.tuples import NamedTuple

MOST = 40  # occurrences of one term after which more of them say nothing
SPOKEN, _HALF_SPOKEN = 4.0, 0.3  # for a passage all said by a person who was named; the share that reaches half of it


class Weights(NamedTuple):
    """What each term's k-th occurrence adds: within the passage, and within the words around it."""

    within: Sequence[Sequence[float]]
    around: Sequence[Sequence[float]]


def weights(of_terms: Sequence[float], *, within: float = 0.7, around: float = 0.4) -> Weights:
    """Saturating weights: each further occurrence of a term adds less (BM25's k1 of 1.2 within and 2 around)."""
    return Weights(
        [[within * weight * step for step in _steps(1.2)] for weight in of_terms],
        [[around * weight * step for step in _steps(2.0)] for weight in of_terms],
    )


def once(of_terms: Weights, bonus: float) -> Weights:
    """The same with one term more, which counts by its first occurrence within a passage alone."""
    return Weights([*of_terms.within, [bonus, *[0.0] * MOST]], [*of_terms.around, [0.0] * (MOST + 1)])


def _steps(saturation: float) -> list[float]:
    reached = [count * (saturation + 1) / (count + saturation) for count in range(MOST + 1)]
    return [after - before for before, after in pairwise(reached)] + [0.0]


def most_of(terms: Iterable[int], of_terms: Weights) -> tuple[float, float]:
    """What these occurrences add at most: all within one passage, and all around it."""
    counts = Counter(terms).items()
    return (
        sum([sum(of_terms.within[term][:count]) for term, count in counts]),
        sum([sum(of_terms.around[term][:count]) for term, count in counts]),
    )


def said_by_one_named(share: float) -> float:
    """What it counts that a share of the words is theirs."""
    return SPOKEN * share * (1 + _HALF_SPOKEN) / (share + _HALF_SPOKEN)


def shorter(times: float) -> float:
    """What a turn's words count for, if it is so many times a passage's length: the rest is about other things."""
    return 2.2 / (1.0 + 1.2 * (0.25 + 0.75 * times))


def rarity(said: int, turns: int, per_passage: float) -> float:
    """Inverse document frequency over passages, as estimated from turns.

    Args:
        said: turns that have it.
        per_passage: turns of a passage, on average.
    """
    share = 1 - (1 - min(said, turns) / max(1, turns)) ** max(1.0, per_passage)
    return log(1 + (1 - share + 1e-6) / (share + 1e-6))
