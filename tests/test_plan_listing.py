"""What a listing proves: paging over lists that stand still, move, or are cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convo_sync.plan.listing import (
    BARREN_PAGES,
    PAGE_SIZE,
    PASSES,
    Sweep,
    Verdict,
    advance,
    ends_here,
    names_everybody,
    resume,
    seen_ids,
)
from convo_sync.records import NO_ID, ConversationId, Listing, Page

NOON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def page(ids: list[str], total: int | None, *, limit: int | None = PAGE_SIZE, unusable: tuple[str, ...] = ()) -> Page:
    """One answer of the list, with these ids."""
    rows = tuple(Listing(ConversationId(each), "", NOON, None, None, None, None, digest=each, data={}) for each in ids)
    return Page(rows, len(ids) + len(unusable), total, limit, unusable)


def names(count: int, first: int = 0) -> list[str]:
    """So many ids."""
    return [f"s{number}" for number in range(first, first + count)]


def sweep_over(answer: Callable[[int], Page], most_pages: int = 1000) -> tuple[Sweep, Verdict, int]:
    """Sweep until a verdict; the place, the verdict, and how many pages it took."""
    sweep, verdict, pages = Sweep(NOON), Verdict.CONTINUE, 0
    while verdict is Verdict.CONTINUE:
        sweep, verdict = advance(sweep, answer(sweep.next_offset))
        pages += 1
        assert pages <= most_pages, "the sweep does not end"
    return sweep, verdict, pages


# -- a list that stands still


@pytest.mark.parametrize(
    ("count", "limit", "pages"),
    [(0, 100, 1), (1, 100, 1), (99, 100, 1), (100, 100, 1), (101, 100, 2), (200, 100, 2), (250, 100, 3), (250, 50, 5),
     (251, 50, 6), (30, 20, 2)],
)  # fmt: skip
def test_a_list_that_stands_still_costs_its_pages(count: int, limit: int, pages: int) -> None:
    """A sweep takes the fewest pages that can hold the list, and proves it."""
    ids = names(count)
    sweep, verdict, taken = sweep_over(lambda offset: page(ids[offset : offset + limit], count, limit=limit))
    assert (verdict, taken, seen_ids(sweep)) == (Verdict.PROVED, pages, frozenset(ids))


def test_a_list_without_total_proves_nothing_and_costs_two_passes() -> None:
    """Without `total` the short page ends a pass; a second pass that sees the same ends the sweep without proof."""
    ids = names(130)
    sweep, verdict, taken = sweep_over(lambda offset: page(ids[offset : offset + 100], None))
    assert (verdict, taken, seen_ids(sweep)) == (Verdict.REPEATED, 4, frozenset(ids))


@pytest.mark.parametrize("claimed", [99, 101, 150])
def test_a_total_that_does_not_fit_proves_nothing(claimed: int) -> None:
    """A total that counts more or fewer than there are ends the sweep, yet nothing counts as missing."""
    ids = names(100)
    _, verdict, taken = sweep_over(lambda offset: page(ids[offset : offset + 100], claimed))
    assert verdict is Verdict.REPEATED
    assert taken <= 4


def test_rows_that_cannot_be_stored_count_as_seen() -> None:
    """A row without a start time is on the server: it belongs to what a sweep has seen."""
    sweep, verdict, _ = sweep_over(lambda offset: page(["a"], 3, unusable=("b", NO_ID + "x")))
    assert (verdict, seen_ids(sweep)) == (Verdict.PROVED, frozenset({"a", "b", NO_ID + "x"}))
    assert not names_everybody(seen_ids(sweep))
    assert names_everybody(["a", "b"])


@pytest.mark.parametrize("total", [None, 1000])
def test_a_server_that_does_not_page_is_soon_given_up(total: int | None) -> None:
    """The same full page, whatever the offset, ends each pass after two pages that show nothing new."""
    ids = names(100)
    _, verdict, taken = sweep_over(lambda _: page(ids, total))
    assert verdict is Verdict.REPEATED
    assert taken == 2 * (1 + BARREN_PAGES)


@pytest.mark.parametrize(
    ("rows", "limit", "asked", "ends"),
    [(0, 100, 100, True), (99, 100, 100, True), (100, 100, 100, False), (50, 50, 100, False), (49, 50, 100, True),
     (100, None, 100, False), (99, None, 100, True), (20, 0, 100, True), (20, 100, 20, False)],
)  # fmt: skip
def test_where_an_incremental_listing_ends(rows: int, limit: int | None, asked: int, ends: bool) -> None:
    """At the first page with fewer rows than the server gives at most."""
    assert ends_here(page(names(rows), None, limit=limit), asked) is ends


# -- a list that moves

edits = st.lists(
    st.lists(st.tuples(st.booleans(), st.integers(0, 10**6)), max_size=4).map(
        # Between two pages rows come or go, not both: a row that goes while another comes leaves no trace in `total`.
        lambda several: [(several[0][0], where) for _, where in several]
    ),
    max_size=12,
)


class Moving:
    """A list in any order, edited between any two pages. Remembers who was on it throughout, and at all."""

    def __init__(self, count: int, size: int, edits: list[list[tuple[bool, int]]]) -> None:
        self.ids, self.size, self.edits = names(count), size, iter(edits)
        self.made = count
        self.ever, self.throughout = set(self.ids), set(self.ids)
        self.pages = 0

    def answer(self, offset: int) -> Page:
        for comes, where in next(self.edits, []) if self.pages else []:
            if comes:
                self.ids.insert(where % (len(self.ids) + 1), f"s{self.made}")
                self.ever.add(f"s{self.made}")
                self.made += 1
            elif self.ids:
                self.throughout.discard(self.ids.pop(where % len(self.ids)))
        self.pages += 1
        return page(self.ids[offset : offset + self.size], len(self.ids), limit=self.size)


@given(st.integers(0, 150), st.integers(13, 40), st.lists(st.lists(st.integers(0, 10**6), max_size=3), max_size=4))
def test_a_list_that_only_grows_is_proved_in_one_pass(count: int, size: int, added: list[list[int]]) -> None:
    """Less than a page is added while paging, anywhere: whoever was on the list is seen, and none who never was."""
    moving = Moving(count, size, [[(True, where) for where in several] for several in added])
    sweep, verdict, _ = sweep_over(moving.answer)
    assert (verdict, sweep.pass_number) == (Verdict.PROVED, 1)
    assert moving.throughout <= seen_ids(sweep) <= moving.ever


@settings(max_examples=200)
@given(st.integers(0, 40), st.integers(1, 12), edits)
@example(2, 1, [[(True, 0), (True, 0)], [(True, 0)]])
def test_a_proved_sweep_misses_nobody(count: int, size: int, edits: list[list[tuple[bool, int]]]) -> None:
    """Whatever comes and goes between pages, a sweep that proves the list saw everyone who was on it throughout."""
    moving = Moving(count, size, edits)
    sweep, verdict, _ = sweep_over(moving.answer)
    assert verdict in (Verdict.PROVED, Verdict.REPEATED, Verdict.PARTIAL)
    if verdict is Verdict.PROVED:
        assert moving.throughout <= seen_ids(sweep) <= moving.ever


def test_a_deletion_while_paging_costs_another_pass() -> None:
    """A row that leaves before the offset hides another: the pass proves nothing, the next one does."""
    moving = Moving(250, 100, [[(False, 0)]])
    sweep, verdict, taken = sweep_over(moving.answer)
    assert (verdict, sweep.pass_number, taken) == (Verdict.PROVED, 2, 6)
    assert seen_ids(sweep) == set(moving.ids)


def test_ids_of_a_pass_that_lost_rows_prove_nothing_later() -> None:
    """Who was seen before the list shrank may be deleted since, and does not stand in for one that was not seen."""
    sweep = Sweep(NOON)
    for ids, total in ((names(100), 200), (names(99, 101), 199)):
        sweep, verdict = advance(sweep, page(ids, total))
    assert verdict is Verdict.CONTINUE
    assert (sweep.pass_number, sweep.next_offset, sweep.seen_before, sweep.least) == (2, 0, frozenset(), 199)


@given(st.lists(st.permutations(names(12)), min_size=9, max_size=9), st.integers(1, 12))
def test_a_shuffled_list_is_proved_by_union_or_not_at_all(orders: list[list[str]], size: int) -> None:
    """Rows in another order at each request: three passes at most, and proof only where everyone was seen."""
    answers = iter(orders)

    def answer(offset: int) -> Page:
        ids = next(answers, orders[0])
        return page(ids[offset : offset + size], 12, limit=size)

    sweep, verdict, pages = sweep_over(answer)
    assert sweep.pass_number <= PASSES
    assert pages <= PASSES * 12
    assert (verdict is Verdict.PROVED) == (len(seen_ids(sweep)) == 12)


pages_of_anything = st.builds(
    lambda ids, total, limit, unusable: page(ids, total, limit=limit, unusable=tuple(unusable)),
    st.lists(st.sampled_from(names(20)), max_size=8),
    st.one_of(st.none(), st.integers(0, 10**6)),
    st.one_of(st.none(), st.integers(0, 100)),
    st.lists(st.sampled_from([*names(3), NO_ID + "a"]), max_size=2),
)


@given(st.lists(pages_of_anything, min_size=1, max_size=30))
def test_a_sweep_ends_whatever_comes(pages: list[Page]) -> None:
    """Any pages over a list that is not endless, however absurd, end a sweep, and soon."""

    def answers() -> Iterator[Page]:
        while True:
            yield from pages

    # Each page of a pass either shows one of 21 ids first, is one of the barren ones between, or lies within the rows
    # that as many ids account for.
    stream = answers()
    _, verdict, _ = sweep_over(lambda _: next(stream), most_pages=PASSES * (21 * (1 + BARREN_PAGES) + 21))
    assert verdict is not Verdict.CONTINUE


# -- a sweep that was cut


@pytest.mark.parametrize(
    ("rested", "is_first", "goes_on"),
    [(timedelta(0), False, True), (29 * DAY, False, True), (30 * DAY, False, False), (-DAY, False, False),
     (30 * DAY, True, True), (-DAY, True, True)],
)  # fmt: skip
def test_resume(rested: timedelta, is_first: bool, goes_on: bool) -> None:
    """A sweep goes on a page back, unless it rested for a month; the first one always does."""
    place = Sweep(NOON - rested, next_offset=300, seen=frozenset(names(300)))
    resumed = resume(place, NOON, is_first=is_first, share=50)
    assert (resumed is not None) == goes_on
    if resumed is not None:
        assert (resumed.next_offset, resumed.seen) == (200, place.seen)
    assert resume(None, NOON, is_first=is_first, share=50) is None


def test_resume_near_the_start() -> None:
    """A place on the first page resumes at the start."""
    resumed = resume(Sweep(NOON, next_offset=40), NOON, is_first=False, share=50)
    assert resumed is not None
    assert resumed.next_offset == 0


@pytest.mark.parametrize("size", [100, 50, 25, 10])
@pytest.mark.parametrize("run", [12, 15])
def test_a_sweep_that_is_cut_again_and_again_ends_in_one_pass(size: int, run: int) -> None:
    """Whatever the server gives a page: rows read again after a cut are no sign that the list does not page."""
    ids, sweep, verdict = names(1000), Sweep(NOON), Verdict.CONTINUE
    for _ in range(100):
        resumed = resume(sweep, NOON, is_first=True, share=50)
        assert resumed is not None
        sweep = resumed
        for _ in range(run):
            sweep, verdict = advance(sweep, page(ids[sweep.next_offset :][:size], 1000, limit=size))
            assert sweep.pass_number == 1
            if verdict is not Verdict.CONTINUE:
                assert (verdict, seen_ids(sweep)) == (Verdict.PROVED, frozenset(ids))
                return
    pytest.fail("the sweep gets no further")


def test_a_sweep_that_is_cut_after_each_overlap_still_ends_in_one_pass() -> None:
    """A run that gets no further than the page read again leaves the next one as far as it was."""
    ids, sweep = names(500), Sweep(NOON, next_offset=300, least=500, total=500, seen=frozenset(names(300)))
    for _ in range(3):
        resumed = resume(sweep, NOON, is_first=False, share=50)
        assert resumed is not None
        sweep, verdict = advance(resumed, page(ids[resumed.next_offset :][:100], 500))
        assert (verdict, sweep.pass_number, sweep.next_offset) == (Verdict.CONTINUE, 1, 300)


@given(st.integers(101, 400), st.integers(0, 100), st.integers(0, 100))
def test_a_page_back_makes_up_for_what_left_meanwhile(count: int, gone: int, cut: int) -> None:
    """As many as a page may leave from the front while a sweep rests: none that stays is hidden, nor taken for gone."""
    ids, sweep = names(count), Sweep(NOON)
    sweep, verdict = advance(sweep, page(ids[:100], count))
    assert verdict is Verdict.CONTINUE
    del ids[:gone]
    place = resume(sweep, NOON + DAY, is_first=False, share=50)
    assert place is not None
    sweep, verdict = place, Verdict.CONTINUE
    while verdict is Verdict.CONTINUE:
        sweep, verdict = advance(sweep, page(ids[sweep.next_offset :][:100], len(ids)))
    assert verdict is Verdict.PROVED
    assert set(ids) <= seen_ids(sweep)
