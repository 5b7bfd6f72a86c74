"""Time travel: the log of a ref agrees with the rule of DESIGN 4.1, asked instant by instant."""

from collections.abc import Sequence
from itertools import takewhile

import pytest
from hypothesis import given

from snapshots.commit_point import ChainPoint, CommitPoint
from snapshots.committed import committed_by
from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.refs import MAIN
from snapshots.snapshot import InstantSource
from snapshots.snapshot_log import Absent, Ambiguous, Certainty, Current, Rule, State, Unknown
from snapshots.time_travel import log_of, logs_of, monotonic
from strategies import branch, chains, lost, point, snapshot, tag

FILE = InstantSource.FILE_MODIFICATION
IN_COMMIT = InstantSource.IN_COMMIT
SECOND = 1_000_000
REFS = (MAIN, "audit", "v1")


def _rule(ref: str, chain: Sequence[ChainPoint], at: Instant) -> State | None:
    """The rule as the design words it, slow and obvious; None before the first point."""
    switch = next((p for p in chain if isinstance(p, CommitPoint) and p.source is IN_COMMIT), None)
    if switch is None:
        return _by_chain(ref, chain, at)
    after = at >= switch.at
    seen = [p for p in chain if (p.position >= switch.position) == after and p.at <= at]
    return _state(ref, max(seen, key=lambda p: (p.at, p.position))) if seen else None


def _by_chain(ref: str, chain: Sequence[ChainPoint], at: Instant) -> State | None:
    """Two readings of clocks that step back; where they agree, the state is what both say."""
    seen = [p for p in chain if p.at <= at]
    if not seen:
        return None
    sure = [*takewhile(lambda p: p.at <= at, chain)] or [chain[0]]
    either = {_state(ref, sure[-1]): None, _state(ref, seen[-1]): None}
    if any(isinstance(one, Unknown) for one in either):
        return Unknown("lost")
    if len(either) == 1:
        return next(iter(either))
    ids = [one.snapshot_id for one in either if isinstance(one, Current)]
    told = [one for one in ids if one is not None]
    return Ambiguous(tuple(told)) if len(told) == len(either) else Unknown("either")


def _state(ref: str, point: ChainPoint) -> State:
    if not isinstance(point, CommitPoint):
        return Unknown("lost")
    for named in point.refs:
        if named.name == ref:
            return Current(named.snapshot_id)
    return Current(None) if ref == MAIN else Absent()


@given(chains())
def test_every_ref_has_at_every_instant_the_state_that_the_rule_says(
    chain: tuple[ChainPoint, ...],
) -> None:
    for ref, log in logs_of(REFS, chain=chain, recorded=(), snapshots={}).items():
        for micros in range(-1, 60):
            entry = log.at(Instant(micros))
            expected = _rule(ref, chain, Instant(micros))
            if isinstance(expected, Unknown):
                assert entry is not None
                assert isinstance(entry.state, Unknown)
                assert entry.certainty is Certainty.UNKNOWN
            else:
                assert (entry.state if entry else None) == expected


def test_a_clock_that_steps_back_leaves_a_span_in_doubt_and_then_the_order_decides() -> None:
    """Java and Trino, asked for 130, give snapshot 1: the greatest instant. The head is 2."""
    chain = [point(0, 50, 0), point(1, 120, 1), point(2, 60, 2), point(3, 200, 3)]
    log = log_of(MAIN, chain=chain, recorded=(), snapshots={})
    assert [(entry.period.start.micros, entry.state) for entry in log.entries] == [
        (50, Current(0)),
        (60, Ambiguous((0, 2))),
        (120, Current(2)),
        (200, Current(3)),
    ]
    assert log.entries[1].witness == "00000.json or 00002.json"


def test_one_clock_far_ahead_hides_no_commit_after_it() -> None:
    chain = [point(0, 10, 0), point(1, 9_999, 1), point(2, 20, 2), point(3, 30, 3)]
    log = log_of(MAIN, chain=chain, recorded=(), snapshots={})
    found = log.at(Instant(100))
    assert found is not None
    assert found.state == Ambiguous((0, 3))
    assert log.entries[-1].state == Current(3)


def test_a_commit_of_metadata_alone_on_a_slow_clock_leaves_no_doubt_about_the_snapshot() -> None:
    chain = [point(0, 10, 1), point(1, 50, 2), point(2, 40, 2, schema_id=1)]
    log = log_of(MAIN, chain=chain, recorded=(), snapshots={})
    found = log.at(Instant(45))
    assert found is not None
    assert (found.state, found.schema_id) == (Ambiguous((1, 2)), None)
    assert (log.entries[-1].state, log.entries[-1].schema_id) == (Current(2), 1)


@given(chains())
def test_a_log_is_open_at_its_end_and_neighbours_differ(chain: tuple[ChainPoint, ...]) -> None:
    log = log_of(MAIN, chain=chain, recorded=(), snapshots={})
    assert (log.entries == ()) == (chain == ())
    if log.entries:
        assert log.entries[-1].period.end == FOREVER
    for before, after in zip(log.entries, log.entries[1:], strict=False):
        assert (before.state, before.schema_id) != (after.state, after.schema_id)


@given(chains())
def test_all_refs_at_once_have_the_logs_each_has_alone(chain: tuple[ChainPoint, ...]) -> None:
    alone = {ref: log_of(ref, chain=chain, recorded=(), snapshots={}) for ref in REFS}
    assert logs_of(REFS, chain=chain, recorded=(), snapshots={}) == alone


def test_of_two_commits_in_one_instant_the_later_in_the_chain_is_the_state() -> None:
    chain = [point(0, 10, 1), point(1, 10, 2)]
    (entry,) = log_of(MAIN, chain=chain, recorded=(), snapshots={}).entries
    assert entry.state == Current(2)
    assert entry.certainty is Certainty.EXACT


def test_a_rollback_shows_as_the_earlier_snapshot_current_again() -> None:
    chain = [point(0, 10, 1), point(1, 20, 2), point(2, 30, 1)]
    log = log_of(MAIN, chain=chain, recorded=(), snapshots={})
    assert [entry.state for entry in log.entries] == [Current(1), Current(2), Current(1)]


def test_before_the_first_point_there_is_no_entry() -> None:
    log = log_of(MAIN, chain=[point(0, 10, 1)], recorded=(), snapshots={})
    assert log.at(Instant(9)) is None
    found = log.at(Instant(10))
    assert found is not None
    assert found.state == Current(1)


def test_a_schema_change_without_a_snapshot_is_an_entry_of_its_own() -> None:
    chain = [
        point(0, 10, 1, schema_id=0),
        point(1, 20, 1, schema_id=1),
        point(2, 30, 1, schema_id=1),
    ]
    log = log_of(MAIN, chain=chain, recorded=(), snapshots={})
    assert [(entry.state, entry.schema_id) for entry in log.entries] == [
        (Current(1), 0),
        (Current(1), 1),
    ]
    assert log.entries[1].witness == "00001.json"


def test_a_table_without_a_snapshot_is_not_the_absence_of_a_table() -> None:
    (entry,) = log_of(MAIN, chain=[point(0, 10, None)], recorded=(), snapshots={}).entries
    assert entry.state == Current(None)
    assert entry.certainty is Certainty.EXACT


def test_a_branch_or_tag_is_absent_until_it_is_made_and_after_it_is_removed() -> None:
    chain = [
        point(0, 10, 1),
        point(1, 20, 1, refs=(branch("audit", 1), tag("v1", 1))),
        point(2, 30, 1, refs=(branch("audit", 2), tag("v1", 1))),
        point(3, 40, 1),
    ]
    audit = log_of("audit", chain=chain, recorded=(), snapshots={})
    assert [entry.state for entry in audit.entries] == [Absent(), Current(1), Current(2), Absent()]
    v1 = log_of("v1", chain=chain, recorded=(), snapshots={})
    assert [entry.state for entry in v1.entries] == [Absent(), Current(1), Absent()]


def test_a_lost_point_is_unknown_and_named_until_the_next_readable_one() -> None:
    chain: list[ChainPoint] = [point(0, 10, 1), lost(1, 20), point(2, 30, 2)]
    for ref in (MAIN, "audit"):
        entry = log_of(ref, chain=chain, recorded=(), snapshots={}).at(Instant(25))
        assert entry is not None
        assert isinstance(entry.state, Unknown)
        assert "00001.json" in entry.state.reason
        assert entry.witness == "00001.json"


def test_a_lost_point_at_the_instant_of_a_readable_one_takes_its_place() -> None:
    log = log_of(MAIN, chain=[point(0, 10, 1), lost(1, 10)], recorded=(), snapshots={})
    assert [entry.certainty for entry in log.entries] == [Certainty.UNKNOWN]
    log = log_of(MAIN, chain=[lost(0, 10), point(1, 10, 1)], recorded=(), snapshots={})
    assert [entry.state for entry in log.entries] == [Current(1)]


def test_delta_file_times_that_step_back_are_put_in_version_order() -> None:
    # Modification times 0, 100, 50, 300, 200 seconds: a copy of the log can leave that behind.
    raw = [
        point(version, second * SECOND, version, source=FILE)
        for version, second in enumerate([0, 100, 50, 300, 200])
    ]
    points = monotonic(raw)
    assert [p.at.micros for p in points] == [
        0,
        100 * SECOND,
        100_001_000,
        300 * SECOND,
        300_001_000,
    ]
    assert [p.snapshot_id for p in points] == [0, 1, 2, 3, 4]
    log = log_of(MAIN, chain=points, recorded=(), snapshots={})
    answers = {
        second: entry.state if (entry := log.at(Instant(second * SECOND))) else None
        for second in (-10, 0, 60, 100, 150, 300, 301)
    }
    assert answers == {
        -10: None,
        0: Current(0),
        60: Current(0),
        100: Current(1),
        150: Current(2),
        300: Current(3),
        301: Current(4),
    }


def test_in_commit_instants_are_never_moved() -> None:
    points = (point(0, 100, 0, source=IN_COMMIT), point(1, 50, 1, source=IN_COMMIT))
    assert monotonic(points) == points


def test_with_in_commit_instants_enabled_midway_each_instant_is_looked_up_in_one_region() -> None:
    chain = [
        point(0, 10, 0, source=FILE),
        point(1, 500, 1, source=FILE),  # copied later: the file is younger than what follows it
        point(2, 100, 2, source=IN_COMMIT),
        point(3, 200, 3, source=IN_COMMIT),
    ]
    log = log_of(MAIN, chain=chain, recorded=(), snapshots={})
    states = [entry.state for entry in log.entries]
    assert states == [Current(0), Current(2), Current(3)]
    newest = log.at(Instant(501))
    assert newest is not None
    assert newest.state == Current(3)


def test_a_commit_lost_after_in_commit_instants_began_is_not_forgotten() -> None:
    chain: list[ChainPoint] = [
        point(0, 10, 0, source=FILE),
        point(1, 100, 1, source=IN_COMMIT),
        lost(2, 200),
        point(3, 300, 3, source=IN_COMMIT),
    ]
    log = log_of(MAIN, chain=chain, recorded=(), snapshots={})
    assert [entry.certainty.value for entry in log.entries] == [
        "exact",
        "exact",
        "unknown",
        "exact",
    ]


@pytest.mark.parametrize("at", [-(2**63), -(2**63) + 1, 2**63 - 2])
def test_the_most_absurd_clock_still_gives_a_log(at: int) -> None:
    log = log_of(MAIN, chain=[point(0, at, 1)], recorded=(), snapshots={1: snapshot(1)})
    (entry,) = log.entries
    assert entry.rule is Rule.COMMIT_POINT
    assert entry.period.start == Instant(at) >= BEGINNING


@given(chains())
def test_what_a_log_says_was_current_by_an_instant_had_been_committed_by_then(
    chain: tuple[ChainPoint, ...],
) -> None:
    snapshots = [snapshot(one, at=100) for one in range(1, 7)]
    logs = logs_of(REFS, chain=chain, recorded=(), snapshots={})
    for micros in range(-1, 60):
        at = Instant(micros)
        found = committed_by(at, chain=chain, snapshots=snapshots)
        told = {one.snapshot_id for one in found}
        assert told <= {
            one for step in chain if isinstance(step, CommitPoint) for one in _named(step)
        }
        for log in logs.values():
            entry = log.at(at)
            match entry.state if entry else None:
                case Current(snapshot_id):
                    assert snapshot_id is None or snapshot_id in told
                case Ambiguous(candidates):
                    assert told.issuperset(candidates)
                case _:
                    pass
        if all(at < step.at for step in chain):
            assert not told


def _named(step: CommitPoint) -> set[int | None]:
    return {step.snapshot_id, *(ref.snapshot_id for ref in step.refs)}
