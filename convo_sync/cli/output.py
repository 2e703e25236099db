"""Where a command prints: what the terminal understands, what a person typed, and one JSON document.

It knows no archive and no meeting. Nothing is printed here but what it is given.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from convo_sync.errors import ConvoSyncError
from convo_sync.render.text import Look, safe

# In JSON these stand escaped, so that not even JSON on a terminal drives it: C1 controls, DEL, turns of direction.
_ESCAPED = {
    code: f"\\u{code:04x}"
    for code in (*range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F)
}

# What stands for these where the character set of stdout has them not.
_NEAREST = {
    "•": "*",
    "·": "-",
    "–": "-",
    "─": "-",
    "█": "#",
    "…": "...",
    "«": '"',
    "»": '"',
    "“": '"',
    "”": '"',
    "’": "'",
}


def let_stdout_print_anything() -> None:
    """Make a stdout of a small character set print the nearest that it has, where it would fail."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        codecs.register_error("convo-sync-nearest", _nearest)
        reconfigure(errors="convo-sync-nearest")


def _nearest(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - stdout is only written to
    return "".join(map(_nearest_character, error.object[error.start : error.end])), error.end


def _nearest_character(character: str) -> str:
    from unicodedata import normalize

    bare = normalize("NFKD", character).encode("ascii", "ignore").decode()
    return _NEAREST.get(character) or bare or "?"


class _Lossy(io.FileIO):
    """A file that loses what it cannot take."""

    def write(self, piece: Any, /) -> int:
        """Write; what the other end refuses counts as written."""
        try:
            return super().write(piece)
        except OSError:
            return len(piece)


def let_stderr_lose_its_reader() -> None:
    """From now on nothing that is said on stderr can fail: a run does not end because nobody listens any more."""
    if sys.stderr is None:
        # Else the next file that is opened, the archive's lock perhaps, would be where others print errors.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    elif sys.stderr is (was := sys.__stderr__) and was is not None:  # else a test listens
        raw = getattr(was.buffer, "raw", was.buffer)
        if type(raw) is io.FileIO:  # a console of Windows is written to in another way, and has no reader to lose
            lossy = io.BufferedWriter(_Lossy(raw.fileno(), "wb", closefd=False))
            sys.stderr = io.TextIOWrapper(lossy, was.encoding, "backslashreplace", line_buffering=True)


def say(text: str) -> None:
    """Say one line on stderr, whatever is in it."""
    if sys.stderr is not None:
        sys.stderr.write(f"{safe(text)}\n")
        sys.stderr.flush()


def is_terminal() -> bool:
    """Whether results go to a person's screen."""
    return sys.stdout is not None and sys.stdout.isatty()


def look(*, utc: bool = False) -> Look:
    """How to print here: bold on a terminal that knows it, unless ``NO_COLOR`` is set."""
    ansi = is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Look(_columns(), ansi, utc)


def _columns() -> int:
    # What shutil.get_terminal_size does; shutil brings the compression libraries, for which a search would wait.
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named) > 0:
        return int(named)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return 80


def typed(text: str) -> str:
    """What a person typed as text that can be stored and printed; bytes that are no text became U+FFFD."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def write(text: str) -> None:
    """Print text as it is; nothing where stdout is closed.

    Raises:
        BrokenPipeError: the reader is gone.
        ConvoSyncError: it cannot be written.
    """
    with _plainly():
        if sys.stdout is not None:
            sys.stdout.write(text)


def flush() -> None:
    """Send what was printed on its way. Raises as `write` does."""
    with _plainly():
        if sys.stdout is not None:
            sys.stdout.flush()


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ConvoSyncError(f"The output could not be written: {error.strerror or error}.") from error


@contextlib.contextmanager
def without_reader() -> Iterator[None]:
    """Inside, a reader of stdout that has left is no reason to stop: the exit code is still to come."""
    with contextlib.suppress(BrokenPipeError):
        yield


def write_lines(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        write(f"{line}\n")


def write_json(value: Any) -> None:
    """Print one document: indented for a person, on one line for a program."""
    write(dump(value, indent=2 if is_terminal() else None) + "\n")


def dump(value: Any, indent: int | None = None) -> str:
    """JSON that every terminal bears; ASCII where stdout is not UTF."""
    import json

    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = json.dumps(value, ensure_ascii=not encoding.lower().startswith("utf"), indent=indent)
    return text.translate(_ESCAPED) if not text.isascii() or "\x7f" in text else text
