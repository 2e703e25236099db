"""What SQLite does for the archive's statements: none that is run for every document reads a whole table for it."""

from __future__ import annotations

from pathlib import Path

from convo_sync.archive import lost, meeting
from convo_sync.archive.write import Archive
from convo_sync.records import Kind
from convo_sync.views import MeetingRow

from .storage import NOW, ONE, fill, keypoints, store, transcript


def test_storing_a_document_reads_no_table_from_end_to_end(tmp_path: Path) -> None:
    """Each look-up goes through an index, so that a sync takes no longer for its last document than for its first."""
    with Archive(fill(tmp_path / "archive.db"), NOW) as archive:
        statements = _traced(archive)
        for document in (transcript(ONE, ["zebra", "a lid"]), keypoints(ONE, "zebra")):
            archive.held_substance(ONE, document.kind)
            store(archive, document)
        archive.held_substance(ONE, Kind.FEEDBACK)
        assert [line for line in _plans(archive, statements) if _is_of_a_table(line)] == []


def test_a_sweep_reads_the_documents_once(tmp_path: Path) -> None:
    """What is missing is found without a look through all documents for each conversation."""
    with Archive(fill(tmp_path / "archive.db"), NOW) as archive:
        statements = _traced(archive)
        archive.missing((), NOW)
        assert [line for line in _plans(archive, statements) if line.startswith("CORRELATED")] == []


def test_one_meetings_speakers_are_counted_from_its_turns_alone(tmp_path: Path) -> None:
    """`show` takes no longer in an archive of thousands of meetings."""
    with Archive(fill(tmp_path / "archive.db"), NOW) as archive:
        lines = _plans(archive, [f"select * from speaking_time where conversation_id = '{ONE}'"])
        assert not [line for line in lines if f"{line} ".startswith(("SCAN s ", "SCAN n ", "SCAN a ", "SCAN segments"))]
        assert [line for line in lines if line.startswith("SEARCH s")]


def test_one_meetings_replies_are_found_through_indexes(tmp_path: Path) -> None:
    """`show` reads no other meeting's answers and e-mails, and does not look through all documents for their times."""
    with Archive(fill(tmp_path / "archive.db"), NOW) as archive:
        statements = _traced(archive)
        meeting.whole(archive._connection, MeetingRow(ONE, "", "", None, None, 0, "", "", "", None))
        of_replies = [text for text in statements if "answers" in text or "suggested" in text or "emails" in text]
        assert len(of_replies) == 3
        assert [line for line in _plans(archive, of_replies) if _is_of_a_table(line)] == []


def test_rows_without_a_document_are_found_through_an_index(tmp_path: Path) -> None:
    """Expect no look through all documents for each of a million turns."""
    with Archive(fill(tmp_path / "archive.db"), NOW) as archive:
        statements = _traced(archive)
        assert not lost.documents(archive._connection)
        assert not list(lost.left_over(archive._connection, ()))
        lines = _plans(archive, statements)
        assert [line for line in lines if f"{line} ".startswith("SCAN d ")] == []
        assert [line for line in lines if line.startswith("SEARCH d USING INDEX documents_key")]


def _is_of_a_table(line: str) -> bool:
    """What a subquery found is gone through too, and how it found that is a line of its own."""
    return line.startswith("SCAN ") and "CONSTANT" not in line and not line.startswith("SCAN (subquery")


def _traced(archive: Archive) -> list[str]:
    statements: list[str] = []
    archive._connection.set_trace_callback(statements.append)
    return statements


def _plans(archive: Archive, statements: list[str]) -> list[str]:
    connection = archive._connection
    connection.set_trace_callback(None)
    asked = [text for text in statements if text.split()[0] in ("select", "insert", "update", "delete")]
    assert asked
    return [str(row[3]) for text in asked for row in connection.execute(f"explain query plan {text}")]
