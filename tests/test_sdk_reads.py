"""Reads of a run: one look settles the state, and what is recorded is what was read."""

from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pyiceberg.expressions.parser import parse
from pyiceberg.types import StringType

import temporal_lineage
from catalogs.portion import BadFilterError, Portion
from reproduce_lake import Lake, current, orders
from snapshots.errors import BeforeHistoryError, UnknownNameError
from temporal_lineage.sdk import Run
from temporal_lineage.sdk.pinning import SeveralStatesError
from temporal_lineage.sdk.tables import WrongFormatError
from temporal_lineage.session import wall_clock


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def _ids(table: pa.Table) -> list[int]:
    return sorted(table["id"].to_pylist())


def _recorded(run: Run) -> list[tuple[str, Portion, int | None]]:
    return [
        (one.version, taken.portion, taken.rows)
        for one in run.records.inputs
        for taken in one.taken
    ]


def test_a_commit_after_the_pin_is_not_read_and_not_recorded(lake: Lake) -> None:
    table = lake.iceberg()
    before = lake.append(table, rows=2)
    with temporal_lineage.run("train", to=lake.session) as run:
        read = run.read_iceberg("lake.raw.orders")
        lazy = run.scan_iceberg("lake.raw.orders")
        after = lake.append(table, rows=5)
        assert after != before
        assert read.to_arrow().num_rows == 2
        assert lazy.collect().height == 2
    assert {version for version, _, _ in _recorded(run)} == {before}
    edges = lake.session.why(f"run:{run.run_id}")
    assert f"lake.raw.orders@{before}" in str(edges)
    assert after not in str(edges)


def test_a_commit_after_the_pin_of_a_delta_table_is_not_read(lake: Lake) -> None:
    lake.write_delta(rows=2)
    with temporal_lineage.run("train", to=lake.session) as run:
        read = run.read_delta(lake.delta / "orders")
        lazy = run.scan_delta("delta.orders")
        lake.write_delta(rows=5)
        assert read.to_arrow().num_rows == 2
        assert lazy.collect().height == 2
    assert {version for version, _, _ in _recorded(run)} == {"0"}


def test_a_table_object_is_read_as_it_is_loaded(lake: Lake) -> None:
    table = lake.iceberg()
    held = lake.append(table, rows=2)
    lake.append(lake.catalog.load_table("raw.orders"), rows=3)
    lake.write_delta(rows=2)
    delta = lake.delta_table()
    lake.write_delta(rows=3)
    with temporal_lineage.run("train", to=lake.session) as run:
        assert str(run.read_iceberg(table).version) == held
        assert run.read_delta(delta).version == 0
        assert run.read_delta(DeltaTable(lake.delta / "orders")).version == 1


def test_columns_and_filter_are_applied_and_recorded(lake: Lake) -> None:
    version = lake.append(lake.iceberg(), rows=5)
    lake.write_delta(rows=5)
    with temporal_lineage.run("train", to=lake.session) as run:
        for read in (
            run.read_iceberg("lake.raw.orders", columns=["name"], where="id > 2"),
            run.read_delta("delta.orders", columns=["name"], where=parse("id > 2")),
        ):
            assert read.to_arrow().to_pydict() == {"name": ["order 3", "order 4"]}
    assert _recorded(run) == [
        (version, Portion(("name",), "id > 2"), 2),
        ("0", Portion(("name",), '"id" > 2'), 2),
    ]


def test_a_filter_means_the_column_that_had_the_name_in_that_state(lake: Lake) -> None:
    table = lake.iceberg()
    version = lake.append(table, rows=4)
    with table.update_schema() as update:
        update.rename_column("id", "old")
    with table.update_schema() as update:
        update.add_column("id", StringType())
    with temporal_lineage.run("train", to=lake.session) as run:
        read = run.read_iceberg(table, snapshot_id=int(version), where="id = 3")
        assert read.to_arrow().to_pydict() == {"id": [3], "name": ["order 3"]}
        scan = run.iceberg(table).scan(row_filter="id = 3", snapshot_id=int(version))
        assert scan.to_arrow().to_pydict() == {"id": [3], "name": ["order 3"]}


def test_a_scan_of_pyiceberg_is_pinned_and_recorded_as_it_was_read(lake: Lake) -> None:
    table = lake.iceberg()
    version = lake.append(table, rows=4)
    with temporal_lineage.run("train", to=lake.session) as run:
        watched = run.iceberg("lake.raw.orders")
        scan = watched.scan(row_filter="id > 1").select("id")
        lake.append(table, rows=9)
        assert _recorded(run) == []
        assert _ids(scan.to_arrow()) == [2, 3]
        assert watched.schema() == table.schema()
    assert _recorded(run) == [(version, Portion(("id",), '"id" > 1'), None)]


def test_a_branch_is_scanned_and_recorded_by_the_snapshot_it_named(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table, rows=2)
    table.manage_snapshots().create_tag(int(first), "v1").commit()
    lake.append(table, rows=3)
    with temporal_lineage.run("train", to=lake.session) as run:
        assert str(run.read_iceberg("lake.raw.orders", ref="v1").version) == first
        assert run.iceberg(table).scan().use_ref("v1").to_arrow().num_rows == 2
        with pytest.raises(UnknownNameError, match="name a branch or tag"):
            run.read_iceberg("lake.raw.orders", ref="v2")
    assert {version for version, _, _ in _recorded(run)} == {first}


def test_a_time_is_told_by_the_log(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table, rows=2)
    lake.write_delta(rows=2)
    between = wall_clock()
    lake.append(table, rows=3)
    lake.write_delta(rows=3)
    with temporal_lineage.run("train", to=lake.session) as run:
        assert str(run.read_iceberg("lake.raw.orders", as_of=between).version) == first
        assert run.read_delta("delta.orders", as_of=str(between)).version == 0
        with pytest.raises(BeforeHistoryError):
            run.read_delta("delta.orders", as_of="2020-01-01")


def test_a_lazy_frame_records_the_columns_that_were_used(lake: Lake) -> None:
    version = lake.append(lake.iceberg(), rows=5)
    with temporal_lineage.run("train", to=lake.session) as run:
        lazy = run.scan_iceberg("lake.raw.orders")
        found = lazy.filter(pl.col("id") > 3).select("id").collect()
        assert found["id"].to_list() == [4]
        assert lazy.head(2).select("id").collect().height == 2
    assert _recorded(run) == [(version, Portion(("id",), None), None)]


def test_rows_come_in_the_shape_of_each_library(lake: Lake) -> None:
    lake.append(lake.iceberg(), rows=3)
    with temporal_lineage.run("train", to=lake.session) as run, duckdb.connect() as connection:
        read = run.read_iceberg("lake.raw.orders")
        assert read.to_pandas()["id"].sum() == 3
        assert read.to_polars()["id"].sum() == 3
        assert pl.DataFrame(read)["id"].sum() == 3
        assert sum(batch.num_rows for batch in read.batches()) == 3
        relation = read.to_duckdb(connection, "o")
        assert relation.sum("id").fetchall() == [(3,)]
        # A view can be asked again: it is no stream that runs dry.
        assert connection.execute("SELECT count(*) FROM o a JOIN o b USING (id)").fetchone() == (3,)
        assert connection.execute("SELECT count(*) FROM o").fetchone() == (3,)
    (version,) = {version for version, _, _ in _recorded(run)}
    assert version == current(lake.catalog.load_table("raw.orders"))


def test_sql_runs_over_pinned_reads_and_its_text_is_recorded(lake: Lake) -> None:
    lake.append(lake.iceberg(), rows=4)
    with temporal_lineage.run("train", to=lake.session) as run, duckdb.connect() as connection:
        read = run.read_iceberg("lake.raw.orders")
        query = "SELECT max(id) AS m FROM o"
        assert run.sql(query, o=read).collect()["m"].to_list() == [3]
        assert run.sql(f"{query} -- duck", connection=connection, o=read).fetchall() == [(3,)]
    assert run.records.queries == (query, f"{query} -- duck")


def test_what_cannot_be_read_is_refused_and_not_recorded(lake: Lake) -> None:
    lake.append(lake.iceberg(), rows=2)
    lake.iceberg("empty")
    lake.write_delta()
    with temporal_lineage.run("train", to=lake.session) as run:
        with pytest.raises(UnknownNameError, match=r"#nothing; .*columns of this state are id"):
            run.read_iceberg("lake.raw.orders", where="nothing = 1")
        with pytest.raises(BadFilterError, match="name is string, and 1 is not"):
            run.read_delta("delta.orders", where="name = 1")
        with pytest.raises(UnknownNameError, match="column"):
            run.read_delta("delta.orders", columns=["nothing"])
        with pytest.raises(UnknownNameError, match="it has no snapshot yet"):
            run.read_iceberg("lake.raw.empty")
        with pytest.raises(SeveralStatesError, match="a version and as_of both say"):
            run.read_delta("delta.orders", version=0, as_of="2026-01-01")
        with pytest.raises(WrongFormatError, match="use read_delta"):
            run.read_iceberg("delta.orders")
        with pytest.raises(WrongFormatError, match="an address, a path or a DeltaTable"):
            run.read_delta(orders(1))
        with pytest.raises(UnknownNameError, match="nearest"):
            run.read_iceberg("lake.raw.order")
    assert run.records.inputs == ()
