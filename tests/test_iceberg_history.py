"""Histories of real Iceberg tables: commits, effects, files, expiries, and what readers saw."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyiceberg.types import IntegerType, StringType

from catalogs.iceberg.pointer import Pointed
from catalogs.iceberg.source import IcebergSource
from catalogs.storage import Storage
from catalogs.table import TableSource
from iceberg_lake import lake, newest, orders, rows
from snapshots.commit_point import CommitPoint
from snapshots.files import CommitFiles
from snapshots.history import TableHistory
from snapshots.refs import Branch, Tag
from snapshots.snapshot import Effect, InstantSource
from snapshots.snapshot_log import Absent, Current


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with lake(tmp_path) as opened:
        yield opened


@pytest.fixture
def table(catalog: Catalog) -> Table:
    return orders(catalog)


def test_every_commit_of_a_table_is_a_point_of_its_history(table: Table) -> None:
    table.append(rows(1))
    table.append(rows(2))
    history = _history(table)
    points = [point for point in history.chain if isinstance(point, CommitPoint)]
    ids = [one.snapshot_id for one in table.snapshots()]
    assert [point.snapshot_id for point in points] == [None, *ids]
    assert {point.source for point in points} == {InstantSource.METADATA_LOG}
    assert history.identity.uuid == str(table.metadata.table_uuid)
    assert history.location == table.location()
    assert history.features == ("format-version=2",)


def test_an_upsert_is_one_step_for_readers_though_the_log_has_more(table: Table) -> None:
    table.append(rows(1, 2, 3))
    before = newest(table)
    table.upsert(rows(2, 9, name="y"), join_cols=["id"])
    history = _history(table)
    seen = [
        entry.state.snapshot_id
        for entry in history.log("main").entries
        if isinstance(entry.state, Current)
    ]
    assert seen == [None, before, newest(table)]
    assert len(history.recorded) > 2


def test_a_rollback_shows_in_the_log_and_not_in_the_parents(table: Table) -> None:
    table.append(rows(1))
    first = newest(table)
    table.append(rows(2))
    table.manage_snapshots().rollback_to_snapshot(first).commit()
    head = _history(table).head()
    assert head is not None
    assert head.snapshot_id == first


def test_branches_and_tags_have_their_own_logs(table: Table) -> None:
    table.append(rows(1))
    first = newest(table)
    table.manage_snapshots().create_tag(first, "v1").create_branch(first, "audit").commit()
    table.append(rows(2), branch="audit")
    history = _history(table)
    assert history.ref_names() == ("main", "audit", "v1")
    head = history.head()
    assert head is not None
    kinds = {ref.name: type(ref) for ref in head.refs}
    assert kinds == {"main": Branch, "audit": Branch, "v1": Tag}
    states = [entry.state for entry in history.log("audit").entries]
    assert isinstance(states[0], Absent)
    assert states[1] == Current(first)
    assert states[2] != states[1]
    assert history.log("main").entries[-1].state == Current(first)


def test_a_schema_change_is_a_commit_without_a_snapshot(table: Table) -> None:
    table.append(rows(1))
    with table.update_schema() as update:
        update.rename_column("name", "label").add_column("price", IntegerType())
    history = _history(table)
    assert [one.schema_id for one in history.schemas] == [0, 1]
    before, after = history.schemas
    assert [one.name for one in before.fields] == ["id", "name"]
    assert [(one.field_id, one.name) for one in after.fields] == [
        (1, "id"),
        (2, "label"),
        (3, "price"),
    ]
    *_, earlier, last = history.chain
    assert isinstance(earlier, CommitPoint)
    assert isinstance(last, CommitPoint)
    assert (earlier.snapshot_id, last.snapshot_id) == (newest(table), newest(table))
    assert (earlier.schema_id, last.schema_id) == (0, 1)


def test_an_append_adds_its_own_files_and_only_those(table: Table) -> None:
    table.append(rows(1))
    table.append(rows(2, 3))
    commits = _commits(table)
    assert [one.effect for one in commits] == [Effect.APPEND, Effect.APPEND]
    for one in commits:
        (added,) = one.added
        assert added.origin == one.snapshot_id
        assert Path(added.file.path).stat().st_size == added.file.size_bytes
    assert [one.added[0].file.rows for one in commits] == [1, 2]
    assert commits[1].parent_id == commits[0].snapshot_id


def test_a_delete_of_whole_files_ends_their_rows(table: Table) -> None:
    table.append(rows(1))
    table.append(rows(2))
    table.delete("id = 1")
    first, _, last = _commits(table)
    assert last.effect is Effect.OVERWRITE
    assert last.removed == (first.added[0].file.key,)
    assert last.added == ()


def test_a_delete_inside_a_file_may_carry_rows_over(table: Table) -> None:
    table.append(rows(1, 2))
    table.delete("id = 1")
    first, last = _commits(table)
    assert last.effect is Effect.REWRITE
    assert last.removed == (first.added[0].file.key,)
    assert [(one.origin, one.file.rows) for one in last.added] == [(last.snapshot_id, 1)]


def test_an_overwrite_is_a_delete_and_an_append(table: Table) -> None:
    table.append(rows(1))
    table.overwrite(rows(7))
    effects = [one.effect for one in _commits(table)]
    assert effects == [Effect.APPEND, Effect.OVERWRITE, Effect.APPEND]


def test_expired_snapshots_stay_known_with_the_commit_that_took_them(table: Table) -> None:
    table.append(rows(1))
    first = newest(table)
    table.append(rows(2))
    table.maintenance.expire_snapshots().by_id(first).commit()
    history = _history(table)
    assert [one.snapshot_id for one in history.snapshots] == [first, newest(table)]
    assert history.listed == {newest(table)}
    (expiry,) = history.expiries
    assert expiry.snapshot_id == first
    assert Path(table.metadata_location).name in expiry.act
    # pyiceberg makes the child an orphan; an older metadata file still names its parent.
    assert history.snapshots[1].parent_id == first


def test_files_of_a_commit_whose_parent_is_gone_are_the_whole_state(table: Table) -> None:
    table.append(rows(1))
    first = table.current_snapshot()
    assert first is not None
    table.append(rows(2))
    Path(first.manifest_list).unlink()
    (only,) = _commits(table)
    assert only.parent_id is None
    assert {one.origin for one in only.added} == {first.snapshot_id, newest(table)}


def test_commits_that_are_known_already_are_skipped(table: Table) -> None:
    table.append(rows(1))
    first = newest(table)
    table.append(rows(2))
    source = _source(table)
    found = list(source.commit_files(source.history(known=None), skip={first}))
    assert [(one.snapshot_id, one.parent_id) for one in found] == [(newest(table), first)]
    assert len(found[0].added) == 1


def test_the_files_of_all_commits_add_up_to_each_state(table: Table) -> None:
    table.append(rows(1, 2))
    table.append(rows(3))
    table.upsert(rows(2, 4, name="y"), join_cols=["id"])
    table.overwrite(rows(5), overwrite_filter="id = 3")
    live: dict[int, set[str]] = {}
    source = _source(table)
    for one in source.commit_files(source.history(known=None), skip=()):
        before = live[one.parent_id] if one.parent_id is not None else set()
        live[one.snapshot_id] = (before | {a.file.key for a in one.added}) - set(one.removed)
    for snapshot in table.snapshots():
        planned = table.scan(snapshot_id=snapshot.snapshot_id).plan_files()
        assert live[snapshot.snapshot_id] == {task.file.file_path for task in planned}


def test_the_pointer_is_asked_for_the_current_file_each_time(catalog: Catalog) -> None:
    table = orders(catalog)
    source: TableSource = _asking(catalog)
    assert source.head() == table.metadata_location
    known = source.history(known=None)
    table.append(rows(1))
    assert source.head() == table.metadata_location
    assert len(source.history(known=known).chain) == 2


def test_a_table_replaced_by_name_is_another_table(catalog: Catalog) -> None:
    table = orders(catalog)
    source = _asking(catalog)
    known = source.history(known=None)
    catalog.drop_table("shop.orders")
    again = catalog.create_table("shop.orders", schema=table.schema())
    with again.update_schema() as update:
        update.add_column("note", StringType())
    history = source.history(known=known)
    assert history.identity != known.identity
    assert [one.witness for one in history.chain if one in known.chain] == []


def _asking(catalog: Catalog) -> IcebergSource:
    def ask() -> Pointed:
        return Pointed(catalog.load_table("shop.orders").metadata_location, {})

    return IcebergSource.pointed_to(ask, storage=Storage({}), properties={})


def _source(table: Table) -> IcebergSource:
    return IcebergSource(table.metadata_location, storage=Storage({}), properties={})


def _history(table: Table) -> TableHistory:
    return _source(table).history(known=None)


def _commits(table: Table) -> list[CommitFiles]:
    source = _source(table)
    return list(source.commit_files(source.history(known=None), skip=()))
