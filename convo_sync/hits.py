"""What a search gives: ranked hits, and what it could look at. Standard library only; it knows no index and no printer.

Apart from the other views, and as named tuples without postponed annotations, because a search in a cold process waits
for this module: a dataclass takes several times as long to define.
"""

from convo_sync.tuples import NamedTuple


class Hit(NamedTuple):
    """One search result: a run of segments, or a title, key point, decision, action item (positions are None there).

    Of a transcript, `first_position` to `last_position` is the passage, at most 200 words or one turn; `position`,
    `speaker`, `timestamp` and `text` are those of its most telling turn. `snippet` is the part of `text` that tells,
    its matched words between U+2068 and U+2069.
    """

    conversation_id: str
    title: str
    start_time: str
    kind: str
    position: int | None
    first_position: int | None
    last_position: int | None
    speaker: str | None
    timestamp: str | None
    text: str
    snippet: str
    score: float


class Coverage(NamedTuple):
    """What a search could look at; `in_range`: a filter said where, and these are the conversations there."""

    conversations: int
    without_transcript: int
    in_range: bool = False


class SearchResult(NamedTuple):
    """Ranked hits. `total`: conversations with a hit among those ranked; `more`: further hits were left out."""

    query: str
    total: int
    more: bool
    hits: tuple[Hit, ...]
    coverage: Coverage


class Segment(NamedTuple):
    """One turn of a transcript. `timestamp` in the archive's width, or None."""

    position: int
    speaker: str | None
    timestamp: str | None
    text: str
