"""A line of an answer, and where it is from: the day, and the command that opens the place. It knows no archive."""

from __future__ import annotations

from collections.abc import Iterator

from convo_sync.briefs import Decision, Hit, Past, Promise
from convo_sync.render import command
from convo_sync.render.agreed import in_words
from convo_sync.render.text import Look, marked, safe, safe_marked, width, wrap
from convo_sync.render.when import day, hours, into

_BULLET, _GAP = "  • ", "  "
_KINDS = {"title": "Title: ", "answer": "Answer: ", "email": "E-mail: "}


def promise(item: Promise, look: Look) -> Iterator[str]:
    """An action item with its number."""
    number = f"  {item.number:3}  "
    text = wrap(safe(in_words(item, look)), look.prose, number)
    yield from _with_source(text, _source(item.start_time, item.conversation_id, look), look, len(number))


def line(text: str, start_time: str, conversation_id: str, look: Look) -> Iterator[str]:
    """Some harmless text about a meeting."""
    yield from _with_source(wrap(text, look.prose, _BULLET), _source(start_time, conversation_id, look), look)


def decision(entry: Decision, look: Look) -> Iterator[str]:
    """A decision."""
    yield from line(safe(entry.text), entry.start_time, entry.conversation_id, look)


def past(meeting: Past, look: Look) -> Iterator[str]:
    """A meeting, its length, and what its key points are about."""
    length = f" ({hours(meeting.minutes)})" if meeting.minutes else ""
    title = f"{safe(meeting.title) or '(no title)'}{length}"
    about = f": {safe('; '.join(meeting.topics))}" if meeting.topics else ""
    yield from line(f"{title}{about}", meeting.start_time, meeting.id, look)


def hit(found: Hit, look: Look) -> Iterator[str]:
    """What was said, with who said it and when; or another text, with its kind where that matters."""
    when = into(found.timestamp, found.start_time, look)
    at = "" if found.position is None else f"--at {found.position}"
    source = (
        f"{', '.join(filter(None, (day(found.start_time, look), when)))} · {command.show(found.conversation_id, at)}"
    )
    who = f"{safe(found.speaker or 'unknown')}: " if found.kind == "transcript" else _KINDS.get(found.kind, "")
    yield from _with_source(marked(wrap(f"{who}{safe_marked(found.snippet)}", look.prose, _BULLET), look), source, look)


def _source(start_time: str, conversation_id: str, look: Look) -> str:
    return f"{day(start_time, look)} · {command.show(conversation_id)}"


def _with_source(lines: Iterator[str], source: str, look: Look, margin: int = len(_BULLET)) -> Iterator[str]:
    """The lines, the source behind the last where there is room: a command that is broken cannot be copied."""
    last = ""
    for number, line in enumerate(lines):
        if number:
            yield last
        last = line
    if _seen(last, look) + len(_GAP) + width(source) <= look.prose:
        yield f"{last}{_GAP}{look.faint(source)}"
    else:
        yield last
        yield f"{' ' * margin}{look.faint(source)}"


def _seen(line: str, look: Look) -> int:
    """Columns of a line that may have bold in it."""
    for sign in look.bold("|").split("|"):
        line = line.replace(sign, "")
    return width(line)
