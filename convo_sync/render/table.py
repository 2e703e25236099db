"""The rows of a query: a table, lines of tab-separated values, CSV or JSON. They stream: no result is held whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from convo_sync.render.text import Look, clip, pad, safe, width

# Widths are taken from so many rows; later rows that are wider push their line out, and lose nothing.
_MEASURED = 200
_WIDEST_CELL = 60
# A spreadsheet takes a cell that begins so for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = Sequence[Any]


def lines(names: Sequence[str], rows: Iterable[Row], look: Look, *, header: bool) -> Iterator[str]:
    """Aligned columns: numbers to the right, long cells clipped."""
    source = iter(rows)
    first = list(islice(source, _MEASURED))
    heads = [safe(name) for name in names] if header else ["" for _ in names]
    cells = [[cell(value) for value in row] for row in first]
    widths = [min(_WIDEST_CELL, max(width(line[i]) for line in (heads, *cells))) for i in range(len(names))]
    if header:
        yield look.bold(_aligned(heads, widths, names).rstrip())
        yield look.faint("  ".join("─" * columns for columns in widths))
    yield from (_aligned([cell(value) for value in row], widths, row).rstrip() for row in chain(first, source))


def _aligned(cells: Sequence[str], widths: Sequence[int], values: Row) -> str:
    return "  ".join(
        pad(clip(text, columns), columns, right=isinstance(value, int | float))
        for text, columns, value in zip(cells, widths, values, strict=True)
    )


def tab_separated(names: Sequence[str], rows: Iterable[Row], *, header: bool) -> Iterator[str]:
    """A line a row; nulls are empty."""
    if header:
        yield "\t".join(map(safe, names))
    for row in rows:
        yield "\t".join(map(cell, row))


def csv(names: Sequence[str], rows: Iterable[Row], write: Callable[[str], Any], *, header: bool) -> None:
    """RFC 4180, through `write`. A text that a spreadsheet would run gets an apostrophe before it."""
    from csv import writer

    class Sink:
        """What the csv module takes for a file."""

        def write(self, line: str, /) -> Any:
            return write(line)

    out = writer(Sink(), lineterminator="\n")
    if header:
        out.writerow([_spreadsheet(name) for name in names])
    out.writerows([_spreadsheet(value) for value in row] for row in rows)


def _spreadsheet(value: object) -> object:
    if isinstance(value, bytes):
        return cell(value)
    if not isinstance(value, str):
        return value
    shown = "\n".join(safe(line) for line in value.split("\n"))
    # What is left out may have stood before an equals sign.
    return f"'{shown}" if value.startswith(_FORMULA) or shown.startswith(_FORMULA) else shown


def json_pieces(names: Sequence[str], rows: Iterable[Row], dump: Callable[[Any], str]) -> Iterator[str]:
    """A JSON array of objects, an object a line. `dump` writes one value."""
    keys = unique(names)
    lead = "["
    for row in rows:
        yield lead + dump(dict(zip(keys, map(_plain, row), strict=True)))
        lead = ",\n"
    yield "[]\n" if lead == "[" else "]\n"


def unique(names: Sequence[str]) -> list[str]:
    """The columns' names, a number after those that were there before: an object's keys are unique."""
    keys: list[str] = []
    for name in names:
        number, key = 1, name
        while key in keys:
            number += 1
            key = f"{name}_{number}"
        keys.append(key)
    return keys


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return {"bytes": len(value)}
    # JSON knows no infinity.
    return None if isinstance(value, float) and not math.isfinite(value) else value


def cell(value: object) -> str:
    """One value on one line."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    return safe(value) if isinstance(value, str) else str(value)
