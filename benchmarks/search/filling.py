"""Fills an archive with copies of meetings by a sync as a user's: its plan, its writer, and no network between.

``python -m benchmarks.search.filling MEETINGS COPIES NEW`` makes the archive NEW, and beside it NEW.json: which files
of this checkout, with their digests, had a part in it. Must not know how an archive is searched.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.search import lines
from benchmarks.search.copies import Item, copied, copy_id, exchange, frequencies
from convo_sync.archive.write import Archive
from convo_sync.models import read_document, read_page, read_profile
from convo_sync.records import Account, ConversationId, Document, Kind, Outcome, Page, Progress, RateReading
from convo_sync.sync import Identity, Options, Sync
from convo_sync.sync.meter import Meter

ROOT = Path(__file__).parent.parent.parent
_PROFILE = {"profile": {"email": "bench@example.com", "name": "Bench"}, "subscription": {"tier": "enterprise"}}
_REQUESTS_AN_HOUR = 1_000_000  # no run is to wait
_LATER = timedelta(days=365)  # than the newest meeting: nothing is still running, or rechecked
_TOLD_EVERY = 500  # documents


def fill(path: Path, items: Sequence[Item], copies: int, tell: Callable[[str], None]) -> None:
    """Make an archive of so many copies of the meetings.

    Raises:
        RuntimeError: not every meeting was archived.
    """
    newest = max(item["conversation"]["startTime"] for item in items)
    now = datetime.fromisoformat(newest).astimezone(UTC) + _LATER
    with Archive(path, now) as archive:
        meter = Meter(archive.budget(), lambda: now, archive.save_budget)
        remote = _Remote(items, copies, meter, now)
        sync = Sync(remote, archive, meter, lambda: now, Options(), tell=_teller(path, tell))
        run, error = sync.run(Identity("https://bench.invalid", "none"))
    if error is not None or run.outcome is not Outcome.COMPLETE or run.listed != copies * len(items):
        raise RuntimeError(f"{path.name} was not filled: {error or run}")


def _teller(path: Path, tell: Callable[[str], None]) -> Callable[[Progress], None]:
    def heard(progress: Progress) -> None:
        if progress.done and progress.done % _TOLD_EVERY == 0:
            tell(f"{path.name}: {progress.done:,} of {progress.planned:,} documents archived")

    return heard


class _Remote:
    """The API, as far as a run reads it. What it answers is made when it is asked for, and read as a body would be."""

    def __init__(self, items: Sequence[Item], copies: int, meter: Meter, now: datetime) -> None:
        counts = frequencies(items)
        self._meter, self._now = meter, now
        self._words = [exchange(counts, number) for number in range(copies)]
        self._meetings = {
            copy_id(item["conversation"]["id"], number): (item, number) for number in range(copies) for item in items
        }
        rows = [self._part(id_, "conversation") for id_ in self._meetings]
        self._rows = sorted(rows, key=lambda row: str(row["startTime"]), reverse=True)

    def list_conversations(self, *, limit: int = 100, offset: int = 0, since: datetime | None = None) -> Page:
        self._answer()
        counts = {"total": len(self._rows), "limit": limit, "offset": offset}
        return read_page(_body({"data": self._rows[offset : offset + limit], "pagination": counts}))

    def get_document(self, conversation_id: ConversationId, kind: Kind) -> Document | None:
        self._answer()
        return read_document(conversation_id, kind, _body({"data": self._part(conversation_id, kind.value)}))

    def get_profile(self) -> Account:
        self._answer()
        return read_profile(_body({"data": _PROFILE}))

    def _answer(self) -> None:
        self._meter.sending()
        self._meter.answered(RateReading(_REQUESTS_AN_HOUR, _REQUESTS_AN_HOUR, 3600.0, self._now))

    def _part(self, id_: str, name: str) -> Any:
        item, number = self._meetings[id_]
        return copied(item, name, number, self._words[number])


def _body(envelope: Mapping[str, Any]) -> bytes:
    return json.dumps({"success": True, **envelope}, ensure_ascii=False, separators=(",", ":")).encode()


def sources() -> Mapping[str, str]:
    """The files of this checkout that this process has run so far, with their digests; and the schema."""
    loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    files = {Path(file).resolve() for file in loaded if file} | {ROOT / "schema.sql"}
    own = sorted(file for file in files if file.is_relative_to(ROOT) and ".venv" not in file.parts)
    return {str(file.relative_to(ROOT)): lines.digest(file) for file in own}


def main() -> None:
    """Fill, and say with what."""
    meetings, copies, new = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    fill(new, lines.read(meetings), copies, lambda text: print(text, file=sys.stderr, flush=True))
    new.with_name(f"{new.name}.json").write_text(json.dumps(sources(), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
