"""Periods are sets of instants: their algebra agrees with sets of points."""

from itertools import pairwise

import pytest
from hypothesis import given

from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from strategies import close_instants, periods

# Every boundary that the strategy makes, and one point beyond all of them but the open end.
POINTS = [Instant(micros) for micros in range(14)]


def _points(*of: Period) -> set[Instant]:
    return {point for point in POINTS for period in of if period.start <= point < period.end}


@given(periods(), close_instants())
def test_a_period_holds_its_start_and_not_its_end(period: Period, instant: Instant) -> None:
    assert period.contains(period.start)
    assert not period.contains(period.end)
    assert period.contains(instant) == (instant in _points(period))


@given(periods(), periods())
def test_an_intersection_holds_what_both_hold(one: Period, other: Period) -> None:
    both = one.intersection(other)
    assert _points(*([both] if both else [])) == _points(one) & _points(other)
    assert both == other.intersection(one)
    assert one.overlaps(other) == other.overlaps(one) == (both is not None)


@given(periods(), periods())
def test_a_difference_holds_what_the_other_does_not(one: Period, other: Period) -> None:
    pieces = one.minus(other)
    assert _points(*pieces) == _points(one) - _points(other)
    assert len(pieces) <= 2
    assert all(before.end < after.start for before, after in pairwise(pieces))


@given(periods(), periods())
def test_difference_and_intersection_put_the_period_together_again(
    one: Period, other: Period
) -> None:
    both = one.intersection(other)
    pieces = sorted([*one.minus(other), *([both] if both else [])])
    assert pieces[0].start == one.start
    assert pieces[-1].end == one.end
    assert all(before.end == after.start for before, after in pairwise(pieces))


@given(periods())
def test_nothing_is_left_of_a_period_without_itself(period: Period) -> None:
    assert period.minus(period) == ()
    assert period.intersection(period) == period


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5)])
def test_a_period_without_an_instant_cannot_be_made(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="empty"):
        Period(Instant(start), Instant(end))


def test_touching_periods_share_no_instant() -> None:
    before, after = Period(Instant(0), Instant(5)), Period.since(Instant(5))
    assert not before.overlaps(after)
    assert before.intersection(after) is None
    assert after.minus(before) == (after,)


def test_a_period_prints_both_ends_as_sql_does() -> None:
    assert str(Period.since(Instant(0))) == "[1970-01-01T00:00:00Z, forever)"
    assert Period.since(Instant(0)).end == FOREVER
