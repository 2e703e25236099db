"""Every storage method with a call that works, and a small archive for it to work on."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from convo_sync import models
from convo_sync.archive.read import Reader
from convo_sync.archive.write import Archive
from convo_sync.budget import Budget
from convo_sync.credits.entries import Entry, Standing, Wish
from convo_sync.errors import ConvoSyncError
from convo_sync.plan.exclusion import Exclusion, Rule
from convo_sync.plan.listing import Sweep, Vanished
from convo_sync.records import (
    Account,
    Completeness,
    Conversation,
    ConversationId,
    Document,
    Holding,
    Kind,
    ListingChange,
    Outcome,
    Run,
    State,
)
from convo_sync.times import format_time

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
ONE, TWO = ConversationId("sess_one"), ConversationId("sess_two")
# Far more than the free space of a page, in every row that a method writes: no write fits into the pages there are.
LONG = "long " * 40_000
BUDGET = Budget(500, 400, NOW + timedelta(minutes=30), NOW, 3, None, ((29_000_000, 7),))

Call = Callable[[Any], object]
Content = Mapping[str, list[tuple[Any, ...]]]


def transcript(conversation_id: str, texts: list[str | None]) -> Document:
    """A transcript of these turns; None stands for a turn that is unusable."""
    segments = [
        5 if text is None else {"text": text, "speaker": "Ann", "timestamp": format_time(NOW)} for text in texts
    ]
    return read(conversation_id, Kind.TRANSCRIPT, {"id": conversation_id, "segments": segments})


def keypoints(conversation_id: str, *points: str) -> Document:
    """Key points that say this."""
    inner = {
        "sections": [{"heading": "All", "points": list(points)}],
        "decisions": list(points[:1]),
        "actionItems": [{"item": point} for point in points[1:]],
    }
    return read(conversation_id, Kind.KEYPOINTS, {"id": conversation_id, "keypoints": inner})


def read(conversation_id: str, kind: Kind, data: Any) -> Document:
    """A document as it comes from the server."""
    found = models.read_document(ConversationId(conversation_id), kind, json.dumps({"data": data}).encode())
    assert found is not None
    return found


def listed(conversation_id: str, title: str = "A meeting", *, is_new: bool = True) -> ListingChange:
    """A row of the list, with holdings that are due."""
    start = format_time(NOW - timedelta(days=1))
    row = models.read_conversation(
        json.dumps({"data": {"id": conversation_id, "title": title, "startTime": start, "segmentCount": 3}}).encode()
    )
    assert row is not None
    conversation = Conversation(row.id, title, row.start_time, None, None, 3, row.digest)
    due = tuple(Holding(row.id, kind, State.PENDING, next_try_at=NOW) for kind in (Kind.TRANSCRIPT, Kind.KEYPOINTS))
    return ListingChange(row, conversation, due, is_new=is_new, differs=True)


def store(archive: Archive, document: Document, *, current: bool = True, holding: Holding | None = None) -> bool:
    """Store a document, with all else that this takes."""
    return archive.store_document(document, holding, current=current, cause="test", run_id=1, now=NOW, budget=Budget())


def fill(path: Path) -> Path:
    """A small archive with something in every corner that the methods look at."""
    with Archive(path, NOW) as archive:
        archive.bind(_account("Mara"), "http://127.0.0.1:9", "digest", NOW, BUDGET)
        archive.begin_run("sync", NOW, BUDGET)
        archive.store_page([listed(ONE, "The zebra budget"), listed(TWO)], Sweep(NOW, 2, total=5), 1, NOW, BUDGET)
        present = Holding(ONE, Kind.TRANSCRIPT, State.PRESENT, checked_at=NOW, digest="d")
        store(archive, transcript(ONE, ["the zebra budget", "is cut", "to 31,000"]), holding=present)
        store(archive, keypoints(ONE, "cut the zebra budget", "tell Leonie"))
        archive.accounting.reserve(Wish(TWO, Kind.KEYPOINTS, None, "by hand"), NOW, BUDGET)
    return path


def _account(name: str) -> Account:
    return Account("mara@example.com", name, "starter", "UTC", 1, 100, NOW)


_RUN = Run(Outcome.FAILED, Completeness.COMPLETE, error=("code", LONG, "next"))

FULL = Budget(500, 1, sent_by_minute=tuple((n, 1) for n in range(20_000)))
WISH = Wish(ONE, Kind.KEYPOINTS, None, LONG, document_digest="d")


def _reserved(archive: Any) -> Entry:
    """The line that `fill` left."""
    entry: Entry = archive.accounting.books().entries[0]
    return entry


def _receive(archive: Any) -> None:
    document = keypoints(TWO, LONG, LONG)
    archive.accounting.receive(
        _reserved(archive), document, Standing.SPENT, "it came", NOW, BUDGET, current=True, holding=None, run_id=1
    )


# What pays for documents. keep_reply is not among them: where the archive takes nothing, a file beside it does.
PAYING: Mapping[str, Call] = {
    "accounting.read_counter": lambda a: a.accounting.read_counter(_account("Mara"), NOW, FULL),
    "accounting.reserve": lambda a: a.accounting.reserve(WISH, NOW, BUDGET),
    "accounting.receive": _receive,
    "accounting.doubt": lambda a: a.accounting.doubt(1, LONG, NOW, BUDGET, holding=None),
    "accounting.confirm": lambda a: a.accounting.confirm(_reserved(a), "digest", LONG, NOW, BUDGET),
    "accounting.settle": lambda a: a.accounting.settle(1, Standing.REFUSED, LONG, NOW, BUDGET),
    "accounting.note_warning": lambda a: a.accounting.note_warning("cap", NOW, FULL),
}

WRITING: Mapping[str, Call] = {
    **PAYING,
    "bind": lambda a: a.bind(_account(LONG), "http://127.0.0.1:9", "digest", NOW, BUDGET),
    "save_budget": lambda a: a.save_budget(Budget(500, 1, sent_by_minute=tuple((n, 1) for n in range(20_000)))),
    "begin_run": lambda a: a.begin_run(LONG, NOW, BUDGET),
    "end_run": lambda a: a.end_run(1, _RUN, NOW, BUDGET, swept=True),
    "store_page": lambda a: a.store_page([listed("sess_new", LONG)], None, 1, NOW, BUDGET),
    "store_row": lambda a: a.store_row(listed(ONE, LONG, is_new=False), "by hand", NOW, BUDGET),
    "settle_sweep": lambda a: a.settle_sweep(Vanished(gone=((ONE, LONG),)), 1, NOW, BUDGET, swept=True),
    "mark_gone": lambda a: a.mark_gone(ONE, LONG, NOW, BUDGET),
    "suspect": lambda a: a.suspect([ONE], FULL),
    "store_document": lambda a: store(a, transcript(TWO, ["the lid", LONG])),
    "store_holdings": lambda a: a.store_holdings([Holding(ONE, Kind.FEEDBACK, State.FAILED, reason=LONG)], BUDGET),
}

ASKING: Mapping[str, Call] = {
    "accounting.books": lambda a: a.accounting.books(),
    "accounting.subjects": lambda a: a.accounting.subjects((Kind.KEYPOINTS,)),
    "accounting.answered": lambda a: a.accounting.answered(Wish(ONE, Kind.ANSWER, None, "", request="{}")),
    "accounting.replies": lambda a: a.accounting.replies(),
    "archive_id": lambda a: a.archive_id(),
    "binding": lambda a: a.binding(),
    "budget": lambda a: a.budget(),
    "overview": lambda a: a.overview(),
    "unfinished_sweep": lambda a: a.unfinished_sweep(),
    "known": lambda a: a.known([ONE, TWO]),
    "forgotten": lambda a: a.forgotten([ONE, TWO]),
    "candidates": lambda a: a.candidates(excluded_only=False),
    "invited": lambda a: a.invited(["ev1"]),
    "missing": lambda a: a.missing([ONE], NOW),
    "due": lambda a: a.due(NOW, retry_failed=True),
    "newest": lambda a: a.newest(10),
    "least_recently_checked": lambda a: a.least_recently_checked(10),
    "transcripts": lambda a: a.transcripts([ONE]),
    "held_substance": lambda a: a.held_substance(ONE, Kind.TRANSCRIPT),
}

READING: Mapping[str, Call] = {
    "search": lambda r: r.search("zebra budget"),
    "turns": lambda r: r.turns(ONE, 0, 2),
    "meetings": lambda r: r.meetings(),
    "meeting": lambda r: r.meeting(ONE),
    "is_forgotten": lambda r: r.is_forgotten(ONE),
    "status": lambda r: r.status(NOW)._replace(path="", bytes=0),
    "next_steps": lambda r: r.next_steps(NOW),
    "excluded": lambda r: r.excluded(Exclusion((Rule(title="zebra", attendee="ann"),))),
    "action_items": lambda r: r.action_items("Leonie", done=True),
    "promises": lambda r: r.promises([1]),
    "decisions": lambda r: r.decisions("zebra"),
    "briefing": lambda r: r.briefing("zebra", NOW),
    "digest": lambda r: r.digest("2026-03-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z"),
    "as_of": lambda r: r.as_of(),
    "last_runs": lambda r: r.last_runs(),
    "coming": lambda r: r.coming("2026-03-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z", "2026-03-01", "2026-04-01"),
    "missed": lambda r: r.missed("2026-03-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z"),
    "credits": lambda r: (r.credits().books(), r.credits().titles(), r.credits().began()),
    "execute": lambda r: list(r.execute("select * from segments order by id")[1]),
}

# What looks at no table.
THINKING: Mapping[str, Call] = {"explain": lambda r: r.explain("zebra budget")}

CLOSING = ("close",)


def names(owner: type) -> set[str]:
    """The public methods of a class."""
    return {name for name, value in vars(owner).items() if not name.startswith("_") and callable(value)}


def content(path: Path) -> Content:
    """All that is in the file, the indexes' own tables included."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table' and sql not like '%virtual%'")
        found = {name: connection.execute(f"select * from {name}").fetchall() for (name,) in tables.fetchall()}
        found["user_version"] = connection.execute("pragma user_version").fetchall()
        return found


def is_sound(path: Path) -> None:
    """SQLite and all indexes find nothing wrong."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        for index in ("segments_fts", "transcripts_fts", "notes_fts"):
            connection.execute(f"insert into {index} ({index}, rank) values ('integrity-check', 1)")


def asked(path: Path) -> Mapping[str, object]:
    """What every reading method answers."""
    with Reader(path) as reader:
        return {name: call(reader) for name, call in READING.items()}


def is_plain(error: ConvoSyncError) -> None:
    """A sentence, and another that says what to do."""
    assert error.message[0].isupper() or error.message.startswith("/")
    assert error.message.endswith((".", ")"))
    assert error.next_step.endswith(".")


@contextlib.contextmanager
def another_connection(path: Path, *statements: str) -> Iterator[sqlite3.Connection]:
    """Another program with the file open, after these statements."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
        yield connection
