"""Reads of a run are exact where readers of others are known to be wrong without a word."""

import os
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

import temporal_lineage
from delta_files import data_file
from delta_logs import column, commit_info, metadata, protocol, write
from reproduce_lake import Lake, orders
from snapshots.instant import Instant


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_a_mapped_table_gives_its_values_and_no_nulls(lake: Lake) -> None:
    root = lake.delta / "m"
    mapped = {"delta_columnMapping_mode": "name"}
    ids = {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1"}
    file = data_file(root, "a.parquet", pa.table({"col-1": [1, 2]}))
    write(root, 0, protocol("columnMapping"), metadata(column("a", "long", **ids), **mapped), file)
    write(root, 1, commit_info("RENAME COLUMN"), metadata(column("b", "long", **ids), **mapped))
    with temporal_lineage.run("train", to=lake.session) as run:
        assert run.read_delta(root, version=0).to_arrow().to_pydict() == {"a": [1, 2]}
        assert run.read_delta(root, where="b = 2").to_arrow().to_pydict() == {"b": [2]}
        assert run.scan_delta(root).collect()["b"].to_list() == [1, 2]


def test_times_are_those_of_the_commits_and_not_of_copied_files(lake: Lake) -> None:
    root = lake.delta / "ict"
    enabled = {"delta_enableInCommitTimestamps": "true"}
    moments = [1_790_000_000_000, 1_790_000_100_000, 1_790_000_200_000]
    for version, moment in enumerate(moments):
        told = commit_info("WRITE", inCommitTimestamp=moment)
        rows = data_file(root, f"{version}.parquet", pa.table({"a": [version]}))
        first = (protocol(), metadata(column("a", "long"), **enabled))
        write(root, version, told, *(first if version == 0 else ()), rows)
    for path in (root / "_delta_log").glob("*.json"):
        os.utime(path, (0, 0))  # a copy that lost its dates
    with temporal_lineage.run("train", to=lake.session) as run:
        versions = [
            run.read_delta(root, as_of=Instant.from_millis(moment)).version for moment in moments
        ]
        half = Instant.from_millis(moments[1] + 50_000)
        assert run.read_delta(root, as_of=half).to_arrow().num_rows == 2
    assert versions == [0, 1, 2]


def test_a_table_that_was_loaded_long_ago_is_read_at_its_own_version(lake: Lake) -> None:
    for rows in (1, 2, 3):
        write_deltalake(lake.delta / "t", orders(rows), mode="overwrite")
    old = DeltaTable(lake.delta / "t", version=1)
    with temporal_lineage.run("train", to=lake.session) as run:
        assert run.read_delta(old).to_arrow().num_rows == 2
    (record,) = run.records.inputs
    assert record.version == "1"
