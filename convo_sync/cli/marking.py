"""``convo-sync actions done`` and ``undo``: the owner's marks, all that a hand command writes into an archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from convo_sync.archive import marks
from convo_sync.archive.read import Reader
from convo_sync.cli.output import look, typed, write_json, write_lines
from convo_sync.cli.root import Setup
from convo_sync.errors import NothingFound, UsageError
from convo_sync.lock import WriterLock
from convo_sync.render.text import Look, safe, wrap
from convo_sync.render.when import day

WAIT_SECONDS = 5.0
_LONGEST = 15  # digits; SQLite's numbers end a little beyond
_Items = Mapping[int, tuple[str, str | None]]


def mark(setup: Setup, verb: str, words: Sequence[str], *, as_json: bool) -> None:
    """Mark the action items of these numbers as done, or as open again; all of them or, where one is wrong, none.

    Raises:
        UsageError: they are no numbers.
        NothingFound: there is no such item.
        ArchiveLocked: another process is writing, and did not let us.
    """
    numbers, done = _numbers(verb, words), verb == "done"
    before = _read(setup, numbers)
    if any((before[number][1] is None) == done for number in numbers):
        with WriterLock(setup.archive, f"convo-sync actions {verb}").acquire(WAIT_SECONDS):
            marks.mark(setup.archive, numbers, datetime.now(UTC) if done else None)
    after = _read(setup, numbers)
    if as_json:
        write_json({"action_items": [_as_json(number, after) for number in numbers]})
        return
    for number in numbers:
        write_lines(wrap(_in_words(number, before, after, look()), look().prose, rest="  "))


def _numbers(verb: str, words: Sequence[str]) -> Sequence[int]:
    """The numbers, each once; commas between them are no mistake."""
    given = typed(" ".join(words)).replace(",", " ").split()
    if not given:
        raise UsageError(
            f"actions {verb} needs the numbers of action items.", f"As in: convo-sync actions {verb} 12 15"
        )
    for word in given:
        if not (word.isascii() and word.isdecimal() and len(word) <= _LONGEST):
            raise UsageError(
                f"“{word}” is not the number of an action item.",
                "`convo-sync actions` shows them. To look for words: convo-sync search --kind action_item WORDS",
            )
    return list(dict.fromkeys(map(int, given)))


def _read(setup: Setup, numbers: Sequence[int]) -> _Items:
    with Reader(setup.archive_file) as archive:
        found = archive.promises(numbers)
    missing = [str(number) for number in numbers if number not in found]
    if missing:
        raise NothingFound(
            f"There is no action item {', '.join(missing)}. Nothing was marked.",
            "`convo-sync actions --all` shows those there are.",
        )
    return found


def _as_json(number: int, items: _Items) -> dict[str, object]:
    text, done_at = items[number]
    return {"number": number, "text": text, "done_at": done_at}


def _in_words(number: int, before: _Items, after: _Items, look: Look) -> str:
    text, done_at = after[number]
    same = before[number][1] == done_at
    if done_at is None:
        said = "was open" if same else "open again"
    else:
        said = f"was done on {day(done_at, look)}" if same else "done"
    return f"{number} {said}: {safe(text)}"
