"""The archive as a reader sees it: read-only, without a key, without a network, never waiting for the writer.

sqlite3 alone: nothing here, or imported here, may load pydantic, httpx, sqlite_utils or apscheduler.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from convo_sync.archive import searching, sqlite
from convo_sync.errors import UsageError
from convo_sync.query import understand

if TYPE_CHECKING:  # a search waits for what is imported here, so what only other methods need is imported there
    from pathlib import Path

    from convo_sync.archive.sight import Sight
    from convo_sync.briefs import Agenda, Briefing, Decisions, Digest, Promises
    from convo_sync.hits import SearchResult
    from convo_sync.plan.exclusion import Exclusion
    from convo_sync.records import ConversationId, Step
    from convo_sync.views import Meeting, MeetingRow, RunRow, Segment, Status


class Reader:
    """An open archive, read-only. Get one from `convo_sync.open_archive`; it is a context manager.

    Raises:
        ArchiveMissing: there is no file at `path`.
        ArchiveUnfit: it is not an archive, or of a version that this program cannot read.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = path
        self._connection = sqlite.open_for_reading(path)
        try:
            with sqlite.plain_errors(path):
                if (version := sqlite.check_version(self._connection, path)) < sqlite.SCHEMA_VERSION:
                    from convo_sync.archive import unfit

                    raise unfit.older(version, path)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def search(
        self,
        text: str,
        *,
        limit: int = 10,
        kinds: Collection[str] = searching.KINDS,
        newest_first: bool = False,
    ) -> SearchResult:
        """What a person remembers or wonders, as ranked hits: see docs/search.md.

        A hit of a transcript is a passage: `first_position` to `last_position`, together at most 200 words or one turn;
        `position`, `speaker`, `timestamp` and `text` are those of the turn that tells most. No two hits overlap.

        Args:
            text: words, "quoted phrases", -unwanted words, OR, (groups), beginnings*, and filters such as speaker:ann.
            limit: hits at most.
            kinds: of title, transcript, keypoints, decision, action_item, feedback, email, answer.
            newest_first: the newest meetings first, where else the best hits are.

        Raises:
            UsageError: a kind that does not exist, or a filter with an impossible value; no other text is an error.
        """
        unknown = set(kinds) - set(searching.KINDS)
        if unknown:
            raise UsageError(f"There is no kind {', '.join(sorted(unknown))}.", f"Kinds: {', '.join(searching.KINDS)}.")
        query = understand(text, now=datetime.now(UTC))
        # One look at the archive, whatever is written meanwhile: an outline and its turns belong together.
        with self._plainly(), sqlite.snapshot(self._connection):
            return searching.search(self._connection, query, limit=limit, kinds=kinds, newest_first=newest_first)

    def explain(self, text: str) -> Sequence[str]:
        """How `search` understands the text, in plain lines.

        Raises:
            UsageError: a filter has an impossible value.
        """
        return understand(text, now=datetime.now(UTC)).explain()

    def turns(self, conversation_id: str, first: int, last: int) -> Sequence[Segment]:
        """The turns of one conversation at these positions, both included."""
        from convo_sync.hits import Segment

        sql = """
            select position, speaker, timestamp, text
            from segments
            where conversation_id = ? and position between ? and ?
            order by position
        """
        with self._plainly():
            return [Segment(*row) for row in self._connection.execute(sql, (conversation_id, first, last))]

    def meetings(
        self,
        *,
        since: str | None = None,
        before: str | None = None,
        title: str = "",
        person: str = "",
        about: str = "",
        limit: int = -1,
    ) -> Sequence[MeetingRow]:
        """Conversations, newest first; with `about`, those with the best hit first.

        Args:
            since: those that began then or later, as UTC text.
            before: those that began before then.
            title: those whose title has this in it, in any case and any language.
            person: those where a participant's or speaker's name has this in it, whatever the case and accents.
            about: those in which the ranked search finds these words.
            limit: at most so many; -1 for all.
        """
        from convo_sync.archive import conversations

        with self._plainly():
            return conversations.listed(
                self._connection, self.search, (since, before), title=title, person=person, about=about, limit=limit
            )

    def meeting(self, name: str) -> Meeting:
        """One conversation with all that is archived of it, by its id or the beginning of it.

        Raises:
            NothingFound: there is none, or several begin so.
        """
        from convo_sync.archive import conversations, meeting

        with self._plainly():
            return meeting.whole(self._connection, conversations.named(self._connection, name))

    def is_forgotten(self, conversation_id: str) -> bool:
        """Whether the archive's owner had this conversation removed for good."""
        sql = "select 1 from forgotten where conversation_id = ?"
        with self._plainly():
            return self._connection.execute(sql, (conversation_id,)).fetchone() is not None

    def action_items(
        self,
        about: str = "",
        *,
        owner: str = "",
        priority: str = "",
        since: str | None = None,
        done: bool = False,
        limit: int = -1,
    ) -> Promises:
        """Action items, those of the newest meeting first; with `about`, the best first.

        Args:
            about: those that the ranked search finds for these words.
            owner: a part of the name of who is to do it, whatever the case and accents; “me” is the archive's owner.
            priority: high, medium or low.
            since: of meetings that began then or later, as UTC text.
            done: also those that are marked as done.
            limit: at most so many; -1 for all.
        """
        from convo_sync.archive import promises

        with self._plainly():
            wish = promises.Wish(about, owner, priority, since, done=done)
            return promises.action_items(self._connection, self.search, wish, limit)

    def promises(self, numbers: Collection[int]) -> Mapping[int, tuple[str, str | None]]:
        """Number -> text and when it was marked as done, of those action items that there ever were."""
        from convo_sync.archive import promises

        with self._plainly():
            return promises.numbered(self._connection, numbers)

    def decisions(
        self, about: str = "", *, since: str | None = None, before: str | None = None, limit: int = -1
    ) -> Decisions:
        """Decisions, those of the newest meeting first; with `about`, the best first. Arguments as above."""
        from convo_sync.archive import promises

        with self._plainly():
            return promises.decisions(self._connection, self.search, about, since=since, before=before, limit=limit)

    def briefing(self, words: str, now: datetime, *, limit: int = 2) -> Briefing:
        """What was discussed, decided and promised with a person, about a topic, or for a calendar event.

        Args:
            words: an event's id or title, a person's name, or what it is about.
            now: which events are still to come is seen from here.
            limit: entries of each kind at most.
        """
        from convo_sync.archive import briefing

        with self._plainly():
            return briefing.brief(self._connection, self.search, words, now, limit)

    def digest(self, since: str, before: str, *, limit: int = 5) -> Digest:
        """The meetings that began since then and before then, and what came of them.

        Args:
            since: as UTC text; so is `before`.
            limit: decisions and action items at most, each.
        """
        from convo_sync.archive import digest

        rows = self.meetings(since=since, before=before)
        with self._plainly():
            return digest.digest(self._connection, self.search, rows, since, before, limit)

    def coming(self, now: str, before: str, today: str, last_day: str) -> Agenda:
        """Calendar events that are not over at `now` and begin before then, the soonest first.

        Args:
            now: as UTC text; so is `before`.
            today: the local day, which whole days are compared with; so is `last_day`, the first that is left out.
        """
        from convo_sync.archive import agenda

        with self._plainly():
            return agenda.coming(self._connection, now, before, today, last_day)

    def missed(self, since: str, now: str) -> Agenda:
        """Calendar events that began since then, are over at `now`, and were never recorded, the last first."""
        from convo_sync.archive import agenda

        with self._plainly():
            return agenda.missed(self._connection, since, now)

    def as_of(self) -> str | None:
        """When the last complete sync ended, as UTC text; None before the first."""
        from convo_sync.archive import promises

        with self._plainly():
            return promises.as_of(self._connection)

    def status(self, now: datetime) -> Status:
        """Coverage, backlog, the hour and the last runs, at `now`."""
        from pathlib import Path

        from convo_sync.archive import reporting

        with self._plainly():
            return reporting.status(self._connection, Path(self.path), now)

    def last_runs(self) -> tuple[RunRow | None, RunRow | None]:
        """The last run that ended, and the last complete one."""
        from convo_sync.archive import reporting

        with self._plainly():
            ended = reporting.run(self._connection, "where outcome is not null")
            return ended, reporting.run(self._connection, "where outcome = 'complete'")

    def credits(self) -> Sight:
        """What the archive knows of AI credits; valid while the archive is open."""
        from convo_sync.archive.sight import Sight

        return Sight(self._connection, self.path)

    def next_steps(self, now: datetime, *, audit: bool = False, exclusion: Exclusion | None = None) -> Sequence[Step]:
        """What the next run would ask for besides the list, as far as the archive can tell; `exclusion`: what never."""
        from convo_sync.archive import foresight

        with self._plainly():
            return foresight.next_steps(self._connection, now, exclusion, audit=audit)

    def excluded(self, exclusion: Exclusion) -> Mapping[ConversationId, str]:
        """Conversation -> why nothing of it is asked for, of those that these rules take."""
        from convo_sync.archive import foresight

        with self._plainly():
            return foresight.excluded(self._connection, exclusion)

    def execute(self, sql: str) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """Any reading SQL: the columns' names and the rows. Writing and ATTACH are refused.

        Raises:
            UsageError: it is no single statement that reads.
        """
        from convo_sync.archive import statements

        return statements.execute(self._connection, sql, self.path)

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        with sqlite.plain_reads(self.path):
            yield
