"""What the daemon lets others see, as a line or as JSON. It knows no file, and trusts nothing that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from convo_sync.render.text import Look
from convo_sync.render.when import not_before, since
from convo_sync.times import normalise_time, parse_time

NAMES = ("pid", "since", "running", "next_at", "why", "looked_at", "stuck")


def as_json(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An object with NAMES; null where no daemon runs. `running`: whether a sync does; `stuck`: whether it hangs."""
    return None if told is None else {name: told.get(name) for name in NAMES}


def line(told: Mapping[str, Any] | None, now: datetime, look: Look) -> str:
    """“running since 14:05 (pid 312), next sync at 14:35 (every so often)”."""
    return "not running" if told is None else f"running {running(told, now, look)}, {next_sync(told, now, look)}"


def running(told: Mapping[str, Any], now: datetime, look: Look) -> str:
    """“since 14:05 (pid 312)”."""
    began = _time(told, "since")
    pid = f"(pid {told['pid']})" if isinstance(told.get("pid"), int) else ""
    return " ".join(filter(None, (f"since {since(began, now, look)}" if began else "", pid))) or "now"


def next_sync(told: Mapping[str, Any], now: datetime, look: Look) -> str:
    """“next sync at 14:35 (every so often)”, or what it does instead."""
    planned, why = _time(told, "next_at"), str(told.get("why") or "it has just begun")
    if told.get("stuck"):
        looked = _time(told, "looked_at")
        return f"no sign of life{f' since {since(looked, now, look)}' if looked else ''}"
    if told.get("running"):
        return "a sync runs now"
    return (
        f"next sync at {not_before(parse_time(planned), now, look)} ({why})" if planned else f"no sync planned: {why}"
    )


def _time(told: Mapping[str, Any], name: str) -> str | None:
    text = told.get(name)
    return normalise_time(text) if isinstance(text, str) else None
