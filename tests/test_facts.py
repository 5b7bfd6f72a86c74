"""Facts: one claim at a point, a past that cannot change, and the least that must be said."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.instant import Instant
from snapshots.period import Period
from strategies import close_instants, periods
from temporal_lineage.facts import Assertion, decisions, holds, timeline
from temporal_lineage.facts.fact import rectangles
from temporal_lineage.facts.revise import revision

CLAIMS = st.sampled_from(["a", "b", None])
LOGS = st.lists(
    st.builds(Assertion, claim=CLAIMS, valid=periods(), tx=st.integers(1, 6)), max_size=12
)
POINTS = close_instants()
TXS = st.integers(0, 7)
TIMELINES = LOGS.map(lambda log: timeline(log, tx=9))


def recorded_at(tx: int) -> Instant:
    return Instant(tx * 100)


@given(log=LOGS, valid=POINTS, tx=TXS)
def test_a_timeline_agrees_with_holds_at_every_point(
    log: list[Assertion[str]], valid: Instant, tx: int
) -> None:
    one = holds(log, valid=valid, tx=tx)
    claims = [claim for period, claim in timeline(log, tx=tx) if period.contains(valid)]
    assert claims == ([] if one is None or one.claim is None else [one.claim])


@given(log=LOGS, valid=POINTS, tx=TXS)
def test_the_assertion_that_decides_over_a_period_decides_at_each_of_its_points(
    log: list[Assertion[str]], valid: Instant, tx: int
) -> None:
    deciding = [one for period, one in decisions(log, tx=tx) if period.contains(valid)]
    one = holds(log, valid=valid, tx=tx)
    assert deciding == ([] if one is None else [one])


@given(log=LOGS, tx=TXS)
def test_a_timeline_is_in_order_and_joins_neighbours_with_equal_claims(
    log: list[Assertion[str]], tx: int
) -> None:
    line = timeline(log, tx=tx)
    for (before, earlier), (after, later) in pairwise(line):
        assert before.end <= after.start
        assert before.end < after.start or earlier != later


@given(log=LOGS)
def test_rectangles_never_overlap(log: list[Assertion[str]]) -> None:
    facts = rectangles(log, recorded_at)
    for place, fact in enumerate(facts):
        for other in facts[place + 1 :]:
            assert not (fact.valid.overlaps(other.valid) and fact.system.overlaps(other.system))


@given(log=LOGS, valid=POINTS, tx=TXS, within=st.integers(0, 99))
def test_rectangles_agree_with_holds_at_every_point(
    log: list[Assertion[str]], valid: Instant, tx: int, within: int
) -> None:
    system = recorded_at(tx).plus(micros=within)
    claims = [
        fact.claim
        for fact in rectangles(log, recorded_at)
        if fact.valid.contains(valid) and fact.system.contains(system)
    ]
    one = holds(log, valid=valid, tx=tx)
    assert claims == ([] if one is None or one.claim is None else [one.claim])


@given(log=LOGS, more=LOGS, valid=POINTS, tx=TXS)
def test_what_was_known_cannot_be_changed_by_what_is_said_later(
    log: list[Assertion[str]], more: list[Assertion[str]], valid: Instant, tx: int
) -> None:
    grown = [*log, *(Assertion(one.claim, one.valid, one.tx + 7) for one in more)]
    assert holds(grown, valid=valid, tx=tx) == holds(log, valid=valid, tx=tx)
    assert timeline(grown, tx=tx) == timeline(log, tx=tx)


@given(log=LOGS, wanted=TIMELINES)
def test_a_revision_gives_what_is_wanted(
    log: list[Assertion[str]], wanted: tuple[tuple[Period, str], ...]
) -> None:
    said = revision(timeline(log, tx=9), wanted)
    grown = [*log, *(Assertion(claim, period, 10) for period, claim in said)]
    assert timeline(grown, tx=10) == wanted


@given(believed=TIMELINES, wanted=TIMELINES, valid=POINTS)
def test_a_revision_says_nothing_where_both_agree(
    believed: tuple[tuple[Period, str], ...],
    wanted: tuple[tuple[Period, str], ...],
    valid: Instant,
) -> None:
    old = [claim for period, claim in believed if period.contains(valid)]
    new = [claim for period, claim in wanted if period.contains(valid)]
    said = [claim for period, claim in revision(believed, wanted) if period.contains(valid)]
    assert said == ([] if old == new else [new[0] if new else None])


@given(line=TIMELINES)
def test_nothing_is_said_when_nothing_changed(line: tuple[tuple[Period, str], ...]) -> None:
    assert revision(line, line) == ()


def test_of_one_transaction_the_later_assertion_decides() -> None:
    whole = Period.since(Instant(0))
    log = [Assertion("a", whole, 1), Assertion("b", whole, 1)]
    assert holds(log, valid=Instant(5), tx=1) == log[1]
    assert timeline(log, tx=1) == ((whole, "b"),)


def test_a_claim_that_was_taken_back_leaves_a_hole() -> None:
    log = [
        Assertion("a", Period(Instant(0), Instant(9)), 1),
        Assertion(None, Period(Instant(3), Instant(5)), 2),
    ]
    left, right = Period(Instant(0), Instant(3)), Period(Instant(5), Instant(9))
    assert timeline(log, tx=2) == ((left, "a"), (right, "a"))
    assert timeline(log, tx=1) == ((Period(Instant(0), Instant(9)), "a"),)


def test_a_timeline_that_overlaps_itself_is_refused() -> None:
    whole = Period.since(Instant(0))
    with pytest.raises(ValueError, match="without overlaps"):
        revision((), ((whole, "a"), (whole, "b")))
