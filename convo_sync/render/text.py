"""Text for a person's eyes: harmless, of a known width, wrapped. It knows nothing of meetings.

Every string that comes from a server or from a file passes `safe` before it is printed.
"""

from __future__ import annotations

from collections.abc import Iterator

from convo_sync.tuples import NamedTuple

MARK_OPEN, MARK_CLOSE = "\u2068", "\u2069"  # around the matched words of a snippet
_MARKS = MARK_OPEN + MARK_CLOSE
_BOLD, _FAINT, _RED, _YELLOW, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[0m"
# Not by colour alone, which not everybody tells apart.
_STRUCK_RED, _BOLD_GREEN = "\x1b[9;31m", "\x1b[1;32m"
_ROOMY = 100  # prose in longer lines is hard to read

# Control characters (a terminal obeys them), and those that turn the direction of what follows.
_HARMFUL = [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C, 0x200E, 0x200F]
_BREAKS = dict.fromkeys([0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029], " ")
_SAFE: dict[int, str | None] = {**dict.fromkeys(_HARMFUL), **_BREAKS}
_SAFE_BUT_MARKED = {code: to for code, to in _SAFE.items() if chr(code) not in (MARK_OPEN, MARK_CLOSE)}


class Look(NamedTuple):
    """How to print. `ansi`: bold and colour are understood; `utc`: times in UTC, not local; `width` in columns."""

    width: int = 80
    ansi: bool = False
    utc: bool = False

    @property
    def prose(self) -> int:
        """Columns for running text."""
        return max(20, min(self.width, _ROOMY))

    def bold(self, text: str) -> str:
        """For what is looked for first."""
        return f"{_BOLD}{text}{_PLAIN}" if self.ansi else text

    def faint(self, text: str) -> str:
        """For what may be passed over."""
        return f"{_FAINT}{text}{_PLAIN}" if self.ansi else text

    def warning(self, text: str) -> str:
        """For what wants attention."""
        return f"{_YELLOW}{text}{_PLAIN}" if self.ansi else text

    def alarm(self, text: str) -> str:
        """For what is wrong."""
        return f"{_RED}{text}{_PLAIN}" if self.ansi else text

    def removed(self, text: str) -> str:
        """For words that are no longer there."""
        return f"{_STRUCK_RED}{text}{_PLAIN}" if self.ansi else text

    def added(self, text: str) -> str:
        """For words that were not there before."""
        return f"{_BOLD_GREEN}{text}{_PLAIN}" if self.ansi else text


def safe(text: str) -> str:
    """The text on one line, without what a terminal would obey: control characters, escapes, turns of direction."""
    return text if text.isprintable() else text.translate(_SAFE)


def safe_marked(text: str) -> str:
    """`safe`, keeping the marks of a snippet."""
    return text if text.isprintable() else text.translate(_SAFE_BUT_MARKED)


def width(text: str) -> int:
    """Columns on a terminal: wide East Asian characters take two, marks and joiners none."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(character: str) -> int:
    if character < "\u0300" or "\u2010" <= character <= "\u2027":  # dashes, quotes, the ellipsis
        return 1
    if character in _MARKS:
        return 0
    from unicodedata import category, east_asian_width

    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in ("W", "F") else 1


def clip(text: str, columns: int) -> str:
    """The text, or its beginning and an ellipsis where it is wider."""
    if width(text) <= columns:
        return text
    kept, room = [], columns - 1
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…" if columns > 0 else ""


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text with spaces up to so many columns; before it where `right`."""
    space = " " * max(0, columns - width(text))
    return space + text if right else text + space


def wrap(text: str, columns: int, first: str = "", rest: str | None = None) -> Iterator[str]:
    """The text in lines of at most so many columns, `first` before the first of them and `rest` before the others.

    `rest` is as much space as `first` is wide where it is not given. A word wider than a line is broken.
    """
    rest = " " * width(first) if rest is None else rest
    line, used, room = first, 0, max(8, columns - width(first))
    for word in _fitting(text.split(), max(8, columns - max(width(first), width(rest)))):
        size = width(word)
        if used and used + 1 + size > room:
            yield line
            line, used, room = rest, 0, max(8, columns - width(rest))
        line += f" {word}" if used else word
        used += size + (1 if used else 0)
    yield line.rstrip()


def _fitting(words: list[str], columns: int) -> Iterator[str]:
    for word in words:
        piece, used = "", 0
        if width(word) <= columns:
            yield word
            continue
        for character in word:
            used += _columns(character)
            if used > columns:
                yield piece
                piece, used = "", _columns(character)
            piece += character
        yield piece


def marked(lines: Iterator[str], look: Look) -> Iterator[str]:
    """Wrapped lines with their marked words in bold, or in «» where bold is not understood."""
    begin, end = (_BOLD, _PLAIN) if look.ansi else ("«", "»")
    within = False
    for line in lines:
        # Bold that reaches over a line's end would take the next line's margin with it.
        begun = line.lstrip(" ")
        margin = line[: len(line) - len(begun)]
        shown = begun.replace(MARK_OPEN, begin).replace(MARK_CLOSE, end)
        opened_here = within
        within = line.rfind(MARK_OPEN) > line.rfind(MARK_CLOSE) or (within and MARK_CLOSE not in line)
        over_ends = look.ansi
        yield margin + (begin if opened_here and over_ends else "") + shown + (end if within and over_ends else "")


def count(number: int, one: str, many: str | None = None) -> str:
    """“1 meeting”, “1,234 meetings”."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def bar(share: float, columns: int) -> str:
    """A bar for a share of 0 to 1."""
    return "█" * round(max(0.0, min(1.0, share)) * columns)
