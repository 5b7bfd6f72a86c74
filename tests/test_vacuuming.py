"""Vacuuming: what a VACUUM of Spark takes, where its rules meet in one file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from snapshots.instant import Instant
from snapshots.maintenance import Extent, Vacuum, Vacuumer
from snapshots.vacuuming import Tombstone, Vacuumed, vacuumed

HOUR = 3_600_000_000
NOW = Instant(1000 * HOUR)


def ago(hours: int) -> Instant:
    return NOW.plus(micros=-hours * HOUR)


TABLE = Vacuumed(
    live=frozenset(),
    vectors=frozenset(),
    tombstones=(),
    removed=(),
    kept=frozenset(),
    modified={"a": ago(500)},
    partition_columns=(),
    retention_micros=168 * HOUR,
)


def taken(table: Vacuumed, extent: Extent, hours: int | None) -> set[str]:
    retention = None if hours is None else hours * HOUR
    return set(vacuumed(Vacuum(Vacuumer.SPARK, extent, retention, ()), table, at=NOW))


def test_lite_goes_by_the_last_time_that_a_file_was_removed() -> None:
    twice = (Tombstone("a", None, ago(12)), Tombstone("a", None, ago(2)))
    assert taken(replace(TABLE, removed=twice), Extent.LITE, 10) == set()
    assert taken(replace(TABLE, removed=twice[:1]), Extent.LITE, 10) == {"a"}
    assert taken(replace(TABLE, removed=twice), Extent.LITE, 1) == {"a"}


def test_a_removal_that_the_table_has_forgotten_protects_nothing() -> None:
    table = replace(TABLE, tombstones=(Tombstone("a", None, ago(200)),))
    assert taken(table, Extent.FULL, 300) == {"a"}
    young = replace(table, tombstones=(Tombstone("a", None, ago(100)),))
    assert taken(young, Extent.FULL, 300) == set()
    assert taken(young, Extent.FULL, None) == set()


@pytest.mark.parametrize("part", ["_x/a", ".x/a", "x/_a", "_delta_log2/a"])
def test_what_is_hidden_is_left_alone(part: str) -> None:
    assert taken(replace(TABLE, modified={part: ago(500)}), Extent.FULL, 0) == set()


@pytest.mark.parametrize("part", ["_change_data/a", "_p=1/a", "x/a"])
def test_folders_of_rows_are_not_hidden(part: str) -> None:
    table = replace(TABLE, modified={part: ago(500)}, partition_columns=("_p",))
    assert taken(table, Extent.FULL, 0) == {part}


def test_a_deletion_vector_in_use_stays() -> None:
    table = replace(TABLE, vectors=frozenset({"a"}))
    assert taken(table, Extent.FULL, 0) == set()
