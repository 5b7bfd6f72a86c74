"""Upkeep of Iceberg tables: what is foreseen is what pyiceberg then does, and Java's rule does."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from catalogs.catalog import open_path
from iceberg_lake import lake, newest, orders, rows
from snapshots.instant import Instant
from snapshots.maintenance import (
    Act,
    Expirer,
    ExpireSnapshots,
    Extent,
    Refused,
    Removal,
    RemoveOrphans,
    Vacuum,
    Vacuumer,
)
from temporal_lineage.session import wall_clock

DAY = 86_400_000_000
KINDS = ("append", "delete", "branch", "tag", "on branch", "rollback", "overwrite")


def expiry(
    by: Expirer,
    *,
    older_than: Instant | None = None,
    retain_last: int | None = None,
    ids: tuple[int, ...] = (),
    dropped: tuple[str, ...] = (),
    schemas_too: bool = False,
) -> ExpireSnapshots:
    """Make an act from the few things that a test is about."""
    return ExpireSnapshots(by, older_than, retain_last, ids, dropped, schemas_too)


def foreseen(table: Table, act: Act, **when: Instant) -> Removal | Refused:
    """Foresee an act on a table as it lies there."""
    source = open_path(table.metadata_location.removeprefix("file://"), {})
    upkeep = source.upkeep(source.history(known=None))
    return upkeep.removal(act, at=when.get("at", wall_clock()), hold=(), let_go=())


def removal(table: Table, act: Act, **when: Instant) -> Removal:
    """Foresee an act that is not refused."""
    found = foreseen(table, act, **when)
    assert isinstance(found, Removal), found
    return found


def work_done(catalog: Catalog, work: list[tuple[str, int]]) -> Table:
    """Do what was drawn to a new table."""
    table = orders(catalog)
    table.append(rows(0))
    for number, (kind, choice) in enumerate(work, start=1):
        ids = [one.snapshot_id for one in table.metadata.snapshots]
        picked = ids[choice % len(ids)]
        branches = sorted(
            name for name, ref in table.refs().items() if ref.snapshot_ref_type == "branch"
        )
        match kind:
            case "append":
                table.append(rows(number))
            case "overwrite":
                table.overwrite(rows(number))
            case "delete":
                table.delete(f"id = {choice}")
            case "branch":
                table.manage_snapshots().create_branch(picked, f"b{number}").commit()
            case "tag":
                table.manage_snapshots().create_tag(picked, f"t{number}").commit()
            case "on branch":
                table.append(rows(number), branch=branches[choice % len(branches)])
            case _:
                table.manage_snapshots().set_current_snapshot(snapshot_id=picked).commit()
        table = catalog.load_table("shop.orders")
        time.sleep(0.002)
    return table


@settings(max_examples=25)
@given(
    work=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9)), max_size=9),
    older=st.integers(0, 9),
    named=st.integers(0, 12),
    drops=st.booleans(),
)
def test_what_is_foreseen_of_an_expiry_is_what_pyiceberg_does(
    work: list[tuple[str, int]],
    older: int,
    named: int,
    drops: bool,  # noqa: FBT001 - Hypothesis passes it by name
) -> None:
    with tempfile.TemporaryDirectory() as folder, lake(Path(folder) / "l") as catalog:
        table = work_done(catalog, work)
        listed = [one.snapshot_id for one in table.metadata.snapshots]
        times = sorted(one.timestamp_ms for one in table.metadata.snapshots)
        at = times[older % len(times)]
        ids = (listed[named],) if named < len(listed) else ()
        dropped = tuple(one for one in sorted(table.refs()) if drops and one != "main")[:1]
        act = expiry(
            Expirer.PYICEBERG, older_than=Instant.from_millis(at), ids=ids, dropped=dropped
        )
        found = foreseen(table, act)
        before = everything(Path(folder))
        refs = set(table.refs())
        for one in dropped:
            is_tag = table.refs()[one].snapshot_ref_type == "tag"
            managing = table.manage_snapshots()
            (managing.remove_tag(one) if is_tag else managing.remove_branch(one)).commit()
        doing = table.maintenance.expire_snapshots()
        try:
            doing.by_ids(list(ids)).older_than(datetime.fromtimestamp(at / 1000, UTC)).commit()
        except ValueError:
            assert isinstance(found, Refused)
            return
        assert isinstance(found, Removal)
        after = catalog.load_table("shop.orders").metadata
        assert found.unlisted == set(listed) - {one.snapshot_id for one in after.snapshots}
        assert found.refs == tuple(refs - set(after.refs))
        assert found.files == {}
        assert before <= everything(Path(folder))


@settings(max_examples=25)
@given(
    work=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9)), max_size=9),
    keep=st.integers(1, 3),
)
def test_java_deletes_what_no_snapshot_that_stays_is_made_of(
    work: list[tuple[str, int]], keep: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, lake(Path(folder) / "l") as catalog:
        table = work_done(catalog, work)
        found = removal(
            table, expiry(Expirer.JAVA, older_than=Instant.parse("2999-01-01"), retain_last=keep)
        )
        listed = {one.snapshot_id for one in table.metadata.snapshots}
        assert found.unlisted == listed - kept_by_refs(table, keep)
        gone = files_of(table, found.unlisted) - files_of(table, listed - found.unlisted)
        assert {Path(one).name for one in found.files} == gone
        assert all(Path(one).stat().st_size == size for one, size in found.files.items())


def kept_by_refs(table: Table, keep: int) -> set[int]:
    """Follow the spec: each branch keeps its newest few, each tag its own."""
    kept: set[int] = set()
    for ref in table.refs().values():
        walking, left = ref.snapshot_id, keep if ref.snapshot_ref_type == "branch" else 1
        while left and walking is not None:
            snapshot = table.snapshot_by_id(walking)
            if snapshot is None:
                break
            kept.add(walking)
            walking, left = snapshot.parent_snapshot_id, left - 1  # type: ignore[assignment]
    return kept


def files_of(table: Table, snapshot_ids: Collection[int]) -> set[str]:
    """Ask pyiceberg for the names of all files that snapshots are made of."""
    found: set[str] = set()
    for one in snapshot_ids:
        snapshot = table.snapshot_by_id(one)
        assert snapshot is not None
        found.add(Path(snapshot.manifest_list).name)
        for manifest in snapshot.manifests(table.io):
            found.add(Path(manifest.manifest_path).name)
            found |= {
                Path(entry.data_file.file_path).name
                for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            }
    return found


def everything(folder: Path) -> set[str]:
    """List all files below a folder."""
    return {str(Path(place, name)) for place, _, names in os.walk(folder) for name in names}


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with lake(tmp_path / "lake") as catalog:
        yield catalog


def test_a_ref_that_is_too_old_goes_with_the_snapshots_that_it_kept(catalog: Catalog) -> None:
    table = orders(catalog)
    table.append(rows(1))
    first = newest(table)
    table.append(rows(2))
    table.manage_snapshots().create_tag(first, "week", max_ref_age_ms=7 * DAY // 1000).commit()
    act = expiry(Expirer.JAVA)
    now = wall_clock()
    soon = removal(table, act, at=now.plus(micros=6 * DAY))
    late = removal(table, act, at=now.plus(micros=8 * DAY))
    assert (set(soon.unlisted), soon.refs) == (set(), ())
    assert (set(late.unlisted), late.refs) == ({first}, ("week",))
    assert late.files


def test_without_a_tag_what_it_kept_goes_and_held_snapshots_stay(catalog: Catalog) -> None:
    table = orders(catalog)
    table.append(rows(1))
    first = newest(table)
    table.append(rows(2))
    table.manage_snapshots().create_tag(first, "kept").commit()
    at = wall_clock().plus(micros=9 * DAY)
    source = open_path(table.metadata_location.removeprefix("file://"), {})
    upkeep = source.upkeep(source.history(known=None))
    act = expiry(Expirer.JAVA)
    stays = upkeep.removal(act, at=at, hold=(), let_go=())
    goes = upkeep.removal(act, at=at, hold=(), let_go=("kept",))
    held = upkeep.removal(act, at=at, hold=(first,), let_go=("kept",))
    dropped = upkeep.removal(expiry(Expirer.JAVA, dropped=("kept",)), at=at, hold=(), let_go=())
    assert [one.unlisted for one in (stays, goes, held, dropped) if isinstance(one, Removal)] == [
        frozenset(),
        {first},
        frozenset(),
        {first},
    ]
    assert isinstance(dropped, Removal)
    assert dropped.refs == ("kept",)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (expiry(Expirer.JAVA, dropped=("nosuch",)), "no branch or tag nosuch"),
        (expiry(Expirer.JAVA, dropped=("main",)), "main cannot be removed"),
        (expiry(Expirer.PYICEBERG), "takes nothing without"),
        (expiry(Expirer.PYICEBERG, ids=(7,)), "snapshot 7 is not listed"),
        (expiry(Expirer.PYICEBERG, retain_last=2), "knows no retain_last"),
        (Vacuum(Vacuumer.SPARK, Extent.FULL, None, ()), "it is an Iceberg table"),
    ],
)
def test_what_would_be_refused_is_said(catalog: Catalog, act: Act, reason: str) -> None:
    table = orders(catalog)
    table.append(rows(1))
    found = foreseen(table, act)
    assert isinstance(found, Refused)
    assert reason in found.reason


def test_the_head_of_a_ref_is_not_taken_by_its_id(catalog: Catalog) -> None:
    table = orders(catalog)
    table.append(rows(1))
    for by in Expirer:
        found = foreseen(table, expiry(by, ids=(newest(table),)))
        assert isinstance(found, Refused)
        assert "the head of" in found.reason


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("gc.enabled", "false", "gc.enabled is false"),
        ("history.expire.max-snapshot-age-ms", "long", "is no number"),
    ],
)
def test_a_table_that_cannot_be_expired_is_said(
    catalog: Catalog, name: str, value: str, reason: str
) -> None:
    table = orders(catalog)
    with table.transaction() as transaction:
        transaction.set_properties({name: value})
    table.append(rows(1))
    found = foreseen(table, expiry(Expirer.JAVA))
    assert isinstance(found, Refused)
    assert reason in found.reason


def test_orphans_are_old_files_that_no_metadata_names(catalog: Catalog) -> None:
    table = orders(catalog)
    table.append(rows(1))
    first = newest(table)
    table.append(rows(2))
    lost = files_of(table, {first}) - files_of(table, {newest(table)})
    table.maintenance.expire_snapshots().by_id(first).commit()
    table = catalog.load_table("shop.orders")
    root = Path(table.location().removeprefix("file://"))
    (root / "data" / "stray.parquet").write_text("x")
    (root / "data" / "_hidden.parquet").write_text("x")
    found = removal(table, RemoveOrphans(None), at=wall_clock().plus(micros=4 * DAY))
    assert {Path(one).name for one in found.files} == lost | {"stray.parquet"}
    assert found.unlisted == frozenset()
    assert removal(table, RemoveOrphans(None)).files == {}


def test_schemas_and_specs_go_with_the_last_snapshot_that_used_them(catalog: Catalog) -> None:
    table = orders(catalog)
    table.append(rows(1))
    with table.update_schema() as change:
        change.rename_column("name", "title")
    table.append(rows(2).rename_columns(["id", "title"]))
    late = wall_clock().plus(micros=9 * DAY)
    found = removal(table, expiry(Expirer.JAVA, schemas_too=True), at=late)
    assert found.metadata == ("schema 0",)
    assert removal(table, expiry(Expirer.JAVA), at=late).metadata == ()
