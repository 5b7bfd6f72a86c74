"""Exports as Iceberg tables: a snapshot each, brought back equal; no other table is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.table import Table

from catalogs.registering import BadPlaceError, TableExistsError
from reproduce_lake import Lake
from snapshots.errors import TemporalLineageError, UnsupportedError
from temporal_lineage.bookkeeping.row_digests import digests_of
from temporal_lineage.portable.errors import NoExportError
from temporal_lineage.portable.layout import EXPORT_TABLES, KEPT
from temporal_lineage.portable.manifest import read_manifest
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.store.moment import open_moment
from temporal_lineage.workspace import Workspace


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake whose ledger knows a table and a model, and is exported to `lake.lineage`."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    table = lake.iceberg()
    version = lake.append(table)
    lake.harvest()
    lake.trained("v1", (table.location(), version))
    lake.session.ledger_export(lake.root / "out", into="lake.lineage")
    return lake


def tables(lake: Lake) -> dict[str, Table]:
    names = [one.name for one in EXPORT_TABLES]
    return {name: lake.catalog.load_table(("lineage", name)) for name in names}


def again(lake: Lake, url: str) -> Session:
    """Give a session of the same catalogs for another ledger."""
    return Session(Workspace(lake.session.workspace.place, url), clock=wall_clock)


def test_an_export_is_a_snapshot_of_each_table_and_comes_back_equal(
    lake: Lake, tmp_path: Path, postgresql_url: str
) -> None:
    manifest = read_manifest(lake.root / "out")
    made = tables(lake)
    rows = {one.table: one.rows for one in manifest.tables}
    assert {name: one.scan().to_arrow().num_rows for name, one in made.items()} == rows
    edges = made["edges"]
    assert [field.name for field in edges.spec().fields] == ["kind"]
    kinds = {task.file.partition[0] for task in edges.scan().plan_files()}
    parted = (lake.root / "out" / "edges").iterdir()
    assert kinds == {path.name.rpartition("-")[0] for path in parted}
    found = edges.scan(row_filter="kind = 'edge'").to_arrow().to_pylist()
    assert [(one["target_dataset"], one["target_name"]) for one in found] == [("model:fraud", "v1")]
    for url in (str(tmp_path / "again.db"), postgresql_url):
        again(lake, url).ledger_import("lake.lineage")
        with open_moment(lake.session.workspace.ledger) as one, open_moment(url) as other:
            assert digests_of(one) == digests_of(other)
    assert list(lake.session.workspace.folder.glob(".export-*")) == []


def test_a_table_that_is_no_export_of_this_ledger_is_left_alone(lake: Lake) -> None:
    lake.catalog.create_namespace("other")
    mine = lake.catalog.create_table("other.ledger_tx", schema=pa.schema([("a", pa.int64())]))

    with pytest.raises(TableExistsError, match=r"lake\.other\.ledger_tx"):
        lake.session.ledger_export(into="lake.other")

    assert [name for _, name in lake.catalog.list_tables("other")] == ["ledger_tx"]
    assert lake.catalog.load_table("other.ledger_tx").metadata_location == mine.metadata_location


def test_an_export_of_another_ledger_is_left_alone(lake: Lake, tmp_path: Path) -> None:
    other = again(lake, str(tmp_path / "other.db"))
    other.harvest()
    with pytest.raises(TableExistsError):
        other.ledger_export(into="lake.lineage")


def told(table: Table) -> dict[str, str]:
    """Give what an export said of a table's rows."""
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    kept = snapshot.summary.additional_properties.items()
    return {key: value for key, value in kept if key.startswith("temporal-lineage.")}


def half_exported(lake: Lake) -> None:
    table = lake.catalog.load_table("lineage.ledger_event")
    cut = told(table)["temporal-lineage.cut"].replace('"transactions":', '"transactions":1')
    other = told(table) | {"temporal-lineage.cut": cut}
    table.append(table.scan().to_arrow().slice(0, 0), snapshot_properties=other)


def row_more(lake: Lake) -> None:
    table = lake.catalog.load_table("lineage.ledger_tx")
    row = table.scan().to_arrow().slice(0, 1).to_pylist()[0] | {"tx_id": 99, "recorded_at": 9}
    rows = pa.Table.from_pylist([row], table.schema().as_arrow())
    table.append(rows, snapshot_properties=told(table))


def row_less(lake: Lake) -> None:
    lake.catalog.load_table("lineage.ledger_tx").delete("tx_id = 1")


BROKEN: dict[str, Callable[[Lake], object]] = {
    "lake.lineage.ledger_event is of another export": half_exported,
    "tx has ": row_more,
    "the last snapshot of lake.lineage.ledger_tx is of no export": row_less,
}


@pytest.mark.parametrize("said", BROKEN)
def test_tables_that_are_not_as_they_were_exported_are_refused(
    said: str, lake: Lake, tmp_path: Path
) -> None:
    before = {name: one.current_snapshot() for name, one in tables(lake).items()}
    BROKEN[said](lake)
    target = tmp_path / "new" / "again.db"
    with pytest.raises(TemporalLineageError, match=said):
        again(lake, str(target)).ledger_import("lake.lineage")
    assert not target.parent.exists() or list(target.parent.iterdir()) == []
    for name, one in tables(lake).items():
        former = before[name]
        if former is not None and one.current_snapshot() != former:
            one.manage_snapshots().rollback_to_snapshot(former.snapshot_id).commit()


def test_a_place_without_a_catalog_of_iceberg_tables_is_refused_before_anything_is_written(
    lake: Lake, tmp_path: Path
) -> None:
    for place in ("delta.lineage", "lake"):
        with pytest.raises(BadPlaceError, match="a namespace of a catalog that pyiceberg opens"):
            lake.session.ledger_export(tmp_path / "out", into=place)
    assert not (tmp_path / "out").exists()
    with pytest.raises(NoExportError, match=r"no table lake\.raw\.ledger_ledger"):
        again(lake, str(tmp_path / "again.db")).ledger_import("lake.raw")
    assert set(KEPT) < {one.name for one in EXPORT_TABLES}


def test_a_later_export_replaces_the_rows_and_leaves_the_former_ones_to_time_travel(
    lake: Lake, tmp_path: Path
) -> None:
    first = read_manifest(lake.root / "out").cut
    lake.trained("v2", (lake.catalog.load_table("raw.orders").location(), None))
    second = lake.session.ledger_export(into="lake.lineage")

    assert second.transactions > first.transactions
    history = tables(lake)["transactions"]
    old, new = history.snapshots()
    assert new.summary is not None
    assert new.summary["total-records"] == str(second.transactions)
    counts = [history.scan(snapshot_id=one.snapshot_id).to_arrow().num_rows for one in (old, new)]
    assert counts == [first.transactions, second.transactions]
    imported = again(lake, str(tmp_path / "again.db")).ledger_import("lake.lineage")
    assert imported.transactions == second.transactions


def test_tables_of_another_layout_are_left_alone(lake: Lake) -> None:
    table = lake.catalog.load_table("lineage.edges")
    with table.update_schema() as change:
        change.rename_column("grade", "surety")
    with pytest.raises(UnsupportedError, match=r"lake\.lineage\.edges"):
        lake.session.ledger_export(into="lake.lineage")


def test_columns_that_tables_are_sorted_and_parted_by_are_theirs() -> None:
    for one in EXPORT_TABLES:
        names = {column.name for column in one.columns}
        assert names >= {*one.order, *([one.by] if one.by else [])}, one.name
