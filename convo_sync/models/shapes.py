"""The objects inside key points, feedback, answers and e-mails, as tolerant as the contract asks. Knows no endpoint."""

from __future__ import annotations

from typing import Annotated

from convo_sync.models.fields import Count, Model, Number, Text, Texts, lenient, usable


class Section(Model):
    """A heading of the key points, with its points."""

    heading: Text = None
    points: Texts = ()


class ActionItem(Model):
    """Something to do, with who is to do it."""

    item: str
    owner: Text = None
    confidence: Number = None
    priority: Text = None


class ImportantDate(Model):
    """A date that was named. The AI writes it as it likes."""

    date: Text = None
    context: Text = None


class Keypoints(Model):
    """The content of a KeypointsResult."""

    title: Text = None
    sections: Annotated[tuple[Section, ...], usable] = ()
    decisions: Texts = ()
    action_items: Annotated[tuple[ActionItem, ...], usable] = ()
    participants: Texts = ()
    important_dates: Annotated[tuple[ImportantDate, ...], usable] = ()


class Priority(Model):
    """The one thing that feedback puts first."""

    focus: Text = None
    quote: Text = None
    reason: Text = None
    alternative: Text = None


class FeedbackPoint(Model):
    """A strength or a growth area."""

    category: Text = None
    description: Text = None
    suggestion: Text = None
    timestamp: Text = None
    quote: Text = None


class Scores(Model):
    """Scores from 0 to 10."""

    clarity: Number = None
    listening: Number = None
    time_management: Number = None
    collaboration: Number = None
    decision_making: Number = None


class Feedback(Model):
    """The content of a FeedbackResult."""

    overall_score: Number = None
    top_priority: Annotated[Priority | None, lenient] = None
    strengths: Annotated[tuple[FeedbackPoint, ...], usable] = ()
    growth_areas: Annotated[tuple[FeedbackPoint, ...], usable] = ()
    category_scores: Annotated[Scores | None, lenient] = None
    talk_listen_ratio: Number = None
    action_plan: Texts = ()


class AnswerMetadata(Model):
    """What an answer was made from; the duration in minutes."""

    segments_analyzed: Count = None
    conversation_duration: Number = None


class Answer(Model):
    """The reply to a question about one conversation."""

    query: Text = None
    response: str
    metadata: Annotated[AnswerMetadata | None, lenient] = None
    suggested_queries: Texts = ()


class Email(Model):
    """A drafted follow-up e-mail."""

    subject: Text = None
    body: str
    key_points: Texts = ()
    action_items: Texts = ()
    generated_at: Text = None
