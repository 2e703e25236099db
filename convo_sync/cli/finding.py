"""What one check found. Must not know any check, nor how a finding is printed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from convo_sync.errors import ConvoSyncError


class State(StrEnum):
    """The three ways in which a check ends."""

    OK = "ok"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """One line of `doctor`. `exit_code` is the one of a command that meets the same problem; 0 where there is none."""

    name: str
    state: State
    message: str
    next_step: str = ""
    exit_code: int = 0


def ok(name: str, message: str) -> Finding:
    """All is well."""
    return Finding(name, State.OK, message)


def skipped(name: str, why: str) -> Finding:
    """It could not be checked, or need not be."""
    return Finding(name, State.SKIPPED, why)


def problem(name: str, error: ConvoSyncError, message: str = "", next_step: str = "") -> Finding:
    """Something to mend; `message` and `next_step` say it better than the error does."""
    return Finding(name, State.PROBLEM, message or error.message, next_step or error.next_step, error.exit_code)
