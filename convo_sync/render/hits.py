"""A search's hits: grouped by meeting for a person, or as the JSON that other tools rely on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from convo_sync.hits import Hit, SearchResult, Segment
from convo_sync.render import command
from convo_sync.render.text import Look, clip, count, marked, safe, safe_marked, wrap
from convo_sync.render.when import day_and_minute, into

# The turns before a hit's and after it.
Around = tuple[Sequence[Segment], Sequence[Segment]]
# The contract of `search --json`, in this order.
HIT_KEYS = (
    "conversation_id", "title", "start_time", "kind", "position", "first_position", "last_position", "speaker",
    "timestamp", "text", "snippet", "score",
)  # fmt: skip
# What the summary proposes for -n, and the most that it takes.
_FEWEST_MORE, _MOST_HITS = 50, 10_000
_NAMES = {"title": "title", "keypoints": "key point", "action_item": "action item", "email": "e-mail"}
_REPLIES = ("answer", "email")  # their texts begin with a line of their own: the question, the subject


def as_json(result: SearchResult) -> dict[str, Any]:
    """The document that ``search --json`` prints."""
    return {
        "query": result.query,
        "total": result.total,
        "more": result.more,
        "hits": [{key: getattr(hit, key) for key in HIT_KEYS} for hit in result.hits],
        "coverage": {
            "conversations": result.coverage.conversations,
            "without_transcript": result.coverage.without_transcript,
        },
    }


def lines(result: SearchResult, look: Look, around: Sequence[Around] = ()) -> Iterator[str]:
    """The hits, a meeting's together where its best one ranks; then what there is besides, and how to open one.

    Args:
        around: the turns before and after each hit; none for none.
    """
    groups: dict[str, list[tuple[Hit, Around]]] = {}
    for hit, turns in zip(result.hits, around or [((), ())] * len(result.hits), strict=True):
        groups.setdefault(hit.conversation_id, []).append((hit, turns))
    number = 0
    for hits in groups.values():
        yield from _heading(hits[0][0], look)
        for hit, turns in hits:
            number += 1
            yield from _hit(number, hit, turns, look)
        yield ""
    yield from wrap(_summary(result, shown=len(groups)), look.prose)
    unseen = blind_spot(result)
    if unseen:
        yield look.warning(unseen)
    yield look.faint(f"Open one: {_opening(result.hits[0])}")


def blind_spot(result: SearchResult) -> str:
    """What the search could not see, as a sentence; empty where it saw all."""
    lacking = result.coverage.without_transcript
    if not lacking:
        return ""
    where = " in this range" if result.coverage.in_range else ""
    return f"{count(lacking, 'meeting')}{where} {'has' if lacking == 1 else 'have'} no transcript yet."


def _heading(hit: Hit, look: Look) -> Iterator[str]:
    title, *more = wrap(safe(hit.title) or "(no title)", look.prose)
    yield look.bold(title)
    yield from map(look.bold, more)
    yield look.faint(f"{day_and_minute(hit.start_time, look)} · {safe(hit.conversation_id)}")


def _hit(number: int, hit: Hit, around: Around, look: Look) -> Iterator[str]:
    label = f"{number:3}. "
    if hit.kind == "title":
        yield f"{label}in the title"
        return
    about = [safe(hit.speaker or "unknown"), into(hit.timestamp, hit.start_time, look), f"--at {hit.position}"]
    if hit.position is None:
        about = [_NAMES.get(hit.kind, hit.kind)]
    yield f"{label}{' · '.join(filter(None, about))}"
    before, after = around
    indent = " " * len(label)
    yield from (_neighbour(turn, indent, look) for turn in before)
    wrapped = (wrap(safe_marked(part), look.prose, indent) for part in _parts(hit, look.prose - len(indent)))
    yield from marked(chain.from_iterable(wrapped), look)
    yield from (_neighbour(turn, indent, look) for turn in after)


def _parts(hit: Hit, columns: int) -> Iterator[str]:
    """The snippet; that of an answer or e-mail below its question or subject, wherever in the text it begins."""
    if hit.kind not in _REPLIES:
        yield hit.snippet
        return
    head, _, rest = hit.snippet.partition("\n")
    if hit.snippet.startswith("…") and not hit.text.startswith("…"):
        head, rest = clip(safe(hit.text.partition("\n")[0]), columns), hit.snippet
    yield from filter(str.strip, (head, rest))


def _neighbour(turn: Segment, indent: str, look: Look) -> str:
    return look.faint(clip(f"{indent}{safe(turn.speaker or 'unknown')}: {safe(turn.text)}", look.prose))


def _summary(result: SearchResult, *, shown: int) -> str:
    what = f"{count(len(result.hits), 'hit')} in {count(shown, 'meeting')}"
    if not result.more:
        return f"{what}."
    among = f"; {count(result.total, 'meeting has', 'meetings have')} hits" if result.total > shown else ""
    wider = min(_MOST_HITS, max(_FEWEST_MORE, 5 * len(result.hits)))
    return f"{what}{among}; -n {wider} shows more." if wider > len(result.hits) else f"{what}{among}; there are more."


def _opening(hit: Hit) -> str:
    return command.show(hit.conversation_id, "" if hit.position is None else f"--at {hit.position}")
