"""What was typed, cut into pieces: words, phrases, filters and signs that mean something. Knows not what a piece means.

Each character is looked at once, so that no text takes long, whatever brackets and quotes it has.

A search in a cold process waits for this module: patterns that few texts need are made when one does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from convo_sync.texts import has_word, narrow

_QUOTES = '"“”„‟«»'
_RUN = re.compile(rf"[^\s|){_QUOTES}]*")
# What follows `after:last` where a shell has taken the quotes away.
_PERIOD = r"\s+(?:week|month|year|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
_OPERATORS = {"OR": "or", "NOT": "not", "AND": ""}
_MINUS = "-\u2212"
_AROUND = "()[]{}<>'’*,;.!?"  # a value in a sentence
_DATED = ("after", "before", "on", "during")
_FILTERS = ("speaker", "title", "in", "min", "id", *_DATED)


class Piece:
    """One piece: `kind` is word, phrase, filter, or, not, open or close; empty where it means nothing.

    `minus` tells whether a minus stands before it, `stars` whether a star follows, `name` is a filter's, in lower case,
    and `typed` the whole of a filter, for a refusal to name.
    """

    __slots__ = ("kind", "minus", "name", "stars", "text", "typed")

    def __init__(
        self, kind: str, text: str = "", *, minus: bool = False, stars: bool = False, name: str = "", typed: str = ""
    ) -> None:
        self.kind, self.text, self.minus, self.stars, self.name, self.typed = kind, text, minus, stars, name, typed


def pieces(text: str) -> Iterator[Piece]:
    """All of them in order. A bracket closes what is open wherever it stands, unless a word has one open itself."""
    reader = _Reader(readable(text))
    while (piece := reader.following()) is not None:
        if piece.kind:
            yield piece


def from_shell(arguments: Sequence[str]) -> str:
    """One text from a shell's arguments, the quotes put back that a shell took from ``speaker:"Anna B"``.

    A single argument is a text as it is: nothing tells whether it was quoted for one filter or for all of it.
    """
    return " ".join(map(_quoted_again, arguments)) if len(arguments) > 1 else "".join(arguments)


def _quoted_again(argument: str) -> str:
    name, _, value = argument.partition(":")
    is_filter = name.removeprefix("-").lower() in _FILTERS
    if not is_filter or not any(map(str.isspace, value)) or any(quote in value for quote in _QUOTES):
        return argument
    return f'{name}:"{value}"'


def readable(text: str) -> str:
    """The text without what no index holds: NUL parts words, a lone surrogate is a character that was lost."""
    text = narrow(text.replace("\x00", " "))
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)


class _Reader:
    """A place in the text, and how many brackets are open there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open = 0

    def following(self) -> Piece | None:
        """The next piece, one without a kind for what means nothing, or None at the end."""
        while self._sign().isspace():
            self._at += 1
        minus = self._takes_minus()
        sign = self._sign()
        if not sign:
            return None
        if sign in _QUOTES:
            return self._phrase(minus=minus)
        if sign in "|()":
            return self._mark(sign, minus=minus)
        return self._word(minus=minus)

    def _sign(self) -> str:
        return self._text[self._at : self._at + 1]

    def _takes_minus(self) -> bool:
        before, sign, after = (self._text[max(0, at) : at + 1] for at in range(self._at - 1, self._at + 2))
        if sign not in _MINUS or not sign or after in _MINUS or after.isspace():
            return False
        if before and not before.isspace() and before not in "(|":
            return False
        self._at += 1
        return True

    def _phrase(self, *, minus: bool) -> Piece:
        inner = self._quoted().strip()
        stars = self._sign() == "*"
        return Piece("phrase", inner, minus=minus, stars=stars) if has_word(inner) else Piece("")

    def _quoted(self) -> str:
        """What is between the quote here and the next one, whichever it is, or the end."""
        start = self._at + 1
        closing = re.compile(f"[{_QUOTES}]").search(self._text, start)
        self._at = closing.end() if closing else len(self._text)
        return self._text[start : closing.start() if closing else None]

    def _mark(self, sign: str, *, minus: bool) -> Piece:
        self._at += 1
        if sign == "|":
            return Piece("or")
        if sign == ")" and not self._open:
            return Piece("")
        self._open += 1 if sign == "(" else -1
        return Piece("open", minus=minus) if sign == "(" else Piece("close")

    def _word(self, *, minus: bool) -> Piece:
        word = self._run()
        if word in _OPERATORS and not minus:
            return Piece(_OPERATORS[word], word)
        if ":" in word and (piece := self._filter(word, minus=minus)):
            return piece
        bare = word.rstrip("*")
        return Piece("word", bare, minus=minus, stars=bare != word) if has_word(bare) else Piece("")

    def _run(self) -> str:
        """A word with its punctuation, brackets that it opens and closes included."""
        start, inner = self._at, 0
        while run := _RUN.match(self._text, self._at):
            self._at = run.end()
            inner += run[0].count("(")
            if self._sign() != ")" or (self._open and not inner):
                break
            self._at += 1
            inner = max(0, inner - 1)
        return self._text[start : self._at]

    def _filter(self, word: str, *, minus: bool) -> Piece | None:
        """The filter with its value; None where it is none, or has no value and so is but a word."""
        name, _, value = word.partition(":")
        behind, start = self._at, self._at - len(word)
        if name.lower() not in _FILTERS:
            return None
        if not value and self._sign() and self._sign() in _QUOTES:
            value = self._quoted().strip()
            stars = value.endswith("*") or self._sign() == "*"
        else:
            whole, value = value.lstrip(_AROUND), value.strip(_AROUND)
            stars = "*" in whole[len(value) :]
        if not has_word(value):
            self._at = behind
            return None
        value = value.rstrip("*") + self._rest_of_period(name, value)
        typed = f"{'-' if minus else ''}{self._text[start : self._at]}"
        return Piece("filter", value, minus=minus, stars=stars, name=name.lower(), typed=typed)

    def _rest_of_period(self, name: str, value: str) -> str:
        if name.lower() in _DATED and value.lower() in ("last", "this"):
            found = re.compile(_PERIOD, re.IGNORECASE).match(self._text, self._at)
            self._at = found.end() if found else self._at
            return found[0] if found else ""
        return ""
