"""The printer: harmless text, known widths, local times, CSV without formulas, Markdown without markup."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convo_sync.hits import Coverage, Hit, SearchResult
from convo_sync.render import hits, markdown, meetings, replies, status, table, when
from convo_sync.render.text import MARK_CLOSE, MARK_OPEN, Look, bar, clip, marked, pad, safe, safe_marked, width, wrap
from convo_sync.views import MeetingRow, RunRow, Status

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
HARMFUL = {chr(code) for code in (*range(32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine stands in Berlin."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


# -- text


@given(st.text())
def test_no_text_drives_a_terminal(text: str) -> None:
    """Whatever was said, nothing that a terminal obeys is left, and what is printable stays."""
    shown = safe(text)
    assert not HARMFUL & set(shown)
    assert [c for c in shown if c.isprintable() and c != " "] == [c for c in text if c.isprintable() and c != " "]
    assert HARMFUL & set(safe_marked(text)) <= {MARK_OPEN, MARK_CLOSE}


@given(st.text(), st.integers(20, 100))
def test_wrapped_lines_fit_and_lose_nothing(text: str, columns: int) -> None:
    """No line is wider than asked for, and all characters but spaces are there, in their order."""
    text = safe(text)
    lines = list(wrap(text, columns, "  • "))
    assert max(map(width, lines)) <= columns
    assert lines[0].startswith("  •")
    assert "".join("".join(lines).split()).removeprefix("•") == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "columns"), [("flip top", 8), ("Zażółć", 6), ("会議", 4), ("e\u0301", 1), ("a\u200db", 2), ("", 0)]
)
def test_width_is_what_a_terminal_shows(text: str, columns: int) -> None:
    """East Asian characters take two columns, combining marks none."""
    assert width(text) == columns


@given(st.text(), st.integers(1, 40))
def test_clipped_and_padded_text_has_its_width(text: str, columns: int) -> None:
    """A cell of a table is never wider, and once padded never narrower."""
    clipped = clip(safe(text), columns)
    assert width(clipped) <= columns
    assert width(pad(clipped, columns)) == columns


def test_long_wide_words_are_broken() -> None:
    """Chinese text without spaces is wrapped as well."""
    assert list(wrap("会" * 30, 20)) == ["会" * 10] * 3


@pytest.mark.parametrize(
    ("ansi", "expected"), [(True, ["  a \x1b[1mb\x1b[0m", "  \x1b[1mc\x1b[0m d"]), (False, ["  a «b", "  c» d"])]
)
def test_marks_reach_over_line_ends(ansi: bool, expected: list[str]) -> None:
    """Bold ends with its line and begins anew on the next, so that no margin is bold."""
    lines = iter([f"  a {MARK_OPEN}b", f"  c{MARK_CLOSE} d"])
    assert list(marked(lines, Look(ansi=ansi))) == expected


def test_a_bar_stays_in_its_bounds() -> None:
    """A share below 0 or above 1 is no error."""
    assert [len(bar(share, 10)) for share in (-1, 0, 0.5, 1, 7)] == [0, 0, 5, 10, 10]


# -- times


def test_times_are_local_unless_utc_is_asked_for(berlin: None) -> None:
    """Summer and winter time, and UTC named where it is meant."""
    assert when.day_and_minute("2026-03-19T10:00:00.000Z", Look()) == "Thu 2026-03-19 11:00"
    assert when.day_and_minute("2026-07-19T23:00:00.000Z", Look()) == "Mon 2026-07-20 01:00"
    assert when.day_and_minute("2026-07-19T23:00:00.000Z", Look(utc=True)) == "Sun 2026-07-19 23:00 UTC"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2036-01-01T00:00:00.000Z"])
def test_no_stored_time_is_an_error(text: str, berlin: None) -> None:
    """Years at the ends of the calendar are printed, if need be in UTC."""
    assert when.minute(text, Look())[:3] in (text[:3], "000", "1000")


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2026-03-19T10:00:00.000Z", "0:00"),
        ("2026-03-19T10:12:34.900Z", "12:34"),
        ("2026-03-19T11:02:03.000Z", "1:02:03"),
        ("2026-03-19T09:59:00.000Z", "09:59"),
        (None, ""),
    ],
)
def test_time_into_the_meeting(timestamp: str | None, expected: str) -> None:
    """From the start; a turn before it, or a day later, shows the time of day; none shows nothing."""
    assert when.into(timestamp, "2026-03-19T10:00:00.000Z", Look(utc=True)) == expected


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (0, "less than a minute"),
        (60, "1 minute"),
        (7200, "2 hours"),
        (86400, "24 hours"),
        (172800, "2 days"),
        (-5, "less than a minute"),
    ],
)
def test_spans_in_words(length: int, words: str) -> None:
    """The largest unit that still tells something; a negative one is no error."""
    assert when.span(timedelta(seconds=length)) == words


# -- rows of a query


@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.binary()), min_size=3, max_size=3))
def test_a_row_of_a_table_is_one_line(row: list[object]) -> None:
    """Whatever the values, a table has a line a row and tab-separated values have their tabs."""
    names = ("a", "b", "c")
    assert all(len(line.splitlines()) <= 1 for line in table.lines(names, [row], Look(), header=True))
    (line,) = table.tab_separated(names, [row], header=False)
    assert line.count("\t") == 2
    assert not HARMFUL & set(line.replace("\t", ""))


def test_a_table_is_aligned() -> None:
    """Numbers stand to the right, texts to the left, long ones are clipped."""
    lines = list(table.lines(("name", "n"), [("a", 5), ("会議", 1000), ("x" * 99, None)], Look(), header=True))
    assert lines[0].split() == ["name", "n"]
    assert lines[2] == "a" + " " * 59 + "     5"
    assert lines[4] == "x" * 59 + "…"


def test_a_table_streams() -> None:
    """The first line comes before the last row is read."""
    lines = table.lines(("n",), ((n,) for n in iter(int, 1)), Look(), header=False)
    assert next(lines).strip() == "0"


@given(st.text())
@example("\x1f=1+1")
def test_no_text_is_a_formula(text: str) -> None:
    """No cell of the CSV begins as a spreadsheet's formulas do."""
    pieces: list[str] = []
    table.csv(("a",), [(text,)], pieces.append, header=False)
    assert not "".join(pieces).lstrip('"').startswith(("=", "+", "-", "@", "\t", "\r"))


def test_double_names_are_told_apart() -> None:
    """An object's keys are unique."""
    assert table.unique(("a", "a", "a_2", "a")) == ["a", "a_2", "a_2_2", "a_3"]


# -- pages


def found(**changed: object) -> SearchResult:
    """A result with one hit."""
    hit = Hit("sess_a", "A title", "2026-03-19T10:00:00.000Z", "transcript", 3, 3, 3, "Mara", None, "text", "text", 1.0)
    return SearchResult("text", 1, False, (hit._replace(**changed),), Coverage(3, 0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("decision", "decision"),
        ("keypoints", "key point"),
        ("title", "in the title"),
        ("email", "e-mail"),
        ("answer", "answer"),
    ],
)
def test_hits_outside_transcripts(kind: str, label: str) -> None:
    """They are named for what they are, and opened without a position."""
    result = found(kind=kind, position=None, first_position=None, last_position=None, speaker=None)
    lines = list(hits.lines(result, Look(utc=True)))
    assert f"  1. {label}" in lines
    assert lines[-1] == "Open one: convo-sync show sess_a"


def test_a_mark_that_reaches_from_a_question_into_its_answer() -> None:
    """Each of the two lines has its part of the mark."""
    snippet = f"drop {MARK_OPEN}the\nflip{MARK_CLOSE} top"
    lines = list(hits.lines(found(kind="answer", position=None, text=snippet, snippet=snippet), Look(ansi=True)))
    assert lines[3:5] == ["     drop \x1b[1mthe\x1b[0m", "     \x1b[1mflip\x1b[0m top"]


@pytest.mark.parametrize(
    ("text", "snippet", "shown"),
    [
        ("why?\nSo it is.", "…it is.", ["     why?", "     …it is."]),
        ("…and then?\nIt is.", "…and then?\nIt is.", ["     …and then?", "     It is."]),
        ("\nIt is.", "\nIt is.", ["     It is."]),
        ("w" * 99 + "\nIt is.", "…it is.", ["     " + "w" * 74 + "…", "     …it is."]),
    ],
)
def test_the_question_above_what_tells(text: str, snippet: str, shown: list[str]) -> None:
    """It is there once, on one line where the snippet begins after it, and not where the server did not repeat it."""
    lines = list(hits.lines(found(kind="answer", position=None, text=text, snippet=snippet), Look()))
    assert lines[3 : lines.index("")] == shown


@given(st.text(st.sampled_from(" \t\r\n\x0b\x1b-1.#a")))
def test_the_lines_of_a_reply(text: str) -> None:
    """Each is printable, none is lost but the empty ones before and after all others, and none ends in spaces."""
    lines = replies.text_lines(text)
    assert all(line.isprintable() and line == line.rstrip() for line in lines)
    assert "".join("".join(lines).split()) == "".join(safe(text).split())
    assert not lines or (lines[0] and lines[-1])


def test_a_search_that_saw_everything_does_not_say_so() -> None:
    """What was not seen is only told where there is something."""
    assert hits.blind_spot(found()) == ""
    assert hits.blind_spot(found()._replace(coverage=Coverage(9, 3))) == "3 meetings have no transcript yet."


def test_the_list_fits_its_terminal() -> None:
    """Long titles are clipped to the width, and whole where nobody sees it."""
    row = MeetingRow("sess_a", "word " * 40, "2026-03-19T10:00:00.000Z", None, None, 0, "pending", "", "", None)
    narrow = list(meetings.lines([row], Look(width=80), whole=False))
    assert max(map(width, narrow)) <= 80
    assert narrow[1].endswith("no transcript yet")
    assert ("word " * 40).strip() in list(meetings.lines([row], Look(width=80), whole=True))[1]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("*bold* [link](x) <b>", "\\*bold\\* \\[link\\](x) \\<b\\>"),
        ("- item", "\\- item"),
        ("3. March", "3\\. March"),
        ("line\nbreak", "line break"),
        ("20.04 and `code`", "20.04 and \\`code\\`"),
        ("plain text.", "plain text."),
        ("1) first", "1\\) first"),
        ("2.", "2\\."),
        ("-", "\\-"),
        ("+", "\\+"),
        ("--", "\\--"),
        ("- - -", "\\- - -"),
        ("==", "\\=="),
        ("-5 degrees, +3 and 1.5", "-5 degrees, +3 and 1.5"),
        ("&copy; &#169; &#xA9; R&D", "\\&copy; &\\#169; &\\#xA9; R&D"),
        ("# one > two ~~~ | ```", "\\# one \\> two \\~\\~\\~ \\| \\`\\`\\`"),
        ("> quoted", "\\> quoted"),
        ("<!-- -->", "\\<!-- --\\>"),
    ],
)
def test_markdown_escapes(text: str, escaped: str) -> None:
    """Nothing that was said becomes markup."""
    assert markdown.escape(text) == escaped


# What CommonMark takes for a list, a rule, a heading, a quotation, code or a table where a line begins.
_BLOCK = re.compile(r"[-+*](\s|$)|[0-9]+[.)](\s|$)|[-=*_\s]+$|[#>|<]|```|~~~")
_MARKUP = st.text(st.sampled_from("-+=*_#>`~|<&;:.)( 19a\\[]!"), max_size=12)


@given(_MARKUP | st.text())
@example("\t- x")
def test_no_line_of_markdown_begins_a_block(text: str) -> None:
    """Whatever was said is one line that begins as text does, and unescaped it is what was said."""
    line = markdown.escape(text)
    assert not _BLOCK.match(line) or not line
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", line) == " ".join(safe(text).split())
    assert not re.search(r"(?<!\\)(\\\\)*[`*_\[\]<>#|~]|(?<!\\)(\\\\)*&#?[0-9A-Za-z]+;", line)


def stand(**changed: object) -> Status:
    """An archive whose last complete run ended at NOW."""
    run = RunRow(1, "sync", when.iso(NOW), when.iso(NOW), "complete", "complete", 5, None, None)
    whole = Status(
        path="/a.db", bytes=2_500_000, account="mara@example.org", tier="starter", base_url="https://www.itsconvo.com",
        conversations=10, gone=0, segments=100, first_start=when.iso(NOW), last_start=when.iso(NOW),
        states={"transcript": {"present": 8, "failed": 2}}, backlog=0, waiting=0, next_try_at=None, oldest_failure=None,
        sweep_unfinished=False, hourly_limit=100, remaining=40, reset_at=when.iso(NOW + timedelta(minutes=30)),
        last_run=run, last_complete=run,
    )  # fmt: skip
    return whole._replace(**changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "after", "state"),
    [
        ({}, timedelta(hours=23), "fresh"),
        ({}, timedelta(hours=25), "stale"),
        ({"sweep_unfinished": True}, timedelta(0), "incomplete"),
        ({"last_complete": None}, timedelta(0), "incomplete"),
        ({}, timedelta(hours=-5), "fresh"),
    ],
)
def test_the_verdict(changed: dict[str, object], after: timedelta, state: str) -> None:
    """Stale by age, incomplete without a complete run or in the midst of a sweep; a clock set back is no staleness."""
    verdict = status.judge(stand(**changed), NOW + after, timedelta(days=1))
    assert verdict.state == state
    assert bool(verdict.sentence) == (state != "fresh")


def test_the_backlog_ends_at_this_plans_rate() -> None:
    """100 an hour less the reserve of 5: 285 documents take three hours."""
    behind = stand(backlog=285)
    assert status.as_json(behind, status.Verdict("fresh"), NOW)["backlog"]["ends_at"] == "2026-03-20T15:00:00.000Z"
    shown = " ".join(" ".join(status.lines(behind, Look(utc=True), NOW)).split())
    ends = "until Fri 2026-03-20 15:00 UTC Rate:"
    assert f"Backlog: 285 documents due, about 3 hours at 95 requests an hour, {ends}" in shown
    assert status.as_json(stand(), status.Verdict("fresh"), NOW)["backlog"]["ends_at"] is None


def test_the_rate_frees_at_reset() -> None:
    """Before Reset what is left, after it the whole hour."""
    assert status.left(stand(), NOW) == 40
    assert status.left(stand(), NOW + timedelta(hours=1)) == 100
    assert status.left(stand(reset_at=None, remaining=None, hourly_limit=None), NOW) is None


def test_a_failed_and_a_parked_run_say_why() -> None:
    """The reason of the one, the end of the other, and what has failed for longest."""
    failed = stand().last_run._replace(outcome="failed", error=("key_refused", "The key was refused.", "Run init."))  # type: ignore[union-attr]
    parked = failed._replace(outcome="parked", error=None, resume_at="2026-03-20T13:00:00.000Z")
    lines = list(status.lines(stand(last_run=failed, oldest_failure=("sess_a", "keypoints", "timeout")), Look(), NOW))
    assert "failed: The key was refused. Run init." in " ".join(" ".join(lines).split())
    assert "Failing:  key points of sess_a: timeout" in lines
    assert "          8 of 10 transcripts; 2 failed" in lines
    text = " ".join(" ".join(status.lines(stand(last_run=parked), Look(utc=True), NOW)).split())
    assert "parked until Fri 2026-03-20 13:00 UTC" in text


@pytest.mark.parametrize(
    ("shown", "total", "more", "words"),
    [
        (3, 3, False, "3 hits in 3 meetings."),
        (3, 93, True, "3 hits in 3 meetings; 93 meetings have hits; -n 50 shows more."),
        (3, 3, True, "3 hits in 3 meetings; -n 50 shows more."),
        (20, 93, True, "20 hits in 20 meetings; 93 meetings have hits; -n 100 shows more."),
        (10_000, 10_000, True, "10,000 hits in 10,000 meetings; there are more."),
    ],
)
def test_a_search_sums_up(shown: int, total: int, more: bool, words: str) -> None:
    """How many are shown, how many meetings have any, and a number for -n that shows more and is allowed."""
    one = found()
    several = tuple(one.hits[0]._replace(conversation_id=f"sess_{n}") for n in range(shown))
    assert words in list(hits.lines(one._replace(hits=several, total=total, more=more), Look()))


def test_the_next_step_waits_for_a_parked_run() -> None:
    """Until the hour frees the next step names the time, rounded up to a whole minute; afterwards it does not."""
    freed = NOW + timedelta(minutes=30, seconds=1)
    parked = stand().last_run._replace(outcome="parked", resume_at=when.iso(freed))  # type: ignore[union-attr]
    behind = stand(last_complete=None, last_run=parked)
    judged = (status.judge(behind, now, timedelta(days=1), Look(utc=True)) for now in (NOW, freed))
    assert [each.next_step for each in judged] == [
        "Run `convo-sync sync` after 12:31 UTC.",
        "Run `convo-sync sync`.",
    ]


def test_a_list_that_was_not_complete_is_not_called_a_used_up_hour() -> None:
    """A run may be parked because the list kept changing."""
    parked = stand().last_run._replace(outcome="parked", listing="partial", resume_at=when.iso(NOW))  # type: ignore[union-attr]
    text = " ".join(" ".join(status.lines(stand(last_run=parked), Look(), NOW)).split())
    assert "the list of meetings was not complete yet" in text
    assert "used up" not in text


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [(timedelta(0), "13:00"), (timedelta(microseconds=1000), "13:01"), (timedelta(hours=12), "Sat 2026-03-21 01:00")],
)
def test_a_time_to_wait_for_is_never_too_early(ahead: timedelta, expected: str, berlin: None) -> None:
    """The first whole local minute that is not before it, with the day where that is another."""
    assert when.not_before(NOW + ahead, NOW, Look()) == expected
    assert when.until(when.iso(NOW + ahead), Look()).endswith(expected[-5:])
    assert when.until("9999-12-31T23:59:59.999Z", Look())
