"""What is reproduced becomes tables: Iceberg ones of a catalog, Delta ones of a folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import (
    DoubleType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestamptzType,
)

from catalogs.registering import TableExistsError
from reproduce_lake import Lake, orders
from temporal_lineage.reproduce import into as making
from temporal_lineage.reproduce import writing
from temporal_lineage.reproduce.answer import RegisteredTable, Reproducible
from temporal_lineage.reproduce.rows import write_rows

KILLED = """
import os, signal, sys
from pathlib import Path
from temporal_lineage.reproduce import into, writing
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

folder, target, place, after = sys.argv[1:]
into.PART_BYTES_MAX = 1
session = Session(Workspace(Path(folder), f"{folder}/ledger.db"), clock=wall_clock)

def progress(address, rows, of):
    if rows > int(after):
        os.kill(os.getpid(), signal.SIGKILL)

session.reproduce(target, into=place, progress=progress)
"""
NESTED = Schema(
    NestedField(11, "id", LongType(), required=True, doc="of the order"),
    NestedField(
        12,
        "to",
        StructType(
            NestedField(21, "city", StringType(), required=True),
            NestedField(22, "lat", DoubleType(), required=False),
        ),
        required=False,
    ),
    NestedField(13, "tags", ListType(31, StringType(), element_required=False), required=False),
    NestedField(
        14,
        "counts",
        MapType(41, StringType(), 42, IntegerType(), value_required=False),
        required=False,
    ),
    NestedField(15, "at", TimestamptzType(), required=False),
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def made(lake: Lake, target: str, into: str) -> RegisteredTable:
    outcome = lake.session.reproduce(target, into=into).outcome
    assert isinstance(outcome, Reproducible)
    (table,) = outcome.tables
    return table


def nested(lake: Lake) -> Table:
    """Make a table whose field ids are none that a new table would give."""
    table = lake.catalog.create_table("raw.nested", schema=NESTED)
    with table.update_schema(allow_incompatible_changes=True) as change:
        change.add_column("late", LongType())
        change.delete_column("at")
    rows = [
        {"id": 1, "to": {"city": "Ulm", "lat": 48.4}, "tags": ["a", None], "counts": [("x", 1)]},
        {"id": 2, "to": None, "tags": None, "counts": None, "late": 5},
    ]
    table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    return table


def test_a_state_becomes_an_iceberg_table_with_its_field_ids_and_nested_types(lake: Lake) -> None:
    source = nested(lake)
    before = lake.catalog.load_table("raw.nested").metadata_location
    lake.harvest()
    version = source.metadata.current_snapshot_id

    told = made(lake, f"lake.raw.nested@{version}", "lake.again")

    table = lake.catalog.load_table(f"again.lake_raw_nested_{version}")
    assert told.table == f"lake.again.lake_raw_nested_{version}"
    assert (told.format, told.rows, told.made) == ("iceberg", 2, True)
    assert table.schema().as_struct() == source.schema().as_struct()
    assert table.metadata.last_column_id == source.schema().highest_field_id
    assert table.scan().to_arrow().to_pylist() == source.scan().to_arrow().to_pylist()
    assert [one.summary["total-records"] for one in table.metadata.snapshots if one.summary] == [
        "2"
    ]
    assert table.properties["temporal-lineage.reproduced-from"] == f"lake.raw.nested@{version}"
    assert lake.catalog.load_table("raw.nested").metadata_location == before
    harvested = lake.session.harvest()
    assert [one.error for one in harvested.tables if one.error] == []
    assert lake.session.fingerprint(told.table).fingerprint == told.fingerprint


def test_a_delta_version_becomes_an_iceberg_table_and_the_other_way_round(lake: Lake) -> None:
    lake.write_delta(rows=4)
    lake.append(lake.iceberg(), rows=5)
    lake.harvest()

    there = made(lake, "delta.orders@0", "lake.again")
    back = made(lake, "lake.raw.orders", str(lake.root / "copies"))

    assert (there.rows, back.rows, back.format) == (4, 5, "delta")
    table = lake.catalog.load_table(tuple(there.table.split(".")[1:]))
    assert table.scan().to_arrow().sort_by("id")["id"].to_pylist() == [0, 1, 2, 3]
    copied = DeltaTable(back.table)
    assert copied.version() == 0
    assert (
        copied.to_pyarrow_table().sort_by("id")["name"].to_pylist() == orders(5)["name"].to_pylist()
    )


def test_a_folder_catalog_takes_delta_tables_and_they_are_harvested_with_it(lake: Lake) -> None:
    lake.write_delta(rows=4)
    lake.harvest()
    told = made(lake, "delta.orders@0", "delta.again")
    assert told.table == str(lake.delta / "again" / "delta_orders_0")
    lake.harvest()
    assert lake.session.fingerprint("delta.again.delta_orders_0").fingerprint == told.fingerprint


def test_a_state_without_rows_becomes_a_table_without_rows(lake: Lake) -> None:
    table = lake.iceberg()
    lake.append(table, rows=3)
    table.delete("id >= 0")
    lake.harvest()
    told = made(lake, "lake.raw.orders", "lake.again")
    assert told.rows == 0
    assert lake.catalog.load_table(tuple(told.table.split(".")[1:])).scan().to_arrow().num_rows == 0


def test_a_table_that_is_there_is_refused_before_anything_is_read(lake: Lake) -> None:
    lake.write_delta(rows=4)
    lake.harvest()
    _ = lake.catalog
    lake.catalog.create_table("raw.delta_orders_0", schema=orders(0).schema)
    write_deltalake(lake.root / "copies" / "delta_orders_0", orders(1))
    for into in ("lake.raw", str(lake.root / "copies")):
        with pytest.raises(TableExistsError, match="is there already and is left alone"):
            lake.session.reproduce("delta.orders@0", into=into)
    assert lake.catalog.load_table("raw.delta_orders_0").metadata.snapshots == []
    assert DeltaTable(lake.root / "copies" / "delta_orders_0").version() == 0
    assert not list(lake.session.workspace.folder.glob(".reproduced*"))


def test_a_killed_one_goes_on_where_it_was_and_a_finished_one_is_only_proved(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for count in (3, 4, 5, 6):
        lake.write_delta(rows=count)
    lake.harvest()
    _ = lake.catalog
    workspace = lake.session.workspace.folder
    words = [str(workspace), "delta.orders@3", "lake.again", "9"]
    done = subprocess.run([sys.executable, "-c", KILLED, *words], check=False)
    assert done.returncode == -9
    assert lake.catalog.list_namespaces() == [("raw",)]
    (left,) = workspace.glob(".reproduced.*.partial")
    parts = sorted(left.rglob("part-*.parquet"))
    assert parts
    first = parts[0].stat().st_mtime_ns

    monkeypatch.setattr(making, "PART_BYTES_MAX", 1)
    written: list[str] = []

    def counted(rows: pa.RecordBatchReader, path: Path, **kept: object) -> object:
        written.append(path.name)
        return write_rows(rows, path, **kept)  # type: ignore[arg-type]

    monkeypatch.setattr(writing, "write_rows", counted)
    told = made(lake, "delta.orders@3", "lake.again")
    again = made(lake, "delta.orders@3", "lake.again")

    assert first
    assert len(written) == 4 - (len(parts) - 1)  # the last one was under way
    assert (told.rows, told.made, again.made) == (18, True, False)
    assert again.fingerprint == told.fingerprint
    assert not left.exists()


def test_what_no_table_can_be_made_in_is_said_in_one_line(lake: Lake) -> None:
    lake.write_delta(rows=1)
    lake.harvest()
    _ = lake.catalog
    for into, said in (
        ("lake", "it is a catalog, and the namespace is missing"),
        ("lak.again", "lake"),
        ("", "a part of the name is empty"),
        ("/proc/nowhere", "/proc/nowhere/delta_orders_0"),
    ):
        result = lake.tl("reproduce", "delta.orders@0", "--into", into)
        assert result.exit_code != 0, into
        assert said in str(result.exception), into
        assert "\n" not in str(result.exception), into


def test_the_command_says_what_was_made(lake: Lake) -> None:
    lake.write_delta(rows=2)
    lake.harvest()
    result = lake.tl("reproduce", "delta.orders@0", "--into", str(lake.root / "copies"))
    assert result.exit_code == 0
    assert "copies/delta_orders_0, 2 rows, read back the same" in result.output
