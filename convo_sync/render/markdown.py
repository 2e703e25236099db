"""One meeting as Markdown, for notes and wikis. It knows no terminal; nothing in a meeting becomes markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from convo_sync.render.meeting import action, facts, feedback_sentences, headed, lacks
from convo_sync.render.replies import ASK_NEXT, NO_QUESTION, NO_SUBJECT, text_lines
from convo_sync.render.text import Look, safe
from convo_sync.render.when import day_and_minute, into
from convo_sync.views import Answer, Email, Meeting, Segment

_ESCAPED = str.maketrans({character: f"\\{character}" for character in "\\`*_[]<>#|~"})
# What would be read as another character, "&copy;"; in "&#169;" the number sign is escaped already.
_REFERENCE = re.compile(r"&(?=[0-9A-Za-z]+;)")
# What makes a list, a line across the page or a heading only where a line begins: "- x", "+", "---", "=="; "3. March".
_AT_A_START = re.compile(r"[-+](?: |$)|-[-= ]*$|=")
_NUMBERED = re.compile(r"^([0-9]+)([.)])(?= |$)")


def escape(text: str) -> str:
    """The text on one line, with every character that Markdown would read as markup escaped."""
    line = _REFERENCE.sub(r"\\&", " ".join(safe(text).split()).translate(_ESCAPED))
    if _AT_A_START.match(line):
        return f"\\{line}"
    return _NUMBERED.sub(r"\1\\\2", line)


def lines(meeting: Meeting, look: Look, segments: Sequence[Segment] | None) -> Iterator[str]:
    """The whole page; `segments` where the transcript, or a part of it, was asked for."""
    yield f"# {escape(meeting.row.title) or '(no title)'}"
    yield ""
    yield " · ".join(map(escape, facts(meeting, look)))
    if meeting.row.gone_at:
        yield ""
        yield f"> Deleted at Convo, noticed {day_and_minute(meeting.row.gone_at, look)}."
    for title, body in _sections(meeting, look):
        yield from ("", f"## {title}", "")
        yield from body
    if segments:
        yield from ("", "## Transcript")
        yield from _transcript(meeting, segments, look)


def _sections(meeting: Meeting, look: Look) -> Iterator[tuple[str, Iterable[str]]]:
    if meeting.keypoints:
        yield "Key points", _keypoints(meeting)
    if meeting.decisions:
        yield "Decisions", _points(meeting.decisions)
    if meeting.action_items:
        yield "Action items", (f"- [ ] {escape(action(item))}" for item in meeting.action_items)
    if meeting.important_dates:
        yield "Dates", _points(f"{date}: {context}".strip(": ") for date, context in meeting.important_dates)
    if meeting.speakers:
        yield "Who spoke how much", _speakers(meeting)
    if meeting.feedback:
        yield "Feedback", _points((*feedback_sentences(meeting.feedback), *meeting.action_plan))
    if meeting.answers:
        yield "Answers", _answers(meeting.answers, look)
    if meeting.emails:
        yield "E-mails", _emails(meeting.emails, look)
    missing = list(lacks(meeting))
    if missing:
        yield "Not in the archive", _points(missing)


def _points(texts: Iterable[str]) -> Iterator[str]:
    return (f"- {escape(text)}" for text in texts)


def _keypoints(meeting: Meeting) -> Iterator[str]:
    for number, (heading, points) in enumerate(headed(meeting)):
        if heading:
            yield from ("", f"### {escape(heading)}", "") if number else (f"### {escape(heading)}", "")
        yield from _points(points)


def _speakers(meeting: Meeting) -> Iterator[str]:
    yield "| Who | Share of the words | Minutes | Turns |"
    yield "|---|---:|---:|---:|"
    for each in meeting.speakers:
        yield f"| {escape(each.name)} | {each.share * 100:.0f} % | {each.seconds / 60:.0f} | {each.turns} |"


def _answers(answers: Iterable[Answer], look: Look) -> Iterator[str]:
    for number, each in enumerate(answers):
        when = f"Asked {day_and_minute(each.asked_at, look)}"
        yield from _reply(escape(each.query) or NO_QUESTION, when, each.response, number)
        if each.suggested:
            yield from ("", ASK_NEXT, "")
            yield from _points(each.suggested)


def _emails(emails: Iterable[Email], look: Look) -> Iterator[str]:
    for number, each in enumerate(emails):
        when = f"Drafted {day_and_minute(each.created_at, look)}"
        yield from _reply(escape(each.subject) or NO_SUBJECT, when, each.body, number)


def _reply(title: str, when: str, text: str, number: int) -> Iterator[str]:
    yield from ("", f"### {title}", "") if number else (f"### {title}", "")
    yield from (when, "")
    lines = [escape(line) for line in text_lines(text)]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        # Two spaces keep the line's end, which Markdown would take for a space; a paragraph ends by itself.
        yield f"{line}  " if line and following else line


def _transcript(meeting: Meeting, segments: Sequence[Segment], look: Look) -> Iterator[str]:
    for segment in segments:
        when = into(segment.timestamp, meeting.row.start_time, look)
        yield ""
        yield f"**{escape(segment.speaker or '') or 'unknown'}**{f' ({when})' if when else ''}: {escape(segment.text)}"
