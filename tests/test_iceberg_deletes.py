"""Rows that delete files took from an Iceberg state are gone, and no others; else it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from iceberg_files import (
    write_deletion_vector,
    write_parquet,
    write_position_deletes,
)
from iceberg_states import ids_in, state_of
from snapshots.errors import UnreadableError, UnsupportedError
from snapshots.files import FileContent

IDS = {"id": 1, "day": 2}


def test_position_deletes_take_the_rows_they_name(tmp_path: Path) -> None:
    one, other = _data(tmp_path, "one", 3), _data(tmp_path, "other", 3)
    gone = write_position_deletes(
        tmp_path / "d.parquet",
        [(one["file_path"], 1), (other["file_path"], 0), (other["file_path"], 2)],
    )
    assert ids_in(state_of(tmp_path, [one, other, gone])) == [0, 2, 1]


def test_deletes_reach_across_the_batches_of_a_large_file(tmp_path: Path) -> None:
    data = _data(tmp_path, "one", 300_000)
    positions = [0, 131_071, 131_072, 299_999]
    gone = write_position_deletes(
        tmp_path / "d.parquet", [(data["file_path"], place) for place in positions]
    )
    assert ids_in(state_of(tmp_path, [data, gone])) == [
        n for n in range(300_000) if n not in set(positions)
    ]


def test_a_delete_does_not_reach_files_written_after_it(tmp_path: Path) -> None:
    data = _data(tmp_path, "one", 2) | {"sequence_number": 5}
    older = write_position_deletes(tmp_path / "d.parquet", [(data["file_path"], 0)])
    same = write_position_deletes(tmp_path / "e.parquet", [(data["file_path"], 1)])
    older, same = older | {"sequence_number": 4}, same | {"sequence_number": 5}
    assert ids_in(state_of(tmp_path, [data, older, same])) == [0]


def test_null_rows_in_a_delete_file_delete_nothing(tmp_path: Path) -> None:
    data = _data(tmp_path, "one", 2)
    nulls = [(None, 0), (data["file_path"], None), (data["file_path"], 1)]
    gone = write_position_deletes(tmp_path / "d.parquet", nulls)
    assert ids_in(state_of(tmp_path, [data, gone])) == [0]


def test_deletes_of_files_that_are_compacted_away_delete_nothing(tmp_path: Path) -> None:
    data = _data(tmp_path, "one", 2)
    gone = write_position_deletes(tmp_path / "d.parquet", [(f"{tmp_path}/data/old.parquet", 0)])
    assert ids_in(state_of(tmp_path, [data, gone])) == [0, 1]


def test_a_delete_may_spell_scheme_and_host_that_the_manifest_leaves_out(tmp_path: Path) -> None:
    data = _data(tmp_path, "one", 2)
    spelled = f"hdfs://namenode:8020{data['file_path']}"
    gone = write_position_deletes(tmp_path / "d.parquet", [(spelled, 0)])
    assert ids_in(state_of(tmp_path, [data, gone])) == [1]


def test_a_delete_that_names_a_live_file_by_another_prefix_is_not_guessed(tmp_path: Path) -> None:
    data = _data(tmp_path, "one", 2)
    gone = write_position_deletes(tmp_path / "d.parquet", [("s3://old/place/data/one.parquet", 0)])
    with pytest.raises(UnsupportedError, match="path of another place"):
        ids_in(state_of(tmp_path, [data, gone]))


def test_a_delete_of_another_partition_does_not_apply(tmp_path: Path) -> None:
    kind = {"name": "day", "type": ["null", "int"], "field-id": 1000}
    first = {"partition_field": kind, "partition": {"day": 1}}
    data = _data(tmp_path, "one", 2) | first
    gone = write_position_deletes(tmp_path / "d.parquet", [(data["file_path"], 0)])
    assert ids_in(state_of(tmp_path, [data, gone | first])) == [1]
    other = {**first, "partition": {"day": 2}}
    assert ids_in(state_of(tmp_path, [data, gone | other])) == [0, 1]


def test_a_deletion_vector_takes_the_rows_it_names(tmp_path: Path) -> None:
    data = _data(tmp_path, "one", 4)
    vector = write_deletion_vector(tmp_path / "d.puffin", data["file_path"], [0, 3])
    state = state_of(tmp_path, [data, vector])
    assert state.batches(columns=["id"]).read_all()["id"].to_pylist() == [1, 2]
    assert [file.content for file in state.files] == [
        FileContent.DATA,
        FileContent.DELETION_VECTOR,
    ]
    assert state.files[1].key == f"{vector['file_path']}#4"


def test_a_deletion_vector_replaces_the_position_deletes_of_its_file(tmp_path: Path) -> None:
    data = _data(tmp_path, "one", 4)
    gone = write_position_deletes(tmp_path / "d.parquet", [(data["file_path"], 1)])
    vector = write_deletion_vector(tmp_path / "d.puffin", data["file_path"], [0])
    assert ids_in(state_of(tmp_path, [data, gone, vector])) == [1, 2, 3]


@pytest.mark.parametrize("place", [4, 9, 15, -5])
def test_a_damaged_deletion_vector_is_refused(tmp_path: Path, place: int) -> None:
    data = _data(tmp_path, "one", 4)
    vector = write_deletion_vector(tmp_path / "d.puffin", data["file_path"], [0])
    body = bytearray((tmp_path / "d.puffin").read_bytes())
    body[place] ^= 1
    (tmp_path / "d.puffin").write_bytes(bytes(body))
    with pytest.raises(UnreadableError, match="deletion vector in it is broken"):
        ids_in(state_of(tmp_path, [data, vector]))


def test_a_deletion_vector_of_another_size_than_recorded_is_refused(tmp_path: Path) -> None:
    data = _data(tmp_path, "one", 4)
    vector = write_deletion_vector(tmp_path / "d.puffin", data["file_path"], [0])
    with pytest.raises(UnreadableError, match="1 positions, recorded are 2"):
        ids_in(state_of(tmp_path, [data, vector | {"record_count": 2}]))


def test_deletes_without_a_sequence_number_are_refused(tmp_path: Path) -> None:
    data = _data(tmp_path, "one", 2) | {"status": 0, "sequence_number": None}
    gone = write_position_deletes(tmp_path / "d.parquet", [(data["file_path"], 1)])
    with pytest.raises(UnreadableError, match="no sequence number"):
        ids_in(state_of(tmp_path, [data, gone]))


def _data(root: Path, name: str, count: int) -> dict[str, Any]:
    table = pa.table({"id": pa.array(range(count), pa.int64())})
    return write_parquet(root / "data" / f"{name}.parquet", table, ids=IDS)
