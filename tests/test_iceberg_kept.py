"""What is kept of an Iceberg table's file lists rebuilds each snapshot exactly, and is small."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DecimalType, LongType, NestedField, StringType

from catalogs.iceberg.kept import KEPT, KeptStates, kept_ids
from catalogs.iceberg.source import IcebergSource
from catalogs.iceberg.state import IcebergState
from catalogs.storage import Storage
from catalogs.table import RawCommit
from iceberg_files import current as at_current
from iceberg_files import (
    field,
    schema,
    snapshot,
    write_commits,
    write_deletion_vector,
    write_manifest,
    write_manifest_list,
    write_parquet,
    write_position_deletes,
    write_rows,
    write_table,
)
from iceberg_lake import lake, newest, orders, rows

Rows = list[dict[str, Any]]


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with lake(tmp_path) as opened:
        yield opened


def test_every_snapshot_of_a_table_is_read_from_its_data_files_alone(catalog: Catalog) -> None:
    table = orders(catalog)
    with table.transaction() as transaction:
        # Each commit rewrites the manifests of the two before it.
        transaction.set_properties(
            {"commit.manifest-merge.enabled": "true", "commit.manifest.min-count-to-merge": "2"}
        )
    table.append(rows(1, 2))
    table.append(rows(3))
    with table.update_schema() as update:
        update.rename_column("name", "label")
        update.add_column("note", StringType())
    table.append(pa.table({"id": [4], "label": ["l"], "note": ["n"]}))
    table.delete("id = 2")
    table.overwrite(pa.table({"id": [9], "label": ["m"], "note": ["o"]}))
    table.append(pa.table({"id": [10], "label": ["m"], "note": ["o"]}))
    _same_without_metadata(table.metadata_location)


def test_partition_values_survive(catalog: Catalog) -> None:
    columns = Schema(
        NestedField(1, "id", LongType()),
        NestedField(2, "price", DecimalType(9, 2)),
        NestedField(3, "region", StringType()),
    )
    spec = PartitionSpec(
        PartitionField(2, 1001, IdentityTransform(), "price"),
        PartitionField(3, 1002, IdentityTransform(), "region"),
    )
    table = catalog.create_table("shop.parts", schema=columns, partition_spec=spec)
    for first in (0, 5):
        ids = list(range(first, first + 5))
        prices = pa.array([one * 10 for one in ids], pa.int64()).cast(pa.decimal128(21, 2))
        regions = [None if one % 3 == 0 else f"r{one}" for one in ids]
        columns_of = {"id": ids, "price": prices.cast(pa.decimal128(9, 2)), "region": regions}
        table.append(pa.table(columns_of))
    with table.update_spec() as update:
        update.remove_field("region")
    table.append(
        pa.table({"id": [99], "price": pa.array([1], pa.decimal128(9, 2)), "region": ["x"]})
    )
    _same_without_metadata(table.metadata_location)


def test_all_kinds_of_deletes_apply_as_they_did(tmp_path: Path) -> None:
    columns = schema(field(1, "id", "long"), field(2, "day", "long"))
    one, two, late = (
        write_rows(tmp_path / f"{name}.parquet", columns, [{"id": n, "day": n} for n in range(4)])
        for name in ("one", "two", "late")
    )
    places = write_position_deletes(tmp_path / "p.parquet", [(one["file_path"], 0)])
    vector = write_deletion_vector(tmp_path / "v.puffin", two["file_path"], [3])
    equal = write_parquet(tmp_path / "e.parquet", pa.table({"id": [1]}), ids={"id": 1})
    files = [
        one | {"sequence_number": 1},
        two | {"sequence_number": 1},
        # Not reached by the equality delete: it is as old as that.
        late | {"sequence_number": 2},
        places | {"sequence_number": 2},
        vector | {"sequence_number": 2},
        equal | {"content": 2, "equality_ids": [1], "sequence_number": 2},
    ]
    path = write_table(tmp_path, files, format_version=3, schemas=[columns], next_row_id=99)
    (found,) = _same_without_metadata(path).values()
    assert sorted(row["id"] for row in found) == [0, 0, 1, 2, 2, 2, 3, 3]


def test_a_second_look_keeps_only_what_is_new(catalog: Catalog) -> None:
    table = orders(catalog)
    table.append(rows(1))
    first = _kept(table.metadata_location)
    assert [one.witness.partition("/")[0] for one in first] == ["reading", "files"]
    table.append(rows(2))
    source = _source(table.metadata_location)
    history = source.history(known=None)
    (second,) = source.raw_commits(history, skip={one.witness for one in first})
    before = history.snapshots[0].snapshot_id
    assert kept_ids([second.witness]) == {newest(table): before}
    assert KeptStates([*first, second]).rebuildable() == {before, newest(table)}
    # What the first is lacking for, the second is no good alone.
    assert KeptStates([second]).rebuildable() == frozenset()
    assert KeptStates(first[1:]).rebuildable() == frozenset()


def test_what_is_kept_of_a_snapshot_does_not_grow_with_the_table(catalog: Catalog) -> None:
    table = orders(catalog)
    for number in range(12):
        table.append(rows(number))
    sizes = [len(one.body) for one in _kept(table.metadata_location) if "files/" in one.witness]
    assert max(sizes[1:]) - min(sizes[1:]) < 32


def test_files_are_told_from_manifests_once_whether_kept_or_traced(catalog: Catalog) -> None:
    table = orders(catalog)
    table.append(rows(1))
    table.append(rows(2))
    source = _source(table.metadata_location)
    history = source.history(known=None)
    commits = list(source.commit_files(history, skip=()))
    shutil.rmtree(Path(table.location()) / "metadata")
    # The manifests are gone: what is kept was made while they were read for the commits.
    assert kept_ids(one.witness for one in source.raw_commits(history, skip=())).keys() == {
        one.snapshot_id for one in commits
    }


def test_a_file_that_a_writer_lists_twice_is_not_rebuilt_as_once(tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "one.parquet", pa.table({"id": [1, 2]}), ids={"id": 1})
    told = []
    for number in (1, 2):
        path = tmp_path / "metadata" / f"m{number}.avro"
        write_manifest(path, [data | {"sequence_number": 1, "snapshot_id": 1}])
        counts = {"added_files_count": 1, "existing_files_count": 0}
        told.append(
            {"manifest_path": str(path), "sequence_number": 1, "added_snapshot_id": 1} | counts
        )
    listed = write_manifest_list(tmp_path / "metadata" / "snap-1.avro", told)
    one = snapshot(1, 10, **{"manifest-list": listed})
    (path_of_metadata,) = write_commits(tmp_path, {"at": 10, **at_current(1, one)})
    assert len(_rows(_source(path_of_metadata), 1, ())) == 4
    kept = _kept(path_of_metadata)
    assert kept_ids(one.witness for one in kept) == {1: None}
    assert KeptStates(kept).rebuildable() == frozenset()
    assert KeptStates(kept).state(1) is None


def test_a_file_put_back_under_a_later_number_is_out_of_reach_of_older_deletes(
    tmp_path: Path,
) -> None:
    data = write_parquet(tmp_path / "one.parquet", pa.table({"id": [1, 2]}), ids={"id": 1})
    gone = write_parquet(tmp_path / "e.parquet", pa.table({"id": [1]}), ids={"id": 1})
    deletes = gone | {"content": 2, "equality_ids": [1], "sequence_number": 2, "snapshot_id": 1}
    snapshots = []
    for number in (1, 3):
        path = tmp_path / "metadata" / f"m{number}.avro"
        entry = data | {"sequence_number": number, "snapshot_id": number}
        write_manifest(path, [entry, deletes])
        told = {"manifest_path": str(path), "sequence_number": number, "added_snapshot_id": number}
        listed = write_manifest_list(tmp_path / "metadata" / f"snap-{number}.avro", [told])
        parent = None if number == 1 else 1
        snapshots.append(snapshot(number, number, parent=parent, **{"manifest-list": listed}))
    (path_of_metadata,) = write_commits(tmp_path, {"at": 10, **at_current(3, *snapshots)})
    found = _same_without_metadata(path_of_metadata)
    assert [len(one) for one in found.values()] == [1, 2]


def _same_without_metadata(path: str) -> dict[int, Rows]:
    """Hold each state to its rows once every manifest and every list is gone."""
    source = _source(path)
    history = source.history(known=None)
    ids = [one.snapshot_id for one in history.snapshots]
    before = {one: _rows(source, one, ()) for one in ids}
    entries = {one: _state(source, one, ()).files for one in ids}
    kept = list(source.raw_commits(history, skip=()))
    assert KeptStates(kept).rebuildable() == set(ids)
    for file in (Path(path).parent).glob("*.avro"):
        file.unlink()
    again = _source(path)
    for one in ids:
        state = _state(again, one, kept)
        assert state.plan is not None
        assert state.plan.how == KEPT
        assert set(state.files) == set(entries[one])
    assert {one: _rows(again, one, kept) for one in ids} == before
    return before


def _rows(source: IcebergSource, snapshot_id: int, kept: Sequence[RawCommit]) -> Rows:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = _state(source, snapshot_id, kept).batches(columns=None).read_all()
    found: Rows = read.to_pylist()
    return sorted(found, key=str)


def _state(source: IcebergSource, snapshot_id: int, kept: Sequence[RawCommit]) -> IcebergState:
    state = source.state(snapshot_id, kept=kept)
    assert isinstance(state, IcebergState)
    return state


def _kept(path: str) -> list[RawCommit]:
    source = _source(path)
    return list(source.raw_commits(source.history(known=None), skip=()))


def _source(path: str) -> IcebergSource:
    return IcebergSource(path, storage=Storage({}), properties={})
