"""The versions of a meeting's documents for a person: when, why, how much changed, and on request what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from convo_sync.briefs import ChangedLine, Comparison, History, Hunk, Piece, Revision
from convo_sync.render.text import Look, clip, count, pad, safe, width, wrap
from convo_sync.render.when import day_and_minute, minute, zone

_NAMES = {
    "listing": "Row of the list",
    "transcript": "Transcript",
    "keypoints": "Key points",
    "feedback": "Feedback",
    "answer": "Answer",
    "email": "E-mail",
}
_UNITS = {"transcript": "turn"}
# Of words that stayed, so many are shown beside a change; a stretch is cut where that leaves out more than a few.
_BESIDE = 6
_NOT_WORTH_CUTTING = 4
# The same in characters, for scripts without spaces.
_CHARACTERS_BESIDE, _LONG = 20, 120
# What `safe` lets nobody else print marks where words were removed and added, until lines are wrapped.
_REMOVED, _ADDED, _END = "\u2066", "\u2067", "\u2069"
_INDENT = " " * 5
_WIDEST_CAUSE = 30
_CURRENT = "current"
_SIGNS = {"removed": "-", "added": "+", "same": " "}


def as_json(history: History, *, with_diff: bool) -> dict[str, Any]:
    """The document that ``archive history --json`` prints."""
    return {
        "conversation_id": history.meeting.id,
        "title": history.meeting.title,
        "revisions": [_as_json(each, with_diff=with_diff) for each in history.revisions],
    }


def _as_json(revision: Revision, *, with_diff: bool) -> dict[str, Any]:
    added, removed = _size(revision)
    found = {
        "kind": revision.kind,
        "item": revision.item,
        "revision": revision.revision,
        "current": revision.current,
        "fetched_at": revision.fetched_at,
        "cause": revision.cause,
        "reason": revision.reason,
        "rule": revision.rule,
        "added": added,
        "removed": removed,
        "words": revision.words,
        "unreadable": revision.unreadable,
    }
    return found | {"diff": revision.change and _diff_as_json(revision.change)} if with_diff else found


def _size(revision: Revision) -> tuple[int | None, int | None]:
    """Words added and removed; all of a first version were added."""
    if revision.change is not None:
        return revision.change.added, revision.change.removed
    return (revision.words, 0) if revision.revision == 1 and revision.words is not None else (None, None)


def _diff_as_json(change: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "skipped": hunk.skipped,
            "lines": [
                {"label": line.label, "position": line.position, "pieces": [each._asdict() for each in line.pieces]}
                for line in hunk.lines
            ],
        }
        for hunk in change.hunks
    ]


def lines(history: History, look: Look, *, with_diff: bool) -> Iterator[str]:
    """The meeting, then each document with a line or more a version."""
    meeting = history.meeting
    yield from map(look.bold, wrap(safe(meeting.title) or "(no title)", look.prose))
    yield from map(look.faint, wrap(f"{day_and_minute(meeting.start_time, look)} · {safe(meeting.id)}", look.prose))
    widths = _widths([_columns(each, look) for each in history.revisions], look)
    for _, revisions in groupby(history.revisions, key=lambda each: (each.kind, each.item)):
        versions = list(revisions)
        yield ""
        yield from map(look.bold, wrap(_heading(versions[-1]), look.prose))
        for version in versions:
            yield from _version(version, widths, look)
            if with_diff and version.change is not None:
                yield from _diff(version.change, look, _UNITS.get(version.kind, "line"))


def _widths(rows: Sequence[Sequence[str]], look: Look) -> Sequence[int]:
    """How wide each column is made; where that is too much for the terminal, none is."""
    widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
    return widths if sum(widths) + 2 * len(widths) + len(_CURRENT) < look.width else [0] * len(widths)


def _heading(revision: Revision) -> str:
    name = _NAMES[revision.kind]
    if not revision.item:
        return name
    title = f": {safe(revision.title)}" if revision.title else ""
    return f"{name} {safe(revision.item)}{title}"


def _columns(revision: Revision, look: Look) -> tuple[str, str, str, str]:
    when = f"{minute(revision.fetched_at, look)}{zone(look)}"
    cause = revision.cause if revision.rule is None else clip(f"rule {safe(revision.rule)}", _WIDEST_CAUSE)
    return str(revision.revision), when, cause, _in_words(revision)


def _in_words(revision: Revision) -> str:
    if revision.unreadable is not None:
        return "cannot be read"
    words = count(revision.words or 0, "word")
    if revision.change is None:
        return words if revision.revision == 1 else f"{words}, change unknown"
    added, removed = revision.change.added, revision.change.removed
    if not (added or removed):
        return "no words changed"
    signed = [f"{sign}{number:,}" for sign, number in (("+", added), ("-", removed)) if number]
    return f"{' '.join(signed)} of {words}"


def _version(revision: Revision, widths: Sequence[int], look: Look) -> Iterator[str]:
    number, *cells = _columns(revision, look)
    margin = " " * (max(3, widths[0]) - len(number))
    line = "  ".join((margin + number, *map(pad, cells, widths[1:]), _CURRENT if revision.current else "")).rstrip()
    fitting = [line] if any(widths) else wrap(line, look.prose, margin, _INDENT)
    yield from map(look.bold, fitting) if revision.current else fitting
    yield from map(look.faint, wrap(safe(revision.reason), look.prose, _INDENT))
    if revision.unreadable is not None:
        yield from map(look.warning, wrap(f"Its body: {safe(revision.unreadable)}.", look.prose, _INDENT))


# -- what changed


def _diff(change: Comparison, look: Look, unit: str) -> Iterator[str]:
    shown = (line for hunk in change.hunks for line in hunk.lines)
    digits = max((len(str(line.position)) for line in shown if line.position is not None), default=0)
    for hunk in change.hunks:
        if hunk.skipped:
            yield from map(look.faint, wrap(f"… {count(hunk.skipped, unit)} unchanged", look.prose, _INDENT))
        yield from _hunk(hunk, look, digits)


def _hunk(hunk: Hunk, look: Look, digits: int) -> Iterator[str]:
    for line in hunk.lines:
        place = "" if line.position is None else str(line.position)
        lead = f"{_INDENT}{_sign(line)} {pad(place, digits, right=True)}{'  ' if digits else ''}"
        label = f"{safe(line.label)}: " if line.label else ""
        if _sign(line) == " ":
            yield look.faint(clip(f"{lead}{label}{safe(line.pieces[0].text)}", look.prose))
        else:
            yield from _marked(wrap(label + _text(line, look), look.prose, lead), look)


def _sign(line: ChangedLine) -> str:
    """What a line is at a glance: removed, added, changed, or only shown around these."""
    kinds = {piece.op for piece in line.pieces}
    return _SIGNS[kinds.pop()] if len(kinds) == 1 else "~"


def _text(line: ChangedLine, look: Look) -> str:
    """The line's words: what was removed and added between marks, long stretches of the others cut."""
    begin = {"removed": _REMOVED, "added": _ADDED} if look.ansi else {"removed": "[-", "added": "{+"}
    end = {"removed": _END, "added": _END} if look.ansi else {"removed": "-]", "added": "+}"}
    said = ""
    for number, piece in enumerate(line.pieces):
        if piece.op == "same":
            is_last = number == len(line.pieces) - 1
            said += _cut(piece, line.named if number == 0 else _BESIDE, 0 if is_last else _BESIDE)
            continue
        words = safe(piece.text)
        bare = words.lstrip(" ")
        follows_removed = piece.op == "added" and number > 0 and line.pieces[number - 1].op == "removed"
        said += " " * (bare != words or follows_removed) + begin[piece.op] + bare + end[piece.op]
    return said


def _cut(piece: Piece, first: int, last: int) -> str:
    """Words that stayed: so many at the beginning and at the end."""
    text = safe(piece.text)
    words = text.split(" ")
    first += text.startswith(" ")  # an empty word is before that space
    if len(words) > first + last + _NOT_WORTH_CUTTING:
        text = " ".join((*words[:first], "…", *words[len(words) - last :]))
    if width(text) <= _LONG:
        return text
    beginning = text[:_CHARACTERS_BESIDE] if first else ""
    return f"{beginning}…{text[-_CHARACTERS_BESIDE:] if last else ''}"


def _marked(wrapped: Iterator[str], look: Look) -> Iterator[str]:
    """Wrapped lines with what stands between marks in colour. A colour ends with its line, and begins again below."""
    paint = {_REMOVED: look.removed, _ADDED: look.added}
    within = ""
    for line in wrapped:
        bare = line.lstrip(" ") if within else line
        shown = line[: len(line) - len(bare)]
        for part in re.split(f"([{_REMOVED}{_ADDED}{_END}])", bare):
            if part in (_REMOVED, _ADDED, _END):
                within = "" if part == _END else part
            elif part:
                shown += paint[within](part) if within else part
        yield shown
