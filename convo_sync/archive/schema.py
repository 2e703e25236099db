"""The text of schema.sql and the statements in it. Must not know when they are run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources

from convo_sync.archive import sqlite


def schema() -> str:
    """The text of schema.sql."""
    return resources.files("convo_sync").joinpath("schema.sql").read_text(encoding="utf-8")


def statements(script: str) -> Sequence[str]:
    """The script's statements one by one: sqlite3's own executescript would commit the open transaction."""
    found, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if ";" in line and sqlite.complete(current):
            found.append(current.strip())
            current = ""
    return [statement for statement in found if statement]


def creating(name: str) -> str:
    """The statement that makes this table, view or index, with the comment above it."""
    begins = re.compile(rf"^create (?:unique |virtual )*(?:table|view|index) {name}\b", re.M)
    return next(each for each in statements(schema()) if begins.search(each))
