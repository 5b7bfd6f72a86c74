"""Contributions without file facts: assumed from ancestry, and said to be."""

from dataclasses import replace

from snapshots.contributions import ContributionCertainty, Origin, ancestry_contributions
from snapshots.snapshot import Effect, Snapshot
from strategies import NO_COUNTS, snapshot


def _whole(snapshot_id: int, parent_id: int | None, effect: Effect) -> Snapshot:
    """Make a commit that says it left no earlier file in the table."""
    return replace(
        snapshot(snapshot_id, parent_id=parent_id, effect=effect),
        counts=replace(NO_COUNTS, added_files=2),
        summary={"total-data-files": "2"},
    )


def _assumed(*known: Snapshot) -> list[Origin]:
    shares = ancestry_contributions({one.snapshot_id: one for one in known}, known[-1].snapshot_id)
    assert set(shares.values()) <= {ContributionCertainty.ASSUMED}
    return list(shares)


def test_without_file_facts_every_ancestor_is_assumed_and_those_before_them_too() -> None:
    one, two = snapshot(1), snapshot(2, parent_id=1)
    assert _assumed(one, two) == [2, 1, None]


def test_without_file_facts_the_search_ends_at_the_last_full_overwrite() -> None:
    whole = _whole(2, 1, Effect.OVERWRITE)
    assert _assumed(snapshot(1), whole, snapshot(3, parent_id=2)) == [3, 2]
    partial = snapshot(2, parent_id=1, effect=Effect.OVERWRITE)
    assert _assumed(snapshot(1), partial, snapshot(3, parent_id=2)) == [3, 2, 1, None]


def test_without_file_facts_a_full_rewrite_ends_nothing() -> None:
    merged = _whole(2, 1, Effect.REWRITE)
    assert _assumed(snapshot(1), merged) == [2, 1, None]


def test_without_file_facts_a_restore_may_bring_back_what_an_overwrite_removed() -> None:
    whole = _whole(2, 1, Effect.OVERWRITE)
    restored = snapshot(3, parent_id=2, effect=Effect.RESTORE)
    assert _assumed(snapshot(1), whole, restored) == [2, 1, None]


def test_without_file_facts_a_compaction_is_no_contribution() -> None:
    first = _whole(1, None, Effect.APPEND)
    assert _assumed(first, snapshot(2, parent_id=1, effect=Effect.REPLACE)) == [1]
