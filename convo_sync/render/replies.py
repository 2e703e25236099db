"""Answers and e-mails for a person: the AI's own text, line by line. It knows no other document of a meeting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from convo_sync.render.text import Look, safe, wrap
from convo_sync.render.when import day_and_minute
from convo_sync.views import Answer, Email

NO_QUESTION, NO_SUBJECT = "(no question)", "(no subject)"
ASK_NEXT = "To ask next:"
_INDENT, _WITHIN = "  ", "    "
_DEEPEST = 8  # columns by which the text's own lists may stand further in


def answers(given: Iterable[Answer], look: Look) -> Iterator[str]:
    """Each question with when it was asked, what was answered, and what could be asked next."""
    for number, each in enumerate(given):
        when = f"Asked {day_and_minute(each.asked_at, look)}"
        yield from _heading(each.query, NO_QUESTION, when, number, look)
        yield from _body(each.response, look)
        if each.suggested:
            yield ""
            yield look.faint(f"{_WITHIN}{ASK_NEXT}")
        for question in each.suggested:
            yield from map(look.faint, wrap(safe(question), look.prose, f"{_WITHIN}  • "))


def emails(drafted: Iterable[Email], look: Look) -> Iterator[str]:
    """Each subject with when it was drafted, and the text as it would be sent."""
    for number, each in enumerate(drafted):
        when = f"Drafted {day_and_minute(each.created_at, look)}"
        yield from _heading(each.subject, NO_SUBJECT, when, number, look)
        yield from _body(each.body, look)


def text_lines(text: str) -> Sequence[str]:
    """The lines of a text, harmless, their own indentation kept; without the empty ones before and after it."""
    lines = [safe(line.expandtabs(4)).rstrip() for line in text.splitlines()]
    said = [number for number, line in enumerate(lines) if line]
    return lines[said[0] : said[-1] + 1] if said else []


def _heading(title: str, none: str, when: str, number: int, look: Look) -> Iterator[str]:
    if number:
        yield ""
    yield from map(look.bold, wrap(safe(title).strip() or none, look.prose, _INDENT))
    yield look.faint(f"{_INDENT}{when}")


def _body(text: str, look: Look) -> Iterator[str]:
    for line in text_lines(text):
        deeper = min(_DEEPEST, len(line) - len(line.lstrip()))
        yield from wrap(line, look.prose, _WITHIN + " " * deeper)
