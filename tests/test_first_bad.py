"""The first bad of a row of states: halving, skipping, and what was mended in between."""

from __future__ import annotations

from math import ceil, log2

from hypothesis import given
from hypothesis import strategies as st

from temporal_lineage.lineage.first_bad import Bounds, Verdict, bounds, mended, next_place

GOOD, BAD, SKIPPED = Verdict.GOOD, Verdict.BAD, Verdict.SKIPPED

ROWS = st.lists(st.sampled_from(Verdict), max_size=60).map(lambda some: [GOOD, *some, BAD])


def searched(row: list[Verdict]) -> tuple[dict[int, Verdict], Bounds]:
    """Search a row as the rule says; its ends are judged first."""
    verdicts = {0: row[0], len(row) - 1: row[-1]}
    while (place := next_place(verdicts)) is not None:
        assert place not in verdicts
        verdicts[place] = row[place]
    found = bounds(verdicts)
    assert found is not None
    return verdicts, found


@given(st.integers(1, 5000), st.data())
def test_where_all_is_good_and_then_all_bad_the_change_is_found_by_halving(
    length: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(1, length))
    row = [GOOD] * first + [BAD] * (length + 1 - first)
    verdicts, found = searched(row)
    assert found == Bounds(first - 1, first)
    assert len(verdicts) - 2 <= ceil(log2(length))


@given(ROWS)
def test_whatever_the_row_the_answer_is_a_change_with_nothing_but_skipped_states_inside(
    row: list[Verdict],
) -> None:
    verdicts, found = searched(row)
    assert (row[found.good], row[found.bad]) == (GOOD, BAD)
    assert all(verdicts[place] is SKIPPED for place in range(found.good + 1, found.bad))


@given(ROWS)
def test_what_was_bad_before_a_later_good_state_is_mended_and_not_the_answer(
    row: list[Verdict],
) -> None:
    verdicts, found = searched(row)
    assert all(verdicts[place] is BAD and place < found.good for place in mended(verdicts))
    later = [place for place, one in verdicts.items() if one is GOOD and place > found.good]
    assert later == []


@given(st.integers(2, 300), st.data())
def test_a_block_that_cannot_be_read_is_jumped_over(length: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(1, length))
    end = data.draw(st.integers(start, length))
    row = [GOOD] * start + [SKIPPED] * (end - start) + [BAD] * (length + 1 - end)
    _, found = searched(row)
    assert found == Bounds(start - 1, end)


def test_nothing_lies_between_neighbours() -> None:
    assert next_place({3: GOOD, 4: BAD}) is None


def test_without_a_good_state_before_a_bad_one_there_is_no_change() -> None:
    assert bounds({0: BAD, 3: GOOD}) is None
    assert bounds({0: GOOD}) is None
