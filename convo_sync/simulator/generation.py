"""Makes key points, feedback, e-mails and answers out of a transcript's own words, the same for the same turn.

Must not know credits, HTTP or what is stored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeVar

from convo_sync.simulator.meeting import Meeting
from convo_sync.simulator.wire import JsonObject

_T = TypeVar("_T")

_SENTENCE: Final = re.compile(r"[^.!?\n]+[.!?]?")
_WORD: Final = re.compile(r"[^\W\d_]{5,}")
_STOP_WORDS: Final = frozenset(
    """about after again always because before being could every first going have into just know like little maybe
    might other people really right shall should since something still their there these thing things think those
    three through today until where which while would yeah aber alles dann dass diese einen haben heute immer keine
    nicht nichts schon sicher sollte wenn werden wieder wirklich""".split()  # noqa: SIM905 - a list of words reads better than of strings
)
_DECISION: Final = re.compile(r"\b(decid\w+|agreed?|settled|we go with|let's|beschl\w+|einig\w*|entschied\w*)\b", re.I)
_PROMISE: Final = re.compile(
    r"\b(I'll|I will|I can send|we need to|we have to|ich schicke|ich werde|wir müssen)\b", re.I
)
_DATE: Final = re.compile(
    r"\b(\d{1,2}\.? )?(January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember|Monday|Tuesday|Wednesday|Thursday|Friday)\b( \d{1,2})?"
)
_CATEGORIES: Final = ("clarity", "listening", "timeManagement", "collaboration", "decisionMaking")


@dataclass(frozen=True)
class Sentence:
    """One sentence, whose it is and the HH:MM it was said at."""

    text: str
    speaker: str | None
    clock_time: str


def sentences(meeting: Meeting) -> list[Sentence]:
    """Every sentence of at least four words; all of them if none is that long."""
    everything = list(_sentences(meeting))
    return [s for s in everything if s.text.count(" ") >= 3] or everything


def speakers(meeting: Meeting) -> list[str]:
    """Who speaks, in order of appearance."""
    names = (segment.get("speaker") for segment in meeting.spoken)
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def keypoints(meeting: Meeting, turn: int) -> JsonObject:
    """Contents of `keypoints`; each turn reads the transcript from another place."""
    said = _rotated(sentences(meeting), turn)
    topics = _rotated(_topics(said), turn)[:3]
    sections = [_section(topic, _mentioning(said, topic, 3)) for topic in topics]
    sections = sections or [_section("summary", [s.text for s in said[:3]])]
    # However little was said, two generations are never the same.
    sections[-1]["points"].append(f"Reading {turn} of {len(meeting.spoken)} turns.")
    return {
        "title": meeting.title,
        "sections": sections,
        "decisions": [s.text for s in said if _DECISION.search(s.text)][:3],
        "actionItems": [_action_item(s, turn) for s in said if _PROMISE.search(s.text)][:4],
        "participants": speakers(meeting),
        "importantDates": list(_important_dates(said))[:3],
    }


def feedback(meeting: Meeting, turn: int, user: str | None) -> JsonObject:
    """Contents of `feedback` for the account's owner, or for the first speaker if they said nothing."""
    said = sentences(meeting)
    own = [s for s in said if s.speaker == user] or said
    own = _rotated(own, turn)
    scores = {name: _score(f"{meeting.id}-{name}-{turn}") for name in _CATEGORIES}
    weakest, strongest = min(scores, key=lambda n: scores[n]), max(scores, key=lambda n: scores[n])
    # The turn's number moves the score, so that two generations are never the same.
    overall = round((sum(scores.values()) / len(scores) + turn * 0.1) % 10, 1)
    quote = own[0].text if own else ""
    return {
        "overallScore": overall,
        "topPriority": {
            "focus": f"Work on {weakest}",
            "quote": quote,
            "reason": f"It scored lowest in reading {turn}.",
            "alternative": "Ask one open question, then wait.",
        },
        "strengths": [
            {"category": strongest, "description": "A clear turn", "timestamp": s.clock_time, "quote": s.text}
            for s in own[1:2]
        ],
        "growthAreas": [
            {"category": weakest, "description": "The weakest category", "suggestion": "Pause before answering",
             "timestamp": s.clock_time}
            for s in own[:1]
        ],
        "categoryScores": scores,
        "talkListenRatio": round(len(own) / max(1, len(said)), 2),
        "actionPlan": ["Summarise what was said before adding to it", f"Practise {weakest} in the next meeting"],
    }  # fmt: skip


def email(meeting: Meeting, recipient: str | None, tone: str) -> JsonObject:
    """Subject, body and lists of a follow-up."""
    contents = keypoints(meeting, 0)
    greeting = {"professional": "Dear", "casual": "Hi", "concise": ""}[tone]
    opening = f"{greeting} {recipient or 'all'},".strip()
    points = [section["points"][0] for section in contents["sections"] if section["points"]]
    lines = [opening, "", f"thank you for the talk about {meeting.title}.", *(f"- {point}" for point in points)]
    items = [item["item"] for item in contents["actionItems"]]
    body = "\n".join([*lines, "", *items, "", "Best regards"])
    return {"subject": f"Follow-up: {meeting.title}", "body": body, "keyPoints": points, "actionItems": items}


def reply(meeting: Meeting, query: str) -> str:
    """The sentences that share most words with the question."""
    wanted = {word.casefold() for word in _WORD.findall(query)}
    ranked = sorted(sentences(meeting), key=lambda s: -len(wanted & {w.casefold() for w in _WORD.findall(s.text)}))
    return " ".join(f"{s.speaker or 'Someone'} said: {s.text}" for s in ranked[:2]) or "Nothing was said about that."


def suggestions(meeting: Meeting) -> list[str]:
    """Questions about the main topics."""
    return [f"What was said about {topic}?" for topic in _topics(sentences(meeting))[:3]]


def _sentences(meeting: Meeting) -> Iterator[Sentence]:
    for segment in meeting.spoken:
        speaker, moment = segment.get("speaker"), str(segment.get("timestamp") or "")
        for match in _SENTENCE.findall(segment["text"]):
            if match.strip():
                yield Sentence(match.strip(), speaker if isinstance(speaker, str) else None, moment[11:16])


def _topics(said: Sequence[Sentence]) -> list[str]:
    words = Counter(word.casefold() for s in said for word in _WORD.findall(s.text))
    return [word for word, _ in words.most_common(60) if word not in _STOP_WORDS][:9]


def _section(topic: str, points: list[str]) -> JsonObject:
    return {"heading": topic.capitalize(), "points": points}


def _mentioning(said: Sequence[Sentence], topic: str, count: int) -> list[str]:
    found = (s.text for s in said if topic in s.text.casefold())
    return list(dict.fromkeys(found))[:count]


def _action_item(sentence: Sentence, turn: int) -> JsonObject:
    weight = _fraction(f"{sentence.text}-{turn}")
    priority = ("low", "medium", "high")[int(weight * 3)]
    confidence = round(0.5 + weight / 2, 2)
    return {"item": sentence.text, "owner": sentence.speaker, "confidence": confidence, "priority": priority}


def _important_dates(said: Sequence[Sentence]) -> Iterator[JsonObject]:
    for sentence in said:
        if match := _DATE.search(sentence.text):
            yield {"date": match.group(0).strip(), "context": sentence.text}


def _rotated(items: list[_T], turn: int) -> list[_T]:
    step = turn % len(items) if items else 0
    return items[step:] + items[:step]


def _score(word: str) -> float:
    return round(4 + 5.5 * _fraction(word), 1)


def _fraction(word: str) -> float:
    """0 <= fraction < 1, always the same for the same word."""
    return int.from_bytes(sha256(word.encode("utf-8", "surrogatepass")).digest()[:4], "big") / 2**32
