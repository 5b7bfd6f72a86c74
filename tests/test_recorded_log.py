"""Recorded logs: an Iceberg `snapshot-log` answers what it proves, and nothing else."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from snapshots.commit_point import ChainPoint
from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from snapshots.recorded_log import RecordedEntry
from snapshots.refs import MAIN
from snapshots.snapshot import Snapshot
from snapshots.snapshot_log import Ambiguous, Certainty, Current, Rule, SnapshotLog, State, Unknown
from snapshots.time_travel import log_of
from strategies import NO_COUNTS, lost, point, snapshot

ONE = snapshot(1001, sequence=1)
TWO = snapshot(1002, parent_id=1001, sequence=2)


def _log(*lines: tuple[int, int], known: tuple[Snapshot, ...] = (ONE, TWO)) -> SnapshotLog:
    recorded = [RecordedEntry(Instant(at), snapshot_id) for at, snapshot_id in lines]
    by_id = {one.snapshot_id: one for one in known}
    return log_of(MAIN, chain=(), recorded=recorded, snapshots=by_id)


def _state(log: SnapshotLog, at: int) -> State | None:
    entry = log.at(Instant(at))
    return entry.state if entry else None


def test_an_entry_out_of_order_does_not_hide_a_later_one() -> None:
    log = _log((120, 1002), (60, 1001))
    assert _state(log, 130) == Current(1002)
    assert _state(log, 119) == Current(1001)


def test_a_tie_is_ambiguous_and_names_both() -> None:
    log = _log((60, 1001), (60, 1002))
    assert _state(log, 60) == Ambiguous((1001, 1002))
    assert [entry.certainty for entry in log.entries] == [Certainty.AMBIGUOUS]


def test_a_rollback_shows_before_and_after() -> None:
    log = _log((60, 1001), (120, 1002), (180, 1001))
    assert [_state(log, at) for at in (60, 120, 179, 180)] == [
        Current(1001),
        Current(1002),
        Current(1002),
        Current(1001),
    ]


def test_before_the_first_entry_nothing_is_said() -> None:
    log = _log((60, 1001))
    assert log.at(Instant(59)) is None
    assert [(entry.period, entry.rule) for entry in log.entries] == [
        (Period(Instant(60), FOREVER), Rule.SNAPSHOT_LOG)
    ]


def test_a_gap_left_by_an_expiry_is_unknown_and_never_the_neighbour() -> None:
    # pyiceberg takes only the expired entry out of the log, and forgets its child's parent.
    three = snapshot(1003, parent_id=None, sequence=3)
    log = _log((60, 1001), (180, 1003), known=(ONE, three))
    gap = _state(log, 130)
    assert isinstance(gap, Unknown)
    assert "1001" in gap.reason
    assert "1003" in gap.reason
    assert _state(log, 180) == Current(1003)


def _replacing(snapshot_id: int, *, sequence: int) -> Snapshot:
    """CREATE OR REPLACE TABLE: no parent, and no file of an earlier state."""
    return replace(
        snapshot(snapshot_id, sequence=sequence),
        counts=replace(NO_COUNTS, added_files=3),
        summary={"added-data-files": "3", "total-data-files": "3"},
    )


def test_a_table_replaced_by_the_very_next_commit_leaves_no_hole() -> None:
    replaced = _replacing(1002, sequence=2)
    assert _state(_log((60, 1001), (180, 1002), known=(ONE, replaced)), 130) == Current(1001)
    later = _replacing(1003, sequence=3)
    assert isinstance(_state(_log((60, 1001), (180, 1003), known=(ONE, later)), 130), Unknown)


def test_a_known_branch_commit_before_a_replaced_table_leaves_no_hole() -> None:
    staged = snapshot(1500, parent_id=1001, sequence=2)
    later = _replacing(1003, sequence=3)
    log = _log((60, 1001), (180, 1003), known=(ONE, staged, later))
    assert _state(log, 130) == Current(1001)


def test_a_commit_on_top_of_a_forgotten_one_shows_that_the_forgotten_one_was_current() -> None:
    # 1001, 1002, back to 1001, 1003 on top of it; then 1001 is expired, and 1003 is an orphan.
    orphan = snapshot(1003, parent_id=None, sequence=3)
    assert isinstance(_state(_log((20, 1002), (40, 1003), known=(TWO, orphan)), 35), Unknown)


def test_a_branch_brought_in_leaves_no_hole() -> None:
    staged = snapshot(1003, parent_id=1002, sequence=3)
    head = snapshot(1004, parent_id=1003, sequence=4)
    log = _log((60, 1001), (120, 1002), (180, 1004), known=(ONE, TWO, staged, head))
    assert _state(log, 179) == Current(1002)


def test_a_return_to_an_ancestor_the_log_never_named_leaves_no_hole() -> None:
    log = _log((120, 1002), (180, 1001))
    assert _state(log, 179) == Current(1002)


def test_format_version_1_has_no_sequence_numbers_to_prove_anything_by() -> None:
    old = snapshot(1, sequence=0, at=10)
    child = snapshot(2, parent_id=1, sequence=0, at=20)
    assert _state(_log((10, 1), (20, 2), (30, 1), known=(old, child)), 25) == Current(2)
    stranger = snapshot(3, parent_id=None, sequence=0)
    log = _log((10, 1), (20, 2), (30, 3), known=(old, child, stranger))
    assert _state(log, 15) == Current(1)
    assert isinstance(_state(log, 25), Unknown)


def test_a_commit_that_a_rollback_hid_and_an_expiry_took_makes_a_hole() -> None:
    # 1, 2, 3, back to 1, 4 on top of it; then 3 is expired.
    two = snapshot(1002, parent_id=1001, sequence=2, at=20)
    four = snapshot(1004, parent_id=1001, sequence=4, at=50)
    log = _log((10, 1001), (20, 1002), (40, 1001), (50, 1004), known=(ONE, two, four))
    assert _state(log, 15) == Current(1001)
    assert isinstance(_state(log, 35), Unknown)
    assert _state(log, 45) == Current(1001)


def test_a_staged_commit_published_late_proves_nothing_of_what_came_before_it() -> None:
    # 1001, 1002 staged on it, 1003 and back to 1001, then 1002 published; 1003 is expired.
    late = snapshot(1002, parent_id=1001, sequence=2, at=15)
    five = snapshot(1005, parent_id=1002, sequence=5, at=80)
    log = _log((10, 1001), (50, 1002), (80, 1005), known=(ONE, late, five))
    assert isinstance(_state(log, 45), Unknown)
    assert _state(log, 75) == Current(1002)


def test_a_return_that_an_expiry_may_have_hidden_is_unknown() -> None:
    # 1001, 1002, back to 1001, forth to 1002; then 1001 is expired, and 1002 is an orphan.
    orphan = replace(TWO, parent_id=None)
    log = _log((20, 1002), (40, 1002), known=(orphan,))
    assert isinstance(_state(log, 35), Unknown)
    assert _state(log, 40) == Current(1002)


def test_an_entry_whose_snapshot_nobody_knows_is_still_an_answer() -> None:
    child = snapshot(1003, parent_id=7, sequence=3)
    log = _log((60, 7), (120, 1003), known=(child,))
    assert _state(log, 60) == Current(7)
    assert isinstance(_state(_log((60, 1001), (120, 7)), 60), Unknown)


def test_a_hostile_cycle_of_parents_ends() -> None:
    known = (snapshot(1, parent_id=2, sequence=1), snapshot(2, parent_id=1, sequence=5))
    assert _state(_log((10, 1), (20, 2), known=known), 20) == Current(2)


def test_an_entry_names_no_schema_because_no_log_says_which_was_current() -> None:
    assert [entry.schema_id for entry in _log((60, 1001)).entries] == [None]


KNOWN = {
    1001: snapshot(1001, sequence=1, at=10),
    1002: snapshot(1002, parent_id=1001, sequence=2, at=20),
    1003: snapshot(1003, parent_id=1002, sequence=3, at=30),
}
LINES = [RecordedEntry(Instant(at), one) for at, one in ((10, 1001), (20, 1002), (30, 1003))]


def _mixed(chain: Sequence[ChainPoint], recorded: list[RecordedEntry]) -> list[tuple[int, State]]:
    log = log_of(MAIN, chain=chain, recorded=recorded, snapshots=KNOWN)
    return [(entry.period.start.micros, entry.state) for entry in log.entries]


def test_entries_before_the_chain_answer_for_the_time_before_it() -> None:
    assert _mixed([point(7, 30, 1003)], LINES) == [
        (10, Current(1001)),
        (20, Current(1002)),
        (30, Current(1003)),
    ]


def test_the_chain_decides_wherever_it_is_whole() -> None:
    # 1002 was an intermediate snapshot of one commit: no reader ever saw it.
    chain = [point(0, 10, 1001), point(1, 30, 1003)]
    assert _mixed(chain, LINES) == [(10, Current(1001)), (30, Current(1003))]


def test_the_recorded_log_answers_over_a_lost_point() -> None:
    chain: list[ChainPoint] = [point(0, 10, 1001), lost(1, 20), point(2, 30, 1003)]
    assert _mixed(chain, LINES) == [(10, Current(1001)), (20, Current(1002)), (30, Current(1003))]


def test_an_entry_inside_a_lost_period_leaves_what_went_before_it_to_the_log() -> None:
    chain: list[ChainPoint] = [point(0, 10, 1001), lost(1, 15), point(2, 30, 1003)]
    assert _mixed(chain, LINES) == [
        (10, Current(1001)),
        (15, Current(1001)),
        (20, Current(1002)),
        (30, Current(1003)),
    ]


def test_what_a_lost_point_left_before_the_first_entry_is_unknown() -> None:
    found = _mixed([lost(0, 5), point(2, 30, 1003)], LINES)
    assert [at for at, _ in found] == [5, 10, 20, 30]
    assert isinstance(found[0][1], Unknown)


def test_no_log_vouches_for_a_lost_commit_after_its_own_end() -> None:
    found = _mixed([point(0, 10, 1001), lost(1, 20)], LINES[:1])
    assert found[0] == (10, Current(1001))
    assert found[1][0] == 20
    assert isinstance(found[1][1], Unknown)


def test_a_log_that_does_not_lead_to_the_next_readable_commit_has_a_hole() -> None:
    found = _mixed([point(0, 10, 1001), lost(1, 20), point(2, 30, 1003)], LINES[:1])
    assert [at for at, _ in found] == [10, 20, 30]
    assert isinstance(found[1][1], Unknown)
    assert found[2] == (30, Current(1003))


def test_a_lost_commit_of_metadata_alone_is_recognised_by_the_commit_that_followed() -> None:
    chain: list[ChainPoint] = [point(0, 10, 1001), lost(1, 15), point(2, 20, 1002)]
    assert _mixed(chain, LINES[:2]) == [
        (10, Current(1001)),
        (15, Current(1001)),
        (20, Current(1002)),
    ]


def test_a_log_is_good_until_the_last_commit_that_confirms_it() -> None:
    # The log has the instant a snapshot was made, the metadata file that of its own writing.
    before = [RecordedEntry(Instant(25), 1003)]
    assert _mixed([point(2, 30, 1003)], before) == [(25, Current(1003)), (30, Current(1003))]
    chain: list[ChainPoint] = [point(2, 30, 1003), lost(3, 40), point(4, 50, 1003), lost(5, 60)]
    found = _mixed(chain, before)
    assert found[:4] == [(at, Current(1003)) for at in (25, 30, 40, 50)]
    assert found[4][0] == 60
    assert isinstance(found[4][1], Unknown)


def test_other_refs_have_no_recorded_log() -> None:
    log = log_of("audit", chain=[point(0, 30, 1003)], recorded=LINES, snapshots=KNOWN)
    assert [entry.period.start.micros for entry in log.entries] == [30]


@pytest.mark.parametrize("length", [10_000])
def test_ten_thousand_entries_and_lost_points_are_walked_once(length: int) -> None:
    # A walk from each entry to the first would take minutes here, not the blink it takes.
    known = {
        i: snapshot(i, parent_id=i - 1 if i else None, sequence=i + 1, at=i * 10)
        for i in range(length)
    }
    recorded = [RecordedEntry(Instant(i * 10), i) for i in range(length)]
    chain = [lost(i, i * 10 + 5) if i % 2 else point(i, i * 10 + 5, i) for i in range(length)]
    log = log_of(MAIN, chain=chain, recorded=recorded, snapshots=known)
    assert _state(log, 0) == Current(0)
    assert all(_state(log, i * 10 + 5) == Current(i) for i in range(0, length - 1, 97))
