"""One meeting for a person: what came out of it, who spoke how much, and on request what was said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from convo_sync.render import command, replies
from convo_sync.render.meetings import ROW_KEYS
from convo_sync.render.text import Look, bar, count, pad, safe, width, wrap
from convo_sync.render.when import clock, day_and_minute, into, length, zone
from convo_sync.views import ActionItem, Meeting, Segment

KINDS = ("transcript", "keypoints", "feedback")
_NAMES = {"transcript": "Transcript", "keypoints": "Key points", "feedback": "Feedback"}
_STATES = {
    "": "not asked for yet",
    "pending": "still to come",
    "absent": "Convo has none",
    "failed": "could not be fetched",
    "excluded": "excluded by the configuration",
    "not-applicable": "none for this meeting",
}
SCORES = {
    "clarity": "clarity",
    "listening": "listening",
    "time_management": "time management",
    "collaboration": "collaboration",
    "decision_making": "decision making",
}
OTHERS = "Other points"
_INTERNAL = ("id", "conversation_id", "changed")
_BAR_COLUMNS = 24
_LEAST_BAR = 5  # a shorter one tells nothing
_MOST_SPEAKERS = 12


def as_json(meeting: Meeting, segments: Sequence[Segment] | None) -> dict[str, Any]:
    """The document that ``show --json`` prints; `transcript` is null unless segments were asked for."""
    row = {key: getattr(meeting.row, key) for key in ROW_KEYS if key not in KINDS}
    feedback = meeting.feedback
    return row | {
        "holdings": {
            kind: {"state": getattr(meeting.row, kind), "reason": meeting.notes.get(kind, "")} for kind in KINDS
        },
        "keypoints": [{"heading": heading, "points": list(points)} for heading, points in meeting.keypoints],
        "decisions": list(meeting.decisions),
        "action_items": [item._asdict() for item in meeting.action_items],
        "important_dates": [{"date": date, "context": context} for date, context in meeting.important_dates],
        "participants": list(meeting.participants),
        "speakers": [speaker._asdict() for speaker in meeting.speakers],
        "feedback": feedback and {key: value for key, value in feedback.items() if key not in _INTERNAL},
        "action_plan": list(meeting.action_plan),
        "answers": [answer._asdict() for answer in meeting.answers],
        "emails": [email._asdict() for email in meeting.emails],
        "segments_shown": None if segments is None else [segment._asdict() for segment in segments],
    }


def lines(meeting: Meeting, look: Look, *, transcript: bool) -> Iterator[str]:
    """The whole page; the transcript only where asked for."""
    yield from heading(meeting, look)
    for title, body in _sections(meeting, look):
        yield ""
        yield look.bold(title)
        yield from body
    lacking = list(lacks(meeting))
    if lacking:
        yield ""
        yield from (look.warning(each) for each in lacking)
    if transcript and meeting.segments:
        yield ""
        yield look.bold("Transcript")
        yield from turns(meeting, meeting.segments, look)
    elif meeting.segments:
        yield ""
        opening = command.show(meeting.row.id, "--transcript")
        yield look.faint(f"{count(len(meeting.segments), 'turn')} of transcript: {opening}")


def heading(meeting: Meeting, look: Look) -> Iterator[str]:
    """Title, time, length, id, and whether it is gone at Convo."""
    row = meeting.row
    yield from map(look.bold, wrap(safe(row.title) or "(no title)", look.prose))
    yield from map(look.faint, wrap(" · ".join(facts(meeting, look)), look.prose))
    if row.gone_at:
        said = f"Deleted at Convo (noticed {day_and_minute(row.gone_at, look)}). The archive keeps what it has."
        yield from map(look.warning, wrap(said, look.prose))


def facts(meeting: Meeting, look: Look) -> list[str]:
    """The heading's small print, a fact each."""
    row = meeting.row
    until = f"–{clock(row.end_time, look)}{zone(look)}" if row.end_time else ""
    start = day_and_minute(row.start_time, look)
    when = f"{start.removesuffix(zone(look))}{until}" if until else start
    segments = count(row.segments, "turn") if row.segments else ""
    return [each for each in (when, length(row.minutes), segments, safe(row.id)) if each]


def lacks(meeting: Meeting) -> Iterator[str]:
    """For each kind of document that is not there, or not whole: why."""
    for kind in KINDS:
        state, reason = getattr(meeting.row, kind), safe(meeting.notes.get(kind, ""))
        if state == "present":
            continue
        whole = "not complete yet" if kind == "transcript" and meeting.segments else _STATES.get(state, state)
        yield f"{_NAMES[kind]}: {whole}{f' ({reason})' if reason else ''}."


def _sections(meeting: Meeting, look: Look) -> Iterator[tuple[str, Iterator[str]]]:
    if meeting.keypoints:
        yield "Key points", _keypoints(meeting, look)
    if meeting.decisions:
        yield "Decisions", bullets(meeting.decisions, look)
    if meeting.action_items:
        yield "Action items", bullets(map(action, meeting.action_items), look)
    if meeting.important_dates:
        yield "Dates", bullets((f"{date}: {context}".strip(": ") for date, context in meeting.important_dates), look)
    if meeting.speakers:
        yield "Who spoke how much", _speakers(meeting, look)
    if meeting.feedback:
        yield "Feedback", _feedback(meeting, look)
    if meeting.answers:
        yield "Answers", replies.answers(meeting.answers, look)
    if meeting.emails:
        yield "E-mails", replies.emails(meeting.emails, look)


def bullets(texts: Any, look: Look) -> Iterator[str]:
    """Each text as a wrapped point."""
    return chain.from_iterable(wrap(safe(text), look.prose, "  • ") for text in texts)


def headed(meeting: Meeting) -> Iterator[tuple[str, Sequence[str]]]:
    """The sections of the key points. One without a heading gets one, or its points would join those above."""
    for number, (heading, points) in enumerate(meeting.keypoints):
        yield heading or (OTHERS if number else ""), points


def _keypoints(meeting: Meeting, look: Look) -> Iterator[str]:
    for section, points in headed(meeting):
        if section:
            yield from wrap(safe(section), look.prose, "  ")
        yield from (f"  {line}" for line in bullets(points, look._replace(width=look.prose - 2)))


def action(item: ActionItem) -> str:
    """Who does what, and how urgent it is."""
    who = item.owner or "nobody named"
    return f"{who}{f' ({item.priority})' if item.priority else ''}: {item.text}"


def _speakers(meeting: Meeting, look: Look) -> Iterator[str]:
    shown = meeting.speakers[:_MOST_SPEAKERS]
    columns = min(28, max(width(safe(each.name)) for each in shown))
    numbers = {
        each: f"{each.share * 100:3.0f} %  {each.seconds / 60:4.0f} min  {count(each.turns, 'turn')}" for each in shown
    }
    bars = max(0, min(_BAR_COLUMNS, look.prose - columns - max(map(width, numbers.values())) - 6))
    for each in shown:
        name, *more = wrap(safe(each.name), columns)
        drawn = f"{pad(bar(each.share, bars), bars)}  " if bars >= _LEAST_BAR else ""
        yield f"  {pad(name, columns)}  {drawn}{numbers[each]}"
        yield from (f"  {each}" for each in more)
    if len(meeting.speakers) > len(shown):
        yield f"  and {count(len(meeting.speakers) - len(shown), 'other', 'others')}"


def _feedback(meeting: Meeting, look: Look) -> Iterator[str]:
    assert meeting.feedback is not None  # noqa: S101 - the caller asked
    for sentence in feedback_sentences(meeting.feedback):
        yield from wrap(safe(sentence), look.prose, "  ")
    yield from bullets(meeting.action_plan, look)


def feedback_sentences(feedback: Any) -> Iterator[str]:
    """The feedback in brief: scores, share of the talking, what to work on."""
    scores = [f"{name} {feedback[key]:g}" for key, name in SCORES.items() if feedback.get(key) is not None]
    overall = feedback.get("overall_score")
    head = [f"{overall:g} of 10 overall"] if overall is not None else []
    if head or scores:
        yield "; ".join([*head, ", ".join(scores)] if scores else head) + "."
    if feedback.get("talk_listen_ratio") is not None:
        who = feedback.get("user_speaker") or "You"
        yield f"{who} did {feedback['talk_listen_ratio'] * 100:.0f} % of the talking."
    if feedback.get("focus"):
        yield f"Work on: {feedback['focus']}"


def around(meeting: Meeting, position: int, context: int) -> tuple[Segment, ...]:
    """The turns within `context` of a position; none where the transcript has no such position."""
    if all(segment.position != position for segment in meeting.segments):
        return ()
    return tuple(segment for segment in meeting.segments if abs(segment.position - position) <= context)


def turns(meeting: Meeting, segments: Sequence[Segment], look: Look, *, at: int | None = None) -> Iterator[str]:
    """What was said, turn by turn, with each one's position; the one at `at` in bold."""
    digits = len(str(segments[-1].position)) if segments else 1
    for segment in segments:
        when = into(segment.timestamp, meeting.row.start_time, look)
        about = " · ".join(filter(None, (safe(segment.speaker or "unknown"), when)))
        sign = ">" if segment.position == at else " "
        emphasis = look.bold if segment.position == at else str
        yield f"{sign}{segment.position:{digits}}  {look.bold(about)}"
        yield from map(emphasis, wrap(safe(segment.text), look.prose, " " * (digits + 3)))
