"""What must hold: each part measures one promise and holds it against its limit. Must not know how it is printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from benchmarks.figures import Figure
from benchmarks.search import contract, known_items, rivals, strings
from benchmarks.search.rivals import OURS, PLAIN, SPARED
from benchmarks.search.setting import Setting
from benchmarks.search.turns import Turns
from convo_sync import open_archive

ANSWER_1, ANSWER_10 = 0.30, 0.56  # on the half that is not tuned on
SHARE_OF_PLAIN = 0.1  # of the time that FTS5 needs to rank every match
GROWTH = 2.5  # of the time, from one copy to all
_TOLD = 10  # of what went wrong, on stderr
_SHOWN = 200  # characters of a string


def quality(setting: Setting) -> Iterator[Figure]:
    """How well the questions are answered, and whether every result is as it must be."""
    ours = setting.scores(1, OURS, "held-out")
    yield Figure.at_least("answer@1, held-out half", ours.answer_1, ANSWER_1, digits=3)
    yield Figure.at_least("answer@10, held-out half", ours.answer_10, ANSWER_10, digits=3)
    largest = setting.copies
    among, *plain = (setting.scores(largest, name, "held-out").answer_10 for name in (OURS, PLAIN, SPARED))
    what = f"answer@10, held-out half, at {setting.size(largest):,} turns, against the better FTS5 OR"
    yield Figure.at_least(what, among, max(plain), digits=3)
    for copies in setting.sizes:
        yield _contract(setting, copies)


def _contract(setting: Setting, copies: int) -> Figure:
    found = setting.trials(copies)[OURS].found
    breaches = contract.breaches(setting.archive(copies), found)
    for breach in breaches[:_TOLD]:
        setting.tell(f"breach: {breach}")
    what = f"hits that break the contract, at {setting.size(copies):,} turns"
    return _none_of(what, len(breaches), sum(map(len, found)), "hits")


def _none_of(what: str, count: int, of: int, unit: str) -> Figure:
    """A figure that must be zero."""
    return Figure(what, f"{count:,}", f"{of:,} {unit}", count / max(1, of), 0.0)


def known(setting: Setting) -> Iterator[Figure]:
    """Whether what is remembered of one turn finds it."""
    turns = Turns(setting.items)
    with rivals.ours(setting.archive(1)) as searcher:
        outcomes = known_items.asked(turns, searcher, setting.turns)
    for told in known_items.missed(outcomes, _TOLD):
        setting.tell(told)
    yield from known_items.figures(outcomes)


def latency(setting: Setting) -> Iterator[Figure]:
    """How long answers take with all copies, beside plain FTS5, and beside one copy."""
    ours, plain = (setting.latency(setting.copies, name).p95 for name in (OURS, PLAIN))
    small = setting.latency(1, OURS).p95
    what = f"p95 at {setting.size(setting.copies):,} turns, against"
    yield Figure.of(f"{what} {PLAIN}, by rank", ours, plain, limit=SHARE_OF_PLAIN, unit="ms", digits=1)
    yield Figure.of(f"{what} that at {setting.size(1):,}", ours, small, limit=GROWTH, unit="ms", digits=1)


def ordeal(setting: Setting) -> Iterator[Figure]:
    """Whether any string fails or takes long."""
    said = " ".join(turn["text"] for item in setting.items for turn in item["transcript"]["segments"])
    words = sorted(set(said.split()))
    with open_archive(setting.archive(1)) as archive:
        came = strings.ordeal(archive, strings.drawn(words, setting.strings), setting.tell)
    for error, text in came.failures[:_TOLD]:
        setting.tell(f"failed: {error} for {_shortened(text)}")
    seconds, slowest = came.slowest
    setting.tell(f"slowest: {seconds:.3f} s for {_shortened(slowest)}; refused in a sentence: {came.refused:,}")
    yield _none_of("random strings that fail", len(came.failures), came.asked, "strings")
    yield Figure.of("the slowest of them", seconds * 1e3, strings.MOST_SECONDS * 1e3, limit=1.0, unit="ms", digits=1)


def _shortened(text: str) -> str:
    shown = ascii(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}… ({len(text):,} characters)"


PARTS: Mapping[str, Callable[[Setting], Iterator[Figure]]] = {
    "quality": quality,
    "latency": latency,
    "known": known,
    "strings": ordeal,
}
