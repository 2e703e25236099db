"""Reads a scene script: recorded meetings as text a person writes, parsed strictly into plain values.

Must not know the simulator, the API's JSON or where the script lies. A scene of the script:

    == sess_v2_kickoff                          a conversation's id
    title: Box v2 kickoff                       then start:, minutes:, language:
    -- transcript
    Mara Voss: Morning, everyone.               one turn a line
    -- keypoints                                may be left out, as may feedback
    # Lid                                       a section, and * its points
    * The flip top won.
    ! The flip top goes into v2.                a decision
    > Jonas Petersen | high | 0.9 | Order two   an action item: owner or -, priority, confidence, item
    @ 2026-03-17 | Quotes are due               a date and what it is about
    -- feedback
    overall: 7.4
    scores: clarity 8.1, listening 6.9, timeManagement 6.2, collaboration 7.8, decisionMaking 8.0
    talk: 0.34
    focus: …                                    then quote:, reason:, alternative:, all four or none
    + clarity | Opened well | Morning, everyone.    a strength; its quote is said in the transcript
    - timeManagement | It ran over | Stop earlier   a growth area and a suggestion
    = Name the decision aloud                       a line of the action plan

Blank lines may stand anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from convo_sync.simulator.clock import parse_date_time

CATEGORIES: Final = ("clarity", "listening", "timeManagement", "collaboration", "decisionMaking")
PRIORITIES: Final = ("high", "medium", "low")
_HEAD_KEYS: Final = ("title", "start", "minutes", "language")
_FIGURE_KEYS: Final = ("overall", "scores", "talk")
_FOCUS_KEYS: Final = ("focus", "quote", "reason", "alternative")
_ID: Final = re.compile(r"sess_[a-z0-9_]+")
_NAME: Final = re.compile(r"[^\W\d_][^:.?!,|]{0,39}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Turn:
    """One line of talk."""

    speaker: str
    text: str


@dataclass(frozen=True)
class Section:
    """A heading of the key points, and what stands under it."""

    heading: str
    points: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ActionItem:
    """Who promised what; owner is None where nobody did."""

    owner: str | None
    priority: str
    confidence: float
    item: str


@dataclass
class Keypoints:
    """The key points of a scene."""

    sections: list[Section] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    action_items: list[ActionItem] = field(default_factory=list)
    dates: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Feedback:
    """The feedback of a scene; `focus` is keyed as in the script, and empty where it has none."""

    overall: float = 0.0
    talk: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)
    focus: dict[str, str] = field(default_factory=dict)
    strengths: list[tuple[str, str, str]] = field(default_factory=list)
    growth: list[tuple[str, str, str]] = field(default_factory=list)
    plan: list[str] = field(default_factory=list)


@dataclass
class Scene:
    """One meeting of the script."""

    id: str
    title: str = ""
    start: datetime | None = None
    minutes: int = 0
    language: str = ""
    turns: list[Turn] = field(default_factory=list)
    keypoints: Keypoints | None = None
    feedback: Feedback | None = None

    def said_by(self, speaker: str, words: str) -> Turn | None:
        """The turn in which that person says these very words."""
        return next((turn for turn in self.turns if turn.speaker == speaker and words in turn.text), None)


class SceneError(ValueError):
    """The script is not as described; says which line and why."""


def parse_scenes(script: str, *, user: str) -> list[Scene]:
    """The script's scenes. Quotes must be words of `user`'s. SceneError names the first line that is wrong."""
    reader = _Reader(user)
    number = 0
    for number, line in enumerate(script.splitlines(), start=1):
        try:
            reader.read(line.rstrip())
        except ValueError as error:
            raise SceneError(f"line {number}: {error}") from error
    try:
        reader.finish_scene()
    except ValueError as error:
        raise SceneError(f"line {number} (end of the last scene): {error}") from error
    return reader.scenes


class _Reader:
    """Takes a script line by line."""

    def __init__(self, user: str) -> None:
        self.scenes: list[Scene] = []
        self._user = user
        self._part = ""
        self._seen: set[str] = set()
        self._parts: dict[str, Callable[[str], None]] = {
            "head": self._head,
            "transcript": self._turn,
            "keypoints": self._keypoint,
            "feedback": self._remark,
        }

    def read(self, line: str) -> None:
        """One line."""
        if not line.strip():
            return
        if line.startswith("== "):
            self._open_scene(line[3:].strip())
        elif line.startswith("-- "):
            self._open_part(line[3:].strip())
        elif not self.scenes:
            raise ValueError("expected a scene: == sess_…")
        else:
            self._parts[self._part](line)

    def finish_scene(self) -> None:
        """Nothing required is missing in the scene that ends here."""
        if not self.scenes:
            return
        missing = [key for key in _HEAD_KEYS if key not in self._seen]
        if missing:
            raise ValueError(f"{self._scene.id} has no {missing[0]}:")
        if not self._scene.turns:
            raise ValueError(f"{self._scene.id} has no transcript")
        if self._scene.keypoints and not self._scene.keypoints.sections:
            raise ValueError(f"{self._scene.id} has key points without a section")
        if self._scene.feedback:
            self._finish_feedback()

    def _finish_feedback(self) -> None:
        missing = [key for key in _FIGURE_KEYS if key not in self._seen]
        given = [key for key in _FOCUS_KEYS if key in self._seen]
        if given and len(given) < len(_FOCUS_KEYS):
            missing += [key for key in _FOCUS_KEYS if key not in self._seen]
        if missing:
            raise ValueError(f"{self._scene.id} has feedback without {missing[0]}:")

    @property
    def _scene(self) -> Scene:
        return self.scenes[-1]

    def _open_scene(self, scene_id: str) -> None:
        self.finish_scene()
        if not _ID.fullmatch(scene_id):
            raise ValueError(f"an id is sess_ and small letters, digits or _, not {scene_id!r}")
        if any(scene.id == scene_id for scene in self.scenes):
            raise ValueError(f"{scene_id} is there already")
        self.scenes.append(Scene(scene_id))
        self._part, self._seen = "head", set()

    def _open_part(self, part: str) -> None:
        order = list(self._parts)
        if part not in order[1:]:
            raise ValueError(f"unknown part {part!r}; one of: {', '.join(order[1:])}")
        if not self.scenes or order.index(part) <= order.index(self._part):
            raise ValueError(f"-- {part} cannot stand here")
        self._part = part
        if part == "keypoints":
            self._scene.keypoints = Keypoints()
        elif part == "feedback":
            self._scene.feedback = Feedback()

    def _key(self, line: str, allowed: tuple[str, ...]) -> tuple[str, str]:
        key, colon, value = line.partition(":")
        if not colon or key not in allowed:
            raise ValueError(f"expected one of {', '.join(allowed)} and a colon, not {line[:40]!r}")
        if key in self._seen:
            raise ValueError(f"{key}: is there twice")
        self._seen.add(key)
        return key, _filled(value)

    def _head(self, line: str) -> None:
        key, value = self._key(line, _HEAD_KEYS)
        if key == "title":
            self._scene.title = value
        elif key == "start":
            self._scene.start = parse_date_time(value)
        elif key == "minutes":
            self._scene.minutes = int(_number(value, 1, 600))
        else:
            self._scene.language = value

    def _turn(self, line: str) -> None:
        speaker, colon, text = line.partition(": ")
        if not colon or not _NAME.fullmatch(speaker):
            raise ValueError(f"expected Full Name: text, not {line[:40]!r}")
        self._scene.turns.append(Turn(speaker, _filled(text)))

    def _keypoint(self, line: str) -> None:
        keypoints = self._scene.keypoints or Keypoints()
        mark, rest = _marked(line, "#*!>@")
        if mark == "#":
            keypoints.sections.append(Section(rest))
        elif mark == "*":
            if not keypoints.sections:
                raise ValueError("a point needs a section before it")
            keypoints.sections[-1].points.append(rest)
        elif mark == "!":
            keypoints.decisions.append(rest)
        elif mark == ">":
            keypoints.action_items.append(_action_item(rest))
        else:
            keypoints.dates.append(_dated(rest))

    def _remark(self, line: str) -> None:
        feedback = self._scene.feedback or Feedback()
        if line[0] not in "+-=":
            self._figure(feedback, line)
            return
        mark, rest = _marked(line, "+-=")
        if mark == "=":
            feedback.plan.append(rest)
            return
        category, description, last = _fields(rest, 3)
        _one_of(category, CATEGORIES)
        if mark == "+":
            self._require_said(last)
            feedback.strengths.append((category, description, last))
        else:
            feedback.growth.append((category, description, last))

    def _figure(self, feedback: Feedback, line: str) -> None:
        key, value = self._key(line, _FIGURE_KEYS + _FOCUS_KEYS)
        if key == "overall":
            feedback.overall = _number(value, 0, 10)
        elif key == "talk":
            feedback.talk = _number(value, 0, 1)
        elif key == "scores":
            feedback.scores = _scores(value)
        else:
            if key == "quote":
                self._require_said(value)
            feedback.focus[key] = value

    def _require_said(self, words: str) -> None:
        if self._scene.said_by(self._user, words) is None:
            raise ValueError(f"{self._user} does not say {words[:60]!r} in {self._scene.id}")


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("something is missing after the colon")
    return text.strip()


def _marked(line: str, marks: str) -> tuple[str, str]:
    if line[0] not in marks or line[1:2] != " " or not line[2:].strip():
        raise ValueError(f"expected one of {' '.join(marks)}, a blank and words, not {line[:40]!r}")
    return line[0], line[2:].strip()


def _fields(text: str, count: int) -> list[str]:
    parts = [part.strip() for part in text.split(" | ")]
    if len(parts) != count or not all(parts):
        raise ValueError(f"expected {count} things with | between them, not {text[:60]!r}")
    return parts


def _action_item(text: str) -> ActionItem:
    owner, priority, confidence, item = _fields(text, 4)
    _one_of(priority, PRIORITIES)
    return ActionItem(None if owner == "-" else owner, priority, _number(confidence, 0, 1), item)


def _dated(text: str) -> tuple[str, str]:
    day, context = _fields(text, 2)
    if not _DAY.fullmatch(day):
        raise ValueError(f"expected a date such as 2026-03-17, not {day!r}")
    datetime.fromisoformat(day)
    return day, context


def _scores(text: str) -> dict[str, float]:
    scores = {}
    for part in text.split(","):
        category, _, score = part.strip().partition(" ")
        scores[_one_of(category, CATEGORIES)] = _number(score, 0, 10)
    if len(scores) != len(CATEGORIES):
        raise ValueError(f"expected a score for each of {', '.join(CATEGORIES)}")
    return scores


def _number(text: str, lowest: float, highest: float) -> float:
    number = float(text)
    if not lowest <= number <= highest:
        raise ValueError(f"{text} is not between {lowest:g} and {highest:g}")
    return number


def _one_of(word: str, allowed: tuple[str, ...]) -> str:
    if word not in allowed:
        raise ValueError(f"{word!r} is none of {', '.join(allowed)}")
    return word
